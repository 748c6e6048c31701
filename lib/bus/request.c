/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests of the asynchronous form: submit, complete, deliver. */
#include <errno.h>
#include <glib.h>

#include "bus/bus.h"
#include "core/check-msgs.h"
#include "core/clock.h"
#include "core/wake.h"
#include "core/fault.h"

/* ------------------------------------------ the handle's list, descriptors */

static void link_locked(struct i2cpt_adapter *a, struct i2cpt_request *r)
{
    r->prev = a->last;
    r->next = NULL;
    *(a->last ? &a->last->next : &a->requests) = r;
    a->last = r;
}

static void unlink_locked(struct i2cpt_adapter *a, struct i2cpt_request *r)
{
    *(r->prev ? &r->prev->next : &a->requests) = r->next;
    *(r->next ? &r->next->prev : &a->last) = r->prev;
}

bool bus_request_is_ready(const struct i2cpt_request *r)
{
    return r->state == REQUEST_COMPLETE && !r->claimed && !r->internal;
}

static void count_ready_locked(struct i2cpt_request *r)
{
    if (!r->adapter->complete++) {
        i2cpt_wake_signal(r->adapter->wake);
    }
}

static void uncount_ready_locked(struct i2cpt_request *r)
{
    if (bus_request_is_ready(r) && !--r->adapter->complete) {
        i2cpt_wake_clear(r->adapter->wake);
    }
}

static void set_timer_locked(struct i2cpt_adapter *a, uint64_t when_ns)
{
    if (a->wake && a->timer_ns != when_ns) {
        a->timer_ns = when_ns;
        i2cpt_wake_at(a->wake, when_ns);
    }
}

static void request_complete_locked(struct i2cpt_request *r, int result,
                                    const struct i2cpt_fault *fault)
{
    r->state = REQUEST_COMPLETE;
    r->result = result;
    if (result < 0) {
        i2cpt_fault_copy(&r->fault, fault);
    } else {
        i2cpt_fault_clear(&r->fault);
    }
    if (bus_request_is_ready(r)) {
        count_ready_locked(r);
    } else if (r->internal) {
        i2cpt_wake_signal(r->signal);
    }
}

static void job_has_finished_locked(struct job *job)
{
    request_complete_locked(job->request, job->result, &job->fault);
}

/* Give a pending request up: its job goes on without it, or not at all. */
void bus_request_end_locked(struct i2cpt_request *r, int code)
{
    struct i2cpt_fault fault;

    bus_abandon_locked(r->adapter->bus, r->job);
    r->job = NULL;
    i2cpt_fault_set(&fault, code, I2CPT_PHASE_UNKNOWN, -1, -1);
    request_complete_locked(r, -code, &fault);
    pthread_cond_broadcast(&r->adapter->bus->done);
}

uint64_t bus_request_expiry(const struct i2cpt_request *r)
{
    return bus_expiry(r->adapter->bus, r->job);
}

/* Complete with ETIMEDOUT what has waited too long; set the timer to the next
 * expiry. */
void bus_requests_expire_locked(struct i2cpt_adapter *a)
{
    uint64_t now = UINT64_MAX, next = UINT64_MAX;
    struct i2cpt_request *r;

    for (r = a->requests; r; r = r->next) {
        if (r->state == REQUEST_COMPLETE) {
            continue;
        }
        if (now == UINT64_MAX) {
            now = i2cpt_now_ns();
        }
        if (now >= bus_request_expiry(r)) {
            bus_request_end_locked(r, ETIMEDOUT);
        } else {
            next = MIN(next, bus_request_expiry(r));
        }
    }
    set_timer_locked(a, next);
}

/* ------------------------------------------------------------------ submit */

static int queue_locked(struct i2cpt_request *r)
{
    struct i2cpt_bus *bus = r->adapter->bus;
    uint64_t deadline_ns = r->call->deadline_ns;
    int ret;

    if (!deadline_ns) {
        deadline_ns = bus_deadline(bus, 0);
    }
    r->job = bus_job_new(r->call, deadline_ns);
    if (!r->job) {
        return -ENOMEM;
    }
    r->job->request = r;
    r->job->complete_locked = job_has_finished_locked;
    ret = bus_enqueue_locked(bus, r->job);
    if (ret) {
        g_free(r->job);
    }
    return ret;
}

static void run_now_locked(struct i2cpt_request *r)
{
    struct i2cpt_bus *bus = r->adapter->bus;
    uint64_t asked = r->call->deadline_ns;
    int ret;

    i2cpt_fault_clear(&r->fault);
    r->call->deadline_ns = UINT64_MAX;
    ret = bus_begin_locked(bus, r->call, &r->fault);
    if (!ret) {
        ret = bus_execute(bus, r->call, &r->fault);
        bus_after_locked(bus, r->call, ret);
    }
    r->call->deadline_ns = asked;
    link_locked(r->adapter, r);
    r->signal = NULL; /* who submits looks */
    request_complete_locked(r, MIN(ret, 0), &r->fault);
}

static int start_locked(struct i2cpt_request *r)
{
    struct i2cpt_adapter *a = r->adapter;
    struct i2cpt_bus *bus = a->bus;
    int ret = bus_check_locked(bus, r->call->op, NULL);

    if (ret) {
        return ret;
    }
    if (bus->instant && bus_idle_for_locked(bus, r->call->owner)) {
        run_now_locked(r);
        return 0;
    }
    ret = queue_locked(r);
    if (ret) {
        return ret;
    }
    link_locked(a, r);
    if (bus_request_expiry(r) < a->timer_ns) {
        set_timer_locked(a, bus_request_expiry(r));
    }
    return 0;
}

/* Frees `r` where it fails. */
static int submit(struct i2cpt_adapter *a, struct i2cpt_request *r,
                  struct i2cpt_request **out)
{
    bool was_dead, dies;
    int ret;

    r->adapter = a;
    r->refs = r->kept ? 2 : 1;
    pthread_mutex_lock(&a->bus->lock);
    /* before anybody can complete it */
    if (out) {
        *out = r;
    }
    was_dead = a->bus->dead;
    ret = start_locked(r);
    dies = a->bus->dead && !was_dead;
    pthread_mutex_unlock(&a->bus->lock);
    if (dies) {
        bus_opened_forget_dead(a->bus);
    }
    if (ret) {
        if (out) {
            *out = NULL;
        }
        g_free(r);
    }
    return ret;
}

static struct i2cpt_request *request_new(void)
{
    struct i2cpt_request *r = g_new(struct i2cpt_request, 1);

    memset(r, 0, offsetof(struct i2cpt_request, fault)); /* the last, large */
    i2cpt_fault_clear(&r->fault);
    return r;
}

int bus_call_submit(struct i2cpt_adapter *a, struct i2cpt_call *call,
                    struct i2cpt_wake *signal, struct i2cpt_request **out)
{
    struct i2cpt_request *r;

    if (adapter_forked(a)) {
        return -EPERM;
    }
    r = request_new();
    call->client = a->client;
    r->call = call;
    r->internal = true;
    r->signal = signal;
    return submit(a, r, out);
}

int bus_request_submit(struct i2cpt_adapter *a, struct i2cpt_msg *msgs,
                       size_t n, uint32_t timeout_ms, i2cpt_done_fn done,
                       void *user, bool kept, struct i2cpt_request **out)
{
    struct i2cpt_request *r;
    int ret = a && done ? i2cpt_check_msgs(msgs, n, NULL) : -EINVAL;

    if (ret) {
        return ret;
    }
    if (adapter_forked(a)) {
        return -EPERM;
    }
    r = request_new();
    r->call = &r->transfer;
    r->transfer.op = I2CPT_OP_TRANSFER;
    r->transfer.msgs = msgs;
    r->transfer.n = n;
    r->transfer.client = a->client;
    r->transfer.deadline_ns = bus_deadline(a->bus, timeout_ms);
    r->done = done;
    r->user = user;
    r->kept = kept;
    return submit(a, r, out);
}

int i2cpt_submit(struct i2cpt_adapter *a, struct i2cpt_msg *msgs, size_t n,
                 uint32_t timeout_ms, i2cpt_done_fn done, void *user,
                 struct i2cpt_request **out)
{
    return bus_request_submit(a, msgs, n, timeout_ms, done, user, false, out);
}

/* -------------------------------------------------------------------- ends */

void bus_request_claim_locked(struct i2cpt_request *r)
{
    uncount_ready_locked(r);
    r->claimed = true;
}

void bus_request_unclaim_locked(struct i2cpt_request *r)
{
    r->claimed = false;
    if (bus_request_is_ready(r)) {
        count_ready_locked(r);
    }
}

void bus_request_take_locked(struct i2cpt_request *r)
{
    uncount_ready_locked(r);
    unlink_locked(r->adapter, r);
    r->state = REQUEST_DELIVERING;
    r->deliverer = pthread_self();
}

void bus_request_unref_locked(struct i2cpt_request *r)
{
    if (!--r->refs) {
        g_free(r->job);
        g_free(r);
    }
}

void bus_request_ended_locked(struct i2cpt_request *r)
{
    pthread_cond_broadcast(&r->adapter->bus->done);
    if (r->state == REQUEST_COMPLETE) {
        uncount_ready_locked(r);
        unlink_locked(r->adapter, r);
    } else if (r->state == REQUEST_PENDING) {
        unlink_locked(r->adapter, r);
        bus_abandon_locked(r->adapter->bus, r->job);
        r->job = NULL;
    }
    r->state = REQUEST_ENDED;
    bus_request_unref_locked(r);
}

bool bus_request_await_locked(struct i2cpt_request *r, uint64_t until_ns)
{
    struct i2cpt_bus *bus = r->adapter->bus;
    uint64_t now;

    while (r->state == REQUEST_PENDING || r->state == REQUEST_DELIVERING) {
        uint64_t expiry =
            r->state == REQUEST_PENDING ? bus_request_expiry(r) : UINT64_MAX;

        now = i2cpt_now_ns();
        if (now >= expiry) {
            bus_request_end_locked(r, ETIMEDOUT);
        } else if (now >= until_ns) {
            return false;
        } else {
            bus_wait_locked(bus, MIN(until_ns, expiry));
        }
    }
    return true;
}

int i2cpt_request_cancel(struct i2cpt_request *r)
{
    if (!r) {
        return -EINVAL;
    }

    struct i2cpt_bus *bus = r->adapter->bus;
    int ret = 0;

    if (adapter_forked(r->adapter)) {
        return -EPERM;
    }
    pthread_mutex_lock(&bus->lock);
    if (r->state != REQUEST_PENDING) {
        ret = -EALREADY;
    } else if (r->job->state == JOB_QUEUED) {
        bus_request_end_locked(r, ECANCELED);
    }
    pthread_mutex_unlock(&bus->lock);
    return ret;
}

void bus_requests_drop_locked(struct i2cpt_adapter *a)
{
    while (a->requests) {
        bus_request_ended_locked(a->requests);
    }
}

/* ------------------------------------------------------ of the library's own
 */

bool bus_request_harvest(struct i2cpt_request *r, int *result,
                         struct i2cpt_fault *fault)
{
    struct i2cpt_bus *bus = r->adapter->bus;
    bool ended;

    pthread_mutex_lock(&bus->lock);
    if (r->state == REQUEST_PENDING &&
        i2cpt_now_ns() >= bus_request_expiry(r)) {
        bus_request_end_locked(r, ETIMEDOUT);
    }
    ended = r->state == REQUEST_COMPLETE;
    if (ended) {
        if (r->job) {
            bus_job_copy_back(r->job, r->call);
        }
        *result = r->result;
        i2cpt_fault_copy(fault, &r->fault);
        bus_request_ended_locked(r);
    }
    pthread_mutex_unlock(&bus->lock);
    return ended;
}

void bus_request_orphan(struct i2cpt_request *r)
{
    struct i2cpt_bus *bus = r->adapter->bus;

    pthread_mutex_lock(&bus->lock);
    bus_request_ended_locked(r);
    pthread_mutex_unlock(&bus->lock);
}

void bus_request_hold(struct i2cpt_request *r)
{
    pthread_mutex_lock(&r->adapter->bus->lock);
    r->refs++;
    pthread_mutex_unlock(&r->adapter->bus->lock);
}

void bus_request_await(struct i2cpt_request *r, uint64_t until_ns)
{
    pthread_mutex_lock(&r->adapter->bus->lock);
    bus_request_await_locked(r, until_ns);
    pthread_mutex_unlock(&r->adapter->bus->lock);
}

void bus_request_release(struct i2cpt_request *r)
{
    struct i2cpt_bus *bus = r->adapter->bus;

    pthread_mutex_lock(&bus->lock);
    bus_request_unref_locked(r);
    pthread_mutex_unlock(&bus->lock);
}
