/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between the parts of the parser: lines (parse.c), messages
 * (parse-msg.c), and what stands behind them (parse-tail.c). */
#ifndef I2CPT_TRACE_PARSE_H
#define I2CPT_TRACE_PARSE_H

#include <glib.h>

#include "trace/line.h"

struct parser {
    struct trace_slot *slot;
    const char *begin, *p;
    size_t used; /* of slot->data */
    struct trace_error *error;
};

/* Say what is wrong at `at`; returns -EINVAL. */
int trace_parse_fail(struct parser *s, const char *at, const char *format, ...)
    __attribute__((format(printf, 3, 4), cold));

static inline bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

/* A decimal number of at most `max`. */
static inline int parse_dec(struct parser *s, const char *what, uint64_t max,
                            uint64_t *out)
{
    const char *p = s->p;
    uint64_t value = 0;

    *out = 0;
    if (!is_digit(*p)) {
        return trace_parse_fail(s, p, "expected %s", what);
    }
    do {
        value = value * 10 + (uint64_t)(*p++ - '0');
        if (value > max) {
            return trace_parse_fail(s, s->p, "%s is above %" G_GUINT64_FORMAT,
                                    what, max);
        }
    } while (is_digit(*p));
    s->p = p;
    *out = value;
    return 0;
}

static inline bool skip_word(struct parser *s, const char *word)
{
    size_t i;

    for (i = 0; word[i]; i++) {
        if (s->p[i] != word[i]) {
            return false;
        }
    }
    s->p += i;
    return true;
}

/* Message number `index` of the transfer. */
int trace_parse_msg(struct parser *s, uint32_t index);
/* Behind " ! ". */
int trace_parse_fault(struct parser *s, struct i2cpt_trace_transfer *t);
/* Each " %word" up to the end of the line. */
int trace_parse_words(struct parser *s, struct i2cpt_trace_transfer *t);

#endif
