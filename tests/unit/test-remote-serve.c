/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* serve.c before clients that no library of ours makes, frame by frame. */
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "gate.h"
#include "remote/wire.h"
#include "unit.h"

/* Sends what a client may not while it has a stream open. */
START_TEST(lying_client)
{
    static const enum wire_type types[] = {WIRE_TRANSFER, WIRE_SMBUS};
    struct i2cpt_smbus_call smbus = {.addr = 0x50};
    struct i2cpt_msg m = {.addr = 0x50};
    struct wire_out o = {0};
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    int fds[2], step;

    ck_assert_int_eq(i2cpt_adapter_open("stub,chips=0x50", &a, &fault), 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    for (step = 0; step < 3; step++) {
        enum wire_type type = step == 0   ? WIRE_HELLO
                              : step == 1 ? WIRE_START
                                          : types[_i];

        remote_wire_begin(&o, type, (uint32_t)step + 1);
        if (type == WIRE_HELLO) {
            remote_wire_put_hello(&o, WIRE_CLIENT_CAPABILITIES);
        } else {
            remote_wire_put_u32(&o, 60000);
            remote_wire_put_u32(&o, type == WIRE_START ? 0x50 : 0);
        }
        if (type == WIRE_TRANSFER) {
            remote_wire_put_request(&o, &m, 1);
        } else if (type == WIRE_SMBUS) {
            remote_wire_put_smbus(&o, &smbus);
        }
        ck_assert_int_eq(remote_wire_end(&o), 0);
        ck_assert_int_eq(write(fds[1], o.data, o.len), (ssize_t)o.len);
    }
    ck_assert_int_eq(i2cpt_serve(a, fds[0], fds[0]), -EPROTO);
    close(fds[0]);
    close(fds[1]);
    remote_wire_clear(&o);
    i2cpt_adapter_unref(a);
}
END_TEST

/* What one client sends to serve(), after a HELLO. */
static int serve_frames(struct i2cpt_adapter *a, const struct wire_out *frames,
                        size_t n, struct wire_in *last, uint8_t *buf,
                        size_t size)
{
    struct wire_out hello = {0};
    size_t i, at = 0, length = 0, got;
    ssize_t answer;
    int fds[2], ret;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    remote_wire_begin(&hello, WIRE_HELLO, 1);
    remote_wire_put_hello(&hello, WIRE_CLIENT_CAPABILITIES);
    ck_assert_int_eq(remote_wire_end(&hello), 0);
    ck_assert_int_eq(write(fds[1], hello.data, hello.len), (ssize_t)hello.len);
    remote_wire_clear(&hello);
    for (i = 0; i < n; i++) {
        ck_assert_int_eq(write(fds[1], frames[i].data, frames[i].len),
                         (ssize_t)frames[i].len);
    }
    shutdown(fds[1], SHUT_WR);
    ret = i2cpt_serve(a, fds[0], fds[0]);
    close(fds[0]);
    answer = read(fds[1], buf, size);
    got = answer > 0 ? (size_t)answer : 0;
    close(fds[1]);
    while (at + WIRE_HEAD <= got) { /* the last frame's body */
        struct wire_in head = {.data = buf + at, .len = 4};

        length = 4 + remote_wire_get_u32(&head);
        *last = (struct wire_in){.data = buf + at + WIRE_HEAD,
                                 .len = length - WIRE_HEAD};
        at += length;
    }
    return ret;
}

/* What a client asks for beyond a minute is not granted; 0 is the adapter's own
 * time. */
START_TEST(time_of_a_client_is_bounded)
{
    static const struct {
        uint32_t asked_ms, most_ms, least_ms;
    } rows[] = {
        {UINT32_MAX, 60000, 59000},
        {60001, 60000, 59000},
        {5000, 5000, 1},
        {0, 20000, 15000},
    };
    uint64_t before = i2cpt_now_ns(), after;
    struct i2cpt_msg m = {.addr = 0x50};
    struct wire_out o = {0};
    struct wire_in in = {0};
    struct i2cpt_adapter *a;
    uint8_t buf[1024];

    gate_install(GATE_PLAIN);
    ck_assert_int_eq(i2cpt_adapter_open("gate,timeout-ms=20000", &a, NULL), 0);
    remote_wire_begin(&o, WIRE_TRANSFER, 2);
    remote_wire_put_u32(&o, rows[_i].asked_ms);
    remote_wire_put_u32(&o, 0);
    remote_wire_put_request(&o, &m, 1);
    ck_assert_int_eq(remote_wire_end(&o), 0);
    ck_assert_int_eq(serve_frames(a, &o, 1, &in, buf, sizeof(buf)), 0);
    after = i2cpt_now_ns();
    ck_assert_uint_le(gate_deadline_ns(),
                      after + rows[_i].most_ms * UINT64_C(1000000));
    ck_assert_uint_ge(gate_deadline_ns(),
                      before + rows[_i].least_ms * UINT64_C(1000000));
    i2cpt_adapter_unref(a);
    remote_wire_clear(&o);
}
END_TEST

/* A server sees a pointer through to its read, though its client says no more
 * and is gone; one that lies about its length is refused. */
START_TEST(pointer_in_one)
{
    static const struct {
        uint8_t n, sent;
        int ret;
        const char *log;
    } rows[] = {
        {2, 2, 0, "S50 W10 Waa S50 E "},
        {1, 1, 0, "S50 W10 S50 E "},
        {0, 0, -EPROTO, ""},
        {33, 33, -EPROTO, ""},
        {2, 1, -EPROTO, ""},
        {1, 2, -EPROTO, ""},
    };
    uint8_t bytes[40] = {0x10, 0xaa}, buf[1024];
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    struct wire_out o = {0};
    struct wire_in in = {0};

    gate_install(GATE_PLAIN);
    ck_assert_int_eq(i2cpt_adapter_open("gate", &a, &fault), 0);
    remote_wire_begin(&o, WIRE_POINTER, 2);
    remote_wire_put_u32(&o, 1000);
    remote_wire_put_u16(&o, 0x50);
    remote_wire_put_u8(&o, rows[_i].n);
    remote_wire_put_bytes(&o, bytes, rows[_i].sent);
    ck_assert_int_eq(remote_wire_end(&o), 0);
    ck_assert_int_eq(serve_frames(a, &o, 1, &in, buf, sizeof(buf)),
                     rows[_i].ret);
    ck_assert_str_eq(gate_log(), rows[_i].log);
    i2cpt_adapter_unref(a);
    remote_wire_clear(&o);
}
END_TEST

static struct wire_out stream_frame(enum wire_type type, uint32_t id,
                                    uint16_t addr, uint16_t flags)
{
    struct wire_out o = {0};

    remote_wire_begin(&o, type, id);
    remote_wire_put_u32(&o, 1000);
    if (type == WIRE_START) {
        remote_wire_put_u16(&o, addr);
        remote_wire_put_u16(&o, flags);
    } else if (type == WIRE_WRITE) {
        remote_wire_put_u8(&o, 0);
    }
    ck_assert_int_eq(remote_wire_end(&o), 0);
    return o;
}

/* Each stream request, in any state, to an adapter that has no stream: because
 * its backend has none, because this instance does without, because it is
 * behind a recorder. The bus stays everybody's. */
static const char *const streamless[] = {
    "gate,id=none", "stub,chips=0x50,stream=off",
    "stub,chips=0x50,stream=off,record=/dev/null",
    "gate,id=recorded,record=/dev/null"};

START_TEST(no_stream_to_serve)
{
    static const enum wire_type orders[][4] = {
        {WIRE_START},
        {WIRE_WRITE},
        {WIRE_READ},
        {WIRE_STOP},
        {WIRE_START, WIRE_WRITE, WIRE_READ, WIRE_STOP},
        {WIRE_START, WIRE_STOP, WIRE_START},
    };
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    struct i2cpt_msg m = {.addr = 0x50};
    uint8_t buf[4096];
    size_t i, n;

    gate_install(GATE_NO_STREAM);
    ck_assert_msg(!i2cpt_adapter_open(streamless[_i], &a, &fault), "%s",
                  fault.text);
    for (i = 0; i < G_N_ELEMENTS(orders); i++) {
        struct wire_out frames[5];
        struct wire_in in = {0};
        int result;

        for (n = 0; n < 4 && orders[i][n]; n++) {
            frames[n] = stream_frame(orders[i][n], (uint32_t)n + 2, 0x50, 0);
        }
        ck_assert_int_eq(serve_frames(a, frames, n, &in, buf, sizeof(buf)), 0);
        ck_assert_msg(!remote_wire_get_result(&in, &result, &fault),
                      "order %zu, %zu bytes", i, in.len);
        if (orders[i][n - 1] == WIRE_START) {
            ck_assert_int_eq(result, -EOPNOTSUPP);
            ck_assert_ptr_nonnull(strstr(fault.text, "single bytes"));
        }
        ck_assert_int_eq(i2cpt_transfer(a, &m, 1, &fault), 0);
        while (n) {
            remote_wire_clear(&frames[--n]);
        }
    }
    i2cpt_adapter_unref(a);
}
END_TEST

/* An address that the wire has not got breaks the protocol, and what others
 * record goes on. */
START_TEST(bad_stream_address)
{
    static const struct {
        uint16_t addr, flags;
    } bad[] = {{0x80, 0}, {0x3ff, 0}, {0x80, I2CPT_M_RD}, {0x400, I2CPT_M_TEN}};
    char path[] = "/tmp/i2cpt-XXXXXX", spec[80];
    struct wire_out frame =
        stream_frame(WIRE_START, 2, bad[_i].addr, bad[_i].flags);
    int fd = g_mkstemp(path);
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    struct wire_in in = {0};
    uint8_t buf[1024];
    g_autofree char *text = NULL;

    close(fd);
    snprintf(spec, sizeof(spec), "stub,chips=0x50,record=%s", path);
    ck_assert_msg(!i2cpt_adapter_open(spec, &a, &fault), "%s", fault.text);
    ck_assert_int_eq(serve_frames(a, &frame, 1, &in, buf, sizeof(buf)),
                     -EPROTO);
    ck_assert_int_eq(i2cpt_smbus_write_byte_data(a, 0x50, 0, 1, 2, NULL), 0);
    i2cpt_adapter_unref(a);
    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    ck_assert_msg(strstr(text, "w2@0x50 01 02") != NULL, "%s", text);
    ck_assert_msg(strstr(text, "\nend 1\n") != NULL, "%s", text);
    g_unlink(path);
    remote_wire_clear(&frame);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("remote-serve");
    TCase *c = tcase_create("remote-serve");

    signal(SIGPIPE, SIG_IGN);
    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, lying_client, 0, 2);
    tcase_add_loop_test(c, no_stream_to_serve, 0, G_N_ELEMENTS(streamless));
    tcase_add_loop_test(c, bad_stream_address, 0, 4);
    tcase_add_loop_test(c, time_of_a_client_is_bounded, 0, 4);
    tcase_add_loop_test(c, pointer_in_one, 0, 6);
    suite_add_tcase(s, c);
    return unit_run(s);
}
