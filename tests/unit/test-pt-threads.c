/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The passthrough and threads: the library's own timer thread, timers that come
 * from anywhere, a stuck host, answers that a timer's thread finds. For TSan;
 * no test depends on which of two threads is the faster one.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gate.h"
#include "pt-fake.h"
#include "unit.h"

static struct i2cpt_passthrough *open_pt(struct i2cpt_adapter *a,
                                         const struct i2cpt_hooks *hooks,
                                         const char *const *settings)
{
    struct i2cpt_passthrough *pt;
    struct i2cpt_policy *policy;
    struct i2cpt_fault fault;

    i2cpt_policy_new(&policy);
    i2cpt_policy_set(policy, "address", "0x48", NULL);
    for (; settings && *settings; settings += 2) {
        ck_assert_int_eq(
            i2cpt_policy_set(policy, settings[0], settings[1], &fault), 0);
    }
    ck_assert_msg(!i2cpt_passthrough_new(a, policy, hooks, &pt, &fault), "%s",
                  fault.text);
    i2cpt_policy_free(policy);
    return pt;
}

static struct i2cpt_adapter *open_adapter(const char *spec)
{
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;

    ck_assert_msg(!i2cpt_adapter_open(spec, &a, &fault), "%s", fault.text);
    return a;
}

/* A guest goes quiet; nobody but the library's thread is there to release the
 * bus. Another handle's transfer can only pass once it has. */
START_TEST(own_timer_thread)
{
    static const char *const settings[] = {"hold-timeout-ms", "5", NULL};
    struct i2cpt_adapter *a =
        open_adapter("stub,name=own,chips=0x48,timeout-ms=60000");
    struct i2cpt_adapter *b =
        open_adapter("stub,name=own,chips=0x48,timeout-ms=60000");
    struct i2cpt_passthrough *pt = open_pt(a, NULL, settings);
    struct i2cpt_msg msg = {.addr = 0x48, .len = 1, .buf = (uint8_t[]){0}};
    int i;

    for (i = 0; i < 5; i++) {
        ck_assert_int_eq(i2cpt_passthrough_start(pt, 0x48, 0, 0), I2CPT_ACK);
        ck_assert_int_eq(i2cpt_transfer(b, &msg, 1, NULL), 0);
        ck_assert_int_eq(i2cpt_passthrough_write(pt, 1), I2CPT_NACK);
        ck_assert_int_eq(i2cpt_passthrough_stop(pt), I2CPT_ACK);
    }
    ck_assert_uint_eq(i2cpt_passthrough_counter(pt, I2CPT_COUNT_HOLD_TIMEOUTS),
                      5);
    i2cpt_passthrough_free(pt);
    i2cpt_adapter_unref(b);
    i2cpt_adapter_unref(a);
}
END_TEST

/* Timers from another thread, all the time, while the guest works. */
struct ticker {
    struct i2cpt_passthrough *pt;
    atomic_bool end;
    pthread_t thread;
};

static void *tick(void *arg)
{
    struct ticker *t = arg;

    while (!atomic_load(&t->end)) {
        i2cpt_passthrough_timer(t->pt);
        i2cpt_passthrough_counter(t->pt, I2CPT_COUNT_TRANSFERS);
    }
    return NULL;
}

struct told {
    int n, answer;
    uint8_t byte;
};

static void told(void *user, int answer, uint8_t byte)
{
    struct told *t = user;

    t->n++;
    t->answer = answer;
    t->byte = byte;
}

static void ignore_timer(void *user, uint64_t when_ns)
{
}

static int answer_of(struct i2cpt_passthrough *pt, struct told *t, int answer)
{
    int before = t->n;

    if (answer != I2CPT_PENDING) {
        return answer;
    }
    while (t->n == before) {
        i2cpt_passthrough_wait(pt, 100000);
    }
    return t->answer;
}

static const struct {
    bool async;
    const char *spec;
    const char *const settings[8];
} ticked[] = {
    {false, "stub,chips=0x48", {"transfer", "stream"}},
    {false, "stub,chips=0x48", {"transfer", "message"}},
    {false,
     "stub,chips=0x48,byte-us=1",
     {"transfer", "message", "posted-writes", "on"}},
    {false,
     "stub,chips=0x48,byte-us=1",
     {"transfer", "stream", "posted-writes", "on"}},
    {true, "stub,chips=0x48", {"transfer", "stream"}},
    {true, "stub,chips=0x48,byte-us=1", {"transfer", "stream"}},
    {true,
     "stub,chips=0x48,byte-us=1",
     {"transfer", "message", "posted-writes", "on"}},
    {true,
     "stub,chips=0x48,byte-us=1",
     {"transfer", "stream", "hold-timeout-ms", "1"}},
};

START_TEST(timers_from_elsewhere)
{
    struct told t = {0};
    struct i2cpt_hooks hooks = {.size = sizeof(hooks),
                                .user = &t,
                                .complete = ticked[_i].async ? told : NULL,
                                .timer = ignore_timer};
    struct i2cpt_adapter *a = open_adapter(ticked[_i].spec);
    struct ticker ticker = {.pt = open_pt(a, &hooks, ticked[_i].settings)};
    struct i2cpt_passthrough *pt = ticker.pt;
    uint8_t byte;
    int i;

    pthread_create(&ticker.thread, NULL, tick, &ticker);
    for (i = 0; i < 200; i++) {
        answer_of(pt, &t, i2cpt_passthrough_start(pt, 0x48, 0, 0));
        answer_of(pt, &t, i2cpt_passthrough_write(pt, (uint8_t)i));
        answer_of(pt, &t, i2cpt_passthrough_write(pt, (uint8_t)i));
        if (i % 2) {
            answer_of(pt, &t, i2cpt_passthrough_start(pt, 0x48, I2CPT_M_RD, 0));
            answer_of(pt, &t, i2cpt_passthrough_read(pt, &byte));
        }
        answer_of(pt, &t, i2cpt_passthrough_stop(pt));
    }
    atomic_store(&ticker.end, true);
    pthread_join(ticker.thread, NULL);
    ck_assert_uint_eq(i2cpt_passthrough_counter(pt, I2CPT_COUNT_TRANSACTIONS),
                      200);
    i2cpt_passthrough_free(pt);
    i2cpt_adapter_unref(a);
}
END_TEST

/* The timer's thread finds the answer (the adapter has died during a pause); it
 * is told by dispatch all the same, in the thread that calls it. */
static pthread_t told_in;

static void told_where(void *user, int answer, uint8_t byte)
{
    told_in = pthread_self();
    told(user, answer, byte);
}

static _Atomic uint64_t fake_now;

static uint64_t get_fake_now(void *user)
{
    return atomic_load(&fake_now);
}

static void *one_tick(void *arg)
{
    atomic_fetch_add(&fake_now, PT_PAUSE_NS);
    i2cpt_passthrough_timer(arg);
    return NULL;
}

START_TEST(answer_found_by_the_timer)
{
    static const char *const settings[] = {"transfer", "message", NULL};
    struct told t = {0};
    struct i2cpt_hooks hooks = {.size = sizeof(hooks),
                                .user = &t,
                                .complete = told_where,
                                .now_ns = get_fake_now,
                                .timer = ignore_timer};
    struct i2cpt_msg msg = {.addr = 0x49};
    struct i2cpt_adapter *a, *b;
    struct i2cpt_passthrough *pt;
    struct pollfd pfd = {.events = POLLIN};
    pthread_t thread;

    atomic_store(&fake_now, 1000000000);
    gate_install(GATE_PLAIN);
    a = open_adapter("gate,id=timer,timeout-ms=60000");
    b = open_adapter("gate,id=timer,timeout-ms=60000");
    pt = open_pt(a, &hooks, settings);
    pfd.fd = i2cpt_passthrough_fd(pt);
    answer_of(pt, &t, i2cpt_passthrough_start(pt, 0x48, 0, 0));
    i2cpt_passthrough_write(pt, 1);
    gate_result(-ENXIO);
    t.n = 0;
    ck_assert_int_eq(i2cpt_passthrough_stop(pt), I2CPT_PENDING);
    ck_assert_int_eq(poll(&pfd, 1, 60000), 1);
    i2cpt_passthrough_dispatch(pt); /* busy: a pause begins */
    ck_assert_int_eq(t.n, 0);
    gate_result(-ENODEV);
    ck_assert_int_eq(i2cpt_transfer(b, &msg, 1, NULL), -ENODEV);
    ck_assert_int_eq(poll(&pfd, 1, 0), 0);
    pthread_create(&thread, NULL, one_tick, pt);
    pthread_join(thread, NULL);
    ck_assert_int_eq(t.n, 0);
    ck_assert_int_eq(poll(&pfd, 1, 0), 1);
    ck_assert_int_eq(i2cpt_passthrough_dispatch(pt), 1);
    ck_assert_int_eq(t.n, 1);
    ck_assert_int_eq(t.answer, I2CPT_NACK);
    ck_assert(pthread_equal(told_in, pthread_self()));
    ck_assert_int_eq(poll(&pfd, 1, 0), 0);
    gate_result(0);
    i2cpt_passthrough_free(pt);
    i2cpt_adapter_unref(b);
    i2cpt_adapter_unref(a);
}
END_TEST

/* A request that ends between the look at the clock and the lock has taken the
 * time until then, and not none: what is learned of a target's speed is that.
 */
enum { LATE_NS = 5000000 };

static const struct {
    bool async; /* found by dispatch, else by the timer */
    const char *posted;
} late_ends[] = {{true, "off"}, {false, "on"}};

static struct i2cpt_adapter *behind; /* what the hook sends once, if set */

static uint64_t end_meanwhile(void *user)
{
    struct i2cpt_msg msg = {.addr = 0x49};
    struct i2cpt_adapter *a = behind;
    uint64_t now = atomic_load(&fake_now);

    if (a) {
        behind = NULL;
        gate_open(2);
        ck_assert_int_eq(i2cpt_transfer(a, &msg, 1, NULL), 0);
        atomic_fetch_add(&fake_now, LATE_NS);
    }
    return now;
}

START_TEST(ends_behind_the_clock)
{
    const char *const settings[] = {
        "transfer",           "message", "probe", "off", "posted-writes",
        late_ends[_i].posted, NULL};
    struct told t = {0};
    struct i2cpt_hooks hooks = {.size = sizeof(hooks),
                                .user = &t,
                                .complete = late_ends[_i].async ? told : NULL,
                                .now_ns = end_meanwhile,
                                .timer = ignore_timer};
    struct i2cpt_adapter *a, *b;
    struct i2cpt_passthrough *pt;

    atomic_store(&fake_now, 1000000000);
    gate_install(GATE_PLAIN);
    gate_hold(true);
    a = open_adapter("gate,id=late,timeout-ms=60000");
    b = open_adapter("gate,id=late,timeout-ms=60000");
    pt = open_pt(a, &hooks, settings);
    ck_assert_int_eq(i2cpt_passthrough_start(pt, 0x48, 0, 0), I2CPT_ACK);
    ck_assert_int_eq(i2cpt_passthrough_write(pt, 1), I2CPT_ACK);
    ck_assert_int_eq(i2cpt_passthrough_stop(pt),
                     late_ends[_i].async ? I2CPT_PENDING : I2CPT_ACK);
    gate_wait_entered(1);
    behind = b;
    if (late_ends[_i].async) {
        i2cpt_passthrough_dispatch(pt);
        ck_assert_int_eq(t.n, 1);
    } else {
        i2cpt_passthrough_timer(pt);
    }
    ck_assert_ptr_null(behind);
    ck_assert(!pt->busy);
    ck_assert_uint_eq(pt->targets[0x48].timed_ns, LATE_NS);
    gate_hold(false);
    i2cpt_passthrough_free(pt);
    i2cpt_adapter_unref(b);
    i2cpt_adapter_unref(a);
}
END_TEST

/* While a call is made with the lock given up, whoever would change anything
 * waits for its end, and a timer goes away and comes again. */
static _Atomic uint64_t armed_ns;

static void keep_timer(void *user, uint64_t when_ns)
{
    atomic_store(&armed_ns, when_ns);
}

static void *begin_read(void *arg)
{
    ck_assert_int_eq(i2cpt_passthrough_start(arg, 0x48, I2CPT_M_RD, 0),
                     I2CPT_ACK);
    return NULL;
}

static atomic_bool was_reset;

static void *reset_it(void *arg)
{
    i2cpt_passthrough_reset(arg);
    atomic_store(&was_reset, true);
    return NULL;
}

static bool somebody_waits(struct i2cpt_passthrough *pt)
{
    bool yes;

    pthread_mutex_lock(&pt->lock);
    yes = pt->waiting;
    pthread_mutex_unlock(&pt->lock);
    return yes;
}

START_TEST(whoever_else_comes)
{
    static const char *const settings[] = {"transfer", "message", NULL};
    struct i2cpt_hooks hooks = {
        .size = sizeof(hooks), .now_ns = get_fake_now, .timer = keep_timer};
    struct i2cpt_passthrough *pt;
    struct i2cpt_adapter *a;
    pthread_t caller, other;
    uint8_t byte;

    atomic_store(&fake_now, 1000000000);
    gate_install(GATE_PLAIN);
    a = open_adapter("gate,id=calling,timeout-ms=60000");
    pt = open_pt(a, &hooks, settings);
    gate_hold(true);
    pthread_create(&caller, NULL, begin_read, pt);
    gate_wait_entered(1);
    i2cpt_passthrough_timer(pt);
    ck_assert_uint_eq(atomic_load(&armed_ns), 1000000000 + PT_PUMP_NS);
    pthread_create(&other, NULL, reset_it, pt);
    while (!atomic_load(&was_reset) && !somebody_waits(pt)) {
        sched_yield();
    }
    ck_assert(!atomic_load(&was_reset));
    gate_hold(false);
    pthread_join(caller, NULL);
    pthread_join(other, NULL);
    ck_assert_int_eq(i2cpt_passthrough_read(pt, &byte), -EINVAL);
    i2cpt_passthrough_free(pt);
    i2cpt_adapter_unref(a);
}
END_TEST

/* A host that hangs: every event comes back, and the deadline is one for all
 * that an event does. */
START_TEST(stuck_host)
{
    static const char *const settings[] = {"transfer", "message", NULL};
    struct i2cpt_adapter *a;
    struct i2cpt_passthrough *pt;
    uint8_t byte;

    gate_install(GATE_OUTLIVES);
    a = open_adapter("gate,id=stuck,timeout-ms=20");
    pt = open_pt(a, NULL, settings);
    gate_hold(true);
    ck_assert_int_eq(i2cpt_passthrough_start(pt, 0x48, 0, 0), I2CPT_NACK);
    ck_assert_int_eq(i2cpt_passthrough_stop(pt), I2CPT_ACK);
    ck_assert_int_eq(i2cpt_passthrough_start(pt, 0x48, I2CPT_M_RD, 0),
                     I2CPT_NACK);
    ck_assert_int_eq(i2cpt_passthrough_read(pt, &byte), I2CPT_NACK);
    ck_assert_uint_eq(byte, 0xff);
    i2cpt_passthrough_reset(pt);
    gate_hold(false);
    gate_open(10);
    i2cpt_passthrough_free(pt);
    i2cpt_adapter_unref(a);
}
END_TEST

/* The child of a fork is told so, and can free what it has. */
static int in_child(struct i2cpt_passthrough *pt, struct i2cpt_adapter *a)
{
    struct i2cpt_fault fault;
    uint8_t byte;

    if (i2cpt_passthrough_write(pt, 1) != -EPERM ||
        i2cpt_passthrough_read(pt, &byte) != -EPERM ||
        i2cpt_passthrough_start(pt, 0x48, 0, 0) != -EPERM ||
        i2cpt_passthrough_stop(pt) != -EPERM ||
        i2cpt_passthrough_fd(pt) != -EPERM ||
        i2cpt_passthrough_dispatch(pt) != -EPERM ||
        i2cpt_passthrough_wait(pt, 0) != -EPERM) {
        return 1;
    }
    i2cpt_passthrough_fault(pt, &fault);
    i2cpt_passthrough_nack(pt);
    i2cpt_passthrough_timer(pt);
    i2cpt_passthrough_drain(pt);
    i2cpt_passthrough_reset(pt);
    i2cpt_passthrough_free(pt);
    i2cpt_adapter_unref(a);
    return fault.code == EPERM ? 0 : 2;
}

START_TEST(after_fork)
{
    const char *const settings[] = {"transfer", _i ? "stream" : "message",
                                    NULL};
    struct told t = {0};
    struct i2cpt_hooks hooks = {
        .size = sizeof(hooks), .user = &t, .complete = told};
    struct i2cpt_adapter *a =
        open_adapter("stub,chips=0x48,byte-us=1,timeout-ms=20000");
    struct i2cpt_passthrough *pt = open_pt(a, &hooks, settings);
    int status;
    pid_t pid;

    answer_of(pt, &t, i2cpt_passthrough_start(pt, 0x48, 0, 0));
    answer_of(pt, &t, i2cpt_passthrough_write(pt, 1));
    pid = fork();
    if (!pid) {
        _exit(in_child(pt, a));
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(answer_of(pt, &t, i2cpt_passthrough_stop(pt)), I2CPT_ACK);
    i2cpt_passthrough_free(pt);
    i2cpt_adapter_unref(a);
}
END_TEST

/* Freed with a request in the host and an event pending. */
START_TEST(free_while_pending)
{
    static const char *const settings[] = {"transfer", "message", NULL};
    struct told t = {0};
    struct i2cpt_hooks hooks = {
        .size = sizeof(hooks), .user = &t, .complete = told};
    struct i2cpt_adapter *a;
    struct i2cpt_passthrough *pt;

    gate_install(GATE_OUTLIVES);
    a = open_adapter("gate,id=free,timeout-ms=20");
    pt = open_pt(a, &hooks, settings);
    gate_hold(true);
    ck_assert_int_eq(i2cpt_passthrough_start(pt, 0x48, 0, 0), I2CPT_PENDING);
    i2cpt_passthrough_free(pt);
    i2cpt_dispatch(a);
    gate_hold(false);
    gate_open(10);
    i2cpt_adapter_unref(a);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pt-threads");
    TCase *tc = tcase_create("threads");

    tcase_add_test(tc, own_timer_thread);
    tcase_add_loop_test(tc, timers_from_elsewhere, 0,
                        sizeof(ticked) / sizeof(ticked[0]));
    tcase_add_test(tc, answer_found_by_the_timer);
    tcase_add_loop_test(tc, ends_behind_the_clock, 0,
                        (int)(sizeof(late_ends) / sizeof(*late_ends)));
    tcase_add_test(tc, whoever_else_comes);
    tcase_add_test(tc, stuck_host);
    tcase_add_test(tc, free_while_pending);
    tcase_add_loop_test(tc, after_fork, 0, 2);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
