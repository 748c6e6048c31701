/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The types of a module's files, noted when it is loaded and registered when
 * QEMU installs its plugins; see compat.h. In a QEMU tree nothing is here.
 */
#include "qemu/osdep.h"
#include "common/compat.h"

#ifdef I2CPT_PLUGIN

static struct i2cpt_type_init *inits;

void i2cpt_add_type_init(struct i2cpt_type_init *init)
{
    init->next = inits;
    inits = init;
}

void i2cpt_run_type_inits(void)
{
    for (struct i2cpt_type_init *init = inits; init; init = init->next) {
        init->fn();
    }
}

#endif
