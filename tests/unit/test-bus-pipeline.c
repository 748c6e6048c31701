/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lib/bus/worker.c where the backend takes transfers while others are on the
 * wire: order, faults, deadlines, cancel, unplug, closing. */
#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>

#include "core/backend.h"
#include "bus/calls.h"
#include "gate.h"
#include "core/deadline-thread.h"
#include "unit.h"

#define MOST 8

static struct i2cpt_adapter *adapter;

/* Requests 1 to MOST; the address is the number. */
static struct item {
    struct i2cpt_msg msg;
    uint8_t byte;
    struct i2cpt_request *request;
    int calls, result;
    struct i2cpt_fault fault;
} items[MOST + 1];
static char order[64];

static void done(struct i2cpt_request *r, int result,
                 const struct i2cpt_fault *fault, void *user)
{
    struct item *it = user;

    it->calls++;
    it->result = result;
    it->fault = *fault;
    order[strlen(order)] = (char)('0' + it->msg.addr);
}

static void submit(unsigned n, uint32_t timeout_ms)
{
    struct item *it = &items[n];

    *it = (struct item){.msg = {.addr = (uint16_t)n, .len = 1}};
    it->msg.flags = n % 2 ? I2CPT_M_RD : 0;
    it->msg.buf = &it->byte;
    ck_assert_int_eq(
        i2cpt_submit(adapter, &it->msg, 1, timeout_ms, done, it, &it->request),
        0);
}

static void wait_for(unsigned n)
{
    struct pollfd p = {i2cpt_adapter_fd(adapter), POLLIN, 0};

    while (!items[n].calls) {
        ck_assert_int_eq(poll(&p, 1, 10000), 1);
        ck_assert_int_ge(i2cpt_dispatch(adapter), 0);
    }
}

static void wait_for_all(unsigned last)
{
    for (unsigned n = 1; n <= last; n++) {
        wait_for(n);
        ck_assert_int_eq(items[n].calls, 1);
    }
}

/* 1 is on the wire, alone; 2 to `last` are queued, then begun, then 2 is
 * collected. */
static void begin_to(unsigned last)
{
    gate_hold(true);
    submit(1, 0);
    gate_wait_entered(1);
    for (unsigned n = 2; n <= last; n++) {
        submit(n, 0);
    }
    gate_open(1);
    gate_wait_entered(2);
}

static void open_adapter(const char *spec)
{
    struct i2cpt_fault fault;

    memset(order, 0, sizeof(order));
    ck_assert_msg(!i2cpt_adapter_open(spec, &adapter, &fault), "%s",
                  fault.text);
}

static void setup(void)
{
    gate_install(GATE_PIPELINE);
    open_adapter("gate,timeout-ms=20000");
}

START_TEST(begun_ahead)
{
    begin_to(4);
    ck_assert_str_eq(gate_log(), "T01 B02 B03 B04 ");
    gate_hold(false);
    wait_for_all(4);
    ck_assert_str_eq(order, "1234");
    ck_assert_str_eq(gate_log(), "T01 B02 B03 B04 C02 C03 C04 ");
    ck_assert_uint_eq(items[3].byte, 0x5a);
    ck_assert_uint_eq(items[3].msg.actual, 1);
    i2cpt_adapter_unref(adapter);
    ck_assert_uint_eq(gate_closed(), 1);
}
END_TEST

/* What comes while one is collected is begun before the next one is. */
START_TEST(goes_on)
{
    begin_to(3);
    submit(4, 0);
    submit(5, 0);
    gate_open(1);
    gate_wait_entered(3);
    ck_assert_str_eq(gate_log(), "T01 B02 B03 C02 B04 B05 ");
    gate_hold(false);
    wait_for_all(5);
    ck_assert_str_eq(order, "12345");
    i2cpt_adapter_unref(adapter);
}
END_TEST

/* Nothing passes one that has to have the bus to itself. */
START_TEST(refused_one)
{
    gate_refuse(4);
    begin_to(6);
    gate_hold(false);
    wait_for_all(6);
    ck_assert_str_eq(order, "123456");
    ck_assert_str_eq(gate_log(), "T01 B02 B03 C02 C03 T04 B05 B06 C05 C06 ");
    i2cpt_adapter_unref(adapter);
}
END_TEST

/* A stream has the bus from START to STOP. */
START_TEST(stream_between)
{
    struct i2cpt_call start = {
        .op = I2CPT_OP_STREAM_START, .owner = &start, .addr = 0x50};
    struct i2cpt_call stop = {.op = I2CPT_OP_STREAM_STOP, .owner = &start};

    struct i2cpt_request *request;
    struct i2cpt_fault fault;
    int result;

    begin_to(3);
    ck_assert_int_eq(bus_call_submit(adapter, &start, NULL, &request), 0);
    submit(4, 0);
    submit(5, 0);
    gate_hold(false);
    wait_for_all(3);
    bus_request_await(request, UINT64_MAX);
    ck_assert(bus_request_harvest(request, &result, &fault));
    ck_assert_int_eq(result, 0);
    ck_assert_str_eq(gate_log(), "T01 B02 B03 C02 C03 S50 ");
    ck_assert_int_eq(bus_call_run(adapter, &stop, NULL), 0);
    wait_for_all(5);
    ck_assert_str_eq(gate_log(), "T01 B02 B03 C02 C03 S50 E B04 B05 C04 C05 ");
    i2cpt_adapter_unref(adapter);
}
END_TEST

START_TEST(cancelled)
{
    gate_refuse(4);
    begin_to(5);
    ck_assert_int_eq(i2cpt_request_cancel(items[3].request), 0); /* begun */
    ck_assert_int_eq(i2cpt_request_cancel(items[4].request), 0);
    wait_for(4);
    ck_assert_int_eq(items[4].result, -ECANCELED);
    gate_hold(false);
    wait_for_all(5);
    ck_assert_int_eq(items[3].result, 0);
    ck_assert_int_eq(items[5].result, 0);
    ck_assert_str_eq(order, "14235");
    ck_assert_ptr_null(strstr(gate_log(), "04"));
    i2cpt_adapter_unref(adapter);
}
END_TEST

/* A deadline that passes on the wire: told, and the late result is dropped. */
START_TEST(deadline)
{
    gate_hold(true);
    submit(1, 0);
    gate_wait_entered(1);
    submit(2, 0);
    submit(3, 1500);
    submit(4, 0);
    gate_open(1);
    gate_wait_entered(2);
    wait_for(3);
    ck_assert_int_eq(items[3].result, -ETIMEDOUT);
    gate_hold(false);
    wait_for_all(4);
    ck_assert_str_eq(order, "1324");
    ck_assert_int_eq(items[4].result, 0);
    ck_assert_str_eq(gate_log(), "T01 B02 B03 B04 C02 C03 C04 ");
    i2cpt_adapter_unref(adapter);
}
END_TEST

START_TEST(orphaned)
{
    begin_to(4);
    bus_request_orphan(items[3].request);
    gate_hold(false);
    wait_for(4);
    ck_assert_int_eq(items[3].calls, 0);
    ck_assert_str_eq(order, "124");
    i2cpt_adapter_unref(adapter);
}
END_TEST

static const int results[] = {-ENXIO, -EIO, -ETIMEDOUT, -EAGAIN};

/* Of one, to that one. */
START_TEST(fault)
{
    begin_to(4);
    gate_result(results[_i]);
    gate_open(1);
    gate_wait_entered(3);
    gate_result(0);
    gate_hold(false);
    wait_for_all(4);
    ck_assert_int_eq(items[2].result, results[_i]);
    ck_assert_int_eq(items[2].fault.phase, I2CPT_PHASE_ADDRESS);
    ck_assert_int_eq(items[3].result, 0);
    ck_assert_int_eq(items[4].result, 0);
    i2cpt_adapter_unref(adapter);
}
END_TEST

/* Nothing but close() after that. */
START_TEST(unplugged)
{
    struct i2cpt_adapter *gone;

    begin_to(4);
    submit(5, 0);
    gate_result(-ENODEV);
    gate_hold(false);
    wait_for_all(5);
    ck_assert_int_eq(items[1].result, 0);
    for (unsigned n = 2; n <= 5; n++) {
        ck_assert_int_eq(items[n].result, -ENODEV);
        ck_assert_int_eq(items[n].fault.code, ENODEV);
    }
    ck_assert_str_eq(gate_log(), "T01 B02 B03 B04 C02 ");
    gone = adapter;
    gate_result(0);
    open_adapter("gate,timeout-ms=20000"); /* plugged in again */
    submit(1, 0);
    wait_for(1);
    ck_assert_int_eq(items[1].result, 0);
    i2cpt_adapter_unref(adapter);
    ck_assert_uint_eq(gate_closed(), 1);
    i2cpt_adapter_unref(gone);
    ck_assert_uint_eq(gate_closed(), 2);
}
END_TEST

static void *open_gate_main(void *arg)
{
    gate_hold(false);
    return NULL;
}

/* Closing waits for what is on the wire and forgets the rest. */
START_TEST(closed)
{
    pthread_t thread;

    gate_refuse(4);
    begin_to(5);
    ck_assert_int_eq(pthread_create(&thread, NULL, open_gate_main, NULL), 0);
    i2cpt_adapter_unref(adapter);
    pthread_join(thread, NULL);
    ck_assert_uint_eq(gate_closed(), 1);
    ck_assert_str_eq(order, "");
    ck_assert(g_str_has_prefix(gate_log(), "T01 B02 B03 C02 C03 "));
}
END_TEST

/* An attempt more would overtake those behind. */
START_TEST(not_with_retries)
{
    i2cpt_adapter_unref(adapter);
    open_adapter("gate,timeout-ms=20000,retries=1");
    begin_to(3);
    gate_hold(false);
    wait_for_all(3);
    ck_assert_str_eq(gate_log(), "T01 T02 T03 ");
    i2cpt_adapter_unref(adapter);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("bus-pipeline");
    TCase *c = tcase_create("bus-pipeline");

    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, setup, NULL);
    tcase_add_test(c, begun_ahead);
    tcase_add_test(c, goes_on);
    tcase_add_test(c, refused_one);
    tcase_add_test(c, stream_between);
    tcase_add_test(c, cancelled);
    tcase_add_test(c, deadline);
    tcase_add_test(c, orphaned);
    tcase_add_loop_test(c, fault, 0, sizeof(results) / sizeof(results[0]));
    tcase_add_test(c, unplugged);
    tcase_add_test(c, closed);
    tcase_add_test(c, not_with_retries);
    suite_add_tcase(s, c);
    return unit_run(s);
}
