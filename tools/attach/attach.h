/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel adapter that an adapter of ours stands behind. */
#ifndef ATTACH_H
#define ATTACH_H

#include <stdbool.h>

#include "attach/devices.h"
#include "i2cpt.h"

/* The longest deadline that is of use: the kernel's driver waits for 2 s. */
#define ATTACH_TIMEOUT_MS_MAX 1800u

/* Whether a kernel adapter can be made here: 0, or -1 with a line on stderr of
 * what is missing. */
int attach_possible(void);

struct attach_config {
    const char *name;  /* of a link in /run/libi2cpt; NULL: none */
    const char *adopt; /* a name or i2c-N that a process has left; or NULL */
    const struct attach_device *devices; /* to make, in this order */
    unsigned n_devices;
};

/* The verb's work, until a signal comes: an exit status, with its lines on
 * stderr. */
int attach_run(struct i2cpt_adapter *a, const struct attach_config *config);
/* detach's: what was attached under this name, "i2c-N" or "/dev/i2c-N", NULL:
 * the only one there is; `force`: whoever holds it. */
int attach_detach(const char *what, bool force);

#endif
