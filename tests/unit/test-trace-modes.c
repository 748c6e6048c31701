/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A session recorded in one mode replays in the other: a guest that does random
 * things to chips of every kind, once against the stub while it is recorded,
 * then against what was recorded.
 */
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "i2cpt-trace.h"
#include "session.h"
#include "unit.h"

#define ROUNDS 60

static const char chips[] =
    "chip 0x20 registers\nreg 0 = 10 11 12 13 14 15 16 17\n"
    "reg 0x40 type=fifo\nreg 0x50 type=clear-on-read = 91 92 93\n"
    "chip 0x48 sensor\nreg 0 = 1a c0\nreg 1 = 60\nreg 2 = 4b 00\n"
    "chip 0x50 eeprom size=256 page=16 cycle-nacks=3\nreg 0 = 48 65 6c 6c 6f\n"
    "chip 0x0b smbus\nreg 0x20 type=block = 61 62 63\nreg 1 type=word = 34 12\n"
    "chip 0x44 measure\nreg 0x2c06 nacks=2 = 61 2b c3 6a 9f d2\n";

static const char addresses[] = "0x0b:0x1d:0x20:0x44:0x48:0x50:0x51";

struct guest {
    struct i2cpt_passthrough *pt;
    GRand *rand;
    GString *seen;
};

static int number(struct guest *g, int below)
{
    return g_rand_int_range(g->rand, 0, below);
}

static bool ok(int answer)
{
    ck_assert_int_ge(answer, 0);
    return answer == I2CPT_ACK;
}

static void read_bytes(struct guest *g, int n)
{
    while (n--) {
        uint8_t byte;
        bool fine = ok(i2cpt_passthrough_read(g->pt, &byte));

        g_string_append_printf(g->seen, fine ? " %02x" : " --", byte);
    }
}

static void stop(struct guest *g)
{
    i2cpt_passthrough_stop(g->pt);
    g_string_append_c(g->seen, '\n');
}

/* As firmware does that polls for a write cycle's or a measurement's end. Each
 * mode has its own number of refusals; how it ended is the same. */
static bool start_patiently(struct guest *g, uint16_t addr, uint16_t flags)
{
    int tries;

    for (tries = 0; tries < 20; tries++) {
        if (ok(i2cpt_passthrough_start(g->pt, addr, flags, 0))) {
            g_string_append_printf(g->seen, "%02x%s:", addr, flags ? "r" : "w");
            return true;
        }
        i2cpt_passthrough_stop(g->pt);
    }
    g_string_append_printf(g->seen, "%02x refused\n", addr);
    return false;
}

static void write_bytes(struct guest *g, const uint8_t *bytes, int n)
{
    while (n--) {
        g_string_append(
            g->seen, ok(i2cpt_passthrough_write(g->pt, *bytes++)) ? "A" : "N");
    }
}

/* Pointer, then a read, joined or not. */
static void read_register(struct guest *g, uint16_t addr, uint8_t reg, int n,
                          bool joined)
{
    if (!start_patiently(g, addr, 0)) {
        return;
    }
    write_bytes(g, &reg, 1);
    if (!joined) {
        stop(g);
    }
    g_string_append(
        g->seen,
        ok(i2cpt_passthrough_start(g->pt, addr, I2CPT_M_RD, 0)) ? "r" : "x");
    read_bytes(g, n);
    stop(g);
}

static void scan(struct guest *g)
{
    static const uint16_t addrs[] = {0x1d, 0x20, 0x48, 0x51};
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(addrs); i++) {
        g_string_append(
            g->seen,
            ok(i2cpt_passthrough_start(g->pt, addrs[i], 0, 0)) ? "y" : "n");
        i2cpt_passthrough_stop(g->pt);
    }
    g_string_append_c(g->seen, '\n');
}

static void write_page(struct guest *g)
{
    uint8_t page[9] = {(uint8_t)(16 * number(g, 4))};
    int i;

    for (i = 1; i < 9; i++) {
        page[i] = (uint8_t)number(g, 256);
    }
    if (start_patiently(g, 0x50, 0)) {
        write_bytes(g, page, 9);
        stop(g);
    }
}

/* Not ready is a NACK of the START, or of the first byte (message mode does not
 * know before). */
static void measure(struct guest *g)
{
    static const uint8_t command[] = {0x2c, 0x06};
    uint8_t byte;
    int tries;

    if (start_patiently(g, 0x44, 0)) {
        write_bytes(g, command, 2);
        stop(g);
    }
    for (tries = 0; tries < 9; tries++) {
        if (ok(i2cpt_passthrough_start(g->pt, 0x44, I2CPT_M_RD, 0)) &&
            ok(i2cpt_passthrough_read(g->pt, &byte))) {
            g_string_append_printf(g->seen, "44r: %02x", byte);
            read_bytes(g, 5);
            stop(g);
            return;
        }
        i2cpt_passthrough_stop(g->pt);
    }
    g_string_append(g->seen, "44 refused\n");
}

static void plain_read(struct guest *g, uint16_t addr, int n)
{
    if (start_patiently(g, addr, I2CPT_M_RD)) {
        read_bytes(g, n);
        stop(g);
    }
}

static void one_thing(struct guest *g)
{
    uint8_t bytes[3] = {(uint8_t)number(g, 8), (uint8_t)number(g, 256), 7};

    switch (number(g, 10)) {
    case 0:
        scan(g);
        break;
    case 1:
        write_page(g);
        break;
    case 2:
        read_register(g, 0x50, (uint8_t)number(g, 64), 1 + number(g, 20), true);
        break;
    case 3:
        measure(g);
        break;
    case 4:
        read_register(g, 0x0b, 0x20, 4, true);
        break;
    case 5:
        read_register(g, 0x0b, 1, 2, true);
        break;
    case 6:
        plain_read(g, 0x48, 1 + number(g, 2));
        break;
    case 7:
        if (start_patiently(g, 0x20, 0)) {
            write_bytes(g, bytes, 1 + number(g, 3));
            stop(g);
        }
        break;
    default:
        read_register(g, number(g, 2) ? 0x48 : 0x20, (uint8_t)number(g, 3),
                      1 + number(g, 5), number(g, 2));
        break;
    }
}

static char *session(struct i2cpt_adapter *a, const char *const *keys,
                     guint32 seed)
{
    uint64_t clock = 0;
    struct guest g = {session_guest(a, addresses, keys, &clock),
                      g_rand_new_with_seed(seed), g_string_new("")};
    int i;

    for (i = 0; i < ROUNDS; i++) {
        one_thing(&g);
    }
    i2cpt_passthrough_free(g.pt);
    g_rand_free(g.rand);
    return g_string_free(g.seen, FALSE);
}

static struct session_files files;

static void make_files(void)
{
    session_begin(&files, chips);
}

static void drop_files(void)
{
    session_end(&files);
}

/* Without the guess of 34 a FIFO or a clear-on-read register is read no
 * further than the guest reads; the guest leaves those alone here. */
static const char *const modes[][5] = {
    {"transfer", "stream", NULL},
    {"transfer", "message", NULL},
    {"transfer", "message", "on-short", "continue", NULL},
    {"transfer", "message", "read-length", "1", NULL},
};
static const char *const orders[] = {"strict", "per-address"};

#define SEEDS 12

static void check_seen(const char *seen, const char *expected,
                       const char *order, const char *const *keys)
{
    gchar **a = g_strsplit(seen, "\n", -1),
          **b = g_strsplit(expected, "\n", -1);
    int i;

    for (i = 0; a[i] && b[i] && !strcmp(a[i], b[i]); i++) {
    }
    ck_assert_msg(
        !a[i] && !b[i],
        "%s %s %s: line %d of what the guest saw: expected %s, got %s", keys[1],
        keys[2] ? keys[3] : "", order, i, b[i], a[i]);
    g_strfreev(a);
    g_strfreev(b);
}

static void check_replay(const char *expected, const char *const *keys,
                         const char *order, guint32 seed)
{
    struct i2cpt_trace_verdict v = {.size = sizeof(v)};
    struct i2cpt_adapter *a =
        session_open("trace,file=%s,match=%s", files.trace, order);
    char *seen = session(a, keys, seed);

    ck_assert_int_eq(i2cpt_trace_adapter_verdict(a, &v, NULL), 0);
    ck_assert_msg(!v.mismatches, "%s %s %s: %s", keys[1],
                  keys[2] ? keys[3] : "", order, v.text);
    check_seen(seen, expected, order, keys);
    ck_assert_msg(v.remaining == 0, "%s: line %d was not asked for", order,
                  (int)v.next_line);
    g_free(seen);
    i2cpt_adapter_unref(a);
}

/* What a passthrough adds is there: else nothing was bridged. */
static void check_marks(void)
{
    char *text;

    ck_assert(g_file_get_contents(files.trace, &text, NULL, NULL));
    ck_assert_ptr_nonnull(strstr(text, " %probe"));
    ck_assert_ptr_nonnull(strstr(text, " %resend"));
    ck_assert_ptr_nonnull(strstr(text, " %took-"));
    g_free(text);
}

START_TEST(recorded)
{
    const char *const *recorded_in = modes[_i % (int)G_N_ELEMENTS(modes)];
    guint32 seed = (guint32)_i / G_N_ELEMENTS(modes);
    struct i2cpt_adapter *a =
        session_open("stub,load=%s,record=%s", files.load, files.trace);
    char *seen = session(a, recorded_in, seed);
    size_t mode, order;

    i2cpt_adapter_unref(a);
    if (recorded_in == modes[1]) {
        check_marks();
    }
    for (mode = 0; mode < G_N_ELEMENTS(modes); mode++) {
        for (order = 0; order < G_N_ELEMENTS(orders); order++) {
            check_replay(seen, modes[mode], orders[order], seed);
        }
    }
    g_free(seen);
}
END_TEST

static Suite *modes_suite(void)
{
    Suite *suite = suite_create("trace-modes");
    TCase *tcase = tcase_create("sessions");

    tcase_add_checked_fixture(tcase, make_files, drop_files);
    tcase_add_loop_test(tcase, recorded, 0, SEEDS * (int)G_N_ELEMENTS(modes));
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return unit_run(modes_suite());
}
