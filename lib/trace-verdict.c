/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What did not go as recorded, and the verdict on a whole replay. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "trace-match.h"

static int note_mismatch(struct trace_match *m, const char *text,
                         struct i2cpt_fault *fault)
{
    if (!m->mismatches++) {
        snprintf(m->first, sizeof(m->first), "%s", text);
    }
    return i2cpt_fault_text(fault, I2CPT_EMISMATCH, "%s", text);
}

/* "trace.i2ct:12: expected w1@0x48 00 r2, got w1@0x48 01". */
int match_mismatch(struct trace_match *m, line_t expected,
                   const struct trace_text *asked, struct i2cpt_fault *fault)
{
    struct trace_text want = {NULL, 0, 0, false};
    const char *name = trace_reader_name(m->source.reader);
    char *base = g_path_get_basename(name), text[512];
    uint32_t i;

    if (expected) {
        struct i2cpt_trace_transfer t = expected->transfer;

        for (i = 0; i < t.n; i++) {
            struct i2cpt_trace_msg msg = t.msgs[i];

            msg.n_bytes = msg.flags & I2CPT_M_RD ? 0 : MIN(msg.n_bytes, 24);
            trace_format_msg(&want, &msg, !i || msg.addr != t.msgs[i - 1].addr);
            if (want.len > 90) {
                trace_text_add(&want, " ...", 4);
                break;
            }
        }
        snprintf(text, sizeof(text),
                 "%.40s:%" G_GUINT64_FORMAT ": expected%.*s, got%.*s", base,
                 trace_source_line(&m->source, expected),
                 (int)MIN(want.len, 96), want.buf, (int)MIN(asked->len, 96),
                 asked->buf);
    } else {
        snprintf(text, sizeof(text),
                 "%.40s: expected nothing more%s%s, got%.*s", base,
                 m->mode == TRACE_STRICT ? "" : " at this address",
                 m->source.truncated ? " (the trace is truncated)" : "",
                 (int)MIN(asked->len, 96), asked->buf);
    }
    g_free(want.buf);
    g_free(base);
    return note_mismatch(m, text, fault);
}

int match_differs(struct trace_match *m, line_t expected,
                  const struct i2cpt_xfer *x)
{
    struct trace_text asked = {NULL, 0, 0, false};
    size_t i;
    int ret;

    for (i = 0; i < x->n && asked.len < 96; i++) {
        const struct i2cpt_msg *q = &x->msgs[i];
        bool read = q->flags & I2CPT_M_RD;
        struct i2cpt_trace_msg msg = {
            .addr = q->addr,
            .flags = q->flags,
            .len = q->flags & I2CPT_M_RECV_LEN && q->buf[0] < 3 ? q->buf[0]
                                                                : q->len,
            .n_bytes = read ? 0 : MIN(q->len, 24),
            .bytes = q->buf};

        trace_format_msg(&asked, &msg, !i || q->addr != q[-1].addr);
    }
    if (x->marks & (I2CPT_MARK_RESEND | I2CPT_MARK_CONTINUE)) {
        static const char more[] = " (the guest reads on)";

        trace_text_add(&asked, more, sizeof(more) - 1);
    }
    ret = match_mismatch(m, expected, &asked, x->fault);
    g_free(asked.buf);
    return ret;
}

int match_absent(struct trace_match *m, struct i2cpt_fault *fault)
{
    m->absent++;
    return i2cpt_fault_set(fault, ENXIO, I2CPT_PHASE_ADDRESS, 0, -1);
}

/* ----------------------------------------- a read that was a guess (took) */

/* The guest has read on or begun something else: was it as recorded? */
void match_settle_guess(struct trace_match *m)
{
    struct i2cpt_trace_line line = {.line = m->guess_line,
                                    .offset = m->guess_offset};
    char text[160];

    if (m->guessed && m->told && m->guess_taken != m->guess_limit) {
        snprintf(text, sizeof(text),
                 "line %" G_GUINT64_FORMAT
                 ": expected a read of %u bytes, the guest took %u",
                 trace_source_line(&m->source, &line), m->guess_limit,
                 m->guess_taken);
        note_mismatch(m, text, NULL);
        i2cpt_log(I2CPT_LOG_WARNING, "%s", text);
    }
    m->guessed = m->told = false;
}

void match_begin_guess(struct trace_match *m, line_t line, uint32_t limit)
{
    m->guessed = true;
    m->told = false;
    m->guess_limit = limit;
    m->guess_line = line->line;
    m->guess_offset = line->offset;
}

void trace_match_took(struct trace_match *m, uint32_t n)
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

static bool is_open(const struct trace_seq *seq, uint64_t index)
{
    guint i, k;

    if (!seq->scripts) {
        return index >= seq->pos && !seq->rounds;
    }
    for (i = 0; i < seq->scripts->len; i++) {
        const struct trace_script *s = g_ptr_array_index(seq->scripts, i);

        for (k = s->rounds ? s->pos->len : s->next; k < s->pos->len; k++) {
            if (g_array_index(s->pos, uint64_t, k) == index) {
                return true;
            }
        }
    }
    return false;
}

/* The line of the first transfer of `seq` that was not asked for. */
static uint64_t first_open(struct trace_match *m, struct trace_seq *seq)
{
    uint64_t index = seq->scripts ? 0 : seq->pos;
    line_t line;

    for (; trace_source_get(&m->source, seq, index, &line, NULL) == 1;
         index++) {
        if (!trace_is_own(&line->transfer) && is_open(seq, index)) {
            return trace_source_line(&m->source, line);
        }
    }
    return 0;
}

static uint64_t next_line(struct trace_match *m)
{
    struct trace_source *s = &m->source;
    uint64_t first = 0, line;
    uint32_t i;

    if (m->mode == TRACE_STRICT) {
        m->source.deadline_ns = 0; /* a pipe is not waited for */
        return s->all.rounds ? 0 : first_open(m, &s->all);
    }
    for (i = 0; i < TRACE_ADDRESSES; i++) {
        line = s->by_address[i] ? first_open(m, s->by_address[i]) : 0;
        first = line && (!first || line < first) ? line : first;
    }
    return first;
}

int trace_match_verdict(struct trace_match *m, struct i2cpt_trace_verdict *out,
                        struct i2cpt_fault *fault)
{
    struct i2cpt_trace_verdict v = {.size = out->size};
    uint64_t count;
    bool looped;
    int ret;

    match_settle_guess(m);
    v.consumed = count_used(m, &looped);
    v.mismatches = m->mismatches;
    v.absent = m->absent;
    v.redacted = m->redacted;
    memcpy(v.text, m->first, sizeof(v.text));
    ret = trace_source_count(&m->source, &count, fault);
    if (ret) {
        return ret;
    }
    v.truncated = m->source.truncated;
    v.remaining = looped && m->mode == TRACE_STRICT ? 0
                  : count == I2CPT_TRACE_UNKNOWN    ? count
                                                    : count - v.consumed;
    if (v.remaining && v.remaining != I2CPT_TRACE_UNKNOWN) {
        v.next_line = next_line(m);
    }
    memcpy(out, &v, MIN(out->size, sizeof(v)));
    return 0;
}
