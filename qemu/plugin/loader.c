/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libi2cpt-qemu.so: finds the module that fits the QEMU that opened it
 *
 * QEMU binds a plugin's symbols when it opens it, so a module for another
 * version fails in the dynamic linker before any code of ours can explain.
 * Hence this file uses nothing of QEMU's but a weak qmp_query_version().
 * Whatever goes wrong is told in one line and ends QEMU with status 1:
 * returning an error would add a second line that says less. It is told by the
 * constructor: after it QEMU compares qemu_plugin_version with the range that
 * it accepts (11.1: 7 alone), and what it says then names no QEMU.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/module.h"

#define ME     "libi2cpt-qemu"
#define PREFIX "libi2cpt-qemu-"
#define SUFFIX ".so"
#define ADVICE "run qemu/prepare-headers for this QEMU and build again"
#define EXPORT __attribute__((visibility("default")))

enum { VERSION_MAX = 32, PACKAGE_MAX = 128, PATH_ROOM = 4096 };

/* QAPI's types as QEMU's schema has had them since 2.4. */
struct qemu_version_triple {
    int64_t major;
    int64_t minor;
    int64_t micro;
};

struct qemu_version_info {
    struct qemu_version_triple *qemu;
    char *package;
};

extern struct qemu_version_info *qmp_query_version(void *errp)
    __attribute__((weak));

struct version {
    int major;
    int minor;
    int micro;
};

EXPORT int qemu_plugin_version;
EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc,
                               char **argv);

static void __attribute__((format(printf, 1, 2))) say(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs(ME ": ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

static bool parse_version(struct version *v, const char *text, int *used)
{
    *used = 0;
    return sscanf(text, "%d.%d.%d%n", &v->major, &v->minor, &v->micro, used) ==
           3;
}

/* A rebuild without a change of source ("+b3") has the same headers. */
static void drop_rebuild(char *name)
{
    char *plus = strrchr(name, '+');

    if (plus && plus[1] == 'b' && plus[2] &&
        strspn(plus + 2, "0123456789") == strlen(plus + 2)) {
        *plus = '\0';
    }
}

/* False where the program has no qmp_query_version(). */
static bool query_qemu(struct version *v, char name[PACKAGE_MAX])
{
    struct qemu_version_info *info;

    if (!qmp_query_version) {
        return false;
    }
    info = qmp_query_version(NULL);
    v->major = (int)info->qemu->major;
    v->minor = (int)info->qemu->minor;
    v->micro = (int)info->qemu->micro;
    snprintf(name, PACKAGE_MAX, "%s",
             info->package && *info->package ? info->package : "no package");
    drop_rebuild(name);
    free(info->package);
    free(info->qemu);
    free(info);
    return true;
}

/* The folder this object was opened from, "" where the linker will not say. */
static void own_folder(char folder[PATH_ROOM])
{
    Dl_info self;
    char *slash;

    folder[0] = '\0';
    if (!dladdr(&qemu_plugin_version, &self) || !self.dli_fname) {
        return;
    }
    snprintf(folder, PATH_ROOM, "%s", self.dli_fname);
    slash = strrchr(folder, '/');
    if (slash) {
        *slash = '\0';
    } else {
        strcpy(folder, ".");
    }
}

struct found {
    struct version best; /* the micro version to take, where .major is set */
    char all[512];       /* for a message: "7.2.22, 10.0.2" */
};

static void consider(struct found *found, const struct version *v,
                     const struct version *qemu, const char *text)
{
    size_t used = strlen(found->all);

    snprintf(found->all + used, sizeof(found->all) - used, "%s%s",
             used ? ", " : "", text);
    if (v->major != qemu->major || v->minor != qemu->minor ||
        (found->best.major && found->best.micro == qemu->micro)) {
        return;
    }
    if (!found->best.major || v->micro == qemu->micro ||
        v->micro > found->best.micro) {
        found->best = *v;
    }
}

static void find_modules(struct found *found, const char *folder,
                         const struct version *qemu)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;

    memset(found, 0, sizeof(*found));
    while (dir && (entry = readdir(dir))) {
        const char *text = entry->d_name + strlen(PREFIX);
        struct version v;
        char name[VERSION_MAX];
        int used;

        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0 ||
            !parse_version(&v, text, &used) ||
            strcmp(text + used, SUFFIX) != 0) {
            continue;
        }
        snprintf(name, sizeof(name), "%d.%d.%d", v.major, v.minor, v.micro);
        consider(found, &v, qemu, name);
    }
    if (dir) {
        closedir(dir);
    }
}

static const struct i2cpt_qemu_module *open_module(const char *folder,
                                                   const struct version *v)
{
    const struct i2cpt_qemu_module *module;
    char path[PATH_ROOM + 64];
    void *handle;

    snprintf(path, sizeof(path), "%s/" PREFIX "%d.%d.%d" SUFFIX, folder,
             v->major, v->minor, v->micro);
    handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        say("cannot open the module for QEMU %d.%d.%d: %s", v->major, v->minor,
            v->micro, dlerror());
        exit(EXIT_FAILURE);
    }
    module = dlsym(handle, I2CPT_QEMU_MODULE_SYMBOL);
    if (!module) {
        say("%s is not a module of libi2cpt", path);
        exit(EXIT_FAILURE);
    }
    return module;
}

/* Found by the constructor, for qemu_plugin_install(). */
static const struct i2cpt_qemu_module *module;
static struct version qemu;
static char package[PACKAGE_MAX];

/* The name of the file chose the module; what it says of itself decides. */
static void check_module(void)
{
    struct version built = {0};
    int used;

    parse_version(&built, module->version, &used);
    if (built.major != qemu.major || built.minor != qemu.minor) {
        say("the module named for QEMU %d.%d was built for %s: " ADVICE,
            qemu.major, qemu.minor, module->version);
        exit(EXIT_FAILURE);
    }
}

static void check_program(void)
{
    if (!query_qemu(&qemu, package)) {
        say("this QEMU does not export its symbols to plugins: it was built "
            "without --enable-modules, and libi2cpt's devices can only be "
            "built into it, or it is no qemu-system-ARCH");
        exit(EXIT_FAILURE);
    }
    if (!dlsym(RTLD_DEFAULT, "i2c_init_bus")) {
        say("%s has no machine with an I2C bus and nothing of QEMU's I2C: "
            "another ARCH's qemu-system-ARCH is needed",
            program_invocation_short_name);
        exit(EXIT_FAILURE);
    }
}

static void __attribute__((constructor)) find_fitting_module(void)
{
    char folder[PATH_ROOM];
    struct found found;

    if (!dlsym(RTLD_DEFAULT, "qemu_plugin_outs")) {
        say("this is a plugin for QEMU (qemu-system-ARCH -plugin "
            "PATH/libi2cpt-qemu.so), and this program is none or has no "
            "plugins; programs link libi2cpt itself");
        return;
    }
    check_program();
    own_folder(folder);
    find_modules(&found, folder, &qemu);
    if (!found.best.major) {
        say("no module for QEMU %d.%d.%d (%s) in %s, there is %s: " ADVICE,
            qemu.major, qemu.minor, qemu.micro, package, folder,
            found.all[0] ? found.all : "none at all");
        exit(EXIT_FAILURE);
    }
    module = open_module(folder, &found.best);
    check_module();
    qemu_plugin_version = module->plugin_api;
}

/* Objects can be made by now, so that the layout can be looked at. */
static void check_layout(void)
{
    struct version built = {0};
    const char *bad;
    int used;

    parse_version(&built, module->version, &used);
    if (built.micro == qemu.micro && strcmp(module->package, package) == 0) {
        return;
    }
    bad = module->check_layout();
    if (bad) {
        say("the module for QEMU %s (%s) does not fit this QEMU %d.%d.%d "
            "(%s), %s: " ADVICE,
            module->version, module->package, qemu.major, qemu.minor,
            qemu.micro, package, bad);
        exit(EXIT_FAILURE);
    }
    say("warning: the module is for QEMU %s (%s), this is %d.%d.%d (%s); "
        "their structs look alike, but better " ADVICE,
        module->version, module->package, qemu.major, qemu.minor, qemu.micro,
        package);
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
    if (!module) {
        exit(EXIT_FAILURE);
    }
    check_layout();
    return module->install(id, info, argc, argv);
}
