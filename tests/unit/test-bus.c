/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sharing, order, deadlines, orphans, cancel, unplug, fork: lib/bus/bus.c,
 * bus/sync-call.c, request.c and adapter.c through a backend that the test
 * controls. */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bus/bus.h"
#include "bus/calls.h"
#include "gate.h"
#include "i2cpt-trace.h"
#include "unit.h"

static struct i2cpt_adapter *open_gate(const char *spec)
{
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;

    ck_assert_msg(!i2cpt_adapter_open(spec, &a, &fault), "%s", fault.text);
    return a;
}

static int read2(struct i2cpt_adapter *a, uint16_t addr, uint8_t *in,
                 struct i2cpt_fault *fault)
{
    uint8_t reg = 0;
    struct i2cpt_msg msgs[] = {
        {.addr = addr, .len = 1, .buf = &reg},
        {.addr = addr, .flags = I2CPT_M_RD, .len = 2, .buf = in},
    };

    return i2cpt_transfer(a, msgs, 2, fault);
}

struct waiter {
    struct i2cpt_adapter *adapter;
    uint16_t addr;
    uint8_t in[2];
    int ret;
    struct i2cpt_fault fault;
    pthread_t thread;
};

static void *waiter_main(void *arg)
{
    struct waiter *w = arg;

    w->ret = read2(w->adapter, w->addr, w->in, &w->fault);
    return NULL;
}

static void waiter_start(struct waiter *w, struct i2cpt_adapter *a,
                         uint16_t addr)
{
    w->adapter = a;
    w->addr = addr;
    ck_assert_int_eq(pthread_create(&w->thread, NULL, waiter_main, w), 0);
}

struct completion {
    int calls, result, code, msg, byte;
    struct i2cpt_adapter *unref;
    char *order;
    char letter;
};

static void completed(struct i2cpt_request *r, int result,
                      const struct i2cpt_fault *fault, void *user)
{
    struct completion *c = user;

    c->calls++;
    c->result = result;
    c->code = fault->code;
    c->msg = fault->msg;
    c->byte = fault->byte;
    if (c->order) {
        strncat(c->order, &c->letter, 1);
    }
    if (c->unref) {
        i2cpt_adapter_unref(c->unref);
    }
}

static void poll_dispatch(struct i2cpt_adapter *a, struct completion *c)
{
    struct pollfd p = {i2cpt_adapter_fd(a), POLLIN, 0};

    while (!c->calls) {
        ck_assert_int_eq(poll(&p, 1, 10000), 1);
        ck_assert_int_ge(i2cpt_dispatch(a), 0);
    }
}

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
    waiter_start(&w, a, 0x48);
    pthread_join(w.thread, NULL);
    ck_assert_int_eq(w.ret, -ETIMEDOUT);
    ck_assert_int_eq(w.fault.code, ETIMEDOUT);
    ck_assert_int_eq(read2(a, 0x49, in, &fault), -EBUSY);
    ck_assert_ptr_nonnull(strstr(fault.text, "still in the host"));
    ck_assert_uint_eq(gate_entered(), 1);
    gate_hold(false);
    while (read2(a, 0x4a, in, NULL) == -EBUSY) {
        usleep(100);
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
    waiter_start(&w, a, 0x48);
    pthread_join(w.thread, NULL);
    ck_assert_int_eq(i2cpt_trace_record_flush(a), -EBUSY);
    ck_assert_int_eq(i2cpt_trace_record_end(a, &fault), -EBUSY);
    ck_assert_ptr_nonnull(strstr(fault.text, "still in the host"));
    gate_hold(false);
    while (read2(a, 0x4a, in, NULL) == -EBUSY) {
        usleep(100);
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
    uint8_t in[2];

    gate_install(GATE_OUTLIVES);
    a = open_gate("gate,timeout-ms=30");
    gate_hold(true);
    ck_assert_int_eq(read2(a, 0x48, in, NULL), -ETIMEDOUT);
    i2cpt_adapter_unref(a);
    ck_assert_uint_eq(gate_closed(), 0);
    gate_hold(false);
    while (!gate_closed()) {
        usleep(100);
    }
    a = open_gate("gate");
    ck_assert_int_eq(read2(a, 0x48, in, NULL), 0);
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

/* ------------------------------------------------------------------ streams */

static int stream_op(struct i2cpt_adapter *a, enum i2cpt_op op,
                     const void *owner, uint8_t value)
{
    struct i2cpt_call call = {
        .op = op, .owner = owner, .addr = value, .byte = value};

    return i2cpt_call_run(a, &call, NULL);
}

/* Nobody gets between a stream's START and STOP. */
START_TEST(stream_owns_the_bus)
{
    struct i2cpt_adapter *a;
    struct waiter w;
    int me;

    gate_install(GATE_PLAIN);
    a = open_gate("gate,timeout-ms=20000");
    ck_assert_int_eq(stream_op(a, I2CPT_OP_STREAM_START, &me, 0x50), 0);
    waiter_start(&w, a, 0x48);
    ck_assert_int_eq(stream_op(a, I2CPT_OP_STREAM_WRITE, &me, 1), 0);
    ck_assert_int_eq(stream_op(a, I2CPT_OP_STREAM_START, &me, 0x51), 0);
    ck_assert_int_eq(stream_op(a, I2CPT_OP_STREAM_READ, &me, 0), 0);
    ck_assert_int_eq(stream_op(a, I2CPT_OP_STREAM_STOP, &me, 0), 0);
    pthread_join(w.thread, NULL);
    ck_assert_int_eq(w.ret, 0);
    ck_assert_str_eq(gate_log(), "S50 W01 S51 R E T48 ");
    ck_assert_int_eq(stream_op(a, I2CPT_OP_STREAM_WRITE, &me, 2), -ECANCELED);
    ck_assert_int_eq(stream_op(a, I2CPT_OP_STREAM_STOP, &me, 0), 0);
    ck_assert_str_eq(gate_log(), "S50 W01 S51 R E T48 ");
    i2cpt_adapter_unref(a);
}
END_TEST

/* Where it went wrong is not guessed: a back end that says only that it did. */
START_TEST(place_unknown)
{
    struct completion c = {.calls = 0};
    uint8_t byte = 0;
    struct i2cpt_msg m = {.addr = 1, .len = 1, .buf = &byte};
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault = {.msg = 7, .byte = 7};

    gate_install((enum gate_kind)_i);
    gate_be_terse();
    a = open_gate("gate");
    gate_result(-EIO);
    ck_assert_int_eq(i2cpt_submit(a, &m, 1, 0, completed, &c, NULL), 0);
    poll_dispatch(a, &c);
    ck_assert_int_eq(c.result, -EIO);
    ck_assert_int_eq(c.code, EIO);
    ck_assert_int_eq(c.msg, -1);
    ck_assert_int_eq(c.byte, -1);
    ck_assert_int_eq(i2cpt_transfer(a, &m, 1, &fault), -EIO);
    ck_assert_int_eq(fault.code, EIO);
    ck_assert_int_eq(fault.msg, -1);
    ck_assert_int_eq(fault.byte, -1);
    i2cpt_adapter_unref(a);
}
END_TEST

/* What is written is only read, by the way back too; and a call can be made
 * again, with a time of its own. */
START_TEST(a_call_stays_as_it_was)
{
    static const uint8_t bytes[2] = {0x10, 0xaa};
    struct i2cpt_msg m = {.addr = 1, .len = 2, .buf = (uint8_t *)bytes};
    struct i2cpt_call call = {.op = I2CPT_OP_TRANSFER, .msgs = &m, .n = 1};
    struct i2cpt_adapter *a;

    gate_install((enum gate_kind)_i);
    a = open_gate("gate");
    for (int i = 0; i < 2; i++) {
        m.actual = 0;
        ck_assert_int_eq(i2cpt_call_run(a, &call, NULL), 0);
        ck_assert_uint_eq(m.actual, 2);
        ck_assert_ptr_eq(m.buf, bytes);
        ck_assert_uint_eq(call.deadline_ns, 0);
    }
    i2cpt_adapter_unref(a);
}
END_TEST

/* Flags that the adapter lacks are refused on whichever message they are. */
START_TEST(flags_of_each_message)
{
    struct completion c = {.calls = 0};
    uint8_t byte = 0;
    struct i2cpt_msg m[2] = {{.addr = 1, .len = 1, .buf = &byte},
                             {.addr = 1, .len = 1, .buf = &byte}};
    struct i2cpt_adapter *a;

    gate_install(GATE_PLAIN);
    a = open_gate("gate");
    m[_i].flags = I2CPT_M_IGNORE_NAK;
    ck_assert_int_eq(i2cpt_transfer(a, m, 2, NULL), -EOPNOTSUPP);
    ck_assert_int_eq(i2cpt_submit(a, m, 2, 0, completed, &c, NULL), 0);
    poll_dispatch(a, &c);
    ck_assert_int_eq(c.result, -EOPNOTSUPP);
    ck_assert_str_eq(gate_log(), "");
    i2cpt_adapter_unref(a);
}
END_TEST

/* A pointer whose time has passed is not begun: nothing could take it back. */
START_TEST(a_late_pointer_is_not_begun)
{
    struct i2cpt_call call = {.op = I2CPT_OP_STREAM_POINTER,
                              .owner = &call,
                              .addr = 0x50,
                              .n_pointer = 1,
                              .deadline_ns = 1};
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;

    gate_install((enum gate_kind)_i);
    a = open_gate("gate");
    ck_assert_int_eq(i2cpt_call_run(a, &call, &fault), -ETIMEDOUT);
    ck_assert_int_eq(fault.msg, -1);
    ck_assert_int_eq(fault.byte, -1);
    ck_assert_str_eq(gate_log(), "");
    call.deadline_ns = 0;
    ck_assert_int_eq(i2cpt_call_run(a, &call, &fault), 0);
    ck_assert_int_eq(stream_op(a, I2CPT_OP_STREAM_STOP, &call, 0), 0);
    ck_assert_str_eq(gate_log(), "S50 W00 S50 E ");
    i2cpt_adapter_unref(a);
}
END_TEST

/* Each try asks for the same: a failed one has overwritten the count. */
START_TEST(retries_ask_the_same)
{
    uint8_t buf[34] = {1};
    struct i2cpt_msg m = {.addr = 0x48,
                          .flags = I2CPT_M_RD | I2CPT_M_RECV_LEN,
                          .len = sizeof(buf),
                          .buf = buf};
    struct i2cpt_adapter *a;

    gate_install(GATE_PLAIN);
    a = open_gate("gate,retries=3");
    gate_result(-EAGAIN);
    ck_assert_int_eq(i2cpt_transfer(a, &m, 1, NULL), -EAGAIN);
    ck_assert_str_eq(gate_log(), "T48 N01 T48 N01 T48 N01 T48 N01 ");
    i2cpt_adapter_unref(a);
}
END_TEST

/* Who keeps deadlines by itself may come back a little later; a host that does
 * not is given up at once. */
START_TEST(grace_is_for_who_keeps_deadlines)
{
    struct i2cpt_ops ops = {0};
    struct i2cpt_bus bus = {.ops = &ops};
    struct job job = {.state = JOB_QUEUED, .call = {.deadline_ns = 1000}};

    ck_assert_uint_eq(bus_expiry(&bus, &job), 1000);
    job.state = JOB_RUNNING;
    ck_assert_uint_eq(bus_expiry(&bus, &job), 1000 + I2CPT_GRACE_NS);
    ops.flags = I2CPT_OPS_OUTLIVES;
    ck_assert_uint_eq(bus_expiry(&bus, &job), 1000);
    ops.flags = 0;
    job.call.deadline_ns = UINT64_MAX;
    ck_assert_uint_eq(bus_expiry(&bus, &job), UINT64_MAX);
}
END_TEST

/* The adapter goes in the middle of a stream: what waits behind the stream
 * hears of it, and does not wait for a STOP that never comes. */
START_TEST(unplugged_in_a_stream)
{
    struct completion c = {0};
    uint8_t byte = 0;
    struct i2cpt_msg m = {.addr = 1, .len = 1, .buf = &byte};
    struct i2cpt_adapter *a;

    gate_install(GATE_PLAIN);
    a = open_gate("gate,timeout-ms=60000");
    ck_assert_int_eq(stream_op(a, I2CPT_OP_STREAM_START, &c, 0x50), 0);
    ck_assert_int_eq(i2cpt_submit(a, &m, 1, 0, completed, &c, NULL), 0);
    gate_result(-ENODEV);
    ck_assert_int_eq(stream_op(a, I2CPT_OP_STREAM_WRITE, &c, 1), -ENODEV);
    poll_dispatch(a, &c);
    ck_assert_int_eq(c.result, -ENODEV);
    ck_assert_str_eq(gate_log(), "S50 W01 ");
    i2cpt_adapter_unref(a);
}
END_TEST

static void *wait_for_ever(void *arg)
{
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
        usleep(100);
    }
    usleep(1000); /* asleep by now, or else nothing is shown */
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

/* The worker does not send what nobody can be waiting for any more, also where
 * nobody has looked. */
START_TEST(late_in_the_queue)
{
    struct completion c1 = {0}, c2 = {0}, c3 = {0};
    uint8_t byte = 0;
    struct i2cpt_msg m[] = {{.addr = 1, .len = 1, .buf = &byte},
                            {.addr = 2, .len = 1, .buf = &byte},
                            {.addr = 3, .len = 1, .buf = &byte}};
    struct i2cpt_adapter *a;

    gate_install(GATE_PLAIN);
    a = open_gate("gate,timeout-ms=60000");
    gate_hold(true);
    ck_assert_int_eq(i2cpt_submit(a, &m[0], 1, 0, completed, &c1, NULL), 0);
    gate_wait_entered(1);
    ck_assert_int_eq(i2cpt_submit(a, &m[1], 1, 1, completed, &c2, NULL), 0);
    ck_assert_int_eq(i2cpt_submit(a, &m[2], 1, 0, completed, &c3, NULL), 0);
    usleep(2000); /* its millisecond passes */
    gate_open(1);
    gate_wait_entered(2);
    gate_hold(false);
    poll_dispatch(a, &c3);
    ck_assert_int_eq(c2.result, -ETIMEDOUT);
    ck_assert_ptr_null(strstr(gate_log(), "02"));
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
    tcase_add_test(c, hanging_host);
    tcase_add_test(c, recording_while_hanging);
    tcase_add_test(c, close_while_hanging);
    tcase_add_test(c, queued_past_its_deadline);
    tcase_add_loop_test(c, submit_dispatch, 0, 3);
    tcase_add_test(c, wait_harvests_one);
    tcase_add_test(c, cancel);
    tcase_add_loop_test(c, unref_in_callback, 0, 4);
    tcase_add_test(c, close_drops_queued);
    tcase_add_loop_test(c, unplugged, 0, 4);
    tcase_add_loop_test(c, unplugged_request, 0, 4);
    tcase_add_loop_test(c, place_unknown, 0, 4);
    tcase_add_loop_test(c, a_call_stays_as_it_was, 0, 4);
    tcase_add_loop_test(c, flags_of_each_message, 0, 2);
    tcase_add_loop_test(c, a_late_pointer_is_not_begun, 0, 4);
    tcase_add_test(c, handles_end_at_fork);
    tcase_add_test(c, stream_owns_the_bus);
    tcase_add_test(c, retries_ask_the_same);
    tcase_add_test(c, grace_is_for_who_keeps_deadlines);
    tcase_add_test(c, unplugged_in_a_stream);
    tcase_add_test(c, cancel_wakes_who_waits);
    tcase_add_test(c, late_in_the_queue);
    tcase_add_test(c, slow_opening);
    tcase_add_test(c, slow_failure);
    tcase_add_loop_test(c, stress, 0, 4);
    suite_add_tcase(s, c);
    return unit_run(s);
}
