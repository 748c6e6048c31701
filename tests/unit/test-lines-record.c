/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes of lines in a recording: what is written, and in which order. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bus/calls.h"
#include "i2cpt-backend.h"
#include "i2cpt-lines.h"
#include "i2cpt-trace.h"
#include "lines/lines.h"
#include "record/irqs.h"
#include "session.h"
#include "unit.h"
#include "wire.h"

#define DRDY                                                           \
    "chip 0x48 registers\nreg 0 type=clear-on-read = 01\nreg 1 = 5a\n" \
    "line drdy reg=0\n"
#define TWO "chip 0x48 registers\nline a reg=0\nline b reg=1\nreg 1 = 01\n"

static struct i2cpt_backend_lines *moved;

/* Every line of the file but the specification's, stamps as '#', '*' where it
 * is that of the beginning; joined by " / ". */
static char *read_trace(const char *path)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    GString *out = g_string_new(NULL);
    char **line;

    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    lines = g_strsplit(text, "\n", 0);
    for (line = lines + 1; *line && **line; line++) {
        const char *p = *line;

        if (g_str_has_prefix(p, "adapter") || g_str_has_prefix(p, "func") ||
            g_str_has_prefix(p, "bus")) {
            continue;
        }
        g_string_append(out, out->len ? " / " : "");
        if (g_ascii_isdigit(*p)) {
            g_string_append(out, g_str_has_prefix(p, "0.000000 ") ? "*" : "#");
            p += strcspn(p, " ");
        }
        if (p[0] == ' ' && p[1] == '+') {
            p += 1 + strcspn(p + 1, " ");
        }
        g_string_append(out, p);
    }
    return g_string_free(out, FALSE);
}

static const struct row {
    const char *name, *chips, *script, *expected;
} rows[] = {
    {"no line, no header", "chip 0x48 registers\n", "w 00", "# w1@0x48 00"},
    {"levels at the start, changes behind their transfers", DRDY,
     "w 01 r1 p w 00 r1 p w 00 01 p w 01",
     "lines: drdy / * irq drdy 1 / # w1@0x48 01 r1 = 5a / "
     "# w1@0x48 00 r1 = 01 / # irq drdy 0 / # w2@0x48 00 01 / # irq drdy 1 / "
     "# w1@0x48 01"},
    {"two lines", TWO, "w 00 01 00 p w 00 00",
     "lines: a b / * irq a 0 / * irq b 1 / # w3@0x48 00 01 00 / # irq a 1 / "
     "# irq b 0 / # w2@0x48 00 00 / # irq a 0"},
};
#define ROWS ((int)G_N_ELEMENTS(rows))

/* As transfers, and as a stream, where changes come in the middle. */
START_TEST(what_is_written)
{
    const struct row *row = &rows[_i / 2];
    struct session_files files;
    struct i2cpt_adapter *a;
    g_autofree char *got = NULL, *want = NULL;

    session_begin(&files, row->chips);
    a = session_open("stub,load=%s,record=%s", files.load, files.trace);
    _i % 2 ? wire_stream(a, row->script) : wire(a, row->script);
    i2cpt_adapter_unref(a);
    got = read_trace(files.trace);
    /* the first transfer may begin within the first microsecond */
    want = g_strdup_printf("%s / end ", row->expected);
    g_strdelimit(got, "*", '#');
    g_strdelimit(want, "*", '#');
    ck_assert_msg(g_str_has_prefix(got, want), "%s: %s", row->name, got);
    session_end(&files);
}
END_TEST

START_TEST(levels_begin_at_stamp_0)
{
    struct session_files files;
    struct i2cpt_adapter *a;
    g_autofree char *got = NULL;

    session_begin(&files, DRDY);
    a = session_open("stub,load=%s,record=%s", files.load, files.trace);
    wire(a, "w 00 r1");
    i2cpt_adapter_unref(a);
    got = read_trace(files.trace);
    ck_assert_msg(strstr(got, "/ * irq drdy 1 /") != NULL, "%s", got);
    session_end(&files);
}
END_TEST

/* Whoever set the level looked at the clock before there was a file. */
START_TEST(a_change_from_before)
{
    struct session_files files;
    struct record_lines *l;
    g_autofree char *got = NULL;
    bool headers;

    session_begin(&files, DRDY);
    ck_assert_int_eq(
        record_lines_open(files.trace, RECORD_EMPTY, -1, &l, &headers, NULL),
        0);
    record_lines_irq(l, "drdy 1", 1);
    record_lines_close(l, -1);
    got = read_trace(files.trace);
    ck_assert_str_eq(got, "* irq drdy 1 / end 0");
    session_end(&files);
}
END_TEST

/* Who sets a level does not wait for a pipe's reader: the change goes out with
 * what may wait. */
START_TEST(a_pipe)
{
    struct i2cpt_lines *lines = lines_new();
    struct session_files files;
    struct record_lines *l;
    struct record_irqs *q;
    char text[4096] = "";
    bool headers;
    int fd;

    session_begin(&files, NULL);
    ck_assert_int_eq(lines_add(lines, "drdy", false), 0);
    ck_assert_int_eq(mkfifo(files.trace, 0600), 0);
    fd = open(files.trace, O_RDONLY | O_NONBLOCK);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(record_lines_open(files.trace, 0, -1, &l, &headers, NULL),
                     0);
    q = record_irqs_new(lines, l, -1, "drdy");
    lines_set(lines, 0, true, 1);
    (void)!read(fd, text, sizeof(text) - 1);
    ck_assert_msg(!strstr(text, " irq "), "%s", text);
    record_irqs_end(q);
    ck_assert_int_gt(read(fd, text, sizeof(text) - 1), 0);
    ck_assert_msg(strstr(text, " irq drdy 1\n") != NULL, "%s", text);
    record_irqs_free(q);
    record_lines_close(l, -1);
    lines_free(lines);
    close(fd);
    session_end(&files);
}
END_TEST

/* What closes the recording lets out what waits for a pipe. */
START_TEST(a_pipe_is_closed)
{
    struct i2cpt_lines *lines = lines_new();
    struct session_files files;
    struct record_lines *l;
    struct record_irqs *q;
    char text[4096] = "";
    bool headers;
    int fd;

    session_begin(&files, NULL);
    ck_assert_int_eq(lines_add(lines, "drdy", false), 0);
    ck_assert_int_eq(mkfifo(files.trace, 0600), 0);
    fd = open(files.trace, O_RDONLY | O_NONBLOCK);
    ck_assert_int_eq(record_lines_open(files.trace, 0, -1, &l, &headers, NULL),
                     0);
    q = record_irqs_new(lines, l, -1, "drdy");
    lines_set(lines, 0, true, 1);
    record_irqs_free(q);
    record_lines_close(l, -1);
    ck_assert_int_gt(read(fd, text, sizeof(text) - 1), 0);
    ck_assert_msg(strstr(text, " irq drdy 1\n") != NULL, "%s", text);
    lines_free(lines);
    close(fd);
    session_end(&files);
}
END_TEST

static unsigned count_irqs(const char *path)
{
    g_autofree char *text = NULL;
    const char *at;
    unsigned n = 0;

    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        return 0;
    }
    for (at = text; (at = strstr(at, " irq drdy ")); at++) {
        n++;
    }
    return n;
}

/* Nobody waits for a file: a change is in it at once, within a transfer behind
 * that, or when 4096 are there. Before the first is the level that was. */
START_TEST(a_file)
{
    struct i2cpt_lines *lines = lines_new();
    struct session_files files;
    struct record_lines *l;
    struct record_irqs *q;
    bool headers;
    unsigned i;

    session_begin(&files, NULL);
    ck_assert_int_eq(lines_add(lines, "drdy", false), 0);
    ck_assert_int_eq(record_lines_open(files.trace, 0, -1, &l, &headers, NULL),
                     0);
    q = record_irqs_new(lines, l, -1, "drdy");
    lines_set(lines, 0, true, 1);
    ck_assert_uint_eq(count_irqs(files.trace), 2);
    record_irqs_begin(q);
    for (i = 1; i < 4096; i++) {
        lines_set(lines, 0, !(i % 2), i + 1);
        ck_assert(i % 512 || count_irqs(files.trace) == 2);
    }
    ck_assert_uint_eq(count_irqs(files.trace), 2);
    lines_set(lines, 0, true, i + 1);
    ck_assert_uint_eq(count_irqs(files.trace), 2 + 4096);
    lines_set(lines, 0, false, i + 2);
    ck_assert_uint_eq(count_irqs(files.trace), 2 + 4096);
    record_irqs_end(q);
    ck_assert_uint_eq(count_irqs(files.trace), 2 + 4097);
    record_irqs_free(q);
    record_lines_close(l, -1);
    lines_free(lines);
    session_end(&files);
}
END_TEST

static void step(struct i2cpt_adapter *a, enum i2cpt_op op, uint8_t byte)
{
    struct i2cpt_call call = {
        .op = op, .owner = &moved, .addr = 0x48, .byte = byte};

    ck_assert_int_eq(bus_call_run(a, &call, NULL), 0);
}

/* A flush in the middle of a stream's transfer does not let out what happened
 * within it. */
START_TEST(a_flush_within_a_stream)
{
    struct session_files files;
    struct i2cpt_adapter *a;
    g_autofree char *got = NULL;

    session_begin(&files, "chip 0x48 registers\nline drdy reg=0\n");
    a = session_open("stub,load=%s,record=%s", files.load, files.trace);
    step(a, I2CPT_OP_STREAM_START, 0);
    step(a, I2CPT_OP_STREAM_WRITE, 0);
    step(a, I2CPT_OP_STREAM_WRITE, 1);
    ck_assert_int_eq(i2cpt_adapter_line_level(a, 0), 1);
    i2cpt_trace_record_flush(a);
    step(a, I2CPT_OP_STREAM_STOP, 0);
    i2cpt_adapter_unref(a);
    got = read_trace(files.trace);
    g_strdelimit(got, "*", '#');
    ck_assert_str_eq(got, "lines: drdy / # irq drdy 0 / # w2@0x48 00 01 / "
                          "# irq drdy 1 / end 1");
    session_end(&files);
}
END_TEST

/* A recording with nothing in it has no levels either. */
START_TEST(nothing_happened)
{
    struct session_files files;
    struct i2cpt_adapter *a;
    g_autofree char *got = NULL;

    session_begin(&files, DRDY);
    a = session_open("stub,load=%s,record=%s", files.load, files.trace);
    i2cpt_adapter_unref(a);
    got = read_trace(files.trace);
    ck_assert_str_eq(got, "lines: drdy / end 0");
    session_end(&files);
}
END_TEST

START_TEST(several_buses)
{
    struct session_files files;
    struct i2cpt_adapter *a, *b;
    g_autofree char *got = NULL;

    session_begin(&files, DRDY);
    a = session_open("stub,load=%s,record=%s,record-bus=1", files.load,
                     files.trace);
    b = session_open("stub,load=%s,record=%s,record-bus=2", files.load,
                     files.trace);
    wire(b, "w 00 r1");
    wire(a, "w 00 r1");
    i2cpt_adapter_unref(a);
    i2cpt_adapter_unref(b);
    got = read_trace(files.trace);
    g_strdelimit(got, "*", '#');
    ck_assert_str_eq(got,
                     "lines-1: drdy / lines-2: drdy / # irq i2c-2: drdy 1 / "
                     "# i2c-2: w1@0x48 00 r1 = 01 / # irq i2c-2: drdy 0 / "
                     "# irq i2c-1: drdy 1 / # i2c-1: w1@0x48 00 r1 = 01 / "
                     "# irq i2c-1: drdy 0 / end 2");
    session_end(&files);
}
END_TEST

/* Appending: the levels by then; and what the header does not name is not
 * written. */
START_TEST(appending)
{
    struct session_files files;
    struct i2cpt_adapter *a;
    g_autofree char *got = NULL;

    session_begin(&files, TWO);
    a = session_open("stub,load=%s,record=%s", files.load, files.trace);
    wire(a, "w 00 01");
    i2cpt_adapter_unref(a);
    ck_assert(g_file_set_contents(files.load,
                                  "chip 0x48 registers\nline c reg=0\n"
                                  "line b reg=0\nreg 0 = 01\n",
                                  -1, NULL));
    a = session_open("stub,load=%s,record=%s,record-append=on", files.load,
                     files.trace);
    wire(a, "w 00 00");
    i2cpt_adapter_unref(a);
    got = read_trace(files.trace);
    g_strdelimit(got, "*", '#');
    ck_assert_str_eq(got,
                     "lines: a b / # irq a 0 / # irq b 1 / # w2@0x48 00 01 / "
                     "# irq a 1 / end 1 / # irq b 1 / # w2@0x48 00 00 / "
                     "# irq b 0 / end 2");
    session_end(&files);
}
END_TEST

/* Behind a read of which it is still to be told how much was taken. */
START_TEST(behind_a_guess)
{
    static const char *const keys[] = {"transfer", "message", "probe", "off",
                                       NULL};
    struct session_files files;
    struct i2cpt_passthrough *pt;
    struct i2cpt_adapter *a;
    g_autofree char *got = NULL;
    uint64_t clock_ns = 0;
    uint8_t byte;

    session_begin(&files, DRDY);
    a = session_open("stub,load=%s,record=%s", files.load, files.trace);
    pt = session_guest(a, "0x48", keys, &clock_ns);
    i2cpt_passthrough_start(pt, 0x48, 0, 0);
    i2cpt_passthrough_write(pt, 0);
    i2cpt_passthrough_start(pt, 0x48, I2CPT_M_RD, 0);
    i2cpt_passthrough_read(pt, &byte);
    ck_assert_uint_eq(byte, 1);
    i2cpt_passthrough_nack(pt);
    i2cpt_passthrough_stop(pt);
    i2cpt_passthrough_free(pt);
    i2cpt_adapter_unref(a);
    got = read_trace(files.trace);
    ck_assert_msg(strstr(got, "%took-1 / # irq drdy 0 / end 1") != NULL, "%s",
                  got);
    session_end(&files);
}
END_TEST

static unsigned warned;

static void count_warnings(int level, const char *text, void *user)
{
    warned += strstr(text, "some are left out") != NULL;
}

/* Who sets levels goes on, what is left out is said, and the level is right in
 * the end, whichever it was when some were left out last. */
START_TEST(a_pipe_that_nobody_reads)
{
    struct i2cpt_lines *lines = lines_new();
    struct session_files files;
    struct record_lines *l;
    struct record_irqs *q;
    g_autofree char *text = g_malloc0(1 << 20);
    bool headers, level = false;
    const char *at;
    unsigned changes = _i ? 95905 : 100001, i;
    int fd;

    session_begin(&files, NULL);
    warned = 0;
    i2cpt_set_log(count_warnings, NULL);
    ck_assert_int_eq(lines_add(lines, "drdy", false), 0);
    ck_assert_int_eq(mkfifo(files.trace, 0600), 0);
    fd = open(files.trace, O_RDONLY | O_NONBLOCK);
    ck_assert_int_ge(fcntl(fd, F_SETPIPE_SZ, 1 << 20), 0);
    ck_assert_int_eq(record_lines_open(files.trace, 0, -1, &l, &headers, NULL),
                     0);
    q = record_irqs_new(lines, l, -1, "drdy");
    for (i = 1; i <= changes; i++) {
        lines_set(lines, 0, i % 2, i);
    }
    record_irqs_end(q);
    ck_assert_int_gt(read(fd, text, (1 << 20) - 1), 0);
    for (at = text; (at = strstr(at, " irq drdy ")); at++, i++) {
        bool told = at[10] == '1';

        ck_assert_msg(i == changes + 1 || told != level, "twice %d", told);
        level = told;
    }
    ck_assert(level);
    ck_assert_uint_eq(warned, 1);
    record_irqs_free(q);
    record_lines_close(l, -1);
    lines_free(lines);
    close(fd);
    i2cpt_set_log(NULL, NULL);
    session_end(&files);
}
END_TEST

static int open_line(void *user, const struct i2cpt_options *options,
                     void **instance, struct i2cpt_backend_info *info,
                     struct i2cpt_fault *fault)
{
    info->functionality = I2CPT_FUNC_I2C;
    moved = info->lines;
    return i2cpt_backend_line_add(info->lines, "int", 0);
}

static int no_transfer(void *instance, struct i2cpt_backend_xfer *x)
{
    return i2cpt_backend_fail(x->fault, ENXIO, I2CPT_PHASE_ADDRESS, 0, -1,
                              NULL);
}

/* What waits for a pipe is there when a flush has returned. */
START_TEST(a_flush)
{
    static const struct i2cpt_backend_ops ops = {.size = sizeof(ops),
                                                 .name = "one-line",
                                                 .open = open_line,
                                                 .transfer = no_transfer};
    struct session_files files;
    struct i2cpt_adapter *a;
    g_autofree char *keys = NULL;
    char text[4096] = "";
    ssize_t n;
    int fd;

    session_begin(&files, NULL);
    keys = g_strdup_printf("record=%s", files.trace);
    ck_assert_int_eq(mkfifo(files.trace, 0600), 0);
    fd = open(files.trace, O_RDONLY | O_NONBLOCK);
    ck_assert_int_eq(i2cpt_adapter_new(&ops, NULL, keys, &a, NULL), 0);
    i2cpt_backend_line_set(moved, 0, 1, 0);
    i2cpt_backend_line_set(moved, 0, 0, 0);
    n = read(fd, text, sizeof(text) - 1);
    ck_assert_ptr_null(strstr(text, " irq int 1\n"));
    ck_assert_int_eq(i2cpt_trace_record_flush(a), 0);
    n = MAX(n, 0);
    ck_assert_int_gt(read(fd, text + n, sizeof(text) - 1 - (size_t)n), 0);
    ck_assert_ptr_nonnull(strstr(text, " irq int 1\n"));
    ck_assert_ptr_nonnull(strstr(strstr(text, " irq int 1\n"), " irq int 0\n"));
    i2cpt_adapter_unref(a);
    close(fd);
    session_end(&files);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lines-record");
    TCase *tc = tcase_create("lines-record");

    tcase_add_loop_test(tc, what_is_written, 0, 2 * ROWS);
    tcase_add_test(tc, levels_begin_at_stamp_0);
    tcase_add_test(tc, a_change_from_before);
    tcase_add_test(tc, a_pipe);
    tcase_add_loop_test(tc, a_pipe_that_nobody_reads, 0, 2);
    tcase_add_test(tc, a_pipe_is_closed);
    tcase_add_test(tc, a_file);
    tcase_add_test(tc, a_flush);
    tcase_add_test(tc, a_flush_within_a_stream);
    tcase_add_test(tc, nothing_happened);
    tcase_add_test(tc, several_buses);
    tcase_add_test(tc, appending);
    tcase_add_test(tc, behind_a_guess);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
