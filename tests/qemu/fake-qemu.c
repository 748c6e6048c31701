/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake-qemu VERSION PACKAGE [LOADER [ARG]...]
 *
 * Calls what a library that was opened before it wants to have called, and
 * opens the loader as QEMU's plugins/loader.c does, and is of any version. With
 * FAKE_STRANGER it has none of QEMU's symbols; with FAKE_CLOSED it has those of
 * the plugin API only; with FAKE_NO_I2C none of its I2C. Like QEMU it refuses a
 * plugin whose API it does not know; FAKE_ACCEPTS in the environment is the one
 * that it does, else any is.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *const *words;

struct version_triple {
    int64_t major, minor, micro;
};

struct version_info {
    struct version_triple *qemu;
    char *package;
};

#ifndef FAKE_STRANGER
void qemu_plugin_outs(const char *text);
void qemu_plugin_outs(const char *text)
{
    fputs(text, stdout);
}

#ifndef FAKE_CLOSED
static void (*after_types)(void);

void register_module_init(void (*fn)(void), int when);
void register_module_init(void (*fn)(void), int when)
{
    after_types = when == 0 ? fn : abort;
}

#ifndef FAKE_NO_I2C
void i2c_init_bus(void);
void i2c_init_bus(void)
{
}
#endif

struct version_info *qmp_query_version(void *errp);
struct version_info *qmp_query_version(void *errp)
{
    struct version_info *info = calloc(1, sizeof(*info));
    long long part[3];

    if (!info ||
        sscanf(words[1], "%lld.%lld.%lld", &part[0], &part[1], &part[2]) != 3) {
        abort();
    }
    info->qemu = calloc(1, sizeof(*info->qemu));
    info->qemu->major = part[0];
    info->qemu->minor = part[1];
    info->qemu->micro = part[2];
    info->package = strdup(words[2]);
    return info;
}
#endif
#endif

int main(int argc, char **argv)
{
    int (*install)(uint64_t id, const void *info, int argc, char **argv);
    const int *version;
    void *loader;
    int rc;

    words = argv;
#if !defined(FAKE_STRANGER) && !defined(FAKE_CLOSED)
    if (after_types) {
        after_types();
    }
#endif
    if (argc == 3) {
        return 0; /* -plugin was not given */
    }
    if (argc < 4) {
        return 2;
    }
    loader = dlopen(argv[3], RTLD_NOW | RTLD_LOCAL);
    if (!loader) {
        fprintf(stderr, "%s\n", dlerror());
        return 3;
    }
    *(void **)&install = dlsym(loader, "qemu_plugin_install");
    version = dlsym(loader, "qemu_plugin_version");
    if (!install || !version) {
        return 3;
    }
    if (getenv("FAKE_ACCEPTS") && atoi(getenv("FAKE_ACCEPTS")) != *version) {
        fprintf(stderr, "plugin requires API version %d\n", *version);
        return 1;
    }
    printf("api %d\n", *version);
    fflush(stdout);
    rc = install(1, "info", argc - 4, argv + 4);
    printf("install %d\n", rc);
    return rc ? 4 : 0;
}
