/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What record= writes, how traces are appended to, and what a full disk or a
 * killed process leaves. */
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "replay.h"
#include "session.h"
#include "bus/calls.h"
#include "unit.h"

static struct session_files files;

static void make_files(void)
{
    static const char chips[] =
        "chip 0x48 sensor\nreg 0 = 1a c0\n"
        "chip 0x50 eeprom size=256 page=16 cycle-nacks=1\n"
        "chip 0x20 registers\nreg 0 = 10 11 12\nfault nack at=2 on=write "
        "count=1\n"
        "chip 0x0b smbus pec=accept\nreg 0x20 type=block = 61 62\n"
        "reg 1 type=word = 34 12\nreg 2 type=byte = 07\nreg 3 type=call\n";

    session_begin(&files, chips);
}

static void drop_files(void)
{
    session_end(&files);
}

static struct i2cpt_adapter *open_stub(const char *more)
{
    return session_open("stub,load=%s,record=%s%s", files.load, files.trace,
                        more);
}

/* Transfers of the file, without their times. */
static char *recorded(void)
{
    GString *out = g_string_new("");
    const struct i2cpt_trace_line *line;
    struct i2cpt_trace_reader *r;
    struct i2cpt_fault fault;
    char text[512];
    int ret;

    ck_assert_msg(!i2cpt_trace_reader_open(files.trace, &r, &fault), "%s",
                  fault.text);
    while ((ret = i2cpt_trace_reader_next(r, &line, &fault)) == 1) {
        if (line->kind == I2CPT_TRACE_TRANSFER) {
            ck_assert_int_gt(i2cpt_trace_line_format(line, text, sizeof(text)),
                             0);
            g_string_append(out, strchr(strchr(text, ' ') + 1, ' ') + 1);
            g_string_append_c(out, '\n');
        }
    }
    ck_assert_msg(!ret, "%s", fault.text);
    g_string_append(out, i2cpt_trace_reader_complete(r) ? "end" : "truncated");
    i2cpt_trace_reader_free(r);
    return g_string_free(out, FALSE);
}

static const struct {
    const char *more; /* keys */
    const char *steps[8];
    const char *lines;
} sessions[] = {
    {"",
     {"m w1@0x48 0 r2", "m w0@0x1d", "m w3@0x20 0 1 2", "m r1@0x48"},
     "w1@0x48 00 r2 = 1a c0\nw0@0x1d ! ENXIO phase=address msg=0\n"
     "w3@0x20 00 01 02 ! EIO phase=data msg=0 byte=2\nr1@0x48 = 1a\nend"},
    {"",
     {"s W48 00 R48 . . P", "s W1d P", "s W20 00 01 02 03 P", "s R48 P",
      "s W1d W48 P"},
     "w1@0x48 00 r2 = 1a c0\nw0@0x1d ! ENXIO phase=address msg=0\n"
     "w3@0x20 00 01 02 ! EIO phase=data msg=0 byte=2\nr1@0x48 %took-0\n"
     "w0@0x1d ! ENXIO phase=address msg=0\nw0@0x48\nend"},
    {"",
     {"p w0@0x48", "P w0@0x48", "R w1@0x48 0", "C r1@0x48"},
     "w0@0x48 %probe\nw0@0x48 %probe %resend\nw1@0x48 00 %resend\n"
     "r1@0x48 = 1a %continue\nend"},
    {"",
     {"g w1@0x48 0 r4", "k 2", "g r2@0x48", "k 2", "G r2@0x48", "k 0"},
     "w1@0x48 00 r4 = 1a c0 1a c0 %took-2\nr2@0x48 = 1a c0\n"
     "r2@0x48 = 1a c0 %resend %took-0\nend"},
    /* told late: what came between stands behind it */
    {"",
     {"g r2@0x48", "m w0@0x48", "k 1", "g r2@0x48"},
     "r2@0x48 = 1a c0 %took-1\nw0@0x48\nr2@0x48 = 1a c0\nend"},
    /* a failed read is told at once */
    {"", {"g r2@0x1d", "k 1"}, "r2@0x1d ! ENXIO phase=address msg=0\nend"},
    /* native SMBus commands are the messages that they are defined to be */
    {",functionality=smbus",
     {"m w1@0x0b 1 r2", "m w1@0x0b 0x20 r?", "m w1@0x0b 2 r1", "m w0@0x0b",
      "m w3@0x0b 3 1 2 r2", "m w0@0x1d"},
     "w1@0x0b 01 r2 = 34 12\nw1@0x0b 20 r? = 02 61 62\nw1@0x0b 02 r1 = 07\n"
     "w0@0x0b\nw3@0x0b 03 01 02 r2 = fe fd\n"
     "w0@0x1d ! ENXIO phase=address msg=0\nend"},
    {",faults=hidden", {"m w0@0x1d"}, "w0@0x1d ! EREMOTEIO\nend"},
};

START_TEST(session)
{
    struct i2cpt_adapter *a = open_stub(sessions[_i].more);
    char out[256], *lines;
    int i;

    for (i = 0; sessions[_i].steps[i]; i++) {
        replay_step(a, sessions[_i].steps[i], out);
    }
    i2cpt_adapter_unref(a);
    lines = recorded();
    ck_assert_str_eq(lines, sessions[_i].lines);
    g_free(lines);
}
END_TEST

/* A PEC that the host checks and keeps is written all the same. */
START_TEST(pec)
{
    struct i2cpt_adapter *a = open_stub(",functionality=smbus");
    uint8_t block[32];
    struct i2cpt_fault fault;
    char *lines;

    ck_assert_int_eq(
        i2cpt_smbus_read_word_data(a, 0x0b, I2CPT_CLIENT_PEC, 1, &fault),
        0x1234);
    ck_assert_int_eq(i2cpt_smbus_read_block_data(a, 0x0b, I2CPT_CLIENT_PEC,
                                                 0x20, block, 32, &fault),
                     2);
    i2cpt_adapter_unref(a);
    lines = recorded();
    ck_assert_str_eq(lines, "w1@0x0b 01 r3 = 34 12 08\n"
                            "w1@0x0b 20 r?+1 = 02 61 62 16\nend");
    g_free(lines);
}
END_TEST

START_TEST(headers)
{
    struct i2cpt_adapter *a = open_stub(",frequency=400k");
    char *text;

    i2cpt_adapter_unref(a);
    ck_assert(g_file_get_contents(files.trace, &text, NULL, NULL));
    ck_assert(g_str_has_prefix(text, "i2cpt-trace 1\n"
                                     "adapter: stub,frequency=400k\n"
                                     "functionality: 0x"));
    ck_assert_ptr_nonnull(strstr(text, "\nfrequency: 400000\nend 0\n"));
    ck_assert_ptr_null(strstr(text, files.dir));
    g_free(text);
}
END_TEST

/* Times are there, in microseconds, and never go back. */
START_TEST(times)
{
    struct i2cpt_adapter *a = open_stub(",transfer-us=3000,timeout-ms=20000");
    const struct i2cpt_trace_line *line;
    struct i2cpt_trace_reader *r;
    uint64_t last = 0;
    char out[256];
    int i;

    for (i = 0; i < 3; i++) {
        replay_step(a, "m w0@0x48", out);
    }
    i2cpt_adapter_unref(a);
    ck_assert_int_eq(i2cpt_trace_reader_open(files.trace, &r, NULL), 0);
    while (i2cpt_trace_reader_next(r, &line, NULL) == 1) {
        if (line->kind == I2CPT_TRACE_TRANSFER) {
            ck_assert_uint_ge(line->transfer.duration_ns, 3000000);
            ck_assert_uint_ge(line->stamp_ns, last);
            ck_assert_uint_eq(line->stamp_ns % 1000, 0);
            last = line->stamp_ns + line->transfer.duration_ns;
        }
    }
    i2cpt_trace_reader_free(r);
}
END_TEST

/* The states of a line on its way (lib/record/shared-file.c), each transition
 * by itself: steps, what stands in the file then, and after the close. */
static const struct {
    const char *name, *steps[5];
    bool flush;
    const char *then, *after;
} ways[] = {
    {"made, written", {"m w0@0x48"}, false, "w0@0x48", ""},
    {"made, GUESS",
     {"m w0@0x48", "g r2@0x48"},
     false,
     "w0@0x48",
     "\nr2@0x48 = 1a c0"},
    {"made, TOLD",
     {"g r2@0x48", "m w0@0x48"},
     false,
     "",
     "r2@0x48 = 1a c0\nw0@0x48"},
    {"GUESS, TOLD by took(), written",
     {"g r2@0x48", "k 1"},
     false,
     "r2@0x48 = 1a c0 %took-1",
     ""},
    {"GUESS, TOLD by the next guess",
     {"g r2@0x48", "g r1@0x48"},
     false,
     "r2@0x48 = 1a c0",
     "\nr1@0x48 = 1a"},
    {"TOLD, written behind its GUESS",
     {"g r2@0x48", "m w0@0x48", "k 2"},
     false,
     "r2@0x48 = 1a c0\nw0@0x48",
     ""},
    {"GUESS and TOLD, written by a flush",
     {"g r2@0x48", "m w0@0x48"},
     true,
     "r2@0x48 = 1a c0\nw0@0x48",
     ""},
};

START_TEST(each_way_of_a_line)
{
    struct i2cpt_adapter *a = open_stub("");
    char out[256], *lines, *want;

    for (int i = 0; ways[_i].steps[i]; i++) {
        replay_step(a, ways[_i].steps[i], out);
    }
    if (ways[_i].flush) {
        ck_assert_int_eq(i2cpt_trace_record_flush(a), 0);
        replay_step(a, "k 1", out);
    }
    if (*ways[_i].then) {
        lines = recorded();
        want = g_strconcat(ways[_i].then, "\ntruncated", NULL);
        ck_assert_msg(!strcmp(lines, want), "%s: %s", ways[_i].name, lines);
        g_free(want);
        g_free(lines);
    }
    i2cpt_adapter_unref(a);
    lines = recorded();
    want = g_strconcat(ways[_i].then, ways[_i].after, "\nend", NULL);
    ck_assert_msg(!strcmp(lines, want), "%s: %s", ways[_i].name, lines);
    g_free(want);
    g_free(lines);
}
END_TEST

/* What waits for took() is bounded, and flush() writes it. */
START_TEST(held)
{
    struct i2cpt_adapter *a = open_stub("");
    char out[256], *lines;
    int i;

    g_unlink(files.trace);
    replay_step(a, "g r2@0x48", out);
    ck_assert(!g_file_test(files.trace, G_FILE_TEST_EXISTS));
    ck_assert_int_eq(i2cpt_trace_record_flush(a), 0);
    lines = recorded();
    ck_assert_str_eq(lines, "r2@0x48 = 1a c0\ntruncated");
    g_free(lines);
    replay_step(a, "g r2@0x48", out);
    for (i = 0; i < 100; i++) {
        replay_step(a, "m w0@0x48", out);
    }
    lines = recorded();
    ck_assert_ptr_nonnull(strstr(lines, "w0@0x48\ntruncated"));
    ck_assert_msg(g_str_has_prefix(lines, "r2@0x48 = 1a c0\n"
                                          "r2@0x48 = 1a c0\nw0@0x48\n"),
                  "%.60s: the guess was to come first", lines);
    g_free(lines);
    i2cpt_adapter_unref(a);
}
END_TEST

/* Longer than a line can be: refused before it is on the wire, whole or byte
 * by byte, and what else there is goes on being recorded. */
START_TEST(too_long_for_a_line)
{
    static uint8_t bytes[I2CPT_MSG_MAX];
    struct i2cpt_adapter *a = open_stub("");
    struct i2cpt_call call = {
        .op = I2CPT_OP_STREAM_START, .owner = a, .addr = 0x48};
    struct i2cpt_msg msgs[6];
    struct i2cpt_fault fault;
    char *lines;
    int i;

    for (i = 0; i < 6; i++) {
        msgs[i] = (struct i2cpt_msg){.addr = 0x48,
                                     .flags = I2CPT_M_RD,
                                     .len = sizeof(bytes),
                                     .buf = bytes};
    }
    ck_assert_int_eq(i2cpt_transfer(a, msgs, 6, &fault), -EMSGSIZE);
    ck_assert_msg(strstr(fault.text, "too long to be recorded") != NULL, "%s",
                  fault.text);
    for (i = 0; i < (int)I2CPT_TRANSFER_MAX; i++) {
        ck_assert_int_eq(bus_call_run(a, &call, &fault), 0);
    }
    ck_assert_int_eq(bus_call_run(a, &call, &fault), -EMSGSIZE);
    call.op = I2CPT_OP_STREAM_STOP;
    ck_assert_int_eq(bus_call_run(a, &call, &fault), 0);
    ck_assert_int_eq(i2cpt_smbus_receive_byte(a, 0x48, 0, NULL), 0x1a);
    i2cpt_adapter_unref(a);
    lines = recorded();
    ck_assert_msg(g_str_has_suffix(lines, "r1@0x48 = 1a\nend"), "%s",
                  lines + MAX(0, (int)strlen(lines) - 40));
    g_free(lines);
}
END_TEST

/* A process that is killed leaves what it did, all but what is in flight. */
START_TEST(killed)
{
    pid_t pid;
    char *lines;
    int status, fds[2];
    char byte;

    ck_assert_int_eq(pipe(fds), 0);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (!pid) {
        struct i2cpt_adapter *a = open_stub("");
        char out[256];

        replay_step(a, "m w1@0x48 0 r2", out);
        replay_step(a, "s W48 00 P", out);
        ck_assert_int_eq(write(fds[1], "x", 1), 1);
        pause();
    }
    ck_assert_int_eq(read(fds[0], &byte, 1), 1);
    kill(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    lines = recorded();
    ck_assert_str_eq(lines, "w1@0x48 00 r2 = 1a c0\nw1@0x48 00\ntruncated");
    g_free(lines);
}
END_TEST

/* No room left: the error is told, and the file reads as far as it goes. */
START_TEST(full_disk)
{
    uint8_t out = 0, in[2];
    struct i2cpt_msg msgs[] = {{.addr = 0x48, .len = 1, .buf = &out},
                               {0x48, I2CPT_M_RD, 2, 0, in}};
    struct i2cpt_adapter *a = open_stub("");
    struct rlimit limit, small;
    char *lines;
    int i, failed = 0;

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit);
    small = limit;
    small.rlim_cur = 310; /* in the middle of a line */
    /* Check itself writes a file: nothing may be asserted meanwhile */
    setrlimit(RLIMIT_FSIZE, &small);
    for (i = 0; i < 20; i++) {
        failed += i2cpt_transfer(a, msgs, 2, NULL) != 0;
    }
    setrlimit(RLIMIT_FSIZE, &limit);
    ck_assert_int_eq(failed, 0);
    ck_assert_int_eq(i2cpt_trace_record_flush(a), -EFBIG);
    i2cpt_adapter_unref(a);
    lines = recorded();
    ck_assert(g_str_has_prefix(lines, "w1@0x48 00 r2 = 1a c0\n"));
    ck_assert(g_str_has_suffix(lines, "\ntruncated"));
    g_free(lines);
    /* what was begun of a line is gone */
    ck_assert(g_file_get_contents(files.trace, &lines, NULL, NULL));
    ck_assert(g_str_has_suffix(lines, " c0\n"));
    g_free(lines);
}
END_TEST

static const struct {
    const char *path, *says;
    int ret;
} bad_paths[] = {
    {"/nonexistent/x.i2ct", "record=/nonexistent/x.i2ct: No such file",
     -ENOENT},
    {"/dev/full", "record=/dev/full: No space left", -ENOSPC},
    {"/", "record=/: Is a directory", -EISDIR},
};

START_TEST(bad_path)
{
    char *spec = g_strdup_printf("stub,record=%s", bad_paths[_i].path);
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;

    ck_assert_int_eq(i2cpt_adapter_open(spec, &a, &fault), bad_paths[_i].ret);
    ck_assert_msg(g_str_has_prefix(fault.text, bad_paths[_i].says), "%s",
                  fault.text);
    g_free(spec);
}
END_TEST

/* ---------------------------------------------------------------- appending */

static const struct {
    const char *before, *after;
    uint64_t start_ns;
} appended[] = {
    {"", "i2cpt-trace 1\n0.000000 +0.000001 w0@0x48\nend 1\n", 0},
    {"i2cpt-trace 1\na: b\n1.0 +0.5 w0@0x20\nend 1\n",
     "i2cpt-trace 1\na: b\n1.0 +0.5 w0@0x20\nend 1\n"
     "1.500000 +0.000001 w0@0x48\nend 2\n",
     1500000000},
    {"i2cpt-trace 1\n1.0 +0.5 w0@0x20\n2.0 irq x 1\n2.1 +0.5 w0@0x2",
     "i2cpt-trace 1\n1.0 +0.5 w0@0x20\n2.0 irq x 1\n"
     "2.000000 +0.000001 w0@0x48\nend 2\n",
     2000000000},
    {"i2cpt-trace 1\n1.0 +0.5 w0@0x20\nend 1",
     "i2cpt-trace 1\n1.0 +0.5 w0@0x20\n1.500000 +0.000001 w0@0x48\nend 2\n",
     1500000000},
};

START_TEST(append)
{
    struct i2cpt_msg msg = {.addr = 0x48};
    struct i2cpt_trace_writer *w;
    struct i2cpt_fault fault;
    uint64_t start;
    char *text;

    ck_assert(g_file_set_contents(files.trace, appended[_i].before, -1, NULL));
    ck_assert_msg(!i2cpt_trace_writer_open(files.trace, 1, &w, &fault), "%s",
                  fault.text);
    start = i2cpt_trace_writer_start_ns(w);
    ck_assert_uint_eq(start, appended[_i].start_ns);
    ck_assert_int_eq(i2cpt_trace_writer_transfer(w, start, 1000, -1, &msg, 1,
                                                 NULL, 0, 0, &fault),
                     0);
    ck_assert_int_eq(i2cpt_trace_writer_header(w, "a", "b", &fault), -EINVAL);
    ck_assert_int_eq(i2cpt_trace_writer_end(w, &fault), 0);
    i2cpt_trace_writer_free(w);
    ck_assert(g_file_get_contents(files.trace, &text, NULL, NULL));
    ck_assert_str_eq(text, appended[_i].after);
    g_free(text);
}
END_TEST

START_TEST(append_to_no_trace)
{
    struct i2cpt_trace_writer *w;
    struct i2cpt_fault fault;
    char *text;

    ck_assert(g_file_set_contents(files.trace, "hello\n", -1, NULL));
    ck_assert_int_eq(i2cpt_trace_writer_open(files.trace, 1, &w, &fault),
                     -EINVAL);
    ck_assert_ptr_nonnull(strstr(fault.text, ":1:1: not a trace"));
    ck_assert(g_file_get_contents(files.trace, &text, NULL, NULL));
    ck_assert_str_eq(text, "hello\n");
    g_free(text);
}
END_TEST

/* What the writer refuses could not be read back. */
START_TEST(refused)
{
    uint8_t byte = 0;
    struct i2cpt_trace_msg m = {.addr = 0x48, .len = 1, .bytes = &byte};
    struct i2cpt_trace_line line = {.size = sizeof(line),
                                    .kind = I2CPT_TRACE_TRANSFER};
    struct i2cpt_trace_writer *w;
    char *text;

    line.transfer.msgs = &m;
    line.transfer.bus = line.transfer.fault_msg = line.transfer.fault_byte = -1;
    ck_assert_int_eq(i2cpt_trace_writer_open(files.trace, 0, &w, NULL), 0);
#define REFUSED() \
    ck_assert_int_eq(i2cpt_trace_writer_line(w, &line, NULL), -EINVAL)
    REFUSED(); /* no message */
    line.transfer.n = 1;
    REFUSED(); /* a write without its byte */
    m.n_bytes = 1;
    m.addr = 0x80;
    REFUSED();
    m.addr = 0x48;
    line.transfer.words = "x";
    REFUSED();
    line.transfer.words = "%a\n%b";
    REFUSED();
    line.transfer.words = NULL;
    line.transfer.mark = I2CPT_TRACE_TOOK;
    REFUSED(); /* of a write */
    line.transfer.mark = 0;
    line.transfer.code = 6;
    line.transfer.fault_msg = 1;
    REFUSED();
    line.transfer.fault_msg = -1;
    line.transfer.bus = I2CPT_TRACE_BUS_MAX + 1;
    REFUSED();
    line.transfer.bus = -1;
    line.stamp_ns = UINT64_MAX;
    REFUSED();
    line.kind = I2CPT_TRACE_COMMENT;
    line.text = "a\nb";
    REFUSED();
    line.kind = I2CPT_TRACE_HEADER;
    line.key = "a b";
    line.text = "x";
    REFUSED();
    line.kind = I2CPT_TRACE_EVENT;
    line.key = "irq1";
    line.stamp_ns = 0;
    REFUSED();
    ck_assert_int_eq(i2cpt_trace_writer_end(w, NULL), 0);
    i2cpt_trace_writer_free(w);
    ck_assert(g_file_get_contents(files.trace, &text, NULL, NULL));
    ck_assert_str_eq(text, "i2cpt-trace 1\nend 0\n");
    g_free(text);
}
END_TEST

static Suite *recorder_suite(void)
{
    Suite *suite = suite_create("recorder");
    TCase *tcase = tcase_create("recorder");

    tcase_add_checked_fixture(tcase, make_files, drop_files);
    tcase_add_loop_test(tcase, session, 0, G_N_ELEMENTS(sessions));
    tcase_add_test(tcase, pec);
    tcase_add_test(tcase, headers);
    tcase_add_test(tcase, times);
    tcase_add_loop_test(tcase, each_way_of_a_line, 0,
                        sizeof(ways) / sizeof(ways[0]));
    tcase_add_test(tcase, held);
    tcase_add_test(tcase, too_long_for_a_line);
    tcase_add_test(tcase, killed);
    tcase_add_test(tcase, full_disk);
    tcase_add_loop_test(tcase, bad_path, 0, G_N_ELEMENTS(bad_paths));
    tcase_add_loop_test(tcase, append, 0, G_N_ELEMENTS(appended));
    tcase_add_test(tcase, append_to_no_trace);
    tcase_add_test(tcase, refused);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return unit_run(recorder_suite());
}
