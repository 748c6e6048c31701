/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of a trace that is replayed, in each order of matching, and a session
 * that is recorded and then replayed. */
#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>

#include "i2cpt-lines.h"
#include "i2cpt-trace.h"
#include "session.h"
#include "unit.h"
#include "wire.h"

#define TRACE "i2cpt-trace 1\nlines: a b\n"

/* "<" is where the dispatch before the transfers is, then one behind each. */
static const struct row {
    const char *name, *keys, *trace;
    const char *begin; /* levels when it is opened */
    const char *scripts[5];
    const char *told;
} rows[] = {
    {"strict: behind the transfers that stand before it",
     "match=strict",
     TRACE "0 irq a 0\n0 irq b 1\n1 +0 w1@0x48 01\n2 irq a 1\n3 +0 w1@0x48 02\n"
           "3.5 irq b 0\n4 +0 w1@0x50 03\n5 irq a 0\nend 3\n",
     "a0 b1",
     {"w 01", "w 02", "@50 w 03"},
     "< a1 < b0 < a0 < "},
    {"per-address: every address has come so far",
     "match=per-address",
     TRACE "1 +0 w1@0x48 01\n2 +0 w1@0x50 02\n2.5 irq a 1\n3 +0 w1@0x48 03\n"
           "4 irq a 0\nend 3\n",
     "a0 b0",
     {"w 01", "w 03", "@50 w 02"},
     "< < < a1 a0 < "},
    {"per-address: not the addresses of later transfers",
     "match=per-address",
     TRACE "1 +0 w1@0x48 01\n2.5 irq a 1\n3 +0 w1@0x50 02\nend 2\n",
     "a0 b0",
     {"w 01"},
     "< a1 < "},
    {"lookup: the request of its predecessor, however often it was polled",
     "match=lookup",
     TRACE "1 +0 w1@0x48 00 r1 = 00\n2 +0 w1@0x48 00 r1 = 00\n"
           "3 +0 w1@0x48 00 r1 = 01\n3.5 irq a 1\n4 +0 w1@0x48 02 r1 = 55\n"
           "4.5 irq a 0\nend 4\n",
     "a0 b0",
     {"w 02 r1", "w 00 r1", "w 00 r1", "w 02 r1"},
     "< < a1 < < a0 < "},
    {"lookup: of its predecessors the last alone, whatever its address",
     "match=lookup",
     TRACE "1 +0 w1@0x48 01\n2 +0 w1@0x50 02\n2.5 irq a 1\nend 2\n",
     "a0 b0",
     {"@50 w 02"},
     "< a1 < "},
    {"lookup and end=hold: an answer that is held releases it",
     "match=lookup,end=hold",
     TRACE "1 +0 w1@0x48 02 r1 = 55\n1.5 irq a 1\n2 +0 w1@0x48 02 r1 = 56\n"
           "2.5 irq a 0\nend 2\n",
     "a0 b0",
     {"w 02 r1", "w 02 r1", "w 02 r1"},
     "< a1 < a0 < < "},
    {"a first change behind a transfer: the other level before",
     "match=strict",
     TRACE "1 +0 w1@0x48 01\n2 irq a 0\n3 irq b 1\nend 1\n",
     "a1 b0",
     {"w 01"},
     "< a0 b1 < "},
    {"the same level again is no change",
     "match=strict",
     TRACE "0 irq a 1\n1 +0 w1@0x48 01\n2 irq a 1\nend 1\n",
     "a1 b0",
     {"w 01"},
     "< < "},
    {"what a passthrough asks by itself is not waited for",
     "match=strict",
     TRACE "1 +0 w1@0x48 01\n2 +0 w0@0x50 %probe\n3 irq a 1\nend 2\n",
     "a0 b0",
     {"w 01"},
     "< a1 < "},
    {"of another bus",
     "match=strict,bus=1",
     "i2cpt-trace 1\nbus: 1 stub\nbus: 2 stub\nlines-1: a b\nlines-2: a\n"
     "0 irq i2c-2: a 1\n1 +0 i2c-1: w1@0x48 01\n2 irq i2c-1: b 1\n"
     "3 +0 i2c-2: w1@0x48 01\n4 irq i2c-2: a 0\nend 2\n",
     "a0 b0",
     {"w 01"},
     "< b1 < "},
    {"not named in the header",
     "match=strict",
     TRACE "0 irq c 1\n1 +0 w1@0x48 01\n2 irq c 0\nend 1\n",
     "a0 b0",
     {"w 01"},
     "< < "},
    {"loop: the first round",
     "match=strict,end=loop",
     TRACE "1 +0 w1@0x48 01\n2 irq a 1\nend 1\n",
     "a0 b0",
     {"w 01", "w 01"},
     "< a1 < < "},
};
#define ROWS ((int)G_N_ELEMENTS(rows))

static void hear(struct i2cpt_adapter *a, unsigned line, int level,
                 uint64_t stamp_ns, void *user)
{
    g_string_append_printf(user, "%s%d ", i2cpt_adapter_line_name(a, line),
                           level);
}

static struct i2cpt_adapter *open_trace(const char *trace, const char *keys)
{
    g_autofree char *spec =
        g_strdup_printf("trace,file=%s,%s", wire_file(trace), keys);
    struct i2cpt_adapter *a = wire_open(spec);

    wire_unlink();
    return a;
}

static char *levels(struct i2cpt_adapter *a)
{
    GString *text = g_string_new(NULL);
    int i;

    for (i = 0; i < i2cpt_adapter_lines(a); i++) {
        g_string_append_printf(text, "%s%s%d", i ? " " : "",
                               i2cpt_adapter_line_name(a, (unsigned)i),
                               i2cpt_adapter_line_level(a, (unsigned)i));
    }
    return g_string_free(text, FALSE);
}

/* Level by then, and by now, of the first line. */
static const struct {
    const char *trace, *keys, *levels;
} openings[] = {
    {TRACE "0 irq a 1\n0.1 irq a 0\n1 +0 w1@0x48 01\nend 1\n", "", "1 0"},
    {TRACE "0 irq a 0\n0.1 irq a 1\n1 +0 w1@0x48 01\nend 1\n", "", "0 1"},
    {TRACE "0.1 irq a 1\n1 +0 w1@0x48 01\nend 1\n", "", "0 1"},
    {TRACE "1 +0 w1@0x48 01\n2 irq a 0\nend 1\n", "", "1 1"},
    {TRACE "1 +0 w1@0x48 01\nend 1\n", "", "0 0"},
    {TRACE "0 irq b 1\n0.1 irq b 0\n1 +0 w1@0x48 01\nend 1\n",
     ",line.c=trace:b", "1 0"},
    {TRACE "0 irq b 1\n0.1 irq b 0\n1 +0 w1@0x48 01\nend 1\n",
     ",line.c=trace:b,line.c.active-low=on", "0 1"},
};

START_TEST(level_at_opening)
{
    g_autofree char *keys =
        g_strdup_printf("match=strict%s", openings[_i].keys);
    struct i2cpt_adapter *a = open_trace(openings[_i].trace, keys);
    g_autofree char *found =
        g_strdup_printf("%d %d", i2cpt_adapter_line_level_at_opening(a, 0),
                        i2cpt_adapter_line_level(a, 0));

    ck_assert_str_eq(found, openings[_i].levels);
    ck_assert_int_eq(i2cpt_adapter_line_level_at_opening(a, 2), -EINVAL);
    i2cpt_adapter_unref(a);
}
END_TEST

/* Of one that is no recording: that of then. */
START_TEST(level_at_opening_of_a_stub)
{
    struct i2cpt_adapter *a = wire_stub(
        "chip 0x48 registers\nreg 0 = 01\nline int reg=0 mask=1\n", "");

    wire(a, "w 00 00");
    ck_assert_int_eq(i2cpt_adapter_line_level_at_opening(a, 0), 1);
    ck_assert_int_eq(i2cpt_adapter_line_level(a, 0), 0);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(changes_come_behind_transfers)
{
    const struct row *row = &rows[_i / 2];
    struct i2cpt_adapter *a = open_trace(row->trace, row->keys);
    g_autofree char *begin = levels(a);
    g_autoptr(GString) told = g_string_new("< ");
    int i;

    ck_assert_msg(!strcmp(begin, row->begin), "%s: %s", row->name, begin);
    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, hear, told), 0);
    for (i = 0; row->scripts[i]; i++) {
        _i % 2 ? wire_stream(a, row->scripts[i]) : wire(a, row->scripts[i]);
        i2cpt_dispatch(a);
        g_string_append(told, "< ");
    }
    ck_assert_msg(!strcmp(told->str, row->told), "%s: %s", row->name,
                  told->str);
    i2cpt_adapter_unref(a);
}
END_TEST

/* ----------------------------------------------------------------- by time */

static void wait_for(struct i2cpt_adapter *a, GString *told, const char *want)
{
    while (strcmp(told->str, want) != 0) {
        struct pollfd p = {.fd = i2cpt_adapter_fd(a), .events = POLLIN};

        ck_assert_msg(poll(&p, 1, 60000) == 1, "%s", told->str);
        i2cpt_dispatch(a);
        ck_assert_msg(g_str_has_prefix(want, told->str), "%s", told->str);
    }
}

/* No transfer comes any more: a thread delivers the rest. */
START_TEST(a_pulse_is_seen)
{
    struct i2cpt_adapter *a = open_trace(
        TRACE "1 +0 w1@0x48 01\n2 irq a 1\n3 irq a 0\n4 irq a 1\nend 1\n",
        _i ? "match=lookup" : "match=strict");
    g_autoptr(GString) told = g_string_new(NULL);

    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, hear, told), 0);
    wire(a, "w 01");
    wait_for(a, told, "a1 a0 a1 ");
    i2cpt_adapter_unref(a);
}
END_TEST

static void keep_stamps(struct i2cpt_adapter *a, unsigned line, int level,
                        uint64_t stamp_ns, void *user)
{
    uint64_t *stamps = user;

    stamps[stamps[0] ? 1 : 0] = stamp_ns;
}

/* Not before its time, however late. */
START_TEST(recorded_timing)
{
    struct i2cpt_adapter *a = open_trace(
        TRACE "1 +0.000100 w1@0x48 01\n1.020100 irq a 1\n1.030 irq a 0\n"
              "end 1\n",
        "match=strict,timing=recorded");
    uint64_t before_ns = 0, stamps[2] = {0, 0};
    struct timespec ts;

    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, keep_stamps, stamps), 0);
    clock_gettime(CLOCK_MONOTONIC, &ts);
    before_ns = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
    wire(a, "w 01");
    while (!stamps[1]) {
        struct pollfd p = {.fd = i2cpt_adapter_fd(a), .events = POLLIN};

        ck_assert_int_eq(poll(&p, 1, 60000), 1);
        i2cpt_dispatch(a);
    }
    ck_assert_uint_ge(stamps[0], before_ns + 20000000u);
    ck_assert_uint_ge(stamps[1], stamps[0] + 1000000u);
    i2cpt_adapter_unref(a);
}
END_TEST

/* ------------------------------------------------------------------ stalled */

static atomic_uint messages;
static char message[1024];

static void take_message(int level, const char *text, void *user)
{
    g_strlcpy(message, text, sizeof(message));
    atomic_fetch_add(&messages, 1);
}

/* Of each line that has a name "NAME:told/left", in the order of the header. */
static char *counts(const struct i2cpt_trace_verdict *v)
{
    GString *text = g_string_new(NULL);
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(v->lines) && *v->lines[i].name; i++) {
        g_string_append_printf(text, "%s%s:%u/%u", i ? " " : "",
                               v->lines[i].name, (unsigned)v->lines[i].changes,
                               (unsigned)v->lines[i].changes_left);
    }
    return g_string_free(text, FALSE);
}

/* Which change waits for which transfer, both by their lines of the trace,
 * before the first and behind each transfer; and what was told by then. */
#define HELD_TRACE                         \
    TRACE "1 +0 w1@0x48 01\n1.5 irq a 1\n" \
          "2 +0 w1@0x48 02\n2.5 irq b 1\n" \
          "3 +0 w1@0x50 03\n3.5 irq a 0\nend 3\n"
static const struct {
    const char *keys, *scripts[4], *held, *counts;
} held_rows[] = {
    {"match=strict", {NULL}, "4-3 ", "a:0/2 b:0/1"},
    {"match=strict", {"w 01"}, "4-3 6-5 ", "a:1/1 b:0/1"},
    {"match=strict",
     {"w 01", "w 02", "@50 w 03"},
     "4-3 6-5 8-7 0-0 ",
     "a:2/0 b:1/0"},
    {"match=per-address",
     {"@50 w 03", "w 01", "w 02"},
     "4-3 4-3 6-5 0-0 ",
     "a:2/0 b:1/0"},
    /* asked for since the change before was let go */
    {"match=lookup",
     {"w 01", "@50 w 03", "w 02"},
     "4-3 6-5 6-5 8-7 ",
     "a:1/1 b:1/0"},
};

static void add_held(GString *held, struct i2cpt_adapter *a,
                     struct i2cpt_trace_verdict *v)
{
    ck_assert_int_eq(i2cpt_trace_adapter_verdict(a, v, NULL), 0);
    g_string_append_printf(held, "%u-%u ", (unsigned)v->held_line,
                           (unsigned)v->held_for);
    ck_assert_uint_eq(v->stalls + v->stalled_line + v->stalled_for, 0);
}

START_TEST(what_is_held_for_what)
{
    struct i2cpt_trace_verdict v = {.size = sizeof(v)};
    g_autofree char *keys =
        g_strdup_printf("%s,line-stall-ms=0", held_rows[_i].keys);
    struct i2cpt_adapter *a = open_trace(HELD_TRACE, keys);
    g_autoptr(GString) held = g_string_new(NULL);
    g_autofree char *told = NULL;
    int i;

    add_held(held, a, &v);
    for (i = 0; held_rows[_i].scripts[i]; i++) {
        wire(a, held_rows[_i].scripts[i]);
        add_held(held, a, &v);
    }
    told = counts(&v);
    ck_assert_str_eq(held->str, held_rows[_i].held);
    ck_assert_str_eq(told, held_rows[_i].counts);
    i2cpt_adapter_unref(a);
}
END_TEST

/* line.NAME= gives them names of their own, and the trace has its. */
START_TEST(lines_are_called_as_in_the_trace)
{
    struct i2cpt_trace_verdict v = {.size = sizeof(v)};
    struct i2cpt_adapter *a =
        open_trace(HELD_TRACE, "match=strict,line.int=trace:b");
    g_autofree char *told = NULL;

    wire(a, "w 01");
    ck_assert_int_eq(i2cpt_trace_adapter_verdict(a, &v, NULL), 0);
    told = counts(&v);
    ck_assert_str_eq(told, "a:1/1 b:0/1");
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(held_back_for_too_long)
{
    struct i2cpt_trace_verdict v = {.size = sizeof(v)};
    struct i2cpt_adapter *a = open_trace(
        TRACE "1 +0 w1@0x48 01\n2 +0 w2@0x48 02 03\n3 irq a 1\n4 irq a 0\n"
              "end 2\n",
        "match=strict,line-stall-ms=1");

    i2cpt_set_log(take_message, NULL);
    wire(a, "w 01");
    while (!atomic_load(&messages)) {
        sched_yield();
    }
    ck_assert_int_eq(i2cpt_trace_adapter_verdict(a, &v, NULL), 0);
    ck_assert_uint_eq(v.stalls, 1);
    ck_assert_uint_eq(v.stalled_line, 5);
    ck_assert_uint_eq(v.stalled_for, 4);
    ck_assert_uint_eq(v.held_line, 5);
    ck_assert_uint_eq(v.held_for, 4);
    ck_assert_uint_eq(v.changes, 0);
    ck_assert_uint_eq(v.changes_left, 2);
    ck_assert_str_eq(v.stalled, message);
    ck_assert_msg(strstr(message, ":5: irq a 1 is held back") &&
                      strstr(message, "line 4 was not asked for: 2.000000 "
                                      "+0.000000 w2@0x48 02 03"),
                  "%s", message);
    i2cpt_adapter_unref(a);
    i2cpt_set_log(NULL, NULL);
    ck_assert_uint_eq(atomic_load(&messages), 1);
}
END_TEST

/* Two are: the verdict names the first, and counts what was told alone. */
START_TEST(held_back_twice)
{
    struct i2cpt_trace_verdict v = {.size = sizeof(v)};
    struct i2cpt_adapter *a =
        open_trace(TRACE "1 +0 w1@0x48 01\n2 +0 w1@0x48 02\n3 irq a 1\n"
                         "4 +0 w1@0x48 03\n5 irq a 0\nend 3\n",
                   "match=strict,line-stall-ms=1");

    i2cpt_set_log(take_message, NULL);
    wire(a, "w 01");
    while (atomic_load(&messages) < 1) {
        sched_yield();
    }
    wire(a, "w 02");
    while (atomic_load(&messages) < 2) {
        sched_yield();
    }
    ck_assert_int_eq(i2cpt_trace_adapter_verdict(a, &v, NULL), 0);
    ck_assert_uint_eq(v.stalls, 2);
    ck_assert_uint_eq(v.stalled_line, 5);
    ck_assert_uint_eq(v.stalled_for, 4);
    ck_assert_ptr_nonnull(strstr(v.stalled, ":5: irq a 1"));
    ck_assert_uint_eq(v.held_line, 7);
    ck_assert_uint_eq(v.held_for, 6);
    ck_assert_uint_eq(v.changes, 1);
    ck_assert_uint_eq(v.changes_left, 1);
    i2cpt_adapter_unref(a);
    i2cpt_set_log(NULL, NULL);
}
END_TEST

/* What only waits for its time was not told either. */
START_TEST(not_yet)
{
    struct i2cpt_trace_verdict v = {.size = sizeof(v)};
    struct i2cpt_adapter *a =
        open_trace(TRACE "1 +0 w1@0x48 01\n9999 irq a 1\nend 1\n",
                   "match=strict,timing=recorded");

    wire(a, "w 01");
    ck_assert_int_eq(i2cpt_trace_adapter_verdict(a, &v, NULL), 0);
    ck_assert_uint_eq(v.changes, 0);
    ck_assert_uint_eq(v.changes_left, 1);
    ck_assert_uint_eq(v.held_line, 0);
    ck_assert_uint_eq(v.held_for, 0);
    i2cpt_adapter_unref(a);
}
END_TEST

/* The first of them, in one message. */
START_TEST(not_named_is_told)
{
    struct i2cpt_adapter *a;

    i2cpt_set_log(take_message, NULL);
    a = open_trace(TRACE "0 irq a 1\n0 irq c 1\n1 irq d 0\nend 0\n",
                   "match=strict");
    i2cpt_adapter_unref(a);
    i2cpt_set_log(NULL, NULL);
    ck_assert_uint_eq(atomic_load(&messages), 1);
    ck_assert_msg(strstr(message, ":4: irq c: ") != NULL, "%s", message);
}
END_TEST

/* ------------------------------------------------------------- what is refused
 */

START_TEST(bad_names)
{
    static const char *const names[] = {"a a", "a.b",
                                        "abcdefghijklmnopqrstuvwxyz"
                                        "0123456"};
    g_autofree char *text = g_strdup_printf(
        "i2cpt-trace 1\nlines: %s\n0 irq a 1\nend 0\n", names[_i]);
    g_autofree char *spec = g_strdup_printf("trace,file=%s", wire_file(text));
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;

    ck_assert_int_eq(i2cpt_adapter_open(spec, &a, &fault), -EINVAL);
    ck_assert_msg(strstr(fault.text, "lines: '") != NULL, "%s", fault.text);
    wire_unlink();
}
END_TEST

/* ----------------------------------------------------- recorded and replayed
 */

#define ROUNDS 200

/* A guest that waits for the line and reads the sample, which lets go of it. */
static char *run_guest(struct i2cpt_adapter *a)
{
    GString *seen = g_string_new(NULL);
    uint64_t stamps[2] = {0, 0};
    unsigned n;

    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, keep_stamps, stamps), 0);
    for (n = 0; n < ROUNDS; n++) {
        while (!i2cpt_adapter_line_level(a, 0)) {
            struct pollfd p = {.fd = i2cpt_adapter_fd(a), .events = POLLIN};

            ck_assert_msg(poll(&p, 1, 60000) == 1, "round %u", n);
            i2cpt_dispatch(a);
        }
        g_string_append(seen, wire(a, "w 00 r2"));
    }
    return g_string_free(seen, FALSE);
}

START_TEST(a_session_again)
{
    static const char *const keys[] = {"match=strict", "match=per-address",
                                       "match=lookup",
                                       "match=strict,timing=recorded"};
    struct i2cpt_trace_verdict v = {.size = sizeof(v)};
    struct session_files files;
    struct i2cpt_adapter *a;
    g_autofree char *first = NULL, *again = NULL;

    session_begin(&files, "chip 0x48 registers\nreg 0 type=clear-on-read\n"
                          "line drdy every-us=200 samples=200 counter=1\n");
    a = session_open("stub,load=%s,record=%s", files.load, files.trace);
    first = run_guest(a);
    i2cpt_adapter_unref(a);
    a = session_open("trace,file=%s,%s", files.trace, keys[_i]);
    again = run_guest(a);
    ck_assert_str_eq(again, first);
    ck_assert_int_eq(i2cpt_trace_adapter_verdict(a, &v, NULL), 0);
    ck_assert_uint_eq(v.mismatches + v.remaining + v.changes_left, 0);
    ck_assert_uint_ge(v.changes, 2 * ROUNDS - 1);
    i2cpt_adapter_unref(a);
    session_end(&files);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lines-replay");
    TCase *tc = tcase_create("lines-replay");

    tcase_set_timeout(tc, 240);
    tcase_add_loop_test(tc, level_at_opening, 0, G_N_ELEMENTS(openings));
    tcase_add_test(tc, level_at_opening_of_a_stub);
    tcase_add_loop_test(tc, changes_come_behind_transfers, 0, 2 * ROWS);
    tcase_add_loop_test(tc, a_pulse_is_seen, 0, 2);
    tcase_add_test(tc, recorded_timing);
    tcase_add_loop_test(tc, what_is_held_for_what, 0,
                        (int)G_N_ELEMENTS(held_rows));
    tcase_add_test(tc, lines_are_called_as_in_the_trace);
    tcase_add_test(tc, held_back_for_too_long);
    tcase_add_test(tc, held_back_twice);
    tcase_add_test(tc, not_yet);
    tcase_add_test(tc, not_named_is_told);
    tcase_add_loop_test(tc, bad_names, 0, 3);
    tcase_add_loop_test(tc, a_session_again, 0, 4);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
