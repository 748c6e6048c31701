/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel adapter that an adapter of ours stands behind. */
#ifndef ATTACH_H
#define ATTACH_H

#include "i2cpt.h"

/* The longest deadline that is of use: the kernel's driver waits for 2 s. */
#define ATTACH_TIMEOUT_MS_MAX 1800u

/* Whether a kernel adapter can be made here: 0, or -1 with a line on stderr of
 * what is missing. */
int attach_possible(void);

/* The verb's work, until a signal comes: an exit status, with its lines on
 * stderr. */
int attach_run(struct i2cpt_adapter *a);

#endif
