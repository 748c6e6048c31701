/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `record` writes, and how its adapters are told. */
#ifndef RECORDING_H
#define RECORDING_H

#include <stdbool.h>
#include <stdint.h>

#include "i2cpt.h"

struct recording {
    const char *path;
    bool append;
    char *redact;      /* as record-redact= has it; NULL: nothing */
    const char *merge; /* the trace to compare with afterwards, or NULL */
};

/* ADDR[:REG] of --redact, one more. */
void program_recording_redact(struct recording *r, const char *what);
/* Whether each of `n` buses has its number in the trace: where there are
 * several of them, or were when it was begun. */
bool program_recording_has_buses(const struct recording *r, unsigned n);
/* The keys of an adapter that records, which PROGRAM sees as `seen` (-1: there
 * is none); `by_number`: as one of several. */
int program_recording_set(const struct recording *r, int64_t seen,
                          bool by_number, struct i2cpt_options *o,
                          struct i2cpt_fault *fault);
/* After the last transfer: 0, or an error on stderr and not 0 where the trace
 * lacks something. `empty` NULL; or why there was none, which is said, or ""
 * where it was: then a trace that is there stays. */
int program_recording_end(const struct recording *r, struct i2cpt_adapter *a,
                          const char *empty);
/* --merge, once the trace is closed: 0 or as above. */
int program_recording_merge(const struct recording *r);

#endif
