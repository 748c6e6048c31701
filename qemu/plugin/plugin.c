/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A module's entry: registers the types of every file in qemu_sources (see
 * compat.h for their shape) when QEMU installs its plugins.
 */
#include "qemu/osdep.h"
#include "common/compat.h"
#include "qemu/error-report.h"
#include "qemu/qemu-plugin.h"

#include "common/guest-work.h"
#include "i2cpt-backend.h"
#include "plugin/layout.h"
#include "plugin/module.h"
#include "targets/linux-i2c.h"

/* With -plugin straight at the module there is no loader to set it. */
QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

/* Before the devices, whose properties are the back ends' keys. */
static void load_backends(void)
{
    struct i2cpt_fault fault;

    if (i2cpt_backend_load(getenv("I2CPT_BACKENDS"), &fault)) {
        error_report("libi2cpt-qemu: I2CPT_BACKENDS: %s", fault.text);
        exit(EXIT_FAILURE);
    }
}

static bool registered; /* early, or by qemu_plugin_install() */

static void register_types(void)
{
    if (!registered) {
        registered = true;
        load_backends();
        i2cpt_run_type_inits();
    }
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    static bool installed;

    if (argc > 0) {
        error_report("libi2cpt-qemu: argument '%s': none is taken here, "
                     "settings are properties of the devices",
                     argv[0]);
        exit(EXIT_FAILURE);
    }
    if (installed) {
        error_report("libi2cpt-qemu: -plugin was given twice");
        exit(EXIT_FAILURE);
    }
    installed = true;
    i2cpt_set_plugin_id(id);
    register_types();
    return 0;
}

static int module_install(uint64_t id, const void *info, int argc, char **argv)
{
    return qemu_plugin_install(id, info, argc, argv);
}

static void module_install_early(void)
{
    register_types();
    if (!linux_i2c_add_options()) {
        error_report("libi2cpt-qemu: chardevs were made before this, and "
                     "-chardev linux-i2c has no keys");
    }
}

QEMU_PLUGIN_EXPORT extern const struct i2cpt_qemu_module i2cpt_qemu_module;
const struct i2cpt_qemu_module i2cpt_qemu_module = {
    .version = I2CPT_QEMU_VERSION,
    .package = I2CPT_QEMU_PACKAGE,
    .plugin_api = QEMU_PLUGIN_VERSION,
    .check_layout = i2cpt_check_layout,
    .install = module_install,
    .install_early = module_install_early,
};
