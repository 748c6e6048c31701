/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libi2cpt-qemu-early.so: our types before QEMU reads its command line
 *
 * A plugin is opened after -chardev was parsed and -device TYPE,help answered.
 * This is opened before QEMU begins (LD_PRELOAD) and has itself called when
 * QEMU's own types have been registered. It is opened by every program that
 * stands between the person and QEMU, too: there, and in a QEMU that has no
 * place for it, it does nothing, and only a qemu-system-ARCH is told why.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/find-module.h"

/*
 * QEMU's MODULE_INIT_MIGRATION, whose functions are called right after those
 * that register types; the number is the same from 7.2 to 11.
 */
#define AFTER_TYPES 0

/* Of QEMU's, in programs that export it. */
extern void register_module_init(void (*fn)(void), int when)
    __attribute__((weak));

static void say(const char *line)
{
    fprintf(stderr, "libi2cpt-qemu-early: %s\n", line);
}

static bool is_named_qemu(void)
{
    const char *name = program_invocation_short_name;

    return strncmp(name, "qemu-system-", strlen("qemu-system-")) == 0 ||
           strcmp(name, "qemu-kvm") == 0 || strcmp(name, "kvm") == 0;
}

/* Without its folder: the linker may have found it by its name alone. */
static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* What QEMU starts (`command=ssh ...`) has no use for us. */
static void leave_ld_preload(void)
{
    static const char here;
    const char *list = getenv("LD_PRELOAD");
    char *copy, *left, *entry, *rest;
    Dl_info self;

    copy = list && dladdr(&here, &self) ? strdup(list) : NULL;
    left = copy ? calloc(1, strlen(list) + 1) : NULL;
    if (left) {
        for (entry = strtok_r(copy, ": ", &rest); entry;
             entry = strtok_r(NULL, ": ", &rest)) {
            if (strcmp(file_name(entry), file_name(self.dli_fname)) != 0) {
                strcat(strcat(left, *left ? ":" : ""), entry);
            }
        }
        if (*left) {
            setenv("LD_PRELOAD", left, 1);
        } else {
            unsetenv("LD_PRELOAD");
        }
    }
    free(left);
    free(copy);
}

/* QEMU goes on without us where that is wrong. */
static void types_are_there(void)
{
    const struct i2cpt_qemu_module *module;
    const char *why = NULL;
    struct i2cpt_qemu qemu;
    enum module_fit fit;

    why = module_query_qemu(&qemu);
    if (!why) {
        why = module_find(&qemu, &module);
    }
    if (why) {
        say(why);
        return;
    }
    fit = module_check(module, &qemu, &why);
    if (why) {
        say(why);
    }
    why = fit == MODULE_UNFIT ? NULL : module->install_early();
    if (why) {
        say(why);
    }
}

static void __attribute__((constructor)) begin(void)
{
    struct i2cpt_qemu qemu;

    if (register_module_init && dlsym(RTLD_DEFAULT, "i2c_init_bus")) {
        leave_ld_preload();
        register_module_init(types_are_there, AFTER_TYPES);
    } else if (is_named_qemu()) {
        say(module_query_qemu(&qemu));
    }
}
