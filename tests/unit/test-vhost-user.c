/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tools/vhost-user before a VMM and a guest that do what no kernel's driver
 * does: ten-bit addresses, chains that make no sense, groups without an end,
 * queues that were left in the middle.
 */
#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "i2cpt.h"
#include "ring-driver.h"
#include "unit.h"
#include "vhost-user/i2c.h"
#include "vhost-user/session.h"

#define ZERO_LENGTH 1u
#define INDIRECT    (1u << 28)
#define EVENT_IDX   (1u << 29)
#define PROTOCOL    (1u << 30)
#define ALL         (ZERO_LENGTH | INDIRECT | PROTOCOL)

#define HEADER RIG_DATA
#define OUT    (RIG_DATA + 0x100)
#define IN     (RIG_DATA + 0x200)
#define TABLE  (RIG_DATA + 0x800)
#define AT(x)  (RIG_GUEST + (x))

static char board[] = "/tmp/i2cpt-vhost-user.XXXXXX";
static char record[sizeof(board) + 5];

static struct i2cpt_adapter *adapter;
static struct rig rig;
static pthread_t server;
static int server_fd, server_result;
static uint16_t done; /* chains used so far */

static void *serve(void *user)
{
    server_result = vhost_user_serve(adapter, server_fd);
    close(server_fd);
    return user;
}

static void begin_session(int memory_fd)
{
    int pair[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair),
                     0);
    server_fd = pair[1];
    rig_open(&rig, pair[0], memory_fd);
    ck_assert_int_eq(pthread_create(&server, NULL, serve, NULL), 0);
}

/* What vhost_user_serve() said. */
static int end_session(void)
{
    shutdown(rig.fd, SHUT_RDWR);
    pthread_join(server, NULL);
    return server_result;
}

static void write_board(void)
{
    static const char text[] = "chip 0x1d registers\n"
                               "reg 0x06 = 01 02 03 04\n"
                               "chip 0x150/10 registers\n"
                               "reg 0x00 = 77\n";
    int fd = mkstemp(board);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
    close(fd);
}

static void begin_with(const char *keys)
{
    struct i2cpt_fault fault;
    char spec[200];

    strcpy(board, "/tmp/i2cpt-vhost-user.XXXXXX");
    write_board();
    snprintf(record, sizeof(record), "%s.i2ct", board);
    snprintf(spec, sizeof(spec), "stub,load=%s,record=%s%s", board, record,
             keys);
    ck_assert_msg(!i2cpt_adapter_open(spec, &adapter, &fault), "%s",
                  fault.text);
    done = 0;
    begin_session(-1);
}

static void setup(void)
{
    begin_with("");
}

static void setup_guarded(void)
{
    begin_with(",allow=0x1d,allow-writes=pointer");
}

static void teardown(void)
{
    end_session();
    rig_close(&rig);
    if (adapter) {
        i2cpt_adapter_unref(adapter);
    }
    unlink(board);
    unlink(record);
}

/* Whether the trace of what was on the wire has this; the adapter is closed. */
static bool was_on_wire(const char *what)
{
    gchar *text;
    bool found;

    end_session();
    i2cpt_adapter_unref(adapter);
    adapter = NULL;
    ck_assert(g_file_get_contents(record, &text, NULL, NULL));
    found = strstr(text, what) != NULL;
    g_free(text);
    return found;
}

static uint16_t seven(uint16_t addr)
{
    return (uint16_t)(addr << 1);
}

static uint16_t ten(uint16_t addr)
{
    return (uint16_t)(addr << 8 | 0xf0 | (addr >> 7 & 0x06));
}

/* A request in three descriptors from `first` on, with places of its own. */
static void put_request(uint16_t first, uint16_t addr, uint32_t flags,
                        const void *bytes, uint32_t len)
{
    uint32_t shift = 0x20u * first;
    uint16_t at = first;
    bool read = flags & R_READ;

    rig_put_header(rig.memory, HEADER + shift, addr, flags);
    rig_put_desc(
        rig.memory, RIG_DESC, at,
        (struct rig_desc){AT(HEADER + shift), 8, D_NEXT, (uint16_t)(at + 1)});
    at++;
    if (len) {
        if (!read) {
            memcpy(rig.memory + OUT + shift, bytes, len);
        }
        rig_put_desc(rig.memory, RIG_DESC, at,
                     (struct rig_desc){AT((read ? IN : OUT) + shift), len,
                                       (read ? D_WRITE : 0) | D_NEXT,
                                       (uint16_t)(at + 1)});
        at++;
    }
    rig.memory[IN + shift + 0x1f] = 0x99;
    rig_put_desc(rig.memory, RIG_DESC, at,
                 (struct rig_desc){AT(IN + shift + 0x1f), 1, D_WRITE, 0});
    rig_put_available(rig.memory, first);
}

static int status(uint16_t first)
{
    return rig.memory[IN + 0x20u * first + 0x1f];
}

static const uint8_t *got(uint16_t first)
{
    return rig.memory + IN + 0x20u * first;
}

static void run(uint16_t n)
{
    done = (uint16_t)(done + n);
    rig_kick(&rig);
    rig_await_used(&rig, done);
}

/* A request that comes when one with FAIL_NEXT has failed: virtio 1.2, section
 * 5.16.6.1, has it failed too, and not tried. */
static void check_next_fails(void)
{
    put_request(0, seven(0x1d), 0, "\x41\x77", 2);
    run(1);
    ck_assert_int_eq(status(0), 1);
}

/* A good request, which shows that the queue goes on. */
static void check_alive(void)
{
    put_request(0, seven(0x1d), 0, "\x06", 1);
    run(1);
    ck_assert_int_eq(status(0), 0);
}

START_TEST(test_features)
{
    uint64_t number;

    rig_say(&rig, 1, 1, NULL, 0, NULL, 0);
    ck_assert(rig_hear(&rig, &number));
    ck_assert_uint_eq(number, 0x170000001u);
    rig_say(&rig, 15, 1, NULL, 0, NULL, 0);
    ck_assert(rig_hear(&rig, &number));
    ck_assert_uint_eq(number, 9);
    rig_say(&rig, 17, 1, NULL, 0, NULL, 0);
    ck_assert(rig_hear(&rig, &number));
    ck_assert_uint_eq(number, 1);
    ck_assert_int_eq(end_session(), 0);
}
END_TEST

START_TEST(test_write_and_read)
{
    uint32_t len;

    rig_start(&rig, ALL, 0);
    put_request(0, seven(0x1d), 0, "\x06", 1);
    put_request(3, seven(0x1d), R_READ, NULL, 4);
    run(2);
    ck_assert_int_eq(status(0), 0);
    ck_assert_uint_eq(rig_get_used(rig.memory, 0, &len), 0);
    ck_assert_uint_eq(len, 1);
    ck_assert_int_eq(status(3), 0);
    ck_assert_mem_eq(got(3), "\x01\x02\x03\x04", 4);
    ck_assert_uint_eq(rig_get_used(rig.memory, 1, &len), 3);
    ck_assert_uint_eq(len, 5);
}
END_TEST

START_TEST(test_ten_bits)
{
    rig_start(&rig, ALL, 0);
    put_request(0, ten(0x150), R_FAIL_NEXT, "\x00", 1);
    put_request(3, ten(0x150), R_READ, NULL, 1);
    run(2);
    ck_assert_int_eq(status(3), 0);
    ck_assert_uint_eq(*got(3), 0x77);
    put_request(0, ten(0x151), 0, "\x00", 1);
    run(1);
    ck_assert_int_eq(status(0), 1);
    ck_assert(was_on_wire("w1@0x150/10 00 r1 = 77\n"));
}
END_TEST

/* QEMU 7.2 does not pass the features of the ring on. */
START_TEST(test_without_features)
{
    uint16_t event;

    rig_start(&rig, 0, 0);
    put_request(0, seven(0x1d), R_READ, NULL, 2);
    run(1);
    ck_assert_int_eq(status(0), 0);
    memcpy(&event, rig.memory + RIG_USED + 4 + 8 * RIG_NUM, 2);
    ck_assert_uint_eq(GUINT16_FROM_LE(event), 1);
    check_alive();
}
END_TEST

START_TEST(test_no_call_until_the_event)
{
    uint16_t event = GUINT16_TO_LE(1); /* of the second one */

    rig_start(&rig, ALL | EVENT_IDX, 0);
    rig_stop(&rig); /* its first interrupt is for what came before */
    memcpy(rig.memory + RIG_AVAIL + 4 + 2 * RIG_NUM, &event, 2);
    put_request(0, seven(0x1d), 0, "\x06", 1);
    put_request(3, seven(0x1d), 0, "\x06", 1);
    rig_start(&rig, ALL | EVENT_IDX, 0);
    done = 2;
    rig_await_used(&rig, 2);
    ck_assert_int_eq(status(3), 0);
}
END_TEST

START_TEST(test_group_stops_at_its_fault)
{
    rig_start(&rig, ALL, 0);
    put_request(0, seven(0x1d), R_FAIL_NEXT, "\x06", 1);
    put_request(2 + 1, seven(0x20), R_FAIL_NEXT, "\x00", 1);
    put_request(6, seven(0x1d), 0, NULL, 0);
    run(3);
    ck_assert_int_eq(status(0), 0);
    ck_assert_int_eq(status(3), 1);
    ck_assert_int_eq(status(6), 1);
    ck_assert(was_on_wire("w1@0x1d 06 w1@0x20 00 w0@0x1d ! ENXIO phase=address "
                          "msg=1\n"));
}
END_TEST

/* Eight descriptors in the ring, and not one of them ends the group. */
START_TEST(test_group_as_long_as_the_ring)
{
    uint16_t i;

    rig_start(&rig, ALL, 0);
    for (i = 0; i < RIG_NUM; i++) {
        uint32_t shift = 0x20u * i;

        rig_put_header(rig.memory, HEADER + shift, seven(0x1d), R_FAIL_NEXT);
        rig_put_desc(rig.memory, TABLE + 0x40u * i, 0,
                     (struct rig_desc){AT(HEADER + shift), 8, D_NEXT, 1});
        rig_put_desc(rig.memory, TABLE + 0x40u * i, 1,
                     (struct rig_desc){AT(IN + shift + 0x1f), 1, D_WRITE, 0});
        rig_put_desc(
            rig.memory, RIG_DESC, i,
            (struct rig_desc){AT(TABLE + 0x40u * i), 32, D_INDIRECT, 0});
        rig_put_available(rig.memory, i);
    }
    run(RIG_NUM);
    for (i = 0; i < RIG_NUM; i++) {
        ck_assert_int_eq(status(i), 1);
    }
    check_next_fails();
    check_alive();
    ck_assert(!was_on_wire("w0@0x1d"));
    ck_assert(!was_on_wire("41 77"));
}
END_TEST

START_TEST(test_group_without_its_end)
{
    rig_start(&rig, ALL, 0);
    put_request(0, seven(0x1d), R_FAIL_NEXT, "\x20\x55", 2);
    run(1);
    ck_assert_int_eq(status(0), 1);
    /* the rest comes too late, in two parts */
    put_request(0, seven(0x1d), R_FAIL_NEXT, "\x40\x66", 2);
    run(1);
    ck_assert_int_eq(status(0), 1);
    check_next_fails();
    check_alive();
    ck_assert(!was_on_wire("20 55"));
    ck_assert(!was_on_wire("40 66"));
    ck_assert(!was_on_wire("41 77"));
}
END_TEST

/* Between the parts of a device, with no session and no clock: each group that
 * waits has a number of its own, one that a run ends and one that begins in the
 * same run too; and what comes while the first is refused is not. */
START_TEST(test_groups_one_behind_the_other)
{
    struct guest_region region = {
        .guest = RIG_GUEST, .vmm = RIG_VMM, .size = RIG_MEMORY};
    struct guest_memory m = {.n = 0};
    struct ring r = {.num = RIG_NUM,
                     .vmm_desc = RIG_VMM + RIG_DESC,
                     .vmm_avail = RIG_VMM + RIG_AVAIL,
                     .vmm_used = RIG_VMM + RIG_USED,
                     .has_addresses = true};
    struct i2c_device *d = vhost_i2c_new(adapter);
    uint32_t first;

    vhost_i2c_set_features(d, 1);
    ck_assert_int_eq(vhost_memory_add(&m, region, 0, rig.memory_fd), 0);
    ck_assert(vhost_ring_map(&r, &m));
    vhost_ring_start(&r);
    put_request(0, seven(0x1d), R_FAIL_NEXT, "\x06", 1);
    first = vhost_i2c_run(d, &r, &m);
    ck_assert_uint_ne(first, 0);
    ck_assert_uint_eq(vhost_i2c_run(d, &r, &m), first);
    put_request(3, seven(0x1d), R_READ, NULL, 1);
    put_request(0, seven(0x1d), R_FAIL_NEXT, "\x06", 1);
    ck_assert_uint_gt(vhost_i2c_run(d, &r, &m), first);
    ck_assert_int_eq(status(3), 0);
    vhost_i2c_expire(d, &r, &m);
    ck_assert_int_eq(status(0), 1);
    ck_assert_uint_eq(vhost_i2c_run(d, &r, &m), 0);
    put_request(3, seven(0x1d), R_READ, NULL, 1);
    ck_assert_uint_eq(vhost_i2c_run(d, &r, &m), 0);
    ck_assert_int_eq(status(3), 1);
    put_request(3, seven(0x1d), R_READ, NULL, 1);
    vhost_i2c_run(d, &r, &m);
    ck_assert_int_eq(status(3), 0);
    vhost_ring_unmap(&r);
    vhost_memory_clear(&m);
    vhost_i2c_free(d);
}
END_TEST

START_TEST(test_stopped_group_comes_again)
{
    rig_start(&rig, ALL, 0);
    check_alive();
    put_request(0, seven(0x1d), R_FAIL_NEXT, "\x06", 1);
    rig_kick(&rig);
    ck_assert_uint_eq(rig_stop(&rig), 1);
    put_request(3, seven(0x1d), R_READ, NULL, 1);
    rig_start(&rig, ALL, 1);
    run(2);
    ck_assert_int_eq(status(0), 0);
    ck_assert_int_eq(status(3), 0);
    ck_assert(was_on_wire("w1@0x1d 06 r1 = 01\n"));
}
END_TEST

/* What another process has left unanswered is not run again. */
START_TEST(test_taken_over)
{
    int memory;

    rig_start(&rig, ALL, 0);
    check_alive();
    end_session();
    memory = dup(rig.memory_fd);
    rig_close(&rig);
    begin_session(memory);
    put_request(0, seven(0x1d), 0, "\x30\x66", 2);
    rig_start(&rig, ALL, 1);
    rig_await_used(&rig, ++done);
    ck_assert_int_eq(status(0), 1);
    check_alive();
    ck_assert(!was_on_wire("30 66"));
}
END_TEST

/* Buffers go on from one region to the next; nothing of it is a copy. */
START_TEST(test_indirect_and_across_regions)
{
    const uint32_t edge = RIG_REGION - 1;

    rig_start(&rig, ALL, 0);
    check_alive();
    rig_put_header(rig.memory, RIG_REGION - 4, seven(0x1d), R_READ);
    rig_put_desc(rig.memory, TABLE, 0,
                 (struct rig_desc){AT(RIG_REGION - 4), 8, D_NEXT, 2});
    rig_put_desc(rig.memory, TABLE, 2,
                 (struct rig_desc){AT(edge), 2, D_WRITE | D_NEXT, 1});
    rig_put_desc(rig.memory, TABLE, 1,
                 (struct rig_desc){AT(IN), 3, D_WRITE, 0});
    rig_put_desc(rig.memory, RIG_DESC, 0,
                 (struct rig_desc){AT(TABLE), 48, D_INDIRECT, 0});
    rig_put_available(rig.memory, 0);
    run(1);
    ck_assert_mem_eq(rig.memory + edge, "\x01\x02", 2);
    ck_assert_mem_eq(rig.memory + IN, "\x03\x04\x00", 3);
}
END_TEST

/* ---------------------------------------------------------------- malformed */

#define H                        \
    {                            \
        AT(HEADER), 8, D_NEXT, 1 \
    }
#define ST                    \
    {                         \
        AT(IN), 1, D_WRITE, 0 \
    }

static const struct {
    const char *what;
    struct rig_desc chain[3];
    uint16_t addr;
    uint32_t flags;
    bool answered; /* its status can be found */
} bad[] = {
    {"a next that is not there", {{AT(HEADER), 8, D_NEXT, 8}}, 0, 0, false},
    {"a loop", {{AT(HEADER), 8, D_NEXT, 0}}, 0, 0, false},
    {"no place for a status", {{AT(HEADER), 8, 0, 0}}, 0, 0, false},
    {"nothing to read", {ST}, 0, 0, true},
    {"an address before the memory", {{0xfff0, 8, D_NEXT, 1}, ST}, 0, 0, false},
    {"the end past the memory",
     {{AT(RIG_MEMORY - 4), 8, D_NEXT, 1}, ST},
     0,
     0,
     false},
    {"an address that wraps",
     {{UINT64_MAX - 3, 8, D_NEXT, 1}, ST},
     0,
     0,
     false},
    {"a length that wraps",
     {{AT(HEADER), UINT32_MAX, D_NEXT, 1}, ST},
     0,
     0,
     false},
    {"a short header", {{AT(HEADER), 7, D_NEXT, 1}, ST}, 0x3a, 0, true},
    {"written before it is read",
     {{AT(IN), 1, D_WRITE | D_NEXT, 1}, {AT(HEADER), 8, 0, 0}},
     0x3a,
     0,
     true},
    {"bytes for both directions",
     {H, {AT(OUT), 1, D_NEXT, 2}, {AT(IN), 2, D_WRITE, 0}},
     0x3a,
     0,
     false},
    {"a read that has bytes",
     {H, {AT(OUT), 1, D_NEXT, 2}, ST},
     0x3a,
     R_READ,
     true},
    {"an odd address", {H, ST}, 0x3b, 0, true},
    {"an address of nine bits", {H, ST}, 0x13a, 0, true},
    {"flags that nobody knows", {H, ST}, 0x3a, 0x80, true},
    {"an indirect table of no size",
     {{AT(TABLE), 0, D_INDIRECT, 0}},
     0,
     0,
     false},
    {"an indirect table and a half",
     {{AT(TABLE), 24, D_INDIRECT, 0}},
     0,
     0,
     false},
    {"an indirect table outside", {{0x100, 16, D_INDIRECT, 0}}, 0, 0, false},
    {"an indirect table that goes on",
     {{AT(TABLE), 16, D_INDIRECT | D_NEXT, 1}, ST},
     0,
     0,
     false},
    {"an indirect table in another",
     {{AT(RIG_DESC), 16, D_INDIRECT, 0}},
     0,
     0,
     false},
    {"more than a message may have",
     {H, {AT(OUT), 0x8000, D_NEXT, 2}, ST},
     0x3a,
     R_READ,
     true},
};

START_TEST(test_malformed)
{
    uint32_t len, i;

    rig_start(&rig, ALL, 0);
    check_alive();
    rig_put_header(rig.memory, HEADER, bad[_i].addr, bad[_i].flags);
    for (i = 0; i < 3; i++) {
        rig_put_desc(rig.memory, RIG_DESC, (uint16_t)i, bad[_i].chain[i]);
    }
    rig.memory[IN] = 0x99;
    rig_put_available(rig.memory, 0);
    run(1);
    ck_assert_uint_eq(rig_get_used(rig.memory, 1, &len), 0);
    if (bad[_i].answered) {
        ck_assert_msg(rig.memory[IN] == 1, "%s", bad[_i].what);
        ck_assert_uint_ge(len, 1);
    }
    check_alive();
}
END_TEST

/* --------------------------------------------------------- broken for good */

static void put_word(uint32_t at, uint16_t value)
{
    value = GUINT16_TO_LE(value);
    memcpy(rig.memory + at, &value, 2);
}

START_TEST(test_broken_queue)
{
    rig_start(&rig, ALL, 0);
    check_alive();
    if (_i) {
        rig_put_available(rig.memory, RIG_NUM); /* no such descriptor */
    } else {
        put_word(RIG_AVAIL + 2, 100); /* more than there is room for */
    }
    rig_kick(&rig);
    rig_await_broken(&rig);
    ck_assert_uint_eq(rig_used(rig.memory), 1);
    ck_assert_uint_eq(rig_stop(&rig), 1);
    put_word(RIG_AVAIL + 2, 1);
    rig_start(&rig, ALL, 1);
    check_alive();
}
END_TEST

/* ------------------------------------------------------------------ the VMM */

static const struct {
    const char *what;
    uint32_t request, flags;
    uint64_t body[6];
    uint32_t size;
    size_t fds;
} wrong[] = {
    {"another version", 1, 2, {0}, 0, 0},
    {"an answer", 1, 5, {0}, 0, 0},
    {"more than any message has", 2, 1, {0}, 100000, 0},
    {"a message that was not offered", 24, 1, {0}, 8, 0},
    {"a feature that was not offered", 2, 1, {1u << 26}, 8, 0},
    {"a short number", 2, 1, {0}, 4, 0},
    {"a memory table with no files",
     5,
     1,
     {RIG_PAIR(1, 0), 0, 4096, 0, 0},
     40,
     0},
    {"a memory table of nothing", 5, 1, {RIG_PAIR(1, 0), 0, 0, 0, 0}, 40, 1},
    {"memory past the file's end",
     5,
     1,
     {RIG_PAIR(1, 0), 0, RIG_MEMORY + 1, 0, 0},
     40,
     1},
    {"an offset that wraps",
     5,
     1,
     {RIG_PAIR(1, 0), 0, 4096, 0, UINT64_MAX - 10},
     40,
     1},
    {"a table of more than it has",
     5,
     1,
     {RIG_PAIR(8, 0), 0, 4096, 0, 0},
     40,
     8},
    {"nine descriptors", 5, 1, {RIG_PAIR(9, 0), 0, 4096, 0, 0}, 40, 9},
    {"a queue of three", 8, 1, {RIG_PAIR(0, 3)}, 8, 0},
    {"a queue of none", 8, 1, {0}, 8, 0},
    {"a queue of more than there is", 8, 1, {RIG_PAIR(0, 2048)}, 8, 0},
    {"another queue", 8, 1, {RIG_PAIR(1, 8)}, 8, 0},
    {"a kick without a descriptor", 12, 1, {0}, 8, 0},
    {"a short address", 9, 1, {0}, 8, 0},
};

START_TEST(test_wrong_message)
{
    int fds[9] = {rig.memory_fd, rig.memory_fd, rig.memory_fd,
                  rig.memory_fd, rig.memory_fd, rig.memory_fd,
                  rig.memory_fd, rig.memory_fd, rig.memory_fd};
    uint32_t size = MIN(wrong[_i].size, sizeof(wrong[_i].body));
    uint64_t number;

    if (size == wrong[_i].size) {
        rig_say(&rig, wrong[_i].request, wrong[_i].flags, wrong[_i].body, size,
                fds, wrong[_i].fds);
    } else {
        uint32_t head[3] = {wrong[_i].request, wrong[_i].flags, wrong[_i].size};

        ck_assert_int_eq(write(rig.fd, head, sizeof(head)), sizeof(head));
    }
    ck_assert_msg(!rig_hear(&rig, &number), "%s", wrong[_i].what);
    ck_assert_int_eq(end_session(), -EPROTO);
}
END_TEST

/* With REPLY_ACK it is told, and may go on. */
START_TEST(test_refusal_is_told)
{
    uint64_t number = 8, table[5] = {RIG_PAIR(1, 0), 0, RIG_MEMORY + 1, 0, 0};

    rig_say(&rig, 16, 1, &number, 8, NULL, 0);
    rig_say(&rig, 5, 9, table, sizeof(table), &rig.memory_fd, 1);
    ck_assert(rig_hear(&rig, &number));
    ck_assert_uint_eq(number, 1);
    table[2] = RIG_MEMORY;
    rig_say(&rig, 5, 9, table, sizeof(table), &rig.memory_fd, 1);
    ck_assert(rig_hear(&rig, &number));
    ck_assert_uint_eq(number, 0);
    rig_start(&rig, ALL, 0);
    check_alive();
}
END_TEST

/* ------------------------------------------------------------------ garbage */

static uint32_t random_state = 1;

static uint32_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

/* Mostly what a driver might write, with something wrong in it. */
static void scribble(uint8_t *memory)
{
    uint16_t i, n = (uint16_t)(1 + next_random() % 3);

    for (i = 0; i < RIG_NUM; i++) {
        uint32_t r = next_random();
        struct rig_desc d = {AT(RIG_DATA) + r % 0x100, 1 + (r >> 8) % 9,
                             (uint16_t)((r >> 16) % 8),
                             (uint16_t)((r >> 20) % (RIG_NUM + 1))};

        if (!(r >> 24 & 0x0f)) {
            d.guest = (uint64_t)next_random() << (r & 31);
            d.len = next_random() >> (r >> 5 & 31);
        } else if (d.flags & D_INDIRECT) {
            d.len = 16 * (1 + (r >> 8) % 4);
            d.guest = AT(RIG_DESC + 16 * (r % RIG_NUM));
        }
        rig_put_desc(memory, RIG_DESC, i, d);
    }
    rig_put_header(memory, RIG_DATA + next_random() % 0x100,
                   (uint16_t)next_random(), next_random() % 5);
    while (n--) {
        rig_put_available(memory, (uint16_t)(next_random() % (RIG_NUM + 1)));
    }
    if (!(next_random() % 16)) {
        uint16_t idx = (uint16_t)next_random();

        memcpy(memory + RIG_AVAIL + 2, &idx, 2);
    }
}

START_TEST(test_garbage)
{
    const uint32_t rounds = 1000000;
    struct guest_memory m = {.n = 0};
    struct ring r = {.num = RIG_NUM,
                     .vmm_desc = RIG_VMM + RIG_DESC,
                     .vmm_avail = RIG_VMM + RIG_AVAIL,
                     .vmm_used = RIG_VMM + RIG_USED,
                     .has_addresses = true};
    struct guest_region region = {
        .guest = RIG_GUEST, .vmm = RIG_VMM, .size = RIG_MEMORY};
    struct i2cpt_adapter *a;
    struct i2c_device *d;
    uint32_t i, broken = 0;
    uint64_t answers = 0;

    ck_assert_int_eq(i2cpt_adapter_open("stub,chips=0x00-0x7f", &a, NULL), 0);
    d = vhost_i2c_new(a);
    ck_assert_int_eq(vhost_memory_add(&m, region, 0, rig.memory_fd), 0);
    ck_assert(vhost_ring_map(&r, &m));
    vhost_ring_start(&r);
    for (i = 0; i < rounds; i++) {
        uint16_t before = r.used_idx;

        scribble(rig.memory);
        vhost_i2c_set_features(d, i & 1);
        if (vhost_i2c_run(d, &r, &m) && i % 5 == 0) {
            vhost_i2c_expire(d, &r, &m);
        }
        answers += (uint16_t)(r.used_idx - before);
        if (r.broken) {
            uint16_t idx;

            broken++;
            vhost_i2c_forget(d);
            memcpy(&idx, rig.memory + RIG_AVAIL + 2, 2);
            r.next = GUINT16_FROM_LE(idx);
            vhost_ring_start(&r);
        }
    }
    /* else it has tried nothing */
    ck_assert_uint_gt(answers, rounds / 2);
    ck_assert_uint_gt(broken, 1000);
    vhost_i2c_free(d);
    vhost_memory_clear(&m);
    i2cpt_adapter_unref(a);
}
END_TEST

/* The header of a request is where the file does not reach any more. What is
 * read there must not become a transfer. */
#ifndef __s390x__
START_TEST(test_memory_cut_short)
{
    rig_start(&rig, ALL, 0);
    put_request(0, 0x1d << 1, R_READ, NULL, 1);
    run(1); /* it has mapped all of it by now */
    ck_assert_int_eq(ftruncate(rig.memory_fd, RIG_REGION), 0);
    rig_put_desc(rig.memory, RIG_DESC, 0,
                 (struct rig_desc){AT(RIG_REGION), 8, D_NEXT, 1});
    rig_put_desc(rig.memory, RIG_DESC, 1,
                 (struct rig_desc){AT(IN), 1, D_WRITE, 0});
    rig_put_available(rig.memory, 0);
    rig_kick(&rig);
    rig_await_broken(&rig);
    ck_assert(!was_on_wire("w0@0x"));
    ck_assert_int_eq(server_result, -EFAULT);
}
END_TEST
#endif

/* A guest's requests meet allow= and allow-writes= as anybody's do. */
START_TEST(test_what_is_not_allowed)
{
    rig_start(&rig, ALL, 0);
    put_request(0, 0x1d << 1, R_READ, NULL, 2);
    run(1);
    ck_assert_int_eq(status(0), 0);
    put_request(0, 0x1d << 1, 0, "\x06\x55", 2);
    run(1);
    ck_assert_int_eq(status(0), 1);
    put_request(0, 0x1e << 1, R_READ, NULL, 1);
    run(1);
    ck_assert_int_eq(status(0), 1);
    /* 0x150, which the board has: 11110, 01, and 0x50 behind it */
    put_request(0, 0x50f2, R_READ, NULL, 1);
    run(1);
    ck_assert_int_eq(status(0), 1);
    ck_assert(was_on_wire("refused client-0 0x150/10: "));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("vhost-user");
    TCase *tc = tcase_create("session"), *tough = tcase_create("garbage");
    TCase *guarded = tcase_create("guarded");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_features);
    tcase_add_test(tc, test_write_and_read);
    tcase_add_test(tc, test_ten_bits);
    tcase_add_test(tc, test_without_features);
    tcase_add_test(tc, test_no_call_until_the_event);
    tcase_add_test(tc, test_group_stops_at_its_fault);
    tcase_add_test(tc, test_group_as_long_as_the_ring);
    tcase_add_test(tc, test_group_without_its_end);
    tcase_add_test(tc, test_groups_one_behind_the_other);
    tcase_add_test(tc, test_stopped_group_comes_again);
    tcase_add_test(tc, test_taken_over);
    tcase_add_test(tc, test_indirect_and_across_regions);
    tcase_add_loop_test(tc, test_malformed, 0,
                        (int)(sizeof(bad) / sizeof(bad[0])));
    tcase_add_loop_test(tc, test_broken_queue, 0, 2);
    tcase_add_loop_test(tc, test_wrong_message, 0,
                        (int)(sizeof(wrong) / sizeof(wrong[0])));
    tcase_add_test(tc, test_refusal_is_told);
#ifndef __s390x__ /* where qemu-user tells no address with SIGBUS */
    tcase_add_test(tc, test_memory_cut_short);
#endif
    suite_add_tcase(suite, tc);
    tcase_add_checked_fixture(tough, setup, teardown);
    tcase_set_timeout(tough, 300);
    tcase_add_test(tough, test_garbage);
    suite_add_tcase(suite, tough);
    tcase_add_checked_fixture(guarded, setup_guarded, teardown);
    tcase_add_test(guarded, test_what_is_not_allowed);
    suite_add_tcase(suite, guarded);
    return unit_run(suite);
}
