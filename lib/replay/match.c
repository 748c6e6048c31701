/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests as messages: which item each is to be compared with. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "replay/match.h"

/* ---------------------------------------------------------- plain requests */

/* The head that replay_match_find_head() found: others may have been read
 * since. */
static line_t head_again(struct trace_match *m)
{
    line_t line;

    if (m->seq->cut) {
        return &m->left.line;
    }
    return match_get(m, m->seq->pos, &line, NULL) == 1 ? line : NULL;
}

static bool asks_quick_write(const struct i2cpt_xfer *x)
{
    return x->n == 1 && !(x->msgs[0].flags & I2CPT_M_RD) && !x->msgs[0].len;
}

/* A quick write that answered a probe by reading was a guest's poll. Where no
 * quick write follows that probe, the guest went on from it. */
static bool passes_poll(struct trace_match *m, const struct i2cpt_xfer *x,
                        line_t line)
{
    if (m->seq->polled != m->seq->pos + 1 || asks_quick_write(x)) {
        return false;
    }
    m->seq->polled = 0; /* end=hold may come back here */
    replay_match_consume(m, m->seq->pos, false, line, 0);
    return true;
}

static int request_in_order(struct trace_match *m, struct i2cpt_xfer *x)
{
    const struct i2cpt_msg *first = &x->msgs[0];
    uint64_t passed = 0;
    line_t line;
    int ret, result;

    for (;;) {
        ret = replay_match_find_head(m, first->addr, first->flags, &line,
                                     x->fault);
        if (ret < 0) {
            return ret;
        }
        if (ret == 1 && m->seq->pos < passed) {
            ret = 0; /* end=hold came back to a probe */
        }
        if (ret == 1 && passes_poll(m, x, line)) {
            continue;
        }
        if (!ret || !(line->transfer.mark & I2CPT_TRACE_PROBE)) {
            break;
        }
        if (replay_walk_is_refused(&line->transfer)) {
            return replay_match_refused(m, line, x->fault);
        }
        if (asks_quick_write(x) &&
            replay_match_is_quick_write(&line->transfer)) {
            break; /* the probe was the guest's own quick write */
        }
        passed = ++m->seq->pos;
    }
    if (ret == 1 && replay_restarts_goes_on(m, x) &&
        (replay_match_try(m, x, line, m->seq->pos, &result) ||
         replay_restarts_try(m, x, head_again(m), &result))) {
        return result;
    }
    if (replay_match_is_absent(m, first->addr, first->flags)) {
        return replay_match_absent(m, x->fault);
    }
    if (ret == 1 && replay_match_move_on(m, x) &&
        replay_match_find_head(m, first->addr, first->flags, &line, x->fault) ==
            1 &&
        (replay_match_try(m, x, line, m->seq->pos, &result) ||
         replay_restarts_try(m, x, head_again(m), &result))) {
        return result;
    }
    ret = replay_match_differs(m, ret == 1 ? head_again(m) : NULL, x);
    replay_match_stay(m);
    return ret;
}

static int request_by_lookup(struct trace_match *m, struct i2cpt_xfer *x)
{
    line_t line = NULL;
    int result, ret = replay_match_lookup(m, x, &line, &result);

    return ret == 1 ? result : ret ? ret : replay_match_differs(m, line, x);
}

int replay_match_transfer(struct trace_match *m, struct i2cpt_xfer *x)
{
    const struct i2cpt_msg *first = &x->msgs[0];
    const uint32_t own =
        I2CPT_MARK_PROBE | I2CPT_MARK_RESEND | I2CPT_MARK_CONTINUE;
    const uint32_t restart = I2CPT_MARK_RESTART | I2CPT_MARK_SPLIT;
    line_t line;

    m->source.deadline_ns = x->deadline_ns;
    m->seq = replay_source_seq(&m->source, first->addr, first->flags);
    m->duration_ns = 0;
    m->viewing = false;
    if (!m->seq) {
        return replay_match_absent(m, x->fault);
    }
    if (!(x->marks & ~restart) && !m->guessed && m->mode != TRACE_LOOKUP &&
        !m->seq->cut && match_get(m, m->seq->pos, &line, x->fault) == 1 &&
        replay_walk_plain(&line->transfer, x->msgs, x->n)) {
        replay_match_consume(m, m->seq->pos, false, line, 0);
        return 0;
    }
    if (!(x->marks & (I2CPT_MARK_RESEND | I2CPT_MARK_CONTINUE))) {
        replay_match_settle_guess(m);
    }
    if (x->marks & I2CPT_MARK_PROBE) {
        return m->mode == TRACE_LOOKUP ? replay_match_probe_lookup(m, x)
                                       : replay_match_probe(m, x);
    }
    if (x->marks & own) {
        return replay_match_again(m, x);
    }
    m->script = NULL;
    return m->mode == TRACE_LOOKUP ? request_by_lookup(m, x)
                                   : request_in_order(m, x);
}
