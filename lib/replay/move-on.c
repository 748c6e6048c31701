/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * After a mismatch the verdict has failed. So that not every later request
 * fails too, one that does not fit may be answered further on: by the nearest
 * of the next transfers that it fits. What writes nothing, a read alone or a
 * quick write, would fit many, and moves nothing, but where the message before
 * it was a part of the same; neither does what is a part of another request.
 */
#include <string.h>

#include "replay/match.h"

#define AHEAD 8

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

/* How many messages of a request, from `from` on, are those of `t`; as many as
 * both have, or 0. */
static size_t same_msgs(const struct i2cpt_xfer *x, size_t from,
                        const struct i2cpt_trace_transfer *t)
{
    size_t i, n = MIN(x->n - from, t->n);

    for (i = 0; i < n; i++) {
        bool guess = x->marks & I2CPT_MARK_TOOK_FOLLOWS && from + i == x->n - 1;

        if (!same_msg(&t->msgs[i], &x->msgs[from + i], guess)) {
            return 0;
        }
    }
    return n;
}

/* ------------------------------------------------------------- where it fits
 */

/* Whether what follows transfer `index` has the rest of the request. */
static bool goes_on(struct trace_match *m, const struct i2cpt_xfer *x,
                    uint64_t index, size_t done)
{
    struct trace_ahead ahead;
    line_t line;
    size_t same;

    replay_ahead_begin(&ahead, &m->source, m->seq);
    while (done < x->n && replay_ahead_get(&ahead, ++index, &line)) {
        const struct i2cpt_trace_transfer *t = &line->transfer;

        if (trace_is_own(t)) {
            continue;
        }
        same = replay_restarts_may_join(m, t, t) ? same_msgs(x, done, t) : 0;
        if (!same) {
            break;
        }
        done += same;
    }
    replay_ahead_end(&ahead);
    return done == x->n;
}

/* Whole, in part, or together with what follows it. */
static bool fits(struct trace_match *m, const struct i2cpt_xfer *x,
                 uint64_t index, const struct i2cpt_trace_transfer *t)
{
    size_t same = same_msgs(x, 0, t);
    uint32_t n = (uint32_t)x->n;

    if (trace_is_own(t) || !same) {
        return false;
    }
    if (n < t->n) {
        return replay_restarts_may_split(m, x) && replay_view_can_cut(t, n);
    }
    return n == t->n || (!t->code && goes_on(m, x, index, same));
}

/* What is looked for: messages, or with `x` NULL what a stream has come to. */
struct wanted {
    const struct i2cpt_xfer *x;
    bool stop; /* and there the stream ends */
    const struct trace_view
        *parts;              /* of the transfer that this goes on with, */
    uint32_t n_parts;        /* so many were asked for; else 0 */
    struct trace_view *rest; /* ... and room for what follows them */
};

static bool same_parts(const struct wanted *w,
                       const struct i2cpt_trace_transfer *t)
{
    uint32_t i;

    for (i = 0; i < w->n_parts; i++) {
        const struct i2cpt_trace_msg *a = &w->parts->line.transfer.msgs[i];
        const struct i2cpt_msg asked = {.addr = a->addr,
                                        .flags = a->flags,
                                        .len = a->len,
                                        .buf = (uint8_t *)(uintptr_t)a->bytes};

        if (i >= t->n || !same_msg(&t->msgs[i], &asked, false)) {
            return false;
        }
    }
    return true;
}

static bool is_wanted(struct trace_match *m, const struct wanted *w,
                      uint64_t index, line_t line)
{
    const struct i2cpt_trace_transfer *t = &line->transfer;
    struct trace_walk walk;
    enum walk_answer answer;

    if (w->n_parts) {
        if (!same_parts(w, t) || !replay_view_can_cut(t, w->n_parts)) {
            return false;
        }
        replay_view_begin(w->rest, line, index, w->n_parts);
        t = &w->rest->line.transfer;
        if (w->rest->broken) {
            return false;
        }
    }
    if (w->x) {
        return fits(m, w->x, index, t);
    }
    answer = replay_history_walk(&m->history, t, &walk);
    return (answer == WALK_FIT || answer == WALK_FAULT) &&
           (!w->stop || replay_walk_stop(t, &walk) != WALK_DIFF);
}

/* The nearest of the next; `pos` where there is none. */
static uint64_t find_ahead(struct trace_match *m, const struct wanted *w)
{
    uint64_t index, found = m->seq->pos, seen = 0;
    struct trace_ahead ahead;
    line_t line;

    replay_ahead_begin(&ahead, &m->source, m->seq);
    for (index = m->seq->pos + 1; found == m->seq->pos && seen < AHEAD &&
                                  replay_ahead_get(&ahead, index, &line);
         index++) {
        if (!trace_is_own(&line->transfer)) {
            seen++;
            found = is_wanted(m, w, index, line) ? index : found;
        }
    }
    replay_ahead_end(&ahead);
    return found;
}

/* Go there; strict order has to read what is skipped. */
static bool go(struct trace_match *m, const struct wanted *w)
{
    uint64_t found = find_ahead(m, w);
    line_t line;

    if (found == m->seq->pos) {
        return false;
    }
    while (m->seq->pos < found) {
        if (match_get(m, ++m->seq->pos, &line, NULL) != 1) {
            m->seq->cut = 0;
            return false;
        }
    }
    m->seq->cut = w->n_parts;
    return true;
}

/* To what begins with the parts that were asked for before, and goes on with
 * this: it was the wrong one that they were taken of. */
static bool go_with_parts(struct trace_match *m, struct wanted *w)
{
    struct trace_view parts, rest;
    bool gone;
    line_t line;

    if (!m->seq->cut || match_get(m, m->seq->pos, &line, NULL) != 1) {
        return false;
    }
    replay_view_init(&parts);
    replay_view_init(&rest);
    replay_view_begin(&parts, line, m->seq->pos, 0);
    w->parts = &parts;
    w->n_parts = m->seq->cut;
    w->rest = &rest;
    gone = !parts.broken && go(m, w);
    replay_view_clear(&rest);
    replay_view_clear(&parts);
    return gone;
}

/* -------------------------------------------------------------- requests */

bool replay_match_move_on(struct trace_match *m, const struct i2cpt_xfer *x)
{
    struct wanted w = {.x = x};
    size_t i, written = 0;

    for (i = 0; i < x->n; i++) {
        written += x->msgs[i].flags & I2CPT_M_RD ? 0 : x->msgs[i].len;
    }
    return m->mismatches && !(x->marks & I2CPT_MARK_RESTART) &&
           ((written && go(m, &w)) || go_with_parts(m, &w));
}

/* A START of a write says little, but its bytes will tell. */
static bool tells_little(const struct trace_match *m, bool stop)
{
    const struct trace_asked *first =
        &g_array_index(m->history.msgs, struct trace_asked, 0);

    return !m->history.bytes->len && (stop || first->flags & I2CPT_M_RD);
}

bool replay_match_move_on_stream(struct trace_match *m, bool stop)
{
    struct wanted w = {.stop = stop};
    uint64_t from = m->seq->pos;
    uint32_t cut = m->seq->cut;

    if (!m->mismatches || m->mode == TRACE_LOOKUP || m->history.cut ||
        !((!tells_little(m, stop) && go(m, &w)) || go_with_parts(m, &w))) {
        return false;
    }
    if (!m->moved) {
        m->moved = true;
        m->moved_from = from;
        m->moved_cut = cut;
    }
    return true;
}

/* It was none of those that it began like. */
void replay_match_move_back(struct trace_match *m)
{
    if (m->moved) {
        m->moved = false;
        m->seq->pos = m->moved_from;
        m->seq->cut = m->moved_cut;
    }
}
