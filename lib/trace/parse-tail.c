/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands behind the messages: how it ended, and %words. */
#include <string.h>

#include "trace/parse.h"

static int parse_errno(struct parser *s, int32_t *code)
{
    const char *at = s->p;
    char name[16];
    size_t len = 0;
    uint64_t number;
    int ret;

    if (at[0] == 'E' && is_digit(at[1])) {
        s->p++;
        ret = parse_dec(s, "the error number", TRACE_ERRNO_MAX, &number);
        if (!ret && !number) {
            ret = trace_parse_fail(s, at, "0 is no error");
        }
        *code = ret ? 0 : (int32_t)number;
        return ret;
    }
    while ((*s->p >= 'A' && *s->p <= 'Z') || is_digit(*s->p)) {
        if (len == sizeof(name) - 1) {
            return trace_parse_fail(s, at, "unknown error name");
        }
        name[len++] = *s->p++;
    }
    name[len] = 0;
    if (!len) {
        return trace_parse_fail(s, at,
                                "expected the name of an error, as ENXIO");
    }
    *code = i2cpt_error_from_name(name);
    if (*code < 0) {
        return trace_parse_fail(s, at, "unknown error name %s", name);
    }
    return 0;
}

static int parse_phase(struct parser *s, int32_t *phase)
{
    if (skip_word(s, "address")) {
        *phase = I2CPT_PHASE_ADDRESS;
    } else if (skip_word(s, "data")) {
        *phase = I2CPT_PHASE_DATA;
    } else if (skip_word(s, "stop")) {
        *phase = I2CPT_PHASE_STOP;
    } else {
        return trace_parse_fail(s, s->p, "a phase is address, data or stop");
    }
    return 0;
}

int trace_parse_fault(struct parser *s, struct i2cpt_trace_transfer *t)
{
    uint64_t value;
    const char *at;
    int ret = parse_errno(s, &t->code);

    if (!ret && skip_word(s, " phase=")) {
        ret = parse_phase(s, &t->phase);
    }
    if (!ret && skip_word(s, " msg=")) {
        at = s->p;
        ret = parse_dec(s, "the index of a message", INT32_MAX, &value);
        if (!ret && value >= t->n) {
            ret = trace_parse_fail(s, at, "there is no message %u",
                                   (unsigned)value);
        }
        t->fault_msg = ret ? -1 : (int32_t)value;
    }
    if (!ret && skip_word(s, " byte=")) {
        ret = parse_dec(s, "the index of a byte", I2CPT_MSG_MAX, &value);
        t->fault_byte = ret ? -1 : (int32_t)value;
    }
    return ret;
}

static int parse_took(struct parser *s, struct i2cpt_trace_transfer *t)
{
    const struct i2cpt_trace_msg *last = &s->slot->msgs[t->n - 1];
    const char *at = s->p;
    uint64_t value;
    int ret = parse_dec(s, "how many bytes were taken", I2CPT_MSG_MAX, &value);

    if (ret) {
        return ret;
    }
    if (!(last->flags & I2CPT_M_RD)) {
        return trace_parse_fail(
            s, at, "%%took belongs to a read, the last message is none");
    }
    if (value >
        (last->flags & I2CPT_M_RECV_LEN ? TRACE_BLOCK_MAX : last->len)) {
        return trace_parse_fail(s, at, "more bytes taken than were asked for");
    }
    t->mark |= I2CPT_TRACE_TOOK;
    t->took = (uint32_t)value;
    return 0;
}

/* Words we do not know are kept as they are. */
static int keep_word(struct parser *s, const char *word, size_t *used)
{
    size_t len = (size_t)(s->p - word);

    if (len < 2) {
        return trace_parse_fail(s, word, "expected a word after %%");
    }
    if (*used + len + 1 > TRACE_WORDS_MAX) {
        return trace_parse_fail(s, word, "more than %u bytes of words",
                                TRACE_WORDS_MAX);
    }
    if (*used) {
        s->slot->words[(*used)++] = ' ';
    }
    memcpy(s->slot->words + *used, word, len);
    *used += len;
    s->slot->words[*used] = 0;
    return 0;
}

static bool ends_word(const struct parser *s)
{
    return *s->p == ' ' || *s->p == '\n';
}

/* A word that is a mark and has nothing more to it. */
static bool skip_mark(struct parser *s, struct i2cpt_trace_transfer *t)
{
    static const struct {
        const char *word;
        uint32_t mark;
    } marks[] = {
        {"%probe", I2CPT_TRACE_PROBE},
        {"%resend", I2CPT_TRACE_RESEND},
        {"%continue", I2CPT_TRACE_CONTINUE},
        {"%restart", I2CPT_TRACE_RESTART},
    };
    const char *word = s->p;
    size_t i;

    for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (skip_word(s, marks[i].word) && ends_word(s)) {
            t->mark |= marks[i].mark;
            return true;
        }
        s->p = word;
    }
    return false;
}

int trace_parse_words(struct parser *s, struct i2cpt_trace_transfer *t)
{
    size_t used = 0;
    int ret = 0;

    while (!ret && s->p[0] == ' ' && s->p[1] == '%') {
        const char *word = ++s->p;

        if (skip_mark(s, t)) {
            continue;
        }
        if (skip_word(s, "%took-")) {
            ret = parse_took(s, t);
            continue;
        }
        while (*s->p > 0x20 && *s->p < 0x7f) {
            s->p++;
        }
        ret = keep_word(s, word, &used);
    }
    t->words = used ? s->slot->words : NULL;
    return ret;
}
