/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of an adapter that answers from a trace. */
#ifndef I2CPT_REPLAYED_LINES_H
#define I2CPT_REPLAYED_LINES_H

#include "replay/match.h"

struct i2cpt_lines;
struct i2cpt_trace_verdict;
struct replayed_lines;

/* Of what was opened; *out is NULL where the trace's header names none, or it
 * is a pipe in strict order. `stall_ms` 0: never. All below take NULL. */
int replay_lines_open(struct trace_match *m, bool recorded, uint32_t stall_ms,
                      struct replayed_lines **out, struct i2cpt_fault *fault);
void replay_lines_close(struct replayed_lines *r);
/* For struct i2cpt_bus_info. */
struct i2cpt_lines *replay_lines_get(struct replayed_lines *r);
/* A transfer was asked for; in the thread of the call. */
void replay_lines_asked(struct replayed_lines *r);
void replay_lines_verdict(struct replayed_lines *r,
                          struct i2cpt_trace_verdict *v);

#endif
