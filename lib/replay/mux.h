/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* match=lookup behind multiplexers: which channels are open. */
#ifndef I2CPT_TRACE_MUX_H
#define I2CPT_TRACE_MUX_H

#include <glib.h>
#include <stdbool.h>

#include "i2cpt.h"

struct trace_seq;

/* What was last written to each multiplexer, as one number: the state. */
#define TRACE_MUX_ANY 0 /* redacted or volatile: like each other */
struct trace_mux {
    bool on;
    uint8_t is_one[128];
    uint64_t wrote[128];
    uint64_t state;
    GHashTable *pointers; /* last writes to the addresses in other states */
};

/* `addresses`: 128 entries, or NULL for none. */
void replay_mux_init(struct trace_mux *mux, const uint8_t *addresses);
void replay_mux_clear(struct trace_mux *mux);
/* As if nothing had been written yet. */
void replay_mux_rewind(struct trace_mux *mux);
/* The sequence of address number `index` is looked at: its chips are those of
 * the channels that are open now. */
void replay_mux_enter(struct trace_mux *mux, struct trace_seq *seq,
                      uint32_t index);
/* A message was written; `any`: not known what. */
void replay_mux_wrote(struct trace_mux *mux, uint16_t addr, uint16_t flags,
                      const uint8_t *bytes, size_t len, bool any);

#endif
