/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* backend-remote.c against serve.c over a socket, and against peers that lie
 * or die; the wire's decoders with random input. */
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <pthread.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bus/calls.h"
#include "core/check-msgs.h"
#include "core/clock.h"
#include "core/fault.h"
#include "gate.h"
#include "remote/wire.h"
#include "unit.h"

/* A server at a socket: the adapter, or a script of bytes to send. */
struct server {
    char dir[32], path[64], spec[128];
    int listener, clients, results[4];
    struct i2cpt_adapter *adapter; /* NULL: a liar */
    struct i2cpt_adapter *other;   /* for the second client, or NULL */
    struct wire_out lies;          /* sent after the welcome */
    /* deaf: takes nothing after the welcome; then_silent, then_odd: the second
     * client is told nothing, something that is no welcome */
    bool no_welcome, hang_up, deaf, then_silent, then_odd;
    atomic_int accepted;
    uint16_t version; /* 0: ours */
    uint32_t reply_to;
    pthread_t thread;
};

static void lie(struct server *s, int fd)
{
    struct wire_welcome w = {.version = s->version ? s->version : WIRE_VERSION,
                             .functionality = I2CPT_FUNC_I2C,
                             .stream = true,
                             .timeout_ms = 200,
                             .name = "liar"};
    struct wire_out out = {0};
    uint8_t buf[256];

    ck_assert_int_gt(read(fd, buf, sizeof(buf)), 0);
    if (!s->no_welcome) {
        wire_begin(&out, WIRE_WELCOME, 1);
        wire_put_welcome(&out, &w);
        ck_assert_int_eq(wire_end(&out), 0);
        ck_assert_int_gt(write(fd, out.data, out.len), 0);
        wire_clear(&out);
        if (s->deaf) {
            struct pollfd p = {.fd = fd};

            while (poll(&p, 1, -1) != 1) { /* until it hangs up */
            }
            return;
        }
        ck_assert(read(fd, buf, sizeof(buf)) > 0 || s->version);
    }
    if (s->lies.len) {
        ck_assert_int_gt(write(fd, s->lies.data, s->lies.len), 0);
    }
    while (!s->hang_up && read(fd, buf, sizeof(buf)) > 0) {
    }
}

static void say_nothing(struct server *s, int fd)
{
    struct wire_out out = {0};
    char c;

    if (s->then_odd) {
        wire_begin(&out, WIRE_REPLY, 1);
        ck_assert_int_eq(wire_end(&out), 0);
        ck_assert_int_gt(write(fd, out.data, out.len), 0);
        wire_clear(&out);
    }
    while (read(fd, &c, 1) > 0) {
    }
}

static void *server_main(void *arg)
{
    struct server *s = arg;
    int i, fd;

    for (i = 0; i < s->clients; i++) {
        fd = accept(s->listener, NULL, NULL);
        if (fd < 0) {
            break;
        }
        atomic_fetch_add(&s->accepted, 1);
        if (s->adapter) {
            s->results[i] =
                i2cpt_serve(i && s->other ? s->other : s->adapter, fd, fd);
        } else if (i && (s->then_silent || s->then_odd)) {
            say_nothing(s, fd);
        } else {
            lie(s, fd);
        }
        close(fd);
    }
    return NULL;
}

static void server_listen(struct server *s, int clients)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};

    strcpy(addr.sun_path, s->path);
    s->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(s->listener, (struct sockaddr *)&addr, sizeof(addr)),
                     0);
    ck_assert_int_eq(listen(s->listener, 4), 0);
    s->clients = clients;
    pthread_create(&s->thread, NULL, server_main, s);
}

static void server_start(struct server *s, const char *spec, int clients)
{
    struct i2cpt_fault fault;

    strcpy(s->dir, "/tmp/i2cpt-XXXXXX");
    ck_assert_ptr_nonnull(g_mkdtemp(s->dir));
    snprintf(s->path, sizeof(s->path), "%s/s", s->dir);
    snprintf(s->spec, sizeof(s->spec), "remote,socket=%s", s->path);
    if (spec) {
        ck_assert_msg(!i2cpt_adapter_open(spec, &s->adapter, &fault), "%s",
                      fault.text);
    }
    server_listen(s, clients);
}

static void server_end(struct server *s)
{
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->listener);
    g_unlink(s->path);
    g_rmdir(s->dir);
    i2cpt_adapter_unref(s->adapter);
    i2cpt_adapter_unref(s->other);
    wire_clear(&s->lies);
}

static struct i2cpt_adapter *client(struct server *s, const char *more)
{
    char spec[256];
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;

    snprintf(spec, sizeof(spec), "%s%s", s->spec, more);
    ck_assert_msg(!i2cpt_adapter_open(spec, &a, &fault), "%s", fault.text);
    return a;
}

static int read_register(struct i2cpt_adapter *a, uint16_t addr, uint8_t reg,
                         uint8_t *in, uint32_t n, struct i2cpt_fault *fault)
{
    struct i2cpt_msg msgs[] = {
        {.addr = addr, .len = 1, .buf = &reg},
        {.addr = addr, .flags = I2CPT_M_RD, .len = n, .buf = in},
    };
    int ret = i2cpt_transfer(a, msgs, 2, fault);

    if (!ret) {
        ck_assert_uint_eq(msgs[1].actual, n);
    }
    return ret;
}

START_TEST(transfers)
{
    struct server s = {0};
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    uint8_t out[] = {0x10, 1, 2, 3, 4}, in[4], big[300];
    struct i2cpt_msg w = {.addr = 0x50, .len = 5, .buf = out};

    server_start(&s, "stub,chips=0x50", 1);
    a = client(&s, "");
    ck_assert_uint_eq(i2cpt_adapter_functionality(a),
                      i2cpt_adapter_functionality(s.adapter));
    ck_assert_int_eq(i2cpt_transfer(a, &w, 1, NULL), 0);
    ck_assert_uint_eq(w.actual, 5);
    ck_assert_int_eq(read_register(a, 0x50, 0x10, in, 4, NULL), 0);
    ck_assert_mem_eq(in, out + 1, 4);
    ck_assert_int_eq(read_register(a, 0x50, 0x10, big, sizeof(big), NULL), 0);
    ck_assert_int_eq(read_register(a, 0x51, 0, in, 4, &fault), -ENXIO);
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
    a = client(&s, "");
    ck_assert_uint_eq(i2cpt_adapter_functionality(a) & I2CPT_FUNC_I2C, 0);
    ck_assert_int_eq(i2cpt_smbus_write_byte_data(a, 0x50, 0, 3, 9, NULL), 0);
    ck_assert_int_eq(i2cpt_smbus_read_byte_data(a, 0x50, 0, 3, NULL), 9);
    ck_assert_int_eq(read_register(a, 0x50, 3, in, 1, NULL), 0);
    ck_assert_uint_eq(in[0], 9);
    i2cpt_adapter_unref(a);
    server_end(&s);
}
END_TEST

static int op(struct i2cpt_adapter *a, enum i2cpt_op o, uint8_t value,
              uint8_t *out)
{
    struct i2cpt_call call = {
        .op = o, .owner = a, .addr = value, .byte = value};
    int ret = i2cpt_call_run(a, &call, NULL);

    if (out) {
        *out = call.byte;
    }
    return ret;
}

START_TEST(stream)
{
    struct server s = {0};
    struct i2cpt_adapter *a;
    uint8_t byte = 0;

    gate_install(GATE_PLAIN);
    server_start(&s, "gate", 1);
    a = client(&s, "");
    ck_assert(i2cpt_adapter_has_stream(a));
    ck_assert_int_eq(op(a, I2CPT_OP_STREAM_START, 0x50, NULL), 0);
    ck_assert_int_eq(op(a, I2CPT_OP_STREAM_WRITE, 0x12, NULL), 0);
    ck_assert_int_eq(op(a, I2CPT_OP_STREAM_READ, 0, &byte), 0);
    ck_assert_uint_eq(byte, 0xa5);
    ck_assert_int_eq(op(a, I2CPT_OP_STREAM_STOP, 0, NULL), 0);
    ck_assert_int_eq(op(a, I2CPT_OP_STREAM_START, 0x51, NULL), 0);
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
    a = client(&s, ",timeout-ms=30");
    gate_hold(true);
    ck_assert_int_eq(read_register(a, 0x11, 0, in, 2, NULL), -ETIMEDOUT);
    gate_result(-ENXIO);
    gate_hold(false);
    while (!strstr(gate_log(), "T12")) { /* what it says is settled then */
        ck_assert_int_ne(read_register(a, 0x12, 0, in, 2, NULL), 0);
    }
    gate_result(0);
    while ((ret = read_register(a, 0x13, 0, in, 2, NULL)) == -ETIMEDOUT) {
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
    wire_begin(o, kind == LIE_TYPE ? WIRE_WELCOME : WIRE_REPLY,
               kind == LIE_ID ? 3 : 2);
    fault.msg = kind == LIE_MESSAGE ? 2 : -1;
    wire_put_result(o,
                    kind == LIE_RESULT                        ? 5
                    : kind == LIE_CODE || kind == LIE_MESSAGE ? -ENXIO
                                                              : 0,
                    &fault);
    if (kind == LIE_CODE) {
        o->data[WIRE_HEAD + 4] = EIO;
    }
    wire_put_u32(o, 1);
    wire_put_u32(o, kind == LIE_ACTUAL ? 3 : 2);
    if (kind != LIE_SHORT) {
        wire_put_bytes(o, "ab", 2);
    }
    if (kind == LIE_ACTUAL) {
        wire_put_bytes(o, "c", 1);
    }
    ck_assert_int_eq(wire_end(o), 0);
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
        ret = read_register(a, 0x48, 0, in, 2, &fault);
        ck_assert_int_eq(ret, _i == LIE_HANG_UP || _i == LIE_HALF ? -ENODEV
                                                                  : -EPROTO);
        ck_assert_ptr_nonnull(strstr(fault.text, s.path));
        /* and nothing more of it is believed */
        ck_assert_int_eq(read_register(a, 0x48, 0, in, 2, NULL), -ENODEV);
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
    wire_begin(&s.lies, WIRE_REPLY, 2);
    wire_put_result(&s.lies, 0, &fault);
    wire_put_smbus(&s.lies, &lie);
    ck_assert_int_eq(wire_end(&s.lies), 0);
    server_start(&s, NULL, 1);
    a = client(&s, "");
    ck_assert_int_eq(i2cpt_call_run(a, &call, &fault), -EPROTO);
    ck_assert_uint_eq(asked.block[0], 0);
    i2cpt_adapter_unref(a);
    server_end(&s);
}
END_TEST

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

        wire_begin(&o, type, (uint32_t)step + 1);
        if (type == WIRE_HELLO) {
            wire_put_hello(&o);
        } else {
            wire_put_u32(&o, 60000);
            wire_put_u32(&o, type == WIRE_START ? 0x50 : 0);
        }
        if (type == WIRE_TRANSFER) {
            wire_put_request(&o, &m, 1);
        } else if (type == WIRE_SMBUS) {
            wire_put_smbus(&o, &smbus);
        }
        ck_assert_int_eq(wire_end(&o), 0);
        ck_assert_int_eq(write(fds[1], o.data, o.len), (ssize_t)o.len);
    }
    ck_assert_int_eq(i2cpt_serve(a, fds[0], fds[0]), -EPROTO);
    close(fds[0]);
    close(fds[1]);
    wire_clear(&o);
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
    wire_begin(&hello, WIRE_HELLO, 1);
    wire_put_hello(&hello);
    ck_assert_int_eq(wire_end(&hello), 0);
    ck_assert_int_eq(write(fds[1], hello.data, hello.len), (ssize_t)hello.len);
    wire_clear(&hello);
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

        length = 4 + wire_get_u32(&head);
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
    wire_begin(&o, WIRE_TRANSFER, 2);
    wire_put_u32(&o, rows[_i].asked_ms);
    wire_put_u32(&o, 0);
    wire_put_request(&o, &m, 1);
    ck_assert_int_eq(wire_end(&o), 0);
    ck_assert_int_eq(serve_frames(a, &o, 1, &in, buf, sizeof(buf)), 0);
    after = i2cpt_now_ns();
    ck_assert_uint_le(gate_deadline_ns(),
                      after + rows[_i].most_ms * UINT64_C(1000000));
    ck_assert_uint_ge(gate_deadline_ns(),
                      before + rows[_i].least_ms * UINT64_C(1000000));
    i2cpt_adapter_unref(a);
    wire_clear(&o);
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
    wire_begin(&o, WIRE_POINTER, 2);
    wire_put_u32(&o, 1000);
    wire_put_u16(&o, 0x50);
    wire_put_u8(&o, rows[_i].n);
    wire_put_bytes(&o, bytes, rows[_i].sent);
    ck_assert_int_eq(wire_end(&o), 0);
    ck_assert_int_eq(serve_frames(a, &o, 1, &in, buf, sizeof(buf)),
                     rows[_i].ret);
    ck_assert_str_eq(gate_log(), rows[_i].log);
    i2cpt_adapter_unref(a);
    wire_clear(&o);
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
    a = client(&s, "");
    call.owner = a;
    ck_assert_int_eq(i2cpt_call_run(a, &call, NULL), 0);
    ck_assert_int_eq(op(a, I2CPT_OP_STREAM_STOP, 0, NULL), 0);
    ck_assert_str_eq(gate_log(), "S50 W10 Waa S50 E ");
    i2cpt_adapter_unref(a);
    server_end(&s);
}
END_TEST

static struct wire_out stream_frame(enum wire_type type, uint32_t id,
                                    uint16_t addr, uint16_t flags)
{
    struct wire_out o = {0};

    wire_begin(&o, type, id);
    wire_put_u32(&o, 1000);
    if (type == WIRE_START) {
        wire_put_u16(&o, addr);
        wire_put_u16(&o, flags);
    } else if (type == WIRE_WRITE) {
        wire_put_u8(&o, 0);
    }
    ck_assert_int_eq(wire_end(&o), 0);
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
        ck_assert_msg(!wire_get_result(&in, &result, &fault),
                      "order %zu, %zu bytes", i, in.len);
        if (orders[i][n - 1] == WIRE_START) {
            ck_assert_int_eq(result, -EOPNOTSUPP);
            ck_assert_ptr_nonnull(strstr(fault.text, "single bytes"));
        }
        ck_assert_int_eq(i2cpt_transfer(a, &m, 1, &fault), 0);
        while (n) {
            wire_clear(&frames[--n]);
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
    wire_clear(&frame);
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
    a = client(&s, ",timeout-ms=20000");
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
        ck_assert_int_eq(read_register(a, 0x50, 0, in, 2, &fault), 0);
    }
    ck_assert_int_eq(i2cpt_transfer(a, msgs, 3, &fault), 0);
    i2cpt_adapter_unref(a);
    server_end(&s);
    ck_assert_int_eq(s.results[0], 0);
}
END_TEST

/* A request that breaks the protocol makes the server hang up. */
static void break_protocol(struct i2cpt_adapter *a)
{
    struct i2cpt_call bad = {.op = I2CPT_OP_STREAM_START,
                             .owner = a,
                             .addr = 0x50,
                             .flags = I2CPT_M_STOP};

    op(a, I2CPT_OP_STREAM_START, 0x50, NULL);
    i2cpt_call_run(a, &bad, NULL);
    op(a, I2CPT_OP_STREAM_STOP, 0, NULL);
}

START_TEST(reconnects)
{
    struct server s = {0};
    struct i2cpt_adapter *a;
    uint8_t in[2];

    server_start(&s, "stub,chips=0x50", 2);
    a = client(&s, ",reconnect=on");
    ck_assert_int_eq(read_register(a, 0x50, 0, in, 2, NULL), 0);
    /* a message that breaks the protocol makes the server hang up */
    ck_assert_int_eq(op(a, I2CPT_OP_STREAM_START, 0x50, NULL), 0);
    {
        struct i2cpt_call bad = {.op = I2CPT_OP_STREAM_START,
                                 .owner = a,
                                 .addr = 0x50,
                                 .flags = I2CPT_M_STOP};

        ck_assert_int_eq(i2cpt_call_run(a, &bad, NULL), -ECANCELED);
    }
    op(a, I2CPT_OP_STREAM_STOP, 0, NULL);
    ck_assert_int_eq(read_register(a, 0x50, 0, in, 2, NULL), 0);
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
    a = client(&s, ",reconnect=on");
    ck_assert_int_eq(read_register(a, 0x50, 0, in, 2, NULL), 0);
    close(s.listener);
    g_unlink(s.path);
    break_protocol(a);
    pthread_join(s.thread, NULL);
    ck_assert_int_eq(read_register(a, 0x50, 0, in, 2, &fault), -ECANCELED);
    ck_assert_msg(strstr(fault.text, "so far") != NULL, "%s", fault.text);
    ck_assert_int_eq(
        i2cpt_adapter_open("stub,functionality=smbus", &s.other, &fault), 0);
    server_listen(&s, 2);
    ck_assert_int_eq(read_register(a, 0x50, 0, in, 2, &fault), -ECANCELED);
    ck_assert_msg(strstr(fault.text, "made again") != NULL, "%s", fault.text);
    ck_assert_int_eq(read_register(a, 0x50, 0, in, 2, NULL), 0);
    break_protocol(a);
    ck_assert_int_eq(read_register(a, 0x50, 0, in, 2, NULL), -ENODEV);
    i2cpt_adapter_unref(a);
    server_end(&s);
}
END_TEST

/* The peer is there again and says nothing: each request ends at its own
 * deadline, however long connecting may take. */
START_TEST(reconnects_to_silence)
{
    struct server s = {.hang_up = true, .then_silent = true};
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    uint8_t in[2];
    int i;

    server_start(&s, NULL, 9);
    a = client(&s, ",reconnect=on,timeout-ms=50,connect-timeout-ms=600000");
    for (i = 0; i < 6; i++) {
        ck_assert_int_eq(read_register(a, 0x50, 0, in, 2, &fault), -ECANCELED);
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
    uint8_t in[2];

    server_start(&s, NULL, 9);
    a = client(&s, ",reconnect=on,timeout-ms=50,connect-timeout-ms=1500");
    while (atomic_load(&s.accepted) < 3) {
        ck_assert_int_eq(read_register(a, 0x50, 0, in, 2, &fault), -ECANCELED);
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
    a = client(&s, ",reconnect=on,timeout-ms=20000");
    for (i = 0; i < 3; i++) {
        ck_assert_int_eq(read_register(a, 0x50, 0, in, 2, &fault), -ECANCELED);
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
    a = client(&s, ",timeout-ms=50");
    for (i = 0; i < 16; i++) {
        msgs[i] = (struct i2cpt_msg){
            .addr = 0x50, .len = sizeof(bytes) / 2, .buf = bytes};
    }
    ck_assert_int_eq(i2cpt_transfer(a, msgs, 16, &fault), -ENODEV);
    ck_assert_int_eq(read_register(a, 0x50, 0, in, 2, &fault), -ENODEV);
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

    wire_begin(&o, WIRE_WELCOME, 1);
    wire_put_welcome(&o, &w);
    ck_assert_int_eq(wire_end(&o), 0);
    ck_assert_int_eq(write(fd, o.data, o.len), (ssize_t)o.len);
    close(fd);
    wire_clear(&o);
    snprintf(spec, sizeof(spec),
             "remote,command=trap '' TERM; cat %s; rm -f %s; exec <&- >&-; "
             "sleep 600,reconnect=on,timeout-ms=50,connect-timeout-ms=600000",
             path, path);
    ck_assert_msg(!i2cpt_adapter_open(spec, &a, &fault), "%s", fault.text);
    for (i = 0; i < 3; i++) {
        int ret = read_register(a, 0x50, 0, in, 2, &fault);

        /* the first may be sent before the command has closed its streams */
        ck_assert(ret == -ECANCELED || ret == -ETIMEDOUT);
    }
    i2cpt_adapter_unref(a);
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
        struct i2cpt_adapter *a = client(&s, "");

        ck_assert_int_eq(read_register(a, 0x50, 0x10, in, 1, NULL), 0);
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
    {"remote", -EINVAL, "socket=PATH and command=COMMAND"},
    {"remote,socket=/a,command=b", -EINVAL, "not both"},
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

        wire_put_request(&o, msgs, 2);
        for (i = g_rand_int_range(rand, 0, 4); i; i--) {
            o.data[g_rand_int_range(rand, 0, (gint32)o.len)] =
                (uint8_t)g_rand_int(rand);
        }
        in = (struct wire_in){
            .data = o.data,
            .len = (size_t)g_rand_int_range(rand, 0, (gint32)o.len + 1)};
        if (!wire_get_request(&in, &got, &n)) {
            ck_assert_int_eq(i2cpt_check_msgs(got, n, NULL), 0);
            g_free(got);
        }
        in.at = 0;
        in.failed = false;
        wire_get_result(&in, &result, &fault);
        in.at = 0;
        in.failed = false;
        wire_get_smbus(&in, &call);
        in.at = 0;
        in.failed = false;
        wire_get_answer(&in, msgs, 2);
        wire_clear(&o);
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
    tcase_add_loop_test(c, lying_client, 0, 2);
    tcase_add_loop_test(c, no_stream_to_serve, 0, G_N_ELEMENTS(streamless));
    tcase_add_loop_test(c, bad_stream_address, 0, 4);
    tcase_add_loop_test(c, time_of_a_client_is_bounded, 0, 4);
    tcase_add_loop_test(c, pointer_in_one, 0, 6);
    tcase_add_test(c, pointer);
    tcase_add_loop_test(c, longer_than_a_frame, 0, 2);
    tcase_add_test(c, reconnects);
    tcase_add_test(c, reconnects_later);
    tcase_add_test(c, reconnects_to_silence);
    tcase_add_test(c, reconnects_out_of_silence);
    tcase_add_test(c, reconnects_to_something_odd);
    tcase_add_test(c, deaf_in_a_frame);
    tcase_add_test(c, restarts_a_deaf_command);
    tcase_add_test(c, clients_in_order);
    tcase_add_test(c, another_version);
    tcase_add_loop_test(c, bad_openings, 0,
                        sizeof(openings) / sizeof(openings[0]));
    tcase_add_loop_test(c, decoders_bear_anything, 0, 5);
    suite_add_tcase(s, c);
    return unit_run(s);
}
