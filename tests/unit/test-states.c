/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Transitions of buses and requests (lib/bus/bus.h) that the other tests of
 * them would not miss; transitions.txt says which test is whose. */
#include <errno.h>
#include <sched.h>

#include "bus/bus.h"
#include "gate.h"
#include "unit.h"

static uint8_t byte;
static struct i2cpt_msg msg = {.addr = 0x48, .len = 1, .buf = &byte};

static struct i2cpt_adapter *open_gate(enum gate_kind kind)
{
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;

    gate_install(kind);
    ck_assert_msg(!i2cpt_adapter_open("gate,timeout-ms=20000", &a, &fault),
                  "%s", fault.text);
    return a;
}

static int stream_op(struct i2cpt_adapter *a, enum i2cpt_op op)
{
    struct i2cpt_call call = {.op = op, .owner = a, .addr = 0x50};

    return bus_call_run(a, &call, NULL);
}

struct told {
    int calls, result, wait;
};

static void tell(struct i2cpt_request *r, int result,
                 const struct i2cpt_fault *fault, void *user)
{
    struct told *t = user;

    t->result = result;
    if (!t->calls++) {
        t->wait = i2cpt_request_wait(r, 0);
    }
}

/* --------------------------------------------------------------------- bus */

/* A START that is refused leaves the bus everybody's. */
START_TEST(no_owner_without_streams)
{
    struct i2cpt_adapter *a = open_gate(GATE_NO_STREAM);

    ck_assert_int_eq(stream_op(a, I2CPT_OP_STREAM_START), -EOPNOTSUPP);
    ck_assert_ptr_null(a->bus->owner);
    ck_assert_int_eq(i2cpt_transfer(a, &msg, 1, NULL), 0);
    i2cpt_adapter_unref(a);
}
END_TEST

/* So does a STOP, whatever it says. */
START_TEST(no_owner_after_a_bad_stop)
{
    struct i2cpt_adapter *a = open_gate(GATE_PLAIN);

    ck_assert_int_eq(stream_op(a, I2CPT_OP_STREAM_START), 0);
    ck_assert_ptr_eq(a->bus->owner, a);
    gate_result(-ETIMEDOUT);
    ck_assert_int_eq(stream_op(a, I2CPT_OP_STREAM_STOP), -ETIMEDOUT);
    gate_result(0);
    ck_assert_ptr_null(a->bus->owner);
    ck_assert_int_eq(i2cpt_transfer(a, &msg, 1, NULL), 0);
    i2cpt_adapter_unref(a);
}
END_TEST

/* ENODEV where it is submitted: a later opening begins anew. */
START_TEST(dead_at_once)
{
    struct i2cpt_adapter *a = open_gate(GATE_INSTANT), *b;
    struct told t = {0};

    gate_result(-ENODEV);
    ck_assert_int_eq(i2cpt_submit(a, &msg, 1, 0, tell, &t, NULL), 0);
    ck_assert_int_eq(i2cpt_dispatch(a), 1);
    ck_assert_int_eq(t.result, -ENODEV);
    gate_result(0);
    ck_assert_int_eq(i2cpt_adapter_open("gate,timeout-ms=20000", &b, NULL), 0);
    ck_assert_int_eq(i2cpt_transfer(b, &msg, 1, NULL), 0);
    ck_assert_int_eq(i2cpt_transfer(a, &msg, 1, NULL), -ENODEV);
    i2cpt_adapter_unref(b);
    ck_assert_uint_eq(gate_closed(), 1);
    i2cpt_adapter_unref(a);
    ck_assert_uint_eq(gate_closed(), 2);
}
END_TEST

/* ---------------------------------------------------------------- requests */

/* Who waits gives it up at its deadline, and does not wait on. */
START_TEST(given_up_by_a_wait)
{
    struct i2cpt_adapter *a = open_gate(GATE_OUTLIVES);
    struct i2cpt_request *r;
    struct told t = {0};

    gate_hold(true);
    ck_assert_int_eq(i2cpt_submit(a, &msg, 1, 20, tell, &t, &r), 0);
    ck_assert_int_eq(i2cpt_request_wait(r, 10000000), 0);
    ck_assert_int_eq(t.result, -ETIMEDOUT);
    gate_hold(false);
    i2cpt_adapter_unref(a);
}
END_TEST

/* The library's own, which nobody dispatches. */
START_TEST(given_up_by_a_harvest)
{
    struct i2cpt_adapter *a = open_gate(GATE_OUTLIVES);
    struct i2cpt_call call = {.msgs = &msg, .n = 1};
    struct i2cpt_request *r;
    struct i2cpt_fault fault;
    int result = 0;

    gate_hold(true);
    call.deadline_ns = bus_deadline(a->bus, 1000); /* it has begun by then */
    ck_assert_int_eq(bus_call_submit(a, &call, NULL, &r), 0);
    while (!bus_request_harvest(r, &result, &fault)) {
        sched_yield();
    }
    ck_assert_int_eq(result, -ETIMEDOUT);
    gate_hold(false);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(harvested_has_ended)
{
    struct i2cpt_adapter *a = open_gate(GATE_PLAIN);
    struct i2cpt_call call = {.msgs = &msg, .n = 1};
    struct i2cpt_request *r;
    struct i2cpt_fault fault;
    int result = 1;

    ck_assert_int_eq(bus_call_submit(a, &call, NULL, &r), 0);
    while (!bus_request_harvest(r, &result, &fault)) {
        sched_yield();
    }
    ck_assert_int_eq(result, 0);
    ck_assert_uint_eq(msg.actual, 1);
    ck_assert_ptr_null(a->requests); /* the handle has it no longer */
    i2cpt_adapter_unref(a);
}
END_TEST

/* While done() runs it is being delivered: not complete any more, and not
 * ended. A wait there would wait for itself. */
START_TEST(delivering)
{
    struct i2cpt_adapter *a = open_gate(GATE_PLAIN);
    struct i2cpt_request *r;
    struct told t = {0};

    ck_assert_int_eq(i2cpt_submit(a, &msg, 1, 0, tell, &t, &r), 0);
    if (_i) {
        ck_assert_int_eq(i2cpt_request_wait(r, UINT32_MAX), 0);
    } else {
        while (!t.calls) {
            i2cpt_dispatch(a);
        }
    }
    ck_assert_int_eq(t.wait, -EDEADLK);
    ck_assert_int_eq(t.calls, 1);
    i2cpt_adapter_unref(a);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("states");
    TCase *c = tcase_create("bus and requests");

    tcase_set_timeout(c, 30);
    tcase_add_test(c, no_owner_without_streams);
    tcase_add_test(c, no_owner_after_a_bad_stop);
    tcase_add_test(c, dead_at_once);
    tcase_add_test(c, given_up_by_a_wait);
    tcase_add_test(c, given_up_by_a_harvest);
    tcase_add_test(c, harvested_has_ended);
    tcase_add_loop_test(c, delivering, 0, 2);
    suite_add_tcase(s, c);
    return unit_run(s);
}
