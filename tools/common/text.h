/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transfers as a person is shown them where two are compared. */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "i2cpt-trace.h"

/* As a trace has it, without its times; g_free() it. */
char *tool_text_transfer(const struct i2cpt_trace_transfer *t);
/* Of that only what was asked for: no data of reads, fault or marks. */
char *tool_text_request(const struct i2cpt_trace_transfer *t);

/*
 * What a person typed, or a file or a device says of itself, is shown without
 * control characters, which a terminal would obey: each is a `?`, as in ls. The
 * one changes the text, the other is a copy; g_free() it.
 */
void tool_text_make_plain(char *text);
char *tool_text_plain(const char *text);

/* "1 transfer", "2 transfers". */
static inline const char *tool_text_s(uint64_t n)
{
    return n == 1 ? "" : "s";
}

/* Letters to put in, leave out, change or swap from one word to the other. */
unsigned tool_text_distance(const char *a, const char *b);

/* Whether they are the same, but for bytes that are not compared. */
bool tool_text_same(const char *a, const char *b);

/*
 * Two texts below each other, word by word, with what differs underlined:
 *
 *     expected  w2@0x50 03 42
 *     got       w2@0x50 03 43
 *                          ^^
 *
 * Long ones are shown from shortly before the first difference on. The names
 * ("  expected ", "  got      ") are of one width.
 */
void tool_text_aligned(FILE *to, const char *first_name, const char *first,
                       const char *second_name, const char *second);

/*
 * What stands around line `number` of a trace file, and where else `request`
 * stands in it (NULL: not wanted); whether it does. Nothing where it cannot be
 * read again.
 */
bool tool_text_around(FILE *to, const char *path, uint64_t number,
                      const char *request);
/* These lines, 0 behind the last. */
void tool_text_lines(FILE *to, const char *path, const uint64_t *numbers,
                     size_t n);

#endif
