/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Of an opened chip whose bus is idle: what it does where documents are silent,
 * as lines of text. */
#ifndef I2CPT_FTDI_EXAMINE_H
#define I2CPT_FTDI_EXAMINE_H

#include "ftdi/link.h"

int mpsse_examine(struct ftdi_link *link, const struct ftdi_found *found,
                  const struct mpsse *m,
                  void (*line)(const char *text, void *user), void *user,
                  struct i2cpt_fault *fault);

#endif
