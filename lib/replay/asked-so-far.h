/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a stream has asked for so far; as text for errors, and to find another
 * transfer that begins the same way. */
#ifndef I2CPT_TRACE_HISTORY_H
#define I2CPT_TRACE_HISTORY_H

#include <glib.h>

#include "i2cpt-trace.h"
#include "replay/compare-transfer.h"
#include "trace/line.h"

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
void replay_history_init(struct trace_history *h, uint32_t most);
void replay_history_clear(struct trace_history *h);
void replay_history_reset(struct trace_history *h);
void replay_history_start(struct trace_history *h, uint16_t addr,
                          uint16_t flags);
void replay_history_write(struct trace_history *h, uint8_t byte);
void replay_history_read(struct trace_history *h);
/* Walk it all again on another transfer; the last answer. */
enum walk_answer replay_history_walk(const struct trace_history *h,
                                     const struct i2cpt_trace_transfer *t,
                                     struct trace_walk *w);
void replay_history_format(const struct trace_history *h,
                           struct trace_text *out);

#endif
