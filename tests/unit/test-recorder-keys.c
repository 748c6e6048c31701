/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* record-bus=, record-append=, record-failure= and record-redact=. */
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bus/calls.h"
#include "i2cpt-trace.h"
#include "replay.h"
#include "unit.h"

static char *dir, *trace;

static void make_dir(void)
{
    dir = g_dir_make_tmp("i2cpt-XXXXXX", NULL);
    ck_assert_ptr_nonnull(dir);
    trace = g_build_filename(dir, "r.i2ct", NULL);
}

static void drop_dir(void)
{
    g_unlink(trace);
    g_rmdir(dir);
    g_free(trace);
    g_free(dir);
}

static int open_spec(const char *more, struct i2cpt_adapter **a,
                     struct i2cpt_fault *fault)
{
    g_autofree char *spec = g_strdup_printf("stub,record=%s,%s", trace, more);

    return i2cpt_adapter_open(spec, a, fault);
}

static struct i2cpt_adapter *open_stub(const char *more)
{
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;

    ck_assert_msg(!open_spec(more, &a, &fault), "%s", fault.text);
    return a;
}

static void put_trace(const char *text)
{
    ck_assert(g_file_set_contents(trace, text, -1, NULL));
}

/* The file without its times, lines joined by |. */
static char *recorded(void)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    GString *out = g_string_new("");
    guint i;

    ck_assert(g_file_get_contents(trace, &text, NULL, NULL));
    lines = g_strsplit(text, "\n", -1);
    for (i = 1; lines[i] && lines[i][0]; i++) {
        char *line = lines[i];

        if (g_ascii_isdigit(line[0])) {
            line = strchr(strchr(line, ' ') + 1, ' ') + 1;
        } else if (g_str_has_prefix(line, "functionality") ||
                   g_str_has_prefix(line, "name")) {
            continue;
        }
        g_string_append_printf(out, "%s%s", out->len ? "|" : "", line);
    }
    return g_string_free(out, FALSE);
}

static void check_recorded(const char *expected)
{
    g_autofree char *found = recorded();

    ck_assert_str_eq(found, expected);
}

static void step(struct i2cpt_adapter *a, const char *what)
{
    char out[256];

    replay_step(a, what, out);
}

/* ------------------------------------------------------------ several buses */

START_TEST(several)
{
    struct i2cpt_adapter *a = open_stub("chips=0x50,record-bus=3"), *b;

    b = open_stub("chips=0x51,frequency=400k,record-bus=7");
    step(a, "m w1@0x50 1");
    step(b, "m w1@0x51 2");
    step(b, "m w0@0x50");
    i2cpt_adapter_unref(a);
    step(b, "m w1@0x51 3");
    i2cpt_adapter_unref(b);
    check_recorded("bus: 3 stub,chips=0x50|"
                   "bus: 7 stub,frequency=400k,chips=0x51|frequency-7: 400000|"
                   "i2c-3: w1@0x50 01|i2c-7: w1@0x51 02|"
                   "i2c-7: w0@0x50 ! ENXIO phase=address msg=0|"
                   "i2c-7: w1@0x51 03|end 4");
}
END_TEST

/* What each bus said of itself is what its replay says. */
START_TEST(several_replayed)
{
    struct i2cpt_adapter *a =
        open_stub("chips=0x50,functionality=smbus,record-bus=0");
    struct i2cpt_adapter *b =
        open_stub("chips=0x50,frequency=100k,record-bus=1");
    uint32_t of_a = i2cpt_adapter_functionality(a), i;
    g_autofree char *spec = NULL;
    char out[256];

    step(a, "m w2@0x50 1 0x11");
    step(b, "m w2@0x50 1 0x22");
    i2cpt_adapter_unref(a);
    i2cpt_adapter_unref(b);
    for (i = 0; i < 2; i++) {
        g_free(spec);
        spec = g_strdup_printf("trace,file=%s,bus=%u", trace, i);
        ck_assert_int_eq(i2cpt_adapter_open(spec, &a, NULL), 0);
        ck_assert_uint_eq(i2cpt_adapter_frequency_hz(a), i ? 100000 : 0);
        ck_assert_int_eq(i2cpt_adapter_functionality(a) == of_a, !i);
        replay_step(a, i ? "m w2@0x50 1 0x22" : "m w2@0x50 1 0x11", out);
        ck_assert_str_eq(out, "ok");
        replay_verdict(a, out);
        ck_assert_str_eq(out, "1/1");
        i2cpt_adapter_unref(a);
    }
}
END_TEST

static const struct {
    const char *first, *second, *says;
} refusals[] = {
    {"name=a", "name=b", "several buses; record-bus=N says"},
    {"record-bus=1", "name=b", "several buses; record-bus=N says"},
    {"name=a", "record-bus=1", "records there without record-bus=N"},
    {"name=a,record-bus=1", "name=b,record-bus=1", "with the same record-bus="},
};

START_TEST(refused)
{
    struct i2cpt_adapter *a = open_stub(refusals[_i].first), *b;
    struct i2cpt_fault fault;

    ck_assert_int_eq(open_spec(refusals[_i].second, &b, &fault), -EINVAL);
    ck_assert_msg(strstr(fault.text, refusals[_i].says) != NULL, "%s",
                  fault.text);
    step(a, "m w0@0x10");
    i2cpt_adapter_unref(a);
    g_unlink(trace);
    a = open_stub("name=c"); /* nothing of it is left */
    i2cpt_adapter_unref(a);
    check_recorded("adapter: stub|end 0");
    /* and an empty one replaces nothing, unless it is said to be one */
    ck_assert(g_file_set_contents(trace, "precious\n", -1, NULL));
    i2cpt_adapter_unref(open_stub("name=c"));
    check_recorded("");
    a = open_stub("name=c");
    ck_assert_int_eq(i2cpt_trace_record_end(a, NULL), 0);
    i2cpt_adapter_unref(a);
    check_recorded("adapter: stub|end 0");
}
END_TEST

/* Headers cannot follow a transfer. */
START_TEST(too_late)
{
    struct i2cpt_adapter *a = open_stub("chips=0x50,record-bus=0"), *b;
    struct i2cpt_fault fault;

    step(a, "m w1@0x50 1");
    ck_assert_int_eq(open_spec("record-bus=1", &b, &fault), -EINVAL);
    ck_assert_msg(strstr(fault.text, "no header \"bus: 1\"") != NULL, "%s",
                  fault.text);
    i2cpt_adapter_unref(a);
    check_recorded("bus: 0 stub,chips=0x50|i2c-0: w1@0x50 01|end 1");
}
END_TEST

static void *many(void *arg)
{
    int i;

    for (i = 0; i < 500; i++) {
        step(arg, "m w1@0x50 1");
    }
    return NULL;
}

START_TEST(threads)
{
    static const char *const specs[] = {"chips=0x50,record-bus=0",
                                        "chips=0x50,record-bus=1",
                                        "chips=0x50,record-bus=2"};
    struct i2cpt_adapter *a[G_N_ELEMENTS(specs)];
    const struct i2cpt_trace_line *line;
    struct i2cpt_trace_reader *r;
    pthread_t thread[G_N_ELEMENTS(specs)];
    int of_bus[G_N_ELEMENTS(specs)] = {0};
    guint i;

    for (i = 0; i < G_N_ELEMENTS(specs); i++) {
        a[i] = open_stub(specs[i]);
    }
    for (i = 0; i < G_N_ELEMENTS(specs); i++) {
        ck_assert_int_eq(pthread_create(&thread[i], NULL, many, a[i]), 0);
    }
    for (i = 0; i < G_N_ELEMENTS(specs); i++) {
        pthread_join(thread[i], NULL);
        i2cpt_adapter_unref(a[i]);
    }
    ck_assert_int_eq(i2cpt_trace_reader_open(trace, &r, NULL), 0);
    while (i2cpt_trace_reader_next(r, &line, NULL) == 1) {
        if (line->kind == I2CPT_TRACE_TRANSFER) {
            of_bus[line->transfer.bus]++;
        }
    }
    ck_assert_int_eq(i2cpt_trace_reader_complete(r), 1);
    for (i = 0; i < G_N_ELEMENTS(specs); i++) {
        ck_assert_int_eq(of_bus[i], 500);
    }
    i2cpt_trace_reader_free(r);
}
END_TEST

/* The reader takes the header apart. */
static const struct {
    const char *header;
    int ret, bus;
    const char *spec;
} bus_headers[] = {
    {"bus: 3 stub,chips=0x50", 1, 3, "stub,chips=0x50"},
    {"bus: 1048575", 1, 1048575, ""},
    {"bus: 1048576 x", -EINVAL, 0, NULL},
    {"bus: x", -EINVAL, 0, NULL},
    {"bus: 1x", -EINVAL, 0, NULL},
    {"buses: 1 x", 1, -1, NULL},
};

START_TEST(bus_header)
{
    g_autofree char *text =
        g_strdup_printf("i2cpt-trace 1\n%s\nend 0\n", bus_headers[_i].header);
    const struct i2cpt_trace_line *line;
    struct i2cpt_trace_reader *r;
    struct i2cpt_fault fault;

    ck_assert_int_eq(
        i2cpt_trace_reader_open_memory(text, strlen(text), "t", &r, &fault), 0);
    ck_assert_int_eq(i2cpt_trace_reader_next(r, &line, &fault),
                     bus_headers[_i].ret);
    if (bus_headers[_i].ret == 1) {
        ck_assert_int_eq(line->bus, bus_headers[_i].bus);
        if (line->bus >= 0) {
            ck_assert_str_eq(line->spec, bus_headers[_i].spec);
        }
    } else {
        ck_assert(g_str_has_prefix(fault.text, "t:2:"));
    }
    i2cpt_trace_reader_free(r);
}
END_TEST

/* ---------------------------------------------------------------- appending */

static const struct {
    const char *before, *keys, *after, *says;
} appends[] = {
    {"i2cpt-trace 1\nadapter: x\n1.0 +0.5 w0@0x20\nend 1\n", "name=a",
     "adapter: x|w0@0x20|end 1|w1@0x50 01|end 2", NULL},
    {"i2cpt-trace 1\n1.0 +0.5 w0@0x20\n2.0 +0.1 w0@0x2", "name=a",
     "w0@0x20|w1@0x50 01|end 2", NULL},
    {"", "name=a", "adapter: stub,chips=0x50|w1@0x50 01|end 1", NULL},
    {"i2cpt-trace 1\nbus: 0 x\nbus: 4 y\n1.0 +0.5 i2c-4: w0@0x20\n",
     "record-bus=4", "bus: 0 x|bus: 4 y|i2c-4: w0@0x20|i2c-4: w1@0x50 01|end 2",
     NULL},
    {"i2cpt-trace 1\nbus: 4 y\n", "record-bus=5",
     "bus: 4 y|bus: 5 stub,chips=0x50|i2c-5: w1@0x50 01|end 1", NULL},
    {"i2cpt-trace 1\nbus: 4 y\n1.0 +0.5 i2c-4: w0@0x20\nend 1\n",
     "record-bus=5", "bus: 4 y|i2c-4: w0@0x20|end 1", "no header \"bus: 5\""},
    {"i2cpt-trace 1\nbus: 4 y\n1.0 +0.5 i2c-4: w0@0x20\nend 1\n", "name=a",
     "bus: 4 y|i2c-4: w0@0x20|end 1", "record-bus=N says"},
    {"i2cpt-trace 1\n1.0 +0.5 w0@0x20\nend 1\n", "record-bus=5",
     "w0@0x20|end 1", "no header \"bus: 5\""},
    {"i2cpt-trace 1\n1.0 +0.5 w0@0x20\nend 2\n", "name=a", "w0@0x20|end 2",
     ":3:5: 1 transfers"},
};

START_TEST(append)
{
    g_autofree char *keys =
        g_strdup_printf("chips=0x50,record-append=on,%s", appends[_i].keys);
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;

    put_trace(appends[_i].before);
    ck_assert_int_eq(open_spec(keys, &a, &fault),
                     appends[_i].says ? -EINVAL : 0);
    if (appends[_i].says) {
        ck_assert_msg(strstr(fault.text, appends[_i].says) != NULL, "%s",
                      fault.text);
    } else {
        step(a, "m w1@0x50 1");
        i2cpt_adapter_unref(a);
    }
    check_recorded(appends[_i].after);
}
END_TEST

START_TEST(appended_time)
{
    const struct i2cpt_trace_line *line;
    struct i2cpt_trace_reader *r;
    struct i2cpt_adapter *a;
    uint64_t last = 0;

    put_trace("i2cpt-trace 1\n100.0 +0.5 w0@0x20\nend 1\n");
    a = open_stub("chips=0x50,record-append=on");
    step(a, "m w1@0x50 1");
    i2cpt_adapter_unref(a);
    ck_assert_int_eq(i2cpt_trace_reader_open(trace, &r, NULL), 0);
    while (i2cpt_trace_reader_next(r, &line, NULL) == 1) {
        last = line->kind == I2CPT_TRACE_TRANSFER ? line->stamp_ns : last;
    }
    i2cpt_trace_reader_free(r);
    ck_assert_uint_ge(last, UINT64_C(100500000000));
    ck_assert_uint_lt(last, UINT64_C(200000000000));
}
END_TEST

/* An `end` in between counts what stands before it. */
/* In a child of who records: may it go on with the file? It may not, neither
 * before nor after it has dropped its copy of the recording. */
static bool child_is_refused(struct i2cpt_adapter *parents)
{
    struct i2cpt_adapter *own;
    struct i2cpt_fault fault;
    bool before = open_spec("record-append=on", &own, &fault) == -EBUSY &&
                  strstr(fault.text, "another recording goes on there");

    i2cpt_adapter_unref(parents);
    return before && open_spec("record-append=on", &own, &fault) == -EBUSY;
}

START_TEST(one_process_at_a_time)
{
    const char *more = _i ? "chips=0x50,record-append=on" : "chips=0x50";
    struct i2cpt_adapter *a;
    int answer[2], wait[2];
    char c = 0;
    pid_t pid;

    if (_i) {
        put_trace("i2cpt-trace 1\n0.0 +0.1 w0@0x50\nend 1\n");
    }
    a = open_stub(more);
    ck_assert_int_eq(i2cpt_smbus_send_byte(a, 0x50, 0, 1, NULL), 0);
    ck_assert(!pipe(answer) && !pipe(wait));
    pid = fork();
    if (pid == 0) {
        close(wait[1]);
        c = child_is_refused(a) ? 'y' : 'n';
        _exit(write(answer[1], &c, 1) != 1 || read(wait[0], &c, 1) != 0);
    }
    ck_assert_int_eq(read(answer[0], &c, 1), 1);
    ck_assert_int_eq(c, 'y');
    i2cpt_adapter_unref(a); /* and the child still has its descriptors */
    a = open_stub("chips=0x50,record-append=on");
    i2cpt_adapter_unref(a);
    close(wait[1]);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

START_TEST(a_child_frees_its_copy)
{
    struct i2cpt_trace_writer *w, *other;
    pid_t pid;

    ck_assert_int_eq(i2cpt_trace_writer_open(trace, 0, &w, NULL), 0);
    ck_assert_int_eq(i2cpt_trace_writer_end(w, NULL), 0);
    pid = fork();
    if (pid == 0) {
        i2cpt_trace_writer_free(w);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert_int_eq(
        i2cpt_trace_writer_open(trace, I2CPT_TRACE_WRITER_APPEND, &other, NULL),
        -EBUSY);
    i2cpt_trace_writer_free(w);
    ck_assert_int_eq(
        i2cpt_trace_writer_open(trace, I2CPT_TRACE_WRITER_APPEND, &other, NULL),
        0);
    i2cpt_trace_writer_free(other);
}
END_TEST

START_TEST(end_early)
{
    struct i2cpt_adapter *a = open_stub("chips=0x50");

    step(a, "m w1@0x50 1");
    ck_assert_int_eq(i2cpt_trace_record_end(a, NULL), 0);
    check_recorded("adapter: stub,chips=0x50|w1@0x50 01|end 1");
    ck_assert_int_eq(i2cpt_trace_record_end(a, NULL), 0);
    step(a, "m w1@0x50 2");
    i2cpt_adapter_unref(a);
    check_recorded("adapter: stub,chips=0x50|w1@0x50 01|end 1|w1@0x50 02|"
                   "end 2");
}
END_TEST

/* --------------------------------------------------------- a full disk, stop
 */

static int by_messages(struct i2cpt_adapter *a)
{
    uint8_t out = 0, in[2];
    struct i2cpt_msg msgs[] = {{.addr = 0x50, .len = 1, .buf = &out},
                               {0x50, I2CPT_M_RD, 2, 0, in}};

    return i2cpt_transfer(a, msgs, 2, NULL);
}

static int by_stream(struct i2cpt_adapter *a)
{
    static const enum i2cpt_op ops[] = {
        I2CPT_OP_STREAM_START, I2CPT_OP_STREAM_WRITE, I2CPT_OP_STREAM_STOP};
    int failed = 0;
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(ops); i++) {
        struct i2cpt_call call = {.op = ops[i], .owner = a, .addr = 0x50};

        int ret = bus_call_run(a, &call, NULL);

        failed = failed ? failed : ret;
    }
    return failed;
}

static const struct {
    const char *keys;
    int (*once)(struct i2cpt_adapter *a);
} stops[] = {
    {"name=a", by_messages},
    {"functionality=smbus", by_messages},
    {"name=a", by_stream},
};

START_TEST(stop)
{
    g_autofree char *keys =
        g_strdup_printf("chips=0x50,record-failure=stop,%s", stops[_i].keys);
    struct i2cpt_adapter *a = open_stub(keys);
    int ret[40], good = 0, lines = 0, i;
    struct rlimit limit, small;
    g_autofree char *text = NULL;
    const char *p;

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit);
    small = limit;
    small.rlim_cur = 400; /* in the middle of a line */
    /* Check itself writes a file: nothing may be asserted meanwhile */
    setrlimit(RLIMIT_FSIZE, &small);
    for (i = 0; i < 40; i++) {
        ret[i] = stops[_i].once(a);
    }
    setrlimit(RLIMIT_FSIZE, &limit);
    i2cpt_adapter_unref(a);
    while (good < 40 && !ret[good]) {
        good++;
    }
    for (i = good; i < 40; i++) { /* and none after it */
        ck_assert_int_eq(ret[i], -EFBIG);
    }
    /* just those that went well are in the file */
    ck_assert(g_file_get_contents(trace, &text, NULL, NULL));
    for (p = text; (p = strstr(p, " +0.")); p++) {
        lines++;
    }
    ck_assert_int_gt(good, 2);
    ck_assert_int_eq(lines, good);
}
END_TEST

/* ----------------------------------------------- who took how many bytes */

static void guess(struct i2cpt_adapter *a, const void *owner, uint16_t addr)
{
    uint8_t in[3];
    struct i2cpt_msg msg = {addr, I2CPT_M_RD, 3, 0, in};
    struct i2cpt_call call = {.op = I2CPT_OP_TRANSFER,
                              .marks = I2CPT_MARK_TOOK_FOLLOWS,
                              .owner = owner,
                              .msgs = &msg,
                              .n = 1};

    ck_assert_int_eq(bus_call_run(a, &call, NULL), 0);
}

/* Two that share an adapter and tell in another order. */
START_TEST(took_by_each)
{
    struct i2cpt_adapter *a = open_stub("chips=0x50-0x52");
    int one, two;

    guess(a, &one, 0x50);
    guess(a, &two, 0x51);
    step(a, "m w0@0x52");
    bus_adapter_took(a, &two, 2);
    i2cpt_adapter_unref(a);
    check_recorded("adapter: stub,chips=0x50-0x52|r3@0x50 = 00 00 00|"
                   "r3@0x51 = 00 00 00 %took-2|w0@0x52|end 3");
    a = open_stub("chips=0x50-0x52");
    guess(a, &one, 0x50);
    guess(a, &two, 0x51);
    bus_adapter_took(a, &two, 2);
    bus_adapter_took(a, &two, 0); /* it has told already */
    bus_adapter_took(a, &one, 1);
    guess(a, &one, 0x50);
    guess(a, &one, 0x52); /* of the one before nothing will be told */
    bus_adapter_took(a, &one, 3);
    check_recorded("adapter: stub,chips=0x50-0x52|r3@0x50 = 00 00 00 %took-1|"
                   "r3@0x51 = 00 00 00 %took-2|r3@0x50 = 00 00 00|"
                   "r3@0x52 = 00 00 00");
    i2cpt_adapter_unref(a);
}
END_TEST

/* ---------------------------------------------------------------- redaction */

static const struct {
    const char *what, *steps[6], *after;
} redactions[] = {
    {"0x50",
     {"m w3@0x50 1 2 3", "m w1@0x50 1 r2", "m w2@0x51 1 2", "m r1@0x50"},
     "w3@0x50 01 ?? ??|w1@0x50 01 r2 = ?? ??|w2@0x51 01 02|r1@0x50 = ??"},
    {"0x50/2",
     {"m w3@0x50 1 2 3", "m w2@0x50 3 9", "m w1@0x50 2 r2", "m w1@0x50 3 r1"},
     "w3@0x50 01 02 ??|w2@0x50 03 09|w1@0x50 02 r2 = ?? ??|"
     "w1@0x50 03 r1 = 09"},
    /* the pointer stays, and moves on with what is read */
    {"0x50/2:0x51",
     {"m w1@0x50 0", "m r1@0x50", "m r2@0x50", "m r1@0x51"},
     "w1@0x50 00|r1@0x50 = 00|r2@0x50 = 00 ??|r1@0x51 = ??"},
    {"0x50/2",
     {"s W50 02 77 R50 . . P", "s W51 02 77 P"},
     "w2@0x50 02 ?? r2 = ?? ??|w2@0x51 02 77"},
    {"0x50",
     {"g w1@0x50 0 r2", "m w0@0x50", "k 1"},
     "w1@0x50 00 r2 = ?? ?? %took-1|w0@0x50"},
    {"0x0b", {"m w1@0x0b 0x20 r?"}, "w1@0x0b 20 r? = 02 ?? ??"},
    /* what goes on without a START goes on with the register, too */
    {"0x50/2", {"m w1@0x50 2 sw2 7 8"}, "w1@0x50 02 sw2 ?? ??"},
    {"0x50/2",
     {"m w1@0x50 1 sw1 7 sw1 8 sw1 9"},
     "w1@0x50 01 sw1 07 sw1 ?? sw1 ??"},
    {"0x50/2", {"m w0@0x50 sw1 2 sw1 8"}, "w0@0x50 sw1 02 sw1 ??"},
    {"0x50", {"m w1@0x50 2 sw2 7 8"}, "w1@0x50 02 sw2 ?? ??"},
    /* and to the same target, whatever its own address says */
    {"0x50/2", {"m w1@0x50 2 sw1@0x51 7"}, "w1@0x50 02 sw1@0x51 ??"},
    {"0x50/2", {"m w1@0x50 2 r1 sr1"}, "w1@0x50 02 r1 = ?? sr1 = ??"},
    /* a chip may begin each read with the register that was written last */
    {"0x50/2",
     {"m w1@0x50 2 r2", "m r1@0x50"},
     "w1@0x50 02 r2 = ?? ??|r1@0x50 = ??"},
    {"0x50/255", {"m w3@0x50 254 1 2"}, "w3@0x50 fe 01 ??"},
};

START_TEST(redact)
{
    g_autofree char *load = g_build_filename(dir, "chips", NULL), *keys = NULL;
    g_autofree char *found = NULL;
    struct i2cpt_adapter *a;
    char *behind;
    int i;

    ck_assert(g_file_set_contents(load,
                                  "chip 0x50 registers\nchip 0x51 registers\n"
                                  "chip 0x0b smbus\n"
                                  "reg 0x20 type=block = 61 62\n",
                                  -1, NULL));
    keys =
        g_strdup_printf("load=%s,record-redact=%s", load, redactions[_i].what);
    a = open_stub(keys);
    for (i = 0; redactions[_i].steps[i]; i++) {
        step(a, redactions[_i].steps[i]);
    }
    i2cpt_adapter_unref(a);
    g_unlink(load);
    found = recorded();
    behind = strchr(found, '|') + 1; /* the header */
    *strrchr(behind, '|') = 0;       /* the end */
    ck_assert_str_eq(behind, redactions[_i].after);
}
END_TEST

static const char *const bad_redactions[] = {"x", "0x400", "0x50/256", "0x50/",
                                             "0x50::0x51"};

START_TEST(bad_redaction)
{
    g_autofree char *keys =
        g_strdup_printf("record-redact=%s", bad_redactions[_i]);
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;

    ck_assert_int_eq(open_spec(keys, &a, &fault), -EINVAL);
    ck_assert_msg(g_str_has_prefix(fault.text, "record-redact="), "%s",
                  fault.text);
    ck_assert(!g_file_test(trace, G_FILE_TEST_EXISTS));
}
END_TEST

static Suite *keys_suite(void)
{
    Suite *suite = suite_create("recorder-keys");
    TCase *tcase = tcase_create("recorder-keys");

    tcase_add_checked_fixture(tcase, make_dir, drop_dir);
    tcase_add_test(tcase, several);
    tcase_add_test(tcase, several_replayed);
    tcase_add_loop_test(tcase, refused, 0, G_N_ELEMENTS(refusals));
    tcase_add_test(tcase, too_late);
    tcase_add_test(tcase, threads);
    tcase_add_loop_test(tcase, bus_header, 0, G_N_ELEMENTS(bus_headers));
    tcase_add_loop_test(tcase, append, 0, G_N_ELEMENTS(appends));
    tcase_add_test(tcase, appended_time);
    tcase_add_loop_test(tcase, one_process_at_a_time, 0, 2);
    tcase_add_test(tcase, a_child_frees_its_copy);
    tcase_add_test(tcase, end_early);
    tcase_add_loop_test(tcase, stop, 0, G_N_ELEMENTS(stops));
    tcase_add_test(tcase, took_by_each);
    tcase_add_loop_test(tcase, redact, 0, G_N_ELEMENTS(redactions));
    tcase_add_loop_test(tcase, bad_redaction, 0, G_N_ELEMENTS(bad_redactions));
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return unit_run(keys_suite());
}
