/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Transfers on hosts that have nothing but SMBus commands. */
#ifndef I2CPT_SMBUS_MAP_H
#define I2CPT_SMBUS_MAP_H

#include "core/backend.h"

/*
 * A transfer in terms of native SMBus commands, for hosts with nothing else:
 * the messages must have the shape of one protocol that `functionality` has.
 * -EOPNOTSUPP with a line that says which functionality is missing.
 */
int smbus_map_transfer(const struct i2cpt_ops *ops, void *priv,
                       uint32_t functionality, struct i2cpt_xfer *x);
/* The longest read after a write of one byte that can be mapped so: 32, 2, 1,
 * or 0 where there is none. */
uint32_t smbus_map_longest_read(uint32_t functionality);

#endif
