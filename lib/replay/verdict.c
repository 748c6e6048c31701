/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What did not go as recorded, and the verdict on a whole replay. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/fault.h"
#include "core/log.h"
#include "replay/match.h"
#include "replay/replayed-lines.h"

#define REQUEST_TEXT 900 /* of one, as far as it is shown */
#define IN_LINE      96  /* and in an error's one line */

static void copy_text(char *out, size_t size, const struct trace_text *t)
{
    size_t len = MIN(t->len, size - 1);
    size_t space = len && t->buf[0] == ' ';

    if (len) {
        memcpy(out, t->buf + space, len - space);
    }
    out[len - space] = 0;
}

/* Both requests of the first mismatch, for a report that has more room. */
static void keep_both(struct trace_match *m, uint64_t line,
                      const struct trace_text *want,
                      const struct trace_text *asked)
{
    if (!m->mismatches) {
        m->first_line = line;
        copy_text(m->expected, sizeof(m->expected), want);
        copy_text(m->actual, sizeof(m->actual), asked);
    }
}

static int note_mismatch(struct trace_match *m, const char *text,
                         struct i2cpt_fault *fault)
{
    if (!m->mismatches++) {
        snprintf(m->first, sizeof(m->first), "%s", text);
    }
    return i2cpt_fault_text(fault, I2CPT_EMISMATCH, "%s", text);
}

/* "trace.i2ct:12: expected w1@0x48 00 r2, got w1@0x48 01". */
int replay_match_mismatch(struct trace_match *m, line_t expected,
                          const struct trace_text *asked,
                          struct i2cpt_fault *fault)
{
    struct trace_text want = {NULL, 0, 0, false};
    const char *name = trace_reader_name(m->source.reader);
    char *base = g_path_get_basename(name), text[MATCH_TEXT];
    uint64_t number = expected ? replay_source_line(&m->source, expected) : 0;
    uint32_t i;

    if (expected) {
        struct i2cpt_trace_transfer t = expected->transfer;

        for (i = 0; i < t.n && want.len < REQUEST_TEXT; i++) {
            struct i2cpt_trace_msg msg = t.msgs[i];

            msg.n_bytes =
                msg.flags & I2CPT_M_RD ? 0 : MIN(msg.n_bytes, REQUEST_TEXT / 3);
            trace_format_msg(&want, &msg, !i || msg.addr != t.msgs[i - 1].addr);
        }
        snprintf(text, sizeof(text),
                 "%.255s:%" G_GUINT64_FORMAT ": expected%.*s%s, got%.*s%s",
                 base, number, (int)MIN(want.len, IN_LINE), want.buf,
                 want.len > IN_LINE ? " ..." : "",
                 (int)MIN(asked->len, IN_LINE), asked->buf,
                 asked->len > IN_LINE ? " ..." : "");
    } else {
        snprintf(text, sizeof(text),
                 "%.255s: expected nothing more%s%s, got%.*s%s", base,
                 m->mode == TRACE_STRICT ? "" : " at this address",
                 m->source.truncated ? " (the trace is truncated)" : "",
                 (int)MIN(asked->len, IN_LINE), asked->buf,
                 asked->len > IN_LINE ? " ..." : "");
    }
    keep_both(m, number, &want, asked);
    g_free(want.buf);
    g_free(base);
    return note_mismatch(m, text, fault);
}

int replay_match_differs(struct trace_match *m, line_t expected,
                         const struct i2cpt_xfer *x)
{
    struct trace_text asked = {NULL, 0, 0, false};
    size_t i;
    int ret;

    for (i = 0; i < x->n && asked.len < REQUEST_TEXT; i++) {
        const struct i2cpt_msg *q = &x->msgs[i];
        bool read = q->flags & I2CPT_M_RD;
        struct i2cpt_trace_msg msg = {
            .addr = q->addr,
            .flags = q->flags,
            .len = q->flags & I2CPT_M_RECV_LEN && q->buf[0] < 3 ? q->buf[0]
                                                                : q->len,
            .n_bytes = read ? 0 : MIN(q->len, REQUEST_TEXT / 3),
            .bytes = q->buf};

        trace_format_msg(&asked, &msg, !i || q->addr != q[-1].addr);
    }
    if (x->marks & (I2CPT_MARK_RESEND | I2CPT_MARK_CONTINUE)) {
        static const char more[] = " (the guest reads on)";

        trace_text_add(&asked, more, sizeof(more) - 1);
    }
    ret = replay_match_mismatch(m, expected, &asked, x->fault);
    g_free(asked.buf);
    return ret;
}

bool replay_match_is_absent(struct trace_match *m, uint16_t addr,
                            uint16_t flags)
{
    int known = replay_source_knows(&m->source, addr, flags);

    return !known ||
           (known > 0 && !replay_source_answers(&m->source, addr, flags));
}

int replay_match_absent(struct trace_match *m, struct i2cpt_fault *fault)
{
    m->absent++;
    return i2cpt_fault_set(fault, ENXIO, I2CPT_PHASE_ADDRESS, 0, -1);
}

/* ----------------------------------------- a read that was a guess (took) */

/* The guest has read on or begun something else: was it as recorded? */
void replay_match_settle_guess(struct trace_match *m)
{
    struct i2cpt_trace_line line = {
        .size = sizeof(line), .line = m->guess_line, .offset = m->guess_offset};
    char text[160];

    if (m->guessed && m->told && m->guess_taken != m->guess_limit) {
        uint64_t number = replay_source_line(&m->source, &line);

        snprintf(text, sizeof(text),
                 "line %" G_GUINT64_FORMAT
                 ": expected a read of %u byte%s, the guest took %u",
                 number, m->guess_limit, i2cpt_fault_s(m->guess_limit),
                 m->guess_taken);
        if (!m->mismatches) {
            m->first_line = number;
            snprintf(m->expected, sizeof(m->expected), "a read of %u byte%s",
                     m->guess_limit, i2cpt_fault_s(m->guess_limit));
            snprintf(m->actual, sizeof(m->actual), "a read of %u byte%s",
                     m->guess_taken, i2cpt_fault_s(m->guess_taken));
        }
        note_mismatch(m, text, NULL);
        i2cpt_log(I2CPT_LOG_WARNING, "%s", text);
    }
    m->guessed = m->told = false;
}

void replay_match_begin_guess(struct trace_match *m, line_t line,
                              uint32_t limit)
{
    m->guessed = true;
    m->told = false;
    m->guess_limit = limit;
    m->guess_line = line->line;
    m->guess_offset = line->offset;
}

void replay_match_took(struct trace_match *m, uint32_t n)
{
    m->told = m->guessed;
    m->guess_taken = n;
}

/* -------------------------------------------------------------- the verdict */

static uint64_t count_used(const struct trace_match *m, bool *looped)
{
    const struct trace_source *s = &m->source;
    uint64_t used = s->all.used;
    uint32_t i;

    *looped = s->all.rounds;
    for (i = 0; s->by_address && i < TRACE_ADDRESSES; i++) {
        used += s->by_address[i] ? s->by_address[i]->used : 0;
    }
    return used;
}

#define NEXT_MAX G_N_ELEMENTS(((struct i2cpt_trace_verdict *)0)->next_lines)

/* The first lines that were not asked for, by their offsets, in order. */
struct next {
    uint64_t offsets[NEXT_MAX];
    guint n;
};

static bool next_add(struct next *next, uint64_t offset)
{
    guint at = next->n;

    while (at && next->offsets[at - 1] > offset) {
        at--;
    }
    if (at == NEXT_MAX) {
        return false;
    }
    next->n = MIN(next->n + 1, (guint)NEXT_MAX);
    memmove(next->offsets + at + 1, next->offsets + at,
            (next->n - 1 - at) * sizeof(next->offsets[0]));
    next->offsets[at] = offset;
    return true;
}

/* False where `next` has enough, or the trace ends. */
static bool add_open(struct trace_match *m, struct trace_seq *seq,
                     uint64_t index, struct next *next)
{
    line_t line;

    return replay_source_get(&m->source, seq, index, &line, NULL) == 1 &&
           (trace_is_own(&line->transfer) || next_add(next, line->offset));
}

static int by_index(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* Which answers have not been given, each looked at once. */
static void find_open_answers(struct trace_match *m, struct trace_seq *seq,
                              struct next *next)
{
    GArray *open = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    guint i, k;

    for (i = 0; i < seq->scripts->len; i++) {
        const struct trace_script *s = g_ptr_array_index(seq->scripts, i);

        for (k = s->rounds ? s->n : s->next; k < s->n; k++) {
            uint64_t index = replay_script_at(s, k);

            g_array_append_val(open, index);
        }
    }
    g_array_sort(open, by_index);
    for (i = 0; i < open->len &&
                add_open(m, seq, g_array_index(open, uint64_t, i), next);
         i++) {
    }
    g_array_unref(open);
}

static void find_open(struct trace_match *m, struct trace_seq *seq,
                      struct next *next)
{
    uint64_t index;

    if (seq->scripts) {
        find_open_answers(m, seq, next);
        return;
    }
    for (index = seq->pos; !seq->rounds && add_open(m, seq, index, next);
         index++) {
    }
}

/* Strict order from a pipe: one, as what is read is gone. */
static uint64_t next_of_pipe(struct trace_match *m)
{
    struct trace_seq *seq = &m->source.all;
    uint64_t index = seq->pos;
    line_t line;

    m->source.deadline_ns = 0; /* it is not waited for */
    for (; replay_source_get(&m->source, seq, index, &line, NULL) == 1;
         index++) {
        if (!trace_is_own(&line->transfer)) {
            return replay_source_line(&m->source, line);
        }
    }
    return 0;
}

static void next_lines(struct trace_match *m, uint64_t *lines)
{
    struct trace_source *s = &m->source;
    struct next next = {.n = 0};
    guint i;

    if (m->mode == TRACE_STRICT) {
        if (trace_reader_seekable(s->reader)) {
            replay_source_lines(s, s->all.pos, lines, NEXT_MAX);
        } else {
            lines[0] = next_of_pipe(m);
        }
        return;
    }
    for (i = 0; i < TRACE_ADDRESSES; i++) {
        if (s->by_address[i]) {
            find_open(m, s->by_address[i], &next);
        }
    }
    for (i = 0; i < next.n; i++) {
        lines[i] = trace_reader_line_at(s->reader, next.offsets[i]);
    }
}

int replay_match_verdict(struct trace_match *m, struct replayed_lines *lines,
                         struct i2cpt_trace_verdict *out,
                         struct i2cpt_fault *fault)
{
    struct i2cpt_trace_verdict v = {.size = out->size};
    uint64_t count;
    bool looped;
    int ret;

    replay_match_settle_guess(m);
    v.consumed = count_used(m, &looped);
    v.mismatches = m->mismatches;
    v.absent = m->absent;
    v.redacted = m->redacted;
    v.split = m->split;
    v.joined = m->joined;
    memcpy(v.text, m->first, sizeof(v.text));
    v.mismatch_line = m->first_line;
    memcpy(v.expected, m->expected, sizeof(v.expected));
    memcpy(v.actual, m->actual, sizeof(v.actual));
    ret = replay_source_count(&m->source, &count, fault);
    if (ret) {
        return ret;
    }
    v.truncated = m->source.truncated;
    v.remaining = looped && m->mode == TRACE_STRICT ? 0
                  : count == I2CPT_TRACE_UNKNOWN    ? count
                                                    : count - v.consumed;
    if (v.remaining && v.remaining != I2CPT_TRACE_UNKNOWN) {
        next_lines(m, v.next_lines);
        v.next_line = v.next_lines[0];
    }
    replay_lines_verdict(lines, &v);
    memcpy(out, &v, MIN(out->size, sizeof(v)));
    return 0;
}
