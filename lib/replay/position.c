/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The place in a sequence. An item is a transfer together with the ones that
 * repeat it because it was refused (%resend), read on (%continue), or read too
 * short (%resend).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/fault.h"
#include "replay/match.h"

/* The transfer behind `index`, where it belongs to the same item. */
bool replay_match_follows(struct trace_match *m, uint64_t index, uint32_t mark,
                          uint16_t addr, uint16_t flags, line_t *out)
{
    line_t next;

    if (match_get(m, index + 1, &next, NULL) != 1 ||
        !(next->transfer.mark & mark) ||
        !match_same_first(&next->transfer, addr, flags)) {
        return false;
    }
    *out = next;
    return true;
}

bool replay_match_reads_on(const struct i2cpt_trace_transfer *next)
{
    return !(next->mark & I2CPT_TRACE_PROBE) &&
           next->msgs[next->n - 1].flags & I2CPT_M_RD;
}

/* Where the sequence goes on, in the middle of a transfer perhaps. */
static void move_on(struct trace_match *m, uint64_t to, bool own)
{
    const struct trace_view *v = m->viewing ? &m->view : NULL;
    bool in_part = v && v->rest;

    m->split += in_part && !m->seq->cut;
    m->joined += v && v->joined;
    m->seq->used += m->seq->rounds ? 0 : v ? v->whole : !own;
    m->seq->pos = in_part ? to : to + 1;
    m->seq->cut = in_part ? v->cut : 0;
}

static void consume_script(struct trace_match *m)
{
    struct trace_script *s = m->script;

    if (s->next < s->n) {
        m->seq->used += !s->probe && !s->rounds;
        s->next++;
    }
    if (s->next == s->n && m->end == TRACE_END_LOOP) {
        s->next = 0;
        s->rounds++;
    }
}

void replay_match_consume(struct trace_match *m, uint64_t to, bool own,
                          line_t line, uint32_t given)
{
    struct trace_seq *seq = m->seq;

    if (!m->script) {
        move_on(m, to, own);
    } else if (m->viewing && m->view.rest) {
        m->split += !m->view.skipped;
    } else {
        m->script->asked++;
        consume_script(m);
    }
    seq->served = true;
    seq->last = seq->hold = to;
    seq->given = given;
    m->duration_ns = line->transfer.duration_ns;
}

/* Strict: nothing goes back behind what the source still has. */
void replay_match_stay(struct trace_match *m)
{
    uint64_t oldest = replay_source_oldest(&m->source);

    if (m->mode == TRACE_STRICT && m->seq->pos < oldest) {
        m->seq->pos = oldest;
        m->seq->cut = 0;
    }
}

/* At the end of the sequence: 1 where it goes on somewhere else. */
static int at_end(struct trace_match *m, bool *again)
{
    struct trace_seq *seq = m->seq;

    if (*again || !seq->served) {
        return 0;
    }
    *again = true;
    if (m->end == TRACE_END_LOOP) {
        replay_source_rewind(&m->source, seq);
        return 1;
    }
    if (m->end == TRACE_END_HOLD) {
        seq->rounds++;
        seq->pos = seq->hold;
        return 1;
    }
    return 0;
}

/* Strict order: how often a driver tries where nobody ever answers depends on
 * its controller too. */
static bool match_is_nobody(struct trace_match *m,
                            const struct i2cpt_trace_transfer *t, uint16_t addr,
                            uint16_t flags)
{
    return m->source.any && m->mode == TRACE_STRICT &&
           !match_same_first(t, addr, flags) && replay_walk_is_refused(t) &&
           replay_match_is_absent(m, t->msgs[0].addr, t->msgs[0].flags);
}

/* What is left of a transfer that was asked for in part. */
static int give_rest(struct trace_match *m, line_t line, line_t *out,
                     struct i2cpt_fault *fault)
{
    replay_view_begin(&m->left, line, m->seq->pos, m->seq->cut);
    *out = &m->left.line;
    return m->left.broken
               ? i2cpt_fault_text(fault, ENOMEM,
                                  "no memory for the rest of a transfer")
               : 1;
}

/*
 * Find where an item begins that a request to `addr` is to be compared with:
 * what was not asked for is skipped. 1 and *out at seq->pos; 0 at the end.
 */
int replay_match_find_head(struct trace_match *m, uint16_t addr, uint16_t flags,
                           line_t *out, struct i2cpt_fault *fault)
{
    struct trace_seq *seq = m->seq;
    bool again = false, inside = false;
    line_t line, next;

    for (;;) {
        const struct i2cpt_trace_transfer *t;
        int ret = match_get(m, seq->pos, &line, fault);

        if (ret == 1 && seq->cut) {
            return give_rest(m, line, out, fault);
        }
        if (!ret && at_end(m, &again)) {
            continue;
        }
        if (ret <= 0) {
            return ret;
        }
        t = &line->transfer;
        if ((t->mark & (I2CPT_TRACE_RESEND | I2CPT_TRACE_CONTINUE) && !inside &&
             !again) ||
            (t->mark & I2CPT_TRACE_PROBE &&
             !match_same_first(t, addr, flags))) {
            seq->pos++;
            continue;
        }
        if (match_is_nobody(m, t, addr, flags)) {
            seq->used += !seq->rounds && !trace_is_own(t);
            seq->pos++;
            continue;
        }
        inside = false;
        if (replay_walk_is_refused(t) && match_same_first(t, addr, flags) &&
            replay_match_follows(m, seq->pos, I2CPT_TRACE_RESEND, addr, flags,
                                 &next)) {
            seq->used += !m->script && !seq->rounds && !trace_is_own(t);
            seq->pos++; /* how it ended is what counts */
            inside = true;
            continue;
        }
        *out = line;
        return 1;
    }
}

bool replay_match_is_quick_write(const struct i2cpt_trace_transfer *t)
{
    return t->n == 1 && !(t->msgs[0].flags & I2CPT_M_RD) && !t->msgs[0].len;
}

/* A refused %probe stands for the START that was refused for it. */
int replay_match_refused(struct trace_match *m, line_t line,
                         struct i2cpt_fault *fault)
{
    const struct i2cpt_trace_transfer *t = &line->transfer;

    replay_match_consume(m, m->seq->pos, trace_is_own(t), line, 0);
    return i2cpt_fault_set(fault, t->code, t->phase, t->fault_msg,
                           t->fault_byte);
}
