/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Native SMBus commands: what they need, and what they may say. */
#ifndef I2CPT_I2C_DEV_SMBUS_H
#define I2CPT_I2C_DEV_SMBUS_H

#include "core/backend.h"
#include "i2c-dev/host-errno.h"

/* Before: -EOPNOTSUPP where the adapter cannot, -EPROTO for a bad count. */
int i2cdev_smbus_check_call(const struct i2cpt_smbus_call *call,
                            uint32_t functionality, struct i2cpt_fault *fault);
/* After one that went well: the count that came, -EPROTO for a bad one. */
int i2cdev_smbus_check_answer(const struct i2cpt_smbus_call *call,
                              struct i2cpt_fault *fault);
struct request_shape i2cdev_smbus_shape(const struct i2cpt_smbus_call *call,
                                        uint64_t deadline_ns);

#endif
