/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words for a verdict on a replay, whoever prints them. */
#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/fault.h"
#include "i2cpt-trace.h"

#define SENTENCE_MAX 2048

static const char *was(uint64_t n)
{
    return n == 1 ? "was" : "were";
}

/* That of another version has more or fewer members. */
static struct i2cpt_trace_verdict known_of(const struct i2cpt_trace_verdict *v)
{
    struct i2cpt_trace_verdict known = {0};

    memcpy(&known, v, MIN(v->size, sizeof(known)));
    return known;
}

static uint64_t known_remaining(const struct i2cpt_trace_verdict *v)
{
    return v->remaining == I2CPT_TRACE_UNKNOWN ? 0 : v->remaining;
}

static void mismatches(const struct i2cpt_trace_verdict *v, char *text)
{
    if (v->mismatches) {
        snprintf(text, SENTENCE_MAX,
                 "%" PRIu64 " request%s differ%s; the first: %s", v->mismatches,
                 i2cpt_fault_s(v->mismatches), v->mismatches == 1 ? "s" : "",
                 v->text);
    }
}

static void remaining(const struct i2cpt_trace_verdict *v, char *text)
{
    uint64_t left = known_remaining(v), all = left + v->consumed;

    if (left) {
        snprintf(text, SENTENCE_MAX,
                 "%" PRIu64 " of %" PRIu64 " transfer%s %s not asked for, the "
                 "first in line %" PRIu64,
                 left, all, i2cpt_fault_s(all), was(left), v->next_line);
    }
}

static void held(const struct i2cpt_trace_verdict *v, char *text)
{
    uint64_t all = v->changes + v->changes_left;

    if (v->held_line) {
        snprintf(text, SENTENCE_MAX,
                 "%" PRIu64 " of %" PRIu64 " change%s of lines %s not told: "
                 "line %" PRIu64 " waits for line %" PRIu64
                 ", which was not asked for",
                 v->changes_left, all, i2cpt_fault_s(all), was(v->changes_left),
                 v->held_line, v->held_for);
    }
}

/* One that is held still is told by held() alone. */
static void stalls(const struct i2cpt_trace_verdict *v, char *text)
{
    if (v->stalls > (v->stalled_line == v->held_line)) {
        snprintf(text, SENTENCE_MAX,
                 "%" PRIu64 " change%s of lines %s held back while no transfer "
                 "came: line %" PRIu64 " waited for line %" PRIu64,
                 v->stalls, i2cpt_fault_s(v->stalls), was(v->stalls),
                 v->stalled_line, v->stalled_for);
    }
}

static void restarts(const struct i2cpt_trace_verdict *v, char *text)
{
    if (v->split || v->joined) {
        snprintf(text, SENTENCE_MAX,
                 "%" PRIu64 " asked for in parts, %" PRIu64
                 " answered out of several",
                 v->split, v->joined);
    }
}

static void redacted(const struct i2cpt_trace_verdict *v, char *text)
{
    if (v->redacted) {
        snprintf(text, SENTENCE_MAX,
                 "%" PRIu64 " redacted bytes were served as 0xff", v->redacted);
    }
}

static void truncated(const struct i2cpt_trace_verdict *v, char *text)
{
    if (v->truncated) {
        snprintf(text, SENTENCE_MAX, "truncated, no `end` line");
    }
}

static void (*const parts[])(const struct i2cpt_trace_verdict *v,
                             char *text) = {
    [I2CPT_VERDICT_MISMATCHES] = mismatches,
    [I2CPT_VERDICT_REMAINING] = remaining,
    [I2CPT_VERDICT_HELD] = held,
    [I2CPT_VERDICT_STALLS] = stalls,
    [I2CPT_VERDICT_RESTARTS] = restarts,
    [I2CPT_VERDICT_REDACTED] = redacted,
    [I2CPT_VERDICT_TRUNCATED] = truncated,
};

static void add_counts(const struct i2cpt_trace_verdict *v, GString *line)
{
    uint64_t all = v->consumed + known_remaining(v);

    if (v->remaining == I2CPT_TRACE_UNKNOWN) {
        g_string_append_printf(line, "%" PRIu64 " transfer%s replayed",
                               v->consumed, i2cpt_fault_s(v->consumed));
    } else {
        g_string_append_printf(line,
                               "%" PRIu64 " of %" PRIu64 " transfer%s replayed",
                               v->consumed, all, i2cpt_fault_s(all));
    }
    g_string_append_printf(line, ", %" PRIu64 " mismatch%s", v->mismatches,
                           v->mismatches == 1 ? "" : "es");
}

static int put_all(const struct i2cpt_trace_verdict *v, char *text, size_t size)
{
    GString *line = g_string_new(NULL);
    char sentence[SENTENCE_MAX];
    size_t i;
    int len;

    add_counts(v, line);
    for (i = 0; i < G_N_ELEMENTS(parts); i++) {
        *sentence = 0;
        if (parts[i]) {
            parts[i](v, sentence);
        }
        if (*sentence) {
            g_string_append_printf(line, "; %s", sentence);
        }
    }
    len = snprintf(text, size, "%s", line->str);
    g_string_free(line, TRUE);
    return len;
}

int i2cpt_trace_verdict_describe(const struct i2cpt_trace_verdict *v,
                                 enum i2cpt_trace_verdict_part part, char *text,
                                 size_t size)
{
    struct i2cpt_trace_verdict known;
    char sentence[SENTENCE_MAX] = "";

    if (!v || (!text && size) || (size_t)part >= G_N_ELEMENTS(parts)) {
        return -EINVAL;
    }
    known = known_of(v);
    if (part == I2CPT_VERDICT_ALL) {
        return put_all(&known, text, size);
    }
    parts[part](&known, sentence);
    return snprintf(text, size, "%s", sentence);
}

int i2cpt_trace_verdict_failed(const struct i2cpt_trace_verdict *v)
{
    struct i2cpt_trace_verdict known;

    if (!v) {
        return -EINVAL;
    }
    known = known_of(v);
    return known.mismatches || known_remaining(&known);
}
