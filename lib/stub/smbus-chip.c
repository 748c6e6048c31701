/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A target that knows SMBus protocols by command: bytes, words, blocks with
 * their count, process calls, and packet error codes (SMBus 3.2, 6.4 and 6.5).
 */
#include <errno.h>
#include <string.h>

#include <glib.h>

#include "core/fault.h"
#include "stub/stub.h"

enum pec {
    PEC_OFF,     /* a byte after the data is refused, or reads 0xff */
    PEC_ACCEPT,  /* checked where the host sends one */
    PEC_REQUIRE, /* a write without one does nothing */
};

enum form {
    FORM_NONE, /* command not known */
    FORM_BYTE,
    FORM_WORD,
    FORM_BLOCK,
    FORM_SEND,       /* a command without data */
    FORM_CALL,       /* process call: answers each bit inverted */
    FORM_BLOCK_CALL, /* block process call: answers in reverse order */
};

struct command {
    enum form form;
    uint8_t n; /* bytes of data */
    uint8_t data[255];
};

struct smbus {
    struct stub_chip chip;
    enum pec pec;
    uint8_t last; /* the command that receive byte refers to */
    uint8_t crc;  /* over the transaction so far */

    uint8_t out[258]; /* written in this transaction: command, count, data */
    uint16_t out_n;
    bool reading;
    bool pec_good; /* a right PEC came after that */
    bool refused;  /* a byte of it was not acknowledged: do nothing */

    uint8_t answer[256];
    uint16_t answer_n, answer_at;

    struct command *commands[256];
};

static const struct i2cpt_key keys[] = {
    {.name = "pec",
     .kind = I2CPT_KEY_CHOICE,
     .choices = "off|accept|require",
     .def = "accept",
     .help = "packet error codes"},
    {.name = NULL},
};

static const struct i2cpt_key reg_keys[] = {
    {.name = "type",
     .kind = I2CPT_KEY_CHOICE,
     .choices = "none|byte|word|block|send|call|block-call",
     .def = "byte",
     .help = "the protocol of this command"},
    {.name = NULL},
};

static int smbus_init(struct stub_chip *chip, const struct stub_values *values,
                      struct i2cpt_fault *fault)
{
    ((struct smbus *)chip)->pec = (enum pec)values->number[0];
    return 0;
}

static void smbus_fini(struct stub_chip *chip)
{
    struct smbus *s = (struct smbus *)chip;

    for (size_t i = 0; i < 256; i++)
        g_free(s->commands[i]);
}

static int smbus_reg(struct stub_chip *chip, const struct stub_reg *reg,
                     struct i2cpt_fault *fault)
{
    static const struct {
        const char *name;
        uint8_t min, max;
    } sizes[] = {
        [FORM_NONE] = {"none", 0, 0},
        [FORM_BYTE] = {"byte", 1, 1},
        [FORM_WORD] = {"word", 2, 2},
        [FORM_BLOCK] = {"block", 1, 255},
        [FORM_SEND] = {"send", 0, 0},
        [FORM_CALL] = {"call", 0, 0},
        [FORM_BLOCK_CALL] = {"block-call", 0, 0},
    };
    struct smbus *s = (struct smbus *)chip;
    enum form form = (enum form)reg->values->number[0];

    if (reg->n < sizes[form].min || reg->n > sizes[form].max)
        return i2cpt_fault_text(fault, EINVAL,
                                "%zu byte%s for type=%s; %u to %u", reg->n,
                                i2cpt_fault_s(reg->n), sizes[form].name,
                                sizes[form].min, sizes[form].max);
    struct command *c = s->commands[reg->number];
    if (!c)
        c = s->commands[reg->number] = g_new0(struct command, 1);
    c->form = form;
    c->n = (uint8_t)reg->n;
    if (reg->n)
        memcpy(c->data, reg->bytes, reg->n);
    return 0;
}

static enum form form_of(const struct smbus *s, uint8_t command)
{
    return s->commands[command] ? s->commands[command]->form : FORM_NONE;
}

/* How many bytes a write of this form has before the PEC; 0 while the count of
 * a block has not come. */
static uint16_t write_length(const struct smbus *s)
{
    switch (form_of(s, s->out[0])) {
    case FORM_BYTE:
        return 2;
    case FORM_WORD:
    case FORM_CALL:
        return 3;
    case FORM_BLOCK:
    case FORM_BLOCK_CALL:
        return s->out_n < 2 ? 0 : (uint16_t)(2 + s->out[1]);
    default:
        return 1;
    }
}

/* Receive byte has no command: the first byte of the last one's. */
static void answer_byte(struct smbus *s)
{
    const struct command *c = s->commands[s->last];

    s->answer[0] = c && c->n ? c->data[0] : 0xff;
    s->answer_n = 1;
}

static void answer_command(struct smbus *s)
{
    const struct command *c = s->commands[s->out[0]];
    uint8_t count = s->out_n > 1 ? s->out[1] : 0;

    s->answer_n = 0;
    switch (c ? c->form : FORM_NONE) {
    case FORM_BYTE:
    case FORM_WORD:
        memcpy(s->answer, c->data, c->n);
        s->answer_n = c->n;
        break;
    case FORM_BLOCK:
        s->answer[0] = c->n;
        memcpy(s->answer + 1, c->data, c->n);
        s->answer_n = (uint16_t)(1 + c->n);
        break;
    case FORM_CALL:
        if (s->out_n != 3)
            break;
        s->answer[0] = (uint8_t)~s->out[1];
        s->answer[1] = (uint8_t)~s->out[2];
        s->answer_n = 2;
        break;
    case FORM_BLOCK_CALL:
        if (s->out_n < 3 || s->out_n != 2 + count)
            break;
        s->answer[0] = count;
        for (unsigned i = 0; i < count; i++)
            s->answer[1 + i] = s->out[1 + count - i];
        s->answer_n = (uint16_t)(1 + count);
        break;
    default:
        break;
    }
}

static bool smbus_start(struct stub_chip *chip, bool read, bool repeated)
{
    struct smbus *s = (struct smbus *)chip;
    uint8_t address = (uint8_t)(chip->addr << 1 | (read ? 1 : 0));

    if (!repeated || !read) {
        s->out_n = 0;
        s->crc = 0;
        s->pec_good = s->refused = false;
    }
    s->crc = i2cpt_smbus_pec(s->crc, &address, 1);
    s->reading = read;
    if (!read)
        return true;
    s->answer_at = 0;
    if (s->out_n)
        answer_command(s);
    else
        answer_byte(s);
    return true;
}

/* The byte after a complete write. */
static bool take_pec(struct smbus *s, uint8_t byte)
{
    if (s->pec == PEC_OFF || s->pec_good)
        return false;
    if (byte != s->crc) {
        s->chip.counts.pec_errors++;
        s->refused = true;
        return false;
    }
    s->pec_good = true;
    return true;
}

static bool smbus_write(struct stub_chip *chip, uint8_t byte)
{
    struct smbus *s = (struct smbus *)chip;

    if (s->refused)
        return false;
    if (!s->out_n) {
        if (form_of(s, byte) == FORM_NONE) {
            s->refused = true;
            return false;
        }
        s->last = byte;
    } else {
        uint16_t whole = write_length(s);

        if (whole && s->out_n == whole)
            return take_pec(s, byte);
        if (!whole && !byte) { /* a block of none */
            s->refused = true;
            return false;
        }
    }
    s->out[s->out_n++] = byte;
    s->crc = i2cpt_smbus_pec(s->crc, &byte, 1);
    return true;
}

static uint8_t smbus_read(struct stub_chip *chip)
{
    struct smbus *s = (struct smbus *)chip;
    uint8_t byte = 0xff;

    if (s->answer_at < s->answer_n)
        byte = s->answer[s->answer_at];
    else if (s->answer_at == s->answer_n && s->answer_n && s->pec != PEC_OFF)
        byte = s->crc;
    if (s->answer_at <= s->answer_n)
        s->answer_at++;
    s->crc = i2cpt_smbus_pec(s->crc, &byte, 1);
    return byte;
}

static void commit(struct smbus *s)
{
    struct command *c = s->commands[s->out[0]];

    switch (c->form) {
    case FORM_BYTE:
    case FORM_WORD:
        memcpy(c->data, s->out + 1, c->n);
        break;
    case FORM_BLOCK:
        c->n = s->out[1];
        memcpy(c->data, s->out + 2, c->n);
        break;
    case FORM_SEND:
        s->chip.counts.sent++;
        break;
    default:
        break;
    }
}

/* STOP after a complete write: what was asked for happens now. */
static void smbus_end(struct stub_chip *chip, bool stop)
{
    struct smbus *s = (struct smbus *)chip;
    bool whole = s->out_n && s->out_n == write_length(s);

    if (!stop)
        return;
    if (whole && !s->reading && !s->refused) {
        if (s->pec == PEC_REQUIRE && !s->pec_good)
            chip->counts.pec_errors++;
        else
            commit(s);
    }
    s->out_n = 0;
}

static size_t smbus_peek(const struct stub_chip *chip, uint32_t reg,
                         uint8_t *buf, size_t size)
{
    const struct smbus *s = (const struct smbus *)chip;
    const struct command *c = reg < 256 ? s->commands[reg] : NULL;
    size_t n = c ? MIN(size, c->n) : 0;

    if (n)
        memcpy(buf, c->data, n);
    return n;
}

const struct stub_kind stub_smbus_kind = {
    .name = "smbus",
    .help = "SMBus commands: bytes, words, blocks, process calls, PEC",
    .size = sizeof(struct smbus),
    .keys = keys,
    .reg_keys = reg_keys,
    .reg_max = 255,
    .init = smbus_init,
    .fini = smbus_fini,
    .reg = smbus_reg,
    .start = smbus_start,
    .write = smbus_write,
    .read = smbus_read,
    .end = smbus_end,
    .peek = smbus_peek,
};
