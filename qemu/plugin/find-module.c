/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which QEMU this is, and the module beside us that was built for it. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/find-module.h"

#define PREFIX "libi2cpt-qemu-"
#define SUFFIX ".so"
#define ADVICE "run qemu/prepare-headers for this QEMU and build again"

enum { VERSION_MAX = 32, PATH_ROOM = 4096, LINE_ROOM = 2 * PATH_ROOM };

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

static const char *__attribute__((format(printf, 1, 2)))
line(const char *format, ...)
{
    static char text[LINE_ROOM];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return text;
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

static void query_version(struct i2cpt_qemu *q)
{
    struct qemu_version_info *info = qmp_query_version(NULL);

    q->major = (int)info->qemu->major;
    q->minor = (int)info->qemu->minor;
    q->micro = (int)info->qemu->micro;
    snprintf(q->package, sizeof(q->package), "%s",
             info->package && *info->package ? info->package : "no package");
    drop_rebuild(q->package);
    free(info->package);
    free(info->qemu);
    free(info);
}

const char *module_query_qemu(struct i2cpt_qemu *qemu)
{
    if (!qmp_query_version) {
        return "this QEMU does not export its symbols to plugins: it was built "
               "without --enable-modules, and libi2cpt's devices can only be "
               "built into it, or it is no qemu-system-ARCH";
    }
    if (!dlsym(RTLD_DEFAULT, "i2c_init_bus")) {
        return line("%s has no machine with an I2C bus and nothing of QEMU's "
                    "I2C: another ARCH's qemu-system-ARCH is needed",
                    program_invocation_short_name);
    }
    query_version(qemu);
    return NULL;
}

/* The folder this object was opened from, "" where the linker will not say. */
static void own_folder(char folder[PATH_ROOM])
{
    static const char here;
    Dl_info self;
    char *slash;

    folder[0] = '\0';
    if (!dladdr(&here, &self) || !self.dli_fname) {
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
                     const struct i2cpt_qemu *qemu, const char *text)
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
                         const struct i2cpt_qemu *qemu)
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

static const char *open_module(const char *folder, const struct version *v,
                               const struct i2cpt_qemu_module **module)
{
    char path[PATH_ROOM + 64];
    void *handle;

    snprintf(path, sizeof(path), "%s/" PREFIX "%d.%d.%d" SUFFIX, folder,
             v->major, v->minor, v->micro);
    handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        return line("cannot open the module for QEMU %d.%d.%d: %s", v->major,
                    v->minor, v->micro, dlerror());
    }
    *module = dlsym(handle, I2CPT_QEMU_MODULE_SYMBOL);
    return *module ? NULL : line("%s is not a module of libi2cpt", path);
}

/* The name of the file chose the module; what it says of itself decides. */
static const char *check_name(const struct i2cpt_qemu_module *module,
                              const struct i2cpt_qemu *qemu)
{
    struct version built = {0};
    int used;

    parse_version(&built, module->version, &used);
    if (built.major != qemu->major || built.minor != qemu->minor) {
        return line("the module named for QEMU %d.%d was built for %s: " ADVICE,
                    qemu->major, qemu->minor, module->version);
    }
    return NULL;
}

const char *module_find(const struct i2cpt_qemu *qemu,
                        const struct i2cpt_qemu_module **module)
{
    char folder[PATH_ROOM];
    struct found found;
    const char *why;

    own_folder(folder);
    find_modules(&found, folder, qemu);
    if (!found.best.major) {
        return line(
            "no module for QEMU %d.%d.%d (%s) in %s, there is %s: " ADVICE,
            qemu->major, qemu->minor, qemu->micro, qemu->package, folder,
            found.all[0] ? found.all : "none at all");
    }
    why = open_module(folder, &found.best, module);
    return why ? why : check_name(*module, qemu);
}

enum module_fit module_check(const struct i2cpt_qemu_module *module,
                             const struct i2cpt_qemu *qemu, const char **why)
{
    struct version built = {0};
    const char *bad;
    int used;

    parse_version(&built, module->version, &used);
    if (built.micro == qemu->micro &&
        strcmp(module->package, qemu->package) == 0) {
        return MODULE_FITS;
    }
    bad = module->check_layout();
    *why =
        bad ? line("the module for QEMU %s (%s) does not fit this QEMU "
                   "%d.%d.%d (%s), %s: " ADVICE,
                   module->version, module->package, qemu->major, qemu->minor,
                   qemu->micro, qemu->package, bad)
            : line(
                  "warning: the module is for QEMU %s (%s), this is "
                  "%d.%d.%d (%s); their structs look alike, but better " ADVICE,
                  module->version, module->package, qemu->major, qemu->minor,
                  qemu->micro, qemu->package);
    return bad ? MODULE_UNFIT : MODULE_DOUBTFUL;
}
