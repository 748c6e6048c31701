/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes of an input line, "irq [i2c-N: ]NAME LEVEL", and the header that
 * names the lines. */
#ifndef I2CPT_TRACE_IRQ_H
#define I2CPT_TRACE_IRQ_H

#include "i2cpt-trace.h"

#define TRACE_IRQ   "irq"
#define TRACE_LINES "lines" /* the header: names with a space between them */

/* What stands behind "irq ", without a newline; NULL, or what is wrong at
 * *at. */
const char *trace_irq_parse(const char *text, size_t len,
                            struct i2cpt_trace_irq *out, size_t *at);
/* The other way round. */
#define TRACE_IRQ_TEXT 64
void trace_irq_format(const struct i2cpt_trace_irq *irq,
                      char text[TRACE_IRQ_TEXT]);
/* The next name of such a header, g_free()d by the caller; NULL at the end. */
char *trace_lines_next(const char **text);

#endif
