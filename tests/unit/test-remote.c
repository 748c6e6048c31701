/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* backend-remote.c against serve.c over a socket, and against peers that lie;
 * the wire's decoders with random input. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "bus/calls.h"
#include "core/check-msgs.h"
#include "core/fault.h"
#include "gate.h"
#include "remote/wire.h"
#include "remote-peer.h"
#include "unit.h"

START_TEST(transfers)
{
    struct server s = {0};
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    uint8_t out[] = {0x10, 1, 2, 3, 4}, in[4], big[300];
    struct i2cpt_msg w = {.addr = 0x50, .len = 5, .buf = out};

    server_start(&s, "stub,chips=0x50", 1);
    a = server_client(&s, "");
    ck_assert_uint_eq(i2cpt_adapter_functionality(a),
                      i2cpt_adapter_functionality(s.adapter));
    ck_assert_int_eq(i2cpt_transfer(a, &w, 1, NULL), 0);
    ck_assert_uint_eq(w.actual, 5);
    ck_assert_int_eq(remote_read(a, 0x50, 0x10, in, 4, NULL), 0);
    ck_assert_mem_eq(in, out + 1, 4);
    ck_assert_int_eq(remote_read(a, 0x50, 0x10, big, sizeof(big), NULL), 0);
    ck_assert_int_eq(remote_read(a, 0x51, 0, in, 4, &fault), -ENXIO);
    ck_assert_int_eq(fault.phase, I2CPT_PHASE_ADDRESS);
    ck_assert_int_eq(fault.msg, 0);
    ck_assert_int_eq(i2cpt_smbus_read_byte_data(a, 0x50, 0, 0x11, NULL), 2);
    ck_assert_int_eq(
        i2cpt_smbus_write_byte_data(a, 0x50, I2CPT_CLIENT_PEC, 0x20, 7, NULL),
        0);
    i2cpt_adapter_unref(a);
    server_end(&s);
    ck_assert_int_eq(s.results[0], 0);
}
END_TEST

START_TEST(smbus_only_host)
{
    struct server s = {0};
    struct i2cpt_adapter *a;
    uint8_t in[2];

    server_start(&s, "stub,chips=0x50,functionality=smbus", 1);
    a = server_client(&s, "");
    ck_assert_uint_eq(i2cpt_adapter_functionality(a) & I2CPT_FUNC_I2C, 0);
    ck_assert_int_eq(i2cpt_smbus_write_byte_data(a, 0x50, 0, 3, 9, NULL), 0);
    ck_assert_int_eq(i2cpt_smbus_read_byte_data(a, 0x50, 0, 3, NULL), 9);
    ck_assert_int_eq(remote_read(a, 0x50, 3, in, 1, NULL), 0);
    ck_assert_uint_eq(in[0], 9);
    i2cpt_adapter_unref(a);
    server_end(&s);
}
END_TEST

START_TEST(stream)
{
    struct server s = {0};
    struct i2cpt_adapter *a;
    uint8_t byte = 0;

    gate_install(GATE_PLAIN);
    server_start(&s, "gate", 1);
    a = server_client(&s, "");
    ck_assert(i2cpt_adapter_has_stream(a));
    ck_assert_int_eq(remote_op(a, I2CPT_OP_STREAM_START, 0x50, NULL), 0);
    ck_assert_int_eq(remote_op(a, I2CPT_OP_STREAM_WRITE, 0x12, NULL), 0);
    ck_assert_int_eq(remote_op(a, I2CPT_OP_STREAM_READ, 0, &byte), 0);
    ck_assert_uint_eq(byte, 0xa5);
    ck_assert_int_eq(remote_op(a, I2CPT_OP_STREAM_STOP, 0, NULL), 0);
    ck_assert_int_eq(remote_op(a, I2CPT_OP_STREAM_START, 0x51, NULL), 0);
    i2cpt_adapter_unref(a); /* dies in its stream: the server ends it */
    server_end(&s);
    ck_assert_str_eq(gate_log(), "S50 W12 R E S51 E ");
}
END_TEST

/* The reply comes after the deadline: ETIMEDOUT, and the next request gets its
 * own reply, not that one. */
START_TEST(late_reply)
{
    struct server s = {0};
    struct i2cpt_adapter *a;
    uint8_t in[2] = {0};
    int ret;

    gate_install(GATE_PLAIN);
    server_start(&s, "gate,timeout-ms=60000", 1);
    a = server_client(&s, ",timeout-ms=30");
    gate_hold(true);
    ck_assert_int_eq(remote_read(a, 0x11, 0, in, 2, NULL), -ETIMEDOUT);
    gate_result(-ENXIO);
    gate_hold(false);
    while (!strstr(gate_log(), "T12")) { /* what it says is settled then */
        ck_assert_int_ne(remote_read(a, 0x12, 0, in, 2, NULL), 0);
    }
    gate_result(0);
    while ((ret = remote_read(a, 0x13, 0, in, 2, NULL)) == -ETIMEDOUT) {
    }
    ck_assert_int_eq(ret, 0);
    i2cpt_adapter_unref(a);
    server_end(&s);
}
END_TEST

enum lie_kind {
    LIE_HANG_UP,
    LIE_NO_WELCOME,
    LIE_GARBAGE,
    LIE_LENGTH,
    LIE_TYPE,
    LIE_SHORT,
    LIE_ACTUAL,
    LIE_RESULT,
    LIE_CODE,
    LIE_MESSAGE,
    LIE_ID,
    LIE_HALF,
    LIE_KINDS
};

static void prepare_lie(struct server *s, enum lie_kind kind)
{
    struct i2cpt_fault fault;
    struct wire_out *o = &s->lies;

    i2cpt_fault_clear(&fault);
    s->no_welcome = kind == LIE_NO_WELCOME;
    s->hang_up =
        kind == LIE_HANG_UP || kind == LIE_NO_WELCOME || kind == LIE_HALF;
    if (s->hang_up && kind != LIE_HALF) {
        return;
    }
    remote_wire_begin(o, kind == LIE_TYPE ? WIRE_WELCOME : WIRE_REPLY,
                      kind == LIE_ID ? 3 : 2);
    fault.msg = kind == LIE_MESSAGE ? 2 : -1;
    remote_wire_put_result(o,
                           kind == LIE_RESULT                        ? 5
                           : kind == LIE_CODE || kind == LIE_MESSAGE ? -ENXIO
                                                                     : 0,
                           &fault);
    if (kind == LIE_CODE) {
        o->data[WIRE_HEAD + 4] = EIO;
    }
    remote_wire_put_u32(o, 1);
    remote_wire_put_u32(o, kind == LIE_ACTUAL ? 3 : 2);
    if (kind != LIE_SHORT) {
        remote_wire_put_bytes(o, "ab", 2);
    }
    if (kind == LIE_ACTUAL) {
        remote_wire_put_bytes(o, "c", 1);
    }
    ck_assert_int_eq(remote_wire_end(o), 0);
    if (kind == LIE_GARBAGE) {
        memset(o->data, 0x55, o->len);
    } else if (kind == LIE_LENGTH) {
        o->data[3] = 0xff;
    } else if (kind == LIE_HALF) {
        o->len -= 3;
    }
}

START_TEST(liars)
{
    struct server s = {0};
    struct i2cpt_adapter *a = NULL;
    struct i2cpt_fault fault;
    uint8_t in[2];
    int ret;

    prepare_lie(&s, (enum lie_kind)_i);
    server_start(&s, NULL, 1);
    ret = i2cpt_adapter_open(s.spec, &a, &fault);
    if (_i == LIE_NO_WELCOME) {
        ck_assert_int_eq(ret, -ENODEV);
    } else {
        ck_assert_msg(!ret, "%s", fault.text);
        ret = remote_read(a, 0x48, 0, in, 2, &fault);
        ck_assert_int_eq(ret, _i == LIE_HANG_UP || _i == LIE_HALF ? -ENODEV
                                                                  : -EPROTO);
        ck_assert_ptr_nonnull(strstr(fault.text, s.path));
        /* and nothing more of it is believed */
        ck_assert_int_eq(remote_read(a, 0x48, 0, in, 2, NULL), -ENODEV);
    }
    i2cpt_adapter_unref(a);
    server_end(&s);
}
END_TEST

/* A block of 200 bytes, in an answer to another command. */
START_TEST(lying_block)
{
    struct i2cpt_smbus_call lie = {
        .addr = 0x48, .read = 1, .protocol = I2CPT_SMBUS_BYTE, .block = {200}};
    struct i2cpt_smbus_call asked = {
        .addr = 0x48, .read = 1, .protocol = I2CPT_SMBUS_BLOCK_DATA};
    struct i2cpt_call call = {.op = I2CPT_OP_SMBUS, .smbus = &asked};
    struct server s = {0};
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;

    i2cpt_fault_clear(&fault);
    remote_wire_begin(&s.lies, WIRE_REPLY, 2);
    remote_wire_put_result(&s.lies, 0, &fault);
    remote_wire_put_smbus(&s.lies, &lie);
    ck_assert_int_eq(remote_wire_end(&s.lies), 0);
    server_start(&s, NULL, 1);
    a = server_client(&s, "");
    ck_assert_int_eq(bus_call_run(a, &call, &fault), -EPROTO);
    ck_assert_uint_eq(asked.block[0], 0);
    i2cpt_adapter_unref(a);
    server_end(&s);
}
END_TEST

/* From a client of ours, over the connection. */
START_TEST(pointer)
{
    struct server s = {0};
    struct i2cpt_adapter *a;
    struct i2cpt_call call = {.op = I2CPT_OP_STREAM_POINTER,
                              .addr = 0x50,
                              .n_pointer = 2,
                              .pointer = {0x10, 0xaa}};

    gate_install(GATE_PLAIN);
    server_start(&s, "gate", 1);
    a = server_client(&s, "");
    call.owner = a;
    ck_assert_int_eq(bus_call_run(a, &call, NULL), 0);
    ck_assert_int_eq(remote_op(a, I2CPT_OP_STREAM_STOP, 0, NULL), 0);
    ck_assert_str_eq(gate_log(), "S50 W10 Waa S50 E ");
    i2cpt_adapter_unref(a);
    server_end(&s);
}
END_TEST

/* More than a frame holds, in the request or in its answer: refused with the
 * limit, and the connection is what it was. */
START_TEST(longer_than_a_frame)
{
    static uint8_t bytes[I2CPT_MSG_MAX];
    struct i2cpt_msg msgs[17];
    struct server s = {0};
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    uint8_t in[2];
    int i;

    server_start(&s, "stub,chips=0x50,timeout-ms=20000", 1);
    a = server_client(&s, ",timeout-ms=20000");
    for (i = 0; i < 17; i++) {
        msgs[i] = (struct i2cpt_msg){.addr = 0x50,
                                     .flags = _i ? I2CPT_M_RD : 0,
                                     .len = sizeof(bytes),
                                     .buf = bytes};
    }
    for (i = 16; i <= 17; i++) {
        ck_assert_int_eq(i2cpt_transfer(a, msgs, (size_t)i, &fault), -EMSGSIZE);
        ck_assert_msg(strstr(fault.text, "at most 16777216 bytes") != NULL,
                      "%s", fault.text);
        ck_assert_int_eq(remote_read(a, 0x50, 0, in, 2, &fault), 0);
    }
    ck_assert_int_eq(i2cpt_transfer(a, msgs, 3, &fault), 0);
    i2cpt_adapter_unref(a);
    server_end(&s);
    ck_assert_int_eq(s.results[0], 0);
}
END_TEST

/* One after the other, with the same adapter behind. */
START_TEST(clients_in_order)
{
    struct server s = {0};
    uint8_t out[] = {0x10, 0}, in[1];
    struct i2cpt_msg w = {.addr = 0x50, .len = 2, .buf = out};
    int i;

    server_start(&s, "stub,chips=0x50", 4);
    for (i = 0; i < 4; i++) {
        struct i2cpt_adapter *a = server_client(&s, "");

        ck_assert_int_eq(remote_read(a, 0x50, 0x10, in, 1, NULL), 0);
        ck_assert_uint_eq(in[0], (uint8_t)i);
        out[1] = (uint8_t)(i + 1);
        ck_assert_int_eq(i2cpt_transfer(a, &w, 1, NULL), 0);
        i2cpt_adapter_unref(a);
    }
    server_end(&s);
    for (i = 0; i < 4; i++) {
        ck_assert_int_eq(s.results[i], 0);
    }
}
END_TEST

struct handed {
    int fd;
    int ret;
};

static void *serve_handed(void *arg)
{
    struct handed *h = arg;
    struct i2cpt_adapter *a;

    h->ret = i2cpt_adapter_open("stub,chips=0x50", &a, NULL);
    if (!h->ret) {
        h->ret = i2cpt_serve(a, h->fd, h->fd);
        i2cpt_adapter_unref(a);
    }
    close(h->fd);
    return NULL;
}

/* A socket of the caller's: it is the same adapter by whatever number, and the
 * number stays the caller's. */
START_TEST(handed_socket)
{
    struct i2cpt_adapter *a, *same;
    struct i2cpt_fault fault;
    struct handed h;
    pthread_t thread;
    uint8_t in[1];
    char spec[40];
    int fds[2], other;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    h = (struct handed){.fd = fds[1]};
    pthread_create(&thread, NULL, serve_handed, &h);
    snprintf(spec, sizeof(spec), "remote,fd=%d", fds[0]);
    ck_assert_int_eq(i2cpt_adapter_open(spec, &a, &fault), 0);
    other = dup(fds[0]);
    snprintf(spec, sizeof(spec), "remote,fd=0x%x", (unsigned)other);
    ck_assert_int_eq(i2cpt_adapter_open(spec, &same, &fault), 0);
    ck_assert_int_eq(close(other), 0);
    ck_assert_int_eq(close(fds[0]), 0);
    ck_assert_int_eq(remote_read(a, 0x50, 0, in, 1, NULL), 0);
    ck_assert_int_eq(remote_read(same, 0x50, 0, in, 1, NULL), 0);
    i2cpt_adapter_unref(a);
    i2cpt_adapter_unref(same);
    pthread_join(thread, NULL);
    ck_assert_int_eq(h.ret, 0);
}
END_TEST

START_TEST(handed_file)
{
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    char spec[40];
    int fd = open("/dev/null", O_RDWR);

    snprintf(spec, sizeof(spec), "remote,fd=%d", fd);
    ck_assert_int_eq(i2cpt_adapter_open(spec, &a, &fault), -EINVAL);
    ck_assert_msg(strstr(fault.text, "stream socket"), "%s", fault.text);
    close(fd);
}
END_TEST

/* A server of a later protocol says its version, and is refused by name. */
START_TEST(another_version)
{
    struct server s = {.version = WIRE_VERSION + 1};
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    char says[40];

    server_start(&s, NULL, 1);
    ck_assert_int_eq(i2cpt_adapter_open(s.spec, &a, &fault), -EPROTO);
    snprintf(says, sizeof(says), "speaks version %d", WIRE_VERSION + 1);
    ck_assert_msg(strstr(fault.text, says) != NULL, "%s", fault.text);
    server_end(&s);
}
END_TEST

static const struct {
    const char *spec;
    int ret;
    const char *says;
} openings[] = {
    {"remote", -EINVAL, "socket=PATH, command=COMMAND and fd=NUMBER"},
    {"remote,socket=/a,command=b", -EINVAL, "not several"},
    {"remote,socket=/a,fd=0", -EINVAL, "not several"},
    {"remote,fd=0,reconnect=on", -EINVAL, "reconnect=on"},
    {"remote,fd=1000000", -EINVAL, "fd=1000000"},
    {"remote,fd=-1", -EINVAL, "fd=-1"},
    {"remote,socket=/nonexistent/s", -ENOENT, "socket=/nonexistent/s"},
    {"remote,command=exit 3", -ENODEV, "exit 3: ended without an answer"},
    {"remote,command=echo hello there", -EPROTO, "does not speak"},
    {"remote,command=exec sleep 30,connect-timeout-ms=50", -ETIMEDOUT,
     "no answer in 50 ms"},
};

START_TEST(bad_openings)
{
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    int ret = i2cpt_adapter_open(openings[_i].spec, &a, &fault);

    ck_assert_msg(ret == openings[_i].ret, "%s: %d %s", openings[_i].spec, ret,
                  fault.text);
    ck_assert_msg(strstr(fault.text, openings[_i].says), "%s", fault.text);
}
END_TEST

/* Random bodies and flipped bits of good ones: never a crash, and what is
 * accepted is well-formed. */
START_TEST(decoders_bear_anything)
{
    GRand *rand = g_rand_new_with_seed((guint32)_i);
    uint8_t block[] = {3, 1, 2, 3}, body[200];
    struct i2cpt_msg msgs[] = {
        {.addr = 0x48, .len = 4, .buf = block},
        {.addr = 0x48, .flags = I2CPT_M_RD, .len = 4, .buf = body},
    };
    int round, i;

    for (round = 0; round < 2000; round++) {
        struct i2cpt_smbus_call call;
        struct i2cpt_fault fault;
        struct i2cpt_msg *got;
        struct wire_out o = {0};
        struct wire_in in;
        size_t n;
        int result;

        remote_wire_put_request(&o, msgs, 2);
        for (i = g_rand_int_range(rand, 0, 4); i; i--) {
            o.data[g_rand_int_range(rand, 0, (gint32)o.len)] =
                (uint8_t)g_rand_int(rand);
        }
        in = (struct wire_in){
            .data = o.data,
            .len = (size_t)g_rand_int_range(rand, 0, (gint32)o.len + 1)};
        if (!remote_wire_get_request(&in, &got, &n)) {
            ck_assert_int_eq(i2cpt_check_msgs(got, n, NULL), 0);
            g_free(got);
        }
        in.at = 0;
        in.failed = false;
        remote_wire_get_result(&in, &result, &fault);
        in.at = 0;
        in.failed = false;
        remote_wire_get_smbus(&in, &call);
        in.at = 0;
        in.failed = false;
        remote_wire_get_answer(&in, msgs, 2);
        remote_wire_clear(&o);
    }
    g_rand_free(rand);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("remote");
    TCase *c = tcase_create("remote");

    signal(SIGPIPE, SIG_IGN);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, transfers);
    tcase_add_test(c, smbus_only_host);
    tcase_add_test(c, stream);
    tcase_add_test(c, late_reply);
    tcase_add_loop_test(c, liars, 0, LIE_KINDS);
    tcase_add_test(c, lying_block);
    tcase_add_test(c, pointer);
    tcase_add_loop_test(c, longer_than_a_frame, 0, 2);
    tcase_add_test(c, clients_in_order);
    tcase_add_test(c, another_version);
    tcase_add_test(c, handed_socket);
    tcase_add_test(c, handed_file);
    tcase_add_loop_test(c, bad_openings, 0,
                        sizeof(openings) / sizeof(openings[0]));
    tcase_add_loop_test(c, decoders_bear_anything, 0, 5);
    suite_add_tcase(s, c);
    return unit_run(s);
}
