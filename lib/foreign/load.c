/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Foreign back ends out of shared objects, by their paths. */
#include <dlfcn.h>
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "core/fault.h"
#include "foreign/foreign.h"

typedef int (*module_fn)(struct i2cpt_fault *fault);

static GRecMutex lock;    /* a module may load what it stands on */
static GPtrArray *loaded; /* handles; for good, as what they registered */

static int module_said(const char *path, int ret, struct i2cpt_fault *theirs,
                       struct i2cpt_fault *fault)
{
    const char *name = i2cpt_error_name(ret);
    char text[sizeof(theirs->text)];

    if (ret > 0 || (!name && ret < -FOREIGN_ERRNO_MAX)) {
        return i2cpt_fault_text(fault, EPROTO,
                                "%.4096s: i2cpt_backend_module() returned %d; "
                                "accepted is 0 or a negative error code",
                                path, ret);
    }
    if (!theirs->text[0]) {
        return i2cpt_fault_text(
            fault, -ret, "%.4096s: i2cpt_backend_module() returned %d (%s)",
            path, ret, name ? name : g_strerror(-ret));
    }
    theirs->code = -ret;
    i2cpt_fault_describe(theirs, text, sizeof(text));
    return i2cpt_fault_text(fault, -ret, "%.4096s: %s", path, text);
}

static int run_locked(const char *path, void *handle, struct i2cpt_fault *fault)
{
    struct i2cpt_fault theirs;
    module_fn module;
    int ret;

    *(void **)&module = dlsym(handle, "i2cpt_backend_module");
    if (!module) {
        dlclose(handle);
        return i2cpt_fault_text(
            fault, EINVAL, "%.150s: it has no i2cpt_backend_module()", path);
    }
    if (!loaded) {
        loaded = g_ptr_array_new();
    }
    g_ptr_array_add(loaded, handle);
    i2cpt_fault_clear(&theirs);
    ret = module(&theirs);
    if (ret == 0) {
        return 0;
    }
    /* It stays, for what it may have registered; the next load() tries again.
     */
    g_ptr_array_remove(loaded, handle);
    return module_said(path, ret, &theirs, fault);
}

static bool is_loaded_locked(const void *handle)
{
    guint i;

    for (i = 0; loaded && i < loaded->len; i++) {
        if (g_ptr_array_index(loaded, i) == handle) {
            return true;
        }
    }
    return false;
}

static int load_locked(const char *path, struct i2cpt_fault *fault)
{
    void *handle;

    if (!strchr(path, '/')) {
        return i2cpt_fault_text(fault, EINVAL,
                                "back end '%.4096s': accepted is a path with a "
                                "'/', as ./%.4096s",
                                path, path);
    }
    handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        return i2cpt_fault_text(fault, EINVAL, "back end %.200s", dlerror());
    }
    if (is_loaded_locked(handle)) {
        dlclose(handle); /* one count less, it stays */
        return 0;
    }
    return run_locked(path, handle, fault);
}

int i2cpt_backend_load(const char *paths, struct i2cpt_fault *fault)
{
    g_auto(GStrv) parts = g_strsplit(paths ? paths : "", ":", 0);
    size_t i;
    int ret = 0;

    i2cpt_fault_clear(fault);
    g_rec_mutex_lock(&lock);
    for (i = 0; !ret && parts[i]; i++) {
        ret = load_locked(parts[i], fault);
    }
    g_rec_mutex_unlock(&lock);
    return ret;
}
