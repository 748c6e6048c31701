/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Byte by byte, through lib/ftdi/mpsse-stream.c: each call's result, and the
 * wire.
 */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "../unit/unit.h"
#include "core/fault.h"
#include "rig.h"
#include "ways.h"

/* Calls apart by blanks: Sa0 START for a write, Sa1 for a read,
 * w11 write, r read, Qa01122 a pointer of two bytes and its read's START, P
 * stop. Results likewise: . fine,
 * ! NACK, two digits what was read; then the wire. */
static const struct {
    const char *calls, *results, *wire;
    int msg, byte; /* of the last fault; -2: none */
} streams[] = {
    {"Sa0 P", ". .", "S a0+ P", -2, 0},
    {"Sa2 P", "! .", "S a2- P", 0, -1},
    {"Sa0 w05 w11 P", ". . . .", "S a0+ 05+ 11+ P", -2, 0},
    {"Sa0 w05 Sa1 r r r P", ". . . 38 43 4e .",
     "S a0+ 05+ Sr a1+ 38+ 43+ 4e- P", -2, 0},
    {"Sa0 w05 Sa1 r Sa0 w06 Sa1 r P", ". . . 38 . . . 43 .",
     "S a0+ 05+ Sr a1+ 38- Sr a0+ 06+ Sr a1+ 43- P", -2, 0},
    /* a read START with no byte taken clocks one, and does not acknowledge */
    {"S1d P", ". .", "S 1d+ 03- P", -2, 0},
    {"S1d S1d r P", ". . 0a .", "S 1d+ 03- Sr 1d+ 0a- P", -2, 0},
    {"Sa0 w05 Sa3 P", ". . ! .", "S a0+ 05+ Sr a3- P", 1, -1},
    {"P", ".", "", -2, 0},
    {"Qa005 r r P", ". 38 43 .", "S a0+ 05+ Sr a1+ 38+ 43- P", -2, 0},
    {"Qa005 P", ". .", "S a0+ 05+ Sr a1+ 38- P", -2, 0},
    {"Sa0 w07 Qa005 r P", ". . . 38 .", "S a0+ 07+ Sr a0+ 05+ Sr a1+ 38- P", -2,
     0},
    {"S1d r Qa005 r P", ". 03 . 38 .", "S 1d+ 03- Sr a0+ 05+ Sr a1+ 38- P", -2,
     0},
    {"S1d Qa005 r P", ". . 38 .", "S 1d+ 03- Sr a0+ 05+ Sr a1+ 38- P", -2, 0},
    /* nobody there: the bytes are clocked past everybody */
    {"Qa205 P", "! .", "S a2- 05- Sr a3- P", 0, -1},
    {"S1d r Qa205 Sa0 P", ". 03 ! . .", "S 1d+ 03- Sr a2- 05- Sr a3- Sr a0+ P",
     1, -1},
};

static int send_pointer(struct rig *r, const char *hex, bool late)
{
    uint8_t bytes[8], byte = 0;
    size_t n = strlen(hex) / 2, i;

    for (i = 0; i < n; i++) {
        bytes[i] = (uint8_t)(g_ascii_xdigit_value(hex[2 * i]) << 4 |
                             g_ascii_xdigit_value(hex[2 * i + 1]));
    }
    return rig_stream_pointer(r, bytes[0] >> 1, bytes + 1, n - 1, late, &byte);
}

static char *call(struct rig *r, const char *word)
{
    uint8_t byte = (uint8_t)g_ascii_strtoull(word + 1, NULL, 16);
    int ret;

    i2cpt_fault_clear(&r->fault);
    switch (*word) {
    case 'Q':
        ret = send_pointer(r, word + 1, false);
        break;
    case 'S':
        ret = rig_stream_start(r, byte >> 1, byte & 1 ? I2CPT_M_RD : 0);
        break;
    case 'w':
        ret = rig_stream_write(r, byte);
        break;
    case 'r':
        ret = rig_stream_read(r, &byte);
        if (!ret) {
            return g_strdup_printf("%02x", byte);
        }
        break;
    default:
        ret = rig_stream_stop(r);
        break;
    }
    ck_assert_int_eq(r->fault.code, -ret);
    return ret == -ENXIO || ret == -EIO ? g_strdup("!")
           : ret                        ? g_strdup_printf("%d", ret)
                                        : g_strdup(".");
}

static void check_stream(struct rig *r, size_t row)
{
    char **words = g_strsplit(streams[row].calls, " ", -1), *one, *wire;
    GString *results = g_string_new(NULL);
    int msg = -2, byte = 0;

    bench_fresh(r->b);
    for (int i = 0; words[i]; i++) {
        one = call(r, words[i]);
        g_string_append_printf(results, i ? " %s" : "%s", one);
        if (*one == '!') {
            msg = r->fault.msg;
            byte = r->fault.byte;
        }
        g_free(one);
    }
    rig_settle(r);
    wire = bench_text(r->b);
    ck_assert_msg(!strcmp(results->str, streams[row].results) &&
                      !strcmp(wire, streams[row].wire),
                  "%s: %s: %s; %s", rig_name(&r->config), streams[row].calls,
                  results->str, wire);
    ck_assert_int_eq(msg, streams[row].msg);
    ck_assert_int_eq(byte, streams[row].byte);
    ck_assert_uint_eq(wire_fights(r->b->wire), 0);
    g_free(wire);
    g_string_free(results, TRUE);
    g_strfreev(words);
}

/* On one bus, so that each leaves it as the next one needs it. */
START_TEST(stream)
{
    struct rig_config config = nth_config(_i);
    struct rig *r = rig_new(&config);

    for (size_t row = 0; row < G_N_ELEMENTS(streams); row++) {
        check_stream(r, row);
    }
    rig_free(r);
}
END_TEST

/* A byte that is not acknowledged: which one. */
START_TEST(stream_nack)
{
    struct rig_config config = config_of(_i, 0, false);
    struct rig *r = rig_new(&config);

    r->b->targets[BENCH_EEPROM].nack_at = 3;
    g_free(call(r, "Sa0"));
    for (int i = 0; i < 3; i++) {
        char *result = call(r, "w11");

        ck_assert_str_eq(result, i < 2 ? "." : "!");
        g_free(result);
    }
    ck_assert_int_eq(r->fault.code, EIO);
    ck_assert_int_eq(r->fault.phase, I2CPT_PHASE_DATA);
    ck_assert_int_eq(r->fault.msg, 0);
    ck_assert_int_eq(r->fault.byte, 2);
    g_free(call(r, "P"));
    r->b->targets[BENCH_EEPROM].nack_at = TARGET_NO_NACK;
    ck_assert_int_eq(rig_transfer(r, "w50 05"), 0);
    rig_free(r);
}
END_TEST

/*
 * A held pointer goes to the dongle with its read's START in one piece, which
 * nothing of the host's comes in between of: the deadline passes meanwhile. One
 * more exchange where a byte is refused, for the byte that STOP shall end.
 */
static const struct {
    int nack_at; /* symbol of the EEPROM's */
    int code, phase, byte;
    unsigned exchanges;
    const char *wire;
} pointers[] = {
    {TARGET_NO_NACK, 0, 0, -1, 1, "S a0+ 05+ Sr a1+ 38- P"},
    {0, ENXIO, I2CPT_PHASE_ADDRESS, -1, 1, "S a0- 05- Sr a1- P"},
    {1, EIO, I2CPT_PHASE_DATA, 0, 2, "S a0+ 05- Sr a1+ 01- P"},
};

START_TEST(pointer_in_one_frame)
{
    struct rig_config config = nth_config(_i);
    struct rig *r = rig_new(&config);
    struct vusb_counts counts;
    char *wire;

    for (size_t row = 0; row < G_N_ELEMENTS(pointers); row++) {
        bench_fresh(r->b);
        r->b->targets[BENCH_EEPROM].nack_at = pointers[row].nack_at;
        vusb_forget_counts(r->b->usb);
        i2cpt_fault_clear(&r->fault);
        ck_assert_int_eq(send_pointer(r, "a005", true), -pointers[row].code);
        counts = vusb_counts(r->b->usb);
        ck_assert_msg(counts.exchanges == pointers[row].exchanges &&
                          counts.out_urbs == pointers[row].exchanges,
                      "%s: %u exchanges, %u URBs", rig_name(&config),
                      counts.exchanges, counts.out_urbs);
        ck_assert_int_eq(r->fault.code, pointers[row].code);
        ck_assert_int_eq(r->fault.phase, pointers[row].phase);
        ck_assert_int_eq(r->fault.byte, pointers[row].byte);
        ck_assert_int_eq(rig_stream_stop(r), 0);
        rig_settle(r);
        wire = bench_text(r->b);
        ck_assert_msg(!strcmp(wire, pointers[row].wire), "%s: %s",
                      rig_name(&config), wire);
        g_free(wire);
    }
    rig_free(r);
}
END_TEST

/* Another controller reads the same bytes and acknowledges the one that we do
 * not: told by the call that sends our NACK, whatever else that one does. */
static const struct {
    const char *calls; /* the last one tells it */
    unsigned symbols;  /* of the other one */
    int msg, byte;
} lost_slots[] = {
    {"Sa1 r P", 2, 0, 0},   {"Sa1 r r r P", 4, 0, 2}, {"Sa1 P", 2, 0, 0},
    {"Sa1 r Sa0", 2, 0, 0}, {"Sa1 r r Sa1", 3, 0, 1}, {"Sa1 Sa1", 2, 0, 0},
};

/* The open-drain ways of either edges; each with both kinds of chip, where the
 * kind does not matter to those edges. */
static struct rig_config nth_open_drain(int i)
{
    int way = i % (OPEN_DRAIN_WAYS * 2);
    struct rig_config config = config_of(
        way < OPEN_DRAIN_WAYS ? way : way - OPEN_DRAIN_WAYS + DEFAULT_WAYS, 0,
        false);

    if (i >= OPEN_DRAIN_WAYS * 2 && config.input_clock != VCHIP_PASSES) {
        config.input_clock =
            config.input_clock == VCHIP_NONE ? VCHIP_DRIVES : VCHIP_NONE;
    }
    return config;
}

START_TEST(lost_slot)
{
    static const uint8_t same[] = {0xa1, 0xff, 0xff, 0xff};
    const int n = (int)G_N_ELEMENTS(lost_slots), row = _i % n;
    struct rig_config config = nth_open_drain(_i / n);
    struct rig *r = rig_new(&config);
    char **words = g_strsplit(lost_slots[row].calls, " ", -1), *result;

    rival_arm(&r->b->rival, same, lost_slots[row].symbols);
    r->b->rival.reads = true;
    for (int i = 0; words[i]; i++) {
        result = call(r, words[i]);
        ck_assert_msg((*result == '-') == !words[i + 1], "%s: %s: %s at %d",
                      rig_name(&config), lost_slots[row].calls, result, i);
        g_free(result);
    }
    ck_assert(r->b->rival.won);
    ck_assert_int_eq(r->fault.code, EAGAIN);
    ck_assert_int_eq(r->fault.phase, I2CPT_PHASE_DATA);
    ck_assert_int_eq(r->fault.msg, lost_slots[row].msg);
    ck_assert_int_eq(r->fault.byte, lost_slots[row].byte);
    g_free(call(r, "P"));
    ck_assert_int_eq(rig_transfer(r, "w50 05 | r50 2"), 0);
    result = rig_data(r);
    ck_assert_str_eq(result, "38 43");
    g_free(result);
    g_strfreev(words);
    rig_free(r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mpsse-stream");
    TCase *tc = tcase_create("mpsse-stream");

    tcase_set_timeout(tc, 60);
    rig_fixture(tc);
    tcase_add_loop_test(tc, stream, 0, ALL_CONFIGS);
    tcase_add_loop_test(tc, stream_nack, 0, SOME_WAYS);
    if (!rig_is_slow()) { /* exchanges are counted by the model */
        tcase_add_loop_test(tc, pointer_in_one_frame, 0, ALL_CONFIGS);
    }
    tcase_add_loop_test(tc, lost_slot, 0,
                        (int)G_N_ELEMENTS(lost_slots) * OPEN_DRAIN_WAYS *
                            (rig_is_slow() ? 1 : 4));
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
