/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Registers of one width or another behind an 8-bit pointer, most significant
 * byte first, whose read does not leave the register: LM75, TMP102, INA219.
 */
#include <errno.h>
#include <string.h>

#include <glib.h>

#include "core/fault.h"
#include "stub/stub.h"

#define WIDTH_MAX 32u

enum past {
    PAST_RESTART, /* at the register's first byte again */
    PAST_FF,      /* 0xff until STOP */
    PAST_NEXT,    /* the register after it */
};

struct reg {
    uint8_t width; /* 0: not there */
    bool readonly;
    uint8_t bytes[WIDTH_MAX];
};

struct sensor {
    struct stub_chip chip;
    enum past past;
    uint8_t pointer;
    bool pointer_next;
    uint8_t at;     /* register of the next byte, */
    uint8_t offset; /* and which byte of it */
    struct reg regs[256];
};

static const struct i2cpt_key keys[] = {
    {.name = "past",
     .kind = I2CPT_KEY_CHOICE,
     .choices = "restart|ff|next",
     .def = "restart",
     .help = "what comes after a register's last byte"},
    {.name = NULL},
};

static const struct i2cpt_key reg_keys[] = {
    {.name = "type",
     .kind = I2CPT_KEY_CHOICE,
     .choices = "plain|readonly",
     .def = "plain",
     .help = "whether it can be written"},
    {.name = NULL},
};

static int sensor_init(struct stub_chip *chip, const struct stub_values *values,
                       struct i2cpt_fault *fault)
{
    struct sensor *s = (struct sensor *)chip;

    s->past = (enum past)values->number[0];
    return 0;
}

static int sensor_reg(struct stub_chip *chip, const struct stub_reg *reg,
                      struct i2cpt_fault *fault)
{
    struct sensor *s = (struct sensor *)chip;
    struct reg *r = &s->regs[reg->number];

    if (reg->n < 1 || reg->n > WIDTH_MAX)
        return i2cpt_fault_text(fault, EINVAL,
                                "%zu bytes for register 0x%02x; 1 to %u",
                                reg->n, (unsigned)reg->number, WIDTH_MAX);
    r->width = (uint8_t)reg->n;
    r->readonly = reg->values->number[0] != 0;
    memcpy(r->bytes, reg->bytes, reg->n);
    return 0;
}

static bool sensor_start(struct stub_chip *chip, bool read, bool repeated)
{
    struct sensor *s = (struct sensor *)chip;

    s->pointer_next = !read;
    s->at = s->pointer;
    s->offset = 0;
    return true;
}

/* The byte that is next, or NULL where nothing is; goes on by one. */
static uint8_t *next_byte(struct sensor *s, bool *readonly)
{
    struct reg *r = &s->regs[s->at];

    if (!r->width)
        return NULL;
    if (s->offset == r->width) {
        if (s->past == PAST_FF)
            return NULL;
        s->offset = 0;
        if (s->past == PAST_NEXT) {
            do
                s->at++;
            while (!s->regs[s->at].width);
            r = &s->regs[s->at];
        }
    }
    *readonly = r->readonly;
    return &r->bytes[s->offset++];
}

static bool sensor_write(struct stub_chip *chip, uint8_t byte)
{
    struct sensor *s = (struct sensor *)chip;
    bool readonly;

    if (s->pointer_next) {
        s->pointer_next = false;
        s->pointer = s->at = byte;
        return true;
    }
    uint8_t *to = next_byte(s, &readonly);
    if (to && !readonly)
        *to = byte;
    return true;
}

static uint8_t sensor_read(struct stub_chip *chip)
{
    bool readonly;
    const uint8_t *from = next_byte((struct sensor *)chip, &readonly);

    return from ? *from : 0xff;
}

static size_t sensor_peek(const struct stub_chip *chip, uint32_t reg,
                          uint8_t *buf, size_t size)
{
    const struct sensor *s = (const struct sensor *)chip;
    size_t n = reg < 256 ? MIN(size, s->regs[reg].width) : 0;

    if (n)
        memcpy(buf, s->regs[reg].bytes, n);
    return n;
}

const struct stub_kind stub_sensor_kind = {
    .name = "sensor",
    .help = "registers of 1 to 32 bytes; a read stays in its register",
    .size = sizeof(struct sensor),
    .keys = keys,
    .reg_keys = reg_keys,
    .reg_max = 255,
    .init = sensor_init,
    .reg = sensor_reg,
    .start = sensor_start,
    .write = sensor_write,
    .read = sensor_read,
    .peek = sensor_peek,
};
