/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The backend `remote`, for the registry. */
#ifndef I2CPT_BACKEND_REMOTE_H
#define I2CPT_BACKEND_REMOTE_H

#include "core/backend.h"

extern const struct i2cpt_ops remote_ops;

#endif
