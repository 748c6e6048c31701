/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Firmware that polls a busy chip, each in its own way: recorded in one mode,
 * replayed in each. How often it is refused is each mode's own affair; what it
 * ends with is not, and nothing may be left over or differ.
 */
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "i2cpt-trace.h"
#include "session.h"
#include "unit.h"

#define TRIES 20

struct guest {
    struct i2cpt_passthrough *pt;
    GString *seen;
    uint16_t addr;
};

/* -------------------------------------------------------------- the firmware
 */

static bool start(struct guest *g, uint16_t flags)
{
    int answer = i2cpt_passthrough_start(g->pt, g->addr, flags, 0);

    ck_assert_int_ge(answer, 0);
    return answer == I2CPT_ACK;
}

static bool put(struct guest *g, uint8_t byte)
{
    return i2cpt_passthrough_write(g->pt, byte) == I2CPT_ACK;
}

static bool get(struct guest *g, uint8_t *byte)
{
    return i2cpt_passthrough_read(g->pt, byte) == I2CPT_ACK;
}

static void stop(struct guest *g)
{
    i2cpt_passthrough_stop(g->pt);
}

static void say(struct guest *g, const char *what, bool well)
{
    g_string_append_printf(g->seen, "%s:%s ", what, well ? "ok" : "never");
}

/* Who does not poll tries again. */
static bool start_patiently(struct guest *g)
{
    int i;

    for (i = 0; i < TRIES; i++) {
        if (start(g, 0)) {
            return true;
        }
        stop(g);
    }
    return false;
}

/* A register and a byte for it, or a command of two bytes. */
static bool send_two(struct guest *g, uint8_t first, uint8_t second)
{
    bool ok = start(g, 0) && put(g, first) && put(g, second);

    stop(g);
    return ok;
}

static bool write_patiently(struct guest *g, uint8_t first, uint8_t second)
{
    bool ok = start_patiently(g) && put(g, first) && put(g, second);

    stop(g);
    return ok;
}

static void read_back(struct guest *g, uint8_t reg, int n)
{
    bool ok = start_patiently(g) && put(g, reg) && start(g, I2CPT_M_RD);
    uint8_t byte;

    for (; ok && n; n--) {
        ok = get(g, &byte);
        g_string_append_printf(g->seen, ok ? "%02x " : "-- ", byte);
    }
    stop(g);
    say(g, "read", ok);
}

/* START, STOP. */
static bool poll_empty(struct guest *g)
{
    bool ok = start(g, 0);

    stop(g);
    return ok;
}

static bool poll_empty_read(struct guest *g)
{
    bool ok = start(g, I2CPT_M_RD);

    stop(g);
    return ok;
}

/* One byte, whatever it is. */
static bool poll_byte(struct guest *g)
{
    uint8_t byte;
    bool ok = start(g, I2CPT_M_RD) && get(g, &byte);

    stop(g);
    return ok;
}

/* The pointer that the next read wants, already. */
static bool poll_pointer(struct guest *g)
{
    bool ok = start(g, 0) && put(g, 0x10);

    stop(g);
    return ok;
}

/* A register, joined to its read. */
static bool poll_register(struct guest *g)
{
    uint8_t byte;
    bool ok =
        start(g, 0) && put(g, 0x10) && start(g, I2CPT_M_RD) && get(g, &byte);

    stop(g);
    return ok;
}

/* No STOP between the STARTs. */
static bool poll_restarts(struct guest *g)
{
    bool ok = false;
    int i;

    for (i = 0; !ok && i < TRIES; i++) {
        ok = start(g, 0);
    }
    stop(g);
    return ok;
}

/* What comes next, as a whole. */
static bool poll_next_write(struct guest *g)
{
    return send_two(g, 0x11, 0x77);
}

static const struct habit {
    const char *name;
    bool (*poll)(struct guest *g);
} habits[] = {
    {"START STOP", poll_empty},
    {"START for a read, STOP", poll_empty_read},
    {"one byte read", poll_byte},
    {"the pointer", poll_pointer},
    {"a register read", poll_register},
    {"repeated STARTs", poll_restarts},
    {"the next write", poll_next_write},
};

static bool poll(struct guest *g, const struct habit *habit)
{
    int i;

    for (i = 0; i < TRIES; i++) {
        if (habit->poll(g)) {
            return true;
        }
    }
    return false;
}

/* Two rounds: what a replay keeps from the first shows in the second. */
static void write_and_poll(struct guest *g, const struct habit *habit)
{
    uint8_t round;

    say(g, "poll", poll(g, habit)); /* it may not be up yet */
    for (round = 0; round < 2; round++) {
        say(g, "write", write_patiently(g, 0x10, (uint8_t)(0x5a + round)));
        say(g, "poll", poll(g, habit));
        read_back(g, 0x10, 2);
    }
    say(g, "poll", poll(g, habit));
}

/* A measurement is asked for; its result is polled for by reading it. */
static void measure(struct guest *g, const struct habit *habit)
{
    uint8_t round, i, byte = 0;
    bool ok;

    (void)habit;
    for (round = 0; round < 2; round++) {
        say(g, "write", send_two(g, 0x2c, 0x06));
        for (i = 0; i < TRIES; i++) {
            ok = start(g, I2CPT_M_RD) && get(g, &byte);
            if (ok) {
                break;
            }
            stop(g);
        }
        g_string_append_printf(g->seen, "%02x ", byte);
        for (i = 1; ok && i < 6; i++) {
            ok = get(g, &byte);
            g_string_append_printf(g->seen, "%02x ", byte);
        }
        stop(g);
        say(g, "measured", ok);
    }
}

/* ------------------------------------------------------------------ the chips
 */

static const struct chip {
    const char *name, *text;
    uint16_t addr;
    void (*session)(struct guest *g, const struct habit *habit);
} chips[] = {
    {"eeprom", "chip 0x50 eeprom size=256 page=16 cycle-nacks=3\n", 0x50,
     write_and_poll},
    {"eeprom elsewhere", "chip 0x18 eeprom size=256 page=16 cycle-nacks=3\n",
     0x18, write_and_poll},
    {"registers", "chip 0x20 registers\nfault nack at=address count=3\n", 0x20,
     write_and_poll},
    {"registers at an EEPROM's address",
     "chip 0x51 registers\nfault nack at=address count=3\n", 0x51,
     write_and_poll},
    {"sensor",
     "chip 0x48 sensor\nreg 0x10 = 1a c0\nreg 0x11 = 00 01\n"
     "fault nack at=address count=3\n",
     0x48, write_and_poll},
    {"smbus",
     "chip 0x0b smbus\nreg 0x10 type=byte = 00\nreg 0x11 type=byte = 01\n"
     "fault nack at=address count=3\n",
     0x0b, write_and_poll},
    {"measure", "chip 0x44 measure\nreg 0x2c06 nacks=2 = 61 2b c3 6a 9f d2\n",
     0x44, measure},
};

static const char *const modes[][5] = {
    {"transfer", "stream", NULL},
    {"transfer", "message", NULL},
};
static const char *const orders[] = {"strict", "per-address"};

/* ------------------------------------------------------------------- the test
 */

static char *session(const char *spec, const struct chip *chip,
                     const struct habit *habit, const char *const *keys,
                     struct i2cpt_trace_verdict *verdict)
{
    struct i2cpt_adapter *a = session_open("%s", spec);
    uint64_t clock = 0;
    struct guest g = {session_guest(a, "0x08-0x77", keys, &clock),
                      g_string_new(""), chip->addr};

    chip->session(&g, habit);
    i2cpt_passthrough_free(g.pt);
    if (verdict) {
        ck_assert_int_eq(i2cpt_trace_adapter_verdict(a, verdict, NULL), 0);
    }
    i2cpt_adapter_unref(a);
    return g_string_free(g.seen, FALSE);
}

static struct session_files files;

static void make_files(void)
{
    session_begin(&files, NULL);
}

static void drop_files(void)
{
    session_end(&files);
}

static const char *mode_name(const char *const *keys)
{
    return keys[2] ? keys[2] : keys[1];
}

/* Where it is not exact, the whole trace stands in the failure. */
static void check_replay(const struct chip *chip, const struct habit *habit,
                         const char *const *keys, const char *order,
                         const char *expected, const char *recorded_in)
{
    struct i2cpt_trace_verdict v = {.size = sizeof(v)};
    g_autofree char *spec =
        g_strdup_printf("trace,file=%s,match=%s", files.trace, order);
    g_autofree char *seen = session(spec, chip, habit, keys, &v);
    g_autofree char *text = NULL;

    if (!v.mismatches && !v.remaining && !strcmp(seen, expected)) {
        return;
    }
    g_file_get_contents(files.trace, &text, NULL, NULL);
    ck_abort_msg("%s, %s: recorded in %s, %s in %s: %u mismatches, %u left "
                 "over from line %u, %s\nexpected %s\ngot      %s\n%s",
                 chip->name, habit->name, recorded_in, order, mode_name(keys),
                 (unsigned)v.mismatches, (unsigned)v.remaining,
                 (unsigned)v.next_line, v.text, expected, seen, text);
}

#define N_HABITS ((int)G_N_ELEMENTS(habits))
#define N_CHIPS  ((int)G_N_ELEMENTS(chips))

START_TEST(polled)
{
    const struct habit *habit = &habits[_i % N_HABITS];
    const struct chip *chip = &chips[_i / N_HABITS % N_CHIPS];
    const char *const *recorded_in = modes[_i / N_HABITS / N_CHIPS];
    g_autofree char *spec =
        g_strdup_printf("stub,load=%s,record=%s", files.load, files.trace);
    g_autofree char *seen = NULL;
    size_t mode, order;

    ck_assert(g_file_set_contents(files.load, chip->text, -1, NULL));
    seen = session(spec, chip, habit, recorded_in, NULL);
    for (mode = 0; mode < G_N_ELEMENTS(modes); mode++) {
        for (order = 0; order < G_N_ELEMENTS(orders); order++) {
            check_replay(chip, habit, modes[mode], orders[order], seen,
                         mode_name(recorded_in));
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trace-polling");
    TCase *tcase = tcase_create("polling");

    tcase_add_checked_fixture(tcase, make_files, drop_files);
    tcase_add_loop_test(tcase, polled, 0,
                        N_HABITS * N_CHIPS * (int)G_N_ELEMENTS(modes));
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
