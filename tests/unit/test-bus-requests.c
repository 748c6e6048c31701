/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests: submitted, waited for, cancelled, unplugged, forked; bus/request.c
 * and dispatch.c through a backend that the test controls. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bus/bus.h"
#include "callers.h"
#include "gate.h"
#include "i2cpt-trace.h"
#include "unit.h"

/* ------------------------------------------------------------- asynchronous */

START_TEST(submit_dispatch)
{
    struct i2cpt_adapter *a;
    struct completion c[3];
    char order[8] = "";
    uint8_t in[3] = {0};
    struct i2cpt_msg m[3];
    int i;

    gate_install((enum gate_kind)_i);
    a = open_gate("gate,timeout-ms=20000");
    for (i = 0; i < 3; i++) {
        c[i] = (struct completion){.order = order, .letter = (char)('a' + i)};
        m[i] = (struct i2cpt_msg){.addr = (uint16_t)(i + 1),
                                  .flags = I2CPT_M_RD,
                                  .len = 1,
                                  .buf = &in[i]};
        ck_assert_int_eq(i2cpt_submit(a, &m[i], 1, 0, completed, &c[i], NULL),
                         0);
    }
    ck_assert_str_eq(order, "");
    poll_dispatch(a, &c[2]);
    ck_assert_str_eq(order, "abc");
    ck_assert_str_eq(gate_log(), "T01 T02 T03 ");
    ck_assert_mem_eq(in, "\x5a\x5a\x5a", 3);
    ck_assert_uint_eq(m[1].actual, 1);
    ck_assert_int_eq(i2cpt_dispatch(a), 0);
    ck_assert_int_eq(
        poll(&(struct pollfd){i2cpt_adapter_fd(a), POLLIN, 0}, 1, 0), 0);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(wait_harvests_one)
{
    struct i2cpt_adapter *a;
    struct completion c1 = {0}, c2 = {0};
    struct i2cpt_request *r1, *r2;
    uint8_t byte = 0;
    struct i2cpt_msg m1 = {.addr = 1, .len = 1, .buf = &byte};
    struct i2cpt_msg m2 = {.addr = 2, .len = 1, .buf = &byte};

    gate_install(GATE_PLAIN);
    a = open_gate("gate,timeout-ms=20000");
    gate_hold(true);
    ck_assert_int_eq(i2cpt_submit(a, &m1, 1, 0, completed, &c1, &r1), 0);
    ck_assert_int_eq(i2cpt_submit(a, &m2, 1, 0, completed, &c2, &r2), 0);
    ck_assert_int_eq(i2cpt_request_wait(r1, 1000), -ETIMEDOUT);
    ck_assert_int_eq(c1.calls, 0);
    gate_hold(false);
    ck_assert_int_eq(i2cpt_request_wait(r2, 10000000), 0);
    ck_assert_int_eq(c2.calls, 1);
    ck_assert_int_eq(c1.calls, 0);
    ck_assert_int_eq(i2cpt_request_wait(r1, 0), 0);
    ck_assert_int_eq(c1.calls, 1);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(cancel)
{
    struct i2cpt_adapter *a;
    struct completion c1 = {0}, c2 = {0};
    struct i2cpt_request *r1, *r2;
    uint8_t byte = 0;
    struct i2cpt_msg m1 = {.addr = 1, .len = 1, .buf = &byte};
    struct i2cpt_msg m2 = {.addr = 2, .len = 1, .buf = &byte};

    gate_install(GATE_PLAIN);
    a = open_gate("gate,timeout-ms=20000");
    gate_hold(true);
    ck_assert_int_eq(i2cpt_submit(a, &m1, 1, 0, completed, &c1, &r1), 0);
    gate_wait_entered(1);
    ck_assert_int_eq(i2cpt_submit(a, &m2, 1, 0, completed, &c2, &r2), 0);
    ck_assert_int_eq(i2cpt_request_cancel(r2), 0);
    ck_assert_int_eq(c2.calls, 0);
    ck_assert_int_eq(i2cpt_request_cancel(r2), -EALREADY);
    ck_assert_int_eq(i2cpt_request_cancel(r1), 0); /* on the wire: runs on */
    ck_assert_int_eq(i2cpt_dispatch(a), 1);
    ck_assert_int_eq(c2.result, -ECANCELED);
    gate_hold(false);
    poll_dispatch(a, &c1);
    ck_assert_int_eq(c1.result, 0);
    ck_assert_int_eq(c1.calls, 1);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(unref_in_callback)
{
    struct i2cpt_adapter *a;
    struct completion c1 = {0}, c2 = {0};
    uint8_t byte = 0;
    struct i2cpt_msg m = {.addr = 1, .len = 1, .buf = &byte};

    gate_install((enum gate_kind)_i);
    a = open_gate("gate,timeout-ms=20000");
    c1.unref = a;
    ck_assert_int_eq(i2cpt_submit(a, &m, 1, 0, completed, &c1, NULL), 0);
    ck_assert_int_eq(i2cpt_submit(a, &m, 1, 0, completed, &c2, NULL), 0);
    gate_wait_entered(2);
    poll_dispatch(a, &c1);
    ck_assert_int_eq(c1.calls, 1);
    ck_assert_uint_eq(gate_closed(), 1);
}
END_TEST

START_TEST(close_drops_queued)
{
    struct i2cpt_adapter *a, *b;
    struct completion c = {0};
    uint8_t byte = 0;
    struct i2cpt_msg m = {.addr = 1, .len = 1, .buf = &byte};
    struct waiter w;

    gate_install(GATE_PLAIN);
    a = open_gate("gate,timeout-ms=20000");
    b = open_gate("gate");
    gate_hold(true);
    waiter_start(&w, b, 0x33);
    gate_wait_entered(1);
    ck_assert_int_eq(i2cpt_submit(a, &m, 1, 0, completed, &c, NULL), 0);
    ck_assert_int_eq(i2cpt_submit(a, &m, 1, 0, completed, &c, NULL), 0);
    i2cpt_adapter_unref(a);
    gate_hold(false);
    pthread_join(w.thread, NULL);
    ck_assert_int_eq(w.ret, 0);
    i2cpt_adapter_unref(b);
    ck_assert_int_eq(c.calls, 0);
    ck_assert_str_eq(gate_log(), "T33 ");
}
END_TEST

/* -------------------------------------------------------- unplug and fork */

/* The same of a request, also where another bus was opened first. */
START_TEST(unplugged_request)
{
    struct completion c = {.calls = 0};
    uint8_t byte = 0;
    struct i2cpt_msg m = {.addr = 1, .len = 1, .buf = &byte};
    struct i2cpt_request *r = NULL;
    struct i2cpt_adapter *a, *b, *other;

    gate_install((enum gate_kind)_i);
    other = open_gate("gate,id=other");
    a = open_gate("gate");
    gate_result(-ENODEV);
    ck_assert_int_eq(i2cpt_submit(a, &m, 1, 0, completed, &c, NULL), 0);
    poll_dispatch(a, &c);
    ck_assert_int_eq(c.result, -ENODEV);
    r = (struct i2cpt_request *)&c; /* anything but NULL */
    ck_assert_int_eq(i2cpt_submit(a, &m, 1, 0, completed, &c, &r), -ENODEV);
    ck_assert_ptr_null(r);
    gate_result(0);
    b = open_gate("gate"); /* plugged in again */
    ck_assert_int_eq(i2cpt_transfer(b, &m, 1, NULL), 0);
    ck_assert_int_eq(i2cpt_transfer(other, &m, 1, NULL), 0);
    i2cpt_adapter_unref(a);
    i2cpt_adapter_unref(b);
    i2cpt_adapter_unref(other);
    ck_assert_uint_eq(gate_closed(), 3);
}
END_TEST

START_TEST(unplugged)
{
    struct i2cpt_adapter *a, *b;
    struct i2cpt_fault fault;
    uint8_t in[2];

    gate_install((enum gate_kind)_i);
    a = open_gate("gate");
    gate_result(-ENODEV);
    ck_assert_int_eq(read2(a, 0x48, in, &fault), -ENODEV);
    gate_result(0);
    ck_assert_int_eq(read2(a, 0x48, in, &fault), -ENODEV);
    ck_assert_ptr_nonnull(strstr(fault.text, "gate:0"));
    ck_assert_uint_eq(gate_entered(), 1);
    b = open_gate("gate"); /* plugged in again */
    ck_assert_int_eq(read2(b, 0x48, in, &fault), 0);
    ck_assert_int_eq(read2(a, 0x48, in, &fault), -ENODEV);
    i2cpt_adapter_unref(a);
    i2cpt_adapter_unref(b);
    ck_assert_uint_eq(gate_closed(), 2);
}
END_TEST

START_TEST(handles_end_at_fork)
{
    struct i2cpt_adapter *a;
    uint8_t in[2];
    int status;
    pid_t pid;

    gate_install(GATE_PLAIN);
    a = open_gate("gate,record=/dev/null");
    pid = fork();
    if (!pid) {
        struct i2cpt_msg m = {.addr = 1};
        struct i2cpt_adapter *b;
        struct i2cpt_fault fault;
        int bad = 0;

        bad |= read2(a, 1, in, NULL) != -EPERM;
        bad |= i2cpt_submit(a, &m, 1, 0, completed, NULL, NULL) != -EPERM;
        bad |= i2cpt_dispatch(a) != -EPERM;
        bad |= i2cpt_adapter_fd(a) != -EPERM;
        bad |= i2cpt_trace_record_flush(a) != -EPERM;
        bad |= i2cpt_trace_record_end(a, NULL) != -EPERM;
        bad |= i2cpt_trace_record_end(a, &fault) != -EPERM;
        bad |= fault.code != EPERM || fault.msg != -1 || fault.byte != -1;
        i2cpt_adapter_unref(a);
        bad |= i2cpt_adapter_open("gate", &b, NULL) != 0;
        bad |= !bad && read2(b, 1, in, NULL) != 0;
        i2cpt_adapter_unref(b); /* one of its own, not the parent's */
        bad |= gate_closed() != 1;
        _exit(bad);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(read2(a, 1, in, NULL), 0);
    i2cpt_adapter_unref(a);
}
END_TEST

static atomic_int waiting_tid;

static void *wait_for_ever(void *arg)
{
    atomic_store(&waiting_tid, (int)syscall(SYS_gettid));
    return (void *)(intptr_t)i2cpt_request_wait(arg, UINT32_MAX);
}

/* Who waits for a request hears of its being cancelled. */
START_TEST(cancel_wakes_who_waits)
{
    struct completion c1 = {0}, c2 = {0};
    struct i2cpt_request *r;
    uint8_t byte = 0;
    struct i2cpt_msg m = {.addr = 1, .len = 1, .buf = &byte};
    struct i2cpt_adapter *a;
    pthread_t thread;
    void *ret;

    gate_install(GATE_PLAIN);
    a = open_gate("gate,timeout-ms=60000");
    gate_hold(true);
    ck_assert_int_eq(i2cpt_submit(a, &m, 1, 0, completed, &c1, NULL), 0);
    gate_wait_entered(1);
    ck_assert_int_eq(i2cpt_submit_kept(a, &m, 1, 0, completed, &c2, &r), 0);
    pthread_create(&thread, NULL, wait_for_ever, r);
    while (i2cpt_request_wait(r, 0) != -EBUSY) {
        sched_yield();
    }
    wait_asleep(atomic_load(&waiting_tid));
    ck_assert_int_eq(i2cpt_request_cancel(r), 0);
    pthread_join(thread, &ret);
    ck_assert_int_eq((int)(intptr_t)ret, 0);
    ck_assert_int_eq(c2.result, -ECANCELED);
    i2cpt_request_free(r);
    gate_hold(false);
    poll_dispatch(a, &c1);
    i2cpt_adapter_unref(a);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("bus-requests");
    TCase *c = tcase_create("bus-requests");

    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, submit_dispatch, 0, 3);
    tcase_add_test(c, wait_harvests_one);
    tcase_add_test(c, cancel);
    tcase_add_loop_test(c, unref_in_callback, 0, 4);
    tcase_add_test(c, close_drops_queued);
    tcase_add_loop_test(c, unplugged, 0, 4);
    tcase_add_loop_test(c, unplugged_request, 0, 4);
    tcase_add_test(c, handles_end_at_fork);
    tcase_add_test(c, cancel_wakes_who_waits);
    suite_add_tcase(s, c);
    return unit_run(s);
}
