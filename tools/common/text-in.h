/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text files of other programs, line by line, and words and numbers in them.
 * Errors are -EINVAL with FILE:LINE:COLUMN, both from 1, columns in bytes. */
#ifndef TEXT_IN_H
#define TEXT_IN_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "i2cpt.h"

#define TEXT_LINE_MAX (1u << 20)

struct text_in {
    FILE *file;
    char *name; /* for errors */
    bool close;
    uint64_t line; /* number of the last one */
    char *buf;     /* the last one, without LF and CR, NUL at its end */
    size_t len, cap;
};

int tool_text_open(struct text_in *t, const char *path,
                   struct i2cpt_fault *fault);
/* Over a stream that stays the caller's. */
void tool_text_over(struct text_in *t, FILE *file, const char *name);
void tool_text_close(struct text_in *t);
/* 1 and the next line in buf, 0 at the end, or an error. */
int tool_text_next(struct text_in *t, struct i2cpt_fault *fault);
/* An error at `at`, a place in buf. */
int tool_text_error(const struct text_in *t, const char *at,
                    struct i2cpt_fault *fault, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The following take what stands at *p, and then *p is behind it; false, and
 * *p as it was, where it is not there. */
bool tool_text_take(const char **p, const char *word);
void tool_text_skip_space(const char **p);
/* Digits of a base to 16, at most `most`. */
bool tool_text_number(const char **p, unsigned base, uint64_t most,
                      uint64_t *value);
/* 0x.., 0b.. or (where `decimal`) digits, at most `most`. */
bool tool_text_any_number(const char **p, bool decimal, uint64_t most,
                          uint64_t *value);
/* Seconds as -1.25 or 4.1e-08, in nanoseconds; at most 9 billion seconds. */
bool tool_text_seconds(const char **p, int64_t *ns);

#endif
