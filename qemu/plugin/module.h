/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the loader and a module know of each other
 *
 * The loader (libi2cpt-qemu.so) is built without QEMU's headers and has no
 * undefined symbol of QEMU's, so that it can be opened by any QEMU; a module
 * (libi2cpt-qemu-VERSION.so) fits one version. Both are built from one tree,
 * so this struct has no version of its own.
 */
#ifndef I2CPT_QEMU_MODULE_H
#define I2CPT_QEMU_MODULE_H

#include <stdint.h>

/* The one symbol the loader looks up in a module. */
#define I2CPT_QEMU_MODULE_SYMBOL "i2cpt_qemu_module"

struct i2cpt_qemu_module {
    /* The QEMU whose headers it was built with, "7.2.22". */
    const char *version;
    /* That QEMU's package without a rebuild's "+bN"; "" where it has none. */
    const char *package;
    /* Its QEMU_PLUGIN_VERSION: a QEMU takes some numbers, 11.1 one alone. */
    int plugin_api;
    /*
     * Do the structs of the running QEMU look as the headers said? NULL when
     * they do, else what does not, for a person.
     */
    const char *(*check_layout)(void);
    /* QEMU's qemu_plugin_install(); `info` is its qemu_info_t. */
    int (*install)(uint64_t id, const void *info, int argc, char **argv);
    /*
     * Before QEMU reads its command line: registers the types, and what
     * -chardev accepts. NULL, or what went wrong. install() may follow.
     */
    const char *(*install_early)(void);
};

#endif
