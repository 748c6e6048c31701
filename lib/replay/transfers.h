/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The transfers of a trace, in order, by address or all of them. */
#ifndef I2CPT_TRACE_SOURCE_H
#define I2CPT_TRACE_SOURCE_H

#include <glib.h>

#include "replay/mux.h"
#include "trace/line.h"

struct i2cpt_bus_info; /* backend.h */

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
    uint32_t cut;   /* so many of its messages were asked for already */
    uint64_t count; /* without those a passthrough made by itself */
    uint64_t used;  /* of them, in the first round */
    uint64_t rounds;
    /* the last that was served: where it is, the bytes given of its last read,
     * and the one that end=hold goes back to */
    bool served;
    uint64_t last, hold;
    uint64_t polled; /* 1 + where a quick write answered a probe by reading */
    uint32_t given;
    GPtrArray *scripts;          /* lookup: of struct trace_script */
    struct trace_places *places; /* of those that a request's words can find */
    GPtrArray *vague;            /* the others: they have to be tried */
    GArray *parts;               /* restarts-lookup.c; NULL: not needed yet */
    bool open;                   /* ... a part was served whose rest is next */
    uint64_t wrote;              /* lookup: hash of the last write ... */
    uint64_t mux;                /* ... in this state of the multiplexers */
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
    struct trace_mux mux;          /* lookup */
    struct trace_seq all;          /* strict */
    uint64_t read;                 /* strict: transfers read of this round */
    uint64_t first;                /* offset behind the headers */
    struct trace_seq **by_address; /* TRACE_ADDRESSES of them, or NULL */
    uint8_t
        known[TRACE_ADDRESSES]; /* occurs in the trace; valid if all_known */
    bool all_known;
    bool any;    /* who asks may have lost repeated STARTs (restarts=any) */
    bool lost;   /* ... or whoever was recorded (header "restarts: any") */
    char *lines; /* header "lines", or NULL */
    bool broken; /* a bad line: `why` for ever */
    struct i2cpt_fault why;
};

/* `mux`: of 128 addresses which are multiplexers, or NULL. */
int replay_source_open(struct trace_source *s, const char *path,
                       enum trace_mode mode, const uint8_t *mux, uint32_t bus,
                       bool truncated_ok, struct i2cpt_bus_info *info,
                       struct i2cpt_fault *fault);
void replay_source_close(struct trace_source *s);
/* The sequence that a request to this address is looked for in; NULL: none. */
struct trace_seq *replay_source_seq(struct trace_source *s, uint16_t addr,
                                    uint16_t flags);
/* Number `index` of it: 1 and *out, which is good until the next but one call;
 * 0 behind the last; or an error. Strict: one of the last two, or the next. */
int replay_source_get(struct trace_source *s, struct trace_seq *seq,
                      uint64_t index, const struct i2cpt_trace_line **out,
                      struct i2cpt_fault *fault);
/* Of all of the file, from where its reader is. */
int replay_source_index(struct trace_source *s, struct i2cpt_fault *fault);
/* The next transfer of our bus, from any reader. */
int replay_source_read(struct trace_source *s, struct i2cpt_trace_reader *r,
                       struct trace_slot *slot, uint64_t deadline_ns,
                       struct i2cpt_fault *fault);
/* Begin a sequence anew. */
void replay_source_rewind(struct trace_source *s, struct trace_seq *seq);
/* 1 occurs, 0 does not, -1 cannot be told (a pipe). */
int replay_source_knows(struct trace_source *s, uint16_t addr, uint16_t flags);
/* Whether it ever acknowledged its address; where knows() has said 1. */
bool replay_source_answers(const struct trace_source *s, uint16_t addr,
                           uint16_t flags);
/* Strict: the oldest index that get() still has. */
uint64_t replay_source_oldest(const struct trace_source *s);
/* Strict: the lines of the first of them from number `index` on, at most `n`,
 * where the file can be read again. */
void replay_source_lines(struct trace_source *s, uint64_t index,
                         uint64_t *lines, uint32_t n);
/*
 * Looking ahead of where a sequence has come to. Strict order, which forgets
 * what it has read, does so with a reader of its own, and not in a pipe.
 */
struct trace_ahead {
    struct trace_source *source;
    struct trace_seq *seq;
    struct i2cpt_trace_reader *reader; /* or NULL */
    struct trace_slot *slot;
    uint64_t next; /* what `reader` reads next */
};
void replay_ahead_begin(struct trace_ahead *a, struct trace_source *s,
                        struct trace_seq *seq);
/* Numbers that grow; false at the end, or where that cannot be. */
bool replay_ahead_get(struct trace_ahead *a, uint64_t index,
                      const struct i2cpt_trace_line **out);
void replay_ahead_end(struct trace_ahead *a);
/* Transfers of this bus that are no passthrough's own, or I2CPT_TRACE_UNKNOWN.
 * May read the file to its end. */
int replay_source_count(struct trace_source *s, uint64_t *count,
                        struct i2cpt_fault *fault);
uint64_t replay_source_line(struct trace_source *s,
                            const struct i2cpt_trace_line *line);

static inline bool trace_is_own(const struct i2cpt_trace_transfer *t)
{
    return t->mark &
           (I2CPT_TRACE_PROBE | I2CPT_TRACE_RESEND | I2CPT_TRACE_CONTINUE);
}

#endif
