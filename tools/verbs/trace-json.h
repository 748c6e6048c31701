/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of a trace as JSON. */
#ifndef TRACE_JSON_H
#define TRACE_JSON_H

#include "i2cpt-trace.h"
#include "common/json.h"

/* An object in an array; nothing for what is neither header, transfer nor
 * event. */
void verb_json_line(struct json *j, const struct i2cpt_trace_line *line);
/* The word of a phase; NULL: unknown. */
const char *verb_json_phase(int32_t phase);

#endif
