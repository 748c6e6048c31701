/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "passthrough.h"

int i2cpt_learn_from(struct i2cpt_learn *learn, const char *path,
                     struct i2cpt_fault *fault)
{
    return i2cpt_fault_text(fault, EOPNOTSUPP,
                            "learn-from=%.80s: no trace reader in this build",
                            path);
}
