/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A verdict in words, and that it is told once, when nobody is left. */
#include <errno.h>
#include <glib.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "replay.h"
#include "unit.h"

/* ------------------------------------------------------------------- words */

#define V(...)                                                  \
    {                                                           \
        .size = sizeof(struct i2cpt_trace_verdict), __VA_ARGS__ \
    }

static const struct {
    enum i2cpt_trace_verdict_part part;
    struct i2cpt_trace_verdict v;
    const char *text;
} sentences[] = {
    {I2CPT_VERDICT_ALL, V(.consumed = 40),
     "40 of 40 transfers replayed, 0 mismatches"},
    {I2CPT_VERDICT_ALL, V(.consumed = 1, .mismatches = 1, .text = "x:2: y"),
     "1 of 1 transfer replayed, 1 mismatch; 1 request differs; the first: "
     "x:2: y"},
    {I2CPT_VERDICT_ALL, V(.consumed = 2, .remaining = I2CPT_TRACE_UNKNOWN),
     "2 transfers replayed, 0 mismatches"},
    {I2CPT_VERDICT_ALL,
     V(.consumed = 1, .remaining = 2, .next_line = 5, .redacted = 3,
       .truncated = 1),
     "1 of 3 transfers replayed, 0 mismatches; 2 of 3 transfers were not asked "
     "for, the first in line 5; 3 redacted bytes were served as 0xff; "
     "truncated, no `end` line"},
    {I2CPT_VERDICT_MISMATCHES, V(.consumed = 40), ""},
    {I2CPT_VERDICT_MISMATCHES, V(.mismatches = 2, .text = "x:2: y"),
     "2 requests differ; the first: x:2: y"},
    {I2CPT_VERDICT_REMAINING, V(.remaining = I2CPT_TRACE_UNKNOWN), ""},
    {I2CPT_VERDICT_REMAINING, V(.remaining = 1, .next_line = 3),
     "1 of 1 transfer was not asked for, the first in line 3"},
    {I2CPT_VERDICT_HELD, V(.changes_left = 3), ""},
    {I2CPT_VERDICT_HELD,
     V(.changes = 1, .changes_left = 2, .held_line = 7, .held_for = 6),
     "2 of 3 changes of lines were not told: line 7 waits for line 6, which "
     "was not asked for"},
    {I2CPT_VERDICT_STALLS,
     V(.stalls = 1, .stalled_line = 7, .stalled_for = 6, .held_line = 7), ""},
    {I2CPT_VERDICT_STALLS, V(.stalls = 1, .stalled_line = 7, .stalled_for = 6),
     "1 change of lines was held back while no transfer came: line 7 waited "
     "for line 6"},
    {I2CPT_VERDICT_RESTARTS, V(.split = 2),
     "2 asked for in parts, 0 answered out of several"},
    {I2CPT_VERDICT_REDACTED, V(.redacted = 4),
     "4 redacted bytes were served as 0xff"},
    {I2CPT_VERDICT_TRUNCATED, V(.truncated = 1), "truncated, no `end` line"},
};

START_TEST(sentence)
{
    const struct i2cpt_trace_verdict *v = &sentences[_i].v;
    const char *expected = sentences[_i].text;
    char text[400] = "x", cut[10] = "x";

    ck_assert_int_eq(
        i2cpt_trace_verdict_describe(v, sentences[_i].part, text, sizeof(text)),
        (int)strlen(expected));
    ck_assert_str_eq(text, expected);
    ck_assert_int_eq(
        i2cpt_trace_verdict_describe(v, sentences[_i].part, cut, sizeof(cut)),
        (int)strlen(expected));
    ck_assert_int_eq(strncmp(cut, expected, sizeof(cut) - 1), 0);
    ck_assert_uint_eq(strlen(cut), MIN(strlen(expected), sizeof(cut) - 1));
}
END_TEST

static const struct {
    struct i2cpt_trace_verdict v;
    int failed;
} fates[] = {
    {V(.consumed = 1), 0},
    {V(.mismatches = 1), 1},
    {V(.remaining = 1), 1},
    {V(.remaining = I2CPT_TRACE_UNKNOWN), 0},
    {V(.changes_left = 2, .held_line = 7, .stalls = 1), 0},
};

START_TEST(fate)
{
    ck_assert_int_eq(i2cpt_trace_verdict_failed(&fates[_i].v),
                     fates[_i].failed);
}
END_TEST

/* Members that its struct does not have are not looked at. */
START_TEST(of_an_earlier_version)
{
    struct i2cpt_trace_verdict v = {
        .size = offsetof(struct i2cpt_trace_verdict, mismatches),
        .consumed = 2,
        .mismatches = 9,
        .held_line = 9};
    char text[100];

    i2cpt_trace_verdict_describe(&v, I2CPT_VERDICT_ALL, text, sizeof(text));
    ck_assert_str_eq(text, "2 of 2 transfers replayed, 0 mismatches");
    ck_assert_int_eq(i2cpt_trace_verdict_failed(&v), 0);
}
END_TEST

/* -------------------------------------------------------------------- told */

#define TWO "i2cpt-trace 1\n0 +0 r1@0x48 = 05\n1 +0 r1@0x48 = 06\nend 2\n"

static GString *log_lines;

static void take_line(int level, const char *line, void *user)
{
    g_string_append_printf(log_lines, "%d %s\n", level, line);
}

static char *folder, *trace;

static void begin(void)
{
    folder = g_dir_make_tmp("i2cpt-XXXXXX", NULL);
    trace = g_build_filename(folder, "two.i2ct", NULL);
    ck_assert(g_file_set_contents(trace, TWO, -1, NULL));
    log_lines = g_string_new(NULL);
    i2cpt_set_log(take_line, NULL);
}

static void end(void)
{
    i2cpt_set_log(NULL, NULL);
    g_string_free(log_lines, TRUE);
    remove(trace);
    remove(folder);
    g_free(trace);
    g_free(folder);
}

static struct i2cpt_adapter *open_two(const char *keys)
{
    g_autofree char *spec = g_strdup_printf("trace,file=%s%s", trace, keys);
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;

    ck_assert_msg(!i2cpt_adapter_open(spec, &a, &fault), "%s", fault.text);
    return a;
}

static void read_one(struct i2cpt_adapter *a)
{
    uint8_t byte;
    struct i2cpt_msg msg = {
        .addr = 0x48, .flags = I2CPT_M_RD, .len = 1, .buf = &byte};

    ck_assert_int_eq(i2cpt_transfer(a, &msg, 1, NULL), 0);
}

START_TEST(told_by_the_last)
{
    struct i2cpt_adapter *first = open_two(",name=rec"), *second = open_two("");

    ck_assert_int_eq(i2cpt_trace_adapter_tell_verdict(first, NULL), 0);
    ck_assert_int_eq(i2cpt_trace_adapter_tell_verdict(second, NULL), 0);
    read_one(first);
    i2cpt_adapter_unref(first);
    ck_assert_str_eq(log_lines->str, "");
    read_one(second);
    i2cpt_adapter_unref(second);
    ck_assert_str_eq(log_lines->str,
                     "2 rec: 2 of 2 transfers replayed, 0 mismatches\n");
}
END_TEST

START_TEST(told_as_an_error)
{
    struct i2cpt_adapter *a = open_two(",name=rec");

    ck_assert_int_eq(i2cpt_trace_adapter_tell_verdict(a, NULL), 0);
    read_one(a);
    i2cpt_adapter_unref(a);
    ck_assert_str_eq(log_lines->str,
                     "0 rec: 1 of 2 transfers replayed, 0 mismatches; 1 of 2 "
                     "transfers was not asked for, the first in line 3\n");
}
END_TEST

/* A change that waits is named with what it waits for. */
START_TEST(told_of_a_line)
{
    struct i2cpt_adapter *a;

    ck_assert(g_file_set_contents(
        trace,
        "i2cpt-trace 1\nlines: a\n0 irq a 0\n0 +0 r1@0x48 = 05\n"
        "0 +0 w0@0x48 %probe\n1 irq a 1\nend 2\n",
        -1, NULL));
    a = open_two(",name=rec,match=strict,timing=recorded,line-stall-ms=0");
    ck_assert_int_eq(i2cpt_trace_adapter_tell_verdict(a, NULL), 0);
    i2cpt_adapter_unref(a);
    ck_assert_str_eq(log_lines->str,
                     "0 rec: 0 of 1 transfer replayed, 0 mismatches; 1 of 1 "
                     "transfer was not asked for, the first in line 4; 1 of 1 "
                     "change of lines was not told: line 6 waits for line 4, "
                     "which was not asked for\n");
}
END_TEST

/* Behind a recorder and a guard it is the trace's own. */
START_TEST(told_through_what_stands_around_it)
{
    g_autofree char *record = g_build_filename(folder, "again.i2ct", NULL);
    g_autofree char *keys =
        g_strdup_printf(",name=rec,allow=0x48,record=%s", record);
    struct i2cpt_adapter *a = open_two(keys);

    ck_assert_int_eq(i2cpt_trace_adapter_tell_verdict(a, NULL), 0);
    read_one(a);
    read_one(a);
    i2cpt_adapter_unref(a);
    ck_assert_str_eq(log_lines->str,
                     "2 rec: 2 of 2 transfers replayed, 0 mismatches\n");
    remove(record);
}
END_TEST

START_TEST(told_to_who_asked)
{
    struct i2cpt_adapter *a = open_two("");
    struct i2cpt_fault fault;

    i2cpt_adapter_unref(a);
    ck_assert_int_eq(i2cpt_adapter_open("stub", &a, &fault), 0);
    ck_assert_int_eq(i2cpt_trace_adapter_tell_verdict(a, &fault), -EOPNOTSUPP);
    ck_assert_str_eq(fault.text, "stub: no trace backend");
    i2cpt_adapter_unref(a);
    ck_assert_str_eq(log_lines->str, "");
}
END_TEST

/* What can be said of a trace with a bad line is that. */
START_TEST(told_of_a_bad_line)
{
    struct i2cpt_adapter *a;

    ck_assert(g_file_set_contents(
        trace, "i2cpt-trace 1\n0 +0 r1@0x48 = 05\n0 +0 r1@0x4\xff\nend 2\n", -1,
        NULL));
    a = open_two(",name=rec,match=strict");
    ck_assert_int_eq(i2cpt_trace_adapter_tell_verdict(a, NULL), 0);
    i2cpt_adapter_unref(a);
    ck_assert_msg(strstr(log_lines->str, "0 rec: no verdict: ") &&
                      strstr(log_lines->str, "two.i2ct:3:"),
                  "%s", log_lines->str);
}
END_TEST

static Suite *verdict_suite(void)
{
    Suite *suite = suite_create("verdict");
    TCase *words = tcase_create("words"), *told = tcase_create("told");

    tcase_add_loop_test(words, sentence, 0, G_N_ELEMENTS(sentences));
    tcase_add_loop_test(words, fate, 0, G_N_ELEMENTS(fates));
    tcase_add_test(words, of_an_earlier_version);
    suite_add_tcase(suite, words);
    tcase_add_checked_fixture(told, begin, end);
    tcase_add_test(told, told_by_the_last);
    tcase_add_test(told, told_as_an_error);
    tcase_add_test(told, told_of_a_line);
    tcase_add_test(told, told_through_what_stands_around_it);
    tcase_add_test(told, told_to_who_asked);
    tcase_add_test(told, told_of_a_bad_line);
    suite_add_tcase(suite, told);
    return suite;
}

int main(void)
{
    return unit_run(verdict_suite());
}
