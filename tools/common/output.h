/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every file that a verb writes goes through here (a trace through the
 * library's writer, which does the same): it is written beside its place and
 * takes it by rename(2) when it is whole, so nothing is lost where that fails;
 * and it is never one of those that are read.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdio.h>

#include "i2cpt.h"

struct output {
    const char *path;
    struct out_file *file;
    FILE *to;
};

/* Begin it; "-" is the standard output. 0, or a negative errno and the fault.
 */
int tool_output_open(struct output *o, const char *path,
                     struct i2cpt_fault *fault);
/* `rc` is how the writing went: where that is 0, the file takes its place, and
 * what comes back is whether all of it got there. */
int tool_output_close(struct output *o, int rc, struct i2cpt_fault *fault);

/* -EINVAL and a fault where `path`, which `what` names, is the file `in`, which
 * is read; by any name. NULL for either: nothing. */
int tool_output_check(const char *what, const char *path, const char *in,
                      struct i2cpt_fault *fault);

#endif
