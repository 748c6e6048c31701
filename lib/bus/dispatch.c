/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Completed requests on their way back to who submitted them. */
#include <errno.h>
#include <glib.h>

#include "bus/bus.h"
#include "core/clock.h"

static void deliver(struct i2cpt_request *r)
{
    if (r->job) {
        job_copy_back(r->job, r->call);
    }
    if (r->done) {
        r->done(r, r->result, &r->fault, r->user);
    }
    g_free(r->job);
    g_free(r);
}

static struct i2cpt_request *first_complete_locked(struct i2cpt_adapter *a)
{
    struct i2cpt_request *r = a->complete ? a->requests : NULL;

    while (r && !r->complete) {
        r = r->next;
    }
    return r ? request_take_locked(a, r) : NULL;
}

int i2cpt_dispatch(struct i2cpt_adapter *a)
{
    struct i2cpt_bus *bus = a->bus;
    struct i2cpt_request *r;
    int count = 0;

    if (adapter_forked(a)) {
        return -EPERM;
    }
    i2cpt_adapter_ref(a);
    for (;;) {
        pthread_mutex_lock(&bus->lock);
        requests_expire_locked(a);
        r = first_complete_locked(a);
        pthread_mutex_unlock(&bus->lock);
        if (!r) {
            break;
        }
        deliver(r);
        count++;
    }
    i2cpt_adapter_unref(a);
    return count;
}

int i2cpt_request_wait(struct i2cpt_request *r, uint32_t timeout_us)
{
    struct i2cpt_adapter *a = r->adapter;
    struct i2cpt_bus *bus = a->bus;
    uint64_t until_ns = 0, now;
    bool complete;

    if (adapter_forked(a)) {
        return -EPERM;
    }
    pthread_mutex_lock(&bus->lock);
    while (!r->complete) {
        now = i2cpt_now_ns();
        if (!until_ns) {
            until_ns = now + (uint64_t)timeout_us * 1000u;
        }
        if (now >= request_expiry(r)) {
            request_end_locked(r, ETIMEDOUT);
        } else if (now >= until_ns) {
            break;
        } else {
            bus_wait_locked(bus, MIN(until_ns, request_expiry(r)));
        }
    }
    complete = r->complete;
    if (complete) {
        request_take_locked(a, r);
    }
    pthread_mutex_unlock(&bus->lock);
    if (!complete) {
        return -ETIMEDOUT;
    }
    i2cpt_adapter_ref(a);
    deliver(r);
    i2cpt_adapter_unref(a);
    return 0;
}
