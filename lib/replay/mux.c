/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * match=lookup behind multiplexers: which channels are open. Nothing is known
 * of how a multiplexer numbers them: whatever was last written to it is a state
 * of its own, and in each there may be other chips at an address, with register
 * pointers of their own.
 */
#include <string.h>

#include "replay/lookup.h"
#include "replay/mux.h"

struct pointer {
    uint64_t key; /* of sequence and state */
    uint64_t wrote;
};

static uint64_t combine(const struct trace_mux *mux)
{
    uint64_t hash = TRACE_HASH_START;
    unsigned i;

    for (i = 0; i < 128; i++) {
        if (mux->is_one[i] && mux->wrote[i] == TRACE_MUX_ANY) {
            return TRACE_MUX_ANY;
        }
        if (mux->is_one[i]) {
            hash = replay_hash(hash, (const uint8_t *)&mux->wrote[i],
                               sizeof(mux->wrote[i]));
        }
    }
    return hash;
}

void replay_mux_rewind(struct trace_mux *mux)
{
    unsigned i;

    for (i = 0; i < 128; i++) {
        mux->wrote[i] = TRACE_HASH_START;
    }
    mux->state = combine(mux);
    if (mux->pointers) {
        g_hash_table_remove_all(mux->pointers);
    }
}

void replay_mux_init(struct trace_mux *mux, const uint8_t *addresses)
{
    memset(mux, 0, sizeof(*mux));
    if (addresses) {
        mux->on = true;
        memcpy(mux->is_one, addresses, sizeof(mux->is_one));
        mux->pointers =
            g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    }
    replay_mux_rewind(mux);
}

void replay_mux_clear(struct trace_mux *mux)
{
    if (mux->pointers) {
        g_hash_table_unref(mux->pointers);
    }
    memset(mux, 0, sizeof(*mux));
}

static struct pointer *pointer_of(struct trace_mux *mux,
                                  const struct trace_seq *seq, uint64_t state)
{
    uint64_t key = replay_hash(state, (const uint8_t *)&seq, sizeof(seq));
    struct pointer *p = g_hash_table_lookup(mux->pointers, &key);

    if (!p) {
        p = g_new(struct pointer, 1);
        p->key = key;
        p->wrote = TRACE_HASH_START;
        g_hash_table_insert(mux->pointers, &p->key, p);
    }
    return p;
}

void replay_mux_enter(struct trace_mux *mux, struct trace_seq *seq,
                      uint32_t index)
{
    if (!mux->on || seq->mux == mux->state ||
        (index < 128 && mux->is_one[index])) {
        return;
    }
    pointer_of(mux, seq, seq->mux)->wrote = seq->wrote;
    seq->wrote = pointer_of(mux, seq, mux->state)->wrote;
    seq->mux = mux->state;
}

void replay_mux_wrote(struct trace_mux *mux, uint16_t addr, uint16_t flags,
                      const uint8_t *bytes, size_t len, bool any)
{
    if (!mux->on || !len || flags & (I2CPT_M_RD | I2CPT_M_TEN) || addr > 127 ||
        !mux->is_one[addr]) {
        return;
    }
    mux->wrote[addr] =
        any ? TRACE_MUX_ANY : replay_hash(TRACE_HASH_START, bytes, len);
    mux->state = combine(mux);
}
