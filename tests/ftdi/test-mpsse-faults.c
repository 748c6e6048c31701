/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can go wrong on the wire and below it: what is told, where, in what
 * time, and that the next transfer works again. */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "../unit/unit.h"
#include "rig.h"
#include "ways.h"

#define US 1000ull
#define MS 1000000ull

static struct rig *open_way(int way, uint32_t frequency_hz)
{
    struct rig_config config = config_of(way, 0, false);

    config.frequency_hz = frequency_hz;
    return rig_new(&config);
}

static struct rig *open_hanging(int way, bool purge_aborts)
{
    struct rig_config config = config_of(way, 0, false);

    config.purge_aborts = purge_aborts;
    config.hangs = true;
    return rig_new(&config);
}

static void expect_fault(struct rig *r, int ret, int code, int phase, int msg,
                         int byte)
{
    char is[200];

    i2cpt_fault_describe(&r->fault, is, sizeof(is));
    ck_assert_msg(ret == -code, "%s: %d, not %d: %s", rig_name(&r->config), ret,
                  -code, is);
    ck_assert_int_eq(r->fault.code, code);
    ck_assert_msg(r->fault.phase == phase && r->fault.msg == msg &&
                      r->fault.byte == byte,
                  "%s: %s: phase %d msg %d byte %d", rig_name(&r->config), is,
                  r->fault.phase, r->fault.msg, r->fault.byte);
}

/* It works: the last word of each test. */
static void expect_works(struct rig *r)
{
    char *data, *wire;
    int ret;

    wire_forget(r->b->wire);
    ret = rig_transfer(r, "w50 05 | r50 2");
    /* on a slow host a rescue has no time left, nor has this one perhaps */
    for (int i = 0; ret && r->config.hangs && rig_is_slow() && i < 20; i++) {
        ret = rig_transfer(r, "w50 05 | r50 2");
    }
    data = rig_data(r);
    ck_assert_msg(!ret && !strcmp(data, "38 43"), "%s: then: %d %s %s",
                  rig_name(&r->config), ret, data, r->fault.text);
    wire = bench_text(r->b); /* a recovery may come first */
    ck_assert_msg(g_str_has_suffix(wire, "S a0+ 05+ Sr a1+ 38+ 43- P"),
                  "%s: then: %s", rig_name(&r->config), wire);
    g_free(wire);
    g_free(data);
}

/* -------------------------------------------------------------------- NACKs */

/* At each symbol of a write that comes after another message. */
START_TEST(nack_at)
{
    struct rig *r = open_way(_i % SOME_WAYS, 400000);
    struct target *t = &r->b->targets[BENCH_EEPROM];
    int at = _i / SOME_WAYS;
    char *wire;

    t->nack_at = at;
    expect_fault(r, rig_transfer(r, "w48 00 | w50 40 11 22 33 | w48 01"),
                 at ? EIO : ENXIO, at ? I2CPT_PHASE_DATA : I2CPT_PHASE_ADDRESS,
                 1, at ? at - 1 : -1);
    wire = bench_text(r->b);
    /* no third message; STOP */
    ck_assert_int_eq(strncmp(wire, "S 90+ 00+ Sr a0", 15), 0);
    ck_assert_ptr_null(strstr(strstr(wire, "Sr") + 1, "Sr"));
    ck_assert(g_str_has_suffix(wire, " P"));
    g_free(wire);
    ck_assert_uint_eq(t->written, at ? (unsigned)at - 1 : 0);
    t->nack_at = TARGET_NO_NACK;
    expect_works(r);
    rig_free(r);
}
END_TEST

/* -------------------------------------------------------------- arbitration */

static const struct {
    uint8_t rival[3];
    const char *msgs;
    int code, phase, msg, byte;
} arbitrations[] = {
    {{0x20, 0xff, 0xff}, "w50 ff", EAGAIN, I2CPT_PHASE_ADDRESS, 0, -1},
    {{0xa0, 0xfe, 0xff}, "w50 ff", EAGAIN, I2CPT_PHASE_DATA, 0, 0},
    {{0xa0, 0xff, 0x7f}, "w50 ff ff", EAGAIN, I2CPT_PHASE_DATA, 0, 1},
    {{0xff, 0xff, 0xff}, "w50 0f", 0, 0, -1, -1},
    {{0xa0, 0x1f, 0x00}, "w50 0f", 0, 0, -1, -1},
    {{0x90, 0x00, 0x00}, "w50 ff | w48 00", EAGAIN, I2CPT_PHASE_ADDRESS, 0, -1},
};

/* Only open-drain pins can lose, and only who reads its bits back sees it. */
START_TEST(arbitration)
{
    const int n = rig_is_slow() ? 2 : SEEING_WAYS, row = _i / n;
    struct rig *r = open_way(_i % n, 400000);
    int ret;

    rival_arm(&r->b->rival, arbitrations[row].rival, 3);
    ret = rig_transfer(r, arbitrations[row].msgs);
    expect_fault(r, ret, arbitrations[row].code, arbitrations[row].phase,
                 arbitrations[row].msg, arbitrations[row].byte);
    ck_assert(ret || r->b->rival.lost);
    expect_works(r);
    rig_free(r);
}
END_TEST

/* Another controller reads the same bytes and acknowledges our last one; a read
 * of none has one too where the target's first bit is 0. */
static const struct {
    const char *msgs;
    unsigned symbols; /* of the other one */
    int byte;
} reads_on[] = {
    {"r50 1", 2, 0},
    {"r50 3", 4, 2},
    {"r50 0 | w48 00", 2, -1},
};

START_TEST(another_reads_on)
{
    static const uint8_t same[] = {0xa1, 0xff, 0xff, 0xff, 0xff};
    struct rig *r = open_way(_i % OPEN_DRAIN_WAYS, 400000);
    int row = _i / OPEN_DRAIN_WAYS;

    ck_assert_int_eq(rig_transfer(r, "w50 05"), 0);
    rival_arm(&r->b->rival, same, reads_on[row].symbols);
    r->b->rival.reads = true;
    expect_fault(r, rig_transfer(r, reads_on[row].msgs), EAGAIN,
                 I2CPT_PHASE_DATA, 0, reads_on[row].byte);
    expect_works(r);
    rig_free(r);
}
END_TEST

/* -------------------------------------------------------------- stuck lines */

/* A target in the middle of a byte holds SDA: nine clocks at most free it,
 * before a transfer and at open. */
START_TEST(sda_freed)
{
    int way = _i % SOME_WAYS, clocks = _i / SOME_WAYS + 1;
    struct rig_config config = config_of(way, 0, false);
    struct rig *r;

    config.frequency_hz = 400000;
    r = rig_prepare(&config);
    holder_hold_clocks(&r->b->holder, (unsigned)clocks);
    ck_assert_int_eq(rig_open(r), 0);
    ck_assert(!r->b->holder.holding);
    expect_works(r);

    /* The clocks of the START that finds it stuck count too, so hold it for as
     * many as nine clocks leave over. */
    holder_hold_clocks(&r->b->holder, (unsigned)clocks + 60);
    ck_assert_int_eq(rig_transfer(r, "w50"), -EBUSY);
    expect_fault(r, -EBUSY, EBUSY, I2CPT_PHASE_UNKNOWN, -1, -1);
    ck_assert_ptr_nonnull(strstr(r->fault.text, "SDA"));
    holder_hold_clocks(&r->b->holder, (unsigned)clocks);
    expect_works(r);
    rig_free(r);
}
END_TEST

static const char *const line_names[] = {"SCL", "SDA"};

/* A host that is slow may be past the deadline when it has the engine back. */
static void expect_stuck(struct rig *r, int ret, int line)
{
    if (rig_is_slow() && ret == -ETIMEDOUT) {
        return;
    }
    expect_fault(r, ret, EBUSY, I2CPT_PHASE_UNKNOWN, -1, -1);
    ck_assert_ptr_nonnull(strstr(r->fault.text, line_names[line]));
}

START_TEST(stuck_for_ever)
{
    int way = _i % SOME_WAYS, line = _i / SOME_WAYS;
    struct rig_config config = config_of(way, 0, false);
    struct rig *r;
    int ret;

    config.frequency_hz = 100000;
    config.hangs = true;
    r = rig_prepare(&config);
    holder_hold(&r->b->holder, line, 0, WIRE_FOREVER);
    wire_run(r->b->wire, 1);
    ret = rig_open(r);
    expect_stuck(r, ret, line);
    holder_release(&r->b->holder);
    ck_assert_int_eq(rig_open(r), 0);
    expect_works(r);

    holder_hold(&r->b->holder, line, 0, WIRE_FOREVER);
    wire_run(r->b->wire, wire_now(r->b->wire) + 1);
    wire_forget(r->b->wire);
    ret = rig_transfer(r, "w50 05 | r50 2");
    expect_stuck(r, ret, line);
    holder_release(&r->b->holder);
    expect_works(r);
    rig_free(r);
}
END_TEST

/* --------------------------------------------------------------- stretching */

static const uint64_t stretches[] = {1 * US, 7 * US, 300 * US, 10 * MS};
#define STRETCHES ((int)G_N_ELEMENTS(stretches))

/* Adaptive: at every bit; by GPIO: before a byte's first bit and its slot. And
 * with SDA put out at the end of the stretch only, as microcontrollers do. */
START_TEST(stretched)
{
    struct rig *r = open_way(_i / STRETCHES / 2, 400000);
    struct target *t = &r->b->targets[BENCH_EEPROM];

    t->late_ns = _i / STRETCHES % 2 ? 250 : 0;

    for (int symbol = 0; symbol < 3; symbol++) {
        for (int bit = 0; bit < 9; bit += rig_is_slow() ? 4 : 1) {
            if (r->config.stretching == MPSSE_STRETCH_GPIO && bit && bit < 8) {
                continue;
            }
            t->stretch[0] =
                (struct target_stretch){symbol, bit, stretches[_i % STRETCHES]};
            t->n_stretches = r->config.stretching != MPSSE_STRETCH_OFF;
            expect_works(r);
        }
    }
    t->stretch[0] = (struct target_stretch){-1, 8, stretches[_i % STRETCHES]};
    t->n_stretches = r->config.stretching != MPSSE_STRETCH_OFF;
    expect_works(r);
    rig_free(r);
}
END_TEST

/* All bits both ways round, every one of them put out at the end of a stretch
 * where the engine waits at every one. */
START_TEST(stretched_data)
{
    static const char *const asked[] = {"w50 40 3c c3 5a a5", "w50 40 | r50 4"};
    struct rig *r = open_way(_i, 400000);
    struct target *t = &r->b->targets[BENCH_EEPROM];
    char *data;

    t->late_ns = 250;
    t->n_stretches = r->config.stretching != MPSSE_STRETCH_OFF;
    for (int twice = 0; twice < 2; twice++) {
        t->stretch[0] = (struct target_stretch){
            -1, r->config.stretching == MPSSE_STRETCH_ADAPTIVE ? -1 : 8 * twice,
            1 * US};
        for (size_t i = 0; i < G_N_ELEMENTS(asked); i++) {
            ck_assert_msg(!rig_transfer(r, asked[i]), "%s: %s",
                          rig_name(&r->config), r->fault.text);
        }
        data = rig_data(r);
        ck_assert_msg(!strcmp(data, "3c c3 5a a5"), "%s: %s",
                      rig_name(&r->config), data);
        g_free(data);
    }
    rig_free(r);
}
END_TEST

/* Held past the deadline: told in time, and nothing is left behind. */
START_TEST(stretched_for_ever)
{
    struct rig *r = open_hanging(_i % SOME_WAYS, _i / SOME_WAYS);
    struct target *t = &r->b->targets[BENCH_EEPROM];
    uint64_t begin_ns;
    int ret;

    if (r->config.stretching == MPSSE_STRETCH_OFF) {
        rig_free(r);
        return; /* covered by the chip going on without it */
    }
    t->stretch[0] = (struct target_stretch){0, 8, WIRE_FOREVER};
    t->n_stretches = 1;
    for (int again = 0; again < 2; again++) {
        begin_ns = wire_now(r->b->wire);
        ret = rig_transfer(r, "w50 05 | r50 2");
        if (!again) {
            expect_fault(r, ret, ETIMEDOUT, I2CPT_PHASE_UNKNOWN, -1, -1);
        } else {
            /* SCL is low before the START already */
            expect_stuck(r, ret, WIRE_SCL);
        }
        /* 10 ms: rig_settle() */
        ck_assert(rig_is_slow() ||
                  wire_now(r->b->wire) - begin_ns <= RIG_TIMEOUT + 10 * MS);
    }
    t->n_stretches = 0;
    wire_drive(r->b->wire, t->driver, WIRE_SCL, WIRE_RELEASE);
    expect_works(r);
    /* where that helps, the engine was only told not to wait any more */
    if (r->config.purge_aborts &&
        r->config.stretching == MPSSE_STRETCH_ADAPTIVE && !rig_is_slow()) {
        ck_assert_uint_eq(vchip_beginnings(r->b->chip), 1);
    }
    ck_assert_uint_eq(vchip_stray(r->b->chip), 0);
    rig_free(r);
}
END_TEST

/* ------------------------------------------------------------------- unplug */

/* After each URB of a fixed session. */
START_TEST(unplugged)
{
    struct rig_config config = config_of(_i, 0, false);
    int ret = 0;

    for (unsigned k = 0;; k++) {
        struct rig *r = rig_prepare(&config);

        vusb_unplug_after(r->b->usb, k);
        ret = rig_open(r);
        for (int i = 0; !ret && i < 3; i++) {
            ret = rig_transfer(r, "w50 05 | r50 2");
        }
        if (ret) {
            expect_fault(r, ret, ENODEV, I2CPT_PHASE_UNKNOWN, -1, -1);
        }
        rig_free(r);
        if (!ret) {
            ck_assert_uint_gt(k, 10);
            break;
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mpsse-faults");
    TCase *tc = tcase_create("mpsse-faults");

    tcase_set_timeout(tc, 60);
    rig_fixture(tc);
    tcase_add_loop_test(tc, nack_at, 0, SOME_WAYS * 5);
    tcase_add_loop_test(tc, arbitration, 0,
                        (rig_is_slow() ? 2 : SEEING_WAYS) *
                            (int)G_N_ELEMENTS(arbitrations));
    tcase_add_loop_test(tc, another_reads_on, 0,
                        (int)G_N_ELEMENTS(reads_on) * OPEN_DRAIN_WAYS);
    tcase_add_loop_test(tc, sda_freed, 0, SOME_WAYS * (rig_is_slow() ? 2 : 9));
    tcase_add_loop_test(tc, stuck_for_ever, 0, SOME_WAYS * 2);
    tcase_add_loop_test(tc, stretched, 0, SOME_WAYS * STRETCHES * 2);
    tcase_add_loop_test(tc, stretched_data, 0, SOME_WAYS);
    tcase_add_loop_test(tc, stretched_for_ever, 0, SOME_WAYS * 2);
    if (!rig_is_slow()) { /* else that is test-ftdi.c's */
        tcase_add_loop_test(tc, unplugged, 0, WAYS);
    }
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
