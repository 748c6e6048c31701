/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The backend `i2c-dev`, for the registry. */
#ifndef I2CPT_BACKEND_I2C_DEV_H
#define I2CPT_BACKEND_I2C_DEV_H

#include "core/backend.h"

extern const struct i2cpt_ops i2cdev_ops;

#endif
