/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which recorded transfer answers a request, and the request under way.
 * docs/trace-format.md, "Matching", has the rules.
 */
#ifndef I2CPT_TRACE_MATCH_H
#define I2CPT_TRACE_MATCH_H

#include <glib.h>

#include "core/backend.h"
#include "replay/asked-so-far.h"
#include "replay/lookup.h"
#include "replay/transfers.h"
#include "replay/view.h"

/* A mismatch in one line, the file's name in it. */
#define MATCH_TEXT sizeof(((struct i2cpt_trace_verdict *)0)->text)

struct replayed_lines; /* replayed-lines.h */

struct trace_match {
    struct trace_source source;
    enum trace_mode mode;
    enum trace_end end;

    struct trace_seq *seq; /* of the request at hand */
    struct trace_script *script;
    GPtrArray *ranked;
    uint64_t duration_ns; /* recorded, of what was served last */

    /* clang-format off */
    /*
     * A stream.
     *   IDLE    -> WALK     START: as recorded
     *   IDLE    -> PROBED   START of a write, and a %probe says that it is there
     *   PROBED  -> WALK     a byte or repeated START: on to what follows it
     *   WALK    -> REFUSED  the recorded fault happened
     *   IDLE    -> REFUSED  a failed %probe, or an absent address
     *   any     -> LOST     a mismatch
     *   REFUSED -> ..       repeated START, as from IDLE
     *   any     -> IDLE     STOP
     */
    /* clang-format on */
    enum {
        MATCH_IDLE,
        MATCH_WALK,
        MATCH_PROBED,
        MATCH_REFUSED,
        MATCH_LOST
    } state;
    struct trace_walk walk;
    uint64_t at; /* of seq: which one is walked on */
    bool own;    /* its item's first is a passthrough's own */
    bool moved;  /* seq's position, behind a mismatch; it was: */
    uint64_t moved_from;
    uint32_t moved_cut;
    struct trace_history history;

    struct trace_view view; /* what the request at hand is compared with ... */
    bool viewing;           /* ... where that is no transfer as it stands */
    struct trace_view left; /* of a transfer that was asked for in part */
    uint64_t split, joined;

    uint32_t refused; /* address of the last probe that was; 0: none */

    /* A read whose length was a guess. */
    bool guessed, told;
    uint32_t guess_limit, guess_taken;
    GByteArray *chain; /* what that read brought, as far as it is known */
    uint64_t guess_line, guess_offset;

    uint64_t mismatches, absent, redacted;
    /* The first mismatch's text, and what it is about. */
    char first[MATCH_TEXT];
    uint64_t first_line;
    char expected[1000], actual[1000];
};

typedef const struct i2cpt_trace_line *line_t;

int replay_match_transfer(struct trace_match *m, struct i2cpt_xfer *x);
int replay_match_start(struct trace_match *m, uint16_t addr, uint16_t flags,
                       struct i2cpt_fault *fault);
int replay_match_write(struct trace_match *m, uint8_t byte,
                       struct i2cpt_fault *fault);
int replay_match_read(struct trace_match *m, uint8_t *byte,
                      struct i2cpt_fault *fault);
int replay_match_stop(struct trace_match *m, struct i2cpt_fault *fault);
void replay_match_took(struct trace_match *m, uint32_t n);
/* `lines` may be NULL. */
int replay_match_verdict(struct trace_match *m, struct replayed_lines *lines,
                         struct i2cpt_trace_verdict *out,
                         struct i2cpt_fault *fault);

/* verdict.c: -I2CPT_EMISMATCH, with what was expected and what was asked;
 * `expected` NULL: nothing more */
int replay_match_mismatch(struct trace_match *m, line_t expected,
                          const struct trace_text *asked,
                          struct i2cpt_fault *fault);
int replay_match_differs(struct trace_match *m, line_t expected,
                         const struct i2cpt_xfer *x);
int replay_match_absent(struct trace_match *m, struct i2cpt_fault *fault);
/* The address occurs nowhere, or was refused whenever it did. */
bool replay_match_is_absent(struct trace_match *m, uint16_t addr,
                            uint16_t flags);
void replay_match_begin_guess(struct trace_match *m, line_t line,
                              uint32_t limit);
/* Whether `next` reads on where a read of the item ended. */
bool replay_match_reads_on(const struct i2cpt_trace_transfer *next);
void replay_match_settle_guess(struct trace_match *m);

/* position.c */
static inline bool match_same_first(const struct i2cpt_trace_transfer *t,
                                    uint16_t addr, uint16_t flags)
{
    return t->msgs[0].addr == addr &&
           !((t->msgs[0].flags ^ flags) & I2CPT_M_TEN);
}
static inline int match_get(struct trace_match *m, uint64_t index, line_t *out,
                            struct i2cpt_fault *fault)
{
    return replay_source_get(&m->source, m->seq, index, out, fault);
}
/* The transfer behind `index`, where it belongs to the same item. */
bool replay_match_follows(struct trace_match *m, uint64_t index, uint32_t mark,
                          uint16_t addr, uint16_t flags, line_t *out);
/* The item that ends at `to`, with `line`, was asked for; `own`: its first is a
 * passthrough's own. */
void replay_match_consume(struct trace_match *m, uint64_t to, bool own,
                          line_t line, uint32_t given);
/* After a mismatch: strict order cannot go back behind what is still there. */
void replay_match_stay(struct trace_match *m);
/*
 * Find where an item begins that a request to `addr` is to be compared with:
 * what was not asked for is skipped. 1 and *out at seq->pos; 0 at the end.
 */
int replay_match_find_head(struct trace_match *m, uint16_t addr, uint16_t flags,
                           line_t *out, struct i2cpt_fault *fault);

/* answer-messages.c: try the item at `at`: 1 served (with *result), 0 it
 * differs */
int replay_match_try(struct trace_match *m, struct i2cpt_xfer *x, line_t line,
                     uint64_t at, int *result);

/* match.c */
bool replay_match_is_quick_write(const struct i2cpt_trace_transfer *t);
int replay_match_refused(struct trace_match *m, line_t line,
                         struct i2cpt_fault *fault);

/* move-on.c: whether the position went on to where the request fits, which it
 * may after a mismatch. A stream has come to its history; `stop`: and it ends
 * there. */
bool replay_match_move_on(struct trace_match *m, const struct i2cpt_xfer *x);
bool replay_match_move_on_stream(struct trace_match *m, bool stop);
/* A stream that differs after all: the position is what it was at its START. */
void replay_match_move_back(struct trace_match *m);

/* restarts.c: what fits only where a repeated START got lost. Whether a request
 * may be the rest of what was asked for in part, if there is one. */
bool replay_restarts_goes_on(const struct trace_match *m,
                             const struct i2cpt_xfer *x);
/* Whether a request may be a part of a transfer. */
bool replay_restarts_may_split(const struct trace_match *m,
                               const struct i2cpt_xfer *x);
int replay_restarts_try(struct trace_match *m, struct i2cpt_xfer *x,
                        line_t head, int *result);
/* A stream's repeated START behind the last message of what is walked on; its
 * STOP where more was recorded. */
bool replay_restarts_join(struct trace_match *m, line_t *line);
bool replay_restarts_split(struct trace_match *m, line_t *line);
/* Whether one answer may go on from `t` to `next`, or NULL: to any. */
bool replay_restarts_may_join(const struct trace_match *m,
                              const struct i2cpt_trace_transfer *t,
                              const struct i2cpt_trace_transfer *next);

/* restarts-lookup.c, requests of match=lookup: 1 served, 0 nothing fits
 * (`line`: what was tried last), or an error. And what a stream begins like,
 * where it is a part of a transfer, of a script that is not used up (`fresh`)
 * or one that is. */
int replay_match_lookup(struct trace_match *m, struct i2cpt_xfer *x,
                        line_t *line, int *result);
bool replay_restarts_may_join_next(struct trace_match *m, uint64_t index);
bool replay_restarts_enter(struct trace_match *m, bool fresh, line_t *line,
                           enum walk_answer *answer);

/* answer-probes.c */
int replay_match_probe(struct trace_match *m, struct i2cpt_xfer *x);
int replay_match_probe_lookup(struct trace_match *m, struct i2cpt_xfer *x);
int replay_match_again(struct trace_match *m, struct i2cpt_xfer *x);

#endif
