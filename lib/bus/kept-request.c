/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests whose handle stays, whoever dispatches: i2cpt_submit_kept(). */
#include <glib.h>

#include "bus/bus.h"

int i2cpt_submit_kept(struct i2cpt_adapter *a, struct i2cpt_msg *msgs, size_t n,
                      uint32_t timeout_ms, i2cpt_done_fn done, void *user,
                      struct i2cpt_request **out)
{
    int ret;

    if (!out) {
        return -EINVAL;
    }
    *out = NULL;
    i2cpt_adapter_ref(a);
    ret = bus_request_submit(a, msgs, n, timeout_ms, done, user, true, out);
    if (ret) {
        i2cpt_adapter_unref(a);
    }
    return ret;
}

void i2cpt_request_free(struct i2cpt_request *r)
{
    struct i2cpt_adapter *a = r ? r->adapter : NULL;

    if (!r) {
        return;
    }
    if (adapter_forked(a)) {
        g_free(r);
    } else {
        pthread_mutex_lock(&a->bus->lock);
        bus_request_unref_locked(r);
        pthread_mutex_unlock(&a->bus->lock);
    }
    i2cpt_adapter_unref(a);
}
