/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the benchmarks of replay share: a trace of transfers of four bytes
 * (a register pointer written, three bytes read), and asking for them. */
#ifndef BENCH_REPLAY_H
#define BENCH_REPLAY_H

#include <stdio.h>

#include "bench.h"

/* n transfers, with header and end. */
void replay_write_trace(FILE *to, uint64_t n);
struct i2cpt_adapter *replay_open(const char *path, const char *match);
/* Transfers first to last - 1, each with the answer that the trace has. */
void replay_ask(struct i2cpt_adapter *adapter, uint64_t first, uint64_t last);

#endif
