/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lib/ftdi/mpsse.c and lib/ftdi/mpsse-bus.c on the virtual chip: what was asked
 * is what was on the wire, for every chip, encoding, way of stretching and
 * frequency, and what goes wrong is told where. */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "../unit/unit.h"
#include "rig.h"
#include "ways.h"

/* ---------------------------------------------------------------- transfers */

/* A message is one piece: past a NACK its own bytes still go out, to nobody.
 *
 * Contents: EEPROM 50 byte i is 11 i + 1; sensor 48 likewise, two bytes a
 * register; FIFO 0e byte i is 7 i + 3; ten-bit EEPROM 2a5 as the other. */
static const struct {
    const char *msgs;
    int rc, phase, msg, byte;
    const char *data, *wire;
    const char *batch_wire; /* where it differs */
} transfers[] = {
    {"w50", 0, 0, -1, -1, "", "S a0+ P"},
    {"w51", -ENXIO, I2CPT_PHASE_ADDRESS, 0, -1, "", "S a2- P"},
    /* the target's first bit is 1, not in STOP's way */
    {"w50 10 | r50 0", 0, 0, -1, -1, "", "S a0+ 10+ Sr a1+ P"},
    /* ... and of one that is, the byte is clocked out */
    {"w50 00 | r50 0", 0, 0, -1, -1, "", "S a0+ 00+ Sr a1+ 01- P"},
    {"w50 00 | r50 0 | w50 10", 0, 0, -1, -1, "",
     "S a0+ 00+ Sr a1+ 01- Sr a0+ 10+ P"},
    {"w50 10 | r50 0 | w50 00", 0, 0, -1, -1, "",
     "S a0+ 10+ Sr a1+ Sr a0+ 00+ P"},
    {"r51 0", -ENXIO, I2CPT_PHASE_ADDRESS, 0, -1, "", "S a3- P"},
    {"r51 0 | w50", -ENXIO, I2CPT_PHASE_ADDRESS, 0, -1, "", "S a3- P"},
    {"w50 10", 0, 0, -1, -1, "", "S a0+ 10+ P"},
    {"w50 00 ff 00 55 aa", 0, 0, -1, -1, "", "S a0+ 00+ ff+ 00+ 55+ aa+ P"},
    {"w50 05 | r50 1", 0, 0, -1, -1, "38", "S a0+ 05+ Sr a1+ 38- P"},
    {"w50 05 | r50 4", 0, 0, -1, -1, "38 43 4e 59",
     "S a0+ 05+ Sr a1+ 38+ 43+ 4e+ 59- P"},
    {"w48 01 | r48 2", 0, 0, -1, -1, "17 22", "S 90+ 01+ Sr 91+ 17+ 22- P"},
    {"r0e 3", 0, 0, -1, -1, "03 0a 11", "S 1d+ 03+ 0a+ 11- P"},
    {"w50 20 5a | w50 20 | r50 1 | r0e 1", 0, 0, -1, -1, "5a | 03",
     "S a0+ 20+ 5a+ Sr a0+ 20+ Sr a1+ 5a- Sr 1d+ 03- P"},
    {"r51 3", -ENXIO, I2CPT_PHASE_ADDRESS, 0, -1, "", "S a3- ff+ ff+ ff- P"},
    {"w50 00 | r51 2 | w50 00", -ENXIO, I2CPT_PHASE_ADDRESS, 1, -1, "",
     "S a0+ 00+ Sr a3- ff+ ff- P", "S a0+ 00+ Sr a3- ff+ ff- Sr a0+ 00+ P"},
    /* RECV_LEN: the count is 0c at pointer 1, 17 at 2 */
    {"w50 01 | r50 ?", 0, 0, -1, -1, "0c 17 22 2d 38 43 4e 59 64 6f 7a 85 90",
     "S a0+ 01+ Sr a1+ 0c+ 17+ 22+ 2d+ 38+ 43+ 4e+ 59+ 64+ 6f+ 7a+ 85+ 90- P"},
    {"w50 01 | r50 ?1 | w50", 0, 0, -1, -1,
     "0c 17 22 2d 38 43 4e 59 64 6f 7a 85 90 9b",
     "S a0+ 01+ Sr a1+ 0c+ 17+ 22+ 2d+ 38+ 43+ 4e+ 59+ 64+ 6f+ 7a+ 85+ 90+ 9b- "
     "Sr a0+ P"},
    {"w50 03 | r50 ?", -EPROTO, I2CPT_PHASE_DATA, 1, 0, "22",
     "S a0+ 03+ Sr a1+ 22+ 2d- P"},
    {"r51 ?", -ENXIO, I2CPT_PHASE_ADDRESS, 0, -1, "", "S a3- ff+ P"},
    /* ten bits */
    {"w/2a5 07", 0, 0, -1, -1, "", "S f4+ a5+ 07+ P"},
    {"w/2a5 07 | r/2a5 2", 0, 0, -1, -1, "4e 59",
     "S f4+ a5+ 07+ Sr f4+ a5+ Sr f5+ 4e+ 59- P"},
    {"r/2a5 1", 0, 0, -1, -1, "01", "S f4+ a5+ Sr f5+ 01- P"},
    {"w/1a5 07", -ENXIO, I2CPT_PHASE_ADDRESS, 0, -1, "", "S f2- a5- 07- P"},
    {"w/2a6 07", -ENXIO, I2CPT_PHASE_ADDRESS, 0, -1, "", "S f4+ a6- 07- P"},
    /* mangled protocols */
    {"w50 00 | w- 11 22 | w50 00 | r50 2", 0, 0, -1, -1, "11 22",
     "S a0+ 00+ 11+ 22+ Sr a0+ 00+ Sr a1+ 11+ 22- P"},
    {"w51! 00 | r50 1", 0, 0, -1, -1, "01", "S a2- 00- Sr a1+ 01- P"},
};

static void check_wire(struct rig *r, int t, bool refused)
{
    const char *expected = transfers[t].wire;
    char *wire = bench_text(r->b);

    if (r->config.batch && transfers[t].batch_wire) {
        expected = transfers[t].batch_wire;
    }
    if (refused) {
        expected = "";
    }
    ck_assert_msg(!strcmp(wire, expected), "%s: '%s': wire %s, not %s",
                  rig_name(&r->config), transfers[t].msgs, wire, expected);
    ck_assert_msg(!wire_fights(r->b->wire), "%s: '%s': short circuit",
                  rig_name(&r->config), transfers[t].msgs);
    g_free(wire);
}

static void check_transfer(struct rig *r, int t)
{
    int ret;
    char *data;

    bench_fresh(r->b);
    ret = rig_transfer(r, transfers[t].msgs);
    /* what the engine's driver can and the adapter does not offer */
    if (r->adapter && strchr(transfers[t].msgs, '!')) {
        ck_assert_int_eq(ret, -EOPNOTSUPP);
        check_wire(r, t, true);
        return;
    }
    check_wire(r, t, false);
    ck_assert_msg(ret == transfers[t].rc, "%s: '%s': %s %s",
                  rig_name(&r->config), transfers[t].msgs,
                  i2cpt_error_name(ret), r->fault.text);
    data = rig_data(r);
    ck_assert_msg((ret && r->config.batch) || !strcmp(data, transfers[t].data),
                  "%s: '%s': data %s, not %s", rig_name(&r->config),
                  transfers[t].msgs, data, transfers[t].data);
    g_free(data);
    ck_assert_int_eq(r->fault.code, -ret);
    ck_assert_int_eq(r->fault.phase, transfers[t].phase);
    ck_assert_int_eq(r->fault.msg, transfers[t].msg);
    ck_assert_int_eq(r->fault.byte, transfers[t].byte);
}

/* One bus for the whole table, so that each transfer leaves it as the next one
 * needs it. */
static void all_transfers(const struct rig_config *config)
{
    struct rig *r = rig_new(config);

    for (size_t t = 0; t < G_N_ELEMENTS(transfers); t++) {
        check_transfer(r, (int)t);
        ck_assert(wire_level(r->b->wire, WIRE_SCL));
        ck_assert(wire_level(r->b->wire, WIRE_SDA));
    }
    /* the two by which engine and link are brought in step */
    ck_assert_uint_eq(vchip_bad(r->b->chip), 2);
    rig_free(r);
}

START_TEST(transfer)
{
    struct rig_config config = nth_config(_i);

    all_transfers(&config);
}
END_TEST

START_TEST(transfer_on_the_other_chip)
{
    struct rig_config config = nth_other(_i);

    all_transfers(&config);
}
END_TEST

/* With a clock that waits: the commands of a written byte, a read one that is
 * acknowledged, and a last one. */
static const struct {
    enum mpsse_chip chip;
    const char *commands;
} waiting[] = {
    {MPSSE_FT232H, "13 07 a1 80 02 03 26 00 "
                   "26 07 33 00 00 80 02 03 26 07 80 02 03 26 00"},
    {MPSSE_FT2232H, "80 02 03 13 06 a1 80 02 01 26 00 80 02 01 26 00 "
                    "26 07 80 00 03 33 00 00 80 02 01 26 07 80 02 01 26 00"},
};

START_TEST(adaptive_commands)
{
    struct mpsse_config config = {waiting[_i].chip, MPSSE_BYTEWISE,
                                  MPSSE_STRETCH_ADAPTIVE, MPSSE_SET_BITS,
                                  400000};
    struct mpsse_frame f = {0};
    const uint8_t byte = 0xa1;
    GString *text = g_string_new(NULL);
    struct mpsse m;

    ck_assert_int_eq(mpsse_init(&m, &config), 0);
    mpsse_symbols(&m, &f, 0, 0, &byte, 1, 2, true);
    for (size_t i = 0; i < f.out_len; i++) {
        g_string_append_printf(text, i ? " %02x" : "%02x", f.out[i]);
    }
    ck_assert_str_eq(text->str, waiting[_i].commands);
    config.chip = MPSSE_FT232H;
    config.encoding = MPSSE_PACKED;
    ck_assert_int_eq(mpsse_init(&m, &config), -EINVAL);
    g_string_free(text, TRUE);
    mpsse_frame_clear(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mpsse");
    TCase *tc = tcase_create("mpsse");

    tcase_set_timeout(tc, 60);
    rig_fixture(tc);
    tcase_add_loop_test(tc, transfer, 0, ALL_CONFIGS);
    tcase_add_loop_test(tc, transfer_on_the_other_chip, 0, OTHER_CONFIGS);
    tcase_add_loop_test(tc, adaptive_commands, 0, (int)G_N_ELEMENTS(waiting));
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
