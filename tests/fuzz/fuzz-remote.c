/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Both ends of the remote protocol, each against a peer that says anything at
 * all and then ends, or says no more. What a peer says is there before it is
 * listened to, or comes in pieces whenever it is waited for; then time passes
 * without being spent. So there is one thread, and nothing waits.
 *
 * Input: one byte of flags; for a client what it is to do, ended by a zero;
 * and what the peer says, as it is or in frames (see frame()).
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bus/calls.h"
#include "core/check-msgs.h"
#include "fuzz.h"
#include "input.h"
#include "remote/wire.h"

#define SERVER    0x01u
#define FRAMED    0x02u
#define RECONNECT 0x04u /* client */
#define HANGS_UP  0x08u /* client: its peer takes nothing */
#define SMBUS     0x08u /* server: of a host with nothing else */
#define PIECES    0x10u /* it comes bit by bit */
#define SILENT    0x20u /* client: after the last piece the peer stays */

#define PIECE 13

#define SAID_MAX 65536

/* Frames have zeros in them: seeds are in corpus/remote. */
const char *const fuzz_seeds[] = {NULL};
const char *const fuzz_words[] = {
    "i2cpt", "\xff\xff\xff\xff", "\x01\x02\x03", "\x05", "\x30\x08", NULL,
};

/* ------------------------------------------------------- what a peer says */

static struct said {
    uint8_t bytes[SAID_MAX];
    size_t len;
} said;

static void put(const void *bytes, size_t n)
{
    n = n < SAID_MAX - said.len ? n : SAID_MAX - said.len;
    memcpy(said.bytes + said.len, bytes, n);
    said.len += n;
}

/* TYPE [ID] [LENGTH] SIZE and so many bytes: numbered in order and as long as
 * it says, but for what the type's upper bits say to add. */
static void frame(struct input *in, uint32_t id)
{
    uint8_t type = next(in);
    uint32_t length;
    size_t size;

    id += type & 0x10 ? next(in) : 0;
    length = WIRE_HEAD - 4 + (type & 0x20 ? next(in) : 0);
    size = next(in);
    size = size < in->left ? size : in->left;
    length += (uint32_t)size;
    uint8_t head[WIRE_HEAD] = {
        length & 0xff, length >> 8 & 0xff, 0, 0, type & 0x0f,
        id & 0xff,     id >> 8 & 0xff};
    put(head, sizeof(head));
    put(in->at, size);
    in->at += size;
    in->left -= size;
}

static void make_said(struct input *in, uint8_t flags)
{
    uint32_t id = 1;

    said.len = 0;
    if (!(flags & FRAMED)) {
        put(in->at, in->left);
        return;
    }
    while (in->left) {
        frame(in, id++);
    }
}

/* ------------------------------------------------ how it comes, and when */

static uint8_t flags_now;
static int peer = -1; /* what a client or server has at the other end */
static size_t spoken; /* of what is said */
static uint64_t now_ns = 1;

uint64_t __wrap_i2cpt_now_ns(void);
int __wrap_connect(int fd, const struct sockaddr *addr, socklen_t size);
int __real_poll(struct pollfd *fds, nfds_t n, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms);

uint64_t __wrap_i2cpt_now_ns(void)
{
    return now_ns;
}

static void hang_up(void)
{
    if (peer >= 0) {
        close(peer);
    }
    peer = -1;
}

/* The next piece, and what comes after the last one. A peer that has gone away
 * has still said what it said. */
static void speak(void)
{
    size_t n = said.len - spoken;

    n = flags_now & PIECES && n > PIECE ? PIECE : n;
    if (n && send(peer, said.bytes + spoken, n, MSG_NOSIGNAL) < 0) {
        n = said.len - spoken; /* nobody listens */
    }
    spoken += n;
    if (spoken < said.len || flags_now & SILENT) {
        return;
    }
    if (flags_now & HANGS_UP || flags_now & SERVER) {
        hang_up();
    } else {
        shutdown(peer, SHUT_WR);
    }
}

static int meet(void)
{
    int fds[2];

    hang_up();
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds)) {
        fuzz_fail("no socket");
    }
    peer = fds[1];
    spoken = 0;
    speak();
    return fds[0];
}

/* Every connection is to that peer. */
int __wrap_connect(int fd, const struct sockaddr *addr, socklen_t size)
{
    int other = meet();

    if (dup2(other, fd) < 0) {
        fuzz_fail("no socket");
    }
    close(other);
    return 0;
}

/* Waiting makes it say more, or else time pass. */
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
    int ready = __real_poll(fds, n, 0);

    if (!ready && peer >= 0 && spoken < said.len) {
        speak();
        ready = __real_poll(fds, n, 0);
    }
    if (!ready && timeout_ms < 0) {
        fuzz_fail("waiting for ever");
    }
    if (!ready) {
        now_ns += (uint64_t)timeout_ms * 1000000u;
    }
    return ready;
}

/* -------------------------------------------------------- a lying server */

static void check_fault(int ret, const struct i2cpt_fault *fault)
{
    size_t len = strnlen(fault->text, sizeof(fault->text));

    if (ret > 0 || fault->code != -ret || len == sizeof(fault->text)) {
        fuzz_fail("%d with fault %d", ret, fault->code);
    }
    while (len--) {
        if ((unsigned char)fault->text[len] < ' ') {
            fuzz_fail("a fault with a control character");
        }
    }
}

/* KIND and LENGTH of each message, of buffers as small as they may be. */
static void do_transfer(struct i2cpt_adapter *a, struct input *in)
{
    struct i2cpt_msg msgs[3] = {0};
    struct i2cpt_fault fault;
    size_t n = 1 + next(in) % 3, i;
    int ret;

    for (i = 0; i < n; i++) {
        struct i2cpt_msg *m = &msgs[i];
        uint8_t kind = next(in);

        m->addr = 0x50;
        m->flags = (kind & 1 ? I2CPT_M_RD : 0) |
                   (kind & 2 ? I2CPT_M_RD | I2CPT_M_RECV_LEN : 0);
        m->len = next(in) % 64;
        m->buf = calloc(1, m->len ? m->len : 1);
        m->buf[0] = 1;
    }
    if (!i2cpt_check_msgs(msgs, n, NULL)) {
        ret = i2cpt_transfer(a, msgs, n, &fault);
        check_fault(ret, &fault);
        if (fault.msg >= (int32_t)n) {
            fuzz_fail("a fault in message %d of %zu", fault.msg, n);
        }
    }
    for (i = 0; i < n; i++) {
        if (msgs[i].actual > msgs[i].len) {
            fuzz_fail("%u of %u bytes", msgs[i].actual, msgs[i].len);
        }
        free(msgs[i].buf);
    }
}

static void do_smbus(struct i2cpt_adapter *a, struct input *in)
{
    struct i2cpt_smbus_call smbus = {.addr = 0x50,
                                     .read = next(in) & 1,
                                     .protocol = next(in) % 9,
                                     .block = {2, 1, 2}};
    struct i2cpt_call call = {.op = I2CPT_OP_SMBUS, .smbus = &smbus};
    struct i2cpt_fault fault;
    int ret = bus_call_run(a, &call, &fault);

    check_fault(ret, &fault);
    if (!ret && smbus.protocol >= I2CPT_SMBUS_BLOCK_DATA &&
        smbus.block[0] > I2CPT_SMBUS_BLOCK_MAX) {
        fuzz_fail("a block of %u bytes", smbus.block[0]);
    }
}

static void do_stream(struct i2cpt_adapter *a, enum i2cpt_op op, uint8_t what)
{
    struct i2cpt_call call = {.op = op,
                              .owner = &said,
                              .addr = 0x50,
                              .flags = what & 4 ? I2CPT_M_RD : 0,
                              .byte = what};
    struct i2cpt_fault fault;

    check_fault(bus_call_run(a, &call, &fault), &fault);
}

static void do_one(struct i2cpt_adapter *a, uint8_t what, struct input *in)
{
    if (what % 16 < 6) {
        /* an open stream would keep it waiting */
        do_stream(a, I2CPT_OP_STREAM_STOP, 0);
    }
    switch (what % 16) {
    case 1:
    case 2:
    case 3:
        do_transfer(a, in);
        break;
    case 4:
    case 5:
        do_smbus(a, in);
        break;
    case 6:
        bus_adapter_took(a, NULL, what);
        break;
    case 7:
        bus_adapter_flush(a);
        break;
    default:
        do_stream(a, I2CPT_OP_STREAM_START + what % 4, what);
    }
}

static void run_client(struct input *in)
{
    const uint8_t *end = memchr(in->at, 0, in->left);
    size_t ops = end ? (size_t)(end - in->at) : in->left;
    struct input todo = {in->at, ops};
    struct i2cpt_adapter *adapter;
    struct i2cpt_fault fault;

    in->at += ops + (end ? 1 : 0);
    in->left -= ops + (end ? 1 : 0);
    make_said(in, flags_now);
    int ret = i2cpt_adapter_open(flags_now & RECONNECT
                                     ? "remote,socket=/none,reconnect=on"
                                     : "remote,socket=/none",
                                 &adapter, &fault);
    if (ret) {
        check_fault(ret, &fault);
        return;
    }
    while (todo.left) {
        do_one(adapter, next(&todo), &todo);
    }
    i2cpt_adapter_unref(adapter);
}

/* --------------------------------------------------------- a lying client */

static struct i2cpt_adapter *served(const char *spec)
{
    struct i2cpt_adapter *adapter;
    struct i2cpt_fault fault;

    if (i2cpt_adapter_open(spec, &adapter, &fault)) {
        fuzz_fail("%s", fault.text);
    }
    return adapter;
}

/* Whole frames of the two types that a server sends. */
static void check_replies(int fd)
{
    uint8_t head[WIRE_HEAD];
    struct wire_head h;
    off_t at = 0, size = lseek(fd, 0, SEEK_END);

    for (; at < size; at += 4 + (off_t)h.length) {
        if (pread(fd, head, sizeof(head), at) != sizeof(head) ||
            remote_wire_get_head(head, &h) || at + 4 + (off_t)h.length > size ||
            (h.type != WIRE_WELCOME && h.type != WIRE_REPLY)) {
            fuzz_fail("an answer that is none");
        }
    }
}

static void run_server(struct input *in)
{
    static struct i2cpt_adapter *adapters[2];
    static int out_fd = -1;
    int in_fd, ret;

    if (out_fd < 0) {
        adapters[0] = served("stub,chips=0x48:0x50-0x57");
        adapters[1] = served("stub,chips=0x48,functionality=smbus,name=smbus");
        out_fd = memfd_create("out", MFD_CLOEXEC);
    }
    make_said(in, flags_now);
    if (ftruncate(out_fd, 0) || lseek(out_fd, 0, SEEK_SET)) {
        fuzz_fail("no file in memory");
    }
    flags_now &= (uint8_t)~SILENT;
    in_fd = meet();
    ret = i2cpt_serve(adapters[flags_now & SMBUS ? 1 : 0], in_fd, out_fd);
    if (ret && ret != -EPROTO) {
        fuzz_fail("i2cpt_serve() gives %d", ret);
    }
    close(in_fd);
    check_replies(out_fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};

    flags_now = next(&in);
    if (flags_now & SERVER) {
        run_server(&in);
    } else {
        run_client(&in);
    }
    return 0;
}
