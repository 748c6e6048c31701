/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Streams and the calls around them, and what a call is when it reaches a back
 * end: bus/bus.c and worker.c. */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "bus/bus.h"
#include "callers.h"
#include "gate.h"
#include "unit.h"

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
        ck_assert_int_eq(bus_call_run(a, &call, NULL), 0);
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
    ck_assert_int_eq(bus_call_run(a, &call, &fault), -ETIMEDOUT);
    ck_assert_int_eq(fault.msg, -1);
    ck_assert_int_eq(fault.byte, -1);
    ck_assert_str_eq(gate_log(), "");
    call.deadline_ns = 0;
    ck_assert_int_eq(bus_call_run(a, &call, &fault), 0);
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

int main(void)
{
    Suite *s = suite_create("bus-streams");
    TCase *c = tcase_create("bus-streams");

    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, place_unknown, 0, 4);
    tcase_add_loop_test(c, a_call_stays_as_it_was, 0, 4);
    tcase_add_loop_test(c, flags_of_each_message, 0, 2);
    tcase_add_loop_test(c, a_late_pointer_is_not_begun, 0, 4);
    tcase_add_test(c, stream_owns_the_bus);
    tcase_add_test(c, retries_ask_the_same);
    tcase_add_test(c, grace_is_for_who_keeps_deadlines);
    tcase_add_test(c, unplugged_in_a_stream);
    tcase_add_test(c, late_in_the_queue);
    suite_add_tcase(s, c);
    return unit_run(s);
}
