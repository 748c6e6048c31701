/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A sensor that is told to measure and refuses its read until it has: SHT3x,
 * BH1750 and the like. The result can be read once for each command.
 */
#include <errno.h>
#include <string.h>

#include <glib.h>

#include "core/fault.h"
#include "stub/stub.h"

#define RESULT_MAX 64u

struct command {
    uint16_t number;
    uint32_t nacks; /* reads that are refused after it */
    uint8_t n;
    uint8_t result[RESULT_MAX];
};

struct measure {
    struct stub_chip chip;
    uint8_t command_bytes;
    uint16_t number; /* of the command being written */
    uint8_t got;     /* bytes of it so far */
    bool reading;    /* this message is a read */
    uint32_t nacks_left;
    uint8_t at;                    /* next byte of the result */
    const struct command *current; /* has a result, or will; else NULL */
    GArray *commands;
};

static const struct i2cpt_key keys[] = {
    {.name = "command",
     .kind = I2CPT_KEY_UINT,
     .min = 1,
     .max = 2,
     .def = "2",
     .help = "bytes of a command"},
    {.name = NULL},
};

static const struct i2cpt_key reg_keys[] = {
    {.name = "nacks",
     .kind = I2CPT_KEY_UINT,
     .min = 0,
     .max = 1000000,
     .def = "0",
     .help = "reads that are refused before the result is there"},
    {.name = NULL},
};

static int measure_init(struct stub_chip *chip,
                        const struct stub_values *values,
                        struct i2cpt_fault *fault)
{
    struct measure *m = (struct measure *)chip;

    m->command_bytes = (uint8_t)values->number[0];
    m->commands = g_array_new(FALSE, TRUE, sizeof(struct command));
    return 0;
}

static void measure_fini(struct stub_chip *chip)
{
    g_array_free(((struct measure *)chip)->commands, TRUE);
}

static struct command *find(const struct measure *m, uint16_t number)
{
    for (guint i = 0; i < m->commands->len; i++) {
        struct command *c = &g_array_index(m->commands, struct command, i);
        if (c->number == number)
            return c;
    }
    return NULL;
}

static int measure_reg(struct stub_chip *chip, const struct stub_reg *reg,
                       struct i2cpt_fault *fault)
{
    struct measure *m = (struct measure *)chip;
    struct command c = {.number = (uint16_t)reg->number};

    if (m->command_bytes == 1 && reg->number > 0xff)
        return i2cpt_fault_text(fault, EINVAL,
                                "command 0x%04x: at most 0xff with command=1",
                                (unsigned)reg->number);
    if (find(m, c.number))
        return i2cpt_fault_text(fault, EINVAL, "command 0x%04x twice",
                                c.number);
    if (reg->n > RESULT_MAX)
        return i2cpt_fault_text(fault, EINVAL,
                                "%zu bytes for a result; at most %u", reg->n,
                                RESULT_MAX);
    c.nacks = (uint32_t)reg->values->number[0];
    c.n = (uint8_t)reg->n;
    if (reg->n)
        memcpy(c.result, reg->bytes, reg->n);
    g_array_append_val(m->commands, c);
    return 0;
}

static bool measure_start(struct stub_chip *chip, bool read, bool repeated)
{
    struct measure *m = (struct measure *)chip;

    m->got = 0;
    m->number = 0;
    m->reading = false;
    if (!read)
        return true;
    if (!m->current || !m->current->n)
        return false;
    if (m->nacks_left) {
        m->nacks_left--;
        return false;
    }
    m->reading = true;
    m->at = 0;
    return true;
}

/* Bytes after the command are its arguments: taken, and of no effect. */
static bool measure_write(struct stub_chip *chip, uint8_t byte)
{
    struct measure *m = (struct measure *)chip;

    if (m->got == m->command_bytes)
        return true;
    m->number = (uint16_t)(m->number << 8 | byte);
    if (++m->got < m->command_bytes)
        return true;
    const struct command *c = find(m, m->number);
    if (!c)
        return false;
    m->current = c;
    m->nacks_left = c->nacks;
    return true;
}

static uint8_t measure_read(struct stub_chip *chip)
{
    struct measure *m = (struct measure *)chip;

    return m->at < m->current->n ? m->current->result[m->at++] : 0xff;
}

static void measure_end(struct stub_chip *chip, bool stop)
{
    struct measure *m = (struct measure *)chip;

    if (m->reading && m->at)
        m->current = NULL;
    m->reading = false;
}

static size_t measure_peek(const struct stub_chip *chip, uint32_t reg,
                           uint8_t *buf, size_t size)
{
    const struct command *c =
        reg <= 0xffff ? find((const struct measure *)chip, (uint16_t)reg)
                      : NULL;
    size_t n = c ? MIN(size, c->n) : 0;

    if (n)
        memcpy(buf, c->result, n);
    return n;
}

const struct stub_kind stub_measure_kind = {
    .name = "measure",
    .help = "a command, then a read that is refused until measured",
    .size = sizeof(struct measure),
    .keys = keys,
    .reg_keys = reg_keys,
    .reg_max = 0xffff,
    .init = measure_init,
    .fini = measure_fini,
    .reg = measure_reg,
    .start = measure_start,
    .write = measure_write,
    .read = measure_read,
    .end = measure_end,
    .peek = measure_peek,
};
