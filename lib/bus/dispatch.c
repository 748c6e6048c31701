/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Completed requests on their way back to who submitted them. */
#include <errno.h>

#include "bus/adapter-lines.h"
#include "bus/bus.h"
#include "core/clock.h"

/* One that was taken. The caller has a reference of the handle. */
static void deliver(struct i2cpt_request *r)
{
    struct i2cpt_bus *bus = r->adapter->bus;

    if (r->job) {
        bus_job_copy_back(r->job, r->call);
    }
    if (r->done) {
        r->done(r, r->result, &r->fault, r->user);
    }
    pthread_mutex_lock(&bus->lock);
    bus_request_ended_locked(r);
    pthread_mutex_unlock(&bus->lock);
}

static struct i2cpt_request *take_ready_locked(struct i2cpt_adapter *a)
{
    struct i2cpt_request *r = a->complete ? a->requests : NULL;

    while (r && !bus_request_is_ready(r)) {
        r = r->next;
    }
    if (r) {
        bus_request_take_locked(r);
    }
    return r;
}

int i2cpt_dispatch(struct i2cpt_adapter *a)
{
    if (!a) {
        return -EINVAL;
    }

    struct i2cpt_bus *bus = a->bus;
    struct i2cpt_request *r;
    int count = 0;

    if (adapter_forked(a)) {
        return -EPERM;
    }
    i2cpt_adapter_ref(a);
    for (;;) {
        pthread_mutex_lock(&bus->lock);
        bus_requests_expire_locked(a);
        r = take_ready_locked(a);
        pthread_mutex_unlock(&bus->lock);
        if (!r) {
            break;
        }
        deliver(r);
        count++;
    }
    count += bus_lines_dispatch(a);
    i2cpt_adapter_unref(a);
    return count;
}

/* Whether a wait may go on: 0, or why not. */
static int claim_locked(struct i2cpt_request *r)
{
    if (r->state == REQUEST_DELIVERING) {
        return pthread_equal(r->deliverer, pthread_self()) ? -EDEADLK : 0;
    }
    if (r->claimed) {
        return -EBUSY;
    }
    if (r->state != REQUEST_ENDED) {
        bus_request_claim_locked(r);
    }
    return 0;
}

/* 1 where this thread has to deliver it. */
static int wait_locked(struct i2cpt_request *r, uint32_t timeout_us)
{
    /* without a time, one that is complete does not need the clock */
    uint64_t until_ns =
        timeout_us ? i2cpt_now_ns() + (uint64_t)timeout_us * 1000u : 0;
    int ret = claim_locked(r);

    if (ret) {
        return ret;
    }
    if (!bus_request_await_locked(r, until_ns)) {
        if (r->state == REQUEST_PENDING) {
            bus_request_unclaim_locked(r);
        }
        return -ETIMEDOUT;
    }
    if (r->state == REQUEST_COMPLETE) {
        bus_request_take_locked(r);
        r->claimed = false;
        return 1;
    }
    return 0;
}

int i2cpt_request_wait(struct i2cpt_request *r, uint32_t timeout_us)
{
    if (!r) {
        return -EINVAL;
    }

    struct i2cpt_adapter *a = r->adapter;
    struct i2cpt_bus *bus = a->bus;
    int ret;

    if (adapter_forked(a)) {
        return -EPERM;
    }
    i2cpt_adapter_ref(a);
    pthread_mutex_lock(&bus->lock);
    r->refs++;
    ret = wait_locked(r, timeout_us);
    bus_request_unref_locked(r);
    pthread_mutex_unlock(&bus->lock);
    if (ret == 1) {
        deliver(r);
        ret = 0;
    }
    i2cpt_adapter_unref(a);
    return ret;
}
