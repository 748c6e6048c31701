/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* allow= and allow-writes=: what of an adapter may be used. */
#ifndef I2CPT_GUARD_H
#define I2CPT_GUARD_H

#include "core/backend.h"

/* Values of allow-writes=. */
enum { WRITES_ALL, WRITES_POINTER, WRITES_POINTER_2 };

/*
 * Stand around an opened instance, if the options ask for it: takes its ops and
 * priv, gives the guard's, whose close() closes it, and takes from *info what
 * will be refused. -EINVAL names the part of allow= that is no address.
 */
int guard_wrap(const struct i2cpt_options *o, struct i2cpt_bus_info *info,
               const struct i2cpt_ops **ops, void **priv,
               struct i2cpt_fault *fault);

#endif
