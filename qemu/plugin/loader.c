/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libi2cpt-qemu.so: finds the module that fits the QEMU that opened it
 *
 * QEMU binds a plugin's symbols when it opens it, so a module for another
 * version fails in the dynamic linker before any code of ours can explain.
 * Hence this file uses nothing of QEMU's (find-module.h).
 * Whatever goes wrong is told in one line and ends QEMU with status 1:
 * returning an error would add a second line that says less. It is told by the
 * constructor: after it QEMU compares qemu_plugin_version with the range that
 * it accepts (11.1: 7 alone), and what it says then names no QEMU.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "plugin/find-module.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT int qemu_plugin_version;
EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc,
                               char **argv);

/* Found by the constructor, for qemu_plugin_install(). */
static const struct i2cpt_qemu_module *module;
static struct i2cpt_qemu qemu;

static void say(const char *line)
{
    fprintf(stderr, "libi2cpt-qemu: %s\n", line);
}

static void end_if(const char *why)
{
    if (why) {
        say(why);
        exit(EXIT_FAILURE);
    }
}

static void __attribute__((constructor)) find_fitting_module(void)
{
    if (!dlsym(RTLD_DEFAULT, "qemu_plugin_outs")) {
        say("this is a plugin for QEMU (qemu-system-ARCH -plugin "
            "PATH/libi2cpt-qemu.so), and this program is none or has no "
            "plugins; programs link libi2cpt itself");
        return;
    }
    end_if(module_query_qemu(&qemu));
    end_if(module_find(&qemu, &module));
    qemu_plugin_version = module->plugin_api;
}

/* Objects can be made by now, so that the layout can be looked at. */
int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
    const char *why = NULL;

    if (!module) {
        exit(EXIT_FAILURE);
    }
    if (module_check(module, &qemu, &why) == MODULE_UNFIT) {
        end_if(why);
    }
    if (why) {
        say(why);
    }
    return module->install(id, info, argc, argv);
}
