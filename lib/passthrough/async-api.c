/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The embedder's side of things that end later: a descriptor to poll, dispatch,
 * a bounded wait, and seeing everything through. */
#include <errno.h>
#include <glib.h>
#include <unistd.h>

#include "passthrough/passthrough.h"

/* Whether the calls of embedders that can wait are in place. */
static int check_async(const struct i2cpt_passthrough *pt)
{
    return !pt_async(pt) ? -EINVAL : pt_forked(pt) ? -EPERM : 0;
}

int i2cpt_passthrough_fd(struct i2cpt_passthrough *pt)
{
    int ret = check_async(pt);

    return ret ? ret : pt->poll_fd;
}

/* An answer that the timer's thread has left. */
static bool deliver_deferred(struct i2cpt_passthrough *pt)
{
    uint64_t count;
    bool deferred;

    pthread_mutex_lock(&pt->lock);
    deferred = pt->deferred;
    if (deferred && read(pt->event_fd, &count, sizeof(count)) < 0) {
        /* EAGAIN cannot be: it was signalled */
    }
    pt->deferred = false;
    i2cpt_pt_leave(pt, deferred);
    return deferred;
}

int i2cpt_passthrough_dispatch(struct i2cpt_passthrough *pt)
{
    int ret = check_async(pt);

    if (ret) {
        return ret;
    }
    /* complete() may free us, and then there is nothing left to dispatch */
    return deliver_deferred(pt) ? 1 : i2cpt_dispatch(pt->adapter);
}

/* One look at what is under way, waiting at most until then. */
static void wait_once(struct i2cpt_passthrough *pt, uint64_t left_us)
{
    struct i2cpt_request *request;
    uint64_t resume_ns;

    pthread_mutex_lock(&pt->lock);
    request = pt->request;
    resume_ns = pt->resume_ns;
    pthread_mutex_unlock(&pt->lock);
    if (request) {
        i2cpt_request_wait(request, (uint32_t)MIN(left_us, UINT32_MAX));
    } else if (resume_ns) {
        if (left_us) {
            pt->pause(pt->pause_user,
                      MIN(left_us * 1000, (uint64_t)PT_PAUSE_NS));
        }
        i2cpt_pt_timer_due(pt, false);
    }
}

int i2cpt_passthrough_wait(struct i2cpt_passthrough *pt, uint32_t timeout_us)
{
    uint64_t until_ns, now;
    int ret = check_async(pt);

    if (ret) {
        return ret;
    }
    now = i2cpt_now_ns();
    until_ns = now + timeout_us * 1000ull;
    for (;;) {
        if (deliver_deferred(pt) ||
            !atomic_load_explicit(&pt->pending, memory_order_acquire)) {
            return 0;
        }
        wait_once(pt, now < until_ns ? (until_ns - now) / 1000 : 0);
        i2cpt_pt_collect_stop(pt, 0); /* whoever waits may never dispatch */
        if (!atomic_load_explicit(&pt->pending, memory_order_acquire)) {
            return 0;
        }
        now = i2cpt_now_ns();
        if (now >= until_ns) {
            return -ETIMEDOUT;
        }
    }
}

/* ------------------------------------------------------------------- drain */

/* See everything that is under way to its end, bounded by its deadline. */
static void drain_requests(struct i2cpt_passthrough *pt)
{
    uint64_t until_ns = i2cpt_now_ns() + pt->timeout_ns, now;
    bool busy = true;

    while (busy) {
        deliver_deferred(pt);
        pthread_mutex_lock(&pt->lock);
        busy = pt->busy;
        pthread_mutex_unlock(&pt->lock);
        now = i2cpt_now_ns();
        if (now >= until_ns) {
            break;
        }
        if (busy) {
            wait_once(pt, (until_ns - now) / 1000 + 1);
        } else {
            i2cpt_pt_collect_stop(pt, (until_ns - now) / 1000 + 1);
        }
    }
    deliver_deferred(pt);
}

void i2cpt_passthrough_drain(struct i2cpt_passthrough *pt)
{
    if (pt_forked(pt)) {
        return;
    }
    if (pt_async(pt)) {
        drain_requests(pt);
    }
    pthread_mutex_lock(&pt->lock);
    if (!pt_async(pt)) {
        i2cpt_pt_settle(pt, i2cpt_now_ns() + pt->timeout_ns);
    }
    if (!pt->busy && pt->open && !pt->released) {
        pt->blocking = true;
        pt->goal = PT_GOAL_STOP;
        pt->deadline_ns = 0;
        i2cpt_pt_drive(pt, pt->mode->stop(pt));
        pt->blocking = false;
        pt->released = true;
        atomic_store_explicit(&pt->lane, PT_LANE_NONE, memory_order_relaxed);
    }
    i2cpt_pt_leave(pt, false);
    i2cpt_adapter_flush(pt->adapter);
}
