/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* backend-remote.c and peers that go, come back, say nothing or something odd:
 * reconnect=on. */
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bus/calls.h"
#include "remote/wire.h"
#include "remote-peer.h"
#include "unit.h"

/* A request that breaks the protocol makes the server hang up. */
static void break_protocol(struct i2cpt_adapter *a)
{
    struct i2cpt_call bad = {.op = I2CPT_OP_STREAM_START,
                             .owner = a,
                             .addr = 0x50,
                             .flags = I2CPT_M_STOP};

    remote_op(a, I2CPT_OP_STREAM_START, 0x50, NULL);
    bus_call_run(a, &bad, NULL);
    remote_op(a, I2CPT_OP_STREAM_STOP, 0, NULL);
}

START_TEST(reconnects)
{
    struct server s = {0};
    struct i2cpt_adapter *a;
    uint8_t in[2];

    server_start(&s, "stub,chips=0x50", 2);
    a = server_client(&s, ",reconnect=on");
    ck_assert_int_eq(remote_read(a, 0x50, 0, in, 2, NULL), 0);
    /* a message that breaks the protocol makes the server hang up */
    ck_assert_int_eq(remote_op(a, I2CPT_OP_STREAM_START, 0x50, NULL), 0);
    {
        struct i2cpt_call bad = {.op = I2CPT_OP_STREAM_START,
                                 .owner = a,
                                 .addr = 0x50,
                                 .flags = I2CPT_M_STOP};

        ck_assert_int_eq(bus_call_run(a, &bad, NULL), -ECANCELED);
    }
    remote_op(a, I2CPT_OP_STREAM_STOP, 0, NULL);
    ck_assert_int_eq(remote_read(a, 0x50, 0, in, 2, NULL), 0);
    i2cpt_adapter_unref(a);
    server_end(&s);
}
END_TEST

/* The peer comes back only later: not for good, until it has become another
 * adapter. */
START_TEST(reconnects_later)
{
    struct server s = {0};
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    uint8_t in[2];

    server_start(&s, "stub,chips=0x50", 1);
    a = server_client(&s, ",reconnect=on,timeout-ms=2000");
    ck_assert_int_eq(remote_read(a, 0x50, 0, in, 2, NULL), 0);
    close(s.listener);
    g_unlink(s.path);
    break_protocol(a);
    pthread_join(s.thread, NULL);
    ck_assert_int_eq(remote_read(a, 0x50, 0, in, 2, &fault), -ECANCELED);
    ck_assert_msg(strstr(fault.text, "so far") != NULL, "%s", fault.text);
    ck_assert_int_eq(
        i2cpt_adapter_open("stub,functionality=smbus", &s.other, &fault), 0);
    server_listen(&s, 2);
    ck_assert_int_eq(remote_read(a, 0x50, 0, in, 2, &fault), -ECANCELED);
    ck_assert_msg(strstr(fault.text, "made again") != NULL, "%s", fault.text);
    ck_assert_int_eq(remote_read(a, 0x50, 0, in, 2, NULL), 0);
    break_protocol(a);
    ck_assert_int_eq(remote_read(a, 0x50, 0, in, 2, NULL), -ENODEV);
    i2cpt_adapter_unref(a);
    server_end(&s);
}
END_TEST

/* A peer that hangs up may take longer for that than a short timeout is. */
static int read_told(struct i2cpt_adapter *a, struct i2cpt_fault *fault)
{
    uint8_t in[2];
    int ret;

    while ((ret = remote_read(a, 0x50, 0, in, 2, fault)) == -ETIMEDOUT) {
    }
    return ret;
}

/* The peer is there again and says nothing: each request ends at its own
 * deadline, however long connecting may take. */
START_TEST(reconnects_to_silence)
{
    struct server s = {.hang_up = true, .then_silent = true};
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    int i;

    server_start(&s, NULL, 9);
    a = server_client(&s,
                      ",reconnect=on,timeout-ms=50,connect-timeout-ms=600000");
    for (i = 0; i < 6; i++) {
        ck_assert_int_eq(read_told(a, &fault), -ECANCELED);
        ck_assert_msg(strstr(fault.text, "so far") != NULL, "%s", fault.text);
    }
    /* all of them have waited for one connection */
    ck_assert_int_le(atomic_load(&s.accepted), 2);
    i2cpt_adapter_unref(a);
    server_end(&s);
}
END_TEST

/* But no longer than connect-timeout-ms, and then for another one. */
START_TEST(reconnects_out_of_silence)
{
    struct server s = {.hang_up = true, .then_silent = true};
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;

    server_start(&s, NULL, 9);
    a = server_client(&s,
                      ",reconnect=on,timeout-ms=50,connect-timeout-ms=1500");
    while (atomic_load(&s.accepted) < 3) {
        ck_assert_int_eq(read_told(a, &fault), -ECANCELED);
    }
    i2cpt_adapter_unref(a);
    server_end(&s);
}
END_TEST

/* What comes instead of a welcome is not taken for one. */
START_TEST(reconnects_to_something_odd)
{
    struct server s = {.hang_up = true, .then_odd = true};
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    uint8_t in[2];
    int i;

    server_start(&s, NULL, 9);
    a = server_client(&s, ",reconnect=on,timeout-ms=20000");
    for (i = 0; i < 3; i++) {
        ck_assert_int_eq(remote_read(a, 0x50, 0, in, 2, &fault), -ECANCELED);
        ck_assert_msg(strstr(fault.text, "so far") != NULL, "%s", fault.text);
    }
    i2cpt_adapter_unref(a);
    server_end(&s);
}
END_TEST

/* A peer that takes a part of a frame and no more has not got the rest: the
 * connection is of no use any longer. */
START_TEST(deaf_in_a_frame)
{
    static uint8_t bytes[I2CPT_MSG_MAX];
    struct server s = {.deaf = true};
    struct i2cpt_msg msgs[16];
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    uint8_t in[2];
    int i;

    server_start(&s, NULL, 1);
    a = server_client(&s, ",timeout-ms=1000");
    for (i = 0; i < 16; i++) {
        msgs[i] = (struct i2cpt_msg){
            .addr = 0x50, .len = sizeof(bytes) / 2, .buf = bytes};
    }
    ck_assert_int_eq(i2cpt_transfer(a, msgs, 16, &fault), -ENODEV);
    ck_assert_int_eq(remote_read(a, 0x50, 0, in, 2, &fault), -ENODEV);
    i2cpt_adapter_unref(a);
    server_end(&s);
}
END_TEST

/* So does a command that neither speaks nor ends. */
START_TEST(restarts_a_deaf_command)
{
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    struct wire_welcome w = {.version = WIRE_VERSION,
                             .functionality = I2CPT_FUNC_I2C,
                             .timeout_ms = 200,
                             .name = "deaf"};
    struct wire_out o = {0};
    char path[] = "/tmp/i2cpt-XXXXXX", spec[256];
    int fd = g_mkstemp(path), i;
    uint8_t in[2];

    remote_wire_begin(&o, WIRE_WELCOME, 1);
    remote_wire_put_welcome(&o, &w);
    ck_assert_int_eq(remote_wire_end(&o), 0);
    ck_assert_int_eq(write(fd, o.data, o.len), (ssize_t)o.len);
    close(fd);
    remote_wire_clear(&o);
    snprintf(spec, sizeof(spec),
             "remote,command=trap '' TERM; cat %s; rm -f %s; exec <&- >&-; "
             "sleep 600,reconnect=on,timeout-ms=50,connect-timeout-ms=600000",
             path, path);
    ck_assert_msg(!i2cpt_adapter_open(spec, &a, &fault), "%s", fault.text);
    for (i = 0; i < 3; i++) {
        int ret = remote_read(a, 0x50, 0, in, 2, &fault);

        /* the first may be sent before the command has closed its streams */
        ck_assert(ret == -ECANCELED || ret == -ETIMEDOUT);
    }
    i2cpt_adapter_unref(a);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("remote-reconnect");
    TCase *c = tcase_create("remote-reconnect");

    signal(SIGPIPE, SIG_IGN);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, reconnects);
    tcase_add_test(c, reconnects_later);
    tcase_add_test(c, reconnects_to_silence);
    tcase_add_test(c, reconnects_out_of_silence);
    tcase_add_test(c, reconnects_to_something_odd);
    tcase_add_test(c, deaf_in_a_frame);
    tcase_add_test(c, restarts_a_deaf_command);
    suite_add_tcase(s, c);
    return unit_run(s);
}
