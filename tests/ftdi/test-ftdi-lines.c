/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pins of a dongle as input lines: by the keys of a specification, the real
 * libftdi1 and libusb, and the virtual chip. */
#include <errno.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <string.h>

#include "../unit/unit.h"
#include "fake-dongle.h"
#include "i2cpt-lines.h"

enum { D6 = 6, C3 = 11 };

static struct fake_dongle *dongle;
static struct i2cpt_adapter *adapter;

static const struct dongle_config kinds[] = {
    {VCHIP_FT232H, 1, 5, "FT1", "C232HM"},
    {VCHIP_FT2232H, 1, 6, "FT2", "Dual RS232-HS"},
    {VCHIP_FT4232H, 1, 7, "FT4", "Quad RS232-HS"},
};

static void setup(void)
{
    fake_dongle_setup();
}

static void teardown(void)
{
    i2cpt_set_log(NULL, NULL);
    if (adapter) {
        i2cpt_adapter_unref(adapter);
        adapter = NULL;
    }
    if (dongle) {
        fake_dongle_free(dongle);
        dongle = NULL;
    }
    fake_dongle_teardown();
}

/* A machine may have more to do, a guest is slow. */
static int open_spec(const char *keys, struct i2cpt_fault *fault)
{
    g_autofree char *spec =
        g_strconcat("ftdi,frequency=400k,timeout-ms=20000", keys, NULL);

    return i2cpt_adapter_open(spec, &adapter, fault);
}

static void open_with(const char *keys)
{
    struct i2cpt_fault fault = {0};

    ck_assert_msg(!open_spec(keys, &fault), "%s: %s", keys, fault.text);
}

static void move(unsigned port, unsigned clocks, unsigned pin, bool level)
{
    fake_dongle_lock(dongle);
    bench_move(fake_dongle_bench(dongle, port), clocks, pin, level);
    fake_dongle_unlock(dongle);
}

static void write_bytes(unsigned n)
{
    uint8_t bytes[257] = {0x00};
    struct i2cpt_msg m = {BENCH_EEPROM_ADDR, 0, (uint16_t)n, 0, bytes};
    struct i2cpt_fault fault = {0};

    ck_assert_msg(!i2cpt_transfer(adapter, &m, 1, &fault), "%d %s", fault.code,
                  fault.text);
}

static GString *told;
static uint64_t told_ns;

static void tell(struct i2cpt_adapter *a, unsigned line, int level,
                 uint64_t stamp_ns, void *user)
{
    ck_assert_uint_ge(stamp_ns, told_ns);
    told_ns = stamp_ns;
    g_string_append_printf(told, "%s%d ", i2cpt_adapter_line_name(a, line),
                           level);
}

static void watch(void)
{
    told = g_string_new(NULL);
    told_ns = 0;
    ck_assert_int_eq(i2cpt_adapter_watch_lines(adapter, tell, NULL), 0);
}

/* For as long as it takes; Check's own patience ends a test in which nothing
 * comes. */
static void wait_told(const char *expected)
{
    struct pollfd p = {.fd = i2cpt_adapter_fd(adapter), .events = POLLIN};

    while (strlen(told->str) < strlen(expected)) {
        poll(&p, 1, -1);
        i2cpt_dispatch(adapter);
    }
    ck_assert_str_eq(told->str, expected);
    g_string_free(told, TRUE);
    watch();
}

static void unwatch(void)
{
    i2cpt_adapter_watch_lines(adapter, NULL, NULL);
    g_string_free(told, TRUE);
}

/* Nobody makes a transfer; port B likewise. */
START_TEST(idle)
{
    unsigned pin = kinds[_i].kind == VCHIP_FT4232H ? D6 : C3;
    unsigned port = kinds[_i].kind == VCHIP_FT232H ? 0 : 1, i;
    g_autofree char *keys =
        g_strdup_printf(",interface=%c,line-poll-us=1000,line.int=ftdi:%s",
                        'A' + port, pin == D6 ? "D6" : "C3");

    dongle = fake_dongle_new(&kinds[_i]);
    move(port, 0, pin, false);
    open_with(keys);
    ck_assert_int_eq(i2cpt_adapter_lines(adapter), 1);
    ck_assert_int_eq(i2cpt_adapter_line_level(adapter, 0), 0);
    watch();
    for (i = 0; i < 4; i++) {
        move(port, 0, pin, true);
        wait_told("int1 ");
        ck_assert_int_eq(i2cpt_adapter_line_level(adapter, 0), 1);
        move(port, 0, pin, false);
        wait_told("int0 ");
    }
    unwatch();
}
END_TEST

/* One pin under two names, one of them turned round, and another pin. */
START_TEST(turned_round)
{
    dongle = fake_dongle_new(&kinds[0]);
    open_with(",line.up=ftdi:C3,line.down=ftdi:C3,line.down.active-low=on,"
              "line.D6=ftdi,line-poll-us=1000");
    ck_assert_int_eq(i2cpt_adapter_lines(adapter), 3);
    ck_assert_int_eq(i2cpt_adapter_line_level(adapter, 0), 1);
    ck_assert_int_eq(i2cpt_adapter_line_level(adapter, 1), 0);
    ck_assert_int_eq(i2cpt_adapter_line_level(adapter, 2), 1);
    watch();
    move(0, 0, C3, false);
    wait_told("up0 down1 ");
    move(0, 0, D6, false);
    wait_told("D60 ");
    unwatch();
}
END_TEST

/* While 257 bytes are on the wire: what stays is told when they are over, and
 * before the call returns, so is what stayed long enough in the middle. With
 * line-poll-us=1000 that is 48 bytes. */
START_TEST(during_a_transfer)
{
    unsigned i;

    dongle = fake_dongle_new(&kinds[_i]);
    open_with(",line-poll-us=1000,line.int=ftdi:C3,line.int.active-low=on");
    watch();
    for (i = 0; i < 3; i++) {
        move(0, 400, C3, false);
        move(0, 1600, C3, true);
        move(0, 2200, C3, false);
        write_bytes(257);
        ck_assert_int_eq(i2cpt_adapter_line_level(adapter, 0), 1);
        wait_told("int1 int0 int1 ");
        move(0, 2200, C3, true);
        write_bytes(257);
        ck_assert_int_eq(i2cpt_adapter_line_level(adapter, 0), 0);
        wait_told("int0 ");
    }
    unwatch();
}
END_TEST

/* A chip that is served lets go of its line within the transfer: its reader
 * does not see it active any more. Slow looks would show it too late. */
START_TEST(let_go_by_a_transfer)
{
    unsigned i;

    dongle = fake_dongle_new(&kinds[0]);
    open_with(",line-poll-us=1000000,line.int=ftdi:C3");
    for (i = 0; i < 20; i++) {
        move(0, 9, C3, i & 1);
        write_bytes(2);
        ck_assert_int_eq(i2cpt_adapter_line_level(adapter, 0), i & 1);
    }
}
END_TEST

static const struct {
    const char *keys, *says;
} refused[] = {
    {",line.int=ftdi:D0",
     "line.int=ftdi:D0: this is an FT232H, and the pin is SCL of the bus"},
    {",line.int=ftdi:D4,line.b=ftdi:C9", "line.b=ftdi:C9: this is an FT232H"},
    {",line.int=C3",
     "line.int=C3: there is no such line; accepted is ftdi:PIN"},
    {",line.a=ftdi:C3,line.int=FTDI:C3", "accepted is ftdi:PIN"},
    {",clock-stretching=gpio,line.int=ftdi:D5", "accepted is ftdi:D4, ftdi:D6"},
    {",line.int=ftdi:C3,line-poll-us=499",
     "line-poll-us=499: accepted is 500 to 1000000"},
    {",line-poll-us=1000001", "accepted is 500 to 1000000"},
    {",line-poll-us=fast", "accepted is 500 to 1000000"},
    {",line.int.active-low=on", "the adapter has no line int"},
};

START_TEST(is_refused)
{
    struct i2cpt_fault fault = {0};

    dongle = fake_dongle_new(&kinds[0]);
    ck_assert_int_eq(open_spec(refused[_i].keys, &fault), -EINVAL);
    ck_assert_msg(strstr(fault.text, refused[_i].says), "%s: %s",
                  refused[_i].keys, fault.text);
    ck_assert_ptr_null(adapter);
    open_with(""); /* and it is free */
    ck_assert_int_eq(i2cpt_adapter_lines(adapter), 0);
}
END_TEST

/* Without a line nothing but the transfers goes out; with one they are as many.
 */
START_TEST(no_lines_no_looks)
{
    unsigned before, i;

    dongle = fake_dongle_new(&kinds[0]);
    open_with(_i ? ",line-poll-us=1000000,line.int=ftdi:C3"
                 : ",line-poll-us=500");
    before = fake_dongle_counts(dongle).bulk_out;
    for (i = 0; i < 50; i++) {
        write_bytes(2);
    }
    ck_assert_uint_eq(fake_dongle_counts(dongle).bulk_out, before + 50);
}
END_TEST

/* Requests that are on their way while others are on the wire, past which no
 * look goes; and all of them are answered. */
static void done(struct i2cpt_request *r, int result,
                 const struct i2cpt_fault *fault, void *user)
{
    ck_assert_int_eq(result, 0);
    ++*(unsigned *)user;
}

START_TEST(behind_each_other)
{
    uint8_t bytes[64][2] = {{0}};
    struct i2cpt_msg msgs[64];
    struct pollfd p = {.events = POLLIN};
    unsigned n = 0, i;

    dongle = fake_dongle_new(&kinds[0]);
    open_with(",line-poll-us=500,line.int=ftdi:C3");
    p.fd = i2cpt_adapter_fd(adapter);
    move(0, 100, C3, false);
    for (i = 0; i < 64; i++) {
        msgs[i] = (struct i2cpt_msg){BENCH_EEPROM_ADDR, 0, 2, 0, bytes[i]};
        ck_assert_int_eq(
            i2cpt_submit(adapter, &msgs[i], 1, 20000, done, &n, NULL), 0);
    }
    while (n < 64) {
        poll(&p, 1, -1);
        i2cpt_dispatch(adapter);
    }
    ck_assert_int_eq(i2cpt_adapter_line_level(adapter, 0), 0);
}
END_TEST

/* Two handles, each with a watch of its own; keys that differ are refused, and
 * the one that has the chip goes on. */
START_TEST(opened_twice)
{
    static const char *const others[] = {
        ",line.int=ftdi:C4", ",line.b=ftdi:C3",
        ",line.int=ftdi:C3,line-poll-us=2000",
        ",line.int=ftdi:C3,line.int.active-low=on"};
    struct i2cpt_adapter *first;
    struct i2cpt_fault fault = {0};
    unsigned i;

    dongle = fake_dongle_new(&kinds[0]);
    open_with(",line.int=ftdi:C3,line-poll-us=1000");
    first = adapter;
    for (i = 0; i < G_N_ELEMENTS(others); i++) {
        ck_assert_int_eq(open_spec(others[i], &fault), -EINVAL);
        ck_assert_msg(strstr(fault.text, "already open with "), "%s",
                      fault.text);
    }
    open_with(",line.int=ftdi:C3,line-poll-us=1000");
    watch();
    move(0, 0, C3, false);
    wait_told("int0 ");
    ck_assert_int_eq(i2cpt_adapter_line_level(first, 0), 0);
    i2cpt_adapter_unref(first);
    move(0, 0, C3, true);
    wait_told("int1 ");
    unwatch();
}
END_TEST

/* What moves while nobody watches is a level and no change. */
START_TEST(watched_anew)
{
    unsigned i;

    dongle = fake_dongle_new(&kinds[0]);
    open_with(",line.int=ftdi:C3,line-poll-us=500");
    for (i = 0; i < 10; i++) {
        watch();
        move(0, 0, C3, false);
        wait_told("int0 ");
        unwatch();
        move(0, 9, C3, true);
        write_bytes(2);
        ck_assert_int_eq(i2cpt_dispatch(adapter), 0);
        ck_assert_int_eq(i2cpt_adapter_line_level(adapter, 0), 1);
    }
}
END_TEST

/* Wherever the thread is just then. */
START_TEST(closed_in_a_look)
{
    unsigned times = fake_dongle_is_slow() ? 12 : 60, i;

    dongle = fake_dongle_new(&kinds[0]);
    for (i = 0; i < times; i++) {
        open_with(",line.int=ftdi:C3,line-poll-us=500");
        watch();
        move(0, 0, C3, i & 1);
        if (i % 3) {
            wait_told(i & 1 ? "int1 " : "int0 ");
        }
        if (i % 3 > 1) {
            g_usleep(100 * (i % 10)); /* of one look to the next */
        }
        i2cpt_adapter_unref(adapter);
        adapter = NULL;
        g_string_free(told, TRUE);
    }
}
END_TEST

/* ---------------------------------------------------------------- unplugged */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned warnings;
    char text[200];
} logged = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER};

static void note_log(int level, const char *line, void *user)
{
    pthread_mutex_lock(&logged.lock);
    logged.warnings++;
    g_strlcpy(logged.text, line, sizeof(logged.text));
    pthread_cond_signal(&logged.changed);
    pthread_mutex_unlock(&logged.lock);
}

/* Its lines stay as they are, which is told once, whoever found out. */
START_TEST(unplugged)
{
    struct i2cpt_msg m = {.addr = BENCH_EEPROM_ADDR};

    dongle = fake_dongle_new(&kinds[0]);
    logged.warnings = 0;
    i2cpt_set_log(note_log, NULL);
    open_with(_i ? ",line-poll-us=1000000,line.int=ftdi:C3"
                 : ",line-poll-us=500,line.int=ftdi:C3");
    fake_dongle_unplug_after(dongle, 0);
    if (_i) {
        ck_assert_int_eq(i2cpt_transfer(adapter, &m, 1, NULL), -ENODEV);
    }
    pthread_mutex_lock(&logged.lock);
    while (!logged.warnings) {
        pthread_cond_wait(&logged.changed, &logged.lock);
    }
    pthread_mutex_unlock(&logged.lock);
    ck_assert_msg(g_str_has_prefix(logged.text, "ftdi at ") &&
                      strstr(logged.text, "its lines stay as they are"),
                  "%s", logged.text);
    ck_assert_int_eq(i2cpt_transfer(adapter, &m, 1, NULL), -ENODEV);
    ck_assert_int_eq(i2cpt_adapter_line_level(adapter, 0), 1);
    i2cpt_adapter_unref(adapter);
    adapter = NULL;
    ck_assert_uint_eq(logged.warnings, 1);
}
END_TEST

static void count_end(struct i2cpt_request *r, int result,
                      const struct i2cpt_fault *fault, void *user)
{
    unsigned *ends = user;

    ++ends[!result ? 0 : result == -ENODEV ? 1 : 2];
}

/* After each URB of an opening, requests of which several are under way, and
 * closing: all of them are answered, and nobody waits for the thread that has
 * the bus, or it for them. */
START_TEST(unplugged_with_several_begun)
{
    enum { REQUESTS = 5 };
    uint8_t bytes[REQUESTS][2] = {{0}};
    struct i2cpt_msg msgs[REQUESTS];
    struct pollfd p = {.events = POLLIN};
    struct i2cpt_fault fault;
    unsigned most = _i || !fake_dongle_is_slow() ? 100 : 30; /* looks go on */
    unsigned ends[3], told_gone = 0, k, i;
    bool gone = true;
    int ret;

    dongle = fake_dongle_new(&kinds[0]);
    i2cpt_set_log(note_log, NULL);
    for (k = 0; gone && k < most; k++) {
        fake_dongle_plug(dongle);
        fake_dongle_unplug_after(dongle, k);
        ret = open_spec(_i ? ",line-poll-us=1000000,line.int=ftdi:C3"
                           : ",line-poll-us=500,line.int=ftdi:C3",
                        &fault);
        gone = fake_dongle_unplugged(dongle);
        if (ret) {
            ck_assert_msg(gone && ret == -ENODEV, "URB %u: %d", k, ret);
            continue;
        }
        memset(ends, 0, sizeof(ends));
        p.fd = i2cpt_adapter_fd(adapter);
        for (i = 0; i < REQUESTS; i++) {
            msgs[i] = (struct i2cpt_msg){BENCH_EEPROM_ADDR, 0, 2, 0, bytes[i]};
            ret = i2cpt_submit(adapter, &msgs[i], 1, 20000, count_end, ends,
                               NULL);
            ends[1] += ret == -ENODEV;
            ends[2] += ret && ret != -ENODEV;
        }
        while (ends[0] + ends[1] + ends[2] < REQUESTS) {
            poll(&p, 1, -1);
            i2cpt_dispatch(adapter);
        }
        gone = fake_dongle_unplugged(dongle);
        ck_assert_msg(!ends[2] && (gone || !ends[1]), "URB %u: %u, %u, %u", k,
                      ends[0], ends[1], ends[2]);
        told_gone += ends[1] > 1;
        ck_assert_int_eq(i2cpt_adapter_line_level(adapter, 0), 1);
        i2cpt_adapter_unref(adapter);
        adapter = NULL;
    }
    ck_assert(!_i || told_gone > 1);
}
END_TEST

/* ----------------------------------------------------------------- recorded */

/* What a recording has of it, and a replay gives back. */
START_TEST(recorded)
{
    g_autofree char *dir = g_dir_make_tmp("i2cpt-ftdi-lines-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "t.i2ct", NULL);
    g_autofree char *keys = g_strdup_printf(
        ",line-poll-us=1000,line.int=ftdi:C3,line.int.active-low=on,record=%s",
        path);
    g_autofree char *spec = g_strdup_printf("trace,file=%s", path);
    g_autofree char *text = NULL;
    const char *at;

    dongle = fake_dongle_new(&kinds[0]);
    open_with(keys);
    move(0, 9, C3, false);
    write_bytes(2);
    move(0, 9, C3, true);
    write_bytes(3);
    i2cpt_adapter_unref(adapter);
    adapter = NULL;
    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    ck_assert_ptr_nonnull(strstr(text, "\nlines: int\n"));
    at = strstr(text, " irq int 0\n");
    at = at ? strstr(at, " w2@0x50 00 00\n") : NULL;
    at = at ? strstr(at, " irq int 1\n") : NULL;
    at = at ? strstr(at, " w3@0x50 00 00 00\n") : NULL;
    ck_assert_msg(at && strstr(at, " irq int 0\n"), "%s", text);

    ck_assert_int_eq(i2cpt_adapter_open(spec, &adapter, NULL), 0);
    watch();
    ck_assert_int_eq(i2cpt_adapter_line_level(adapter, 0), 0);
    write_bytes(2);
    wait_told("int1 ");
    write_bytes(3);
    wait_told("int0 ");
    unwatch();
    g_unlink(path);
    g_rmdir(dir);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ftdi-lines");
    TCase *tcase = tcase_create("ftdi-lines");

    tcase_set_timeout(tcase, 200);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, idle, 0, 3);
    tcase_add_test(tcase, turned_round);
    tcase_add_loop_test(tcase, during_a_transfer, 0, 2);
    tcase_add_test(tcase, let_go_by_a_transfer);
    tcase_add_loop_test(tcase, is_refused, 0, (int)G_N_ELEMENTS(refused));
    tcase_add_loop_test(tcase, no_lines_no_looks, 0, 2);
    tcase_add_test(tcase, behind_each_other);
    tcase_add_test(tcase, opened_twice);
    tcase_add_test(tcase, watched_anew);
    tcase_add_test(tcase, closed_in_a_look);
    tcase_add_loop_test(tcase, unplugged, 0, 2);
    tcase_add_loop_test(tcase, unplugged_with_several_begun, 0, 2);
    tcase_add_test(tcase, recorded);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
