/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * attach without a kernel: a host controller at the other end of a socket pair
 * asks as i2c-tiny-usb does, and the stub's recording says what was on the
 * wire.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>

#include "attach/devices.h"
#include "nodes/name.h"
#include "keeper/session.h"
#include "attach/transfers.h"
#include "i2cpt.h"
#include "unit.h"
#include "usbip/packets.h"
#include "usbip/vhci.h"

#define CHIPS      "stub,chips=0x48:0x50,record=trace.i2ct"
#define VENDOR_OUT 0x41
#define VENDOR_IN  0xc1
#define BEGIN      1
#define END        2
enum { ECHO, GET_FUNC, SET_DELAY, GET_STATUS, IO };
enum { NAK = 2 };

/* -------------------------------------------------------- a host controller */

struct host {
    struct i2cpt_adapter *adapter;
    struct attach_transfers *transfers;
    struct keeper_tiny tiny;
    int kernel, device; /* ends of the pair */
    uint32_t number;
    char folder[40];
    pthread_t thread;
};

static void *serve(void *user)
{
    struct host *h = user;

    while (!keeper_session_next(h->device, &h->tiny)) {
    }
    shutdown(h->device, SHUT_RDWR);
    return NULL;
}

static void open_host(struct host *h, const char *spec)
{
    struct i2cpt_fault fault;
    int pair[2];

    memset(h, 0, sizeof(*h));
    strcpy(h->folder, "/tmp/i2cpt-attach.XXXXXX");
    ck_assert_ptr_nonnull(g_mkdtemp(h->folder));
    ck_assert_int_eq(g_chdir(h->folder), 0);
    ck_assert_msg(!i2cpt_adapter_open(spec, &h->adapter, &fault), "%s",
                  fault.text);
    ck_assert_int_eq(attach_transfers_new(h->adapter, &h->transfers, &fault),
                     0);
    h->tiny = (struct keeper_tiny){.functionality = keeper_tiny_functionality(
                                       i2cpt_adapter_functionality(h->adapter)),
                                   .message = attach_transfers_message,
                                   .user = h->transfers};
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    h->kernel = pair[0];
    h->device = pair[1];
    ck_assert_int_eq(pthread_create(&h->thread, NULL, serve, h), 0);
}

/* What was recorded, to be freed. */
static char *close_host(struct host *h)
{
    char *text = NULL;

    close(h->kernel);
    pthread_join(h->thread, NULL);
    close(h->device);
    attach_transfers_free(h->transfers);
    i2cpt_adapter_unref(h->adapter);
    g_file_get_contents("trace.i2ct", &text, NULL, NULL);
    g_remove("trace.i2ct");
    ck_assert_int_eq(g_chdir("/"), 0);
    g_rmdir(h->folder);
    return text;
}

/* A packet as the kernel's headers lay it out, written down on its own. */
struct submit {
    uint32_t command, number, devid, in, ep;
    uint32_t flags, length, start_frame, packets, interval;
    uint8_t setup[8];
};

static struct submit submit_of(struct host *h, uint8_t request, uint16_t value,
                               uint16_t index, bool in, uint16_t len)
{
    return (struct submit){.command = htonl(1),
                           .number = htonl(++h->number),
                           .in = htonl(in),
                           .length = htonl(len),
                           .setup = {in ? VENDOR_IN : VENDOR_OUT, request,
                                     value & 0xff, value >> 8, index & 0xff,
                                     index >> 8, len & 0xff, len >> 8}};
}

static void get(struct host *h, void *to, size_t n)
{
    ck_assert_int_eq(recv(h->kernel, to, n, MSG_WAITALL), (ssize_t)n);
}

/* As usb_control_msg(): bytes moved, or the status. */
static int send_request(struct host *h, struct submit *s, uint8_t *data)
{
    uint32_t answer[12], len = ntohl(s->length), actual;
    int status;

    ck_assert_int_eq(send(h->kernel, s, sizeof(*s), MSG_NOSIGNAL), 48);
    if (!s->in && len) {
        ck_assert_int_eq(send(h->kernel, data, len, MSG_NOSIGNAL),
                         (ssize_t)len);
    }
    get(h, answer, sizeof(answer));
    ck_assert_uint_eq(ntohl(answer[0]), 3);
    ck_assert_uint_eq(answer[1], s->number);
    status = (int)ntohl(answer[5]);
    actual = ntohl(answer[6]);
    ck_assert_uint_le(actual, len);
    if (s->in && actual) {
        get(h, data, actual);
    }
    return status ? status : (int)actual;
}

static int control(struct host *h, uint8_t request, uint16_t value,
                   uint16_t index, bool in, uint8_t *data, uint16_t len)
{
    struct submit s = submit_of(h, request, value, index, in, len);

    return send_request(h, &s, data);
}

/* A transfer as the driver makes it: 0, -ENXIO or -EIO. */
static int transfer(struct host *h, struct i2cpt_msg *msgs, size_t n)
{
    uint8_t status;
    size_t i;

    for (i = 0; i < n; i++) {
        uint8_t request =
            (uint8_t)(IO + (i ? 0 : BEGIN) + (i + 1 < n ? 0 : END));

        if (control(h, request, msgs[i].flags, msgs[i].addr,
                    msgs[i].flags & I2CPT_M_RD, msgs[i].buf,
                    (uint16_t)msgs[i].len) != (int)msgs[i].len ||
            control(h, GET_STATUS, 0, 0, true, &status, 1) != 1) {
            return -EIO;
        }
        if (status == NAK) {
            return -ENXIO;
        }
    }
    return 0;
}

/* ---------------------------------------------------------------- transfers */

#define DMA_SAFE 0x0200 /* the kernel's own flag, which drivers see */

/* Messages in trace notation as they are asked for, what the driver says, and
 * the lines that are recorded, without their stamps. */
static const struct {
    const char *spec;
    struct {
        uint16_t addr, flags, len;
    } msgs[5];
    int result;
    const char *recorded[3];
} rows[] = {
    {CHIPS, {{0x48, 0, 3}}, 0, {"w3@0x48 01 02 03"}},
    {CHIPS, {{0x48, DMA_SAFE, 3}}, 0, {"w3@0x48 01 02 03"}},
    {CHIPS, {{0x48, 0, 0xffff}, {0x48, I2CPT_M_RD, 1}}, 0, {"w65535@0x48 "}},
    {CHIPS,
     {{0x48, 0, 1}, {0x48, I2CPT_M_RD, 2}},
     0,
     {"w1@0x48 01 r2 = 00 00"}},
    {CHIPS,
     {{0x48, 0, 1}, {0x48, I2CPT_M_RD, 1}, {0x50, 0, 1}, {0x50, I2CPT_M_RD, 1}},
     0,
     {"w1@0x48 01 r1 = 00 w1@0x50 01 r1 = 00"}},
    {CHIPS ",functionality=0x0eff0001,byte-us=0,transfer-us=0",
     {{0x48, I2CPT_M_RD, 1}, {0x48, 0, 2}},
     0,
     {"r1@0x48 = 00 w2 01 02"}},
    {CHIPS, {{0x48, 0, 0}}, 0, {"w0@0x48"}},
    {CHIPS, {{0x20, 0, 0}}, -ENXIO, {"w0@0x20 ! ENXIO phase=address msg=0"}},
    {CHIPS, {{0x20, I2CPT_M_RD, 1}}, -ENXIO, {"r1@0x20"}},
    {CHIPS,
     {{0x48, 0, 1}, {0x20, I2CPT_M_RD, 1}},
     -ENXIO,
     {"w1@0x48 01 r1@0x20"}},
    {CHIPS,
     {{0x48, I2CPT_M_RD, 1}, {0x20, 0, 1}, {0x48, 0, 1}},
     -ENXIO,
     {"r1@0x48 = 00 w0@0x20 ! ENXIO phase=address msg=1"}},
    {CHIPS, {{0x48, I2CPT_M_RD | I2CPT_M_RECV_LEN, 1}}, -EIO, {NULL}},
    /* a flag, which a stream has not: as kept, or refused where it is one */
    {CHIPS,
     {{0x48, I2CPT_M_TEN, 1}, {0x48, I2CPT_M_RD, 1}, {0x48, 0, 1}},
     -ENXIO,
     {"w1@0x48/10 01 r1@0x48 ! ENXIO phase=address msg=0"}},
    {CHIPS,
     {{0x48, I2CPT_M_RD, 1}, {0x48, I2CPT_M_TEN, 1}},
     -EIO,
     {"r1@0x48 = 00"}},
    {CHIPS ",allow=0x48", {{0x50, 0, 1}}, -EIO, {NULL}},
    /* and not by way of a stream */
    {CHIPS ",allow=0x48",
     {{0x48, I2CPT_M_RD, 1}, {0x50, I2CPT_M_RD, 1}},
     -EIO,
     {"r1@0x48 = 00"}},
    {CHIPS ",allow=0x48",
     {{0x48, I2CPT_M_RD, 1}, {0x50, 0, 1}},
     -EIO,
     {"r1@0x48 = 00"}},
    {CHIPS ",allow-writes=pointer",
     {{0x48, I2CPT_M_RD, 1}, {0x48, 0, 2}},
     -EIO,
     {"r1@0x48 = 00"}},
};

START_TEST(transfers)
{
    static uint8_t bytes[5][0x10000];
    struct i2cpt_msg msgs[5];
    struct host h;
    size_t n, i;
    char *text;

    open_host(&h, rows[_i].spec);
    for (n = 0; n < 5 && rows[_i].msgs[n].addr; n++) {
        for (i = 0; i < sizeof(bytes[n]); i++) {
            bytes[n][i] = (uint8_t)(i + 1);
        }
        msgs[n] = (struct i2cpt_msg){.addr = rows[_i].msgs[n].addr,
                                     .flags = rows[_i].msgs[n].flags,
                                     .len = rows[_i].msgs[n].len,
                                     .buf = bytes[n]};
    }
    ck_assert_int_eq(transfer(&h, msgs, n), rows[_i].result);
    text = close_host(&h);
    for (i = 0; i < 3 && rows[_i].recorded[i]; i++) {
        ck_assert_msg(strstr(text, rows[_i].recorded[i]), "%d: %.300s", _i,
                      text);
    }
    ck_assert_msg(strstr(text, rows[_i].recorded[0] ? "\nend 1" : "\nend 0") ||
                      strstr(rows[_i].spec, "allow"),
                  "%d: %.300s", _i, text);
    g_free(text);
}
END_TEST

/* What the driver did not end, it begins anew. */
START_TEST(abandoned)
{
    uint8_t byte = 7;
    struct host h;
    char *text;

    open_host(&h, CHIPS);
    ck_assert_int_eq(control(&h, IO + BEGIN, I2CPT_M_RD, 0x48, true, &byte, 1),
                     1);
    ck_assert_int_eq(control(&h, IO + BEGIN, 0, 0x50, false, &byte, 1), 1);
    ck_assert_int_eq(control(&h, IO + BEGIN + END, 0, 0x48, false, &byte, 1),
                     1);
    text = close_host(&h);
    ck_assert_msg(strstr(text, "r1@0x48 = 00\n") && !strstr(text, "@0x50") &&
                      strstr(text, "w1@0x48 00\n"),
                  "%s", text);
    g_free(text);
}
END_TEST

/* Nothing that was kept, nor what follows, goes without a message that does
 * not. */
START_TEST(refused_in_the_middle)
{
    uint8_t byte = 7;
    struct host h;
    char *text;

    open_host(&h, CHIPS);
    ck_assert_int_eq(control(&h, IO + BEGIN, 0, 0x48, false, &byte, 1), 1);
    ck_assert_int_eq(
        control(&h, IO, I2CPT_M_RD | I2CPT_M_RECV_LEN, 0x48, true, &byte, 1),
        -EPIPE);
    ck_assert_int_eq(control(&h, IO + END, 0, 0x50, false, &byte, 1), -EPIPE);
    text = close_host(&h);
    ck_assert_msg(strstr(text, "\nend 0"), "%s", text);
    g_free(text);
}
END_TEST

/* The bus is free after the last message of a stream. */
START_TEST(after_a_stream)
{
    uint8_t byte = 7;
    struct i2cpt_msg msgs[] = {
        {.addr = 0x48, .flags = I2CPT_M_RD, .len = 1, .buf = &byte},
        {.addr = 0x50, .len = 1, .buf = &byte}};
    struct host h;
    char *text;

    open_host(&h, CHIPS);
    ck_assert_int_eq(transfer(&h, msgs, 2), 0);
    ck_assert_int_eq(transfer(&h, &msgs[1], 1), 0);
    text = close_host(&h);
    ck_assert_msg(strstr(text, "r1@0x48 = 00 w1@0x50 00\n") &&
                      strstr(text, " w1@0x50 00\nend 2"),
                  "%s", text);
    g_free(text);
}
END_TEST

/* Without a stream a STOP comes in the middle. */
START_TEST(split)
{
    uint8_t bytes[2] = {7, 8};
    struct i2cpt_msg msgs[] = {
        {.addr = 0x48, .len = 1, .buf = bytes},
        {.addr = 0x48, .flags = I2CPT_M_RD, .len = 1, .buf = bytes},
        {.addr = 0x50, .len = 2, .buf = bytes}};
    struct host h;
    char *text;

    open_host(&h, CHIPS ",stream=off");
    ck_assert_int_eq(transfer(&h, msgs, 3), 0);
    text = close_host(&h);
    ck_assert_msg(strstr(text, "w1@0x48 07 r1 = 00\n") &&
                      strstr(text, "w2@0x50 00 08\n") &&
                      strstr(text, "\nend 2"),
                  "%s", text);
    g_free(text);
}
END_TEST

/* As many messages and bytes as a transfer may have, and one more. */
START_TEST(bounds)
{
    static const struct {
        unsigned n;
        uint16_t len;
    } most[] = {{1024, 0}, {16, 0xffff}};
    uint8_t *data = g_malloc0(0x10000);
    struct host h;
    unsigned i;
    char *text;

    open_host(&h, CHIPS);
    for (i = 0; i < most[_i].n; i++) {
        ck_assert_int_eq(control(&h, i ? IO : IO + BEGIN, 0, 0x48, false, data,
                                 most[_i].len),
                         most[_i].len);
    }
    ck_assert_int_eq(control(&h, IO + END, 0, 0x48, false, data, most[_i].len),
                     -EPIPE);
    text = close_host(&h);
    ck_assert_msg(strstr(text, "\nend 0"), "%.300s", text);
    g_free(text);
    g_free(data);
}
END_TEST

/* ------------------------------------------------------------- the protocol */

START_TEST(requests)
{
    uint8_t data[64] = {0};
    struct host h;

    open_host(&h, "stub,chips=0x48");
    ck_assert_int_eq(control(&h, ECHO, 0x1234, 0, true, data, 2), 2);
    ck_assert_uint_eq(data[0] | data[1] << 8, 0x1234);
    ck_assert_int_eq(control(&h, SET_DELAY, 10, 0, false, data, 0), 0);
    ck_assert_int_eq(control(&h, GET_FUNC, 0, 0, true, data, 4), 4);
    ck_assert_uint_eq(data[0] & I2CPT_FUNC_I2C, I2CPT_FUNC_I2C);
    ck_assert_uint_eq(data[3] & I2CPT_FUNC_SMBUS_READ_BLOCK_DATA >> 24, 0);
    ck_assert_int_eq(control(&h, GET_FUNC, 0, 0, true, data, 1), 1);
    /* what is none, and what goes the other way than it says */
    ck_assert_int_eq(control(&h, 8, 0, 0, true, data, 4), -EPIPE);
    ck_assert_int_eq(control(&h, GET_FUNC, 0, 0, false, data, 4), -EPIPE);
    ck_assert_int_eq(control(&h, IO + BEGIN + END, 0, 0x48, true, data, 1),
                     -EPIPE);
    ck_assert_int_eq(
        control(&h, IO + BEGIN + END, I2CPT_M_RD, 0x48, false, data, 1),
        -EPIPE);
    g_free(close_host(&h));
}
END_TEST

/* What is left of an adapter's: no blocks whose length the target says, no
 * Host Notify, and PEC where there are messages. */
START_TEST(functionality)
{
    const uint32_t never = I2CPT_FUNC_SMBUS_READ_BLOCK_DATA |
                           I2CPT_FUNC_SMBUS_BLOCK_PROC_CALL |
                           I2CPT_FUNC_SMBUS_HOST_NOTIFY;

    ck_assert_uint_eq(keeper_tiny_functionality(UINT32_MAX),
                      UINT32_MAX & ~never);
    ck_assert_uint_eq(keeper_tiny_functionality(UINT32_MAX & ~I2CPT_FUNC_I2C),
                      UINT32_MAX &
                          ~(never | I2CPT_FUNC_I2C | I2CPT_FUNC_SMBUS_PEC));
}
END_TEST

START_TEST(descriptors)
{
    struct submit s;
    uint8_t data[64];
    struct host h;

    open_host(&h, "stub,chips=0x48");
    s = submit_of(&h, 6, 0x0100, 0, true, 64);
    s.setup[0] = 0x80;
    ck_assert_int_eq(send_request(&h, &s, data), 18);
    ck_assert_uint_eq(data[8] | data[9] << 8, 0x1c40);
    s = submit_of(&h, 6, 0x0302, 0, true, 64);
    s.setup[0] = 0x80;
    ck_assert_int_eq(send_request(&h, &s, data), 2 + 2 * 11);
    s = submit_of(&h, 6, 0x0200, 0, true, 64);
    s.setup[0] = 0x80;
    s.ep = htonl(3); /* an endpoint that it has not */
    ck_assert_int_eq(send_request(&h, &s, data), -EPIPE);
    g_free(close_host(&h));
}
END_TEST

START_TEST(unlink_of_what_was_answered)
{
    struct submit s;
    uint32_t answer[12];
    uint8_t data[4];
    struct host h;

    open_host(&h, "stub,chips=0x48");
    ck_assert_int_eq(control(&h, GET_FUNC, 0, 0, true, data, 4), 4);
    s = submit_of(&h, 0, 0, 0, false, 0);
    s.command = htonl(2);
    s.flags = htonl(h.number - 1);
    ck_assert_int_eq(send(h.kernel, &s, sizeof(s), 0), 48);
    get(&h, answer, sizeof(answer));
    ck_assert_uint_eq(ntohl(answer[0]), 4);
    ck_assert_uint_eq(answer[1], s.number);
    ck_assert_uint_eq(answer[5], 0);
    g_free(close_host(&h));
}
END_TEST

/* What is no USB/IP is hung up on, with nothing kept and nothing written. */
START_TEST(garbage)
{
    struct submit s;
    uint8_t byte;
    struct host h;

    open_host(&h, "stub,chips=0x48");
    s = submit_of(&h, IO + BEGIN + END, 0, 0x48, false, 1);
    switch (_i) {
    case 0:
        s.command = htonl(9);
        break;
    case 1:
        s.length = htonl(0xffffffff);
        break;
    case 2:
        s.ep = htonl(0x100);
        break;
    default:
        s.length = htonl(4000); /* and only one byte of it comes */
        break;
    }
    ck_assert_int_eq(send(h.kernel, &s, sizeof(s), MSG_NOSIGNAL), 48);
    if (_i == 3) {
        ck_assert_int_eq(send(h.kernel, &byte, 1, MSG_NOSIGNAL), 1);
        shutdown(h.kernel, SHUT_WR);
    }
    ck_assert_int_eq(recv(h.kernel, &byte, 1, 0), 0);
    g_free(close_host(&h));
}
END_TEST

/* A message of 16 bits and more is never the driver's. */
START_TEST(too_long)
{
    struct submit s;
    uint8_t *data = g_malloc0(0x10000);
    struct host h;

    open_host(&h, "stub,chips=0x48");
    s = submit_of(&h, IO + BEGIN + END, I2CPT_M_RD, 0x48, true, 0);
    s.length = htonl(0x10000);
    ck_assert_int_eq(send_request(&h, &s, data), -EPIPE);
    g_free(data);
    g_free(close_host(&h));
}
END_TEST

#ifdef __linux__
START_TEST(ports)
{
    static const char status[] =
        "hub port sta spd dev      sockfd local_busid\n"
        "hs  0000 006 002 00010002 000003 1-1\n"
        "hs  0001 005 002 00000107 000004 0-0\n"
        "hs  0002 004 000 00000000 000000 0-0\n"
        "hs  0003 004 000 00000000 000000 0-0\n"
        "ss  0008 004 000 00000000 000000 0-0\n";
    char id[8], small[3];

    ck_assert_int_eq(usbip_status_free(status, 0), 2);
    ck_assert_int_eq(usbip_status_free(status, 3), 3);
    ck_assert_int_eq(usbip_status_free(status, 4), -1);
    ck_assert_int_eq(usbip_status_free("", 0), -1);
    ck_assert_int_eq(usbip_status_free("hs  4294967295 004 000\n", 0), -1);
    ck_assert_int_eq(usbip_status_port("hs  2147483648 006 002 0 3 1-1\n"
                                       "hs  0001 006 002 0 3 1-1\n",
                                       "1-1"),
                     1);
    ck_assert_int_eq(usbip_status_port(status, "1-1"), 0);
    ck_assert_int_eq(usbip_status_port(status, "0-0"), -1);
    ck_assert_int_eq(usbip_status_bus_id(status, 0, 0x10002, id, sizeof(id)),
                     0);
    ck_assert_str_eq(id, "1-1");
    /* somebody else's; not yet given an address; no room */
    ck_assert_int_eq(usbip_status_bus_id(status, 0, 0x10003, id, sizeof(id)),
                     -ENOENT);
    ck_assert_int_eq(usbip_status_bus_id(status, 1, 0x107, id, sizeof(id)),
                     -ENOENT);
    ck_assert_int_eq(
        usbip_status_bus_id(status, 0, 0x10002, small, sizeof(small)), -ENOENT);
}
END_TEST
#endif

/* ---------------------------------------------------------- names, devices */

START_TEST(devices)
{
    static const char *const bad[] = {
        "",           "lm75",        "@0x48",      "lm75@",
        "lm75@0x07",  "lm75@0x78",   "lm75@0x48 ", "lm75@-1",
        "lm 75@0x48", "lm75\n@0x48", "lm75@ 0x48", "a1234567890123456789@0x48"};
    struct attach_device d;
    size_t i;

    ck_assert_int_eq(attach_device_parse("lm75@0x48", &d), 0);
    ck_assert_str_eq(d.type, "lm75");
    ck_assert_uint_eq(d.addr, 0x48);
    /* as everywhere: no octal */
    ck_assert_int_eq(attach_device_parse("lm75@072", &d), 0);
    ck_assert_uint_eq(d.addr, 72);
    ck_assert_int_eq(attach_device_parse("a123456789012345678@119", &d), 0);
    ck_assert_uint_eq(d.addr, 0x77);
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(attach_device_parse(bad[i], &d) == -EINVAL, "%s", bad[i]);
    }
}
END_TEST

static char names_folder[] = "/tmp/i2cpt-lock.XXXXXX";

static bool not_taken(unsigned bus, const char *name)
{
    return false;
}

/* A keeper that is asked may be waiting for the lock, to end. */
static bool not_taken_and_locks(unsigned bus, const char *name)
{
    int fd = node_name_lock(names_folder);

    ck_assert_int_ge(fd, 0);
    close(fd);
    return false;
}

/* Another one is quicker. */
static bool not_taken_but_then(unsigned bus, const char *name)
{
    struct node_name other;

    ck_assert_int_eq(
        node_name_make(&other, names_folder, name, 123460, not_taken), 0);
    return false;
}

/* What any user can open has nothing to do with the lock. */
START_TEST(name_lock)
{
    struct node_name n;
    GStatBuf file;
    char path[60];
    int fd, lock;

    ck_assert_ptr_nonnull(g_mkdtemp(names_folder));
    fd = open(names_folder, O_RDONLY);
    ck_assert_int_eq(flock(fd, LOCK_EX), 0);
    ck_assert_int_eq(node_name_make(&n, names_folder, "lab", 123456, not_taken),
                     0);
    snprintf(path, sizeof(path), "%s/" NODE_NAME_LOCK, names_folder);
    ck_assert_int_eq(g_lstat(path, &file), 0);
    ck_assert_uint_eq(file.st_mode & 07777, 0600);
    ck_assert_int_eq(
        node_name_make(&n, names_folder, "lab", 123457, not_taken_and_locks),
        0);
    ck_assert_int_eq(
        node_name_make(&n, names_folder, "lab", 123458, not_taken_but_then),
        -EEXIST);
    ck_assert_int_eq(node_name_bus(names_folder, "lab"), 123460);
    close(fd);
    lock = node_name_lock(names_folder);
    fd = open(path, O_RDWR);
    ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), -1);
    close(lock);
    ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
    g_remove(path);
    snprintf(path, sizeof(path), "%s/lab", names_folder);
    g_remove(path);
    ck_assert_int_eq(g_rmdir(names_folder), 0);
    close(fd);
}
END_TEST

static int make(struct node_name *n, const char *folder, unsigned bus)
{
    return node_name_make(n, folder, "lab", bus, not_taken);
}

START_TEST(names)
{
    static const char *const bad[] = {"",    ".",  "..",    ".lab",  "a/b",
                                      "a b", "-a", "i2c-3", "i2c-3x"};
    struct node_name first, second;
    char folder[] = "/tmp/i2cpt-names.XXXXXX", path[60], other[60];
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(!node_name_good(bad[i]), "%s", bad[i]);
    }
    ck_assert(node_name_good("lab-2.b_c"));
    ck_assert(node_name_good("i2c-lab"));
    ck_assert_ptr_nonnull(g_mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/lab", folder);
    /* there is no bus of this number, so the link is in nobody's way */
    ck_assert_int_eq(make(&first, folder, 123456), 0);
    ck_assert_int_eq(node_name_bus(folder, "lab"), 123456);
    ck_assert_int_eq(make(&second, folder, 123457), 0);
    node_name_remove(&first, folder); /* it is the second one's now */
    ck_assert_int_eq(node_name_bus(folder, "lab"), 123457);
    node_name_remove(&second, folder);
    ck_assert_int_eq(node_name_bus(folder, "lab"), -ENOENT);
    /* another one for the same bus */
    snprintf(other, sizeof(other), "%s/other", folder);
    ck_assert_int_eq(make(&first, folder, 123456), 0);
    ck_assert_int_eq(symlink("/dev/i2c-123456", other), 0);
    ck_assert_int_eq(rename(other, path), 0);
    node_name_remove(&first, folder);
    ck_assert_int_eq(node_name_bus(folder, "lab"), 123456);
    g_remove(path);
    ck_assert_int_eq(symlink("/dev/null", path), 0);
    ck_assert_int_eq(make(&first, folder, 1), -EEXIST);
    ck_assert_int_eq(node_name_bus(folder, "lab"), -ENOENT);
    g_remove(path);
    snprintf(path, sizeof(path), "%s/" NODE_NAME_LOCK, folder);
    g_remove(path);
    ck_assert_int_eq(g_rmdir(folder), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("attach");
    TCase *tcase = tcase_create("attach");

    tcase_add_loop_test(tcase, transfers, 0, sizeof(rows) / sizeof(rows[0]));
    tcase_add_test(tcase, abandoned);
    tcase_add_test(tcase, refused_in_the_middle);
    tcase_add_test(tcase, after_a_stream);
    tcase_add_test(tcase, split);
    tcase_add_loop_test(tcase, bounds, 0, 2);
    tcase_add_test(tcase, requests);
    tcase_add_test(tcase, functionality);
    tcase_add_test(tcase, descriptors);
    tcase_add_test(tcase, unlink_of_what_was_answered);
    tcase_add_loop_test(tcase, garbage, 0, 4);
    tcase_add_test(tcase, too_long);
    tcase_add_test(tcase, devices);
    tcase_add_test(tcase, names);
    tcase_add_test(tcase, name_lock);
#ifdef __linux__
    tcase_add_test(tcase, ports);
#endif
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
