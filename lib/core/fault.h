/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Faults: filling them in. */
#ifndef I2CPT_FAULT_H
#define I2CPT_FAULT_H

#include <stddef.h>

#include "i2cpt.h"

/* Fill in *fault (may be NULL) and return -code. msg and byte -1: unknown. */
int i2cpt_fault_set(struct i2cpt_fault *fault, int code, int phase, int msg,
                    int byte);
/* As above, phase unknown, with a line for a person. */
int i2cpt_fault_text(struct i2cpt_fault *fault, int code, const char *format,
                     ...) __attribute__((format(printf, 3, 4)));
/* That line: what a person, a file or a device gave is quoted in it, whatever
 * it holds; each control character becomes a `?`. */
void i2cpt_one_line(char *text);
/* "1 byte", "2 bytes": what stands behind the word. */
static inline const char *i2cpt_fault_s(uint64_t n)
{
    return n == 1 ? "" : "s";
}
/* Put `prefix` ("record=", "file=") before the text. */
void i2cpt_fault_prefix(struct i2cpt_fault *fault, const char *prefix);
/* *to = *from, without the room that the text does not use. */
void i2cpt_fault_copy(struct i2cpt_fault *to, const struct i2cpt_fault *from);
/* EINVAL: `what` names the arguments of which one is NULL that has to be there.
 */
int i2cpt_fault_null(struct i2cpt_fault *fault, const char *what);
static inline void i2cpt_fault_clear(struct i2cpt_fault *fault)
{
    if (fault) {
        fault->code = 0;
        fault->phase = I2CPT_PHASE_UNKNOWN;
        fault->msg = fault->byte = -1;
        fault->text[0] = 0;
    }
}

#endif
