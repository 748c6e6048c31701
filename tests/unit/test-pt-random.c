/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random guests on every kind of chip that the stub has.
 *
 * wild: any event at any time, with any policy, in both modes and all forms.
 * What must hold whatever the wire says: misuse is told from use, a refused
 * read gives 0xff, counters count, every call comes back.
 *
 * twins: guests that behave, the same in stream and in message mode on two
 * equal buses: every answer and byte must be the same.
 *
 * A failure names its seed; PT_SEED=N runs that one alone.
 */
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pt-fake.h"
#include "unit.h"

static const char board[] =
    "chip 0x10 registers\n"
    "reg 0 = 00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff\n"
    "chip 0x11 registers increment=off\n"
    "reg 5 = 42\n"
    "chip 0x12 registers\n"
    "reg 0x20 type=fifo\n"
    "reg 0x30 type=clear-on-read = 01 02 03\n"
    "reg 0x40 type=readonly = 04 05 06\n"
    "chip 0x48 sensor\n"
    "reg 0 = 1a c0\n"
    "reg 1 = 60\n"
    "reg 2 = 4b 00\n"
    "chip 0x49 sensor past=ff\n"
    "reg 0 = 1a c0 07\n"
    "chip 0x50 eeprom size=256 page=16 cycle-nacks=3\n"
    "reg 0 = 10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f\n"
    "chip 0x51 eeprom page=32 cycle-nacks=2\n"
    "chip 0x0b smbus\n"
    "reg 1 type=byte = 77\n"
    "reg 2 type=word = 34 12\n"
    "reg 0x20 type=block = 61 62 63\n"
    "reg 0x21 type=block = 30 31 32 33 34 35 36 37 38 39 3a 3b 3c 3d 3e 3f\n"
    "chip 0x0c smbus pec=accept\n"
    "reg 0x20 type=block = 61 62 63\n"
    "chip 0x44 measure\n"
    "reg 0x2c06 nacks=2 = 61 2b c3 6a 9f d2\n";

/* For wild guests only: wires that break. */
static const char troubles[] = "chip 0x60 registers\n"
                               "fault nack at=address skip=3 count=2\n"
                               "fault nack at=2 skip=4 count=3\n"
                               "fault arbitration-lost skip=20 count=9\n"
                               "chip 0x61 sensor\n"
                               "reg 0 = 01 02\n"
                               "fault nack at=address on=read count=always\n"
                               "chip 0x62 registers\n"
                               "fault nack at=0 count=always\n";

static uint64_t state;

static uint32_t rnd(uint32_t n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % n;
}

static bool chance(uint32_t percent)
{
    return rnd(100) < percent;
}

static char *path;

static void write_board(void)
{
    int fd = g_file_open_tmp("pt-random-XXXXXX", &path, NULL);
    FILE *file = fdopen(fd, "w");

    fprintf(file, "%s%s", board, troubles);
    fclose(file);
}

static void remove_board(void)
{
    g_unlink(path);
    g_free(path);
}

/* ------------------------------------------------------------------- wild */

struct model {
    bool open, reading, released;
    uint64_t nacks, written, read, transactions, holds;
};

static const uint16_t addresses[] = {0x10, 0x11, 0x12, 0x48, 0x49, 0x50, 0x51,
                                     0x0b, 0x0c, 0x44, 0x60, 0x61, 0x62, 0x77};

static void check(struct fake_guest *g, struct model *m, int answer,
                  bool misused, uint64_t *acked)
{
    if (misused) {
        ck_assert_int_eq(answer, -EINVAL);
        return;
    }
    ck_assert(answer == I2CPT_ACK || answer == I2CPT_NACK);
    if (m->released) {
        ck_assert_int_eq(answer, I2CPT_NACK);
    }
    m->nacks += answer == I2CPT_NACK;
    *acked += answer == I2CPT_ACK;
}

static void wild_start(struct fake_guest *g, struct model *m)
{
    uint16_t addr = addresses[rnd(G_N_ELEMENTS(addresses))];
    uint64_t ignored = 0;
    bool reading = chance(50);

    if (chance(3)) {
        ck_assert_int_eq(pt_guest_start(g, addr, I2CPT_M_TEN, 0), -EINVAL);
        ck_assert_int_eq(pt_guest_start(g, 0x78, 0, 0), -EINVAL);
        m->open = m->released = false;
        return;
    }
    m->transactions += !m->open;
    m->open = true;
    m->reading = reading;
    check(g, m,
          pt_guest_start(g, addr, reading ? I2CPT_M_RD : 0,
                         chance(20) ? rnd(70) : 0),
          false, &ignored);
}

static void wild_byte(struct fake_guest *g, struct model *m, bool reads)
{
    uint32_t n = chance(90) ? 1 + rnd(6) : 1 + rnd(80);
    uint8_t byte;
    int answer;

    while (n--) {
        bool misused = !m->open || (m->reading != reads && !m->released);

        answer = reads ? pt_guest_read(g, &byte)
                       : pt_guest_write(g, (uint8_t)rnd(256));
        check(g, m, answer, misused, reads ? &m->read : &m->written);
    }
}

static void wild_stop(struct fake_guest *g, struct model *m)
{
    int answer = pt_guest_stop(g);

    ck_assert(answer == I2CPT_ACK ||
              (answer == I2CPT_NACK && g->form != FORM_BLOCKING));
    m->nacks += answer == I2CPT_NACK;
    m->open = m->released = false;
}

static void wild_event(struct fake_guest *g, struct model *m)
{
    uint32_t which = rnd(100);

    if (which < 30) {
        wild_start(g, m);
    } else if (which < 50) {
        wild_byte(g, m, false);
    } else if (which < 70) {
        wild_byte(g, m, true);
    } else if (which < 90) {
        wild_stop(g, m);
    } else if (which < 93) {
        i2cpt_passthrough_nack(g->pt);
    } else if (which < 95) {
        i2cpt_passthrough_reset(g->pt);
        m->open = m->released = false;
    } else if (which < 96) {
        i2cpt_passthrough_drain(g->pt);
        m->released = m->open;
    } else {
        pt_guest_pass(g, rnd(40) * PT_NS_PER_MS);
    }
    if (pt_guest_count(g, I2CPT_COUNT_HOLD_TIMEOUTS) != m->holds) {
        m->holds = pt_guest_count(g, I2CPT_COUNT_HOLD_TIMEOUTS);
        ck_assert(m->open);
        m->released = true;
    }
}

static const char *pick(const char *const *from, uint32_t n)
{
    return from[rnd(n)];
}

#define PICK(...)                            \
    pick((const char *const[]){__VA_ARGS__}, \
         sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static char *random_policy(bool message)
{
    GString *s = g_string_new("addresses=any");

    g_string_append_printf(s, ",transfer=%s", message ? "message" : "auto");
    g_string_append(s, PICK("", "", ",read-length=3", ",read-ahead=1"));
    g_string_append(s, PICK("", "", ",pointer-bytes=0", ",pointer-bytes=32"));
    g_string_append(s, PICK("", "", ",on-short=continue"));
    g_string_append(s, PICK("", "", ",presence-ms=0", ",presence-ms=60000"));
    g_string_append(s, PICK("", "", "", ",probe=off"));
    g_string_append(s, PICK("", "", ",busy-retry-ms=0", ",busy-retry-ms=3"));
    g_string_append(s, PICK("", "", ",posted-writes=on"));
    g_string_append(s, PICK("", "", "", ",readonly=on"));
    return g_string_free(s, FALSE);
}

static char *random_spec(bool message, enum pt_form form)
{
    const char *more = "";

    if (message) {
        more = PICK("", "", ",stream=off", ",functionality=i2c",
                    ",functionality=smbus", ",faults=hidden");
    }
    return g_strdup_printf("stub,load=%s,timeout-ms=60000%s%s", path, more,
                           form == FORM_WORKER ? ",byte-us=1" : "");
}

static void wild(uint64_t seed)
{
    bool message;
    enum pt_form form;
    struct fake_guest g;
    struct model m = {0};
    g_autofree char *policy = NULL, *spec = NULL;
    int i;

    state = seed * 0x9e3779b97f4a7c15u;
    message = chance(60);
    form = (enum pt_form)rnd(FORMS);
    policy = random_policy(message);
    spec = random_spec(message, form);
    pt_guest_open_spec(&g, form, spec, policy);
    for (i = 0; i < 300; i++) {
        wild_event(&g, &m);
    }
    ck_assert_uint_eq(pt_guest_count(&g, I2CPT_COUNT_NACKS), m.nacks);
    ck_assert_uint_eq(pt_guest_count(&g, I2CPT_COUNT_BYTES_WRITTEN), m.written);
    ck_assert_uint_eq(pt_guest_count(&g, I2CPT_COUNT_BYTES_READ), m.read);
    ck_assert_uint_eq(pt_guest_count(&g, I2CPT_COUNT_TRANSACTIONS),
                      m.transactions);
    ck_assert_uint_eq(pt_guest_count(&g, I2CPT_COUNT_MISMATCHES), 0);
    pt_guest_close(&g);
}

/* ------------------------------------------------------------------ twins */

/* A pair of guests that do the same. */
struct twins {
    struct fake_guest stream, message;
    char done[8192]; /* for the report */
};

static void note(struct twins *t, const char *format, unsigned value)
{
    size_t len = strlen(t->done);

    snprintf(t->done + len, sizeof(t->done) - len, format, value);
}

static int twin_start(struct twins *t, uint16_t addr, uint16_t flags)
{
    int a = pt_guest_start(&t->stream, addr, flags, 0);
    int b = pt_guest_start(&t->message, addr, flags, 0);

    note(t, flags ? "R%02x " : "W%02x ", addr);
    ck_assert_msg(a == b, "START: stream %d, message %d after %s", a, b,
                  t->done);
    return a;
}

static void twin_write(struct twins *t, uint8_t byte)
{
    int a = pt_guest_write(&t->stream, byte);
    int b = pt_guest_write(&t->message, byte);

    note(t, "%02x ", byte);
    ck_assert_msg(a == b, "write: stream %d, message %d after %s", a, b,
                  t->done);
}

static void twin_read(struct twins *t, unsigned n)
{
    uint8_t x, y;
    int a, b;

    note(t, "r%u ", n);
    while (n--) {
        a = pt_guest_read(&t->stream, &x);
        b = pt_guest_read(&t->message, &y);
        ck_assert_msg(a == b && x == y,
                      "read: stream %d %02x, message %d %02x after %s", a, x, b,
                      y, t->done);
    }
}

static void twin_stop(struct twins *t)
{
    pt_guest_stop(&t->stream);
    pt_guest_stop(&t->message);
    note(t, "P%c", ' ');
}

/* See an EEPROM's write cycle to its end, which the two guests are told of at
 * different polls. Often the one in message mode does not poll at all. */
static void twin_poll(struct twins *t, uint16_t addr, bool both)
{
    int i;

    for (i = 0; i < 4; i++) {
        pt_guest_start(&t->stream, addr, 0, 0);
        pt_guest_stop(&t->stream);
        if (both) {
            pt_guest_start(&t->message, addr, 0, 0);
            pt_guest_stop(&t->message);
        }
    }
}

static void pointer(struct twins *t, uint16_t addr, const uint8_t *bytes,
                    unsigned n, bool joined)
{
    unsigned i;

    twin_start(t, addr, 0);
    for (i = 0; i < n; i++) {
        twin_write(t, bytes[i]);
    }
    if (!joined) {
        twin_stop(t);
    }
}

static void read_at(struct twins *t, uint16_t addr, const uint8_t *bytes,
                    unsigned n, unsigned count)
{
    pointer(t, addr, bytes, n, chance(70));
    twin_start(t, addr, I2CPT_M_RD);
    twin_read(t, count);
    twin_stop(t);
}

static void write_at(struct twins *t, uint16_t addr, const uint8_t *at,
                     unsigned n, unsigned count)
{
    pointer(t, addr, at, n, true);
    while (count--) {
        twin_write(t, (uint8_t)rnd(256));
    }
    twin_stop(t);
}

static void registers(struct twins *t)
{
    uint16_t addr = chance(80) ? 0x10 : 0x11;
    uint8_t reg = (uint8_t)rnd(256);

    if (chance(40)) {
        write_at(t, addr, &reg, 1, 1 + rnd(20));
    } else {
        read_at(t, addr, &reg, 1, 1 + rnd(60));
    }
}

static void sensor(struct twins *t)
{
    uint8_t reg = (uint8_t)rnd(3);

    if (chance(30)) { /* as LM75 drivers do: the pointer stays */
        twin_start(t, 0x48, I2CPT_M_RD);
        twin_read(t, 1 + rnd(4));
        twin_stop(t);
    } else {
        read_at(t, chance(50) ? 0x48 : 0x49, &reg, 1, 1 + rnd(4));
    }
}

static void eeprom(struct twins *t)
{
    bool big = chance(50);
    uint16_t addr = big ? 0x51 : 0x50;
    uint8_t at[2] = {(uint8_t)rnd(big ? 128 : 256), (uint8_t)rnd(256)};

    if (chance(40)) {
        bool both = chance(30);

        write_at(t, addr, at, big ? 2 : 1, 1 + rnd(32));
        twin_poll(t, addr, both);
        if (!both) { /* at once: the ACKs that were promised are kept */
            read_at(t, addr, at, big ? 2 : 1, 1 + rnd(100));
        }
    } else {
        read_at(t, addr, at, big ? 2 : 1, 1 + rnd(100));
    }
}

static void smbus(struct twins *t)
{
    uint8_t command = (uint8_t)(0x20 + rnd(2));

    read_at(t, 0x0b, &command, 1, command == 0x20 ? 4 : 17);
    command = (uint8_t)(1 + rnd(2));
    read_at(t, 0x0b, &command, 1, command);
}

static void absent(struct twins *t)
{
    uint16_t addr = (uint16_t)(0x70 + rnd(8));

    twin_start(t, addr, chance(50) ? I2CPT_M_RD : 0);
    twin_stop(t);
}

static void scan(struct twins *t)
{
    uint16_t addr;

    for (addr = 0x08; addr < 0x78; addr++) {
        if (addr != 0x12 && addr != 0x44 && addr < 0x60) {
            twin_start(t, addr, 0);
            twin_stop(t);
        }
    }
}

static void twins(uint64_t seed)
{
    static void (*const deeds[])(struct twins *) = {
        registers, sensor, eeprom, smbus, absent, registers, sensor, eeprom};
    g_autofree char *spec =
        g_strdup_printf("stub,load=%s,timeout-ms=60000", path);
    g_autofree struct twins *t = g_new0(struct twins, 1);
    enum pt_form form;
    int i;

    state = seed * 0x9e3779b97f4a7c15u + 1;
    form = chance(50) ? FORM_BLOCKING : FORM_INSTANT;
    pt_guest_open_spec(&t->stream, FORM_BLOCKING, spec,
                       "addresses=any,transfer=stream");
    pt_guest_open_spec(&t->message, form, spec,
                       chance(50) ? "addresses=any,transfer=message"
                                  : "addresses=any,transfer=message,"
                                    "posted-writes=on");
    for (i = 0; i < 60; i++) {
        deeds[rnd(G_N_ELEMENTS(deeds))](t);
        pt_guest_pass(&t->message, rnd(100) * PT_NS_PER_MS);
        if (chance(5)) {
            scan(t);
        }
        t->done[0] = strlen(t->done) > 6000 ? 0 : t->done[0];
    }
    ck_assert_uint_eq(pt_guest_count(&t->message, I2CPT_COUNT_LATE_FAULTS), 0);
    pt_guest_close(&t->stream);
    pt_guest_close(&t->message);
}

/* ------------------------------------------------------------------- runs */

static uint64_t running;

static void name_seed(void)
{
    if (running) {
        fprintf(stderr, "PT_SEED=%lu\n", (unsigned long)running);
    }
}

static void run_seeds(void (*run)(uint64_t seed), uint64_t n)
{
    const char *one = g_getenv("PT_SEED");
    uint64_t seed = one ? g_ascii_strtoull(one, NULL, 10) : 1;
    uint64_t last = one ? seed : n;

    atexit(name_seed);
    for (; seed <= last; seed++) {
        running = seed;
        run(seed);
    }
    running = 0;
}

START_TEST(wild_guests)
{
    run_seeds(wild, 250);
}
END_TEST

START_TEST(twin_guests)
{
    run_seeds(twins, 400);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pt-random");
    TCase *tc = tcase_create("random");

    tcase_add_unchecked_fixture(tc, write_board, remove_board);
    tcase_add_test(tc, wild_guests);
    tcase_add_test(tc, twin_guests);
    tcase_set_timeout(tc, 100);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
