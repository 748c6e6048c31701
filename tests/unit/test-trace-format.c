/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every production of trace format 1, read, written, and refused. */
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "i2cpt-trace.h"
#include "unit.h"

/*
 * Lines behind "i2cpt-trace 1". `again` is how the writer puts it, NULL: just
 * the same. With `says` it is an error at line 2 and column `column`.
 */
static const struct {
    const char *line;
    const char *again;
    int column;
    const char *says;
} lines[] = {
    /* headers, comments, blank lines */
    {"adapter: stub,chips=0x48", NULL, 0, NULL},
    {"bus: 1 i2c-dev,device=/dev/i2c-1", NULL, 0, NULL},
    {"bus: 00000000000000000001 stub", NULL, 0, NULL},
    {"x-y_2: ", NULL, 0, NULL},
    {"", NULL, 0, NULL},
    {"#", NULL, 0, NULL},
    {"# caf\xc3\xa9\tx", NULL, 0, NULL},
    {"adapter:stub", NULL, 1, "neither"},
    {"adapter", NULL, 1, "neither"},
    {": x", NULL, 1, "neither"},
    {"2x: y", NULL, 2, "expected one space"},
    {" # x", NULL, 1, "neither"},
    {"# \xff", NULL, 3, "UTF-8"},
    {"# \xc3(", NULL, 3, "UTF-8"},
    {"# \x1b[31m", NULL, 3, "control"},
    {"name: a\x7f", NULL, 8, "control"},
    {"# x\r", NULL, 4, "control"},
    /* stamps */
    {"0 +0 w0@0x48", "0.000000 +0.000000 w0@0x48", 0, NULL},
    {"1.5 +0.25 w0@0x48", "1.500000 +0.250000 w0@0x48", 0, NULL},
    {"0.000000001 +0.123456789 w0@0x48", NULL, 0, NULL},
    {"9223372035.999999 +0.000000 w0@0x48", NULL, 0, NULL},
    {"9223372036 +0 w0@0x48", NULL, 1, "above"},
    {"99999999999999999999999 +0 w0@0x48", NULL, 1, "above"},
    {"0. +0 w0@0x48", NULL, 3, "digits"},
    {"0.0000000001 +0 w0@0x48", NULL, 12, "nine"},
    {"0 + w0@0x48", NULL, 4, "seconds"},
    {"0", NULL, 2, "space"},
    {"0 ", NULL, 3, "event"},
    {"0  +0 w0@0x48", NULL, 3, "event"},
    {"0\t+0 w0@0x48", NULL, 2, "space"},
    {"0 +0", NULL, 5, "space"},
    {"0 +0 ", NULL, 6, "expected a message"},
    /* messages */
    {"0.000000 +0.000000 w1@0x48 00 r2 = 1a c0~", NULL, 0, NULL},
    {"0.000000 +0.000000 w2@0x48 AB ??", "0.000000 +0.000000 w2@0x48 ab ??", 0,
     NULL},
    {"0.000000 +0.000000 w2@0x48 ab~ ??", NULL, 0, NULL},
    {"0.000000 +0.000000 r3@0x48 = ?? 00~ 01", NULL, 0, NULL},
    {"0.000000 +0.000000 r34@0x48 = 1a c0 %took-2", NULL, 0, NULL},
    {"0.000000 +0.000000 r2@0x48", NULL, 0, NULL},
    {"0.000000 +0.000000 r2@0x48 =", "0.000000 +0.000000 r2@0x48", 0, NULL},
    {"0.000000 +0.000000 r0@0x48", NULL, 0, NULL},
    {"0 +0 w0@0x8", "0.000000 +0.000000 w0@0x08", 0, NULL},
    {"0 +0 w0@0x048", "0.000000 +0.000000 w0@0x48", 0, NULL},
    {"0.000000 +0.000000 w0@0x48 w0@0x49 r1 = 00", NULL, 0, NULL},
    {"0.000000 +0.000000 w0@0x3ff/10 r1 = 00", NULL, 0, NULL},
    {"0.000000 +0.000000 w0@0x48/10 w0@0x48", NULL, 0, NULL},
    {"0.000000 +0.000000 iw1@0x48 00 npstr1 = 00", NULL, 0, NULL},
    {"0 +0 tspniw0@0x48", "0.000000 +0.000000 inpstw0@0x48", 0, NULL},
    {"0.000000 +0.000000 w1@0x0b 20 r? = 02 61 62", NULL, 0, NULL},
    {"0.000000 +0.000000 w1@0x0b 20 r?+1 = 01 61 ff", NULL, 0, NULL},
    {"0.000000 +0.000000 r?@0x0b", NULL, 0, NULL},
    {"0.000000 +0.000000 i2c-3: w0@0x1d", NULL, 0, NULL},
    {"0.000000 +0.000000 i2c-1048575: w0@0x1d", NULL, 0, NULL},
    {"0 +0 i2c-1048576: w0@0x1d", NULL, 10, "above"},
    {"0 +0 i2c-: w0@0x1d", NULL, 10, "number of a bus"},
    {"0 +0 i2c-1 w0@0x1d", NULL, 11, "\": \""},
    {"0 +0 w0", NULL, 8, "address"},
    {"0 +0 w0@48", NULL, 8, "@0x48"},
    {"0 +0 w0@0x", NULL, 8, "digits"},
    {"0 +0 w0@0x0048", NULL, 8, "digits"},
    {"0 +0 w0@0x80", NULL, 8, "above 0x7f"},
    {"0 +0 w0@0x400/10", NULL, 8, "above 0x3ff"},
    {"0 +0 w@0x48", NULL, 7, "length"},
    {"0 +0 w?@0x48", NULL, 7, "length"},
    {"0 +0 w1048577@0x48", NULL, 7, "above 1048576"},
    {"0 +0 r99999999999999999999@0x48", NULL, 7, "above 1048576"},
    {"0 +0 x1@0x48", NULL, 6, "expected a message"},
    {"0 +0 iiw0@0x48", NULL, 7, "twice"},
    {"0 +0 w1@0x48", NULL, 13, "needs 1 byte, 0 there"},
    {"0 +0 w2@0x48 00", NULL, 13, "needs 2 bytes, 1"},
    {"0 +0 w1@0x48 00 11", NULL, 17, "more bytes"},
    {"0 +0 w1@0x48  00", NULL, 13, "needs 1"},
    {"0 +0 w1@0x48 0", NULL, 15, "two hex"},
    {"0 +0 w1@0x48 0g", NULL, 15, "two hex"},
    {"0 +0 w1@0x48 000", NULL, 16, "space"},
    {"0 +0 w1@0x48 ?", NULL, 15, "??"},
    {"0 +0 w1@0x48 ??~", NULL, 16, "space"},
    {"0 +0 r1@0x48 = 00 01", NULL, 19, "more bytes"},
    {"0 +0 r1@0x48 =00", NULL, 15, "space"},
    {"0 +0 r1@0x48 00", NULL, 14, "expected a message"},
    {"0 +0 w0@0x48 = 00", NULL, 14, "expected a message"},
    {"0 +0 w0@0x48 ", NULL, 14, "expected a message"},
    {"0 +0 w0@0x48,", NULL, 13, "unexpected"},
    /* faults */
    {"0.000000 +0.000000 w0@0x48 ! ENXIO phase=address msg=0", NULL, 0, NULL},
    {"0.000000 +0.000000 w1@0x48 00 ! EIO phase=data msg=0 byte=0", NULL, 0,
     NULL},
    {"0.000000 +0.000000 w0@0x48 ! EAGAIN phase=stop", NULL, 0, NULL},
    {"0.000000 +0.000000 w0@0x48 ! EREMOTEIO", NULL, 0, NULL},
    {"0.000000 +0.000000 w0@0x48 ! EMISMATCH", NULL, 0, NULL},
    {"0.000000 +0.000000 w0@0x48 ! E4095 byte=7", NULL, 0, NULL},
    {"0 +0 w0@0x48 ! E6", "0.000000 +0.000000 w0@0x48 ! ENXIO", 0, NULL},
    {"0 +0 w0@0x48 ! E0", NULL, 16, "no error"},
    {"0 +0 w0@0x48 ! E4096", NULL, 17, "above"},
    {"0 +0 w0@0x48 ! ENOTHING", NULL, 16, "unknown error name ENOTHING"},
    {"0 +0 w0@0x48 ! EXXXXXXXXXXXXXXXXXXXXXXX", NULL, 16, "unknown error"},
    {"0 +0 w0@0x48 ! ", NULL, 16, "name of an error"},
    {"0 +0 w0@0x48 !ENXIO", NULL, 15, "space"},
    {"0 +0 w0@0x48 ! ENXIO phase=ack", NULL, 28, "address, data or stop"},
    {"0 +0 w0@0x48 ! ENXIO msg=1", NULL, 26, "no message 1"},
    {"0 +0 w0@0x48 ! ENXIO msg=x", NULL, 26, "index"},
    {"0 +0 w0@0x48 ! ENXIO byte=1048577", NULL, 27, "above"},
    {"0 +0 w0@0x48 ! ENXIO byte=0 msg=0", NULL, 28, "unexpected"},
    {"0 +0 w0@0x48 ! ENXIO w0", NULL, 21, "unexpected"},
    /* words */
    {"0.000000 +0.000000 w0@0x48 %probe %resend %continue", NULL, 0, NULL},
    {"0.000000 +0.000000 r0@0x48 ! ENXIO %probe %took-0 %later=7 %x", NULL, 0,
     NULL},
    {"0.000000 +0.000000 w0@0x48 %probed", NULL, 0, NULL},
    {"0.000000 +0.000000 r?@0x48 = 02 01 02 %took-3", NULL, 0, NULL},
    {"0 +0 w0@0x48 %", NULL, 14, "after %"},
    {"0 +0 w0@0x48 %probe x", NULL, 20, "unexpected"},
    {"0 +0 w0@0x48 %a\xc3\xa9", NULL, 16, "unexpected"},
    {"0 +0 r2@0x48 %took-", NULL, 20, "taken"},
    {"0 +0 r2@0x48 %took-3", NULL, 20, "more bytes taken"},
    {"0 +0 r2@0x48 %took-2x", NULL, 21, "unexpected"},
    {"0 +0 w0@0x48 %took-0", NULL, 20, "belongs to a read"},
    /* events */
    {"0.005500 irq int1 1", NULL, 0, NULL},
    {"0.005500 some-Thing \xc3\xa9", NULL, 0, NULL},
    {"0.005500 event ", NULL, 0, NULL},
    {"0.005500 irq ", NULL, 14, "NAME LEVEL"},
    {"0.005500 irq i2c-7: a-b_1 0", NULL, 0, NULL},
    {"0.005500 irq i2c-7 1", NULL, 0, NULL},
    {"0.005500 irq i2c-1048576: a 1", NULL, 14, "NAME LEVEL"},
    {"0.005500 irq i2c-1:a 1", NULL, 14, "NAME LEVEL"},
    {"0.005500 irq a.b 1", NULL, 14, "NAME LEVEL"},
    {"0.005500 irq abcdefghijklmnopqrstuvwxyz01234 1", NULL, 0, NULL},
    {"0.005500 irq abcdefghijklmnopqrstuvwxyz012345 1", NULL, 14, "NAME LEVEL"},
    {"0.005500 irq i2c-1: int 2", NULL, 24, "0 or 1"},
    {"0.005500 irq int", NULL, 17, "0 or 1"},
    {"0.005500 irq int 1 ", NULL, 17, "0 or 1"},
    {"0.005500 irq int 10", NULL, 17, "0 or 1"},
    {"0.005500 irq", NULL, 13, "space and text"},
    {"0.005500 irq1 x", NULL, 13, "space and text"},
    {"0.005500 -x y", NULL, 10, "event"},
    {"0.005500 irq \x01", NULL, 14, "control"},
    /* end */
    {"end 0", NULL, 0, NULL},
    {"end 00", "end 0", 0, NULL},
    {"end 1", NULL, 5, "0 transfers"},
    {"end", NULL, 1, "neither"},
    {"end ", NULL, 5, "number of transfers"},
    {"end 0 ", NULL, 6, "unexpected"},
    {"end 99999999999999999999999", NULL, 5, "above"},
};

static struct i2cpt_trace_reader *reader_of(const char *text, size_t len)
{
    struct i2cpt_trace_reader *r;
    struct i2cpt_fault fault;

    ck_assert_msg(!i2cpt_trace_reader_open_memory(text, len, "t", &r, &fault),
                  "%s", fault.text);
    return r;
}

START_TEST(line)
{
    char *text = g_strdup_printf("i2cpt-trace 1\n%s\n", lines[_i].line);
    struct i2cpt_trace_reader *r = reader_of(text, strlen(text));
    const struct i2cpt_trace_line *line;
    struct i2cpt_fault fault;
    char where[32], again[128];
    int ret = i2cpt_trace_reader_next(r, &line, &fault);

    if (lines[_i].says) {
        ck_assert_msg(ret == -EINVAL, "%s: %d", lines[_i].line, ret);
        snprintf(where, sizeof(where), "t:2:%d: ", lines[_i].column);
        ck_assert_msg(g_str_has_prefix(fault.text, where), "%s: %s",
                      lines[_i].line, fault.text);
        ck_assert_msg(strstr(fault.text, lines[_i].says), "%s: %s",
                      lines[_i].line, fault.text);
        ck_assert_int_eq(i2cpt_trace_reader_next(r, &line, &fault), 0);
    } else {
        ck_assert_msg(ret == 1, "%s: %d %s", lines[_i].line, ret, fault.text);
        ck_assert_int_lt(i2cpt_trace_line_format(line, again, sizeof(again)),
                         (int)sizeof(again));
        ck_assert_str_eq(again,
                         lines[_i].again ? lines[_i].again : lines[_i].line);
        ck_assert_int_eq(line->line, 2);
        ck_assert_int_eq(line->offset, 14);
        ck_assert_int_eq(i2cpt_trace_reader_next(r, &line, &fault), 0);
    }
    i2cpt_trace_reader_free(r);
    g_free(text);
}
END_TEST

/* The model's fields, once for each that a line can fill in. */
START_TEST(model)
{
    static const char text[] =
        "i2cpt-trace 1\n"
        "1.000002 +0.5 i2c-7: iw1@0x48 5a~ r?+1@0x123/10 = 01 ?? 03"
        " ! EIO phase=data msg=1 byte=2 %probe %took-1 %q\n";
    struct i2cpt_trace_reader *r = reader_of(text, sizeof(text) - 1);
    const struct i2cpt_trace_line *line;
    const struct i2cpt_trace_transfer *t;
    struct i2cpt_fault fault;

    ck_assert_int_eq(i2cpt_trace_reader_next(r, &line, &fault), 1);
    ck_assert_int_eq(line->kind, I2CPT_TRACE_TRANSFER);
    ck_assert_int_eq(line->stamp_ns, 1000002000);
    t = &line->transfer;
    ck_assert_int_eq(t->duration_ns, 500000000);
    ck_assert_int_eq(t->bus, 7);
    ck_assert_int_eq(t->n, 2);
    ck_assert_int_eq(t->msgs[0].addr, 0x48);
    ck_assert_int_eq(t->msgs[0].flags, I2CPT_M_IGNORE_NAK);
    ck_assert_int_eq(t->msgs[0].bytes[0], 0x5a);
    ck_assert_int_eq(t->msgs[0].kinds[0], I2CPT_TRACE_VOLATILE);
    ck_assert_int_eq(t->msgs[1].addr, 0x123);
    ck_assert_int_eq(t->msgs[1].flags,
                     I2CPT_M_RD | I2CPT_M_TEN | I2CPT_M_RECV_LEN);
    ck_assert_int_eq(t->msgs[1].len, 2);
    ck_assert_int_eq(t->msgs[1].n_bytes, 3);
    ck_assert_int_eq(t->msgs[1].bytes[1], 0xff);
    ck_assert_int_eq(t->msgs[1].kinds[0], 0);
    ck_assert_int_eq(t->msgs[1].kinds[1], I2CPT_TRACE_REDACTED);
    ck_assert_int_eq(t->code, EIO);
    ck_assert_int_eq(t->phase, I2CPT_PHASE_DATA);
    ck_assert_int_eq(t->fault_msg, 1);
    ck_assert_int_eq(t->fault_byte, 2);
    ck_assert_int_eq(t->mark, I2CPT_TRACE_PROBE | I2CPT_TRACE_TOOK);
    ck_assert_int_eq(t->took, 1);
    ck_assert_str_eq(t->words, "%q");
    i2cpt_trace_reader_free(r);
}
END_TEST

/* ------------------------------------------------------- whole files */

static const struct {
    const char *text;
    int ret; /* of the first next() that is not 1; at opening: `opens` */
    int opens;
    int complete;
    int transfers;
    const char *says;
} files[] = {
    {"", 0, 0, 0, 0, NULL},
    {"i2cpt-trace 1", 0, -EINVAL, 0, 0, "t:1:1: not a trace"},
    {"\n", 0, -EINVAL, 0, 0, "t:1:1: not a trace"},
    {"i2cpt-trace 2\n", 0, -EINVAL, 0, 0, "t:1:13: trace format 2"},
    {"i2cpt-trace 11\n", 0, -EINVAL, 0, 0, "t:1:13: trace format 11"},
    {"i2cpt-trace x\n", 0, -EINVAL, 0, 0, "t:1:1: not a trace"},
    {"i2cpt-trace 1 \n", 0, -EINVAL, 0, 0, "t:1:13: trace format 1 "},
    {"i2cpt-trace 1\r\n", 0, -EINVAL, 0, 0, "t:1:14: lines end in CR LF"},
    {"i2cpt-trace 1\n", 0, 0, 0, 0, NULL},
    {"i2cpt-trace 1\nend 0\n", 0, 0, 1, 0, NULL},
    {"i2cpt-trace 1\nend 0", 0, 0, 1, 0, NULL},
    {"i2cpt-trace 1\n0 +0 w0@0x48\nend 1\n\n# x\n", 0, 0, 1, 1, NULL},
    {"i2cpt-trace 1\n0 +0 w0@0x48\n", 0, 0, 0, 1, NULL},
    {"i2cpt-trace 1\n0 +0 w0@0x48\nend 1\n0 +0 w0@0x48\n", 0, 0, 0, 2, NULL},
    {"i2cpt-trace 1\n0 +0 w0@0x48\nend 1\n0 +0 w0@0x48\nend 2\n", 0, 0, 1, 2,
     NULL},
    {"i2cpt-trace 1\n0 +0 w0@0x48\n0 +0 w", 0, 0, 0, 1, NULL},
    {"i2cpt-trace 1\n0 +0 w0@0x48\nend 1\n0 +0 w0@0x4", 0, 0, 0, 1, NULL},
    {"i2cpt-trace 1\n0 +0 w0@0x48\nen", 0, 0, 0, 1, NULL},
    {"i2cpt-trace 1\n0 +0 w0@0x48\nend 12", 0, 0, 0, 1, NULL},
    {"i2cpt-trace 1\n0 +0 w0@0x48\nend 12\n", -EINVAL, 0, 0, 1, "t:3:5: 1 tra"},
    {"i2cpt-trace 1\n0 +0 w0@0x48\na: b\n", -EINVAL, 0, 0, 1, "t:3:1: headers"},
    {"i2cpt-trace 1\n# c\na: b\n\nc: d\n0 irq x 1\nend 0\n", 0, 0, 1, 0, NULL},
};

START_TEST(file)
{
    struct i2cpt_trace_reader *r;
    const struct i2cpt_trace_line *line;
    struct i2cpt_fault fault;
    int ret = i2cpt_trace_reader_open_memory(
        files[_i].text, strlen(files[_i].text), "t", &r, &fault);

    ck_assert_int_eq(ret, files[_i].opens);
    if (!ret) {
        while ((ret = i2cpt_trace_reader_next(r, &line, &fault)) == 1) {
        }
        ck_assert_int_eq(ret, files[_i].ret);
        if (!ret) {
            ck_assert_int_eq(i2cpt_trace_reader_complete(r),
                             files[_i].complete);
        }
        ck_assert_int_eq(i2cpt_trace_reader_transfers(r), files[_i].transfers);
        i2cpt_trace_reader_free(r);
    }
    if (files[_i].says) {
        ck_assert_msg(g_str_has_prefix(fault.text, files[_i].says), "%s",
                      fault.text);
    }
}
END_TEST

START_TEST(no_file)
{
    struct i2cpt_trace_reader *r;
    struct i2cpt_fault fault;

    ck_assert_int_eq(i2cpt_trace_reader_open("/nonexistent/x", &r, &fault),
                     -ENOENT);
    ck_assert_ptr_nonnull(strstr(fault.text, "/nonexistent/x: "));
    ck_assert_int_eq(i2cpt_trace_reader_open("/", &r, &fault), -EISDIR);
}
END_TEST

/* Bytes that nobody meant: whatever comes, it ends, with an error or without,
 * and what is handed out can be written again. */
START_TEST(hostile)
{
    static const char alphabet[] = "01 +@0x48rw?=!%~\n\0\xff.:#-aEi2c";
    GRand *rand = g_rand_new_with_seed(1);
    char text[512], again[4096];
    int round, i;

    memcpy(text, "i2cpt-trace 1\n0 +0 ", 19);
    for (round = 0; round < 20000; round++) {
        int len = g_rand_int_range(rand, 19, (int)sizeof(text));
        struct i2cpt_trace_reader *r;
        const struct i2cpt_trace_line *line;

        for (i = 19; i < len; i++) {
            text[i] = alphabet[g_rand_int_range(rand, 0, sizeof(alphabet) - 1)];
        }
        r = reader_of(text, (size_t)len);
        while (i2cpt_trace_reader_next(r, &line, NULL) == 1) {
            ck_assert_int_ge(
                i2cpt_trace_line_format(line, again, sizeof(again)), 0);
        }
        i2cpt_trace_reader_free(r);
    }
    g_rand_free(rand);
}
END_TEST

/* One bit or byte off in lines that are right. */
START_TEST(mutated)
{
    static const char base[] =
        "i2cpt-trace 1\nbus: 1 x\n"
        "0.1 +0.2 i2c-1: iw2@0x48 00 11~ r?+1@0x3f0/10 = 01 ?? 02"
        " ! EIO phase=data msg=1 byte=2 %probe %took-2 %zz\n"
        "0.5 irq a 1\nend 1\n";
    GRand *rand = g_rand_new_with_seed(2);
    char text[sizeof(base)];
    int round;

    for (round = 0; round < 20000; round++) {
        struct i2cpt_trace_reader *r;
        const struct i2cpt_trace_line *line;
        int k, changes = g_rand_int_range(rand, 1, 4);

        memcpy(text, base, sizeof(base));
        for (k = 0; k < changes; k++) {
            text[g_rand_int_range(rand, 14, sizeof(base) - 1)] =
                (char)g_rand_int_range(rand, 0, 256);
        }
        r = reader_of(text, sizeof(base) - 1);
        while (i2cpt_trace_reader_next(r, &line, NULL) == 1) {
        }
        i2cpt_trace_reader_free(r);
    }
    g_rand_free(rand);
}
END_TEST

/* ------------------------------------------------------ limits and files */

static char *scratch; /* a directory */

static void make_scratch(void)
{
    scratch = g_dir_make_tmp("i2cpt-XXXXXX", NULL);
    ck_assert_ptr_nonnull(scratch);
}

static void drop_scratch(void)
{
    GDir *dir = g_dir_open(scratch, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir))) {
        char *path = g_build_filename(scratch, name, NULL);

        g_unlink(path);
        g_free(path);
    }
    g_dir_close(dir);
    g_rmdir(scratch);
    g_free(scratch);
}

static char *scratch_file(const char *name)
{
    return g_build_filename(scratch, name, NULL);
}

/* The longest message there is goes through a file; a line that is longer than
 * may be is an error, from a file and from memory. */
START_TEST(long_lines)
{
    char *path = scratch_file("long.i2ct");
    uint8_t *bytes = g_malloc(I2CPT_MSG_MAX);
    struct i2cpt_msg msg = {0x48, 0, I2CPT_MSG_MAX, I2CPT_MSG_MAX, bytes};
    struct i2cpt_trace_writer *w;
    struct i2cpt_trace_reader *r;
    const struct i2cpt_trace_line *line;
    struct i2cpt_fault fault;
    size_t len = 14 + I2CPT_TRACE_LINE_MAX, i;
    char *text = g_malloc(len + 1);

    for (i = 0; i < I2CPT_MSG_MAX; i++) {
        bytes[i] = (uint8_t)(i * 7 >> 3);
    }
    ck_assert_int_eq(i2cpt_trace_writer_open(path, 0, &w, &fault), 0);
    ck_assert_int_eq(
        i2cpt_trace_writer_transfer(w, 0, 0, -1, &msg, 1, NULL, 0, 0, &fault),
        0);
    i2cpt_trace_writer_free(w);
    ck_assert_int_eq(i2cpt_trace_reader_open(path, &r, &fault), 0);
    ck_assert_int_eq(i2cpt_trace_reader_next(r, &line, &fault), 1);
    ck_assert_int_eq(line->transfer.msgs[0].n_bytes, I2CPT_MSG_MAX);
    ck_assert_mem_eq(line->transfer.msgs[0].bytes, bytes, I2CPT_MSG_MAX);
    i2cpt_trace_reader_free(r);

    memset(text, 'x', len + 1);
    memcpy(text, "i2cpt-trace 1\n#", 15);
    text[len - 1] = '\n'; /* LINE_MAX with its newline: may be */
    r = reader_of(text, len);
    ck_assert_int_eq(i2cpt_trace_reader_next(r, &line, &fault), 1);
    i2cpt_trace_reader_free(r);
    text[len - 1] = 'x';
    text[len] = '\n';
    r = reader_of(text, len + 1);
    ck_assert_int_eq(i2cpt_trace_reader_next(r, &line, &fault), -EINVAL);
    ck_assert_str_eq(fault.text, "t:2:1: longer than 16777216 bytes");
    i2cpt_trace_reader_free(r);
    ck_assert(g_file_set_contents(path, text, (gssize)len + 1, NULL));
    ck_assert_int_eq(i2cpt_trace_reader_open(path, &r, &fault), 0);
    ck_assert_int_eq(i2cpt_trace_reader_next(r, &line, &fault), -EINVAL);
    ck_assert_ptr_nonnull(strstr(fault.text, ":2:1: longer than 16777216"));
    i2cpt_trace_reader_free(r);
    g_free(text);
    g_free(bytes);
    g_free(path);
}
END_TEST

/* 1024 messages are the most. */
START_TEST(many_messages)
{
    GString *text = g_string_new("i2cpt-trace 1\n0 +0 w0@0x48");
    struct i2cpt_trace_reader *r;
    const struct i2cpt_trace_line *line;
    struct i2cpt_fault fault;
    unsigned i;

    for (i = 1; i < I2CPT_TRANSFER_MAX; i++) {
        g_string_append(text, " r1 = 07");
    }
    g_string_append(text, "\n");
    r = reader_of(text->str, text->len);
    ck_assert_int_eq(i2cpt_trace_reader_next(r, &line, &fault), 1);
    ck_assert_int_eq(line->transfer.n, I2CPT_TRANSFER_MAX);
    ck_assert_int_eq(line->transfer.msgs[1023].bytes[0], 7);
    i2cpt_trace_reader_free(r);
    g_string_insert(text, (gssize)text->len - 1, " w0");
    r = reader_of(text->str, text->len);
    ck_assert_int_eq(i2cpt_trace_reader_next(r, &line, &fault), -EINVAL);
    ck_assert_ptr_nonnull(strstr(fault.text, "more than 1024 messages"));
    i2cpt_trace_reader_free(r);
    g_string_free(text, TRUE);
}
END_TEST

/* ------------------------------------------------------------ round trip */

static void random_msg(GRand *rand, struct i2cpt_trace_msg *m, uint8_t *bytes,
                       uint8_t *kinds)
{
    static const uint16_t flags[] = {I2CPT_M_IGNORE_NAK, I2CPT_M_NO_RD_ACK,
                                     I2CPT_M_STOP, I2CPT_M_NOSTART,
                                     I2CPT_M_REV_DIR_ADDR};
    uint32_t i;

    memset(m, 0, sizeof(*m));
    for (i = 0; i < G_N_ELEMENTS(flags); i++) {
        m->flags |= g_rand_int_range(rand, 0, 8) ? 0 : flags[i];
    }
    m->flags |= g_rand_boolean(rand) ? I2CPT_M_RD : 0;
    m->flags |= g_rand_int_range(rand, 0, 8) ? 0 : I2CPT_M_TEN;
    m->addr = (uint16_t)g_rand_int_range(rand, 0,
                                         m->flags & I2CPT_M_TEN ? 1024 : 128);
    if (m->flags & I2CPT_M_RD && !g_rand_int_range(rand, 0, 4)) {
        m->flags |= I2CPT_M_RECV_LEN;
        m->len = (uint32_t)g_rand_int_range(rand, 1, 3);
        m->n_bytes = (uint32_t)g_rand_int_range(rand, 0, 258);
    } else {
        m->len = (uint32_t)g_rand_int_range(rand, 0, 40);
        m->n_bytes = m->flags & I2CPT_M_RD
                         ? (uint32_t)g_rand_int_range(rand, 0, (int)m->len + 1)
                         : m->len;
    }
    for (i = 0; i < m->n_bytes; i++) {
        int kind = g_rand_int_range(rand, 0, 40);

        bytes[i] = (uint8_t)g_rand_int_range(rand, 0, 256);
        kinds[i] = kind < 3 ? (uint8_t)kind : 0;
        if (kinds[i] == I2CPT_TRACE_REDACTED) {
            bytes[i] = 0xff;
        }
    }
    m->bytes = bytes;
    m->kinds = kinds;
}

struct random_transfer {
    struct i2cpt_trace_line line;
    struct i2cpt_trace_msg msgs[12];
    uint8_t bytes[12][260], kinds[12][260];
};

static void random_transfer(GRand *rand, struct random_transfer *x)
{
    struct i2cpt_trace_transfer *t = &x->line.transfer;
    const struct i2cpt_trace_msg *last;
    uint32_t i;

    memset(&x->line, 0, sizeof(x->line));
    x->line.size = sizeof(x->line);
    x->line.kind = I2CPT_TRACE_TRANSFER;
    x->line.stamp_ns = (uint64_t)g_rand_int(rand) *
                       (g_rand_boolean(rand) ? 1000 : g_rand_int(rand) >> 1);
    t->duration_ns = g_rand_int(rand);
    t->bus = g_rand_boolean(rand) ? -1 : g_rand_int_range(rand, 0, 1048576);
    t->n = (uint32_t)g_rand_int_range(rand, 1, 12);
    t->msgs = x->msgs;
    for (i = 0; i < t->n; i++) {
        random_msg(rand, &x->msgs[i], x->bytes[i], x->kinds[i]);
    }
    t->fault_msg = t->fault_byte = -1;
    if (!g_rand_int_range(rand, 0, 3)) {
        t->code = g_rand_int_range(rand, 1, 4096);
        t->phase = g_rand_int_range(rand, 0, 4);
        t->fault_msg = g_rand_int_range(rand, -1, (int)t->n);
        t->fault_byte = g_rand_int_range(rand, -1, 1000);
    }
    t->mark = (uint32_t)g_rand_int_range(rand, 0, 16);
    last = &x->msgs[t->n - 1];
    if (!(last->flags & I2CPT_M_RD)) {
        t->mark &= ~I2CPT_TRACE_TOOK;
    }
    if (t->mark & I2CPT_TRACE_TOOK) {
        t->took = (uint32_t)g_rand_int_range(rand, 0, (int)last->len + 1);
    }
    t->words = g_rand_int_range(rand, 0, 4) ? NULL : "%w %x=1";
}

static void same_msg(const struct i2cpt_trace_msg *a,
                     const struct i2cpt_trace_msg *b)
{
    uint32_t i;

    ck_assert_uint_eq(a->addr, b->addr);
    ck_assert_uint_eq(a->flags, b->flags);
    ck_assert_uint_eq(a->len, b->len);
    ck_assert_uint_eq(a->n_bytes, b->n_bytes);
    for (i = 0; i < a->n_bytes; i++) {
        ck_assert_uint_eq(a->bytes[i], b->bytes[i]);
        ck_assert_uint_eq(a->kinds ? a->kinds[i] : 0,
                          b->kinds ? b->kinds[i] : 0);
    }
}

static void same_transfer(const struct i2cpt_trace_line *la,
                          const struct i2cpt_trace_line *lb)
{
    const struct i2cpt_trace_transfer *a = &la->transfer, *b = &lb->transfer;
    uint32_t i;

    ck_assert_int_eq(lb->kind, I2CPT_TRACE_TRANSFER);
    ck_assert_uint_eq(la->stamp_ns, lb->stamp_ns);
    ck_assert_uint_eq(a->duration_ns, b->duration_ns);
    ck_assert_int_eq(a->bus, b->bus);
    ck_assert_uint_eq(a->n, b->n);
    ck_assert_uint_eq(a->mark, b->mark);
    ck_assert_uint_eq(a->took, b->took);
    ck_assert_int_eq(a->code, b->code);
    ck_assert_int_eq(a->phase, b->phase);
    ck_assert_int_eq(a->fault_msg, b->fault_msg);
    ck_assert_int_eq(a->fault_byte, b->fault_byte);
    ck_assert_pstr_eq(a->words, b->words);
    for (i = 0; i < a->n; i++) {
        same_msg(&a->msgs[i], &b->msgs[i]);
    }
}

START_TEST(round_trip)
{
    enum { ROUNDS = 3000 };
    char *path = scratch_file("round.i2ct");
    struct random_transfer *x = g_new(struct random_transfer, 1);
    const struct i2cpt_trace_line *line;
    struct i2cpt_trace_writer *w;
    struct i2cpt_trace_reader *r;
    struct i2cpt_fault fault;
    GRand *rand = g_rand_new_with_seed(3);
    int i;

    ck_assert_int_eq(i2cpt_trace_writer_open(path, 0, &w, &fault), 0);
    for (i = 0; i < ROUNDS; i++) {
        random_transfer(rand, x);
        ck_assert_msg(!i2cpt_trace_writer_line(w, &x->line, &fault), "%s",
                      fault.text);
    }
    ck_assert_int_eq(i2cpt_trace_writer_end(w, &fault), 0);
    i2cpt_trace_writer_free(w);
    ck_assert_int_eq(i2cpt_trace_reader_open(path, &r, &fault), 0);
    g_rand_set_seed(rand, 3);
    for (i = 0; i < ROUNDS; i++) {
        random_transfer(rand, x);
        ck_assert_msg(i2cpt_trace_reader_next(r, &line, &fault) == 1, "%s",
                      fault.text);
        same_transfer(&x->line, line);
    }
    ck_assert_int_eq(i2cpt_trace_reader_next(r, &line, &fault), 1);
    ck_assert_int_eq(line->kind, I2CPT_TRACE_END);
    ck_assert_int_eq(line->count, ROUNDS);
    ck_assert_int_eq(i2cpt_trace_reader_next(r, &line, &fault), 0);
    ck_assert_int_eq(i2cpt_trace_reader_complete(r), 1);
    i2cpt_trace_reader_free(r);
    g_rand_free(rand);
    g_free(x);
    g_free(path);
}
END_TEST

/* ---------------------------------------------------------------- headers */

static const struct {
    const char *key, *text, *asked;
    int is;
    int32_t bus;
    int number; /* with a maximum of 400000 */
    uint64_t value;
} headers[] = {
    {"frequency", "400000", "frequency", 1, -1, 1, 400000},
    {"frequency", "0x10", "frequency", 1, -1, 1, 16},
    {"frequency", "400001", "frequency", 1, -1, -EINVAL},
    {"frequency", "fast", "frequency", 1, -1, -EINVAL},
    {"frequency-0", "100", "frequency", 1, 0, 1, 100},
    {"frequency-1048575", "100", "frequency", 1, 1048575, 1, 100},
    {"frequency-1048576", "100", "frequency", 0},
    {"frequency-0000000001", "100", "frequency", 1, 1, 1, 100},
    {"frequency-10485750", "100", "frequency", 0},
    {"frequency-", "100", "frequency", 0},
    {"frequency-0x1", "100", "frequency", 0},
    {"frequency-1-2", "100", "frequency", 0},
    {"frequency1", "100", "frequency", 0},
    {"name-2", "fuel gauge", "name", 1, 2, -EINVAL},
    {"nam", "x", "name", 0},
};

START_TEST(header)
{
    g_autofree char *text = g_strdup_printf("i2cpt-trace 1\n%s: %s\n",
                                            headers[_i].key, headers[_i].text);
    struct i2cpt_trace_reader *r = reader_of(text, strlen(text));
    const struct i2cpt_trace_line *line;
    struct i2cpt_fault fault;
    int32_t bus = -7;
    uint64_t value = 0;

    ck_assert_int_eq(i2cpt_trace_reader_next(r, &line, &fault), 1);
    ck_assert_int_eq(i2cpt_trace_header_is(line, headers[_i].asked, &bus),
                     headers[_i].is);
    ck_assert_int_eq(bus, headers[_i].is ? headers[_i].bus : -7);
    ck_assert_int_eq(i2cpt_trace_header_number(line, headers[_i].asked, 400000,
                                               &bus, &value),
                     headers[_i].number);
    ck_assert_uint_eq(headers[_i].number == 1 ? value : 0, headers[_i].value);
    i2cpt_trace_reader_free(r);
}
END_TEST

static Suite *trace_suite(void)
{
    Suite *suite = suite_create("trace-format");
    TCase *text = tcase_create("lines"), *disk = tcase_create("files");

    tcase_add_loop_test(text, line, 0, G_N_ELEMENTS(lines));
    tcase_add_test(text, model);
    tcase_add_loop_test(text, file, 0, G_N_ELEMENTS(files));
    tcase_add_test(text, no_file);
    tcase_add_test(text, hostile);
    tcase_add_test(text, mutated);
    tcase_add_test(text, many_messages);
    tcase_add_loop_test(text, header, 0, G_N_ELEMENTS(headers));
    suite_add_tcase(suite, text);
    tcase_add_checked_fixture(disk, make_scratch, drop_scratch);
    tcase_add_test(disk, long_lines);
    tcase_add_test(disk, round_trip);
    tcase_set_timeout(disk, 60);
    tcase_set_timeout(text, 60);
    suite_add_tcase(suite, disk);
    return suite;
}

int main(void)
{
    return unit_run(trace_suite());
}
