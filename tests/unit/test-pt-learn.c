/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is learned of reads: the table by itself (lib/passthrough/learn.c) and
 * from traces (lib/passthrough/learn-trace.c). The rules are seen at work in
 * test-pt-read.c. */
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "pt-fake.h"
#include "unit.h"

static struct i2cpt_learn *learn;

static void setup(void)
{
    learn = pt_learn_new();
}

static void teardown(void)
{
    pt_learn_free(learn);
}

static struct learn_key key(uint16_t addr, const void *bytes, uint32_t len)
{
    return (struct learn_key){addr, len, bytes};
}

static uint32_t length(uint16_t addr, const void *bytes, uint32_t len)
{
    struct learn_key k = key(addr, bytes, len);

    return pt_learn_lookup(learn, &k).length;
}

static void note(uint16_t addr, const void *bytes, uint32_t len, uint32_t taken)
{
    struct learn_key k = key(addr, bytes, len);

    pt_learn_note(learn, &k, taken, 0);
}

START_TEST(table_is_bounded)
{
    uint32_t i;
    uint8_t at[3];

    for (i = 0; i < 3 * LEARN_KEYS_MAX; i++) {
        at[0] = (uint8_t)(i >> 16);
        at[1] = (uint8_t)(i >> 8);
        at[2] = (uint8_t)i;
        note((uint16_t)(0x50 + i % 2), at, 3, 1 + i % 7);
    }
    /* the youngest is there, the oldest has gone */
    ck_assert_uint_eq(length((uint16_t)(0x50 + (i - 1) % 2), at, 3),
                      1 + (i - 1) % 7);
    memset(at, 0, sizeof(at));
    ck_assert_uint_eq(length(0x50, at, 3), 0);
    /* and what is left of an address is still its own */
    note(0x10, at, 1, 4);
    ck_assert_uint_eq(length(0x10, at, 1), 4);
}
END_TEST

START_TEST(long_keys)
{
    uint8_t a[200] = {0}, b[200] = {0};

    b[LEARN_KEY_MAX - 1] = 1;
    note(0x10, a, LEARN_KEY_MAX, 3);
    note(0x10, b, LEARN_KEY_MAX, 4);
    ck_assert_uint_eq(length(0x10, a, LEARN_KEY_MAX), 3);
    ck_assert_uint_eq(length(0x10, b, LEARN_KEY_MAX), 4);
    /* beyond that only the length tells */
    a[199] = 7;
    note(0x10, a, 200, 5);
    a[199] = 8;
    ck_assert_uint_eq(length(0x10, a, 200), 5);
    ck_assert_uint_eq(length(0x10, a, 199), 0);
}
END_TEST

START_TEST(no_block_for_unknown_keys)
{
    struct learn_key k = key(0x10, "x", 1);

    pt_learn_no_block(learn, &k);
    ck_assert_uint_eq(length(0x10, "x", 1), 0);
}
END_TEST

/* ------------------------------------------------------------ from a trace */

static const struct {
    const char *lines; /* after the first */
    uint16_t addr;
    const char *bytes;
    uint32_t len, length;
    uint8_t block;
} seeds[] = {
    {"0.0 +0.1 w1@0x48 00 r2 = 1a c0\n", 0x48, "\0", 1, 2, 0},
    {"0.0 +0.1 w1@0x48 00 r34 = 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f "
     "10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f 20 21 22 %took-2\n",
     0x48, "\0", 1, 2, 0},
    {"0.0 +0.1 w1@0x48 05\n0.1 +0.1 r3@0x48 = 01 02 03\n", 0x48, "\5", 1, 3, 0},
    {"0.0 +0.1 w1@0x48 05\n0.1 +0.1 r3@0x48 = 01 02 03\n"
     "0.2 +0.1 r4@0x48 = 01 02 03 04\n",
     0x48, "", 0, 4, 0},
    {"0.0 +0.1 w1@0x48 05\n0.1 +0.1 r9@0x49 = 01 02 03 04 05 06 07 08 09\n"
     "0.2 +0.1 r4@0x48 = 01 02 03 04\n",
     0x48, "\5", 1, 4, 0},
    /* the longest */
    {"0.0 +0.1 w1@0x48 00 r2 = 1a c0\n0.1 +0.1 w1@0x48 00 r1 = 1a\n", 0x48,
     "\0", 1, 2, 0},
    /* probes are nobody's reads */
    {"0.0 +0.1 r1@0x50 = aa %probe\n", 0x50, "", 0, 0, 0},
    /* a resend is the read before, longer */
    {"0.0 +0.1 w1@0x48 00 r2 = 01 02 %took-2\n"
     "0.1 +0.1 w1@0x48 00 r9 = 01 02 03 04 05 06 07 08 09 %resend %took-5\n",
     0x48, "\0", 1, 5, 0},
    {"0.0 +0.1 w1@0x48 07\n0.1 +0.1 r1@0x48 = 01\n"
     "0.2 +0.1 w1@0x48 07 r9 = 01 02 03 04 05 06 07 08 09 %resend %took-5\n"
     "0.3 +0.1 r2@0x48 = 01 02\n",
     0x48, "", 0, 2, 0},
    /* what was read on belongs to it */
    {"0.0 +0.1 w1@0x48 00 r2 = 01 02\n0.1 +0.1 r1@0x48 = 03 %continue\n"
     "0.2 +0.1 r1@0x48 = 04 %continue\n",
     0x48, "\0", 1, 4, 0},
    /* several reads in a transfer, a repeated START ends the first */
    {"0.0 +0.1 w1@0x48 00 r2 = 01 02 w1 01 r3 = 01 02 03\n", 0x48, "\0", 1, 2,
     0},
    {"0.0 +0.1 w1@0x48 00 r2 = 01 02 w1 01 r3 = 01 02 03\n", 0x48, "\1", 1, 3,
     0},
    /* refused ones teach nothing */
    {"0.0 +0.1 w1@0x48 00 r2 ! ENXIO phase=address msg=1\n", 0x48, "\0", 1, 0,
     0},
    /* two that agree speak for a third */
    {"0.0 +0.1 w1@0x48 00 r2 = 01 02\n0.1 +0.1 w1@0x48 01 r2 = 01 02\n", 0x48,
     "\2", 1, 2, 0},
    /* block reads */
    {"0.0 +0.1 w1@0x0b 20 r? = 02 61 62\n0.1 +0.1 w1@0x0b 20 r? = 01 61\n",
     0x0b, "\x20", 1, 3, 1},
    {"0.0 +0.1 w1@0x0b 20 r34 = 02 61 62 03 04 05 06 07 08 09 0a 0b 0c 0d 0e "
     "0f 10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f 20 21 %took-4\n"
     "0.1 +0.1 w1@0x0b 20 r?+1 = 01 61 99\n",
     0x0b, "\x20", 1, 4, 2},
    /* only a read that there was is read again, and only by a read */
    {"0.0 +0.1 r1@0x48 = 01\n0.1 +0.1 r0@0x48\n"
     "0.2 +0.1 r3@0x48 = 01 02 03 %resend\n",
     0x48, "", 0, 3, 0},
    {"0.0 +0.1 w1@0x48 00 r2 = 01 02\n0.1 +0.1 w3@0x48 05 06 07 %resend\n",
     0x48, "\0", 1, 2, 0},
    /* 10-bit addresses are no passthrough's; what comes behind them may be */
    {"0.0 +0.1 w1@0x148/10 00 r2 = 01 02\n", 0x48, "\0", 1, 0, 0},
    {"0.0 +0.1 w1@0x148/10 00 w1@0x48 01 r2 = 01 02\n", 0x48, "\1", 1, 2, 0},
};

static char *write_file(const char *head, const char *lines)
{
    char *path;
    int fd = g_file_open_tmp("pt-learn-XXXXXX", &path, NULL);
    FILE *file = fdopen(fd, "w");

    fprintf(file, "%s%s", head, lines);
    fclose(file);
    return path;
}

static char *write_trace(const char *lines)
{
    return write_file("i2cpt-trace 1\n", lines);
}

START_TEST(seed)
{
    struct learn_key k = key(seeds[_i].addr, seeds[_i].bytes, seeds[_i].len);
    char *path = write_trace(seeds[_i].lines);
    struct i2cpt_fault fault;
    struct learned learned;

    ck_assert_msg(!pt_learn_from(learn, path, &fault), "%s", fault.text);
    learned = pt_learn_lookup(learn, &k);
    ck_assert_uint_eq(learned.length, seeds[_i].length);
    ck_assert_uint_eq(learned.block, seeds[_i].block);
    g_unlink(path);
    g_free(path);
}
END_TEST

START_TEST(bad_trace)
{
    char *path = write_trace("0.0 +0.1 w1@0x48 00 r2 = 1a c0\nnonsense\n");
    struct i2cpt_fault fault;

    ck_assert_int_eq(pt_learn_from(learn, path, &fault), -EINVAL);
    ck_assert_ptr_nonnull(strstr(fault.text, "learn-from="));
    ck_assert_ptr_nonnull(strstr(fault.text, ":3:"));
    g_unlink(path);
    g_free(path);
}
END_TEST

/* Truncated is readable, but not before anything has come. */
static const struct {
    const char *text;
    int ret;
} cut[] = {
    {"", -EINVAL},
    {"i2cpt-trace 1\n", -EINVAL},
    {"i2cpt-trace 1\nend 0\n", 0},
    {"i2cpt-trace 1\n0.0 +0.1 r1@0x48 = 00\n", 0},
};

START_TEST(cut_trace)
{
    char *path = write_file(cut[_i].text, "");
    struct i2cpt_fault fault;

    ck_assert_int_eq(pt_learn_from(learn, path, &fault), cut[_i].ret);
    ck_assert(!cut[_i].ret || strstr(fault.text, path));
    g_unlink(path);
    g_free(path);
}
END_TEST

/* With a seeding trace the first read over-reads nothing. */
START_TEST(seeded_passthrough)
{
    char *path = write_trace("0.0 +0.1 w1@0x48 00 r2 = 1a c0\n");
    char *policy = g_strdup_printf("learn-from=%s", path);
    struct fake_config config = {0};
    struct fake_guest g;

    pt_guest_open(&g, FORM_BLOCKING, &config, policy);
    pt_guest_run(&g, "W48 0 R48 r2 P");
    ck_assert_uint_eq(pt_guest_count(&g, I2CPT_COUNT_OVER_READ), 0);
    ck_assert_str_eq(g.answers, "AAAa0a1A");
    pt_guest_close(&g);
    g_unlink(path);
    g_free(policy);
    g_free(path);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pt-learn");
    TCase *tc = tcase_create("learn");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, table_is_bounded);
    tcase_add_test(tc, long_keys);
    tcase_add_test(tc, no_block_for_unknown_keys);
    tcase_add_loop_test(tc, seed, 0, (int)G_N_ELEMENTS(seeds));
    tcase_add_test(tc, bad_trace);
    tcase_add_loop_test(tc, cut_trace, 0, G_N_ELEMENTS(cut));
    tcase_add_test(tc, seeded_passthrough);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
