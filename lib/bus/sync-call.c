/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The synchronous call: in the caller's thread where it may, else queued. */
#include <errno.h>
#include <glib.h>

#include "bus/bus.h"
#include "core/check-msgs.h"
#include "core/clock.h"
#include "core/fault.h"

/* Backends whose calls cannot be cut short are left to the worker, unless the
 * user says otherwise. */
static bool may_run_here(struct i2cpt_bus *bus, const struct i2cpt_call *call)
{
    return (!(bus->ops->flags & I2CPT_OPS_OUTLIVES) || bus->info.host_bounds) &&
           bus_idle_for_locked(bus, call->owner);
}

/* An instant bus is never waited for, so its lock is simply kept; others are
 * marked busy, so that submitting to them does not block. */
static int run_here(struct i2cpt_bus *bus, struct i2cpt_call *call,
                    struct i2cpt_fault *fault)
{
    int ret = bus_begin_locked(bus, call, fault);

    if (ret) {
        return MIN(ret, 0);
    }
    if (bus->instant) {
        ret = bus_execute(bus, call, fault);
    } else {
        bus->busy = true;
        pthread_mutex_unlock(&bus->lock);
        ret = bus_execute(bus, call, fault);
        pthread_mutex_lock(&bus->lock);
        bus->busy = false;
        pthread_cond_broadcast(&bus->done);
    }
    bus_after_locked(bus, call, ret);
    return ret;
}

static int collect_locked(struct i2cpt_bus *bus, struct job *job,
                          struct i2cpt_call *call, struct i2cpt_fault *fault)
{
    int ret = job->result;

    if (job->state == JOB_FINISHED) {
        bus_job_copy_back(job, call);
        i2cpt_fault_copy(fault, &job->fault);
        g_free(job);
        return ret;
    }
    bus_abandon_locked(bus, job);
    return i2cpt_fault_set(fault, ETIMEDOUT, I2CPT_PHASE_UNKNOWN, -1, -1);
}

static int run_queued_locked(struct i2cpt_bus *bus, struct i2cpt_call *call,
                             uint64_t deadline_ns, struct i2cpt_fault *fault)
{
    struct job *job = bus_job_new(call, deadline_ns);
    int ret;

    if (!job) {
        return i2cpt_fault_set(fault, ENOMEM, I2CPT_PHASE_UNKNOWN, -1, -1);
    }
    ret = bus_enqueue_locked(bus, job);
    if (ret) {
        g_free(job);
        return i2cpt_fault_set(fault, -ret, I2CPT_PHASE_UNKNOWN, -1, -1);
    }
    while (job->state != JOB_FINISHED) {
        if (!bus_wait_locked(bus, bus_expiry(bus, job)) &&
            job->state != JOB_FINISHED &&
            i2cpt_now_ns() >= bus_expiry(bus, job)) {
            break;
        }
    }
    return collect_locked(bus, job, call, fault);
}

bool bus_call_run_at_once(struct i2cpt_adapter *a, struct i2cpt_call *call,
                          struct i2cpt_fault *fault, int *result)
{
    struct i2cpt_bus *bus = a->bus;
    uint64_t asked = call->deadline_ns;
    bool idle;

    if (!bus->instant || adapter_forked(a)) {
        return false;
    }
    pthread_mutex_lock(&bus->lock);
    idle = !bus->dead && bus_idle_for_locked(bus, call->owner);
    if (idle) {
        i2cpt_fault_clear(fault);
        call->client = a->client;
        call->deadline_ns = asked ? asked : UINT64_MAX;
        *result = run_here(bus, call, fault);
        call->deadline_ns = asked;
    }
    pthread_mutex_unlock(&bus->lock);
    if (idle && *result == -ENODEV) {
        bus_opened_forget_dead(bus);
    }
    return idle;
}

int bus_call_run(struct i2cpt_adapter *a, struct i2cpt_call *call,
                 struct i2cpt_fault *fault)
{
    struct i2cpt_fault local;
    struct i2cpt_bus *bus = a->bus;
    uint64_t deadline_ns = call->deadline_ns;
    bool was_dead;
    int ret;

    fault = fault ? fault : &local;
    i2cpt_fault_clear(fault);
    if (adapter_forked(a)) {
        return i2cpt_fault_set(fault, EPERM, I2CPT_PHASE_UNKNOWN, -1, -1);
    }
    if (!deadline_ns) {
        /* an instant backend does not look at it: spare the clock */
        deadline_ns = bus->instant ? UINT64_MAX : bus_deadline(bus, 0);
    }
    call->client = a->client;
    pthread_mutex_lock(&bus->lock);
    was_dead = bus->dead;
    ret = bus_check_locked(bus, call->op, fault);
    if (ret) {
        goto out;
    }
    if (may_run_here(bus, call)) {
        uint64_t asked = call->deadline_ns;

        call->deadline_ns = deadline_ns;
        ret = run_here(bus, call, fault);
        call->deadline_ns = asked;
    } else {
        if (deadline_ns == UINT64_MAX) {
            deadline_ns = bus_deadline(bus, 0);
        }
        ret = run_queued_locked(bus, call, deadline_ns, fault);
    }
out:
    pthread_mutex_unlock(&bus->lock);
    if (ret == -ENODEV && !was_dead) {
        bus_opened_forget_dead(bus);
    }
    return ret;
}

int i2cpt_transfer(struct i2cpt_adapter *a, struct i2cpt_msg *msgs, size_t n,
                   struct i2cpt_fault *fault)
{
    if (!a || !msgs) {
        return i2cpt_fault_null(fault, "a or msgs");
    }

    struct i2cpt_call call = {.op = I2CPT_OP_TRANSFER, .msgs = msgs, .n = n};
    int ret = i2cpt_check_msgs(msgs, n, fault);

    return ret ? ret : bus_call_run(a, &call, fault);
}
