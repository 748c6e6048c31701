/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking ahead of where a sequence of transfers has come to. */
#include <string.h>

#include "replay/transfers.h"

void replay_ahead_begin(struct trace_ahead *a, struct trace_source *s,
                        struct trace_seq *seq)
{
    memset(a, 0, sizeof(*a));
    a->source = s;
    a->seq = seq;
    if (s->mode != TRACE_STRICT || !trace_reader_seekable(s->reader) ||
        trace_reader_again(s->reader, &a->reader, NULL)) {
        return;
    }
    a->slot = g_new0(struct trace_slot, 1);
    a->next = s->read;
    trace_reader_seek(a->reader, trace_reader_offset(s->reader));
}

bool replay_ahead_get(struct trace_ahead *a, uint64_t index,
                      const struct i2cpt_trace_line **out)
{
    struct trace_source *s = a->source;

    if (s->mode != TRACE_STRICT || index < s->read) {
        return replay_source_get(s, a->seq, index, out, NULL) == 1;
    }
    while (a->reader && a->next <= index) {
        if (replay_source_read(s, a->reader, a->slot, UINT64_MAX, NULL) != 1) {
            return false;
        }
        a->next++;
    }
    *out = a->slot ? &a->slot->line : NULL;
    return a->slot != NULL;
}

void replay_ahead_end(struct trace_ahead *a)
{
    if (a->slot) {
        trace_slot_clear(a->slot);
        g_free(a->slot);
    }
    i2cpt_trace_reader_free(a->reader);
}
