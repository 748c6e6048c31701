/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The backends of this build and those registered since, by name. */
#ifndef I2CPT_REGISTRY_H
#define I2CPT_REGISTRY_H

#include "core/backend.h"

/* One more, for tests that bring their own; found by name, not listed. */
extern const struct i2cpt_ops *i2cpt_extra_backend;
/* NULL: there is none of that name. */
const struct i2cpt_ops *i2cpt_find_backend(const char *name);

#endif
