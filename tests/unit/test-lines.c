/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of an adapter: the stub's, as transfers and streams move them, and how
 * a handle is told. */
#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "bus/bus.h"
#include "i2cpt-lines.h"
#include "lines/lines.h"
#include "unit.h"
#include "wire.h"

/* What a handle was told, "int1 int0 ". */
struct heard {
    GString *text;
    uint64_t last_ns;
    bool backwards; /* a stamp before the one before it */
};

static void hear(struct i2cpt_adapter *a, unsigned line, int level,
                 uint64_t stamp_ns, void *user)
{
    struct heard *h = user;

    g_string_append_printf(h->text, "%s%d ", i2cpt_adapter_line_name(a, line),
                           level);
    h->backwards |= stamp_ns < h->last_ns;
    h->last_ns = stamp_ns;
}

static bool is_readable(struct i2cpt_adapter *a)
{
    struct pollfd p = {.fd = i2cpt_adapter_fd(a), .events = POLLIN};

    ck_assert_int_ge(p.fd, 0);
    return poll(&p, 1, 0) == 1;
}

/* ------------------------------------------------------- what moves a line */

#define DRDY                                                           \
    "chip 0x48 registers\nreg 0 type=clear-on-read = 01\nreg 1 = 5a\n" \
    "line drdy reg=0\n"
#define MASKED "chip 0x48 registers\nline int reg=7 mask=0x0c\n"
#define ALERT                                                         \
    "chip 0x48 sensor\nreg 0 = 14 00\nreg 2 = 0a 00\nreg 3 = 20 00\n" \
    "line os when=above reg=0 limit=3 bytes=2\n"                      \
    "line cold when=below reg=0 limit=2 bytes=2\n"
#define SIGNED                                      \
    "chip 0x48 registers\nreg 0 = 05\nreg 1 = fb\n" \
    "line low when=below reg=0 limit=1\n"
#define EXPANDER                        \
    "chip 0x48 registers\nreg 0 = f0\n" \
    "line int when=changed reg=0 mask=0xff\n"

static const struct row {
    const char *name, *chips, *begin, *script, *told;
} rows[] = {
    {"data ready: reading it ends it", DRDY, "drdy1", "w 00 r1", "drdy0 "},
    {"data ready: reading something else does not", DRDY, "drdy1", "w 01 r1",
     ""},
    {"data ready: set again", DRDY, "drdy1", "w 00 r1 p w 00 01 p w 00 r1",
     "drdy0 drdy1 drdy0 "},
    {"mask: a bit beside it", MASKED, "int0", "w 07 03", ""},
    {"mask: either bit, and no change between them", MASKED, "int0",
     "w 07 04 p w 07 08 p w 07 0c p w 07 00", "int1 int0 "},
    {"alert: above, back, below", ALERT, "os0 cold0",
     "w 00 20 01 p w 00 20 00 p w 00 09 ff", "os1 os0 cold1 "},
    {"alert: the limit is moved", ALERT, "os0 cold0", "w 03 10 00", "os1 "},
    {"alert: a negative value", ALERT, "os0 cold0", "w 00 e0 00", "cold1 "},
    {"alert: a negative limit of a byte", SIGNED, "low0", "w 00 fa p w 00 fc",
     "low1 low0 "},
    {"expander: a change, until it is read", EXPANDER, "int0",
     "w 00 f1 p w 01 r1 p w 00 r1", "int1 int0 "},
    {"expander: changed back is no change", EXPANDER, "int0",
     "w 00 f1 p w 00 f0", "int1 int0 "},
    {"expander: another change after the reading", EXPANDER, "int0",
     "w 00 f1 p w 00 r1 p w 00 f3", "int1 int0 int1 "},
    {"two chips, a line each",
     "chip 0x48 registers\nline a\nchip 0x49 registers\nline b\n", "a0 b0",
     "@48 w 00 01 p @49 w 00 01 p @48 w 00 00", "a1 b1 a0 "},
};
#define ROWS ((int)G_N_ELEMENTS(rows))

static void check_begin(struct i2cpt_adapter *a, const char *begin)
{
    g_autoptr(GString) text = g_string_new(NULL);
    int i;

    for (i = 0; i < i2cpt_adapter_lines(a); i++) {
        const char *name = i2cpt_adapter_line_name(a, (unsigned)i);

        ck_assert_int_eq(i2cpt_adapter_line_find(a, name), i);
        g_string_append_printf(text, "%s%s%d", i ? " " : "", name,
                               i2cpt_adapter_line_level(a, (unsigned)i));
    }
    ck_assert_str_eq(text->str, begin);
}

START_TEST(a_line_follows_its_register)
{
    const struct row *row = &rows[_i / 2];
    struct i2cpt_adapter *a = wire_stub(row->chips, "");
    struct heard h = {g_string_new(NULL)};

    check_begin(a, row->begin);
    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, hear, &h), 0);
    ck_assert(!is_readable(a));
    _i % 2 ? wire_stream(a, row->script) : wire(a, row->script);
    ck_assert_msg(h.text->len == 0, "%s: told outside of dispatch", row->name);
    ck_assert_int_eq(is_readable(a), row->told[0] != 0);
    i2cpt_dispatch(a);
    ck_assert_msg(!strcmp(h.text->str, row->told), "%s: told \"%s\"", row->name,
                  h.text->str);
    ck_assert(!h.backwards);
    ck_assert(!is_readable(a));
    i2cpt_adapter_unref(a);
    g_string_free(h.text, TRUE);
}
END_TEST

/* ------------------------------------------------------ what a file may say */

static const struct {
    const char *chips, *why;
} refused[] = {
    {"line int\n", "chip"},
    {"chip 0x48 registers\nline\n", "a name has 1 to 31"},
    {"chip 0x48 registers\nline a.b\n", "a name has 1 to 31"},
    {"chip 0x48 registers\nline a\nline a\n", "there is one"},
    {"chip 0x48 registers\nline a when=high\n", "set|above|below|changed"},
    {"chip 0x48 registers\nline a mask=0\n", "mask=0"},
    {"chip 0x48 registers\nline a when=above\n", "limit= goes with"},
    {"chip 0x48 registers\nline a limit=1\n", "limit= goes with"},
    {"chip 0x48 registers\nline a samples=3\n", "every-us="},
    {"chip 0x48 registers\nline a counter=3\n", "every-us="},
    {"chip 0x48 sensor\nreg 0 = 00\nline a every-us=5\n", "kind registers"},
    {"chip 0x48 sensor\nreg 0 = 00\nline a when=changed\n", "kind registers"},
    {"chip 0x48 registers\nline a when=below limit=1 every-us=5\n",
     "when=set and when=changed"},
};

START_TEST(a_file_is_refused)
{
    const char *path = wire_file(refused[_i].chips);
    g_autofree char *spec = g_strdup_printf("stub,load=%s", path);
    struct i2cpt_adapter *a = NULL;
    struct i2cpt_fault fault;

    ck_assert_int_eq(i2cpt_adapter_open(spec, &a, &fault), -EINVAL);
    ck_assert_msg(strstr(fault.text, refused[_i].why) &&
                      strstr(fault.text, path),
                  "%s", fault.text);
    wire_unlink();
}
END_TEST

START_TEST(more_lines_than_an_adapter_has)
{
    g_autoptr(GString) chips = g_string_new("chip 0x48 registers\n");
    struct i2cpt_adapter *a;
    unsigned i;

    for (i = 0; i < LINES_MAX; i++) {
        g_string_append_printf(chips, "line l%u reg=%u\n", i, i);
    }
    a = wire_stub(chips->str, "");
    ck_assert_int_eq(i2cpt_adapter_lines(a), LINES_MAX);
    ck_assert_int_eq(i2cpt_adapter_line_level(a, LINES_MAX), -EINVAL);
    ck_assert_ptr_null(i2cpt_adapter_line_name(a, LINES_MAX));
    ck_assert_int_eq(i2cpt_adapter_line_find(a, "l32"), -ENOENT);
    i2cpt_adapter_unref(a);
    g_string_append(chips, "line more\n");
    {
        g_autofree char *spec =
            g_strdup_printf("stub,load=%s", wire_file(chips->str));
        struct i2cpt_fault fault;

        ck_assert_int_eq(i2cpt_adapter_open(spec, &a, &fault), -EINVAL);
        ck_assert_ptr_nonnull(strstr(fault.text, "at most 32"));
        wire_unlink();
    }
}
END_TEST

/* ----------------------------------------------------- samples by themselves
 */

static void wait_readable(struct i2cpt_adapter *a)
{
    struct pollfd p = {.fd = i2cpt_adapter_fd(a), .events = POLLIN};

    ck_assert_int_eq(poll(&p, 1, 60000), 1);
}

/* As many as were asked for, none left out and none twice, each after the one
 * before it was fetched. */
START_TEST(samples_come_one_by_one)
{
    struct i2cpt_adapter *a =
        wire_stub("chip 0x48 registers\nreg 0 type=clear-on-read\n"
                  "line drdy every-us=100 samples=20 counter=1\n",
                  "");
    struct heard h = {g_string_new(NULL)};
    const char *told;
    unsigned n;

    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, hear, &h), 0);
    for (n = 1; n <= 20; n++) {
        g_autofree char *want = g_strdup_printf("= 01 %02x", n);

        while (!i2cpt_adapter_line_level(a, 0)) {
            wait_readable(a);
            i2cpt_dispatch(a);
        }
        ck_assert_str_eq(wire(a, "w 00 r2"), want);
        i2cpt_dispatch(a);
    }
    /* the first one may have been there before the watch */
    told =
        g_str_has_prefix(h.text->str, "drdy0") ? h.text->str + 6 : h.text->str;
    for (n = 0; told[12 * n]; n++) {
        ck_assert_int_eq(strncmp(told + n * 12, "drdy1 drdy0 ", 12), 0);
    }
    ck_assert_uint_eq(n, told == h.text->str ? 20 : 19);
    i2cpt_adapter_unref(a);
    g_string_free(h.text, TRUE);
}
END_TEST

/* ------------------------------------------------------- how a handle is told
 */

static struct i2cpt_adapter *open_masked(void)
{
    return wire_stub(MASKED, "");
}

START_TEST(an_adapter_without_lines)
{
    struct i2cpt_adapter *a = wire_open("stub,chips=0x48");

    ck_assert_int_eq(i2cpt_adapter_lines(a), 0);
    ck_assert_ptr_null(i2cpt_adapter_line_name(a, 0));
    ck_assert_int_eq(i2cpt_adapter_line_find(a, "int"), -ENOENT);
    ck_assert_int_eq(i2cpt_adapter_line_level(a, 0), -EINVAL);
    ck_assert_int_eq(i2cpt_adapter_line_level_at_opening(a, 0), -EINVAL);
    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, hear, NULL), -EOPNOTSUPP);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(what_was_before_the_watch_is_not_told)
{
    struct i2cpt_adapter *a = open_masked();
    struct heard h = {g_string_new(NULL)};

    wire(a, "w 07 04");
    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, hear, &h), 0);
    ck_assert_int_eq(i2cpt_adapter_line_level(a, 0), 1);
    wire(a, "w 07 00");
    ck_assert_int_eq(i2cpt_dispatch(a), 1);
    ck_assert_str_eq(h.text->str, "int0 ");
    i2cpt_adapter_unref(a);
    g_string_free(h.text, TRUE);
}
END_TEST

START_TEST(a_watch_that_ends_drops_what_waits)
{
    struct i2cpt_adapter *a = open_masked();
    struct heard h = {g_string_new(NULL)}, second = {g_string_new(NULL)};

    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, NULL, NULL), 0);
    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, hear, &h), 0);
    wire(a, "w 07 04");
    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, NULL, NULL), 0);
    ck_assert(!is_readable(a));
    wire(a, "w 07 00");
    ck_assert(!is_readable(a));
    ck_assert_int_eq(i2cpt_dispatch(a), 0);
    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, hear, &second), 0);
    wire(a, "w 07 04");
    ck_assert_int_eq(i2cpt_dispatch(a), 1);
    ck_assert_str_eq(h.text->str, "");
    ck_assert_str_eq(second.text->str, "int1 ");
    i2cpt_adapter_unref(a);
    g_string_free(h.text, TRUE);
    g_string_free(second.text, TRUE);
}
END_TEST

START_TEST(each_handle_is_told)
{
    struct i2cpt_adapter *a = open_masked(), *b;
    struct heard one = {g_string_new(NULL)}, two = {g_string_new(NULL)};

    ck_assert_int_eq(i2cpt_adapter_as_client(a, 7, &b), 0);
    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, hear, &one), 0);
    ck_assert_int_eq(i2cpt_adapter_watch_lines(b, hear, &two), 0);
    wire(a, "w 07 04");
    ck_assert_int_eq(i2cpt_dispatch(b), 1);
    i2cpt_adapter_unref(b);
    wire(a, "w 07 00");
    ck_assert_int_eq(i2cpt_dispatch(a), 2);
    ck_assert_str_eq(one.text->str, "int1 int0 ");
    ck_assert_str_eq(two.text->str, "int1 ");
    i2cpt_adapter_unref(a);
    g_string_free(one.text, TRUE);
    g_string_free(two.text, TRUE);
}
END_TEST

/* A guest that serves its interrupt right there: the change that this makes is
 * told too, by the dispatch that is on its way. */
static void serve(struct i2cpt_adapter *a, unsigned line, int level,
                  uint64_t stamp_ns, void *user)
{
    hear(a, line, level, stamp_ns, user);
    if (level) {
        wire(a, "w 07 00");
        ck_assert_int_eq(i2cpt_dispatch(a), 0);
    }
}

START_TEST(the_function_makes_transfers)
{
    struct i2cpt_adapter *a = open_masked();
    struct heard h = {g_string_new(NULL)};

    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, serve, &h), 0);
    wire(a, "w 07 04");
    ck_assert_int_eq(i2cpt_dispatch(a), 2);
    ck_assert_str_eq(h.text->str, "int1 int0 ");
    i2cpt_adapter_unref(a);
    g_string_free(h.text, TRUE);
}
END_TEST

static void end_it(struct i2cpt_adapter *a, unsigned line, int level,
                   uint64_t stamp_ns, void *user)
{
    hear(a, line, level, stamp_ns, user);
    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, NULL, NULL), 0);
    i2cpt_adapter_unref(a);
}

START_TEST(the_function_ends_the_watch_and_the_handle)
{
    struct i2cpt_adapter *a = open_masked();
    struct heard h = {g_string_new(NULL)};

    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, end_it, &h), 0);
    wire(a, "w 07 04 p w 07 00");
    ck_assert_int_eq(i2cpt_dispatch(a), 1);
    ck_assert_str_eq(h.text->str, "int1 ");
    g_string_free(h.text, TRUE);
}
END_TEST

/* Whether a thread of this process sleeps, as one that waits does; the first
 * one has the process's number. Without Linux's /proc the test sees less. */
static bool sleeps(pid_t thread)
{
    g_autofree char *path =
        g_strdup_printf("/proc/self/task/%d/stat", (int)thread);
    g_autofree char *text = NULL;
    const char *behind;

    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        return true;
    }
    behind = strrchr(text, ')');
    return behind && behind[1] == ' ' && behind[2] == 'S';
}

struct ending {
    struct i2cpt_adapter *adapter;
    pid_t who;
    atomic_bool begun, ends, ended;
    unsigned told;
};

/* It goes on until the other thread waits for it. */
static void until_it_waits(struct i2cpt_adapter *a, unsigned line, int level,
                           uint64_t stamp_ns, void *user)
{
    struct ending *e = user;

    e->told++;
    atomic_store(&e->begun, true);
    while (!atomic_load(&e->ends) || !sleeps(e->who)) {
        sched_yield();
    }
    atomic_store(&e->ended, true);
}

static void *dispatch_elsewhere(void *user)
{
    i2cpt_dispatch(((struct ending *)user)->adapter);
    return NULL;
}

/* By another thread: when it has ended, the function has returned, and is not
 * called for what waited behind. */
START_TEST(ending_waits_for_the_function)
{
    struct i2cpt_adapter *a = open_masked();
    struct ending e = {.adapter = a, .who = getpid()};
    pthread_t thread;

    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, until_it_waits, &e), 0);
    wire(a, "w 07 04 p w 07 00 p w 07 04");
    ck_assert_int_eq(pthread_create(&thread, NULL, dispatch_elsewhere, &e), 0);
    while (!atomic_load(&e.begun)) {
        sched_yield();
    }
    atomic_store(&e.ends, true);
    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, NULL, NULL), 0);
    ck_assert(atomic_load(&e.ended));
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_uint_eq(e.told, 1);
    i2cpt_adapter_unref(a);
}
END_TEST

/* SMBus alert: who it was is asked at the Alert Response Address, and lets go
 * of the line when it has said so (docs/lines.md). */
START_TEST(smbus_alert)
{
    struct i2cpt_adapter *a =
        wire_stub("chip 0x0c registers\nreg 0 type=clear-on-read\n"
                  "line alert reg=0 mask=0xfe\n",
                  "");
    struct i2cpt_fault fault;
    int i;

    for (i = 0x48; i < 0x4b; i++) {
        ck_assert_int_eq(i2cpt_adapter_line_level(a, 0), 0);
        ck_assert_int_eq(i2cpt_smbus_write_byte_data(
                             a, 0x0c, 0, 0, (uint8_t)(i << 1 | 1), &fault),
                         0);
        ck_assert_int_eq(i2cpt_smbus_send_byte(a, 0x0c, 0, 0, &fault), 0);
        ck_assert_int_eq(i2cpt_adapter_line_level(a, 0), 1);
        ck_assert_int_eq(i2cpt_smbus_receive_byte(a, 0x0c, 0, &fault) >> 1, i);
    }
    ck_assert_int_eq(i2cpt_adapter_line_level(a, 0), 0);
    i2cpt_adapter_unref(a);
}
END_TEST

/* As long as this goes on, three wait. */
static void turn(struct i2cpt_adapter *a, unsigned line, int level,
                 uint64_t stamp_ns, void *user)
{
    unsigned *told = user;

    (*told)++;
    ck_assert_int_eq(level, *told % 2);
    if (*told <= 5000) {
        wire(a, level ? "w 07 00" : "w 07 04");
    }
}

/* However many were told: none of those that wait is left out. */
START_TEST(a_dispatch_that_goes_on_and_on)
{
    struct i2cpt_adapter *a = open_masked();
    unsigned told = 0;

    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, turn, &told), 0);
    wire(a, "w 07 04 p w 07 00 p w 07 04");
    ck_assert_int_eq(i2cpt_dispatch(a), 5003);
    i2cpt_adapter_unref(a);
}
END_TEST

/* What is left of each line stays in order. */
START_TEST(nobody_dispatches_two_lines)
{
    struct i2cpt_adapter *a =
        wire_stub("chip 0x48 registers\nline a reg=0\nline b reg=1\n", "");
    struct heard h = {g_string_new(NULL)};
    unsigned i;

    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, hear, &h), 0);
    wire(a, "w 01 01");
    for (i = 1; i <= 4096; i++) {
        wire(a, i % 2 ? "w 00 01" : "w 00 00");
    }
    ck_assert_int_eq(i2cpt_dispatch(a), 3);
    ck_assert_str_eq(h.text->str, "b1 a1 a0 ");
    ck_assert(!h.backwards);
    i2cpt_adapter_unref(a);
    g_string_free(h.text, TRUE);
}
END_TEST

/* More changes than are kept: what is told ends with the level that is. */
START_TEST(nobody_dispatches)
{
    struct i2cpt_adapter *a = open_masked();
    struct heard h = {g_string_new(NULL)};
    unsigned i, begin = _i ? 4097 : 4096;

    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, hear, &h), 0);
    for (i = 1; i <= begin; i++) {
        wire(a, i % 2 ? "w 07 04" : "w 07 00");
    }
    /* 4096 are kept; with one more they are one, which here is the first
     * level again, and the one more */
    ck_assert_int_eq(i2cpt_dispatch(a), _i ? 1 : 4096);
    ck_assert(g_str_has_suffix(h.text->str, _i ? "int1 " : "int0 "));
    ck_assert_int_eq(i2cpt_adapter_line_level(a, 0), _i);
    i2cpt_adapter_unref(a);
    g_string_free(h.text, TRUE);
}
END_TEST

static Suite *lines_suite(void)
{
    Suite *suite = suite_create("lines");
    TCase *tc = tcase_create("lines");

    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, a_line_follows_its_register, 0, 2 * ROWS);
    tcase_add_loop_test(tc, a_file_is_refused, 0, (int)G_N_ELEMENTS(refused));
    tcase_add_test(tc, more_lines_than_an_adapter_has);
    tcase_add_test(tc, samples_come_one_by_one);
    tcase_add_test(tc, smbus_alert);
    tcase_add_test(tc, an_adapter_without_lines);
    tcase_add_test(tc, what_was_before_the_watch_is_not_told);
    tcase_add_test(tc, a_watch_that_ends_drops_what_waits);
    tcase_add_test(tc, each_handle_is_told);
    tcase_add_test(tc, the_function_makes_transfers);
    tcase_add_test(tc, the_function_ends_the_watch_and_the_handle);
    tcase_add_test(tc, ending_waits_for_the_function);
    tcase_add_loop_test(tc, nobody_dispatches, 0, 2);
    tcase_add_test(tc, nobody_dispatches_two_lines);
    tcase_add_test(tc, a_dispatch_that_goes_on_and_on);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return unit_run(lines_suite());
}
