/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sharing, order, deadlines, slow openings, and all of it at once:
 * lib/bus/bus.c, bus/sync-call.c and adapter.c through a backend that the test
 * controls. */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bus/bus.h"
#include "callers.h"
#include "gate.h"
#include "i2cpt-trace.h"
#include "unit.h"

/* ------------------------------------------------------------------ sharing */

START_TEST(same_adapter_is_shared)
{
    struct i2cpt_adapter *a, *b, *c;

    gate_install(GATE_PLAIN);
    a = open_gate("gate,id=1");
    b = open_gate("gate,id=1,name=other");
    c = open_gate("gate,id=2");
    ck_assert_str_eq(i2cpt_adapter_name(a), "gate:1");
    ck_assert_str_eq(i2cpt_adapter_name(b), "other");
    i2cpt_adapter_unref(a);
    ck_assert_uint_eq(gate_closed(), 0);
    i2cpt_adapter_unref(b);
    ck_assert_uint_eq(gate_closed(), 1);
    i2cpt_adapter_unref(c);
    ck_assert_uint_eq(gate_closed(), 2);
}
END_TEST

static const struct {
    const char *first, *second, *key; /* key: NULL where they agree */
} pairs[] = {
    {"gate", "gate", NULL},
    {"gate,frequency=400k", "gate", NULL},
    {"gate,frequency=400k", "gate,frequency=400000", NULL},
    {"gate", "gate,frequency=100k", NULL},
    {"gate", "gate,frequency=400k", "frequency=400k"},
    {"gate,frequency=400k", "gate,frequency=100k", "frequency=100k"},
    {"gate", "gate,timeout-ms=100", "timeout-ms=100"},
    {"gate", "gate,record=/nonexistent/x", "record=/nonexistent/x"},
    {"gate,name=a", "gate,name=b", NULL},
};

START_TEST(second_opening_must_agree)
{
    struct i2cpt_adapter *a, *b;
    struct i2cpt_fault fault;
    int ret;

    gate_install(GATE_PLAIN);
    a = open_gate(pairs[_i].first);
    ret = i2cpt_adapter_open(pairs[_i].second, &b, &fault);
    if (pairs[_i].key) {
        ck_assert_int_eq(ret, -EINVAL);
        ck_assert_ptr_null(b);
        ck_assert_msg(strstr(fault.text, pairs[_i].key), "%s", fault.text);
    } else {
        ck_assert_int_eq(ret, 0);
        i2cpt_adapter_unref(b);
    }
    i2cpt_adapter_unref(a);
    ck_assert_uint_eq(gate_closed(), 1);
}
END_TEST

static int count_fds(void)
{
    struct dirent *entry;
    DIR *folder = opendir("/proc/self/fd");
    int n = 0;

    ck_assert_ptr_nonnull(folder);
    while ((entry = readdir(folder))) {
        n += entry->d_name[0] != '.';
    }
    closedir(folder);
    return n;
}

/* A handle's descriptors end with it, in the child of a fork too. */
START_TEST(descriptors_end)
{
    struct i2cpt_adapter *a;
    int before, status;
    pid_t pid;

    gate_install(GATE_PLAIN);
    before = count_fds();
    a = open_gate("gate");
    ck_assert_int_ge(i2cpt_adapter_fd(a), 0);
    ck_assert_int_gt(count_fds(), before);
    pid = fork();
    if (!pid) {
        i2cpt_adapter_unref(a);
        _exit(count_fds() != before);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    i2cpt_adapter_unref(a);
    ck_assert_int_eq(count_fds(), before);
}
END_TEST

START_TEST(failed_opening_leaves_nothing)
{
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;

    gate_install(GATE_PLAIN);
    ck_assert_int_eq(i2cpt_adapter_open("gate,fail=on", &a, &fault), -ENOENT);
    ck_assert_ptr_null(a);
    ck_assert_str_eq(fault.text, "fail=on: as asked");
    i2cpt_adapter_unref(NULL);
    a = open_gate("gate");
    i2cpt_adapter_unref(a);
}
END_TEST

/* ------------------------------------------------------------ order, bounds */

START_TEST(sync_runs_here_and_in_order)
{
    struct i2cpt_adapter *a;
    struct waiter w[3];
    uint8_t in[2];
    unsigned i;

    gate_install((enum gate_kind)_i);
    a = open_gate("gate,timeout-ms=20000");
    ck_assert_int_eq(read2(a, 0x10, in, NULL), 0);
    ck_assert_uint_eq(in[1], 0x5a);
    if (_i != GATE_INSTANT) {
        gate_hold(true);
        for (i = 0; i < 3; i++) {
            waiter_start(&w[i], a, (uint16_t)(0x20 + i));
            if (!i) {
                gate_wait_entered(2);
            }
        }
        gate_open(3);
        for (i = 0; i < 3; i++) {
            pthread_join(w[i].thread, NULL);
            ck_assert_int_eq(w[i].ret, 0);
            ck_assert_uint_eq(w[i].in[0], 0x5a);
        }
        ck_assert_ptr_nonnull(strstr(gate_log(), "T10 T20 "));
    }
    i2cpt_adapter_unref(a);
}
END_TEST

static bool somebody_is_queued(struct i2cpt_bus *bus)
{
    bool yes;

    pthread_mutex_lock(&bus->lock);
    yes = bus->head;
    pthread_mutex_unlock(&bus->lock);
    return yes;
}

/* Who makes a call in his own thread has the bus: whoever comes then is queued.
 */
START_TEST(one_caller_at_a_time)
{
    struct waiter first, second;
    struct i2cpt_adapter *a;

    gate_install(GATE_PLAIN);
    a = open_gate("gate,timeout-ms=60000");
    gate_hold(true);
    waiter_start(&first, a, 0x48);
    gate_wait_entered(1);
    waiter_start(&second, a, 0x49);
    while (gate_entered() < 2 && !somebody_is_queued(a->bus)) {
        sched_yield();
    }
    ck_assert_uint_eq(gate_entered(), 1);
    gate_hold(false);
    pthread_join(first.thread, NULL);
    pthread_join(second.thread, NULL);
    ck_assert_int_eq(first.ret, 0);
    ck_assert_int_eq(second.ret, 0);
    ck_assert_str_eq(gate_log(), "T48 T49 ");
    i2cpt_adapter_unref(a);
}
END_TEST

static bool is_in_the_host(struct i2cpt_bus *bus)
{
    bool yes;

    pthread_mutex_lock(&bus->lock);
    yes = bus->running;
    pthread_mutex_unlock(&bus->lock);
    return yes;
}

/* A call that hangs there and was given up. On a busy machine the worker may
 * come to one only when its deadline has passed, and does not begin it: then
 * another one has to. */
static void leave_in_the_host(struct i2cpt_adapter *a, struct waiter *w)
{
    do {
        waiter_start(w, a, 0x48);
        pthread_join(w->thread, NULL);
        ck_assert_int_eq(w->ret, -ETIMEDOUT);
    } while (!is_in_the_host(a->bus));
    gate_wait_entered(1);
}

/* The host's call hangs: ETIMEDOUT at the deadline, EBUSY until it is back,
 * the late result is dropped, then all is well again. */
START_TEST(hanging_host)
{
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    struct waiter w = {.in = {1, 2}};
    uint8_t in[2];

    gate_install(GATE_OUTLIVES);
    a = open_gate("gate,timeout-ms=50");
    gate_hold(true);
    leave_in_the_host(a, &w);
    ck_assert_int_eq(w.fault.code, ETIMEDOUT);
    ck_assert_int_eq(read2(a, 0x49, in, &fault), -EBUSY);
    ck_assert_ptr_nonnull(strstr(fault.text, "still in the host"));
    ck_assert_uint_eq(gate_entered(), 1);
    gate_hold(false);
    while (read2_patiently(a, 0x4a, in) == -EBUSY) {
        sched_yield();
    }
    ck_assert_uint_eq(in[0], 0x5a);
    ck_assert_mem_eq(w.in, "\1\2", 2);
    ck_assert_str_eq(gate_log(), "T48 T4a ");
    i2cpt_adapter_unref(a);
    ck_assert_uint_eq(gate_closed(), 1);
}
END_TEST

/* What cannot be written out while the host hangs is not said to be. */
START_TEST(recording_while_hanging)
{
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    struct waiter w;
    uint8_t in[2];

    gate_install(GATE_OUTLIVES);
    a = open_gate("gate,timeout-ms=50,record=/dev/null");
    gate_hold(true);
    leave_in_the_host(a, &w);
    ck_assert_int_eq(i2cpt_trace_record_flush(a), -EBUSY);
    ck_assert_int_eq(i2cpt_trace_record_end(a, &fault), -EBUSY);
    ck_assert_ptr_nonnull(strstr(fault.text, "still in the host"));
    gate_hold(false);
    while (read2_patiently(a, 0x4a, in) == -EBUSY) {
        sched_yield();
    }
    ck_assert_int_eq(i2cpt_trace_record_flush(a), 0);
    ck_assert_int_eq(i2cpt_trace_record_end(a, NULL), 0);
    i2cpt_adapter_unref(a);
}
END_TEST

/* Closing while the host hangs does not wait for ever; the worker closes. */
START_TEST(close_while_hanging)
{
    struct i2cpt_adapter *a;
    struct waiter w;
    uint8_t in[2];

    gate_install(GATE_OUTLIVES);
    a = open_gate("gate,timeout-ms=30");
    gate_hold(true);
    leave_in_the_host(a, &w);
    i2cpt_adapter_unref(a);
    ck_assert_uint_eq(gate_closed(), 0);
    gate_hold(false);
    while (!gate_closed()) {
        sched_yield();
    }
    a = open_gate("gate");
    ck_assert_int_eq(read2_patiently(a, 0x48, in), 0);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(queued_past_its_deadline)
{
    struct i2cpt_adapter *a;
    struct completion c1 = {0}, c2 = {0};
    uint8_t byte = 0;
    struct i2cpt_msg m1 = {.addr = 1, .len = 1, .buf = &byte};
    struct i2cpt_msg m2 = {.addr = 2, .len = 1, .buf = &byte};

    gate_install(GATE_PLAIN);
    a = open_gate("gate,timeout-ms=20000");
    gate_hold(true);
    ck_assert_int_eq(i2cpt_submit(a, &m1, 1, 0, completed, &c1, NULL), 0);
    gate_wait_entered(1);
    ck_assert_int_eq(i2cpt_submit(a, &m2, 1, 20, completed, &c2, NULL), 0);
    poll_dispatch(a, &c2);
    ck_assert_int_eq(c2.result, -ETIMEDOUT);
    ck_assert_int_eq(c2.code, ETIMEDOUT);
    ck_assert_int_eq(c2.msg, -1);
    ck_assert_int_eq(c2.byte, -1);
    ck_assert_int_eq(c1.calls, 0);
    gate_hold(false);
    poll_dispatch(a, &c1);
    ck_assert_int_eq(c1.result, 0);
    ck_assert_str_eq(gate_log(), "T01 ");
    i2cpt_adapter_unref(a);
}
END_TEST

/* ----------------------------------------------------------- slow openings */

struct opener {
    const char *spec;
    struct i2cpt_adapter *adapter;
    int ret;
    pthread_t thread;
};

static void *opener_main(void *arg)
{
    struct opener *o = arg;

    o->ret = i2cpt_adapter_open(o->spec, &o->adapter, NULL);
    return NULL;
}

/* An opening that takes long keeps nobody else from anything: others open and
 * close, the process forks, the child opens too. Who wants the same adapter
 * waits, and shares it. */
START_TEST(slow_opening)
{
    struct opener first = {"gate,id=slow,slow=on"}, second = first;
    struct i2cpt_adapter *a;
    int status;
    pid_t pid;

    gate_install(GATE_PLAIN);
    pthread_create(&first.thread, NULL, opener_main, &first);
    gate_wait_entered(1);
    a = open_gate("gate,id=other");
    i2cpt_adapter_unref(a);
    pid = fork();
    if (!pid) {
        int bad = i2cpt_adapter_open("gate,id=slow", &a, NULL);

        _exit(bad ? 1 : 0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    pthread_create(&second.thread, NULL, opener_main, &second);
    gate_open(1);
    pthread_join(first.thread, NULL);
    pthread_join(second.thread, NULL);
    ck_assert_int_eq(first.ret, 0);
    ck_assert_int_eq(second.ret, 0);
    i2cpt_adapter_unref(first.adapter);
    ck_assert_uint_eq(gate_closed(), 1);
    i2cpt_adapter_unref(second.adapter);
    ck_assert_uint_eq(gate_closed(), 2);
}
END_TEST

/* One that fails after all leaves the way free. */
START_TEST(slow_failure)
{
    struct opener first = {"gate,id=slow,slow=on,fail=on"};
    struct i2cpt_adapter *a;

    gate_install(GATE_PLAIN);
    pthread_create(&first.thread, NULL, opener_main, &first);
    gate_wait_entered(1);
    gate_open(1);
    pthread_join(first.thread, NULL);
    ck_assert_int_eq(first.ret, -ENOENT);
    a = open_gate("gate,id=slow");
    i2cpt_adapter_unref(a);
}
END_TEST

/* ------------------------------------------------------------------- stress */

enum { STRESS_THREADS = 4, STRESS_ROUNDS = 200 };

static void *stress_main(void *arg)
{
    struct waiter *w = arg;
    struct completion c;
    struct i2cpt_request *r;
    uint8_t byte = 0;
    struct i2cpt_msg m = {.addr = w->addr, .len = 1, .buf = &byte};
    int i;

    for (i = 0; i < STRESS_ROUNDS && !w->ret; i++) {
        switch (i % 4) {
        case 0:
            w->ret = read2(w->adapter, w->addr, w->in, NULL);
            break;
        case 1:
            c = (struct completion){0};
            w->ret = i2cpt_submit(w->adapter, &m, 1, 0, completed, &c, NULL);
            while (!w->ret && !c.calls) {
                i2cpt_dispatch(w->adapter);
            }
            break;
        case 2:
            c = (struct completion){0};
            w->ret = i2cpt_submit(w->adapter, &m, 1, 0, completed, &c, &r);
            if (!w->ret) {
                i2cpt_request_cancel(r);
                w->ret = i2cpt_request_wait(r, 10000000);
            }
            break;
        default:
            w->ret |= stream_op(w->adapter, I2CPT_OP_STREAM_START, w, 1);
            w->ret |= stream_op(w->adapter, I2CPT_OP_STREAM_STOP, w, 1);
        }
    }
    return NULL;
}

START_TEST(stress)
{
    struct waiter w[STRESS_THREADS];
    int i;

    gate_install((enum gate_kind)_i);
    for (i = 0; i < STRESS_THREADS; i++) {
        w[i] = (struct waiter){.adapter = open_gate("gate,timeout-ms=20000"),
                               .addr = (uint16_t)(i + 1)};
        pthread_create(&w[i].thread, NULL, stress_main, &w[i]);
    }
    for (i = 0; i < STRESS_THREADS; i++) {
        pthread_join(w[i].thread, NULL);
        ck_assert_int_eq(w[i].ret, 0);
        i2cpt_adapter_unref(w[i].adapter);
    }
    ck_assert_uint_eq(gate_closed(), 1);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("bus");
    TCase *c = tcase_create("bus");

    tcase_set_timeout(c, 60);
    tcase_add_test(c, same_adapter_is_shared);
    tcase_add_loop_test(c, second_opening_must_agree, 0,
                        sizeof(pairs) / sizeof(pairs[0]));
    tcase_add_test(c, descriptors_end);
    tcase_add_test(c, failed_opening_leaves_nothing);
    tcase_add_loop_test(c, sync_runs_here_and_in_order, 0, 3);
    tcase_add_test(c, one_caller_at_a_time);
    tcase_add_test(c, hanging_host);
    tcase_add_test(c, recording_while_hanging);
    tcase_add_test(c, close_while_hanging);
    tcase_add_test(c, queued_past_its_deadline);
    tcase_add_test(c, slow_opening);
    tcase_add_test(c, slow_failure);
    tcase_add_loop_test(c, stress, 0, 4);
    suite_add_tcase(s, c);
    return unit_run(s);
}
