/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What makes the machine go. Calls on the bus are made at once where the
 * embedder blocks, else submitted; everything that may end later (a request, a
 * pause, a guest gone quiet) comes in again here.
 */
#include <errno.h>
#include <glib.h>
#include <time.h>
#include <unistd.h>

#include "core/fault.h"
#include "passthrough/deadline-thread.h"
#include "passthrough/passthrough.h"

static bool blocks(const struct i2cpt_passthrough *pt)
{
    return pt->blocking || (!pt_async(pt) && pt->goal != PT_GOAL_NONE);
}

/* In the asynchronous form inside dispatch or wait; in the blocking one in a
 * wait of ours, with the lock held by this thread. */
static void call_done(struct i2cpt_request *request, int result,
                      const struct i2cpt_fault *fault, void *user)
{
    struct i2cpt_passthrough *pt = user;

    pthread_mutex_lock(&pt->lock);
    if (pt->request != request) {
        pthread_mutex_unlock(&pt->lock);
        return;
    }
    pt->request = NULL;
    pt->fault = *fault;
    if (!pt_async(pt)) {
        pt->harvested = true;
        pt->result = result;
        pthread_mutex_unlock(&pt->lock);
        return;
    }
    i2cpt_pt_go_on(pt, pt->mode->step(pt, result), false);
}

static int submit(struct i2cpt_passthrough *pt)
{
    int ret =
        i2cpt_call_submit(pt->adapter, &pt->call, call_done, pt, &pt->request);

    if (ret) {
        pt->request = NULL;
        i2cpt_fault_set(&pt->fault, -ret, I2CPT_PHASE_UNKNOWN, -1, -1);
    }
    return ret;
}

enum pt_next i2cpt_pt_drive(struct i2cpt_passthrough *pt, enum pt_next next)
{
    int ret;

    while (next != PT_DONE && next != PT_WAIT) {
        if (blocks(pt)) {
            if (next == PT_PAUSE) {
                pt->pause(pt->pause_user, PT_PAUSE_NS);
                ret = 0;
            } else {
                ret = i2cpt_call_run(pt->adapter, &pt->call, &pt->fault);
            }
        } else if (next == PT_PAUSE) {
            pt->resume_ns = pt_now(pt) + PT_PAUSE_NS;
            i2cpt_pt_arm(pt, pt->resume_ns);
            break;
        } else {
            ret = submit(pt);
            if (!ret) {
                break;
            }
        }
        next = pt->mode->step(pt, ret);
    }
    pt->busy = next != PT_DONE;
    return next;
}

/* ------------------------------------------------ when an event is answered */

static enum pt_lane lane_of(const struct i2cpt_passthrough *pt)
{
    if (pt->mode != &i2cpt_pt_message || !pt->open || pt->released) {
        return PT_LANE_NONE;
    }
    if (pt->message.guest == GUEST_WRITE && !pt->policy.readonly) {
        return PT_LANE_KEEP;
    }
    return pt->message.guest == GUEST_READ ? PT_LANE_GIVE : PT_LANE_NONE;
}

void i2cpt_pt_answered(struct i2cpt_passthrough *pt)
{
    if (pt->answer == I2CPT_NACK) {
        pt_count(pt, I2CPT_COUNT_NACKS, 1);
    } else if (pt->goal == PT_GOAL_WRITE) {
        pt_count(pt, I2CPT_COUNT_BYTES_WRITTEN, 1);
    } else if (pt->goal == PT_GOAL_READ) {
        pt_count(pt, I2CPT_COUNT_BYTES_READ, 1);
    }
    atomic_store_explicit(&pt->lane, lane_of(pt), memory_order_release);
    if (pt->on_wire && pt->policy.hold_timeout_ms) {
        pt->last_ns = pt_now(pt);
        i2cpt_pt_arm(pt,
                     pt->last_ns + pt->policy.hold_timeout_ms * PT_NS_PER_MS);
    }
}

void i2cpt_pt_arm(struct i2cpt_passthrough *pt, uint64_t when_ns)
{
    if (!pt->armed_ns || when_ns < pt->armed_ns) {
        pt->armed_ns = pt->arm_ns = when_ns;
    }
}

void i2cpt_pt_leave(struct i2cpt_passthrough *pt, bool complete)
{
    uint64_t arm_ns = pt->arm_ns;
    int answer = pt->answer;
    uint8_t byte = answer == I2CPT_ACK ? pt->byte : 0xff;

    pt->arm_ns = 0;
    if (complete) {
        atomic_store_explicit(&pt->pending, false, memory_order_release);
    }
    pthread_mutex_unlock(&pt->lock);
    if (arm_ns && pt->hooks.timer) {
        pt->hooks.timer(pt->hooks.user, arm_ns);
    } else if (arm_ns) {
        i2cpt_timer_set(pt->timer, arm_ns);
    }
    if (complete) {
        pt->hooks.complete(pt->hooks.user, answer, byte);
    }
}

static void signal_dispatch(struct i2cpt_passthrough *pt)
{
    uint64_t one = 1;

    pt->deferred = true;
    if (write(pt->event_fd, &one, sizeof(one)) < 0) {
        /* the counter is at its limit, so it is readable all the same */
    }
}

/* A posted write has ended; a START may have waited for that. */
static enum pt_next join(struct i2cpt_passthrough *pt)
{
    pt->joined = false;
    pt->goal = PT_GOAL_START;
    pt->deadline_ns = pt->join_ns;
    return i2cpt_pt_drive(pt, pt->mode->start(pt));
}

void i2cpt_pt_go_on(struct i2cpt_passthrough *pt, enum pt_next next,
                    bool deferred)
{
    next = i2cpt_pt_drive(pt, next);
    if (next == PT_DONE && pt->goal == PT_GOAL_NONE && pt->joined) {
        next = join(pt);
    }
    if (next != PT_DONE || pt->goal == PT_GOAL_NONE) {
        i2cpt_pt_leave(pt, false);
        return;
    }
    i2cpt_pt_answered(pt);
    if (pt->in_call) {
        pt->event_ended = true;
        i2cpt_pt_leave(pt, false);
    } else if (deferred) {
        signal_dispatch(pt);
        i2cpt_pt_leave(pt, false);
    } else {
        i2cpt_pt_leave(pt, true);
    }
}

int i2cpt_pt_pending(struct i2cpt_passthrough *pt)
{
    struct i2cpt_request *request;
    int answer = I2CPT_PENDING;
    bool ended;

    do {
        pthread_mutex_lock(&pt->lock);
        request = pt->request;
        ended = pt->event_ended || !pt->in_call;
        pthread_mutex_unlock(&pt->lock);
    } while (!ended && request && !i2cpt_request_wait(request, 0));

    pthread_mutex_lock(&pt->lock);
    pt->in_call = false;
    if (pt->event_ended) {
        pt->event_ended = false;
        answer = pt->answer;
        atomic_store_explicit(&pt->pending, false, memory_order_release);
    }
    i2cpt_pt_leave(pt, false);
    return answer;
}

/* --------------------------------------------------- things that end later */

/* Blocking form: take in a posted write's request that has ended. */
static bool harvest(struct i2cpt_passthrough *pt, uint32_t timeout_us)
{
    if (pt->request) {
        i2cpt_request_wait(pt->request, timeout_us);
    }
    if (!pt->harvested) {
        return false;
    }
    pt->harvested = false;
    i2cpt_pt_drive(pt, pt->mode->step(pt, pt->result));
    return true;
}

static void resume(struct i2cpt_passthrough *pt)
{
    pt->resume_ns = 0;
    i2cpt_pt_drive(pt, pt->mode->step(pt, 0));
}

bool i2cpt_pt_settle(struct i2cpt_passthrough *pt, uint64_t until_ns)
{
    uint64_t now;

    while (pt->busy) {
        now = i2cpt_now_ns();
        if (now >= until_ns) {
            return false;
        }
        if (pt->resume_ns) {
            pt->pause(pt->pause_user, PT_PAUSE_NS);
            resume(pt);
        } else if (!harvest(pt, (uint32_t)MIN((until_ns - now) / 1000 + 1,
                                              UINT32_MAX))) {
            return false;
        }
    }
    return true;
}

void i2cpt_pt_abandon(struct i2cpt_passthrough *pt)
{
    if (pt->request) {
        i2cpt_request_orphan(pt->request);
        pt->request = NULL;
        /* the bus sees a STOP through even if nobody asks for it */
        pt->on_wire &= pt->call.op != I2CPT_OP_STREAM_STOP;
    }
    pt->busy = pt->joined = pt->deferred = pt->harvested = false;
    pt->resume_ns = 0;
    pt->goal = PT_GOAL_NONE;
    atomic_store_explicit(&pt->pending, false, memory_order_release);
}

/* Like any completion, in the thread that calls dispatch or wait. */
static void stop_done(struct i2cpt_request *request, int result,
                      const struct i2cpt_fault *fault, void *user)
{
    struct i2cpt_passthrough *pt = user;

    pthread_mutex_lock(&pt->lock);
    pt->stop_request = NULL;
    pthread_mutex_unlock(&pt->lock);
}

/* Take in a STOP of ours that nobody has dispatched. */
void i2cpt_pt_collect_stop(struct i2cpt_passthrough *pt, uint64_t timeout_us)
{
    struct i2cpt_request *request;

    pthread_mutex_lock(&pt->lock);
    request = pt->stop_request;
    pthread_mutex_unlock(&pt->lock);
    if (request) {
        i2cpt_request_wait(request, (uint32_t)MIN(timeout_us, UINT32_MAX));
    }
}

void i2cpt_pt_forget_stop(struct i2cpt_passthrough *pt)
{
    if (pt->stop_request) {
        i2cpt_request_orphan(pt->stop_request);
        pt->stop_request = NULL;
    }
}

void i2cpt_pt_release_wire(struct i2cpt_passthrough *pt)
{
    struct i2cpt_fault fault;

    if (!pt->on_wire) {
        return;
    }
    pt->on_wire = false;
    pt->deadline_ns = 0;
    i2cpt_pt_stream_call(pt, I2CPT_OP_STREAM_STOP);
    if (!pt_async(pt) || pt->blocking) {
        i2cpt_call_run(pt->adapter, &pt->call, &fault);
        return;
    }
    pt->stop_call = pt->call;
    if (i2cpt_call_submit(pt->adapter, &pt->stop_call, stop_done, pt,
                          &pt->stop_request)) {
        pt->stop_request = NULL;
    }
}

/* A guest gone quiet in the middle must not hold a real bus. */
static void check_hold(struct i2cpt_passthrough *pt, uint64_t now)
{
    uint64_t until_ns = pt->last_ns + pt->policy.hold_timeout_ms * PT_NS_PER_MS;

    if (!pt->on_wire || !pt->open || !pt->policy.hold_timeout_ms) {
        return;
    }
    if (pt->busy || pt->stop_request) {
        i2cpt_pt_arm(pt, now + PT_PUMP_NS);
    } else if (now < until_ns) {
        i2cpt_pt_arm(pt, until_ns);
    } else {
        i2cpt_pt_release_wire(pt);
        pt->mode->reset(pt);
        pt->released = true;
        pt_count(pt, I2CPT_COUNT_HOLD_TIMEOUTS, 1);
    }
}

/* Blocking form: look after a posted write. */
static void pump(struct i2cpt_passthrough *pt, uint64_t now)
{
    if (!pt->busy) {
        return;
    }
    if (!pt->resume_ns) {
        harvest(pt, 0);
    } else if (now >= pt->resume_ns) {
        resume(pt);
    }
    if (pt->busy) {
        i2cpt_pt_arm(pt, pt->resume_ns ? pt->resume_ns : now + PT_PUMP_NS);
    }
}

void i2cpt_pt_timer_due(struct i2cpt_passthrough *pt, bool deferred)
{
    uint64_t now;

    pthread_mutex_lock(&pt->lock);
    pt->armed_ns = 0;
    now = pt_now(pt);
    check_hold(pt, now);
    if (!pt_async(pt)) {
        pump(pt, now);
    } else if (pt->busy && pt->resume_ns) {
        if (now >= pt->resume_ns) {
            pt->resume_ns = 0;
            i2cpt_pt_go_on(pt, pt->mode->step(pt, 0), deferred);
            return;
        }
        i2cpt_pt_arm(pt, pt->resume_ns);
    }
    i2cpt_pt_leave(pt, false);
}

void i2cpt_passthrough_timer(struct i2cpt_passthrough *pt)
{
    if (!pt_forked(pt)) {
        i2cpt_pt_timer_due(pt, true);
    }
}
