/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The backend `ftdi`, for the registry. */
#ifndef I2CPT_BACKEND_FTDI_H
#define I2CPT_BACKEND_FTDI_H

#include "core/backend.h"

extern const struct i2cpt_ops mpsse_ops;

#endif
