/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a dongle answers: any bytes at all, in packets of any length. Whatever
 * they are, a transfer ends, says what it did, and stays in its buffers.
 *
 * Input: how the chip is driven, the messages (kind and length in two bytes,
 * ended by a zero; the first kind's upper bits say which pins are lines), and
 * then the bytes of every reply.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/check-msgs.h"
#include "core/clock.h"
#include "core/fault.h"
#include "fuzz.h"
#include "input.h"
#include "ftdi/mpsse-bus.h"
#include "ftdi/mpsse-usb.h"

#define MAX_MSGS 4
#define MAX_LEN  64

const char *const fuzz_seeds[] = {
    "\x01\x01\x02\x03\x04\x01\xff",
    "\x08\x03\x20\x01\xff\xff",
    "\x11\x05\x21\x01\xff\x05",
    "\x02\x01\x40\x03\x40\x01\x55",
    "\x0d\x09\x04\x0b\x04\x01\xfe",
    "\x20\x03\x10\x13\x08\x01\xfe",
    /* from here on as a target would answer: acknowledged, and data */
    "\x44\x01\x02\x03\x04\x01",
    "\x45\x05\x02\x07\x01\x01\x01\x01\x04",
    "\x40\x07\x01\x01\x10\x80\x40\x20\x10\x08\x04\x02\x01",
    "\x64\x0b\x04\x03\x04\x01\x01\x01\x01\x01",
    "\x4c\x13\x03\x01\x02\x01\x04\x04\x01\x01",
    /* pins that are lines, of both ports, looked at often */
    "\x44\xe1\x28\x03\x28\x01",
    "\x00\xc3\x08\x01\xff\xff\xff\xff",
    NULL,
};
const char *const fuzz_words[] = {
    "\xff",     "\xfe", "\xfa\xaa", "\x7f", "\x05", "\xff\xff\xff\xff",
    "\x32\x60", NULL,
};

/* ---------------------------------------------------------------- the link */

struct fake {
    struct input *replies; /* NULL: as a good chip with a free bus does */
    bool echo;
    unsigned exchanges;
};

/* The packets' framing is gone through as well: short ones, empty ones. */
static int fill(struct input *from, uint8_t *in, size_t in_len)
{
    uint8_t raw[512];
    size_t got = 0, n, now, packet;

    while (got < in_len) {
        if (!from->left) {
            return -ETIMEDOUT;
        }
        packet = (from->at[0] & 1) ? 64 : 512;
        n = mpsse_usb_ask(in_len - got, packet, sizeof(raw));
        n = from->left < n ? from->left : n;
        memcpy(raw, from->at, n);
        from->at += n;
        from->left -= n;
        if (!mpsse_usb_strip(raw, n, packet, in + got, in_len - got, &now)) {
            return -EIO;
        }
        if (now > in_len - got) {
            fuzz_fail("more than there is room for");
        }
        got += now;
    }
    return 0;
}

/* Bytes after each opcode that are no data to be clocked. */
static size_t arguments(uint8_t opcode)
{
    switch (opcode) {
    case 0x80:
    case 0x82:
    case 0x86:
    case 0x8f:
    case 0x9e:
    case 0x31:
    case 0x13: /* and its bits */
        return 2;
    case 0x8e:
    case 0x22:
    case 0x33:
        return 1;
    default:
        return 0;
    }
}

/* What comes back where all lines do as they are told, but for the bits that
 * are set in the input. */
static void echo(struct input *from, const uint8_t *out, size_t out_len,
                 uint8_t *in, size_t in_len)
{
    size_t at = 0, got = 0, n;

    while (at < out_len && got < in_len) {
        uint8_t op = out[at];
        const uint8_t *args = out + at + 1;

        at += 1 + arguments(op);
        if (op == 0x81 || op == 0x83 || op == 0x22) {
            in[got++] = 0xff ^ next(from);
        } else if (op == 0x33) {
            in[got++] = (uint8_t)(out[at++] >> (7 - args[0])) ^ next(from);
        } else if (op == 0x31) {
            for (n = args[0] + 256u * args[1] + 1; n && got < in_len; n--) {
                in[got++] = out[at++] ^ next(from);
            }
        }
    }
    memset(in + got, 0xff, in_len - got);
}

static int exchange(void *link, const uint8_t *out, size_t out_len, uint8_t *in,
                    size_t in_len, uint64_t deadline_ns)
{
    struct fake *f = link;

    if (f->exchanges++ > 1000) {
        fuzz_fail("no end of exchanges");
    }
    if (f->replies && f->echo) {
        echo(f->replies, out, out_len, in, in_len);
        return 0;
    }
    if (f->replies) {
        return in_len ? fill(f->replies, in, in_len) : 0;
    }
    memset(in, 0xff, in_len);
    if (out_len >= 2 && in_len == 2) {
        in[0] = 0xfa;
        in[1] = out[out_len - 2];
    }
    return 0;
}

static int purge(void *link)
{
    struct fake *f = link;

    return f->replies && f->replies->left && f->replies->at[0] == 0x0f ? -ENODEV
                                                                       : 0;
}

static const struct mpsse_link ops = {.exchange = exchange, .purge = purge};

/* ---------------------------------------------------------------- transfers */

static void free_messages(struct i2cpt_msg *msgs, size_t n)
{
    while (n--) {
        free(msgs[n].buf);
    }
}

/* Only what i2cpt_check_msgs() lets through reaches a backend. */
static size_t make_messages(struct input *in, struct i2cpt_msg *msgs)
{
    uint8_t kind, len;
    size_t n = 0;

    while (n < MAX_MSGS && (kind = next(in))) {
        struct i2cpt_msg *m = &msgs[n];

        len = next(in) % MAX_LEN;
        memset(m, 0, sizeof(*m));
        m->addr = 0x50;
        m->flags =
            (kind & 2 ? I2CPT_M_RD : 0) | (kind & 4 ? I2CPT_M_RECV_LEN : 0) |
            (kind & 8 ? I2CPT_M_TEN : 0) | (kind & 16 ? I2CPT_M_IGNORE_NAK : 0);
        m->len = m->flags & I2CPT_M_RECV_LEN ? 33 + (len & 1) : len;
        m->buf = calloc(1, m->len + 1u);
        m->buf[0] = (uint8_t)(1 + (len & 1));
        n++;
        if (i2cpt_check_msgs(msgs, n, NULL)) {
            free_messages(msgs, n);
            return 0;
        }
    }
    return n;
}

static void check(const struct i2cpt_msg *msgs, size_t n, int ret,
                  const struct i2cpt_fault *fault)
{
    size_t i;

    if (ret > 0 || (ret && fault->code != -ret)) {
        fuzz_fail("%d with fault %d", ret, fault->code);
    }
    if (fault->msg >= (int)n) {
        fuzz_fail("a fault in message %d of %zu", fault->msg, n);
    }
    for (i = 0; i < n; i++) {
        if (msgs[i].actual > msgs[i].len ||
            (!ret && !(msgs[i].flags & I2CPT_M_RECV_LEN) &&
             msgs[i].actual != msgs[i].len)) {
            fuzz_fail("%d: %u of %u bytes in message %zu", ret, msgs[i].actual,
                      msgs[i].len, i);
        }
    }
}

static void look(struct mpsse_bus *bus, uint64_t deadline_ns)
{
    struct i2cpt_fault fault = {0};
    uint64_t now_ns = i2cpt_now_ns();
    int ret = mpsse_bus_look(
        bus, deadline_ns > now_ns ? deadline_ns - now_ns : 0, &fault);

    if (ret > 0 || (ret && fault.code != -ret)) {
        fuzz_fail("a look: %d with fault %d", ret, fault.code);
    }
}

/* Nothing but the pins that were asked for, and no time to come. */
static void seen(uint16_t pins, uint64_t stamp_ns, void *user)
{
    const struct mpsse_config *config = user;

    if (pins & ~config->lines || stamp_ns > i2cpt_now_ns()) {
        fuzz_fail("pins %04x of %04x", pins, config->lines);
    }
}

/* 0x40 one of AC0-7, 0x20 two of AD4-7; 0x80 looks are far between. */
static void choose_lines(struct mpsse_config *config, uint8_t kind)
{
    config->lines =
        (uint16_t)((kind & 0x40 ? 0x0800 : 0) | (kind & 0x20 ? 0x0050 : 0));
    config->line_poll_us = kind & 0x80 ? 1000000 : 1;
}

static void stream(struct mpsse_bus *bus, uint16_t flags, uint64_t deadline_ns)
{
    struct i2cpt_fault fault = {0};
    uint8_t byte = 0x5a;
    int i;

    mpsse_bus_stream_start(bus, 0x50, flags & I2CPT_M_RD, deadline_ns, &fault);
    for (i = 0; i < 3; i++) {
        if (flags & I2CPT_M_RD) {
            mpsse_bus_stream_read(bus, &byte, deadline_ns, &fault);
        } else {
            mpsse_bus_stream_write(bus, byte, deadline_ns, &fault);
        }
    }
    look(bus, deadline_ns);
    if (flags & I2CPT_M_TEN) { /* another way on */
        mpsse_bus_stream_start(bus, 0x50, !(flags & I2CPT_M_RD), deadline_ns,
                               &fault);
    }
    mpsse_bus_stream_stop(bus, deadline_ns, &fault);
}

/* What is left of the replies meets one who does not know the chip yet. */
static void open_again(const struct mpsse *m, struct fake *fake,
                       uint64_t deadline_ns)
{
    struct i2cpt_fault fault = {0};
    struct mpsse_bus *bus;
    int ret = mpsse_bus_new(m, &ops, fake, false, deadline_ns, &bus, &fault);

    if (!ret) {
        mpsse_bus_free(bus);
    } else if (ret > 0 || fault.code != -ret) {
        fuzz_fail("opening: %d with fault %d", ret, fault.code);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    uint64_t deadline_ns = i2cpt_now_ns() + 1000000000u;
    struct i2cpt_fault fault = {0};
    struct i2cpt_msg msgs[MAX_MSGS];
    struct fake fake = {0};
    struct mpsse_config config;
    struct mpsse_bus *bus;
    struct mpsse m;
    uint8_t how = next(&in);
    size_t n;
    int ret;

    config = (struct mpsse_config){
        .chip = (enum mpsse_chip)(how % 3),
        .encoding = (enum mpsse_encoding)(how >> 2 & 1),
        .stretching = (enum mpsse_stretching)((how >> 3 & 3) % 3),
        .edges = (enum mpsse_edges)(how & 1),
        .frequency_hz = how & 0x80 ? 100000 : 400000,
    };
    choose_lines(&config, in.left ? in.at[0] : 0);
    if (mpsse_init(&m, &config)) {
        return 0;
    }
    if (mpsse_bus_new(&m, &ops, &fake, how & 0x20, deadline_ns, &bus, &fault)) {
        fuzz_fail("a good chip is refused: %s", fault.text);
    }
    mpsse_bus_on_look(bus, seen, &config);
    n = make_messages(&in, msgs);
    fake.replies = &in;
    fake.echo = how & 0x40;
    if (n) {
        struct i2cpt_xfer x = {msgs, n, deadline_ns, 0, &fault};

        i2cpt_fault_clear(&fault);
        ret = mpsse_bus_transfer(bus, &x);
        check(msgs, n, ret, &fault);
        stream(bus, msgs[0].flags, deadline_ns);
        free_messages(msgs, n);
    }
    mpsse_bus_free(bus);
    open_again(&m, &fake, deadline_ns);
    return 0;
}
