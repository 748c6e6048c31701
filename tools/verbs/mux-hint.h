/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a trace looks as if it were recorded behind a multiplexer. */
#ifndef MUX_HINT_H
#define MUX_HINT_H

#include "i2cpt-trace.h"

struct mux_hint; /* about a megabyte at most, however long the trace */

/* A request that had another answer, and what had been written in between. */
struct mux_found {
    int32_t bus; /* -1: without a prefix */
    uint16_t addr;
    uint64_t line, other; /* of the first such request, both answers */
};

struct mux_hint *verb_mux_hint_new(void);
void verb_mux_hint_free(struct mux_hint *h);
/* The next transfer of the trace, on line `line`. */
void verb_mux_hint_add(struct mux_hint *h, const struct i2cpt_trace_transfer *t,
                       uint64_t line);
/* What writes explain that answers differ, those that explain most first: how
 * many there are, at most `max`. */
size_t verb_mux_hint_find(struct mux_hint *h, struct mux_found *out,
                          size_t max);

#endif
