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
#include "targets/i2c-passthrough.h"
#include "targets/linux-i2c.h"

/* With -plugin straight at the module there is no loader to set it. */
QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

/* Before the devices, whose properties are the back ends' keys. */
static const char *load_backends(void)
{
    static char why[64 + I2CPT_FAULT_TEXT_SIZE];
    struct i2cpt_fault fault;

    if (!i2cpt_backend_load(getenv("I2CPT_BACKENDS"), &fault)) {
        return NULL;
    }
    snprintf(why, sizeof(why), "I2CPT_BACKENDS: %s", fault.text);
    return why;
}

/*
 * Early, or by qemu_plugin_install(); NULL, or why not. QEMU aborts at a type
 * that it knows, and another build's module is another object.
 */
static const char *register_types(void)
{
    static bool registered;
    const char *why = NULL;

    if (registered) {
        return NULL;
    }
    if (object_class_by_name(TYPE_I2C_PASSTHROUGH)) {
        return "its devices are there already, of this QEMU's own or of "
               "another copy (-plugin, LD_PRELOAD): one is enough";
    }
    why = load_backends();
    if (!why) {
        registered = true;
        i2cpt_run_type_inits();
    }
    return why;
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    static bool installed;
    const char *why;

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
    why = register_types();
    if (why) {
        error_report("libi2cpt-qemu: %s", why);
        exit(EXIT_FAILURE);
    }
    return 0;
}

static int module_install(uint64_t id, const void *info, int argc, char **argv)
{
    return qemu_plugin_install(id, info, argc, argv);
}

/* error_report() would abort: what it locks is not there yet. */
static const char *module_install_early(void)
{
    const char *why = register_types();

    if (!why && !linux_i2c_add_options()) {
        why = "chardevs were made before this, and -chardev linux-i2c has no "
              "keys";
    }
    return why;
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
