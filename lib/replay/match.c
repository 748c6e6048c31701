/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests as messages: which item each is to be compared with. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "replay/match.h"

/* ---------------------------------------------------------- plain requests */

static int request_in_order(struct trace_match *m, struct i2cpt_xfer *x)
{
    const struct i2cpt_msg *first = &x->msgs[0];
    line_t line;
    int ret, result;

    for (;;) {
        ret = match_find_head(m, first->addr, first->flags, &line, x->fault);
        if (ret < 0) {
            return ret;
        }
        if (!ret || !(line->transfer.mark & I2CPT_TRACE_PROBE)) {
            break;
        }
        if (walk_is_refused(&line->transfer)) {
            return match_refused(m, line, x->fault);
        }
        if (x->n == 1 && !(first->flags & I2CPT_M_RD) && !first->len &&
            match_is_quick_write(&line->transfer)) {
            break; /* the probe was the guest's own quick write */
        }
        m->seq->pos++;
    }
    if (ret == 1 && match_try(m, x, line, m->seq->pos, &result)) {
        return result;
    }
    if ((!ret ||
         !match_same_first(&line->transfer, first->addr, first->flags)) &&
        !trace_source_knows(&m->source, first->addr, first->flags)) {
        return match_absent(m, x->fault);
    }
    ret = match_differs(m, ret == 1 ? line : NULL, x);
    match_stay(m);
    return ret;
}

static int request_by_lookup(struct trace_match *m, struct i2cpt_xfer *x)
{
    bool read_first = x->msgs[0].flags & I2CPT_M_RD;
    line_t line = NULL;
    guint i;
    int ret, result;

    trace_lookup_rank(m->seq, read_first, trace_lookup_shape(x->msgs, x->n),
                      m->ranked);
    for (i = 0; i < m->ranked->len; i++) {
        m->script = g_ptr_array_index(m->ranked, i);
        m->seq->pos = trace_script_pos(m->script);
        ret = match_find_head(m, x->msgs[0].addr, x->msgs[0].flags, &line,
                              x->fault);
        if (ret < 0) {
            return ret;
        }
        if (ret && match_try(m, x, line, m->seq->pos, &result)) {
            break;
        }
    }
    if (i == m->ranked->len) {
        return match_differs(m, line, x);
    }
    for (i = (guint)x->n; !result && i--;) {
        if (!(x->msgs[i].flags & I2CPT_M_RD) && x->msgs[i].len) {
            trace_lookup_wrote(m->seq, x->msgs[i].buf, x->msgs[i].len);
            break;
        }
    }
    return result;
}

int trace_match_transfer(struct trace_match *m, struct i2cpt_xfer *x)
{
    const struct i2cpt_msg *first = &x->msgs[0];
    const uint32_t own =
        I2CPT_MARK_PROBE | I2CPT_MARK_RESEND | I2CPT_MARK_CONTINUE;
    line_t line;

    m->source.deadline_ns = x->deadline_ns;
    m->seq = trace_source_seq(&m->source, first->addr, first->flags);
    m->duration_ns = 0;
    if (!m->seq) {
        return match_absent(m, x->fault);
    }
    if (!x->marks && !m->guessed && m->mode != TRACE_LOOKUP &&
        match_get(m, m->seq->pos, &line, x->fault) == 1 &&
        walk_plain(&line->transfer, x->msgs, x->n)) {
        match_consume(m, m->seq->pos, false, line, 0);
        return 0;
    }
    if (!(x->marks & (I2CPT_MARK_RESEND | I2CPT_MARK_CONTINUE))) {
        match_settle_guess(m);
    }
    if (x->marks & I2CPT_MARK_PROBE) {
        return m->mode == TRACE_LOOKUP ? match_probe_lookup(m, x)
                                       : match_probe(m, x);
    }
    if (x->marks & own) {
        return match_again(m, x);
    }
    m->script = NULL;
    return m->mode == TRACE_LOOKUP ? request_by_lookup(m, x)
                                   : request_in_order(m, x);
}
