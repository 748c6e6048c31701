/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The backends of this build, by name and by number. */
#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "config.h"
#include "core/backend.h"
#include "core/fault.h"
#include "core/key.h"
#include "core/options.h"
#include "foreign/foreign.h"
#include "ftdi/backend-ftdi.h"
#include "i2c-dev/backend-i2c-dev.h"
#include "registry.h"
#include "remote/backend-remote.h"
#include "replay/backend-trace.h"
#include "stub/backend-stub.h"

static const struct i2cpt_ops *const own[] = {
    &stub_ops,   &replay_ops,
#ifdef I2CPT_HAVE_I2C_DEV
    &i2cdev_ops,
#endif
#ifdef I2CPT_HAVE_FTDI
    &mpsse_ops,
#endif
    &remote_ops, NULL,
};

const struct i2cpt_ops *i2cpt_extra_backend;

/* Those that others have registered, oldest first: it grows at its end, and is
 * read without the lock. */
struct registered {
    struct foreign *foreign;
    _Atomic(struct registered *) next;
};

static pthread_mutex_t register_lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic(struct registered *) registered;

static const struct i2cpt_ops *nth_backend(size_t index)
{
    const struct registered *r;
    size_t i;

    for (i = 0; own[i]; i++) {
        if (i == index) {
            return own[i];
        }
    }
    for (r = atomic_load(&registered); r; r = atomic_load(&r->next), i++) {
        if (i == index) {
            return &r->foreign->inner;
        }
    }
    return NULL;
}

const struct i2cpt_ops *i2cpt_find_backend(const char *name)
{
    const struct i2cpt_ops *ops;
    size_t i;

    for (i = 0; (ops = nth_backend(i)); i++) {
        if (!strcmp(ops->name, name)) {
            return ops;
        }
    }
    if (i2cpt_extra_backend && !strcmp(i2cpt_extra_backend->name, name)) {
        return i2cpt_extra_backend;
    }
    return NULL;
}

static void append(struct foreign *f)
{
    struct registered *r = g_new0(struct registered, 1);
    _Atomic(struct registered *) *at = &registered;

    r->foreign = f;
    while (atomic_load(at)) {
        at = &atomic_load(at)->next;
    }
    atomic_store(at, r);
}

int i2cpt_backend_register(const struct i2cpt_backend_ops *ops, void *user,
                           struct i2cpt_fault *fault)
{
    if (!ops) {
        return i2cpt_fault_null(fault, "ops");
    }

    struct foreign *f;
    int ret;

    i2cpt_fault_clear(fault);
    ret = foreign_new(ops, user, &f, fault);
    if (ret) {
        return ret;
    }
    pthread_mutex_lock(&register_lock);
    if (i2cpt_find_backend(f->name)) {
        ret = i2cpt_fault_text(
            fault, EEXIST, "back end %s: there is one of that name", f->name);
    } else {
        append(f);
    }
    pthread_mutex_unlock(&register_lock);
    if (ret) {
        foreign_unref(f);
    }
    return ret;
}

const char *i2cpt_backend_name(size_t index)
{
    const struct i2cpt_ops *ops = nth_backend(index);

    return ops ? ops->name : NULL;
}

const char *i2cpt_backend_help(size_t index)
{
    const struct i2cpt_ops *ops = nth_backend(index);

    return ops ? ops->help : NULL;
}

int i2cpt_backend_key(const char *backend, size_t index,
                      struct i2cpt_key_info *out)
{
    const struct i2cpt_key *keys = i2cpt_common_keys;
    const struct i2cpt_ops *ops;
    size_t i;

    if (backend) {
        ops = i2cpt_find_backend(backend);
        if (!ops) {
            return -ENOENT;
        }
        keys = ops->keys;
    }
    for (i = 0; keys && keys[i].name; i++) {
        if (i == index) {
            return i2cpt_key_info(&keys[i], out);
        }
    }
    return -ENOENT;
}

int i2cpt_list(i2cpt_found_fn found, void *user)
{
    if (!found) {
        return -EINVAL;
    }

    const struct i2cpt_ops *ops;
    size_t i;
    int ret;

    for (i = 0; (ops = nth_backend(i)); i++) {
        ret = ops->list ? ops->list(ops, found, user) : 0;
        if (ret) {
            return ret;
        }
    }
    return 0;
}
