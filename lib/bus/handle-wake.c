/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The descriptors that handles are polled by. */
#include <errno.h>

#include "bus/bus.h"
#include "core/wake.h"

static int make_wake_locked(struct i2cpt_adapter *a)
{
    a->wake = i2cpt_wake_new();
    if (!a->wake) {
        return -errno;
    }
    if (a->complete) {
        i2cpt_wake_signal(a->wake);
    }
    bus_requests_expire_locked(a);
    return 0;
}

static int get_wake(struct i2cpt_adapter *a)
{
    int ret;

    pthread_mutex_lock(&a->bus->lock);
    ret = a->wake ? 0 : make_wake_locked(a);
    pthread_mutex_unlock(&a->bus->lock);
    return ret;
}

int i2cpt_adapter_fd(struct i2cpt_adapter *a)
{
    int ret;

    if (!a) {
        return -EINVAL;
    }
    if (adapter_forked(a)) {
        return -EPERM;
    }
    ret = get_wake(a);
    return ret ? ret : i2cpt_wake_fd(a->wake);
}

int bus_adapter_look_at(struct i2cpt_adapter *a, struct i2cpt_wake *wake)
{
    int ret = get_wake(a);

    return ret ? ret : i2cpt_wake_look_at(wake, a->wake);
}
