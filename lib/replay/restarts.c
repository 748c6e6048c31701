/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Repeated STARTs that got lost. Some controllers, and message mode here and
 * there, make STOP and START of one: then a recorded transfer is asked for in
 * parts, or recorded parts are asked for as one. docs/trace-format.md,
 * "Repeated STARTs that got lost", has the rules.
 */
#include <string.h>

#include "replay/match.h"

/* --------------------------------------------------------------- joining */

bool replay_restarts_may_join(const struct trace_match *m,
                              const struct i2cpt_trace_transfer *t,
                              const struct i2cpt_trace_transfer *next)
{
    return !t->code && (m->source.any || m->source.lost ||
                        (next && next->mark & I2CPT_TRACE_RESTART));
}

/* Put the next transfer of the sequence behind the view. What a passthrough
 * asked by itself in between does not count, unless it was refused. */
static bool join_next(struct trace_match *m, struct trace_view *v)
{
    const struct i2cpt_trace_msg *first = &v->line.transfer.msgs[0];
    uint64_t index = v->last + 1;
    line_t next;

    if (m->script) {
        return false;
    }
    for (; match_get(m, index, &next, NULL) == 1; index++) {
        const struct i2cpt_trace_transfer *t = &next->transfer;

        if (!match_same_first(t, first->addr, first->flags)) {
            return false;
        }
        if (!trace_is_own(t)) {
            if (!replay_restarts_may_join(m, &v->line.transfer, t)) {
                return false;
            }
            replay_view_join(v, next, index);
            return true;
        }
        if (t->code) {
            return false;
        }
    }
    return false;
}

/* ----------------------------------------------- requests as messages */

bool replay_restarts_may_split(const struct trace_match *m,
                               const struct i2cpt_xfer *x)
{
    return m->source.any || x->marks & I2CPT_MARK_SPLIT;
}

/* What message mode left open behind a read was no repeated START, maybe. */
bool replay_restarts_goes_on(const struct trace_match *m,
                             const struct i2cpt_xfer *x)
{
    return !m->seq->cut || m->source.any || x->marks & I2CPT_MARK_RESTART;
}

static int try_view(struct trace_match *m, struct i2cpt_xfer *x, int *result)
{
    int served;

    m->viewing = true;
    served = replay_match_try(m, x, &m->view.line, m->view.last, result);
    m->viewing = false;
    return served;
}

/* As many messages as the request has, from the head on. */
int replay_restarts_try(struct trace_match *m, struct i2cpt_xfer *x,
                        line_t head, int *result)
{
    struct trace_view *v = &m->view;
    uint32_t n = (uint32_t)x->n, cut = m->seq->cut;

    if (!head) {
        return 0;
    }
    replay_view_begin(v, head, m->seq->pos, 0);
    v->cut = cut;
    while (v->msgs->len < n && join_next(m, v)) {
    }
    if (v->msgs->len < n && !v->line.transfer.code) {
        return 0;
    }
    if (v->msgs->len > n &&
        !(replay_restarts_may_split(m, x) && replay_view_cut(v, n))) {
        return 0;
    }
    return !v->broken && (v->joined || v->rest) ? try_view(m, x, result) : 0;
}

/* ------------------------------------------------------- byte by byte */

/* The view begins with what is walked on. */
static void begin_at_hand(struct trace_match *m, line_t line)
{
    struct trace_view *v = &m->view;
    uint32_t whole = m->viewing ? v->whole : !m->own;

    if (m->viewing && m->at == v->last) {
        return;
    }
    replay_view_begin(v, line, m->at, 0);
    v->cut = m->at == m->seq->pos ? m->seq->cut : 0;
    v->whole = whole;
}

/* A repeated START behind the last message of what is walked on. */
bool replay_restarts_join(struct trace_match *m, line_t *line)
{
    struct trace_view *v = &m->view;

    if (!replay_walk_at_end(&(*line)->transfer, &m->walk) ||
        m->walk.mi + 1 != (*line)->transfer.n) {
        return false;
    }
    begin_at_hand(m, *line);
    if (!join_next(m, v) || v->broken) {
        return false;
    }
    m->viewing = true;
    m->at = v->last;
    *line = &v->line;
    return true;
}

/* STOP where more was recorded. */
bool replay_restarts_split(struct trace_match *m, line_t *line)
{
    struct trace_view *v = &m->view;
    uint32_t n = m->walk.mi + 1;

    if (!m->source.any || !replay_walk_at_end(&(*line)->transfer, &m->walk)) {
        return false;
    }
    begin_at_hand(m, *line);
    if (!replay_view_cut(v, n) || v->broken) {
        return false;
    }
    m->viewing = true;
    *line = &v->line;
    return true;
}
