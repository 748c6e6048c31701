/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The module that fits the QEMU that this process is
 *
 * For objects that are opened by any QEMU: nothing here is QEMU's but a weak
 * qmp_query_version(). What goes wrong is told in one line, which stays as it
 * is until the next call, and without the name of who says it.
 */
#ifndef I2CPT_QEMU_FIND_MODULE_H
#define I2CPT_QEMU_FIND_MODULE_H

#include <stdbool.h>

#include "plugin/module.h"

struct i2cpt_qemu {
    int major, minor, micro;
    char package[128]; /* without a rebuild's "+bN" */
};

/* NULL, or why this program's modules cannot be told. */
const char *module_query_qemu(struct i2cpt_qemu *qemu);

/*
 * Opens the latest one for qemu's major.minor, or the very one, in the folder
 * of the object that this is part of. NULL, or why there is none.
 */
const char *module_find(const struct i2cpt_qemu *qemu,
                        const struct i2cpt_qemu_module **module);

enum module_fit { MODULE_FITS, MODULE_DOUBTFUL, MODULE_UNFIT };

/*
 * Whether its structs are those of this QEMU, whose types have to be there.
 * With why it does not fit, or what is to be said of it.
 */
enum module_fit module_check(const struct i2cpt_qemu_module *module,
                             const struct i2cpt_qemu *qemu, const char **why);

#endif
