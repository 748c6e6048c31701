/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A module of FAKE_VERSION for the loader to open, which shows what it was
 * given. FAKE_LAYOUT in the environment is what its layout check says.
 */
#include <stdio.h>
#include <stdlib.h>

#include "plugin/module.h"

static const char *check_layout(void)
{
    return getenv("FAKE_LAYOUT");
}

static int install(uint64_t id, const void *info, int argc, char **argv)
{
    int i;

    printf("module " FAKE_VERSION " id %d info %s", (int)id,
           (const char *)info);
    for (i = 0; i < argc; i++) {
        printf(" '%s'", argv[i]);
    }
    putchar('\n');
    return argc > 0 ? 7 : 0;
}

static const char *install_early(void)
{
    puts("module " FAKE_VERSION " early");
    fflush(stdout);
    return getenv("FAKE_EARLY");
}

extern const struct i2cpt_qemu_module i2cpt_qemu_module
    __attribute__((visibility("default")));
const struct i2cpt_qemu_module i2cpt_qemu_module = {
    .version = FAKE_VERSION,
    .package = "Debian 1:" FAKE_VERSION "-7",
    .plugin_api = FAKE_API,
    .check_layout = check_layout,
    .install = install,
    .install_early = install_early,
};
