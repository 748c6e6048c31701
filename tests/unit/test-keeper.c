/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The keeper of attach between a kernel and adapters' processes, both of which
 * are here: what it answers with one, without one, and with one that does not
 * answer.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#include "i2cpt.h"
#include "keeper/call.h"
#include "keeper/door.h"
#include "keeper/keeper.h"
#include "keeper/packets.h"
#include "keeper/tiny.h"
#include "unit.h"

#define PORT  7
#define FUNCS 0x1234u
enum { GET_FUNC = 1, GET_STATUS = 3, IO = 4, BEGIN = 1, END = 2 };

struct bench {
    char folder[40];
    struct keeper_config config;
    int kernel, adapter; /* our ends */
    uint32_t number;
    pthread_t thread;
};

static void *keep(void *user)
{
    keeper_run(user);
    return NULL;
}

static void open_silent(struct bench *b, int first_ms, int patience_ms,
                        int orphan_ms)
{
    int kernel[2], caller[2];

    memset(b, 0, sizeof(*b));
    strcpy(b->folder, "/tmp/i2cpt-keeper.XXXXXX");
    ck_assert_ptr_nonnull(g_mkdtemp(b->folder));
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, kernel), 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, caller), 0);
    b->kernel = kernel[0];
    b->adapter = caller[0];
    b->config = (struct keeper_config){.kernel = kernel[1],
                                       .caller = caller[1],
                                       .patience_ms = patience_ms,
                                       .first_ms = first_ms,
                                       .orphan_ms = orphan_ms};
    b->config.door = keeper_door_open(&b->config.at, b->folder, PORT);
    ck_assert_int_ge(b->config.door, 0);
    ck_assert_int_eq(pthread_create(&b->thread, NULL, keep, &b->config), 0);
}

static void open_bench(struct bench *b, const char *name, int patience_ms,
                       int orphan_ms)
{
    open_silent(b, 600000, patience_ms, orphan_ms);
    ck_assert_int_eq(keeper_call_first(b->adapter, name, FUNCS), 0);
}

/* With nothing left in it but the file of the lock. */
static void remove_folder(const char *folder)
{
    char path[60];

    snprintf(path, sizeof(path), "%s/" NODE_NAME_LOCK, folder);
    ck_assert_int_eq(g_remove(path), 0);
    ck_assert_int_eq(g_rmdir(folder), 0);
}

/* It has ended, or does so now; nothing of it is left. */
static void close_bench(struct bench *b)
{
    pthread_join(b->thread, NULL);
    ck_assert_int_eq(keeper_door_knock(b->folder, PORT), -ENOENT);
    remove_folder(b->folder);
    close(b->kernel);
    if (b->adapter >= 0) {
        close(b->adapter);
    }
}

static void crash(struct bench *b)
{
    close(b->adapter);
    b->adapter = -1;
}

/* --------------------------------------------------------------- the kernel */

struct submit {
    uint32_t command, number, devid, in, ep;
    uint32_t flags, length, start_frame, packets, interval;
    uint8_t setup[8];
};

static void ask(struct bench *b, uint8_t request, uint16_t flags, bool in,
                const uint8_t *data, uint16_t len)
{
    const struct submit s = {.command = htonl(1),
                             .number = htonl(++b->number),
                             .in = htonl(in),
                             .length = htonl(len),
                             .setup = {in ? 0xc1 : 0x41, request, flags & 0xff,
                                       flags >> 8, 0x48, 0, len & 0xff,
                                       len >> 8}};

    ck_assert_int_eq(send(b->kernel, &s, sizeof(s), MSG_NOSIGNAL), 48);
    if (!in && len) {
        ck_assert_int_eq(send(b->kernel, data, len, MSG_NOSIGNAL), len);
    }
}

/* The status of what was asked, or how many bytes. */
static int answer(struct bench *b, uint8_t *data)
{
    uint32_t head[12];
    int status;

    ck_assert_int_eq(recv(b->kernel, head, sizeof(head), MSG_WAITALL), 48);
    ck_assert_uint_eq(ntohl(head[0]), 3);
    ck_assert_uint_eq(ntohl(head[1]), b->number);
    status = (int)ntohl(head[5]);
    if (data && ntohl(head[6])) {
        ck_assert_int_eq(recv(b->kernel, data, ntohl(head[6]), MSG_WAITALL),
                         (ssize_t)ntohl(head[6]));
    }
    return status ? status : (int)ntohl(head[6]);
}

static void ask_write(struct bench *b, uint8_t marks)
{
    static const uint8_t bytes[3] = {1, 2, 3};

    ask(b, (uint8_t)(IO + marks), 0, false, bytes, 3);
}

/* ----------------------------------------------------- an adapter's process */

static struct keeper_packet next(int fd, uint8_t *data)
{
    struct keeper_packet p;

    ck_assert_int_eq(keeper_recv(fd, &p, data, data ? 0x10000 : 0, -1), 0);
    return p;
}

static void say(int fd, const struct keeper_packet *m, int result,
                const void *data, uint32_t n)
{
    const struct keeper_packet a = {.kind = KEEPER_ANSWER,
                                    .number = m->number,
                                    .result = result,
                                    .carried = n};

    ck_assert_int_eq(keeper_send(fd, &a, data), 0);
}

/* A message of three bytes that goes there and is acknowledged. */
static void works(struct bench *b, int adapter)
{
    uint8_t data[0x10000];
    struct keeper_packet m;

    ask_write(b, BEGIN + END);
    m = next(adapter, data);
    ck_assert_uint_eq(m.kind, KEEPER_MESSAGE);
    ck_assert(m.first && m.last && m.addr == 0x48 && m.len == 3);
    ck_assert_uint_eq(m.carried, 3);
    ck_assert_uint_eq(data[2], 3);
    say(adapter, &m, KEEPER_ACK, NULL, 0);
    ck_assert_int_eq(answer(b, NULL), 3);
}

static int adopt(struct bench *b, const char *name)
{
    return keeper_call_adopt(b->folder, PORT, name, FUNCS + 1);
}

/* -------------------------------------------------------------------- cases */

START_TEST(served)
{
    uint8_t data[0x10000] = {0}, said[] = {0x1a, 0xc0};
    struct keeper_packet m;
    struct bench b;

    open_bench(&b, "", 10000, 10000);
    works(&b, b.adapter);
    ask(&b, IO + BEGIN + END, I2CPT_M_RD, true, NULL, 2);
    m = next(b.adapter, NULL);
    ck_assert_uint_eq(m.flags, I2CPT_M_RD);
    say(b.adapter, &m, KEEPER_ACK, said, 2);
    ck_assert_int_eq(answer(&b, data), 2);
    ck_assert_mem_eq(data, said, 2);
    ask_write(&b, BEGIN + END);
    m = next(b.adapter, data);
    say(b.adapter, &m, KEEPER_NACK, NULL, 0);
    ck_assert_int_eq(answer(&b, NULL), 3);
    ask(&b, GET_STATUS, 0, true, NULL, 1);
    ck_assert_int_eq(answer(&b, data), 1);
    ck_assert_uint_eq(data[0], 2);
    ask(&b, GET_FUNC, 0, true, NULL, 4);
    ck_assert_int_eq(answer(&b, data), 4);
    ck_assert_uint_eq(data[0] | data[1] << 8, FUNCS);
    keeper_call_leave(b.adapter);
    close_bench(&b);
}
END_TEST

/* In the middle of a message, and between two of a transfer. */
START_TEST(crash_and_successor)
{
    static uint8_t data[0x10000];
    struct bench b;
    int heir;

    open_bench(&b, "", 10000, 600000);
    if (_i) {
        struct keeper_packet m;

        ask_write(&b, BEGIN);
        m = next(b.adapter, data);
        say(b.adapter, &m, KEEPER_ACK, NULL, 0);
        ck_assert_int_eq(answer(&b, NULL), 3);
        crash(&b);
    } else {
        ask_write(&b, BEGIN);
        next(b.adapter, data);
        crash(&b);
        ck_assert_int_eq(answer(&b, NULL), -EPIPE);
    }
    while ((heir = adopt(&b, "")) == -EBUSY) {
    }
    ck_assert_int_ge(heir, 0);
    /* the rest of what the other one had begun is not its own */
    ask_write(&b, END);
    ck_assert_int_eq(answer(&b, NULL), -EPIPE);
    works(&b, heir);
    ask(&b, GET_FUNC, 0, true, NULL, 4);
    ck_assert_int_eq(answer(&b, data), 4);
    ck_assert_uint_eq(data[0] | data[1] << 8, FUNCS + 1);
    b.adapter = heir;
    keeper_call_leave(b.adapter);
    close_bench(&b);
}
END_TEST

/* Every message fails, and a descriptor is told as ever. */
START_TEST(orphaned)
{
    uint8_t data[64];
    struct bench b;
    int i;

    open_bench(&b, "", 10000, 600000);
    crash(&b);
    for (i = 0; i < 3; i++) {
        ask_write(&b, BEGIN + END);
        ck_assert_int_eq(answer(&b, NULL), -EPIPE);
    }
    ask(&b, GET_FUNC, 0, true, NULL, 4);
    ck_assert_int_eq(answer(&b, data), 4);
    close(b.kernel); /* unplugged */
    b.kernel = -1;
    close_bench(&b);
}
END_TEST

/* An adapter that does not answer: the message fails, those behind it do so
 * without waiting, and what it says in the end is nobody's answer. */
START_TEST(late)
{
    uint8_t data[0x10000];
    struct keeper_packet m;
    struct bench b;

    open_bench(&b, "", 20, 600000);
    ask_write(&b, BEGIN + END);
    ck_assert_int_eq(answer(&b, NULL), -EPIPE);
    ask_write(&b, BEGIN + END);
    ck_assert_int_eq(answer(&b, NULL), -EPIPE);
    m = next(b.adapter, data);
    say(b.adapter, &m, KEEPER_ACK, NULL, 0);
    m.number += 17;
    say(b.adapter, &m, KEEPER_ACK, NULL, 0);
    /* the second one never came here */
    ck_assert_int_eq(keeper_recv(b.adapter, &m, data, 0x10000, 0), -ETIMEDOUT);
    close(b.kernel);
    b.kernel = -1;
    m = next(b.adapter, data);
    ck_assert_uint_eq(m.kind, KEEPER_GONE);
    close_bench(&b);
}
END_TEST

/* And once it has answered, all is well again. */
START_TEST(late_and_well_again)
{
    uint8_t data[0x10000];
    struct keeper_packet m;
    struct bench b;
    int status;

    open_bench(&b, "", 20, 600000);
    ask_write(&b, BEGIN + END);
    ck_assert_int_eq(answer(&b, NULL), -EPIPE);
    do {
        m = next(b.adapter, data);
        say(b.adapter, &m, KEEPER_ACK, NULL, 0);
        /* it has heard that by the time that it says no */
        ck_assert_int_eq(adopt(&b, ""), -EBUSY);
        ask_write(&b, BEGIN + END);
        m = next(b.adapter, data);
        say(b.adapter, &m, KEEPER_ACK, NULL, 0);
        status = answer(&b, NULL);
        if (status < 0) { /* the machine is busy: this was late as well */
            ck_assert_int_eq(adopt(&b, ""), -EBUSY);
            ask_write(&b, BEGIN + END);
            answer(&b, NULL);
        }
    } while (status < 0);
    ck_assert_int_eq(status, 3);
    keeper_call_leave(b.adapter);
    close_bench(&b);
}
END_TEST

/* The name is the USB device's serial number, for udev. */
START_TEST(serial)
{
    static const struct {
        const char *name;
        uint8_t index; /* iSerialNumber */
        int len;       /* of that string */
    } cases[] = {{"lab", 3, 2 + 2 * 3}, {"", 0, 4}};
    uint8_t data[64];
    struct submit s = {.command = htonl(1),
                       .in = htonl(1),
                       .length = htonl(64),
                       .setup = {0x80, 6, 0, 1, 0, 0, 64, 0}};
    struct bench b;

    open_bench(&b, cases[_i].name, 10000, 600000);
    s.number = htonl(++b.number);
    ck_assert_int_eq(send(b.kernel, &s, sizeof(s), MSG_NOSIGNAL), 48);
    ck_assert_int_eq(answer(&b, data), 18);
    ck_assert_uint_eq(data[16], cases[_i].index);
    s.number = htonl(++b.number);
    s.setup[2] = data[16];
    s.setup[3] = 3;
    ck_assert_int_eq(send(b.kernel, &s, sizeof(s), MSG_NOSIGNAL), 48);
    ck_assert_int_eq(answer(&b, data), cases[_i].len);
    keeper_call_leave(b.adapter);
    close_bench(&b);
}
END_TEST

START_TEST(names)
{
    struct bench b;
    int heir;

    open_bench(&b, "lab", 10000, 600000);
    ck_assert_int_eq(adopt(&b, ""), -EBUSY);
    ck_assert_int_eq(adopt(&b, "lab"), -EBUSY);
    ck_assert_int_eq(adopt(&b, "other"), -ENOENT);
    ck_assert(keeper_call_has(b.folder, PORT, "lab"));
    ck_assert(!keeper_call_has(b.folder, PORT, "other"));
    ck_assert(!keeper_call_has(b.folder, PORT + 1, "lab"));
    crash(&b);
    ck_assert(keeper_call_has(b.folder, PORT, "lab"));
    ck_assert_int_eq(adopt(&b, "other"), -ENOENT);
    while ((heir = adopt(&b, "lab")) == -EBUSY) {
    }
    ck_assert_int_ge(heir, 0);
    ck_assert_int_eq(adopt(&b, "lab"), -EBUSY);
    works(&b, heir);
    keeper_call_leave(heir);
    close_bench(&b);
    close(heir);
}
END_TEST

/* Nobody comes: it goes by itself, and its link with it. */
START_TEST(given_up)
{
    struct node_name link = {.name = "lab", .bus = 123456};
    char path[60];
    GStatBuf made;
    struct bench b;

    open_bench(&b, "lab", 10000, 1);
    snprintf(path, sizeof(path), "%s/lab", b.folder);
    ck_assert_int_eq(symlink("/dev/i2c-123456", path), 0);
    ck_assert_int_eq(g_lstat(path, &made), 0);
    link.device = made.st_dev;
    link.inode = made.st_ino;
    ck_assert_int_eq(keeper_call_named(b.adapter, &link), 0);
    crash(&b);
    close_bench(&b);
}
END_TEST

/* A process that says what makes no sense has it no more, and nothing of what
 * it says reaches the kernel. */
START_TEST(nonsense)
{
    static uint8_t data[0x10000];
    struct keeper_packet m, bad = {.kind = KEEPER_ANSWER};
    struct bench b;

    open_bench(&b, "", 10000, 600000);
    ask(&b, IO + BEGIN + END, I2CPT_M_RD, true, NULL, 2);
    m = next(b.adapter, NULL);
    bad.number = m.number;
    switch (_i) {
    case 0:
        say(b.adapter, &m, KEEPER_ACK, data, 3); /* more than was asked for */
        break;
    case 1:
        say(b.adapter, &m, KEEPER_ACK, data, 1);
        break;
    case 2:
        say(b.adapter, &m, 2, data, 2);
        break;
    case 3:
        ck_assert_int_eq(send(b.adapter, data, 5, 0), 5);
        break;
    case 4:
        bad.kind = KEEPER_WELCOME;
        keeper_send(b.adapter, &bad, NULL);
        break;
    default:
        bad.version = KEEPER_VERSION + 1;
        ck_assert_int_eq(send(b.adapter, &bad, sizeof(bad), 0), sizeof(bad));
    }
    ck_assert_int_eq(answer(&b, data), -EPIPE);
    ck_assert_int_eq(keeper_recv(b.adapter, &m, NULL, 0, -1), -EPIPE);
    close(b.kernel);
    b.kernel = -1;
    close_bench(&b);
}
END_TEST

/* Who knocks and says nothing, or anything, keeps nobody from being served; to
 * another version it says its own. */
START_TEST(callers)
{
    struct keeper_packet p = {.kind = KEEPER_ANSWER};
    struct bench b;
    int quiet, wrong, other;

    open_bench(&b, "", 10000, 600000);
    quiet = keeper_door_knock(b.folder, PORT);
    wrong = keeper_door_knock(b.folder, PORT);
    ck_assert_int_ge(quiet, 0);
    ck_assert_int_ge(wrong, 0);
    keeper_send(wrong, &p, NULL);
    ck_assert_int_eq(keeper_recv(wrong, &p, NULL, 0, -1), -EPIPE);
    works(&b, b.adapter);
    close(quiet);
    close(wrong);
    other = keeper_door_knock(b.folder, PORT);
    p = (struct keeper_packet){.version = KEEPER_VERSION + 1,
                               .kind = KEEPER_ADOPT};
    ck_assert_int_eq(send(other, &p, sizeof(p), 0), sizeof(p));
    ck_assert_int_eq(keeper_recv(other, &p, NULL, 0, -1), 0);
    ck_assert_uint_eq(p.version, KEEPER_VERSION);
    ck_assert_int_eq(keeper_recv(other, &p, NULL, 0, -1), -EPIPE);
    close(other);
    keeper_call_leave(b.adapter);
    close_bench(&b);
}
END_TEST

static void *say_version(void *user)
{
    const int *door = user;
    struct keeper_packet p = {.kind = KEEPER_ASK};
    struct pollfd somebody = {*door, POLLIN, 0};
    int caller;

    ck_assert_int_eq(poll(&somebody, 1, -1), 1);
    caller = accept(*door, NULL, NULL);
    ck_assert_int_eq(recv(caller, &p, sizeof(p), 0), sizeof(p));
    p.version = KEEPER_VERSION + 1;
    ck_assert_int_eq(send(caller, &p, sizeof(p), 0), sizeof(p));
    close(caller);
    return NULL;
}

/* A keeper of another version is not adopted, and keeps its name. */
START_TEST(another_version)
{
    char folder[] = "/tmp/i2cpt-version.XXXXXX";
    struct keeper_door at;
    pthread_t thread;
    int door;

    ck_assert_ptr_nonnull(g_mkdtemp(folder));
    door = keeper_door_open(&at, folder, PORT);
    ck_assert_int_ge(door, 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, say_version, &door), 0);
    if (_i) {
        ck_assert(keeper_call_has(folder, PORT, "lab"));
    } else {
        ck_assert_int_eq(keeper_call_adopt(folder, PORT, "lab", 0), -EPROTO);
    }
    pthread_join(thread, NULL);
    close(door);
    keeper_door_remove(&at);
    remove_folder(folder);
}
END_TEST

/* A keeper that is stopped takes no callers, and lets nobody wait for that. */
START_TEST(stopped)
{
    char folder[] = "/tmp/i2cpt-stopped.XXXXXX";
    struct keeper_door at;
    int callers[100], n = 0, door;

    ck_assert_ptr_nonnull(g_mkdtemp(folder));
    door = keeper_door_open(&at, folder, PORT);
    ck_assert_int_ge(door, 0);
    while (n < 100 && (callers[n] = keeper_door_knock(folder, PORT)) >= 0) {
        n++;
    }
    ck_assert_int_lt(n, 100);
    ck_assert_int_eq(callers[n], -EAGAIN);
    ck_assert(keeper_call_has(folder, PORT, "lab"));
    while (n--) {
        close(callers[n]);
    }
    close(door);
    keeper_door_remove(&at);
    remove_folder(folder);
}
END_TEST

/* What is no packet, to who listens: the first one is. */
START_TEST(packets)
{
    static const struct {
        uint32_t version, carried;
        size_t size; /* behind the head */
        char last;   /* of the name */
        int ret;
    } cases[] = {
        {KEEPER_VERSION, 4, 4, 0, 0},
        {KEEPER_VERSION + 1, 4, 4, 0, -EPROTO},
        {KEEPER_VERSION, 3, 4, 0, -EPROTO},
        {KEEPER_VERSION, 5, 4, 0, -EPROTO},
        {KEEPER_VERSION, 8, 9, 0, -EPROTO}, /* one more than there is room */
        {KEEPER_VERSION, 4, 4, 'x', -EPROTO},
    };
    struct {
        struct keeper_packet head;
        uint8_t carried[16];
    } whole = {.head = {.kind = KEEPER_ANSWER}};
    struct keeper_packet p;
    uint8_t data[8];
    int pair[2];

    whole.head.version = cases[_i].version;
    whole.head.carried = cases[_i].carried;
    whole.head.name.name[NODE_NAME_MAX] = cases[_i].last;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    ck_assert_int_gt(
        send(pair[0], &whole, sizeof(p) + cases[_i].size, MSG_NOSIGNAL), 0);
    ck_assert_int_eq(keeper_recv(pair[1], &p, data, sizeof(data), 0),
                     cases[_i].ret);
    ck_assert_int_gt(send(pair[0], &whole, sizeof(p) - 1, MSG_NOSIGNAL), 0);
    ck_assert_int_eq(keeper_recv(pair[1], &p, data, sizeof(data), 0), -EPROTO);
    ck_assert_int_eq(keeper_recv(pair[1], &p, data, sizeof(data), 0),
                     -ETIMEDOUT);
    close(pair[0]);
    ck_assert_int_eq(keeper_recv(pair[1], &p, data, sizeof(data), 0), -EPIPE);
    close(pair[1]);
}
END_TEST

/* Unplugged before it has read what the process said: that hears why all the
 * same. */
START_TEST(unread)
{
    const struct keeper_packet stale = {.number = 99};
    struct keeper_packet m;
    struct bench b;
    int quiet, i;

    open_bench(&b, "", 10000, 600000);
    works(&b, b.adapter);
    quiet = keeper_door_knock(b.folder, PORT); /* it listens to this one */
    for (i = 0; i < 3; i++) {
        say(b.adapter, &stale, KEEPER_ACK, NULL, 0);
    }
    close(b.kernel);
    b.kernel = -1;
    m = next(b.adapter, NULL);
    ck_assert_uint_eq(m.kind, KEEPER_GONE);
    close(quiet);
    close_bench(&b);
}
END_TEST

/* Who has started it says nothing: it is as though that had crashed. */
START_TEST(silent_from_the_beginning)
{
    struct bench b;
    int heir;

    open_silent(&b, 1, 10000, 600000);
    ask_write(&b, BEGIN + END);
    ck_assert_int_eq(answer(&b, NULL), -EPIPE);
    heir = adopt(&b, "");
    ck_assert_int_ge(heir, 0);
    works(&b, heir);
    keeper_call_leave(heir);
    close_bench(&b);
    close(heir);
}
END_TEST

/* An answer to nothing that was asked is nobody's; the rest waits for its own.
 */
START_TEST(answer_to_another)
{
    uint8_t data[0x10000], wrong[] = {1, 2}, right[] = {3, 4};
    struct keeper_packet m, stale;
    struct bench b;

    open_bench(&b, "", 10000, 600000);
    ask(&b, IO + BEGIN + END, I2CPT_M_RD, true, NULL, 2);
    m = stale = next(b.adapter, NULL);
    stale.number--;
    say(b.adapter, &stale, KEEPER_ACK, wrong, 2);
    say(b.adapter, &m, KEEPER_ACK, right, 2);
    ck_assert_int_eq(answer(&b, data), 2);
    ck_assert_mem_eq(data, right, 2);
    keeper_call_leave(b.adapter);
    close_bench(&b);
}
END_TEST

/* While an answer is waited for: unplugged, or the process says that it goes.
 * Neither waits for the answer. */
START_TEST(end_of_a_wait)
{
    uint8_t data[0x10000];
    struct keeper_packet m;
    struct bench b;

    open_bench(&b, "", 600000, 600000);
    ask_write(&b, BEGIN + END);
    next(b.adapter, data);
    if (_i) {
        close(b.kernel);
        b.kernel = -1;
        m = next(b.adapter, data);
        ck_assert_uint_eq(m.kind, KEEPER_GONE);
    } else {
        keeper_call_leave(b.adapter);
        ck_assert_int_eq(answer(&b, NULL), -EPIPE);
    }
    close_bench(&b);
}
END_TEST

/* A signal: it serves on, and goes as soon as nobody has it. */
START_TEST(signal_to_keeper)
{
    struct bench b;

    open_bench(&b, "", 10000, 600000);
    keeper_go(SIGTERM);
    works(&b, b.adapter);
    crash(&b);
    close_bench(&b);
}
END_TEST

/* The next one at the same port has made its own; root's alone. */
START_TEST(doors)
{
    GStatBuf file;
    char path[60];
    char folder[] = "/tmp/i2cpt-doors.XXXXXX";
    struct keeper_door first, second;
    int a, b, fd;

    ck_assert_ptr_nonnull(g_mkdtemp(folder));
    ck_assert_int_eq(keeper_door_knock(folder, PORT), -ENOENT);
    a = keeper_door_open(&first, folder, PORT);
    b = keeper_door_open(&second, folder, PORT);
    ck_assert_int_ge(a, 0);
    ck_assert_int_ge(b, 0);
    snprintf(path, sizeof(path), "%s/.port-%d", folder, PORT);
    ck_assert_int_eq(g_lstat(path, &file), 0);
    ck_assert_uint_eq(file.st_mode & 07777, 0600);
    keeper_door_remove(&first);
    fd = keeper_door_knock(folder, PORT);
    ck_assert_int_ge(fd, 0);
    close(fd);
    close(a);
    close(b); /* killed */
    ck_assert_int_eq(keeper_door_knock(folder, PORT), -ENOENT);
    keeper_door_remove(&second);
    remove_folder(folder);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("keeper");
    TCase *tcase = tcase_create("keeper");

    tcase_add_test(tcase, served);
    tcase_add_loop_test(tcase, crash_and_successor, 0, 2);
    tcase_add_test(tcase, orphaned);
    tcase_add_test(tcase, late);
    tcase_add_test(tcase, late_and_well_again);
    tcase_add_loop_test(tcase, serial, 0, 2);
    tcase_add_test(tcase, names);
    tcase_add_test(tcase, given_up);
    tcase_add_loop_test(tcase, nonsense, 0, 6);
    tcase_add_test(tcase, callers);
    tcase_add_loop_test(tcase, another_version, 0, 2);
    tcase_add_loop_test(tcase, packets, 0, 6);
    tcase_add_test(tcase, unread);
    tcase_add_test(tcase, stopped);
    tcase_add_test(tcase, silent_from_the_beginning);
    tcase_add_test(tcase, answer_to_another);
    tcase_add_loop_test(tcase, end_of_a_wait, 0, 2);
    tcase_add_test(tcase, doors);
    tcase_add_test(tcase, signal_to_keeper); /* the last: it stays told */
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
