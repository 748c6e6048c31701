/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The backends of this build, by name and by number. */
#include <errno.h>
#include <string.h>

#include "config.h"
#include "core/backend.h"
#include "core/key.h"
#include "core/options.h"
#include "ftdi/backend-ftdi.h"
#include "i2c-dev/backend-i2c-dev.h"
#include "registry.h"
#include "remote/backend-remote.h"
#include "replay/backend-trace.h"
#include "stub/backend-stub.h"

const struct i2cpt_ops *const i2cpt_backends[] = {
    &i2cpt_stub_ops,    &i2cpt_trace_ops,
#ifdef I2CPT_HAVE_I2C_DEV
    &i2cpt_i2c_dev_ops,
#endif
#ifdef I2CPT_HAVE_FTDI
    &i2cpt_ftdi_ops,
#endif
    &i2cpt_remote_ops,  NULL,
};

const struct i2cpt_ops *i2cpt_extra_backend;

const struct i2cpt_ops *i2cpt_find_backend(const char *name)
{
    size_t i;

    for (i = 0; i2cpt_backends[i]; i++) {
        if (!strcmp(i2cpt_backends[i]->name, name)) {
            return i2cpt_backends[i];
        }
    }
    if (i2cpt_extra_backend && !strcmp(i2cpt_extra_backend->name, name)) {
        return i2cpt_extra_backend;
    }
    return NULL;
}

static const struct i2cpt_ops *nth_backend(size_t index)
{
    size_t i;

    for (i = 0; i2cpt_backends[i]; i++) {
        if (i == index) {
            return i2cpt_backends[i];
        }
    }
    return NULL;
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
            i2cpt_key_info(&keys[i], out);
            return 0;
        }
    }
    return -ENOENT;
}

int i2cpt_list(i2cpt_found_fn found, void *user)
{
    size_t i;
    int ret;

    for (i = 0; i2cpt_backends[i]; i++) {
        if (!i2cpt_backends[i]->list) {
            continue;
        }
        ret = i2cpt_backends[i]->list(found, user);
        if (ret) {
            return ret;
        }
    }
    return 0;
}
