/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of a trace's lines, over all of PROGRAM's buses. */
#ifndef LINE_VERDICT_H
#define LINE_VERDICT_H

#include <glib.h>
#include <stdint.h>

#include "common/json.h"
#include "i2cpt-trace.h"

struct line_verdict {
    uint64_t changes, changes_left, stalls;
    uint64_t stalled_line, stalled_for, held_line, held_for;
    char stalled[256];
    GArray *lines; /* NULL: none has any */
};

/* What the verdict on PROGRAM's bus `number` says of them. */
void program_lines_add(struct line_verdict *v, uint32_t number,
                       const struct i2cpt_trace_verdict *one);
/* On stderr, where a change waits or has waited in vain. */
void program_lines_tell(const struct line_verdict *v, const char *trace);
void program_lines_report(const struct line_verdict *v, struct json *j);
void program_lines_clear(struct line_verdict *v);

#endif
