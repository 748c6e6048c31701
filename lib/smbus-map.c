/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "private.h"

int i2cpt_smbus_map_transfer(const struct i2cpt_ops *ops, void *priv,
                             uint32_t functionality, struct i2cpt_xfer *x)
{
    return i2cpt_fault_text(x->fault, EOPNOTSUPP, "not there yet");
}
