/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stretch of recorded messages as if it were one transfer. */
#ifndef I2CPT_TRACE_VIEW_H
#define I2CPT_TRACE_VIEW_H

#include <glib.h>

#include "trace/line.h"

struct trace_view {
    struct i2cpt_trace_line line; /* of the first; with the messages of all */
    GArray *msgs;                 /* of struct i2cpt_trace_msg */
    GPtrArray *bytes;             /* what those point to */
    uint32_t skipped;             /* messages of the first that are not in it */
    uint64_t last;                /* the transfer that it ends in */
    uint32_t before;              /* messages of those before that one */
    uint32_t cut;  /* of that one: messages up to here, skipped ones included */
    uint32_t rest; /* ... and those left over */
    uint32_t whole; /* transfers that end in it and are no passthrough's own */
    bool last_counts; /* ... and the last is one */
    bool broken;      /* there was no memory for it: no good for anything */
    bool joined;      /* has messages of several */
};

void replay_view_init(struct trace_view *v);
void replay_view_clear(struct trace_view *v);
/* Transfer `index` from its message `from` on; another one behind it. */
void replay_view_begin(struct trace_view *v,
                       const struct i2cpt_trace_line *line, uint64_t index,
                       uint32_t from);
void replay_view_join(struct trace_view *v, const struct i2cpt_trace_line *line,
                      uint64_t index);
/* Whether a transfer may be asked for up to message n alone. */
bool replay_view_can_cut(const struct i2cpt_trace_transfer *t, uint32_t n);
/* Leave all but its first n messages for later. */
bool replay_view_cut(struct trace_view *v, uint32_t n);

#endif
