/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of lines on their way into a trace: those within a transfer wait for
 * its end. For import.c. */
#ifndef IMPORT_IRQS_H
#define IMPORT_IRQS_H

#include "importers/import.h"

/* As many as a recorder lets wait (lib/record/irqs.c). */
#define IMPORT_IRQS_MAX 4096u

struct import_irq {
    const char *name;
    bool level;
    int64_t at_ns;
};

struct import_irqs {
    struct convert *convert;
    struct import_clock *clock;
    struct import_irq *waiting; /* IMPORT_IRQS_MAX, where there was ever one */
    unsigned n;
    uint64_t early; /* written before the transfer in which they fell */
};

/* As import_wire_event(); `wait` while a transfer is open. */
int import_irqs_put(struct import_irqs *q, const struct import_irq *irq,
                    bool wait, const char **why, struct i2cpt_fault *fault);
/* A transfer has ended. */
int import_irqs_flush(struct import_irqs *q, const char **why,
                      struct i2cpt_fault *fault);
/* The header. */
int import_irqs_name(struct import_irqs *q, struct i2cpt_fault *fault);
void import_irqs_clear(struct import_irqs *q);

#endif
