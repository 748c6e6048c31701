/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The virtual chip itself, command by command, against what FTDI's notes say.
 * Commands are written out as bytes here: nothing of lib/ftdi/mpsse.c is used.
 */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "../unit/unit.h"
#include "bench.h"

#define MS 1000000ull

/* "80 03 03 ..." to bytes; how many. */
static size_t hex(const char *text, uint8_t *out, size_t size)
{
    size_t n = 0;
    char *end;

    while (*text) {
        ck_assert_uint_lt(n, size);
        out[n++] = (uint8_t)g_ascii_strtoull(text, &end, 16);
        text = end + strspn(end, " ");
    }
    return n;
}

/* Send, let 20 ms go by, take what came, as text. */
static char *send(struct bench *b, const char *commands)
{
    GString *text = g_string_new(NULL);
    uint8_t bytes[256];
    size_t n = hex(commands, bytes, sizeof(bytes)), i;

    vchip_out_put(b->chip, bytes, n);
    wire_run(b->wire, wire_now(b->wire) + 20 * MS);
    n = vchip_in_take(b->chip, bytes, sizeof(bytes));
    for (i = 0; i < n; i++) {
        g_string_append_printf(text, i ? " %02x" : "%02x", bytes[i]);
    }
    return g_string_free(text, FALSE);
}

static struct bench *open_plain(enum vchip_kind kind)
{
    struct vchip_config config = vchip_i2c(kind, 0);
    struct bench *b = bench_new(&config, 0);

    vchip_set_mode(b->chip, 2);
    return b;
}

/* No nets: pins are seen by 81 and by loop-back only. */
static struct bench *open_bare(void)
{
    struct vchip_config config = vchip_i2c(VCHIP_FT232H, 0);
    struct bench *b;
    unsigned i;

    for (i = 0; i < PINS; i++) {
        config.net[i] = WIRE_NONE;
    }
    b = bench_new(&config, 0);
    vchip_set_mode(b->chip, 2);
    return b;
}

static const struct {
    const char *commands, *reply;
} replies[] = {
    {"aa", "fa aa"},
    {"ab 87", "fa ab"},
    {"30 35", "fa 30 fa 35"},          /* same edge out and in */
    {"00 7f ff", "fa 00 fa 7f fa ff"}, /* no kind, all kinds, none */
    {"80 00 00 81", "ff"},             /* inputs: pulled up */
    {"80 00 0b 81", "f4"},             /* outputs: as they are set */
    {"80 a5 ff 81", "a5"},
    {"82 12 ff 83", "12"},
    {"82 12 00 83", "ff"},
    {"82 a5 f0 83", "af"},
    /* loop-back: what is sent comes back, either way round */
    {"84 80 00 03 31 01 00 a5 3c", "a5 3c"},
    {"84 80 00 03 39 01 00 a5 3c", "a5 3c"},
    {"84 80 01 03 34 00 00 c7", "c7"},
    {"84 80 01 03 3c 00 00 c7", "c7"},
    /* bits: MSB first they come in below, over what was there (5a) */
    {"84 80 00 03 33 02 a0", "d5"}, /* 5a << 3 | 101 */
    {"84 80 00 03 3b 02 05", "ab"}, /* 5a >> 3 | 101 above */
    {"84 80 00 03 33 07 96", "96"},
    /* in only: TDO, an input, is high; with loop-back TDI as it was set */
    {"80 00 03 20 01 00", "ff ff"},
    {"84 80 00 03 24 00 00", "00"},
    {"84 80 02 03 28 00 00", "ff"},
    {"84 80 00 03 2c 00 00", "00"},
    {"84 80 00 03 22 07 26 07 2a 07 2e 07", "00 00 00 00"},
    /* out only: no reply, the last bit stays on the pin */
    {"80 00 03 11 01 00 ff 01 81", "fe"},
    {"80 00 03 11 00 00 fe 81", "fc"},
    {"80 00 03 19 00 00 7f 81", "fc"},
    {"80 00 03 10 00 00 01 81", "fe"},
    {"80 00 03 18 00 00 80 81", "fe"},
    {"80 00 03 13 03 10 81", "fe"},
    {"80 00 03 12 03 10 81", "fe"},
    {"80 00 03 1b 03 08 81", "fe"},
    {"80 00 03 1a 03 08 81", "fe"},
    /* TMS: bit 7 on TDI, six others on TMS, low ones first */
    {"80 00 0b 4b 05 a0 81", "fe"},
    {"80 00 0b 4a 05 1f 81", "f4"},
    {"80 00 0b 6b 07 80", "ff"},
    {"80 00 0b 6a 07 80 6e 07 80 6f 07 80", "ff ff ff"},
    /* an argument in the next packet, a command after it */
    {"97 96 97 8c 8d 8a 8b 85 81", "ff"},
    {"86 ff ff 8e 00 81", "ff"},
    /* drive only low: a 1 is not driven, and reads as pulled up */
    {"9e ff 00 80 05 0f 81", "f5"},
};

START_TEST(reply)
{
    struct bench *b = open_bare();
    char *text = send(b, replies[_i].commands);

    ck_assert_msg(!strcmp(text, replies[_i].reply), "%s: %s, not %s",
                  replies[_i].commands, text, replies[_i].reply);
    ck_assert(vchip_idle(b->chip));
    g_free(text);
    bench_free(b);
}
END_TEST

/* Every opcode of the three chips: bad ones come back as FA and themselves. */
START_TEST(opcodes)
{
    static const char good[] =
        "10 11 12 13 18 19 1a 1b 20 22 24 26 28 2a 2c 2e 31 33 34 36 39 3b 3c "
        "3e 4a 4b 6a 6b 6e 6f 80 81 82 83 84 85 86 87 88 89 8a 8b 8c 8d 8e 8f "
        "94 95 96 97 9c 9d 9e";
    uint8_t list[80], bytes[2];
    size_t n = hex(good, list, sizeof(list));
    bool is_good;

    for (unsigned op = 0; op < 256; op++) {
        struct bench *b = open_plain((enum vchip_kind)_i);

        is_good = memchr(list, (int)op, n) && (op != 0x9e || !_i);
        bytes[0] = (uint8_t)op;
        vchip_out_put(b->chip, bytes, 1);
        wire_run(b->wire, MS);
        ck_assert_msg(vchip_bad(b->chip) == !is_good, "%02x", op);
        bench_free(b);
    }
}
END_TEST

static const struct {
    const char *commands; /* after 8a 80 00 01: SCL is ours */
    unsigned clocks;
    unsigned low_ns, high_ns;
} clocks[] = {
    {"86 05 00 8e 02", 3, 100, 100}, /* 60 MHz / 6 / 2 */
    {"86 3b 00 8f 01 00", 16, 1000, 1000},
    {"8b 86 0b 00 8e 07", 8, 1000, 1000}, /* 12 MHz / 12 / 2 */
    {"8c 86 1d 00 8e 07", 8, 1000, 500},  /* low, high, low */
    {"8c 86 ff ff 8e 01", 2, 2184532, 1092266},
    {"86 05 00 11 00 00 00", 8, 100, 100},
    {"86 05 00 9d 01 00", 16, 100, 100}, /* GPIOL1 stays high */
    {"86 05 00 9c 01 00", 0, 0, 0},      /* ... is high */
    {"86 05 00 94", 0, 0, 0},
};

START_TEST(clocked)
{
    struct bench *b = open_plain(VCHIP_FT232H);
    struct watch_times t;
    const struct wire_edge *edges;
    size_t n, i;
    unsigned rises = 0;

    g_free(send(b, "8a 80 00 01"));
    wire_forget(b->wire);
    g_free(send(b, clocks[_i].commands));
    edges = wire_edges(b->wire, &n);
    for (i = 0; i < n; i++) {
        ck_assert_int_eq(edges[i].line, WIRE_SCL);
        rises += edges[i].level;
    }
    ck_assert_uint_eq(rises, clocks[_i].clocks);
    watch_times(edges, n, &t);
    if (rises > 1) {
        /* low and high are whole ticks of 16 2/3 ns */
        ck_assert_uint_le(t.min_ns[T_LOW] - clocks[_i].low_ns + 1, 2);
        ck_assert_uint_le(t.min_ns[T_HIGH] - clocks[_i].high_ns + 1, 2);
    }
    bench_free(b);
}
END_TEST

/* An input is not driven, not by the shifter either; time passes all the same.
 */
START_TEST(input_is_not_driven)
{
    struct bench *b = open_plain(VCHIP_FT232H);
    uint64_t begin_ns;
    size_t n;

    vchip_out_put(b->chip, (const uint8_t *)"\x8a\x86\x3b\x00\x80\x00\x00", 7);
    wire_run(b->wire, MS);
    begin_ns = wire_now(b->wire);
    vchip_out_put(b->chip, (const uint8_t *)"\x8f\x00\x00\x31\x00\x00\x00", 7);
    while (!vchip_idle(b->chip)) {
        ck_assert(wire_step(b->wire, begin_ns + MS));
    }
    ck_assert_uint_ge(wire_now(b->wire) - begin_ns, 16 * 2000);
    wire_edges(b->wire, &n);
    ck_assert_uint_eq(n, 0);
    bench_free(b);
}
END_TEST

/* Push-pull against a target that holds the line: a short circuit, unless the
 * chip only pulls low. */
START_TEST(push_pull_fights)
{
    const char *commands = _i ? "9e 07 00 80 03 03" : "80 03 03";
    struct bench *b = open_plain(VCHIP_FT232H);

    holder_hold(&b->holder, WIRE_SDA, 0, WIRE_FOREVER);
    g_free(send(b, commands));
    ck_assert_uint_eq(wire_fights(b->wire), _i ? 0 : 1);
    ck_assert(!wire_level(b->wire, WIRE_SDA));
    bench_free(b);
}
END_TEST

/* 88 and 89 wait for GPIOL1; commands behind them wait too. */
START_TEST(wait_for_io)
{
    struct vchip_config config = vchip_i2c(VCHIP_FT2232H, PIN_GPIOL1);
    struct bench *b = bench_new(&config, 0);
    char *text;

    vchip_set_mode(b->chip, 2);
    holder_hold(&b->holder, WIRE_SCL, 0, 50 * MS);
    text = send(b, "89 81 88 81");
    ck_assert_str_eq(text, "de"); /* low now, and there it hangs */
    ck_assert(!vchip_idle(b->chip));
    g_free(text);
    text = send(b, "81");
    ck_assert_str_eq(text, "");
    g_free(text);
    text = send(b, "");
    ck_assert_str_eq(text, "ff ff");
    g_free(text);
    bench_free(b);
}
END_TEST

/* Adaptive: the clock is held where RTCK does not follow, and goes on. */
START_TEST(adaptive)
{
    struct vchip_config config = vchip_i2c(VCHIP_FT232H, PIN_GPIOL3);
    struct bench *b = bench_new(&config, 0);
    struct watch_times t;
    const struct wire_edge *edges;
    size_t n;
    char *text;

    vchip_set_mode(b->chip, 2);
    g_free(send(b, "8a 86 3b 00 9e 07 00 96 80 00 01"));
    holder_hold(&b->holder, WIRE_SCL, wire_now(b->wire), 15 * MS);
    wire_forget(b->wire);
    text = send(b, "8e 03 81");
    ck_assert_str_eq(text, "7e");
    edges = wire_edges(b->wire, &n);
    watch_times(edges, n, &t);
    ck_assert_uint_eq(n, 8);
    ck_assert_uint_ge(edges[0].at_ns, 35 * MS);
    ck_assert_uint_eq(t.min_ns[T_HIGH], 1000);
    g_free(text);
    /* held for ever: wedged, until the mode is left */
    holder_hold(&b->holder, WIRE_SCL, wire_now(b->wire), WIRE_FOREVER);
    text = send(b, "8e 00 81");
    ck_assert_str_eq(text, "");
    g_free(text);
    vchip_purge_out(b->chip);
    vchip_set_mode(b->chip, 0);
    vchip_purge_in(b->chip);
    vchip_set_mode(b->chip, 2);
    text = send(b, "aa");
    ck_assert_str_eq(text, "fa aa");
    g_free(text);
    bench_free(b);
}
END_TEST

/* The sizes of the FIFOs: what does not fit stays outside, and an engine whose
 * answers are not taken stops. */
START_TEST(fifos)
{
    static const size_t sizes[] = {1024, 4096, 2048};
    struct bench *b = open_plain((enum vchip_kind)_i);
    uint8_t bytes[4096];
    size_t size = sizes[_i];

    ck_assert_uint_eq(vchip_fifo_size(b->chip), size);
    ck_assert_uint_eq(vchip_out_room(b->chip), size);
    memset(bytes, 0x81, sizeof(bytes));
    vchip_out_put(b->chip, bytes, size);
    ck_assert_uint_eq(vchip_out_room(b->chip), 0);
    wire_run(b->wire, 20 * MS);
    ck_assert_uint_eq(vchip_in_ready(b->chip), size);
    vchip_out_put(b->chip, bytes, 10);
    wire_run(b->wire, 40 * MS);
    ck_assert(!vchip_idle(b->chip));
    ck_assert_uint_eq(vchip_in_take(b->chip, bytes, 10), 10);
    wire_run(b->wire, 60 * MS);
    ck_assert(vchip_idle(b->chip));
    ck_assert_uint_eq(vchip_in_ready(b->chip), size);
    bench_free(b);
}
END_TEST

/* ---------------------------------------------------------------------- USB */

/* One command with its answer: 87 sends it at once, without that the latency
 * timer does. */
START_TEST(latency)
{
    static const uint8_t out[] = {0x81, 0x87};
    static const unsigned latency_ms[] = {16, 1};
    struct bench *b = open_plain(VCHIP_FT232H);
    struct vusb_urb o = {.out_buf = out, .len = _i < 2 ? 1 : 2}, i;
    uint8_t in[512];
    uint64_t begin_ns;

    vusb_set_latency(b->usb, _i < 2 ? latency_ms[_i] : 255);
    i = (struct vusb_urb){.in = true, .in_buf = in, .len = sizeof(in)};
    wire_run(b->wire, 20 * MS + 1000);
    begin_ns = wire_now(b->wire);
    vusb_submit(b->usb, &o);
    ck_assert(vusb_wait(b->usb, &o, begin_ns + MS));
    vusb_submit(b->usb, &i);
    ck_assert(vusb_wait(b->usb, &i, begin_ns + 40 * MS));
    if (i.actual == 2) { /* the timer had run out before */
        vusb_submit(b->usb, &i);
        ck_assert(vusb_wait(b->usb, &i, begin_ns + 40 * MS));
    }
    ck_assert_uint_eq(i.actual, 3);
    ck_assert_uint_eq(in[2], 0xff);
    ck_assert_uint_le(wire_now(b->wire) - begin_ns, 17 * MS);
    ck_assert_uint_eq(wire_now(b->wire) % VUSB_FRAME_NS, 0);
    bench_free(b);
}
END_TEST

/* A long reply: full packets, status bytes in each; the OUT of more than the
 * FIFO has room for is held back and loses nothing. */
START_TEST(long_reply)
{
    struct bench *b = open_plain((enum vchip_kind)_i);
    size_t n = 9000, k;
    uint8_t *out = g_malloc(n + 6), *in = g_malloc(n);
    uint64_t deadline_ns = vusb_now(b->usb) + 1000 * MS;
    struct vusb_counts c;

    memcpy(out, "\x84\x80\x00\x03\x31", 5);
    out[5] = (uint8_t)((n - 8) & 0xff);
    out[6] = (uint8_t)((n - 8) >> 8);
    for (k = 7; k < n; k++) {
        out[k] = (uint8_t)(k * 13);
    }
    ck_assert_int_eq(vusb_link.exchange(b->usb, out, n, in, n - 7, deadline_ns),
                     0);
    ck_assert_mem_eq(in, out + 7, n - 7);
    c = vusb_counts(b->usb);
    ck_assert_uint_eq(c.in_bytes, n - 7);
    ck_assert_uint_eq(c.out_bytes, n);
    ck_assert_uint_eq(c.exchanges, 1);
    ck_assert_uint_eq(c.out_urbs, 1);
    g_free(out);
    g_free(in);
    bench_free(b);
}
END_TEST

/* Past the deadline: -ETIMEDOUT, without waiting; gone: -ENODEV for ever. */
START_TEST(link_errors)
{
    static const uint8_t out[] = {0x89, 0x81, 0x87};
    struct bench *b = open_plain(VCHIP_FT232H);
    uint64_t begin_ns = wire_now(b->wire);
    uint8_t in[1];

    ck_assert_int_eq(vusb_link.exchange(b->usb, out, sizeof(out), in, 1,
                                        begin_ns + 10000000 * MS),
                     -ETIMEDOUT);
    ck_assert_uint_ge(wire_now(b->wire) - begin_ns, 9000000 * MS);
    ck_assert_int_eq(vusb_link.purge(b->usb), 0);
    ck_assert_int_eq(vusb_link.exchange(b->usb, out + 1, 2, in, 1,
                                        vusb_now(b->usb) + 100 * MS),
                     0);
    vusb_unplug_after(b->usb, 0);
    ck_assert_int_eq(vusb_link.exchange(b->usb, out + 1, 2, in, 1,
                                        vusb_now(b->usb) + 100 * MS),
                     -ENODEV);
    ck_assert_int_eq(vusb_link.purge(b->usb), -ENODEV);
    bench_free(b);
}
END_TEST

/* ------------------------------------------------------------------ targets */

static const struct {
    const char *commands; /* 9-bit symbols by 31 and 33, pins by 80 */
    const char *text;
} wires[] = {
    /* START, 0xa0, STOP: EEPROM is there */
    {"80 00 02 80 00 03 33 07 a0 33 00 ff 80 00 03 80 00 02 80 00 00",
     "S a0+ P"},
    {"80 00 02 80 00 03 33 07 a2 33 00 ff 80 00 03 80 00 02 80 00 00",
     "S a2- P"},
    /* pointer 5, repeated START, two bytes, the second not acknowledged */
    {"80 00 02 80 00 03 33 07 a0 33 00 ff 33 07 05 33 00 ff "
     "80 00 01 80 00 00 80 00 02 80 00 03 33 07 a1 33 00 ff "
     "33 07 ff 33 00 00 33 07 ff 33 00 ff 80 00 03 80 00 02 80 00 00",
     "S a0+ 05+ Sr a1+ 38+ 43- P"},
    {"80 00 02 80 00 03 33 03 a0 80 00 03 80 00 02 80 00 00", "S ~4 P"},
};

START_TEST(wire_text)
{
    struct bench *b = open_plain(VCHIP_FT232H);
    char *text, *head;

    head = g_strconcat("8a 8c 86 13 00 9e 07 00 80 00 00 ", wires[_i].commands,
                       NULL);
    g_free(send(b, head));
    text = bench_text(b);
    ck_assert_str_eq(text, wires[_i].text);
    ck_assert_uint_eq(wire_fights(b->wire), 0);
    g_free(text);
    g_free(head);
    bench_free(b);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("vchip");
    TCase *tc = tcase_create("vchip");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, reply, 0, G_N_ELEMENTS(replies));
    tcase_add_loop_test(tc, opcodes, 0, 3);
    tcase_add_loop_test(tc, clocked, 0, G_N_ELEMENTS(clocks));
    tcase_add_test(tc, input_is_not_driven);
    tcase_add_loop_test(tc, push_pull_fights, 0, 2);
    tcase_add_test(tc, wait_for_io);
    tcase_add_test(tc, adaptive);
    tcase_add_loop_test(tc, fifos, 0, 3);
    tcase_add_loop_test(tc, latency, 0, 3);
    tcase_add_loop_test(tc, long_reply, 0, 3);
    tcase_add_test(tc, link_errors);
    tcase_add_loop_test(tc, wire_text, 0, G_N_ELEMENTS(wires));
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
