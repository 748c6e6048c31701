/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* 256 registers of one byte behind an 8-bit pointer, as most chips have them */
#include <errno.h>
#include <string.h>

#include <glib.h>

#include "core/fault.h"
#include "stub/stub.h"

enum reg_type {
    REG_PLAIN,
    REG_READONLY,
    REG_FIFO,
    REG_CLEAR_ON_READ,
};

struct fifo {
    uint16_t n, next;
    uint8_t bytes[256];
};

struct registers {
    struct stub_chip chip;
    uint8_t pointer;
    bool pointer_next; /* the next written byte is the pointer */
    uint8_t step;      /* 1 with auto-increment */
    bool special;      /* some register is not plain, or reads count */
    uint8_t mem[256];
    uint8_t type[256];
    struct fifo *fifo[256];
    uint32_t *reads; /* 256, NULL: nobody counts them */
};

static const struct i2cpt_key keys[] = {
    {.name = "increment",
     .kind = I2CPT_KEY_SWITCH,
     .def = "on",
     .help = "the pointer goes on by one with each data byte"},
    {.name = NULL},
};

static const struct i2cpt_key reg_keys[] = {
    {.name = "type",
     .kind = I2CPT_KEY_CHOICE,
     .choices = "plain|readonly|fifo|clear-on-read",
     .def = "plain",
     .help = "what reading and writing does"},
    {.name = NULL},
};

static int registers_init(struct stub_chip *chip,
                          const struct stub_values *values,
                          struct i2cpt_fault *fault)
{
    struct registers *r = (struct registers *)chip;

    r->step = values->number[0] ? 1 : 0;
    return 0;
}

static void registers_fini(struct stub_chip *chip)
{
    struct registers *r = (struct registers *)chip;

    for (size_t i = 0; i < 256; i++)
        g_free(r->fifo[i]);
    g_free(r->reads);
}

/* A FIFO gives its bytes over and over; without any, 00 to ff. */
static struct fifo *fifo_new(const struct stub_reg *reg)
{
    struct fifo *f = g_new0(struct fifo, 1);

    f->n = reg->n ? (uint16_t)reg->n : 256;
    for (size_t i = 0; i < f->n; i++)
        f->bytes[i] = reg->n ? reg->bytes[i] : (uint8_t)i;
    return f;
}

static int registers_reg(struct stub_chip *chip, const struct stub_reg *reg,
                         struct i2cpt_fault *fault)
{
    struct registers *r = (struct registers *)chip;
    enum reg_type type = (enum reg_type)reg->values->number[0];

    if (type == REG_FIFO) {
        if (reg->n > 256)
            return i2cpt_fault_text(
                fault, EINVAL, "%zu bytes for a FIFO; at most 256", reg->n);
        g_free(r->fifo[reg->number]);
        r->fifo[reg->number] = fifo_new(reg);
        r->type[reg->number] = REG_FIFO;
        r->special = true;
        return 0;
    }
    if (reg->n > 256 - reg->number)
        return i2cpt_fault_text(
            fault, EINVAL, "%zu bytes from register 0x%02x on; at most %u",
            reg->n, (unsigned)reg->number, 256 - (unsigned)reg->number);
    if (reg->n)
        memcpy(&r->mem[reg->number], reg->bytes, reg->n);
    for (size_t i = 0; i < (reg->n ? reg->n : 1); i++)
        r->type[reg->number + i] = (uint8_t)type;
    r->special |= type != REG_PLAIN;
    return 0;
}

static bool registers_start(struct stub_chip *chip, bool read, bool repeated)
{
    struct registers *r = (struct registers *)chip;

    r->pointer_next = !read;
    return true;
}

static bool registers_write(struct stub_chip *chip, uint8_t byte)
{
    struct registers *r = (struct registers *)chip;

    if (r->pointer_next) {
        r->pointer_next = false;
        r->pointer = byte;
        return true;
    }
    switch (r->type[r->pointer]) {
    case REG_FIFO:
        return true;
    case REG_READONLY:
        break;
    default:
        r->mem[r->pointer] = byte;
    }
    r->pointer += r->step;
    return true;
}

static uint8_t read_special(struct registers *r)
{
    uint8_t at = r->pointer;
    struct fifo *f;
    uint8_t byte;

    if (r->reads)
        r->reads[at]++;
    switch (r->type[at]) {
    case REG_FIFO: /* the pointer stays, or a burst would leave the FIFO */
        f = r->fifo[at];
        byte = f->bytes[f->next];
        f->next = (uint16_t)((f->next + 1) % f->n);
        r->chip.counts.popped++;
        return byte;
    case REG_CLEAR_ON_READ:
        byte = r->mem[at];
        r->mem[at] = 0;
        r->chip.counts.cleared++;
        break;
    default:
        byte = r->mem[at];
    }
    r->pointer += r->step;
    return byte;
}

static uint8_t registers_read(struct stub_chip *chip)
{
    struct registers *r = (struct registers *)chip;

    if (r->special)
        return read_special(r);
    uint8_t byte = r->mem[r->pointer];
    r->pointer += r->step;
    return byte;
}

static size_t registers_peek(const struct stub_chip *chip, uint32_t reg,
                             uint8_t *buf, size_t size)
{
    const struct registers *r = (const struct registers *)chip;
    size_t n = reg < 256 ? MIN(size, 256 - reg) : 0;

    if (n)
        memcpy(buf, &r->mem[reg], n);
    return n;
}

static void registers_poke(struct stub_chip *chip, uint32_t reg, uint8_t byte)
{
    ((struct registers *)chip)->mem[reg & 255] = byte;
}

static uint32_t registers_reads(struct stub_chip *chip, uint32_t reg)
{
    struct registers *r = (struct registers *)chip;

    if (!r->reads)
        r->reads = g_new0(uint32_t, 256);
    r->special = true;
    return r->reads[reg & 255];
}

const struct stub_kind stub_registers_kind = {
    .name = "registers",
    .help = "256 bytes behind an 8-bit pointer",
    .size = sizeof(struct registers),
    .keys = keys,
    .reg_keys = reg_keys,
    .reg_max = 255,
    .init = registers_init,
    .fini = registers_fini,
    .reg = registers_reg,
    .start = registers_start,
    .write = registers_write,
    .read = registers_read,
    .peek = registers_peek,
    .poke = registers_poke,
    .reads = registers_reads,
};
