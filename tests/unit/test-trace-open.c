/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening traces, pipes, times, and i2ctransfer's syntax. */
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "replay.h"
#include "unit.h"

static char *dir, *trace;

static void make_dir(void)
{
    dir = g_dir_make_tmp("i2cpt-XXXXXX", NULL);
    ck_assert_ptr_nonnull(dir);
    trace = g_build_filename(dir, "t.i2ct", NULL);
}

static void drop_dir(void)
{
    g_unlink(trace);
    g_rmdir(dir);
    g_free(trace);
    g_free(dir);
}

static int open_spec(const char *keys, struct i2cpt_adapter **a,
                     struct i2cpt_fault *fault)
{
    char *spec = g_strdup_printf("trace,file=%s%s", trace, keys);
    int ret = i2cpt_adapter_open(spec, a, fault);

    g_free(spec);
    return ret;
}

/* ------------------------------------------------------------------ opening */

static const struct {
    const char *keys, *text; /* NULL: no file */
    int ret;
    const char *says; /* behind "file=PATH" */
} openings[] = {
    {"", "i2cpt-trace 1\nend 0\n", 0, NULL},
    {",match=strict", "i2cpt-trace 1\nend 0\n", 0, NULL},
    {",match=strict", "i2cpt-trace 1\nend 0\n# x\n\n", 0, NULL},
    {",match=strict", "i2cpt-trace 1\nend 0", 0, NULL},
    {"", NULL, -ENOENT, ": No such file"},
    {"", "", -EINVAL, ": truncated"},
    {"", "hello\n", -EINVAL, ":1:1: not a trace"},
    {",match=lookup,mux=0x70", "hello\n", -EINVAL, ":1:1: not a trace"},
    {",match=strict", "i2cpt-trace 2\n", -EINVAL, ":1:13: trace format 2"},
    {"", "i2cpt-trace 1\n0 +0 w\n", -EINVAL, ":2:7: expected"},
    {",match=strict", "i2cpt-trace 1\n0 +0 w\n", -EINVAL, ":2:7: expected"},
    {"", "i2cpt-trace 1\n0 +0 w0@0x48\n", -EINVAL, ": truncated"},
    {",match=strict", "i2cpt-trace 1\n0 +0 w0@0x48\n", -EINVAL, ": truncated"},
    {",match=strict", "i2cpt-trace 1\n0 +0 w0@0x48\nend 1\n1 +0 w0@0x48\n",
     -EINVAL, ": truncated"},
    {",match=lookup", "i2cpt-trace 1\n", -EINVAL, ": truncated"},
    {",match=strict", "i2cpt-trace 1\n", -EINVAL, ": truncated"},
    {",truncated=accept", "i2cpt-trace 1\n", 0, NULL},
    {",match=strict,truncated=accept", "i2cpt-trace 1\n0 +0 w0@0x48\n0 +0", 0,
     NULL},
    {"", "i2cpt-trace 1\nfunctionality: x\nend 0\n", -EINVAL,
     ":2:16: functionality: x: accepted"},
    {"", "i2cpt-trace 1\nfrequency: -1\nend 0\n", -EINVAL, ":2:12: frequency"},
};

START_TEST(opening)
{
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    char *expected;
    int ret;

    if (openings[_i].text) {
        ck_assert(g_file_set_contents(trace, openings[_i].text, -1, NULL));
    }
    ret = open_spec(openings[_i].keys, &a, &fault);
    ck_assert_msg(ret == openings[_i].ret, "%s: %d %s", openings[_i].text, ret,
                  fault.text);
    if (ret) {
        expected = g_strdup_printf("file=%.60s%s", trace, openings[_i].says);
        ck_assert_msg(g_str_has_prefix(fault.text, expected), "%s, not %s",
                      fault.text, expected);
        ck_assert_ptr_null(a);
        g_free(expected);
    } else {
        i2cpt_adapter_unref(a);
    }
}
END_TEST

START_TEST(bad_keys)
{
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;

    ck_assert(g_file_set_contents(trace, "i2cpt-trace 1\nend 0\n", -1, NULL));
    ck_assert_int_eq(open_spec(",match=any", &a, &fault), -EINVAL);
    ck_assert_str_eq(fault.text, "match=any: accepted is "
                                 "per-address|strict|lookup");
    ck_assert_int_eq(open_spec(",bus=1048576", &a, &fault), -EINVAL);
    ck_assert_int_eq(open_spec(",match=lookup,mux=0x80", &a, &fault), -EINVAL);
    ck_assert_str_eq(fault.text,
                     "mux=0x80: '0x80' is not an address or range; accepted "
                     "are 0x00 to 0x7f joined by ':', such as 0x0e:0x50-0x57");
    ck_assert_int_eq(open_spec(",mux=0x70", &a, &fault), -EINVAL);
    ck_assert_str_eq(fault.text, "mux=0x70: only match=lookup looks at it");
    ck_assert_int_eq(i2cpt_adapter_open("trace", &a, &fault), -EINVAL);
    ck_assert_str_eq(fault.text, "trace: no file= given");
}
END_TEST

/* Two openings of one file are one trace; of another bus in it, another. */
START_TEST(shared)
{
    struct i2cpt_adapter *a, *b, *c;
    struct i2cpt_fault fault;
    char out[256];

    ck_assert(g_file_set_contents(
        trace,
        "i2cpt-trace 1\n0 +0 r1@0x48 = 01\n0 +0 i2c-1: r1@0x48 = 09\n"
        "0 +0 r1@0x48 = 02\nend 3\n",
        -1, NULL));
    ck_assert_int_eq(open_spec("", &a, &fault), 0);
    ck_assert_int_eq(open_spec("", &b, &fault), 0);
    ck_assert_int_eq(open_spec(",bus=1", &c, &fault), 0);
    replay_step(a, "m r1@0x48", out);
    ck_assert_str_eq(out, "ok 01");
    replay_step(b, "m r1@0x48", out);
    ck_assert_str_eq(out, "ok 02");
    replay_step(c, "m r1@0x48", out);
    ck_assert_str_eq(out, "ok 09");
    i2cpt_adapter_unref(c);
    ck_assert_int_eq(open_spec(",match=strict", &c, &fault), -EINVAL);
    ck_assert_ptr_nonnull(strstr(fault.text, "match"));
    i2cpt_adapter_unref(a);
    i2cpt_adapter_unref(b);
}
END_TEST

/* What the recorded host could do: commands only, so messages become them and
 * are found as the messages that they were. */
START_TEST(functionality)
{
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    char out[256];

    ck_assert(g_file_set_contents(
        trace,
        "i2cpt-trace 1\nfunctionality: 0x00ff0000\nfrequency: 100000\n"
        "0 +0 w1@0x0b 01 r2 = 34 12\n0 +0 w0@0x1d ! ENXIO phase=address msg=0\n"
        "end 2\n",
        -1, NULL));
    ck_assert_int_eq(open_spec(",match=strict", &a, &fault), 0);
    ck_assert_uint_eq(i2cpt_adapter_functionality(a), 0x00ff0000);
    ck_assert_uint_eq(i2cpt_adapter_frequency_hz(a), 100000);
    replay_step(a, "m w1@0x0b 1 r3", out);
    ck_assert_ptr_nonnull(strstr(out, "EOPNOTSUPP"));
    replay_step(a, "m w1@0x0b 1 r2", out);
    ck_assert_str_eq(out, "ok 34 12");
    replay_step(a, "m w0@0x1d", out);
    ck_assert_str_eq(out, "ENXIO address 0 -");
    replay_verdict(a, out);
    ck_assert_str_eq(out, "2/2");
    i2cpt_adapter_unref(a);
}
END_TEST

/* Strict: a bad line is told when its turn comes, and for ever. */
START_TEST(bad_line_later)
{
    struct i2cpt_trace_verdict v = {.size = sizeof(v)};
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    struct i2cpt_msg msg = {.addr = 0x48};
    int i;

    ck_assert(g_file_set_contents(
        trace, "i2cpt-trace 1\n0 +0 w0@0x48\n0 +0 w0@0x4\xff\nend 2\n", -1,
        NULL));
    ck_assert_int_eq(open_spec(",match=strict", &a, &fault), 0);
    ck_assert_int_eq(i2cpt_transfer(a, &msg, 1, &fault), 0);
    for (i = 0; i < 2; i++) {
        ck_assert_int_eq(i2cpt_transfer(a, &msg, 1, &fault), -EINVAL);
        ck_assert_ptr_nonnull(strstr(fault.text, ":3:12: "));
    }
    ck_assert_int_eq(i2cpt_trace_adapter_verdict(a, &v, &fault), -EINVAL);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(no_verdict)
{
    struct i2cpt_trace_verdict v = {.size = sizeof(v)};
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;

    ck_assert_int_eq(i2cpt_adapter_open("stub", &a, &fault), 0);
    ck_assert_int_eq(i2cpt_trace_adapter_verdict(a, &v, &fault), -EOPNOTSUPP);
    ck_assert_int_eq(i2cpt_trace_record_flush(a), 0);
    i2cpt_adapter_unref(a);
}
END_TEST

/* The mismatch's line: file, line, expected, actual. */
START_TEST(mismatch_text)
{
    struct i2cpt_trace_verdict v = {.size = sizeof(v)};
    struct i2cpt_adapter *a;
    char out[256];

    ck_assert(g_file_set_contents(trace,
                                  "i2cpt-trace 1\n# x\n\n0 +0 w1@0x48 00 r2 = "
                                  "1a c0\n0 +0 r1@0x48 = 05\nend 2\n",
                                  -1, NULL));
    ck_assert_int_eq(open_spec("", &a, NULL), 0);
    replay_step(a, "m w1@0x48 1 r2", out);
    replay_step(a, "m w1@0x48 2 r2", out);
    ck_assert_int_eq(i2cpt_trace_adapter_verdict(a, &v, NULL), 0);
    ck_assert_str_eq(v.text, "t.i2ct:4: expected w1@0x48 00 r2, "
                             "got w1@0x48 01 r2");
    ck_assert_uint_eq(v.mismatches, 2);
    ck_assert_uint_eq(v.next_line, 4);
    i2cpt_adapter_unref(a);
}
END_TEST

/* -------------------------------------------------------------------- pipes */

/* A child that writes `text` into the pipe, and holds it open until told. */
static pid_t feed(const char *text, int *hold)
{
    int fds[2];
    pid_t pid;

    ck_assert_int_eq(mkfifo(trace, 0600), 0);
    ck_assert_int_eq(pipe(fds), 0);
    pid = fork();
    if (!pid) {
        FILE *f = fopen(trace, "w");
        char byte;

        close(fds[1]);
        fputs(text, f);
        fflush(f);
        if (read(fds[0], &byte, 1) < 0) {
            _exit(1);
        }
        fclose(f);
        _exit(0);
    }
    close(fds[0]);
    *hold = fds[1];
    return pid;
}

static void let_go(pid_t pid, int *hold)
{
    int status;

    if (*hold >= 0) {
        close(*hold);
        *hold = -1;
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}

START_TEST(pipe_strict)
{
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    char out[256];
    int hold;
    pid_t pid = feed("i2cpt-trace 1\n0 +0 w1@0x48 00\n0 +0 w1@0x49 01\n"
                     "0 +0 w1@0x50",
                     &hold);

    ck_assert_msg(!open_spec(",match=strict,timeout-ms=50", &a, &fault), "%s",
                  fault.text);
    replay_step(a, "m w1@0x20 0", out); /* may come yet */
    ck_assert_str_eq(out, "mismatch");
    replay_step(a, "m w1@0x48 0", out);
    ck_assert_str_eq(out, "ok");
    replay_step(a, "s W49 01 P", out);
    ck_assert_str_eq(out, "a a a");
    replay_step(a, "m w1@0x50 0", out); /* its line is not whole */
    ck_assert_str_eq(out, "ETIMEDOUT - - -");
    replay_verdict(a, out);
    ck_assert_str_eq(out, "2/? mismatches=1");
    let_go(pid, &hold);
    replay_step(a, "m w1@0x50 0", out);
    ck_assert_str_eq(out, "mismatch");
    replay_verdict(a, out);
    ck_assert_str_eq(out, "2/2 mismatches=2");
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(pipe_per_address)
{
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    char out[256];
    int hold;
    pid_t pid = feed("i2cpt-trace 1\nfrequency: 1\n0 +0 w1@0x48 00\n"
                     "0 +0 w1@0x49 01\nend 2\n",
                     &hold);

    close(hold);
    hold = -1;
    ck_assert_msg(!open_spec("", &a, &fault), "%s", fault.text);
    let_go(pid, &hold);
    replay_step(a, "m w1@0x20 0", out);
    ck_assert_str_eq(out, "ENXIO address 0 -");
    replay_step(a, "m w1@0x49 1", out);
    ck_assert_str_eq(out, "ok");
    replay_step(a, "m w1@0x48 7", out);
    replay_verdict(a, out);
    ck_assert_str_eq(out, "1/2 mismatches=1 absent=1 next=3");
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(pipe_loop)
{
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    int hold;
    pid_t pid = feed("i2cpt-trace 1\nend 0\n", &hold);

    ck_assert_int_eq(open_spec(",match=strict,end=loop", &a, &fault), -EINVAL);
    ck_assert(g_str_has_prefix(fault.text, "end=loop: "));
    let_go(pid, &hold);
}
END_TEST

/* --------------------------------------------------------------------- time */

START_TEST(timing)
{
    struct i2cpt_adapter *a;
    uint64_t began;
    char out[256];

    ck_assert(g_file_set_contents(
        trace,
        "i2cpt-trace 1\n0 +0.02 w1@0x48 00\n0 +0.02 w1@0x48 01\n"
        "0 +5 w1@0x48 02\nend 3\n",
        -1, NULL));
    ck_assert_int_eq(open_spec(",timing=recorded,timeout-ms=1000", &a, NULL),
                     0);
    began = i2cpt_now_ns();
    replay_step(a, "m w1@0x48 0", out);
    ck_assert_str_eq(out, "ok");
    ck_assert_uint_ge(i2cpt_now_ns() - began, 20000000);
    began = i2cpt_now_ns();
    replay_step(a, "s W48 01 P", out);
    ck_assert_str_eq(out, "a a a");
    ck_assert_uint_ge(i2cpt_now_ns() - began, 20000000);
    replay_step(a, "m w1@0x48 2", out);
    ck_assert_str_eq(out, "ETIMEDOUT - - -");
    i2cpt_adapter_unref(a);
}
END_TEST

/* Longer than the default of other adapters: it was no timeout then. */
START_TEST(slow_timing)
{
    struct i2cpt_adapter *a;
    char out[256];

    ck_assert(g_file_set_contents(
        trace, "i2cpt-trace 1\n0 +0.25 w1@0x48 00\nend 1\n", -1, NULL));
    ck_assert_int_eq(
        open_spec(_i ? ",timing=recorded,timeout-ms=200" : ",timing=recorded",
                  &a, NULL),
        0);
    replay_step(a, "m w1@0x48 0", out);
    ck_assert_str_eq(out, _i ? "ETIMEDOUT - - -" : "ok");
    i2cpt_adapter_unref(a);
}
END_TEST

/* ------------------------------------------------------- a large trace's index
 */

START_TEST(many)
{
    enum { N = 40000 };
    static const char *const keys[] = {",match=strict", "", ",match=lookup"};
    GString *text = g_string_new("i2cpt-trace 1\n");
    size_t k;
    int i;

    for (i = 0; i < N; i++) {
        g_string_append_printf(text, "0 +0 w1@0x%02x %02x r2 = %02x %02x\n",
                               0x40 + i % 5, i % 7, i & 255, i >> 8);
    }
    g_string_append_printf(text, "end %d\n", N);
    ck_assert(g_file_set_contents(trace, text->str, -1, NULL));
    for (k = 0; k < G_N_ELEMENTS(keys); k++) {
        struct i2cpt_adapter *a;
        struct i2cpt_fault fault;
        char out[256];

        ck_assert_msg(!open_spec(keys[k], &a, &fault), "%s", fault.text);
        for (i = 0; i < N; i++) {
            uint8_t reg = (uint8_t)(i % 7), in[2];
            struct i2cpt_msg msgs[] = {
                {(uint16_t)(0x40 + i % 5), 0, 1, 0, &reg},
                {(uint16_t)(0x40 + i % 5), I2CPT_M_RD, 2, 0, in}};

            ck_assert_msg(!i2cpt_transfer(a, msgs, 2, &fault), "%d: %s", i,
                          fault.text);
            ck_assert_int_eq(in[0] | in[1] << 8, i);
        }
        replay_verdict(a, out);
        ck_assert_str_eq(out, "40000/40000");
        i2cpt_adapter_unref(a);
    }
    g_string_free(text, TRUE);
}
END_TEST

/* ---------------------------------------------------- i2ctransfer's syntax */

static const struct {
    const char *text, *line; /* as a trace has it, or the error */
} words[] = {
    {"w1@0x48 0x00 r2", "w1@0x48 00 r2"},
    {"w2@72 0 255 r2@0x49", "w2@0x48 00 ff r2@0x49"},
    {"  w1@0x48\t7   r1 \n", "w1@0x48 07 r1"},
    {"w3@0x50 0x11 0x22=", "w3@0x50 11 22 22"},
    {"w4@0x50 0xfe+", "w4@0x50 fe ff 00 01"},
    {"w3@0x50 1-", "w3@0x50 01 00 ff"},
    {"w3@0x50 0p", "w3@0x50 00 50 b0"},
    {"w1@0x50 5= r1", "w1@0x50 05 r1"},
    {"r?@0x0b", "r?@0x0b"},
    {"w1@0x0b 0x20 r?", "w1@0x0b 20 r?"},
    {"iw0@0x48 nr1 pw0 sw1 1 tr1", "iw0@0x48 nr1 pw0 sw1 01 tr1"},
    {"w0@0x48", "w0@0x48"},
    {"r0@0x48", "r0@0x48"},
    {"", "no message"},
    {"x1@0x48", "x1@0x48: expected a message"},
    {"w1", "w1: the first message needs @ADDRESS"},
    {"w@0x48", "w@0x48: a length is 0 to 1048576"},
    {"r@0x48", "r@0x48: a length is 0 to 1048576, or ?"},
    {"w?@0x48", "w?@0x48: a length is 0 to 1048576"},
    {"w1048577@0x48", "w1048577@0x48: a length"},
    {"w99999999999999999999@0x48", "w99999999999999999999@0x48: a length"},
    {"w-1@0x48", "w-1@0x48: a length"},
    {"w1x@0x48", "w1x@0x48: a length"},
    {"r?x@0x48", "r?x@0x48: expected @ADDRESS"},
    {"w0@0x80", "w0@0x80: an address is"},
    {"w0@", "w0@: an address is"},
    {"w2@0x48 1", "bytes of data missing: 1"},
    {"w1@0x48 256", "256: data is 0 to 255"},
    {"w1@0x48 1q", "1q: data is"},
    {"w2@0x48 1==", "1==: data is"},
    {"w1@0x48 1 2", "2: expected a message"},
};

START_TEST(transfer_words)
{
    struct i2cpt_trace_line line = {.size = sizeof(line),
                                    .kind = I2CPT_TRACE_TRANSFER};
    struct i2cpt_trace_msg m[8];
    struct i2cpt_msg *msgs;
    struct i2cpt_fault fault;
    char text[256];
    size_t n, i;

    if (i2cpt_transfer_parse(words[_i].text, &msgs, &n, &fault)) {
        ck_assert_ptr_null(msgs);
        ck_assert_msg(g_str_has_prefix(fault.text, words[_i].line), "%s: %s",
                      words[_i].text, fault.text);
        return;
    }
    for (i = 0; i < n; i++) {
        bool read = msgs[i].flags & I2CPT_M_RD;

        m[i] = (struct i2cpt_trace_msg){.addr = msgs[i].addr,
                                        .flags = msgs[i].flags,
                                        .len = msgs[i].flags & I2CPT_M_RECV_LEN
                                                   ? msgs[i].buf[0]
                                                   : msgs[i].len,
                                        .n_bytes = read ? 0 : msgs[i].len,
                                        .bytes = msgs[i].buf};
    }
    line.transfer.n = (uint32_t)n;
    line.transfer.msgs = m;
    line.transfer.bus = -1;
    ck_assert_int_gt(i2cpt_trace_line_format(&line, text, sizeof(text)), 0);
    ck_assert_str_eq(strchr(strchr(text, ' ') + 1, ' ') + 1, words[_i].line);
    i2cpt_free(msgs);
}
END_TEST

/* ------------------------------------------------- run again, and compared */

static const struct {
    const char *line; /* behind its stamps */
    int result;
    struct i2cpt_fault fault;
    uint8_t read[4];
    uint32_t actual;
    const char *says; /* NULL: the same */
} runs[] = {
    {"w1@0x48 00 r2 = 1a c0", 0, {0}, {0x1a, 0xc0}, 2, NULL},
    {"w1@0x48 00 r2 = 1a c0~", 0, {0}, {0x1a, 0x07}, 2, NULL},
    {"w1@0x48 00 r2 = ?? c0", 0, {0}, {0x1a, 0xc0}, 2, NULL},
    {"w1@0x48 00 r2 = 1a c0",
     0,
     {0},
     {0x1a, 0xc1},
     2,
     "message 1, byte 1: expected c0, got c1"},
    {"w1@0x48 00 r2 = 1a c0",
     0,
     {0},
     {0x1a},
     1,
     "message 1: expected 2 bytes, got 1"},
    {"w1@0x48 00 r2 = 1a c0",
     -ENXIO,
     {ENXIO, 1, 0, -1, ""},
     {0},
     0,
     "expected success, got ENXIO"},
    {"w1@0x48 00 r2 ! ENXIO phase=address msg=0",
     0,
     {0},
     {0},
     0,
     "expected ENXIO, got success"},
    {"w1@0x48 00 r2 ! ENXIO phase=address msg=0",
     -ENXIO,
     {ENXIO, 1, 0, -1, ""},
     {0},
     0,
     NULL},
    {"w1@0x48 00 r2 ! ENXIO phase=address msg=0",
     -ENXIO,
     {ENXIO, 0, -1, -1, ""},
     {0},
     0,
     NULL},
    {"w1@0x48 00 r2 ! ENXIO phase=address msg=0",
     -ENXIO,
     {ENXIO, 1, 1, -1, ""},
     {0},
     0,
     "expected the fault at message 0, got message 1"},
    {"w1@0x48 00 r2 ! ENXIO phase=address msg=0",
     -ENXIO,
     {ENXIO, 2, 0, -1, ""},
     {0},
     0,
     "expected the fault in the address phase, got data"},
    {"w1@0x48 00 r2 ! EIO phase=data msg=0 byte=0",
     -EIO,
     {EIO, 2, 0, 1, ""},
     {0},
     0,
     "expected the fault at byte 0, got byte 1"},
};

START_TEST(compare)
{
    char *text = g_strdup_printf("i2cpt-trace 1\n0 +0 %s\n", runs[_i].line);
    const struct i2cpt_trace_line *line;
    struct i2cpt_trace_reader *r;
    struct i2cpt_msg *msgs;
    char says[128] = "";
    size_t n;
    int same;

    ck_assert_int_eq(
        i2cpt_trace_reader_open_memory(text, strlen(text), "t", &r, NULL), 0);
    ck_assert_int_eq(i2cpt_trace_reader_next(r, &line, NULL), 1);
    ck_assert_int_eq(i2cpt_trace_request(&line->transfer, &msgs, &n), 0);
    ck_assert_uint_eq(n, 2);
    ck_assert_uint_eq(msgs[0].buf[0], 0);
    ck_assert_uint_eq(msgs[1].len, 2);
    memcpy(msgs[1].buf, runs[_i].read, 2);
    msgs[1].actual = runs[_i].actual;
    same = i2cpt_trace_compare(&line->transfer, msgs, n, runs[_i].result,
                               &runs[_i].fault, says, sizeof(says));
    ck_assert_int_eq(same, !runs[_i].says);
    ck_assert_str_eq(says, runs[_i].says ? runs[_i].says : "");
    i2cpt_free(msgs);
    i2cpt_trace_reader_free(r);
    g_free(text);
}
END_TEST

static Suite *open_suite(void)
{
    Suite *suite = suite_create("trace-open");
    TCase *files = tcase_create("files"), *text = tcase_create("text");

    tcase_add_checked_fixture(files, make_dir, drop_dir);
    tcase_add_loop_test(files, opening, 0, G_N_ELEMENTS(openings));
    tcase_add_test(files, bad_keys);
    tcase_add_test(files, shared);
    tcase_add_test(files, functionality);
    tcase_add_test(files, bad_line_later);
    tcase_add_test(files, no_verdict);
    tcase_add_test(files, mismatch_text);
    tcase_add_test(files, pipe_strict);
    tcase_add_test(files, pipe_per_address);
    tcase_add_test(files, pipe_loop);
    tcase_add_test(files, timing);
    tcase_add_loop_test(files, slow_timing, 0, 2);
    tcase_add_test(files, many);
    tcase_set_timeout(files, 60);
    suite_add_tcase(suite, files);
    tcase_add_loop_test(text, transfer_words, 0, G_N_ELEMENTS(words));
    tcase_add_loop_test(text, compare, 0, G_N_ELEMENTS(runs));
    suite_add_tcase(suite, text);
    return suite;
}

int main(void)
{
    return unit_run(open_suite());
}
