/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of a trace's lines, over all of PROGRAM's buses. */
#ifndef LINE_VERDICT_H
#define LINE_VERDICT_H

#include <glib.h>
#include <stdint.h>

#include "common/json.h"
#include "i2cpt-trace.h"

struct line_verdict {
    GArray *lines; /* NULL: none has any */
};

/* What the verdict on PROGRAM's bus `number` says of them; the counts of all
 * buses go into `all`. */
void program_lines_add(struct line_verdict *v, struct i2cpt_trace_verdict *all,
                       uint32_t number, const struct i2cpt_trace_verdict *one);
void program_lines_report(const struct line_verdict *v,
                          const struct i2cpt_trace_verdict *all,
                          struct json *j);
void program_lines_clear(struct line_verdict *v);

#endif
