/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A 24Cxx EEPROM: bytes collect in a page buffer that wraps, STOP begins the
 * write cycle, and until it is over the address is not acknowledged. A
 * repeated START instead of STOP drops the page (data sheets of AT24C256 and
 * 24LC256, "page write" and "acknowledge polling").
 */
#include <errno.h>
#include <string.h>

#include <glib.h>

#include "core/clock.h"
#include "core/fault.h"
#include "stub/stub.h"

#define PAGE_MAX 256u

struct eeprom {
    struct stub_chip chip;
    uint32_t size, page;
    uint8_t pointer_bytes;
    uint32_t cycle_ms, cycle_nacks;

    uint32_t pointer;
    uint8_t pointer_got;   /* bytes of the pointer in this write */
    uint32_t page_at;      /* first address of the page being filled */
    bool filled[PAGE_MAX]; /* which bytes of the buffer are */
    uint8_t buf[PAGE_MAX];
    bool dirty;             /* any of them */
    uint64_t busy_until_ns; /* end of the write cycle by time, */
    uint32_t busy_nacks;    /* and by address attempts: both must be over */
    uint8_t *mem;
};

enum { KEY_SIZE, KEY_POINTER, KEY_PAGE, KEY_CYCLE_MS, KEY_CYCLE_NACKS };

static const struct i2cpt_key keys[] = {
    [KEY_SIZE] = {.name = "size",
                  .kind = I2CPT_KEY_UINT,
                  .min = 16,
                  .max = 65536,
                  .def = "32768",
                  .help = "bytes, a power of two"},
    [KEY_POINTER] = {.name = "pointer",
                     .kind = I2CPT_KEY_UINT,
                     .min = 1,
                     .max = 2,
                     .help = "bytes of the address; 2 above 256 bytes"},
    [KEY_PAGE] = {.name = "page",
                  .kind = I2CPT_KEY_UINT,
                  .min = 1,
                  .max = PAGE_MAX,
                  .def = "64",
                  .help = "bytes of a page, a power of two"},
    [KEY_CYCLE_MS] = {.name = "cycle-ms",
                      .kind = I2CPT_KEY_UINT,
                      .min = 0,
                      .max = 60000,
                      .def = "0",
                      .help = "how long a write cycle lasts"},
    [KEY_CYCLE_NACKS] = {.name = "cycle-nacks",
                         .kind = I2CPT_KEY_UINT,
                         .min = 0,
                         .max = 1000000,
                         .def = "0",
                         .help = "address attempts that a write cycle refuses"},
    {.name = NULL},
};

static const struct i2cpt_key reg_keys[] = {{.name = NULL}};

static int eeprom_init(struct stub_chip *chip, const struct stub_values *values,
                       struct i2cpt_fault *fault)
{
    struct eeprom *e = (struct eeprom *)chip;
    const uint64_t *v = values->number;

    e->size = (uint32_t)v[KEY_SIZE];
    e->page = (uint32_t)v[KEY_PAGE];
    e->cycle_ms = (uint32_t)v[KEY_CYCLE_MS];
    e->cycle_nacks = (uint32_t)v[KEY_CYCLE_NACKS];
    e->pointer_bytes = e->size > 256 ? 2 : 1;
    if (values->given[KEY_POINTER])
        e->pointer_bytes = (uint8_t)v[KEY_POINTER];

    if (e->size & (e->size - 1))
        return i2cpt_fault_text(
            fault, EINVAL, "size=%u: a power of two, 16 to 65536", e->size);
    if ((e->page & (e->page - 1)) || e->page > e->size)
        return i2cpt_fault_text(fault, EINVAL,
                                "page=%u: a power of two, 1 to %u", e->page,
                                MIN(PAGE_MAX, e->size));
    if (e->size > 256 && e->pointer_bytes == 1)
        return i2cpt_fault_text(fault, EINVAL,
                                "pointer=1: 2 for a size above 256");
    e->mem = g_malloc(e->size);
    memset(e->mem, 0xff, e->size);
    return 0;
}

static void eeprom_fini(struct stub_chip *chip)
{
    g_free(((struct eeprom *)chip)->mem);
}

static int eeprom_reg(struct stub_chip *chip, const struct stub_reg *reg,
                      struct i2cpt_fault *fault)
{
    struct eeprom *e = (struct eeprom *)chip;

    if (reg->number >= e->size || reg->n > e->size - reg->number)
        return i2cpt_fault_text(fault, EINVAL,
                                "%zu bytes at 0x%04x: the EEPROM has 0x%x",
                                reg->n, (unsigned)reg->number, e->size);
    if (reg->n)
        memcpy(&e->mem[reg->number], reg->bytes, reg->n);
    return 0;
}

static bool busy(struct eeprom *e)
{
    if (e->busy_nacks) {
        e->busy_nacks--;
        return true;
    }
    if (e->busy_until_ns && i2cpt_now_ns() < e->busy_until_ns)
        return true;
    e->busy_until_ns = 0;
    return false;
}

static bool eeprom_start(struct stub_chip *chip, bool read, bool repeated)
{
    struct eeprom *e = (struct eeprom *)chip;

    if (busy(e))
        return false;
    e->pointer_got = 0;
    return true;
}

static bool eeprom_write(struct stub_chip *chip, uint8_t byte)
{
    struct eeprom *e = (struct eeprom *)chip;

    if (e->pointer_got < e->pointer_bytes) {
        e->pointer = e->pointer_got ? e->pointer << 8 | byte : byte;
        e->pointer_got++;
        e->pointer &= e->size - 1;
        return true;
    }
    if (!e->dirty) {
        e->dirty = true;
        e->page_at = e->pointer & ~(e->page - 1);
        memset(e->filled, 0, sizeof(e->filled));
    }
    uint32_t offset = e->pointer & (e->page - 1);
    e->buf[offset] = byte;
    e->filled[offset] = true;
    e->pointer = e->page_at | ((offset + 1) & (e->page - 1));
    return true;
}

static uint8_t eeprom_read(struct stub_chip *chip)
{
    struct eeprom *e = (struct eeprom *)chip;
    uint8_t byte = e->mem[e->pointer];

    e->pointer = (e->pointer + 1) & (e->size - 1);
    return byte;
}

static void eeprom_end(struct stub_chip *chip, bool stop)
{
    struct eeprom *e = (struct eeprom *)chip;

    if (!e->dirty)
        return;
    e->dirty = false;
    if (!stop)
        return;
    for (uint32_t i = 0; i < e->page; i++)
        if (e->filled[i])
            e->mem[e->page_at + i] = e->buf[i];
    e->busy_nacks = e->cycle_nacks;
    if (e->cycle_ms)
        e->busy_until_ns = i2cpt_now_ns() + e->cycle_ms * UINT64_C(1000000);
    chip->counts.cycles++;
}

static size_t eeprom_peek(const struct stub_chip *chip, uint32_t reg,
                          uint8_t *buf, size_t size)
{
    const struct eeprom *e = (const struct eeprom *)chip;
    size_t n = reg < e->size ? MIN(size, e->size - reg) : 0;

    if (n)
        memcpy(buf, &e->mem[reg], n);
    return n;
}

const struct stub_kind stub_eeprom_kind = {
    .name = "eeprom",
    .help = "24Cxx: pages, write cycles",
    .size = sizeof(struct eeprom),
    .keys = keys,
    .reg_keys = reg_keys,
    .reg_max = 65535,
    .init = eeprom_init,
    .fini = eeprom_fini,
    .reg = eeprom_reg,
    .start = eeprom_start,
    .write = eeprom_write,
    .read = eeprom_read,
    .end = eeprom_end,
    .peek = eeprom_peek,
};
