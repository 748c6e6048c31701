/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Answering requests from a trace. trace-walk.c compares a request with one
 * recorded transfer, trace-source.c finds transfers in the file, trace-match.c
 * decides which one a request is to be compared with, trace-lookup.c does that
 * for match=lookup. docs/trace-format.md, "Matching", has the rules.
 */
#ifndef I2CPT_TRACE_MATCH_H
#define I2CPT_TRACE_MATCH_H

#include <glib.h>

#include "trace-line.h"

/* ------------------------------------------------------------------- walk */

/* How far into a recorded transfer a request has come: `bi` bytes of message
 * `mi` are done. */
struct trace_walk {
    uint32_t mi, bi;
    bool in_msg;
};

enum walk_answer {
    WALK_FIT,   /* as recorded */
    WALK_FAULT, /* as recorded, and here the recorded fault happens */
    WALK_SHORT, /* a read goes on behind what was recorded */
    WALK_DIFF,
};

/* Bytes of a read that a guest took. */
static inline uint32_t walk_taken(const struct i2cpt_trace_transfer *t,
                                  uint32_t mi)
{
    return t->mark & I2CPT_TRACE_TOOK && mi == t->n - 1 ? t->took
                                                        : t->msgs[mi].n_bytes;
}

/* The address of message 0 was not acknowledged. */
bool walk_is_refused(const struct i2cpt_trace_transfer *t);
enum walk_answer walk_start(const struct i2cpt_trace_transfer *t,
                            struct trace_walk *w, uint16_t addr,
                            uint16_t flags);
enum walk_answer walk_write(const struct i2cpt_trace_transfer *t,
                            struct trace_walk *w, const uint8_t *bytes,
                            uint32_t n);
/* One byte, from the `most` that are to be had. */
enum walk_answer walk_read(const struct i2cpt_trace_transfer *t,
                           struct trace_walk *w, uint32_t most, uint8_t *byte,
                           uint64_t *redacted);
enum walk_answer walk_stop(const struct i2cpt_trace_transfer *t,
                           const struct trace_walk *w);
/* Whether message `mi` is at its end. */
bool walk_at_end(const struct i2cpt_trace_transfer *t,
                 const struct trace_walk *w);
/* Whether nothing more of it is recorded: a stream ended at its fault. */
bool walk_nothing_left(const struct i2cpt_trace_transfer *t,
                       const struct trace_walk *w);
/* Same messages, same written bytes, reads of the same length. */
bool walk_same_request(const struct i2cpt_trace_transfer *t,
                       const struct i2cpt_msg *msgs, size_t n);
/* The request that most replays consist of, equal in all and without fault,
 * marks or special bytes: answered here. */
bool walk_plain(const struct i2cpt_trace_transfer *t, struct i2cpt_msg *msgs,
                size_t n);

/* ---------------------------------------------------------------- history */

/* What a stream has asked for so far; as text for errors, and to find another
 * transfer that begins the same way. */
struct trace_asked {
    uint16_t addr, flags;
    uint32_t start, n; /* written: bytes[start...]; read: how many */
};
struct trace_history {
    GArray *msgs; /* of struct trace_asked */
    GByteArray *bytes;
    uint32_t most; /* bytes kept */
    bool cut;      /* there were more */
};
void history_init(struct trace_history *h, uint32_t most);
void history_clear(struct trace_history *h);
void history_reset(struct trace_history *h);
void history_start(struct trace_history *h, uint16_t addr, uint16_t flags);
void history_write(struct trace_history *h, uint8_t byte);
void history_read(struct trace_history *h);
/* Walk it all again on another transfer; the last answer. */
enum walk_answer history_walk(const struct trace_history *h,
                              const struct i2cpt_trace_transfer *t,
                              struct trace_walk *w);
void history_format(const struct trace_history *h, struct trace_text *out);

/* ----------------------------------------------------------------- source */

enum trace_mode { TRACE_PER_ADDRESS, TRACE_STRICT, TRACE_LOOKUP };
enum trace_end { TRACE_END_ERROR, TRACE_END_HOLD, TRACE_END_LOOP };

#define TRACE_ADDRESSES (128u + 1024u) /* seven bits, then ten bits */
static inline uint32_t trace_address_index(uint16_t addr, uint16_t flags)
{
    return flags & I2CPT_M_TEN ? 128u + (addr & 0x3ffu) : addr & 0x7fu;
}

/* Transfers in order: those of an address, or, strict, all. */
struct trace_seq {
    uint64_t *offsets; /* of their lines; strict: NULL */
    uint64_t n, cap;
    uint64_t pos;   /* the next one */
    uint64_t count; /* without those a passthrough made by itself */
    uint64_t used;  /* of them, in the first round */
    uint64_t rounds;
    /* the last that was served: where it is, the bytes given of its last read,
     * and the one that end=hold goes back to */
    bool served;
    uint64_t last, hold;
    uint32_t given;
    GPtrArray *scripts;          /* lookup: of struct trace_script */
    struct trace_places *places; /* of those that a request's words can find */
    GPtrArray *vague;            /* the others: they have to be tried */
    uint64_t wrote;              /* lookup: hash of the last write */
};

struct trace_source {
    struct i2cpt_trace_reader *reader;
    struct trace_slot slots[2];
    uint32_t bus;
    enum trace_mode mode;
    bool can_count; /* a file, or all of it was read */
    bool ended;     /* strict: the reader is at its end */
    bool rewound;
    bool truncated;
    uint64_t deadline_ns;
    struct trace_seq all;          /* strict */
    uint64_t read;                 /* strict: transfers read of this round */
    uint64_t first;                /* offset behind the headers */
    struct trace_seq **by_address; /* TRACE_ADDRESSES of them, or NULL */
    uint8_t
        known[TRACE_ADDRESSES]; /* occurs in the trace; valid if all_known */
    bool all_known;
    bool broken; /* a bad line: `why` for ever */
    struct i2cpt_fault why;
};

int trace_source_open(struct trace_source *s, const char *path,
                      enum trace_mode mode, uint32_t bus, bool truncated_ok,
                      struct i2cpt_bus_info *info, struct i2cpt_fault *fault);
void trace_source_close(struct trace_source *s);
/* The sequence that a request to this address is looked for in; NULL: none. */
struct trace_seq *trace_source_seq(struct trace_source *s, uint16_t addr,
                                   uint16_t flags);
/* Number `index` of it: 1 and *out, which is good until the next but one call;
 * 0 behind the last; or an error. Strict: one of the last two, or the next. */
int trace_source_get(struct trace_source *s, struct trace_seq *seq,
                     uint64_t index, const struct i2cpt_trace_line **out,
                     struct i2cpt_fault *fault);
/* Of all of the file, from where its reader is. */
int trace_source_index(struct trace_source *s, struct i2cpt_fault *fault);
/* The next transfer of our bus, from any reader. */
int trace_source_read(struct trace_source *s, struct i2cpt_trace_reader *r,
                      struct trace_slot *slot, uint64_t deadline_ns,
                      struct i2cpt_fault *fault);
/* Begin a sequence anew. */
void trace_source_rewind(struct trace_source *s, struct trace_seq *seq);
/* 1 occurs, 0 does not, -1 cannot be told (a pipe). */
int trace_source_knows(struct trace_source *s, uint16_t addr, uint16_t flags);
/* Strict: the oldest index that get() still has. */
uint64_t trace_source_oldest(const struct trace_source *s);
/* Strict: the lines of the first of them from number `index` on, at most `n`,
 * where the file can be read again. */
void trace_source_lines(struct trace_source *s, uint64_t index, uint64_t *lines,
                        uint32_t n);
/* Transfers of this bus that are no passthrough's own, or I2CPT_TRACE_UNKNOWN.
 * May read the file to its end. */
int trace_source_count(struct trace_source *s, uint64_t *count,
                       struct i2cpt_fault *fault);
uint64_t trace_source_line(struct trace_source *s,
                           const struct i2cpt_trace_line *line);

static inline bool trace_is_own(const struct i2cpt_trace_transfer *t)
{
    return t->mark &
           (I2CPT_TRACE_PROBE | I2CPT_TRACE_RESEND | I2CPT_TRACE_CONTINUE);
}

/* ----------------------------------------------------------------- lookup */

/* Transfers with the same request: answers in turn, then the last. */
struct trace_script {
    uint64_t key, shape, context;
    bool wild;  /* its writes have bytes that match anything */
    bool probe; /* a passthrough's own */
    /* in the sequence: the first, which is mostly the only one, and the rest */
    uint64_t first;
    GArray *more; /* of uint64_t, or NULL */
    guint n, next;
    guint rounds;
};
/* Take transfer number `pos` into the index. */
void trace_lookup_add(struct trace_seq *seq, GHashTable *scripts,
                      const struct i2cpt_trace_transfer *t, uint64_t pos);
void trace_lookup_wrote(struct trace_seq *seq, const uint8_t *bytes,
                        size_t len);
uint64_t trace_hash(uint64_t hash, const uint8_t *bytes, size_t len);
#define TRACE_HASH_START 14695981039346656037u
/* Scripts that may answer, in the order they are to be tried: not used up
 * first, then by position. `shape` 0: any. */
void trace_lookup_rank(const struct trace_seq *seq, bool read_first,
                       uint64_t shape, GPtrArray *out);
uint64_t trace_lookup_shape(const struct i2cpt_msg *msgs, size_t n);
/* Number i of a script, and the one whose turn it is: where in the sequence. */
uint64_t trace_script_at(const struct trace_script *s, guint i);
uint64_t trace_script_pos(const struct trace_script *s);
void trace_lookup_init(struct trace_seq *seq);
void trace_lookup_clear(struct trace_seq *seq);

/* ------------------------------------------------------------------ match */

struct trace_match {
    struct trace_source source;
    enum trace_mode mode;
    enum trace_end end;

    struct trace_seq *seq; /* of the request at hand */
    struct trace_script *script;
    GPtrArray *ranked;
    uint64_t duration_ns; /* recorded, of what was served last */

    /*
     * A stream.
     *   IDLE    -> WALK     START: as recorded
     *   IDLE    -> PROBED   START of a write, and a %probe says that it is
     * there PROBED  -> WALK     a byte or a repeated START: on to what follows
     * it WALK    -> REFUSED  the recorded fault happened IDLE    -> REFUSED  a
     * failed %probe, or an absent address any     -> LOST     a mismatch
     *   REFUSED -> ..       repeated START, as from IDLE
     *   any     -> IDLE     STOP
     */
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
    struct trace_history history;

    uint32_t refused; /* address of the last probe that was; 0: none */

    /* A read whose length was a guess. */
    bool guessed, told;
    uint32_t guess_limit, guess_taken;
    GByteArray *chain; /* what that read brought, as far as it is known */
    uint64_t guess_line, guess_offset;

    uint64_t mismatches, absent, redacted;
    char first[512]; /* the first mismatch's text, and what it is about */
    uint64_t first_line;
    char expected[1000], actual[1000];
};

typedef const struct i2cpt_trace_line *line_t;

int trace_match_transfer(struct trace_match *m, struct i2cpt_xfer *x);
int trace_match_start(struct trace_match *m, uint16_t addr, uint16_t flags,
                      struct i2cpt_fault *fault);
int trace_match_write(struct trace_match *m, uint8_t byte,
                      struct i2cpt_fault *fault);
int trace_match_read(struct trace_match *m, uint8_t *byte,
                     struct i2cpt_fault *fault);
int trace_match_stop(struct trace_match *m, struct i2cpt_fault *fault);
void trace_match_took(struct trace_match *m, uint32_t n);
int trace_match_verdict(struct trace_match *m, struct i2cpt_trace_verdict *out,
                        struct i2cpt_fault *fault);

/* trace-verdict.c: -I2CPT_EMISMATCH, with what was expected and what was asked;
 * `expected` NULL: nothing more */
int match_mismatch(struct trace_match *m, line_t expected,
                   const struct trace_text *asked, struct i2cpt_fault *fault);
int match_differs(struct trace_match *m, line_t expected,
                  const struct i2cpt_xfer *x);
int match_absent(struct trace_match *m, struct i2cpt_fault *fault);
void match_begin_guess(struct trace_match *m, line_t line, uint32_t limit);
/* Whether `next` reads on where a read of the item ended. */
bool match_reads_on(const struct i2cpt_trace_transfer *next);
void match_settle_guess(struct trace_match *m);

/* trace-place.c */
static inline bool match_same_first(const struct i2cpt_trace_transfer *t,
                                    uint16_t addr, uint16_t flags)
{
    return t->msgs[0].addr == addr &&
           !((t->msgs[0].flags ^ flags) & I2CPT_M_TEN);
}
static inline int match_get(struct trace_match *m, uint64_t index, line_t *out,
                            struct i2cpt_fault *fault)
{
    return trace_source_get(&m->source, m->seq, index, out, fault);
}
/* The transfer behind `index`, where it belongs to the same item. */
bool match_follows(struct trace_match *m, uint64_t index, uint32_t mark,
                   uint16_t addr, uint16_t flags, line_t *out);
/* The item that ends at `to`, with `line`, was asked for; `own`: its first is a
 * passthrough's own. */
void match_consume(struct trace_match *m, uint64_t to, bool own, line_t line,
                   uint32_t given);
/* After a mismatch: strict order cannot go back behind what is still there. */
void match_stay(struct trace_match *m);
/*
 * Find where an item begins that a request to `addr` is to be compared with:
 * what was not asked for is skipped. 1 and *out at seq->pos; 0 at the end.
 */
int match_find_head(struct trace_match *m, uint16_t addr, uint16_t flags,
                    line_t *out, struct i2cpt_fault *fault);

/* trace-run.c: try the item at `at`: 1 served (with *result), 0 it differs */
int match_try(struct trace_match *m, struct i2cpt_xfer *x, line_t line,
              uint64_t at, int *result);

/* trace-match.c */
bool match_is_quick_write(const struct i2cpt_trace_transfer *t);
int match_refused(struct trace_match *m, line_t line,
                  struct i2cpt_fault *fault);

/* trace-own.c */
int match_probe(struct trace_match *m, struct i2cpt_xfer *x);
int match_probe_lookup(struct trace_match *m, struct i2cpt_xfer *x);
int match_again(struct trace_match *m, struct i2cpt_xfer *x);

#endif
