/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The backend `stub`, for the registry. */
#ifndef I2CPT_BACKEND_STUB_H
#define I2CPT_BACKEND_STUB_H

#include "core/backend.h"

extern const struct i2cpt_ops stub_ops;

#endif
