/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * After a mismatch the verdict has failed. So that not every later request
 * fails too, one that does not fit may be answered further on, where just one
 * of the next transfers is what was asked for.
 */
#include <string.h>

#include "replay/match.h"

#define AHEAD 8

/* What was asked for: messages, or what a stream has come to; `stop`: and no
 * more. */
struct request {
    const struct i2cpt_xfer *x;
    const struct trace_history *history;
    bool stop;
    bool nearest; /* a START alone: bytes will tell whether it is that one */
};

static bool same_msg(const struct i2cpt_trace_msg *m,
                     const struct i2cpt_msg *asked, bool guess)
{
    const uint16_t mask = I2CPT_M_RD | I2CPT_M_TEN | I2CPT_M_NOSTART;

    if (m->addr != asked->addr || (m->flags ^ asked->flags) & mask) {
        return false;
    }
    if (m->flags & I2CPT_M_RD) {
        return guess || (m->flags ^ asked->flags) & I2CPT_M_RECV_LEN ||
               m->len == asked->len;
    }
    return m->len == asked->len &&
           (!m->len || !memcmp(m->bytes, asked->buf, m->len));
}

static bool fits(const struct request *r, const struct i2cpt_trace_transfer *t)
{
    struct trace_walk walk;
    enum walk_answer answer;
    size_t i;

    if (trace_is_own(t)) {
        return false;
    }
    if (r->history) {
        answer = replay_history_walk(r->history, t, &walk);
        return (answer == WALK_FIT || answer == WALK_FAULT) &&
               (!r->stop || replay_walk_stop(t, &walk) != WALK_DIFF);
    }
    for (i = 0; i < r->x->n && i < t->n; i++) {
        bool guess = r->x->marks & I2CPT_MARK_TOOK_FOLLOWS && i == r->x->n - 1;

        if (!same_msg(&t->msgs[i], &r->x->msgs[i], guess)) {
            return false;
        }
    }
    return r->x->n == t->n;
}

/* The one of the next that fits; `pos` where none does, or several do. */
static uint64_t find_ahead(struct trace_match *m, const struct request *r)
{
    struct trace_ahead ahead;
    uint64_t index, found = m->seq->pos, seen = 0;
    line_t line;

    replay_ahead_begin(&ahead, &m->source, m->seq);
    for (index = m->seq->pos + 1;
         seen < AHEAD && replay_ahead_get(&ahead, index, &line); index++) {
        seen += !trace_is_own(&line->transfer);
        if (!fits(r, &line->transfer)) {
            continue;
        }
        if (found != m->seq->pos) {
            found = m->seq->pos;
            break;
        }
        found = index;
        if (r->nearest) {
            break;
        }
    }
    replay_ahead_end(&ahead);
    return found;
}

/* Go there; strict order has to read what is skipped. */
static bool go_to(struct trace_match *m, uint64_t found)
{
    line_t line;

    if (found == m->seq->pos) {
        return false;
    }
    m->seq->cut = 0;
    while (m->seq->pos < found) {
        if (match_get(m, ++m->seq->pos, &line, NULL) != 1) {
            return false;
        }
    }
    return true;
}

bool replay_match_move_on(struct trace_match *m, const struct i2cpt_xfer *x)
{
    struct request r = {.x = x};

    return m->mismatches && go_to(m, find_ahead(m, &r));
}

bool replay_match_move_on_stream(struct trace_match *m, bool stop)
{
    const GArray *msgs = m->history.msgs;
    bool start =
        msgs->len == 1 && !g_array_index(msgs, struct trace_asked, 0).n;
    struct request r = {
        .history = &m->history, .stop = stop, .nearest = start && !stop};

    return m->mismatches && m->mode != TRACE_LOOKUP && !m->history.cut &&
           go_to(m, find_ahead(m, &r));
}
