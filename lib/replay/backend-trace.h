/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The backend `trace`, for the registry. */
#ifndef I2CPT_BACKEND_TRACE_H
#define I2CPT_BACKEND_TRACE_H

#include "core/backend.h"

extern const struct i2cpt_ops replay_ops;

#endif
