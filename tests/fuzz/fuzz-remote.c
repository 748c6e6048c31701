/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Both ends of the remote protocol, each against a peer that says anything at
 * all and then ends, or says no more. What a peer says is there before it is
 * listened to, or comes in pieces whenever it is waited for; then time passes
 * without being spent. The thread that listens for lines has a turn when the
 * input says so. So there is one thread, and nothing waits.
 *
 * Input: one byte of flags; for a client what it is to do, ended by a zero;
 * and what the peer says, as it is or in frames (see frame()).
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bus/calls.h"
#include "core/check-msgs.h"
#include "fuzz.h"
#include "i2cpt-lines.h"
#include "input.h"
#include "remote/wire.h"

#define SERVER    0x01u
#define FRAMED    0x02u
#define RECONNECT 0x04u /* client */
#define HANGS_UP  0x08u /* client: its peer takes nothing */
#define SMBUS     0x08u /* server: of a host with nothing else */
#define LINES     0x04u /* server: of an adapter with lines */
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

/* ------------------------------------------ the thread that hears of lines */

static struct {
    void *(*run)(void *);
    void *arg;
    bool runs;
    jmp_buf waits;
} listener;

int __wrap_i2cpt_thread_start(pthread_t *thread, void *(*run)(void *),
                              void *arg);
int __real_pthread_join(pthread_t thread, void **value);
int __wrap_pthread_join(pthread_t thread, void **value);

int __wrap_i2cpt_thread_start(pthread_t *thread, void *(*run)(void *),
                              void *arg)
{
    *thread = pthread_self();
    listener.run = run;
    listener.arg = arg;
    return 0;
}

int __wrap_pthread_join(pthread_t thread, void **value)
{
    return pthread_equal(thread, pthread_self())
               ? 0
               : __real_pthread_join(thread, value);
}

/* Until it waits. */
static void give_turn(void)
{
    if (listener.run && !setjmp(listener.waits)) {
        listener.runs = true;
        listener.run(listener.arg);
    }
    listener.runs = false;
}

/* Waiting makes it say more, or else time pass. */
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
    int ready = __real_poll(fds, n, 0);

    if (listener.runs && n == 2) { /* it, for a kick or the peer */
        longjmp(listener.waits, 1);
    }
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

/* ------------------------------------------------------------ its lines */

static struct {
    int n, levels[32];
    uint64_t stamp_ns;
} heard;

static void hear(struct i2cpt_adapter *a, unsigned line, int level,
                 uint64_t stamp_ns, void *user)
{
    if (line >= (unsigned)heard.n || level != !heard.levels[line]) {
        fuzz_fail("line %u becomes %d", line, level);
    }
    if (stamp_ns < heard.stamp_ns || stamp_ns > now_ns) {
        fuzz_fail("a change that is older than the one before it, or to come");
    }
    heard.levels[line] = level;
    heard.stamp_ns = stamp_ns;
}

static void watch(struct i2cpt_adapter *a)
{
    heard.n = i2cpt_adapter_lines(a);
    heard.stamp_ns = 0;
    if (heard.n < 0 || heard.n > 32) {
        fuzz_fail("%d lines", heard.n);
    }
    for (int i = 0; i < heard.n; i++) {
        if (i2cpt_adapter_line_find(
                a, i2cpt_adapter_line_name(a, (unsigned)i)) != i) {
            fuzz_fail("line %d of another's name", i);
        }
        heard.levels[i] = i2cpt_adapter_line_level(a, (unsigned)i);
    }
    if (heard.n && i2cpt_adapter_watch_lines(a, hear, NULL)) {
        fuzz_fail("lines that are not watched");
    }
}

static void listen_for_lines(struct i2cpt_adapter *a, uint8_t what)
{
    now_ns += what & 0x40 ? 1000000000u : 0;
    give_turn();
    i2cpt_dispatch(a);
    for (int i = 0; i < heard.n; i++) {
        if (heard.levels[i] != i2cpt_adapter_line_level(a, (unsigned)i)) {
            fuzz_fail("a level of line %d that was not told", i);
        }
    }
}

static void do_one(struct i2cpt_adapter *a, uint8_t what, struct input *in)
{
    if (what % 16 == 0) {
        listen_for_lines(a, what);
        return;
    }
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
    listener.run = NULL;
    int ret = i2cpt_adapter_open(flags_now & RECONNECT
                                     ? "remote,socket=/none,reconnect=on"
                                     : "remote,socket=/none",
                                 &adapter, &fault);
    if (ret) {
        check_fault(ret, &fault);
        return;
    }
    watch(adapter);
    while (todo.left) {
        do_one(adapter, next(&todo), &todo);
    }
    listen_for_lines(adapter, 0);
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

/* What a WELCOME says of lines; a second one goes on with what was said. */
static void check_welcome(struct wire_in *in)
{
    struct wire_welcome w;

    if (remote_wire_get_welcome(in, &w)) {
        fuzz_fail("a WELCOME that is none");
    }
    if (w.n_lines) {
        heard.n = (int)w.n_lines;
        for (unsigned i = 0; i < w.n_lines; i++) {
            heard.levels[i] = w.lines[i].level;
        }
    }
}

static void check_change(struct wire_in *in)
{
    struct wire_change c;

    if (remote_wire_get_change(in, &c) || c.line >= heard.n ||
        c.level != !heard.levels[c.line]) {
        fuzz_fail("a change that is none");
    }
    heard.levels[c.line] = c.level;
}

/* Whole frames of the types that a server sends. */
static void check_replies(int fd)
{
    off_t at = 0, size = lseek(fd, 0, SEEK_END);
    uint8_t head[WIRE_HEAD];
    struct wire_head h;

    heard.n = 0;
    for (; at < size; at += 4 + (off_t)h.length) {
        uint8_t body[256];
        struct wire_in in = {.data = body};

        if (pread(fd, head, sizeof(head), at) != sizeof(head) ||
            remote_wire_get_head(head, &h) || at + 4 + (off_t)h.length > size) {
            fuzz_fail("an answer that is none");
        }
        in.len = h.length - (WIRE_HEAD - 4);
        if (h.type == WIRE_REPLY) {
            continue;
        }
        if ((h.type != WIRE_WELCOME && h.type != WIRE_LINE) ||
            in.len > sizeof(body) ||
            pread(fd, body, in.len, at + WIRE_HEAD) != (ssize_t)in.len) {
            fuzz_fail("an answer of type %u", h.type);
        }
        h.type == WIRE_LINE ? check_change(&in) : check_welcome(&in);
    }
}

/* Lines that follow what a client writes and reads. */
static struct i2cpt_adapter *served_with_lines(void)
{
    static const char load[] =
        "chip 0x48 registers\nreg 0 type=clear-on-read\nline ready reg=0\n"
        "line warm when=above reg=1 limit=2\nline in when=changed reg=3\n";
    char path[] = "/tmp/fuzz-remote-XXXXXX", spec[64];
    struct i2cpt_adapter *adapter;
    int fd = mkstemp(path);

    if (fd < 0 || write(fd, load, sizeof(load) - 1) != sizeof(load) - 1) {
        fuzz_fail("cannot write %s", path);
    }
    close(fd);
    snprintf(spec, sizeof(spec), "stub,load=%s,name=lines", path);
    adapter = served(spec);
    unlink(path);
    return adapter;
}

static void run_server(struct input *in)
{
    static struct i2cpt_adapter *adapters[3];
    static int out_fd = -1;
    int in_fd, ret;

    if (out_fd < 0) {
        adapters[0] = served("stub,chips=0x48:0x50-0x57");
        adapters[1] = served("stub,chips=0x48,functionality=smbus,name=smbus");
        adapters[2] = served_with_lines();
        out_fd = memfd_create("out", MFD_CLOEXEC);
    }
    make_said(in, flags_now);
    if (ftruncate(out_fd, 0) || lseek(out_fd, 0, SEEK_SET)) {
        fuzz_fail("no file in memory");
    }
    flags_now &= (uint8_t)~SILENT;
    in_fd = meet();
    ret = i2cpt_serve(adapters[flags_now & LINES   ? 2
                               : flags_now & SMBUS ? 1
                                                   : 0],
                      in_fd, out_fd);
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
