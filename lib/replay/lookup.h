/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* match=lookup: which recorded transfers answer a request. */
#ifndef I2CPT_TRACE_LOOKUP_H
#define I2CPT_TRACE_LOOKUP_H

#include "replay/transfers.h"

/* Transfers with the same request: answers in turn, then the last. */
struct trace_script {
    uint64_t key, shape, context;
    uint64_t mux; /* state of the multiplexers, or TRACE_MUX_ANY */
    bool wild;    /* its writes have bytes that match anything */
    bool probe;   /* a passthrough's own */
    /* in the sequence: the first, which is mostly the only one, and the rest */
    uint64_t first;
    GArray *more; /* of uint64_t, or NULL */
    guint n, next;
    guint rounds;
    uint64_t asked; /* how often it has answered */
};
/* Take transfer number `pos` into the index. */
void replay_lookup_add(struct trace_seq *seq, GHashTable *scripts,
                       const struct i2cpt_trace_transfer *t, uint64_t pos);
void replay_lookup_wrote(struct trace_seq *seq, const uint8_t *bytes,
                         size_t len);
uint64_t replay_hash(uint64_t hash, const uint8_t *bytes, size_t len);
#define TRACE_HASH_START 14695981039346656037u
/* Scripts that may answer, in the order they are to be tried: not used up
 * first, then by position. `shape` 0: any. */
void replay_lookup_rank(const struct trace_seq *seq, bool read_first,
                        uint64_t shape, GPtrArray *out);
/* Of recorded messages of a script; *vague where they may match others too.
 * With the context, where the first one is a read, it is the place. */
uint64_t replay_lookup_part(const struct trace_script *script,
                            const struct i2cpt_trace_msg *msgs, uint32_t n,
                            bool *vague);
uint64_t replay_lookup_place(uint64_t shape, bool read_first, uint64_t wrote);
/* With the channels that are open. */
uint64_t replay_lookup_shape(const struct trace_seq *seq,
                             const struct i2cpt_msg *msgs, size_t n);
/* Whether it was recorded with the channels open that are now. */
bool replay_script_is_open(const struct trace_script *s,
                           const struct trace_seq *seq);
/* Number i of a script, and the one whose turn it is: where in the sequence. */
uint64_t replay_script_at(const struct trace_script *s, guint i);
uint64_t replay_script_pos(const struct trace_script *s);
void replay_lookup_init(struct trace_seq *seq);
void replay_lookup_clear(struct trace_seq *seq);

#endif
