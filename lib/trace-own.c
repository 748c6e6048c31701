/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a passthrough asks by itself, not its guest. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "trace-match.h"

/* ----------------------------------------- what a passthrough does by itself
 */

static void ack_probe(struct i2cpt_xfer *x)
{
    struct i2cpt_msg *msg = &x->msgs[0];

    if (msg->len) {
        msg->buf[0] = 0xff;
    }
    msg->actual = msg->len;
}

/* Lookup: there is a target where anything but a refusal was recorded. */
int match_probe_lookup(struct trace_match *m, struct i2cpt_xfer *x)
{
    line_t line;
    guint i;
    int ret;

    for (i = 0; i < m->seq->scripts->len; i++) {
        m->script = g_ptr_array_index(m->seq->scripts, i);
        m->seq->pos = trace_script_pos(m->script);
        ret = match_find_head(m, x->msgs[0].addr, x->msgs[0].flags, &line,
                              x->fault);
        if (ret < 0) {
            return ret;
        }
        if (ret && !walk_is_refused(&line->transfer)) {
            ack_probe(x);
            if (!x->msgs[0].len && match_is_quick_write(&line->transfer)) {
                match_consume(m, m->seq->pos, m->script->probe, line, 0);
            }
            return 0;
        }
    }
    return i2cpt_fault_set(x->fault, ENXIO, I2CPT_PHASE_ADDRESS, 0, -1);
}

/* Is there a target? The next transfer that it was recorded in says so. */
int match_probe(struct trace_match *m, struct i2cpt_xfer *x)
{
    const struct i2cpt_msg *first = &x->msgs[0];
    const struct i2cpt_trace_transfer *t;
    line_t line;
    int ret = match_find_head(m, first->addr, first->flags, &line, x->fault);

    if (ret < 0) {
        return ret;
    }
    if (!ret || !match_same_first(&line->transfer, first->addr, first->flags)) {
        if (!trace_source_knows(&m->source, first->addr, first->flags)) {
            return match_absent(m, x->fault);
        }
        ret = match_differs(m, ret ? line : NULL, x);
        match_stay(m);
        return ret;
    }
    t = &line->transfer;
    if (walk_is_refused(t)) {
        return match_refused(m, line, x->fault);
    }
    ack_probe(x);
    if (t->mark & I2CPT_TRACE_PROBE) {
        if (first->len && t->msgs[0].n_bytes) {
            first->buf[0] = t->msgs[0].bytes[0];
        }
        match_consume(m, m->seq->pos, true, line, 0);
    } else if (!first->len && match_is_quick_write(t)) {
        match_consume(m, m->seq->pos, false, line, 0);
    }
    return 0;
}

/* The last read again, from byte `from` on, out of the transfer that answered
 * it. */
static int serve_more(struct trace_match *m, struct i2cpt_xfer *x,
                      uint32_t from)
{
    struct i2cpt_msg *msg = &x->msgs[x->n - 1];
    const struct i2cpt_trace_transfer *t;
    const struct i2cpt_trace_msg *rec;
    uint32_t i, n;
    line_t line;

    if (match_get(m, m->seq->last, &line, x->fault) != 1) {
        return match_differs(m, NULL, x);
    }
    t = &line->transfer;
    rec = &t->msgs[t->n - 1];
    if (!(msg->flags & rec->flags & I2CPT_M_RD) || msg->addr != rec->addr ||
        t->code || rec->n_bytes <= m->seq->given) {
        return match_differs(m, line, x);
    }
    n = MIN(msg->len, rec->n_bytes - from);
    for (i = 0; i < x->n; i++) {
        x->msgs[i].actual = x->msgs[i].flags & I2CPT_M_RD ? 0 : x->msgs[i].len;
    }
    memset(msg->buf, 0xff, msg->len);
    memcpy(msg->buf, rec->bytes + from, n);
    msg->actual = n;
    for (i = 0; rec->kinds && i < n; i++) {
        m->redacted += rec->kinds[from + i] == I2CPT_TRACE_REDACTED;
    }
    m->seq->given = from + n;
    if (x->marks & I2CPT_MARK_TOOK_FOLLOWS) {
        match_begin_guess(m, line, walk_taken(t, t->n - 1));
    } else if (from) { /* the guest takes each of them */
        m->guess_taken = from + n;
    }
    return 0;
}

/*
 * A write that was refused, sent again, and the trace has no %resend: a stream
 * recorded it, where the guest itself tried again. Its next try answers ours;
 * where there is none, the refusal stands.
 */
static int busy_again(struct trace_match *m, struct i2cpt_xfer *x)
{
    const struct i2cpt_msg *first = &x->msgs[0];
    struct i2cpt_fault refusal;
    line_t line;
    int result;

    if (match_get(m, m->seq->last, &line, x->fault) != 1 ||
        !walk_is_refused(&line->transfer)) {
        return match_differs(m, NULL, x);
    }
    i2cpt_fault_set(&refusal, line->transfer.code, line->transfer.phase,
                    line->transfer.fault_msg, line->transfer.fault_byte);
    if (m->mode != TRACE_LOOKUP &&
        match_find_head(m, first->addr, first->flags, &line, NULL) == 1 &&
        match_try(m, x, line, m->seq->pos, &result)) {
        return result;
    }
    *x->fault = refusal;
    return -refusal.code;
}

/* Busy, and tried again; or read too short. */
int match_again(struct trace_match *m, struct i2cpt_xfer *x)
{
    bool more = x->marks & I2CPT_MARK_CONTINUE;
    const struct i2cpt_msg *msg = &x->msgs[x->n - 1];
    uint64_t next = m->seq->served ? m->seq->last + 1 : m->seq->pos;
    uint32_t wanted = more ? I2CPT_TRACE_CONTINUE : I2CPT_TRACE_RESEND;
    line_t line;
    int result;

    if (match_get(m, next, &line, NULL) == 1 && line->transfer.mark & wanted &&
        match_same_first(&line->transfer, x->msgs[0].addr, x->msgs[0].flags)) {
        struct trace_script *script = m->script;

        m->script = NULL;
        if (m->mode != TRACE_LOOKUP) {
            m->seq->pos = next;
        }
        if (match_try(m, x, line, next, &result)) {
            m->script = script;
            return result;
        }
        m->script = script;
        m->seq->last = next; /* another shape, but the read it repeats */
        m->seq->pos = next + 1;
        m->seq->given = more ? 0 : m->seq->given;
        return serve_more(m, x, 0);
    }
    if (!m->seq->served) {
        return match_differs(m, NULL, x);
    }
    if (msg->flags & I2CPT_M_RD) {
        return serve_more(m, x, more ? m->seq->given : 0);
    }
    return busy_again(m, x);
}
