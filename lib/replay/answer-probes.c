/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a passthrough asks by itself, not its guest. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/fault.h"
#include "replay/match.h"

/* ----------------------------------------- what a passthrough does by itself
 */

static void ack_probe(struct i2cpt_xfer *x)
{
    struct i2cpt_msg *msg = &x->msgs[0];

    if (msg->len) {
        msg->buf[0] = 0xff;
    }
    msg->actual = MIN(msg->len, 1);
}

/* Lookup: there is a target where anything but a refusal was recorded. */
int replay_match_probe_lookup(struct trace_match *m, struct i2cpt_xfer *x)
{
    line_t line;
    guint i;
    int ret;

    for (i = 0; i < m->seq->scripts->len; i++) {
        m->script = g_ptr_array_index(m->seq->scripts, i);
        if (!replay_script_is_open(m->script, m->seq)) {
            continue;
        }
        m->seq->pos = replay_script_pos(m->script);
        ret = replay_match_find_head(m, x->msgs[0].addr, x->msgs[0].flags,
                                     &line, x->fault);
        if (ret < 0) {
            return ret;
        }
        if (ret && !replay_walk_is_refused(&line->transfer)) {
            ack_probe(x);
            if (!x->msgs[0].len &&
                replay_match_is_quick_write(&line->transfer)) {
                replay_match_consume(m, m->seq->pos, m->script->probe, line, 0);
            }
            return 0;
        }
    }
    return i2cpt_fault_set(x->fault, ENXIO, I2CPT_PHASE_ADDRESS, 0, -1);
}

/* Is there a target? The next transfer that it was recorded in says so. */
int replay_match_probe(struct trace_match *m, struct i2cpt_xfer *x)
{
    const struct i2cpt_msg *first = &x->msgs[0];
    const struct i2cpt_trace_transfer *t;
    line_t line;
    int ret =
        replay_match_find_head(m, first->addr, first->flags, &line, x->fault);

    if (ret < 0) {
        return ret;
    }
    if (!ret || !match_same_first(&line->transfer, first->addr, first->flags)) {
        if (x->marks & I2CPT_MARK_RESEND && m->refused == first->addr) {
            /* asked once more than the guest did: as it was told last */
            return i2cpt_fault_set(x->fault, ENXIO, I2CPT_PHASE_ADDRESS, 0, -1);
        }
        if (replay_match_is_absent(m, first->addr, first->flags)) {
            return replay_match_absent(m, x->fault);
        }
        ret = replay_match_differs(m, ret ? line : NULL, x);
        replay_match_stay(m);
        return ret;
    }
    t = &line->transfer;
    if (replay_walk_is_refused(t)) {
        m->refused = first->addr;
        return replay_match_refused(m, line, x->fault);
    }
    ack_probe(x);
    if (t->mark & I2CPT_TRACE_PROBE) {
        if (first->len && t->msgs[0].n_bytes) {
            first->buf[0] = t->msgs[0].bytes[0];
        }
        replay_match_consume(m, m->seq->pos, true, line, 0);
    } else if (!first->len && replay_match_is_quick_write(t)) {
        replay_match_consume(m, m->seq->pos, false, line, 0);
    } else if (replay_match_is_quick_write(t)) {
        m->seq->polled = m->seq->pos + 1; /* see passes_poll() */
    }
    return 0;
}

/* The transfer behind the last one is its repetition, or goes on in it. */
static bool next_of_item(struct trace_match *m, const struct i2cpt_xfer *x,
                         line_t *out)
{
    return replay_match_follows(m, m->seq->last,
                                I2CPT_TRACE_RESEND | I2CPT_TRACE_CONTINUE,
                                x->msgs[0].addr, x->msgs[0].flags, out) &&
           replay_match_reads_on(&(*out)->transfer);
}

/* Put what one more transfer of the item brought behind what there is. */
static void chain_add(struct trace_match *m, line_t line)
{
    const struct i2cpt_trace_transfer *t = &line->transfer;
    const struct i2cpt_trace_msg *rec = &t->msgs[t->n - 1];
    uint32_t had = m->chain->len;
    bool again = t->mark & I2CPT_TRACE_RESEND;

    if (!again && rec->n_bytes) {
        g_byte_array_append(m->chain, rec->bytes, rec->n_bytes);
    } else if (again && rec->n_bytes > had) {
        g_byte_array_append(m->chain, rec->bytes + had, rec->n_bytes - had);
    }
    replay_match_begin_guess(m, line,
                             (again ? 0 : had) + walk_taken(t, t->n - 1));
}

static void step_item(struct trace_match *m)
{
    m->seq->last++;
    m->seq->hold = m->seq->last;
    if (m->mode != TRACE_LOOKUP) {
        m->seq->pos = m->seq->last + 1;
        m->seq->cut = 0;
    }
}

/* Bytes `from` to `to` of the read that was a guess. */
static int read_more(struct trace_match *m, struct i2cpt_xfer *x, uint32_t from)
{
    struct i2cpt_msg *msg = &x->msgs[x->n - 1];
    uint32_t given = m->seq->given, i, taken = m->guess_taken;
    bool told = m->told;
    line_t line;

    while (m->chain->len < from + msg->len && next_of_item(m, x, &line)) {
        const struct i2cpt_trace_transfer *t = &line->transfer;

        if (t->code) {
            if (m->chain->len > given) {
                break; /* first what came before that */
            }
            step_item(m);
            if (!next_of_item(m, x, &line) ||
                !(line->transfer.mark & I2CPT_TRACE_RESEND)) {
                return i2cpt_fault_set(x->fault, t->code, t->phase,
                                       t->fault_msg, t->fault_byte);
            }
            continue;
        }
        step_item(m);
        chain_add(m, line);
    }
    if (m->chain->len <= given) {
        return replay_match_differs(
            m, match_get(m, m->seq->last, &line, NULL) == 1 ? line : NULL, x);
    }
    for (i = 0; i < x->n; i++) {
        x->msgs[i].actual = x->msgs[i].flags & I2CPT_M_RD ? 0 : x->msgs[i].len;
    }
    msg->actual = MIN(msg->len, m->chain->len - from);
    memset(msg->buf, 0xff, msg->len);
    memcpy(msg->buf, m->chain->data + from, msg->actual);
    m->seq->given = from + msg->actual;
    m->guessed = true;
    m->told = told && from; /* reading on, the guest takes each byte */
    m->guess_taken = from ? m->seq->given : taken;
    return 0;
}

/*
 * A write that was refused, sent again, and the trace has no %resend: a stream
 * recorded it, where the guest itself tried again. Its next try answers ours;
 * where there is none, the refusal stands.
 */
static int busy_again(struct trace_match *m, struct i2cpt_xfer *x,
                      line_t refused)
{
    const struct i2cpt_msg *first = &x->msgs[0];
    const struct i2cpt_trace_transfer *t = &refused->transfer;
    line_t line;
    int result;

    if (m->mode != TRACE_LOOKUP &&
        replay_match_find_head(m, first->addr, first->flags, &line, NULL) ==
            1 &&
        replay_match_try(m, x, line, m->seq->pos, &result)) {
        return result;
    }
    return i2cpt_fault_set(x->fault, t->code, t->phase, t->fault_msg,
                           t->fault_byte);
}

/* Busy, and tried again; or read too short. */
int replay_match_again(struct trace_match *m, struct i2cpt_xfer *x)
{
    const struct i2cpt_msg *msg = &x->msgs[x->n - 1];
    line_t line;
    int result;

    if (!m->seq->served) {
        return replay_match_differs(m, NULL, x);
    }
    if (match_get(m, m->seq->last, &line, NULL) == 1 &&
        replay_walk_is_refused(&line->transfer)) {
        return busy_again(m, x, line);
    }
    if (msg->flags & I2CPT_M_RD && m->guessed) {
        return read_more(m, x,
                         x->marks & I2CPT_MARK_CONTINUE ? m->seq->given : 0);
    }
    if (replay_match_follows(m, m->seq->last, I2CPT_TRACE_RESEND,
                             x->msgs[0].addr, x->msgs[0].flags, &line) &&
        replay_match_try(m, x, line, m->seq->last + 1, &result)) {
        return result;
    }
    return replay_match_differs(m, NULL, x);
}
