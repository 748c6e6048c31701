/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The backends of this build. */
#ifndef I2CPT_REGISTRY_H
#define I2CPT_REGISTRY_H

#include "core/backend.h"

/* All backends of this build, NULL-terminated (registry.c). */
extern const struct i2cpt_ops *const i2cpt_backends[];
/* One more, for tests that bring their own; found by name, not listed. */
extern const struct i2cpt_ops *i2cpt_extra_backend;
const struct i2cpt_ops *i2cpt_find_backend(const char *name);
extern const struct i2cpt_ops i2cpt_stub_ops;
extern const struct i2cpt_ops i2cpt_trace_ops;
extern const struct i2cpt_ops i2cpt_i2c_dev_ops;
extern const struct i2cpt_ops i2cpt_ftdi_ops;
extern const struct i2cpt_ops i2cpt_remote_ops;

#endif
