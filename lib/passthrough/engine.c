/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What makes the machine go. Calls on the bus are made at once where the
 * embedder blocks, else submitted; everything that may end later (a request, a
 * pause, a guest gone quiet) comes in again here.
 */
#include <errno.h>
#include <glib.h>
#include <sched.h>
#include <time.h>

#include "core/deadline-thread.h"
#include "core/fault.h"
#include "core/wake.h"
#include "passthrough/passthrough.h"

static bool blocks(const struct i2cpt_passthrough *pt)
{
    return pt->blocking || (!pt_async(pt) && pt->goal != PT_GOAL_NONE);
}

void pt_lock(struct i2cpt_passthrough *pt)
{
    uint64_t now = pt_clock(pt);

    pthread_mutex_lock(&pt->lock);
    while (pt->calling) {
        pt->waiting++;
        pthread_cond_wait(&pt->idle, &pt->lock);
        pt->waiting--;
        if (!pt->calling) { /* the time is another now */
            pthread_mutex_unlock(&pt->lock);
            now = pt_clock(pt);
            pthread_mutex_lock(&pt->lock);
        }
    }
    pt->now_ns = now;
}

/* Around what waits: the lock is given up. */
static void begin_calling(struct i2cpt_passthrough *pt)
{
    pt->calling = true;
    pthread_mutex_unlock(&pt->lock);
}

/* Likewise, for an event of the guest's: the embedder's lock is too. */
static bool begin_blocking(struct i2cpt_passthrough *pt)
{
    bool tell = pt->hooks.blocks && !pt->instant && !pt->blocking;

    begin_calling(pt);
    if (tell) {
        pt->hooks.blocks(pt->hooks.user, 1);
    }
    return tell;
}

static void end_blocking(struct i2cpt_passthrough *pt, bool told)
{
    if (told) {
        pt->hooks.blocks(pt->hooks.user, 0);
    }
}

static void end_calling(struct i2cpt_passthrough *pt, uint64_t now_ns)
{
    pthread_mutex_lock(&pt->lock);
    pt->now_ns = now_ns;
    pt->calling = false;
    if (pt->waiting) {
        pthread_cond_broadcast(&pt->idle);
    }
}

static int call_here(struct i2cpt_passthrough *pt)
{
    uint64_t now_ns = pt->now_ns;
    bool told;
    int ret;

    /* what does not wait need not give up the lock */
    if (bus_call_run_at_once(pt->adapter, &pt->call, &pt->fault, &ret)) {
        return ret;
    }
    told = begin_blocking(pt);
    ret = bus_call_run(pt->adapter, &pt->call, &pt->fault);
    end_blocking(pt, told);
    end_calling(pt, pt->instant ? now_ns : pt_clock(pt));
    return ret;
}

static void pause_here(struct i2cpt_passthrough *pt)
{
    bool told = begin_blocking(pt);

    pt->pause(pt->pause_user, PT_PAUSE_NS);
    end_blocking(pt, told);
    end_calling(pt, pt_clock(pt));
}

/* A STOP of ours, which no event waits for. */
static void stop_here(struct i2cpt_passthrough *pt)
{
    begin_calling(pt);
    bus_call_run(pt->adapter, &pt->call, &pt->fault);
    end_calling(pt, pt_clock(pt));
}

static int submit(struct i2cpt_passthrough *pt)
{
    int ret = bus_call_submit(pt->adapter, &pt->call, pt->wake, &pt->request);

    if (ret) {
        pt->request = NULL;
        i2cpt_fault_set(&pt->fault, -ret, I2CPT_PHASE_UNKNOWN, -1, -1);
    }
    return ret;
}

/* The call under way, where it has ended. */
static bool harvest(struct i2cpt_passthrough *pt, int *result)
{
    bool ended =
        pt->request && bus_request_harvest(pt->request, result, &pt->fault);

    if (ended) {
        pt->request = NULL;
    }
    return ended;
}

enum pt_next pt_drive(struct i2cpt_passthrough *pt, enum pt_next next)
{
    int ret;

    while (next != PT_DONE && next != PT_WAIT) {
        pt->busy = true;
        if (blocks(pt)) {
            if (next == PT_PAUSE) {
                pause_here(pt);
                ret = 0;
            } else {
                ret = call_here(pt);
            }
        } else if (next == PT_PAUSE) {
            pt->resume_ns = pt_now(pt) + PT_PAUSE_NS;
            pt_arm(pt, pt->resume_ns);
            break;
        } else {
            ret = submit(pt);
            /* what has no wire has answered already */
            if (!ret && !(pt->instant && harvest(pt, &ret))) {
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
    if (pt->mode != &pt_message || !pt->open || pt->released) {
        return PT_LANE_NONE;
    }
    if (pt->message.guest == GUEST_WRITE && !pt->policy.readonly) {
        return PT_LANE_KEEP;
    }
    return pt->message.guest == GUEST_READ ? PT_LANE_GIVE : PT_LANE_NONE;
}

/* Who resets or drains may do so beside an event's byte, which takes moments.
 */
void pt_close_lane(struct i2cpt_passthrough *pt)
{
    int lane = atomic_load_explicit(&pt->lane, memory_order_relaxed);

    while (lane != PT_LANE_NONE) {
        if (lane == PT_LANE_USED) {
            sched_yield();
            lane = atomic_load_explicit(&pt->lane, memory_order_relaxed);
        } else if (atomic_compare_exchange_weak_explicit(
                       &pt->lane, &lane, PT_LANE_NONE, memory_order_acquire,
                       memory_order_relaxed)) {
            return;
        }
    }
}

static void count_wait(struct i2cpt_passthrough *pt)
{
    _Atomic uint64_t *longest = &pt->counters[I2CPT_COUNT_LONGEST_WAIT_US];
    /* who answers may have looked at the clock before the event came */
    uint64_t now = MAX(pt_now(pt), pt->event_ns);
    uint64_t us = (now - pt->event_ns) / 1000;

    if (us > atomic_load_explicit(longest, memory_order_relaxed)) {
        atomic_store_explicit(longest, us, memory_order_relaxed);
    }
}

void pt_answered(struct i2cpt_passthrough *pt)
{
    if (pt->answer == I2CPT_NACK) {
        pt_count(pt, I2CPT_COUNT_NACKS, 1);
    } else if (pt->goal == PT_GOAL_WRITE) {
        pt_count(pt, I2CPT_COUNT_BYTES_WRITTEN, 1);
    } else if (pt->goal == PT_GOAL_READ) {
        pt_count(pt, I2CPT_COUNT_BYTES_READ, 1);
    }
    if (!pt->instant) {
        count_wait(pt);
    }
    atomic_store_explicit(&pt->lane, lane_of(pt), memory_order_release);
    if (pt->on_wire && pt->policy.hold_timeout_ms) {
        pt->last_ns = pt_now(pt);
        pt_arm(pt, pt->last_ns + pt->policy.hold_timeout_ms * PT_NS_PER_MS);
    }
}

void pt_arm(struct i2cpt_passthrough *pt, uint64_t when_ns)
{
    if (!pt->armed_ns || when_ns < pt->armed_ns) {
        pt->armed_ns = pt->arm_ns = when_ns;
    }
}

/* Another thread may arm it for a nearer time while this one calls the hook;
 * whoever comes last has to be the one with the nearest. */
static void set_timer(struct i2cpt_passthrough *pt, uint64_t when_ns)
{
    uint64_t nearest;

    for (;;) {
        if (pt->hooks.timer) {
            pt->hooks.timer(pt->hooks.user, when_ns);
        } else {
            i2cpt_timer_set(pt->timer, when_ns);
        }
        pthread_mutex_lock(&pt->lock);
        nearest = pt->armed_ns;
        pthread_mutex_unlock(&pt->lock);
        if (!nearest || nearest >= when_ns) {
            break;
        }
        when_ns = nearest;
    }
}

void pt_leave(struct i2cpt_passthrough *pt, bool complete)
{
    uint64_t arm_ns = pt->arm_ns;
    int answer = pt->answer;
    uint8_t byte = answer == I2CPT_ACK ? pt->byte : 0xff;

    pt->arm_ns = 0;
    if (complete) {
        atomic_store_explicit(&pt->pending, false, memory_order_release);
    }
    pthread_mutex_unlock(&pt->lock);
    if (arm_ns) {
        set_timer(pt, arm_ns);
    }
    if (complete) {
        pt->hooks.complete(pt->hooks.user, answer, byte);
    }
}

static void signal_dispatch(struct i2cpt_passthrough *pt)
{
    pt->deferred = true;
    i2cpt_wake_signal(pt->wake);
}

/* A posted write has ended; a START may have waited for that. */
static enum pt_next join(struct i2cpt_passthrough *pt)
{
    pt->joined = false;
    pt->goal = PT_GOAL_START;
    pt->deadline_ns = pt->join_ns;
    return pt_drive(pt, pt->mode->start(pt));
}

void pt_go_on(struct i2cpt_passthrough *pt, enum pt_next next, bool deferred)
{
    next = pt_drive(pt, next);
    if (next == PT_DONE && pt->goal == PT_GOAL_NONE && pt->joined) {
        next = join(pt);
    }
    if (next != PT_DONE || pt->goal == PT_GOAL_NONE) {
        pt_leave(pt, false);
        return;
    }
    pt_answered(pt);
    if (deferred) {
        signal_dispatch(pt);
        pt_leave(pt, false);
    } else {
        pt_leave(pt, true);
    }
}

/* --------------------------------------------------- things that end later */

void pt_visit(struct i2cpt_passthrough *pt)
{
    pthread_mutex_lock(&pt->lock);
    pt->visitors++;
    pthread_mutex_unlock(&pt->lock);
}

void pt_part(struct i2cpt_passthrough *pt)
{
    pthread_mutex_lock(&pt->lock);
    if (!--pt->visitors) {
        pthread_cond_broadcast(&pt->idle);
    }
    pthread_mutex_unlock(&pt->lock);
}

/* A STOP of ours, where it has ended. */
static void collect_stop(struct i2cpt_passthrough *pt)
{
    struct i2cpt_fault fault;
    int result;

    if (pt->stop_request &&
        bus_request_harvest(pt->stop_request, &result, &fault)) {
        pt->stop_request = NULL;
    }
}

/* It may have ended after the last look at the clock. */
static bool harvest_now(struct i2cpt_passthrough *pt, int *result)
{
    if (!harvest(pt, result)) {
        return false;
    }
    begin_calling(pt);
    end_calling(pt, pt_clock(pt));
    return true;
}

bool pt_look(struct i2cpt_passthrough *pt)
{
    uint64_t now = pt_clock(pt);
    bool deferred;
    int result;

    pthread_mutex_lock(&pt->lock);
    if (pt->calling) { /* somebody drains */
        pthread_mutex_unlock(&pt->lock);
        return false;
    }
    pt->now_ns = now;
    /* of an answer that was left, or of a request that has ended */
    i2cpt_wake_clear(pt->wake);
    collect_stop(pt);
    deferred = pt->deferred;
    pt->deferred = false;
    if (!deferred && harvest_now(pt, &result)) {
        pt_go_on(pt, pt->mode->step(pt, result), false);
        return true;
    }
    pt_leave(pt, deferred);
    return deferred;
}

/* Blocking form: take in a posted write's request that has ended. */
static bool take_in(struct i2cpt_passthrough *pt)
{
    int result;

    if (!harvest_now(pt, &result)) {
        return false;
    }
    pt_drive(pt, pt->mode->step(pt, result));
    return true;
}

static void resume(struct i2cpt_passthrough *pt)
{
    pt->resume_ns = 0;
    pt_drive(pt, pt->mode->step(pt, 0));
}

static void await_here(struct i2cpt_passthrough *pt, uint64_t until_ns)
{
    struct i2cpt_request *request = pt->request;

    bool told;

    bus_request_hold(request);
    told = begin_blocking(pt);
    bus_request_await(request, until_ns);
    end_blocking(pt, told);
    end_calling(pt, pt_clock(pt));
    bus_request_release(request);
}

bool pt_settle(struct i2cpt_passthrough *pt, uint64_t until_ns)
{
    while (pt->busy) {
        if (i2cpt_now_ns() >= until_ns) {
            return false;
        }
        if (pt->resume_ns) {
            pause_here(pt);
            resume(pt);
        } else if (pt->request) {
            await_here(pt, until_ns);
            take_in(pt);
        } else {
            return false;
        }
    }
    return true;
}

void pt_abandon(struct i2cpt_passthrough *pt)
{
    if (pt->request) {
        bus_request_orphan(pt->request);
        pt->request = NULL;
        /* the bus sees a STOP through even if nobody asks for it */
        pt->on_wire &= pt->call.op != I2CPT_OP_STREAM_STOP;
    }
    pt->busy = pt->joined = pt->deferred = false;
    pt->resume_ns = 0;
    pt->goal = PT_GOAL_NONE;
    atomic_store_explicit(&pt->pending, false, memory_order_release);
}

void pt_forget_stop(struct i2cpt_passthrough *pt)
{
    if (pt->stop_request) {
        bus_request_orphan(pt->stop_request);
        pt->stop_request = NULL;
    }
}

void pt_release_wire(struct i2cpt_passthrough *pt)
{
    if (!pt->on_wire) {
        return;
    }
    pt->on_wire = false;
    pt->deadline_ns = 0;
    pt_stream_call(pt, I2CPT_OP_STREAM_STOP);
    if (!pt_async(pt) || pt->blocking) {
        stop_here(pt);
        return;
    }
    pt->stop_call = pt->call;
    if (bus_call_submit(pt->adapter, &pt->stop_call, pt->wake,
                        &pt->stop_request)) {
        pt->stop_request = NULL;
    }
    collect_stop(pt); /* of an instant adapter */
}

/* A guest gone quiet in the middle must not hold a real bus. */
static void check_hold(struct i2cpt_passthrough *pt, uint64_t now)
{
    uint64_t until_ns = pt->last_ns + pt->policy.hold_timeout_ms * PT_NS_PER_MS;

    if (!pt->on_wire || !pt->open || !pt->policy.hold_timeout_ms) {
        return;
    }
    if (pt->busy || pt->stop_request) {
        pt_arm(pt, now + PT_PUMP_NS);
    } else if (now < until_ns) {
        pt_arm(pt, until_ns);
    } else {
        pt_close_lane(pt);
        pt_release_wire(pt);
        pt->mode->reset(pt);
        pt->released = true;
        pt_count(pt, I2CPT_COUNT_HOLD_TIMEOUTS, 1);
    }
}

/* Blocking form: look after a posted write. */
static void pump(struct i2cpt_passthrough *pt)
{
    if (!pt->busy) {
        return;
    }
    if (!pt->resume_ns) {
        take_in(pt);
    } else if (pt_now(pt) >= pt->resume_ns) {
        resume(pt);
    }
    if (pt->busy) {
        pt_arm(pt, pt->resume_ns ? pt->resume_ns : pt_now(pt) + PT_PUMP_NS);
    }
}

void pt_timer_due(struct i2cpt_passthrough *pt, bool deferred)
{
    uint64_t now = pt_clock(pt);

    pthread_mutex_lock(&pt->lock);
    pt->armed_ns = 0;
    if (pt->calling) {
        if (!pt->timeless) {
            pt_arm(pt, now + PT_PUMP_NS);
        }
        pt_leave(pt, false);
        return;
    }
    pt->now_ns = now;
    check_hold(pt, now);
    if (!pt_async(pt)) {
        pump(pt);
    } else if (pt->busy && pt->resume_ns) {
        if (now >= pt->resume_ns) {
            pt->resume_ns = 0;
            pt_go_on(pt, pt->mode->step(pt, 0), deferred);
            return;
        }
        pt_arm(pt, pt->resume_ns);
    }
    pt_leave(pt, false);
}

void i2cpt_passthrough_timer(struct i2cpt_passthrough *pt)
{
    if (!pt) {
        return;
    }
    if (!pt_forked(pt)) {
        pt_visit(pt);
        pt_timer_due(pt, true);
        pt_part(pt);
    }
}
