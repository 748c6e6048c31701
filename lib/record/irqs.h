/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes of an adapter's lines on their way into the recording. */
#ifndef I2CPT_RECORD_IRQS_H
#define I2CPT_RECORD_IRQS_H

#include "record/recorder.h"

struct i2cpt_lines;
struct record_irqs;

/*
 * Listens to `lines`, as the recorder of bus `bus` (-1: the only one) in
 * `file`, whose header `names` (NULL: it has none) says which of them it may
 * write. NULL where there is nothing to be written. All below take NULL.
 */
struct record_irqs *record_irqs_new(struct i2cpt_lines *lines,
                                    struct record_lines *file, int32_t bus,
                                    const char *names);
/* A transfer begins: changes wait for its end. */
void record_irqs_begin(struct record_irqs *q);
/* Its line is about to be written: the levels that all began with before. */
void record_irqs_before_line(struct record_irqs *q);
/* It has ended, or nothing is to be held back any more. */
void record_irqs_end(struct record_irqs *q);
/* What waits is written; nothing comes any more. */
void record_irqs_free(struct record_irqs *q);

#endif
