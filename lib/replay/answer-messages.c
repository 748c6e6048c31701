/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A request as messages along the item that it is compared with. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/fault.h"
#include "core/recv-len.h"
#include "replay/match.h"

/* ------------------------------------------------------------- one request */

/* A message on its way along a transfer and those that read on. */
struct run {
    struct i2cpt_xfer *x;
    line_t line;
    uint64_t at;
    struct trace_walk walk;
    bool guess;     /* the last read's length is one */
    uint32_t given; /* of the last read */
    uint32_t limit; /* what the guest took of it, when it was recorded */
};

static int answer_fault(const struct run *r, int32_t code)
{
    const struct i2cpt_trace_transfer *t = &r->line->transfer;
    struct i2cpt_fault *f = r->x->fault;

    i2cpt_fault_clear(f);
    f->code = code;
    if (code == t->code) {
        f->phase = t->phase;
        f->msg = t->fault_msg;
        f->byte = t->fault_byte;
    }
    return -code;
}

/* The read goes on in the transfer that follows. Where that one failed, the
 * guest is to learn it when it asks for more than it guessed. */
static bool read_on(struct trace_match *m, struct run *r, uint32_t done)
{
    line_t next;

    if ((m->viewing && m->view.rest) ||
        !replay_match_follows(m, r->at,
                              I2CPT_TRACE_RESEND | I2CPT_TRACE_CONTINUE,
                              r->x->msgs[0].addr, r->x->msgs[0].flags, &next) ||
        !replay_match_reads_on(&next->transfer) ||
        (r->guess && next->transfer.code)) {
        return false;
    }
    r->at++;
    r->line = next;
    r->walk.mi = next->transfer.n - 1;
    r->walk.bi = next->transfer.mark & I2CPT_TRACE_CONTINUE ? 0 : done;
    r->walk.in_msg = true;
    return true;
}

/* What was read, asked for or not: a longer read of the same will want it. */
static void keep_chain(struct trace_match *m, const struct run *r,
                       const struct i2cpt_msg *msg)
{
    const struct i2cpt_trace_msg *rec = &r->line->transfer.msgs[r->walk.mi];

    g_byte_array_set_size(m->chain, 0);
    g_byte_array_append(m->chain, msg->buf, msg->actual);
    if (rec->n_bytes > r->walk.bi) {
        g_byte_array_append(m->chain, rec->bytes + r->walk.bi,
                            rec->n_bytes - r->walk.bi);
    }
}

static uint32_t most_of(const struct run *r, bool guess)
{
    const struct i2cpt_trace_msg *m = &r->line->transfer.msgs[r->walk.mi];

    /* a guess gets all that was read, whoever takes it */
    return guess ? MAX(m->n_bytes, walk_taken(&r->line->transfer, r->walk.mi))
                 : walk_taken(&r->line->transfer, r->walk.mi);
}

static enum walk_answer run_read(struct trace_match *m, struct run *r,
                                 struct i2cpt_msg *msg, bool last)
{
    const struct i2cpt_trace_msg *rec = &r->line->transfer.msgs[r->walk.mi];
    bool guess = r->guess && last;
    /* asked for exactly what was asked for then */
    bool same = rec->len == msg->len && !(rec->flags & I2CPT_M_RECV_LEN);
    enum walk_answer answer = WALK_FIT;
    uint32_t before = 0;

    while (msg->actual < msg->len) {
        answer = replay_walk_read(&r->line->transfer, &r->walk,
                                  most_of(r, guess || same),
                                  &msg->buf[msg->actual], &m->redacted);
        if (answer == WALK_SHORT && last && read_on(m, r, msg->actual)) {
            before =
                r->line->transfer.mark & I2CPT_TRACE_CONTINUE ? msg->actual : 0;
            same = false;
            continue;
        }
        if (answer != WALK_FIT) {
            break;
        }
        msg->actual++;
    }
    r->given = msg->actual;
    r->limit = before + walk_taken(&r->line->transfer, r->walk.mi);
    if (guess) {
        keep_chain(m, r, msg);
    }
    if (answer == WALK_SHORT && (guess || same)) {
        memset(msg->buf + msg->actual, 0xff, msg->len - msg->actual);
        answer = WALK_FIT;
    }
    if (answer == WALK_FIT && !guess && !same && msg->actual != r->limit) {
        return WALK_DIFF;
    }
    if (answer == WALK_FIT) {
        r->walk.bi = walk_taken(&r->line->transfer, r->walk.mi);
    }
    return answer;
}

/* A block: the count that was recorded says how long it is. */
static enum walk_answer run_block(struct trace_match *m, struct run *r,
                                  struct i2cpt_msg *msg, bool last, int *code)
{
    const struct i2cpt_trace_msg *rec = &r->line->transfer.msgs[r->walk.mi];
    uint32_t extra = msg->buf[0], most = msg->len, want;
    bool block = rec->flags & I2CPT_M_RECV_LEN;
    enum walk_answer answer;

    if (!rec->n_bytes) {
        answer = replay_walk_read(&r->line->transfer, &r->walk, 0, msg->buf,
                                  &m->redacted);
        return answer == WALK_FAULT ? answer : WALK_DIFF;
    }
    want = rec->bytes[0] + extra;
    if (block ? rec->len != extra
              : !(r->guess && last) &&
                    walk_taken(&r->line->transfer, r->walk.mi) != want) {
        return WALK_DIFF;
    }
    if (!rec->bytes[0] || want > most) {
        *code = EPROTO;
        return WALK_FAULT;
    }
    msg->len = MIN(want, rec->n_bytes);
    answer = WALK_FIT;
    while (msg->actual < msg->len && answer == WALK_FIT) {
        answer = replay_walk_read(&r->line->transfer, &r->walk, rec->n_bytes,
                                  &msg->buf[msg->actual], &m->redacted);
        msg->actual += answer == WALK_FIT;
    }
    if (answer == WALK_FIT && r->line->transfer.code && msg->actual < want) {
        answer = replay_walk_read(&r->line->transfer, &r->walk, rec->n_bytes,
                                  &msg->buf[msg->actual], &m->redacted);
    }
    msg->len = most;
    r->given = msg->actual;
    r->limit = walk_taken(&r->line->transfer, r->walk.mi);
    if (r->guess && last) {
        keep_chain(m, r, msg);
    }
    if (answer == WALK_FIT) {
        r->walk.bi = r->limit;
    }
    return answer;
}

static enum walk_answer run_msg(struct trace_match *m, struct run *r,
                                struct i2cpt_msg *msg, bool last, int *code)
{
    const struct i2cpt_trace_msg *rec;
    enum walk_answer answer;
    uint32_t before;

    if (msg->flags & I2CPT_M_NOSTART && r->walk.in_msg) {
        rec = &r->line->transfer.msgs[r->walk.mi];
        if (r->walk.mi + 1 == r->line->transfer.n ||
            !(rec[1].flags & I2CPT_M_NOSTART)) {
            return WALK_DIFF;
        }
    }
    answer =
        replay_walk_start(&r->line->transfer, &r->walk, msg->addr, msg->flags);
    if (answer != WALK_FIT) {
        return answer;
    }
    if (msg->flags & I2CPT_M_RECV_LEN) {
        return run_block(m, r, msg, last, code);
    }
    if (msg->flags & I2CPT_M_RD) {
        return run_read(m, r, msg, last);
    }
    before = r->walk.bi;
    answer =
        replay_walk_write(&r->line->transfer, &r->walk, msg->buf, msg->len);
    msg->actual = r->walk.bi - before;
    if (answer == WALK_FAULT && msg->actual) {
        msg->actual--; /* the last one was refused */
    }
    return answer;
}

/*
 * The whole request along the item at r->line. A fault ends it there: what a
 * stream recorded ends at its fault too, what a message recorded must then be
 * the same request as a whole.
 */
static enum walk_answer run_request(struct trace_match *m, struct run *r,
                                    int *code)
{
    struct i2cpt_xfer *x = r->x;
    enum walk_answer answer = WALK_FIT;
    size_t i;

    memset(&r->walk, 0, sizeof(r->walk));
    r->given = r->limit = 0;
    for (i = 0; i < x->n; i++) {
        x->msgs[i].actual = 0;
    }
    for (i = 0; i < x->n && answer == WALK_FIT; i++) {
        answer = run_msg(m, r, &x->msgs[i], i == x->n - 1, code);
    }
    if (answer == WALK_FIT) {
        answer = replay_walk_stop(&r->line->transfer, &r->walk);
    }
    if (answer == WALK_FAULT && !*code) {
        *code = r->line->transfer.code;
        if (!replay_walk_nothing_left(&r->line->transfer, &r->walk) &&
            !r->guess &&
            !replay_walk_same_request(&r->line->transfer, x->msgs, x->n)) {
            return WALK_DIFF;
        }
    }
    return answer;
}

/* Whether the mangling flags of the request are the recorded ones. */
static bool same_mangling(const struct i2cpt_xfer *x,
                          const struct i2cpt_trace_transfer *t)
{
    size_t i;

    for (i = 0; i < x->n && i < t->n; i++) {
        if ((x->msgs[i].flags ^ t->msgs[i].flags) & I2CPT_M_MANGLING) {
            return false;
        }
    }
    return true;
}

/* Try the item at `at`: 1 served (with *result), 0 it differs. */
int replay_match_try(struct trace_match *m, struct i2cpt_xfer *x, line_t line,
                     uint64_t at, int *result)
{
    struct run r = {.x = x,
                    .line = line,
                    .at = at,
                    .guess = x->marks & I2CPT_MARK_TOOK_FOLLOWS};
    bool own = trace_is_own(&line->transfer);
    uint64_t redacted = m->redacted;
    enum walk_answer answer;
    uint8_t asked[I2CPT_TRANSFER_MAX];
    int code = 0;

    if (!same_mangling(x, &line->transfer)) {
        return 0;
    }
    i2cpt_recv_len_keep(x->msgs, x->n, asked);
    answer = run_request(m, &r, &code);
    if (answer == WALK_DIFF || answer == WALK_SHORT) {
        i2cpt_recv_len_put_back(x->msgs, x->n, asked);
        m->redacted = redacted;
        return 0;
    }
    replay_match_consume(m, r.at, own, r.line, r.given);
    if (answer == WALK_FAULT) {
        *result = answer_fault(&r, code);
    } else {
        *result = 0;
        if (r.guess) {
            replay_match_begin_guess(m, r.line, r.limit);
        }
    }
    return 1;
}
