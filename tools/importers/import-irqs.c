/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of lines as `irq` events of a trace, where a recorder has them. */
#include "importers/import-irqs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int write_irq(struct import_irqs *q, const struct import_irq *irq,
                     const char **why, struct i2cpt_fault *fault)
{
    struct i2cpt_trace_line line = {
        .size = sizeof(line), .kind = I2CPT_TRACE_EVENT, .key = "irq"};
    char text[64];

    if (import_stamp(q->clock, irq->at_ns, &line.stamp_ns, why)) {
        return -EINVAL;
    }
    snprintf(text, sizeof(text), "%s %d", irq->name, irq->level);
    line.text = text;
    return q->convert->line(q->convert->user, &line, fault);
}

int import_irqs_flush(struct import_irqs *q, const char **why,
                      struct i2cpt_fault *fault)
{
    int rc = 0;

    for (unsigned i = 0; !rc && i < q->n; i++) {
        rc = write_irq(q, &q->waiting[i], why, fault);
    }
    q->n = 0;
    return rc;
}

int import_irqs_put(struct import_irqs *q, const struct import_irq *irq,
                    bool wait, const char **why, struct i2cpt_fault *fault)
{
    int rc = 0;

    if (!wait) {
        return write_irq(q, irq, why, fault);
    }
    if (q->n == IMPORT_IRQS_MAX) {
        q->early += q->n;
        rc = import_irqs_flush(q, why, fault);
    }
    if (!q->waiting) {
        q->waiting = calloc(IMPORT_IRQS_MAX, sizeof(q->waiting[0]));
    }
    if (!q->waiting) {
        return tool_convert_error(fault, ENOMEM, "no memory for lines");
    }
    q->waiting[q->n++] = *irq;
    return rc;
}

int import_irqs_name(struct import_irqs *q, struct i2cpt_fault *fault)
{
    const struct convert_options *o = &q->convert->options;
    struct i2cpt_trace_line line = {
        .size = sizeof(line), .kind = I2CPT_TRACE_HEADER, .key = "lines"};
    char text[CONVERT_LINES_MAX * sizeof(o->lines[0].name)];
    size_t len = 0;

    for (unsigned i = 0; i < o->n_lines; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
                                len ? " " : "", o->lines[i].name);
    }
    line.text = text;
    return q->convert->line(q->convert->user, &line, fault);
}

void import_irqs_clear(struct import_irqs *q)
{
    free(q->waiting);
}
