/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A request beside one recorded transfer, byte by byte. */
#ifndef I2CPT_TRACE_WALK_H
#define I2CPT_TRACE_WALK_H

#include <stdbool.h>

#include "i2cpt-trace.h"

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
bool replay_walk_is_refused(const struct i2cpt_trace_transfer *t);
enum walk_answer replay_walk_start(const struct i2cpt_trace_transfer *t,
                                   struct trace_walk *w, uint16_t addr,
                                   uint16_t flags);
enum walk_answer replay_walk_write(const struct i2cpt_trace_transfer *t,
                                   struct trace_walk *w, const uint8_t *bytes,
                                   uint32_t n);
/* One byte, from the `most` that are to be had. */
enum walk_answer replay_walk_read(const struct i2cpt_trace_transfer *t,
                                  struct trace_walk *w, uint32_t most,
                                  uint8_t *byte, uint64_t *redacted);
enum walk_answer replay_walk_stop(const struct i2cpt_trace_transfer *t,
                                  const struct trace_walk *w);
/* Whether message `mi` is at its end. */
bool replay_walk_at_end(const struct i2cpt_trace_transfer *t,
                        const struct trace_walk *w);
/* Whether nothing more of it is recorded: a stream ended at its fault. */
bool replay_walk_nothing_left(const struct i2cpt_trace_transfer *t,
                              const struct trace_walk *w);
/* The message that the recorded fault happened in, `n` for STOP; UINT32_MAX
 * where there was none. */
uint32_t replay_walk_fault_msg(const struct i2cpt_trace_transfer *t);
/* Same messages, same written bytes, reads of the same length. */
bool replay_walk_same_request(const struct i2cpt_trace_transfer *t,
                              const struct i2cpt_msg *msgs, size_t n);
/* The request that most replays consist of, equal in all and without fault,
 * marks or special bytes: answered here. */
bool replay_walk_plain(const struct i2cpt_trace_transfer *t,
                       struct i2cpt_msg *msgs, size_t n);

#endif
