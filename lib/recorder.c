/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "private.h"

int i2cpt_recorder_wrap(const struct i2cpt_options *o, const char *path,
                        const struct i2cpt_bus_info *info,
                        const struct i2cpt_ops **ops, void **priv,
                        struct i2cpt_fault *fault)
{
    return i2cpt_fault_text(fault, EOPNOTSUPP, "record=%s: not there yet",
                            path);
}
