/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* record-redact=: which bytes of a transfer are not to be written down. */
#ifndef I2CPT_REDACT_H
#define I2CPT_REDACT_H

#include "i2cpt-trace.h"

struct redact;

/* "ADDR[/REG][:...]"; -EINVAL names the part that is none. */
int record_redact_parse(const char *text, struct redact **out,
                        struct i2cpt_fault *fault);
void record_redact_free(struct redact *r);
/*
 * For the next message on the bus, of `n` bytes: from which byte on it is
 * hidden, n: none of it. Messages have to come in the order of the wire, for
 * what a read is of depends on the write before it.
 */
uint32_t record_redact_from(struct redact *r, const struct i2cpt_trace_msg *m);

#endif
