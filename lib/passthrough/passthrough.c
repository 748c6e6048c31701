/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The object, and the guest's events as they come in. */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "core/fault.h"
#include "core/key.h"
#include "core/wake.h"
#include "core/clock.h"
#include "core/deadline-thread.h"
#include "passthrough/passthrough.h"

/* ------------------------------------------------------------ the object */

static uint64_t clock_of(void *user)
{
    return pt_clock(user);
}

static void timer_fires(void *user)
{
    i2cpt_passthrough_timer(user);
}

static void sleep_ns(void *user, uint64_t ns)
{
    i2cpt_sleep_until(i2cpt_now_ns() + ns);
}

void pt_set_pause(struct i2cpt_passthrough *pt,
                  void (*pause)(void *user, uint64_t ns), void *user)
{
    pt->pause = pause;
    pt->pause_user = user;
}

static int choose_mode(struct i2cpt_passthrough *pt, struct i2cpt_fault *fault)
{
    bool has = i2cpt_adapter_has_stream(pt->adapter);

    if (pt->policy.transfer == PT_TRANSFER_STREAM && !has) {
        return i2cpt_fault_text(
            fault, EINVAL,
            "transfer=stream: %.4096s cannot send single bytes; "
            "accepted is auto or message",
            i2cpt_adapter_name(pt->adapter));
    }
    pt->mode = has && pt->policy.transfer != PT_TRANSFER_MESSAGE ? &pt_stream
                                                                 : &pt_message;
    return 0;
}

/* Readable when the adapter's is, or when the timer has an answer. */
static int make_wake(struct i2cpt_passthrough *pt, struct i2cpt_fault *fault)
{
    int ret;

    pt->wake = i2cpt_wake_new();
    ret = pt->wake ? bus_adapter_look_at(pt->adapter, pt->wake) : -errno;
    return ret ? i2cpt_fault_text(fault, -ret, "descriptor to poll: %s",
                                  g_strerror(-ret))
               : 0;
}

static void copy_hooks(struct i2cpt_passthrough *pt,
                       const struct i2cpt_hooks *hooks)
{
    if (hooks) {
        memcpy(&pt->hooks, hooks, MIN(hooks->size, sizeof(pt->hooks)));
    }
    if (!pt->hooks.timer) {
        pt->timer = i2cpt_timer_new(timer_fires, clock_of, pt);
    }
}

/* Eight bits and an acknowledge; what has no wire takes no time. */
static uint64_t byte_time_ns(struct i2cpt_adapter *a)
{
    uint32_t hz = i2cpt_adapter_frequency_hz(a);

    return hz && !bus_adapter_is_instant(a) ? 9000000000ull / hz : 0;
}

/* What free() can take apart, whatever fails after it. */
static struct i2cpt_passthrough *create(struct i2cpt_adapter *a,
                                        const struct i2cpt_policy *policy,
                                        const struct i2cpt_hooks *hooks)
{
    struct i2cpt_passthrough *pt = g_new0(struct i2cpt_passthrough, 1);

    pt->adapter = i2cpt_adapter_ref(a);
    if (policy) {
        pt->policy = *policy;
        pt->policy.learn_from = g_strdup(policy->learn_from);
    } else {
        pt_policy_defaults(&pt->policy);
    }
    pt->generation = atomic_load(&bus_fork_generation);
    pt->mode = &pt_message;
    pt->functionality = i2cpt_adapter_functionality(a);
    pt->instant = bus_adapter_is_instant(a);
    if (pt->instant && !pt->policy.hold_given) {
        pt->policy.hold_timeout_ms = 0;
    }
    pt->timeout_ns = bus_adapter_timeout_ms(a) * PT_NS_PER_MS;
    pt->byte_ns = byte_time_ns(a);
    /* who sees single bytes sees which of them was refused */
    pt->phase_known = i2cpt_adapter_has_stream(a) || bus_adapter_tells_phase(a);
    pt->phase_unknown = bus_adapter_hides_phase(a);
    pt->learn = pt_learn_new();
    pt->pause = sleep_ns;
    pthread_mutex_init(&pt->lock, NULL);
    pthread_cond_init(&pt->idle, NULL);
    copy_hooks(pt, hooks);
    return pt;
}

static void destroy(struct i2cpt_passthrough *pt)
{
    i2cpt_timer_free(pt->timer, pt_forked(pt));
    i2cpt_wake_free(pt->wake, pt_forked(pt));
    i2cpt_adapter_unref(pt->adapter);
    pt_learn_free(pt->learn);
    g_free(pt->message.out.data);
    g_free(pt->message.sent.data);
    g_free(pt->message.in.data);
    g_free(pt->policy.learn_from);
    if (!pt_forked(pt)) { /* there, another thread may have held it */
        pthread_mutex_destroy(&pt->lock);
        pthread_cond_destroy(&pt->idle);
    }
    g_free(pt);
}

int i2cpt_passthrough_new(struct i2cpt_adapter *a,
                          const struct i2cpt_policy *policy,
                          const struct i2cpt_hooks *hooks,
                          struct i2cpt_passthrough **out,
                          struct i2cpt_fault *fault)
{
    if (!a || !out) {
        return i2cpt_fault_null(fault, "a or out");
    }

    struct i2cpt_passthrough *pt;
    int ret;

    *out = NULL;
    i2cpt_fault_clear(fault);
    if (hooks && !i2cpt_size_is_possible(
                     hooks->size, offsetof(struct i2cpt_hooks, complete))) {
        return i2cpt_fault_text(fault, EINVAL,
                                "hooks: size %u: accepted is "
                                "sizeof(struct i2cpt_hooks)",
                                hooks->size);
    }
    pt = create(a, policy, hooks);
    ret = pt_policy_addresses(&pt->policy, pt->host, fault);
    if (!ret) {
        ret = choose_mode(pt, fault);
    }
    if (!ret && pt_async(pt)) {
        ret = make_wake(pt, fault);
    }
    if (!ret && pt->policy.learn_from) {
        ret = pt_learn_from(pt->learn, pt->policy.learn_from, fault);
    }
    if (ret) {
        destroy(pt);
        return ret;
    }
    pt->timeless =
        pt->instant && pt->mode == &pt_stream && !pt->policy.hold_timeout_ms;
    *out = pt;
    return 0;
}

/* Whether the embedder's timer is to be told. */
static bool forget_all(struct i2cpt_passthrough *pt)
{
    bool armed;

    pt_lock(pt);
    pt_forget_stop(pt);
    armed = pt->hooks.timer && pt->armed_ns;
    pt->armed_ns = 0;
    pthread_mutex_unlock(&pt->lock);
    return armed;
}

/* Threads that are in dispatch, wait or timer yet. */
static void wait_for_visitors(struct i2cpt_passthrough *pt)
{
    pthread_mutex_lock(&pt->lock);
    while (pt->visitors) {
        pthread_cond_wait(&pt->idle, &pt->lock);
    }
    pthread_mutex_unlock(&pt->lock);
}

void i2cpt_passthrough_free(struct i2cpt_passthrough *pt)
{
    if (!pt) {
        return;
    }
    if (!pt_forked(pt)) {
        i2cpt_passthrough_drain(pt);
        i2cpt_passthrough_reset(pt);
        if (forget_all(pt)) {
            pt->hooks.timer(pt->hooks.user, UINT64_MAX);
        }
        wait_for_visitors(pt);
    }
    destroy(pt);
}

int i2cpt_passthrough_has_address(const struct i2cpt_passthrough *pt,
                                  uint16_t address)
{
    if (!pt) {
        return 0;
    }
    return address < G_N_ELEMENTS(pt->host) && pt->host[address] >= 0;
}

/* ---------------------------------------------------------- guest's events */

static int enter(struct i2cpt_passthrough *pt)
{
    if (pt_forked(pt)) {
        return -EPERM;
    }
    pt_lock(pt);
    if (atomic_load_explicit(&pt->pending, memory_order_relaxed)) {
        pthread_mutex_unlock(&pt->lock);
        return -EBUSY;
    }
    pt->event_ns = pt->now_ns;
    return 0;
}

/* Bytes may be moved with no more ado, until leave_lane(). */
static bool take_lane(struct i2cpt_passthrough *pt, enum pt_lane lane)
{
    int open = (int)lane;

    return atomic_load_explicit(&pt->lane, memory_order_relaxed) == open &&
           !pt_forked(pt) &&
           atomic_compare_exchange_strong_explicit(
               &pt->lane, &open, PT_LANE_USED, memory_order_acquire,
               memory_order_relaxed);
}

static void leave_lane(struct i2cpt_passthrough *pt, enum pt_lane lane)
{
    atomic_store_explicit(&pt->lane, lane, memory_order_release);
}

static bool keep_byte(struct i2cpt_passthrough *pt, uint8_t byte)
{
    struct pt_buffer *out = &pt->message.out;
    bool kept;

    if (!take_lane(pt, PT_LANE_KEEP)) {
        return false;
    }
    kept = out->len < out->size;
    if (kept) {
        out->data[out->len++] = byte;
        pt_count(pt, I2CPT_COUNT_BYTES_WRITTEN, 1);
    }
    leave_lane(pt, PT_LANE_KEEP);
    return kept;
}

static bool give_byte(struct i2cpt_passthrough *pt, uint8_t *byte)
{
    struct pt_message *m = &pt->message;
    bool given;

    if (!take_lane(pt, PT_LANE_GIVE)) {
        return false;
    }
    given = m->taken < m->in.len;
    if (given) {
        *byte = m->in.data[m->taken++];
        pt_count(pt, I2CPT_COUNT_BYTES_READ, 1);
    }
    leave_lane(pt, PT_LANE_GIVE);
    return given;
}

/* One event with the lock held; unlocks. */
static int run_event(struct i2cpt_passthrough *pt, enum pt_next next)
{
    int answer;

    if (pt_drive(pt, next) == PT_DONE) {
        pt_answered(pt);
        answer = pt->answer;
        pt_leave(pt, false);
        return answer;
    }
    atomic_store_explicit(&pt->pending, true, memory_order_release);
    pt_leave(pt, false);
    return I2CPT_PENDING;
}

static void begin_event(struct i2cpt_passthrough *pt, enum pt_goal goal)
{
    pt->goal = goal;
    pt->deadline_ns = 0;
    pt->byte = 0xff;
    pt_close_lane(pt);
}

static void open_transaction(struct i2cpt_passthrough *pt)
{
    if (!pt->open) {
        pt->open = true;
        pt->txn++;
        i2cpt_fault_clear(&pt->wire_fault);
        pt_count(pt, I2CPT_COUNT_TRANSACTIONS, 1);
    }
}

/* A posted write is still going out: the START waits for it. */
static int join_start(struct i2cpt_passthrough *pt)
{
    uint64_t until_ns = i2cpt_now_ns() + pt->timeout_ns;

    if (pt_async(pt)) {
        pt->joined = true;
        pt->join_ns = until_ns;
        return run_event(pt, PT_WAIT);
    }
    if (!pt_settle(pt, until_ns)) {
        pt_count(pt, I2CPT_COUNT_TIMEOUTS, 1);
        pt_abandon(pt);
        return run_event(pt, pt_done(pt, I2CPT_NACK));
    }
    begin_event(pt, PT_GOAL_START);
    pt->deadline_ns = until_ns;
    return run_event(pt, pt->mode->start(pt));
}

/* The guest's STOP is answered at once; what it began goes on by itself. */
static int post_stop(struct i2cpt_passthrough *pt, enum pt_next next)
{
    pt->goal = PT_GOAL_NONE;
    if (pt_drive(pt, next) != PT_DONE && !pt_async(pt)) {
        pt_arm(pt, pt_now(pt) + PT_PUMP_NS);
    }
    pt_leave(pt, false);
    return I2CPT_ACK;
}

/* A STOP with the lock held; unlocks. Without a transaction what a posted one
 * has begun is left alone. */
static int end_transaction(struct i2cpt_passthrough *pt, bool posted)
{
    bool there = pt->open && !pt->released;
    enum pt_next next = PT_DONE;

    if (there) {
        begin_event(pt, PT_GOAL_STOP);
        next = pt->mode->stop(pt);
    }
    pt->open = pt->released = false;
    if (!there) {
        pthread_mutex_unlock(&pt->lock);
        return I2CPT_ACK;
    }
    return posted && next != PT_DONE ? post_stop(pt, next)
                                     : run_event(pt, next);
}

/* A START to somebody else: what is open here ends, and who can wait does not
 * have to. */
static int start_elsewhere(struct i2cpt_passthrough *pt)
{
    int ret = enter(pt);

    if (!ret) {
        ret = end_transaction(pt, pt_async(pt) || pt->policy.posted_writes);
    }
    return ret < 0 ? ret : -EINVAL;
}

int i2cpt_passthrough_start(struct i2cpt_passthrough *pt, uint16_t address,
                            uint16_t flags, uint32_t expect)
{
    if (!pt) {
        return -EINVAL;
    }

    int ret;

    if (flags & ~I2CPT_M_RD) {
        return -EINVAL;
    }
    if (!i2cpt_passthrough_has_address(pt, address)) {
        return start_elsewhere(pt);
    }
    ret = enter(pt);
    if (ret) {
        return ret;
    }
    open_transaction(pt);
    pt->event.addr = (uint16_t)pt->host[address];
    pt->event.flags = flags;
    pt->event.expect = flags & I2CPT_M_RD ? expect : 0;
    pt->reading = flags & I2CPT_M_RD;
    if (pt->busy) {
        return join_start(pt);
    }
    begin_event(pt, PT_GOAL_START);
    return run_event(pt, pt->released ? pt_done(pt, I2CPT_NACK)
                                      : pt->mode->start(pt));
}

int i2cpt_passthrough_write(struct i2cpt_passthrough *pt, uint8_t byte)
{
    if (!pt) {
        return -EINVAL;
    }

    int ret;

    if (keep_byte(pt, byte)) {
        return I2CPT_ACK;
    }
    ret = enter(pt);
    if (ret) {
        return ret;
    }
    if (!pt->open || (pt->reading && !pt->released)) {
        pthread_mutex_unlock(&pt->lock);
        return -EINVAL;
    }
    begin_event(pt, PT_GOAL_WRITE);
    return run_event(pt, pt->released ? pt_done(pt, I2CPT_NACK)
                                      : pt->mode->write(pt, byte));
}

int i2cpt_passthrough_read(struct i2cpt_passthrough *pt, uint8_t *byte)
{
    if (!pt || !byte) {
        return -EINVAL;
    }

    int ret;

    if (give_byte(pt, byte)) {
        return I2CPT_ACK;
    }
    *byte = 0xff;
    ret = enter(pt);
    if (ret) {
        return ret;
    }
    if (!pt->open || (!pt->reading && !pt->released)) {
        pthread_mutex_unlock(&pt->lock);
        return -EINVAL;
    }
    begin_event(pt, PT_GOAL_READ);
    ret = run_event(pt, pt->released ? pt_done(pt, I2CPT_NACK)
                                     : pt->mode->read(pt));
    if (ret == I2CPT_ACK) {
        *byte = pt->byte;
    }
    return ret;
}

void i2cpt_passthrough_nack(struct i2cpt_passthrough *pt)
{
    if (!pt) {
        return;
    }
    if (!enter(pt)) {
        if (pt->open && pt->reading && !pt->released) {
            pt_close_lane(pt);
            pt->mode->nack(pt);
        }
        pt_leave(pt, false);
    }
}

int i2cpt_passthrough_stop(struct i2cpt_passthrough *pt)
{
    if (!pt) {
        return -EINVAL;
    }

    int ret = enter(pt);

    return ret ? ret : end_transaction(pt, pt->policy.posted_writes);
}

/* ------------------------------------------------------------------ others */

void i2cpt_passthrough_reset(struct i2cpt_passthrough *pt)
{
    if (!pt) {
        return;
    }

    unsigned addr;

    if (pt_forked(pt)) {
        return;
    }
    pt_lock(pt);
    pt_close_lane(pt);
    pt_abandon(pt);
    pt_forget_stop(pt);
    pt_release_wire(pt);
    pt->mode->reset(pt);
    pt->open = pt->released = pt->pointer.held = false;
    for (addr = 0; addr < G_N_ELEMENTS(pt->targets); addr++) {
        pt->targets[addr].late = false;
    }
    pt_leave(pt, false);
}

void i2cpt_passthrough_fault(struct i2cpt_passthrough *pt,
                             struct i2cpt_fault *out)
{
    if (!out) {
        return;
    }
    if (!pt) {
        i2cpt_fault_set(out, EINVAL, I2CPT_PHASE_UNKNOWN, -1, -1);
        return;
    }
    if (pt_forked(pt)) {
        i2cpt_fault_set(out, EPERM, I2CPT_PHASE_UNKNOWN, -1, -1);
        return;
    }
    pthread_mutex_lock(&pt->lock);
    i2cpt_fault_copy(out, &pt->wire_fault);
    pthread_mutex_unlock(&pt->lock);
}
