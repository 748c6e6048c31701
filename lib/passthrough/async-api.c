/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The embedder's side of things that end later: a descriptor to poll, dispatch,
 * a bounded wait, and seeing everything through. */
#include <errno.h>
#include <glib.h>

#include "core/wake.h"
#include "passthrough/passthrough.h"

/* Whether the calls of embedders that can wait are in place. */
static int check_async(const struct i2cpt_passthrough *pt)
{
    return !pt || !pt_async(pt) ? -EINVAL : pt_forked(pt) ? -EPERM : 0;
}

int i2cpt_passthrough_fd(struct i2cpt_passthrough *pt)
{
    int ret = check_async(pt);

    return ret ? ret : i2cpt_wake_fd(pt->wake);
}

int i2cpt_passthrough_dispatch(struct i2cpt_passthrough *pt)
{
    int ret = check_async(pt);

    if (ret) {
        return ret;
    }
    pt_visit(pt);
    ret = i2cpt_dispatch(pt->adapter);
    ret += pt_look(pt);
    pt_part(pt);
    return ret;
}

static void sleep_until_signal(struct i2cpt_passthrough *pt, uint64_t left_ns)
{
    /* another thread has the answer in its hands: there may be no signal */
    i2cpt_wake_wait(pt->wake, left_ns ? 1 : 0);
}

/* Let what is under way go on, until then at most. */
static void wait_once(struct i2cpt_passthrough *pt, uint64_t until_ns)
{
    uint64_t now = i2cpt_now_ns(),
             left_ns = now < until_ns ? until_ns - now : 0;
    struct i2cpt_request *request;
    uint64_t resume_ns;

    pthread_mutex_lock(&pt->lock);
    request = pt->calling ? NULL : pt->request;
    if (request) {
        bus_request_hold(request);
    }
    resume_ns = pt->resume_ns;
    pthread_mutex_unlock(&pt->lock);
    if (request) {
        bus_request_await(request, until_ns);
        bus_request_release(request);
    } else if (resume_ns) {
        if (left_ns) {
            pt->pause(pt->pause_user, MIN(left_ns, (uint64_t)PT_PAUSE_NS));
        }
        pt_timer_due(pt, false);
    } else {
        sleep_until_signal(pt, left_ns);
    }
}

static bool is_pending(const struct i2cpt_passthrough *pt)
{
    return atomic_load_explicit(&pt->pending, memory_order_acquire);
}

int i2cpt_passthrough_wait(struct i2cpt_passthrough *pt, uint32_t timeout_us)
{
    uint64_t until_ns;
    int ret = check_async(pt);

    if (ret) {
        return ret;
    }
    until_ns = i2cpt_now_ns() + timeout_us * 1000ull;
    pt_visit(pt);
    for (;;) {
        pt_look(pt);
        if (!is_pending(pt)) {
            break;
        }
        if (i2cpt_now_ns() >= until_ns) {
            ret = -ETIMEDOUT;
            break;
        }
        wait_once(pt, until_ns);
    }
    pt_part(pt);
    return ret;
}

/* ------------------------------------------------------------------- drain */

static struct i2cpt_request *hold_stop(struct i2cpt_passthrough *pt)
{
    struct i2cpt_request *request;

    pthread_mutex_lock(&pt->lock);
    request = pt->stop_request;
    if (request) {
        bus_request_hold(request);
    }
    pthread_mutex_unlock(&pt->lock);
    return request;
}

/* See everything that is under way to its end, bounded by its deadline. */
static void drain_requests(struct i2cpt_passthrough *pt)
{
    uint64_t until_ns = i2cpt_now_ns() + pt->timeout_ns;
    struct i2cpt_request *stop;
    bool busy;

    do {
        pt_look(pt);
        pthread_mutex_lock(&pt->lock);
        busy = pt->busy;
        pthread_mutex_unlock(&pt->lock);
        if (busy && i2cpt_now_ns() < until_ns) {
            wait_once(pt, until_ns);
        }
    } while (busy && i2cpt_now_ns() < until_ns);
    stop = hold_stop(pt);
    if (stop) {
        bus_request_await(stop, until_ns);
        bus_request_release(stop);
    }
    pt_look(pt);
}

/* What has not ended by its deadline is refused. */
static void refuse_pending(struct i2cpt_passthrough *pt)
{
    pt_lock(pt);
    if (!is_pending(pt)) {
        pthread_mutex_unlock(&pt->lock);
        return;
    }
    pt_abandon(pt);
    pt_count(pt, I2CPT_COUNT_TIMEOUTS, 1);
    pt_count(pt, I2CPT_COUNT_NACKS, 1);
    pt->answer = I2CPT_NACK;
    pt_leave(pt, true);
}

void i2cpt_passthrough_drain(struct i2cpt_passthrough *pt)
{
    if (!pt) {
        return;
    }
    if (pt_forked(pt)) {
        return;
    }
    if (pt_async(pt)) {
        drain_requests(pt);
        refuse_pending(pt);
    }
    pt_lock(pt);
    if (!pt_async(pt)) {
        pt_settle(pt, i2cpt_now_ns() + pt->timeout_ns);
    }
    if (!pt->busy && pt->open && !pt->released) {
        pt_close_lane(pt);
        pt->blocking = true;
        pt->goal = PT_GOAL_STOP;
        pt->deadline_ns = 0;
        pt_drive(pt, pt->mode->stop(pt));
        pt->blocking = false;
        pt->released = true;
    }
    pt_leave(pt, false);
    bus_adapter_flush(pt->adapter);
}
