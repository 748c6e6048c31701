/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Back ends through the public table (i2cpt-backend.h): tables that cannot be,
 * one that answers as it is told, lies included, and what the library makes of
 * each.
 */
#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "i2cpt-backend.h"
#include "i2cpt-lines.h"
#include "i2cpt-trace.h"
#include "unit.h"

/* What the back end does next, and what it was called with. */
static struct told {
    int ret;
    uint32_t short_by; /* of the last message's actual */
    uint32_t beyond;   /* added to it */
    bool spoils_msgs;  /* lengths and pointers of its copies */
    bool spoils_fault; /* no NUL, no place */
    size_t in_len;     /* of smbus() */
    uint8_t count;     /* of RECV_LEN */
    uint32_t flags, functionality;
    bool fails_to_open;
    const char *lines; /* that open() names, "NAME+LEVEL=RESULT ..." */
} told;

static struct seen {
    unsigned opened, closed, transfers, took;
    uint32_t marks, took_n;
    uint64_t owner, took_owner, deadline_ns;
    size_t n, msg_size, out_len, in_size;
    uint8_t out[40];
    char log[100];
    struct i2cpt_backend_lines *lines;
} seen;

static int user_data;

/* Adds each line that told.lines names, and looks at what that gives. */
static void name_lines(struct i2cpt_backend_lines *lines)
{
    g_auto(GStrv) rows = g_strsplit(told.lines ? told.lines : "", " ", 0);
    char name[64];
    int level, ret, i;

    for (i = 0; rows[i]; i++) {
        ck_assert_int_eq(sscanf(rows[i], "%63[^+]+%d=%d", name, &level, &ret),
                         3);
        ck_assert_msg(i2cpt_backend_line_add(lines, name, level) == ret, "%s",
                      rows[i]);
    }
    seen.lines = lines;
}

static int fake_open(void *user, const struct i2cpt_options *options,
                     void **instance, struct i2cpt_backend_info *info,
                     struct i2cpt_fault *fault)
{
    ck_assert_ptr_eq(user, &user_data);
    ck_assert_ptr_eq(*instance, &user_data);
    ck_assert_uint_eq(info->size, sizeof(*info));
    seen.opened++;
    name_lines(info->lines);
    info->flags = told.flags;
    info->functionality = told.functionality;
    info->frequency_hz = (uint32_t)i2cpt_backend_number(options, "speed");
    return told.fails_to_open
               ? i2cpt_backend_fail(fault, ENODEV, 0, -1, -1, "nobody home")
               : told.ret;
}

static void fake_close(void *instance)
{
    seen.closed++;
}

static void spoil_fault(struct i2cpt_fault *fault)
{
    memset(fault, 0x7f, sizeof(*fault));
}

static void answer(struct i2cpt_backend_xfer *x, size_t i)
{
    struct i2cpt_msg *m = i2cpt_backend_msg(x, i);

    ck_assert_uint_eq(m->actual, 0);
    m->actual = m->len;
    if (m->flags & I2CPT_M_RECV_LEN) {
        m->actual = told.count + m->buf[0];
        m->buf[0] = told.count;
    } else if (m->flags & I2CPT_M_RD && m->len) {
        memset(m->buf, 0x5a, m->len);
    }
    if (i + 1 == x->n) {
        m->actual += told.beyond - told.short_by;
    }
    if (told.spoils_msgs) {
        m->len = UINT32_MAX;
        m->buf = NULL;
        m->addr = 0xffff;
    }
}

static int fake_transfer(void *instance, struct i2cpt_backend_xfer *x)
{
    size_t i;

    ck_assert_uint_eq(x->size, sizeof(*x));
    seen.transfers++;
    seen.marks = x->marks;
    seen.owner = x->owner;
    seen.n = x->n;
    seen.msg_size = x->msg_size;
    seen.deadline_ns = x->deadline_ns;
    for (i = 0; i < x->n; i++) {
        answer(x, i);
    }
    if (told.spoils_fault) {
        spoil_fault(x->fault);
        return told.ret;
    }
    return told.ret < 0 ? i2cpt_backend_fail(x->fault, -told.ret,
                                             I2CPT_PHASE_DATA, 0, 1, NULL)
                        : told.ret;
}

static int fake_smbus(void *instance, struct i2cpt_backend_smbus *call)
{
    ck_assert_uint_eq(call->size, sizeof(*call));
    seen.out_len = call->out_len;
    seen.in_size = call->in_size;
    memcpy(seen.out, call->out, MIN(call->out_len, sizeof(seen.out)));
    memset(call->in, 0x5a, call->in_size);
    call->in_len = told.in_len;
    return told.ret;
}

static int fake_start(void *instance, uint16_t addr, uint16_t flags,
                      uint64_t deadline_ns, struct i2cpt_fault *fault)
{
    g_strlcat(seen.log, flags & I2CPT_M_RD ? "Sr " : "Sw ", sizeof(seen.log));
    return told.ret;
}

static int fake_write(void *instance, uint8_t byte, uint64_t deadline_ns,
                      struct i2cpt_fault *fault)
{
    g_strlcat(seen.log, "W ", sizeof(seen.log));
    return 0;
}

static int fake_read(void *instance, uint8_t *byte, uint64_t deadline_ns,
                     struct i2cpt_fault *fault)
{
    g_strlcat(seen.log, "R ", sizeof(seen.log));
    *byte = 0x77;
    return 0;
}

static int fake_stop(void *instance, uint64_t deadline_ns,
                     struct i2cpt_fault *fault)
{
    g_strlcat(seen.log, "P", sizeof(seen.log));
    return 0;
}

static void fake_took(void *instance, uint64_t owner, uint32_t n)
{
    seen.took++;
    seen.took_owner = owner;
    seen.took_n = n;
}

static int fake_verdict(void *instance, struct i2cpt_trace_verdict *out,
                        struct i2cpt_fault *fault)
{
    static const struct i2cpt_trace_verdict none;

    ck_assert_uint_eq(out->size, sizeof(*out));
    ck_assert_int_eq(
        memcmp(&out->truncated, &none.truncated,
               sizeof(none) - offsetof(struct i2cpt_trace_verdict, truncated)),
        0);
    memset(out, 0x41, sizeof(*out)); /* no text has an end */
    out->consumed = 7;
    return told.ret < 0
               ? i2cpt_backend_fail(fault, -told.ret, 0, -1, -1, "not yet")
               : told.ret;
}

static const struct i2cpt_backend_record_ops record_ops = {
    .size = sizeof(record_ops), .took = fake_took, .verdict = fake_verdict};

static int fake_identify(void *user, const struct i2cpt_options *options,
                         char *buf, size_t size, struct i2cpt_fault *fault)
{
    const char *bus = i2cpt_backend_text(options, "bus");

    if (bus && !strcmp(bus, "endless")) {
        memset(buf, 'x', size);
    } else if (bus) {
        g_strlcpy(buf, bus, size);
    }
    return 0;
}

/* An element of an author's header that has grown. */
struct longer_key {
    struct i2cpt_backend_key_def key;
    uint64_t more;
};
static const struct longer_key keys[] = {
    {{.name = "speed",
      .kind = I2CPT_BACKEND_KEY_FREQUENCY,
      .max = 1000000,
      .def = "100k"},
     1},
    {{.name = "bus", .flags = I2CPT_BACKEND_KEY_MAY_DIFFER}, 1},
};

static struct i2cpt_backend_ops table(void)
{
    return (struct i2cpt_backend_ops){
        .size = sizeof(struct i2cpt_backend_ops),
        .name = "told",
        .keys = &keys[0].key,
        .key_size = sizeof(keys[0]),
        .n_keys = 2,
        .identify = fake_identify,
        .open = fake_open,
        .close = fake_close,
        .transfer = fake_transfer,
        .smbus = fake_smbus,
        .stream_start = fake_start,
        .stream_write = fake_write,
        .stream_read = fake_read,
        .stream_stop = fake_stop,
        .record = &record_ops,
    };
}

static void begin(void)
{
    memset(&seen, 0, sizeof(seen));
    told = (struct told){.functionality =
                             I2CPT_FUNC_I2C | I2CPT_FUNC_SMBUS_EMUL_ALL};
}

static struct i2cpt_adapter *open_told(const char *with)
{
    struct i2cpt_backend_ops ops = table();
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    int ret = i2cpt_adapter_new(&ops, &user_data,
                                with ? with : "timeout-ms=60000", &a, &fault);

    ck_assert_msg(ret == 0, "%s", fault.text);
    return a;
}

/* ------------------------------------------------------------ its table */

enum spoiled {
    SIZE_0,
    SIZE_SHORT,
    NO_NAME,
    BAD_NAME,
    NO_OPEN,
    NO_CALLS,
    HALF_STREAM,
    LONE_POINTER,
    NULL_KEYS,
    MANY_KEYS,
    SHORT_KEYS,
    SHORT_RECORD,
    KEY_NAME,
    KEY_COMMON,
    KEY_KIND,
    KEY_CHOICES,
    KEY_RANGE,
    KEY_DEFAULT,
    KEY_TWICE,
};

static const struct {
    enum spoiled what;
    const char *says;
} bad_tables[] = {
    {SIZE_0, "size 0"},
    {SIZE_SHORT, "too small"},
    {NO_NAME, "name ''"},
    {BAD_NAME, "name 'a,b'"},
    {NO_OPEN, "open is NULL"},
    {NO_CALLS, "transfer and smbus"},
    {HALF_STREAM, "all four or none"},
    {LONE_POINTER, "stream_pointer"},
    {NULL_KEYS, "keys is NULL"},
    {MANY_KEYS, "65 keys"},
    {SHORT_KEYS, "keys of 8 bytes"},
    {SHORT_RECORD, "record: size 4"},
    {KEY_NAME, "key 'A'"},
    {KEY_COMMON, "every back end has"},
    {KEY_KIND, "unknown kind"},
    {KEY_CHOICES, "choices"},
    {KEY_RANGE, "min is above max"},
    {KEY_DEFAULT, "accepted is 0 to 7"},
    {KEY_TWICE, "twice"},
};

static void spoil_key(struct i2cpt_backend_key_def *key, enum spoiled what)
{
    *key = (struct i2cpt_backend_key_def){
        .name = what == KEY_NAME     ? "A"
                : what == KEY_COMMON ? "timeout-ms"
                                     : "k",
        .kind = what == KEY_KIND      ? 5
                : what == KEY_CHOICES ? I2CPT_BACKEND_KEY_CHOICE
                                      : I2CPT_BACKEND_KEY_UINT,
        .min = what == KEY_RANGE ? 8 : 0,
        .max = 7,
        .def = what == KEY_DEFAULT ? "8" : NULL,
    };
}

static void spoil(struct i2cpt_backend_ops *ops, enum spoiled what,
                  struct i2cpt_backend_key_def *two)
{
    static const struct i2cpt_backend_record_ops short_record = {.size = 4};

    ops->size = what == SIZE_0 ? 0
                : what == SIZE_SHORT
                    ? offsetof(struct i2cpt_backend_ops, record)
                    : ops->size;
    ops->name = what == NO_NAME ? NULL : what == BAD_NAME ? "a,b" : ops->name;
    ops->open = what == NO_OPEN ? NULL : ops->open;
    ops->record = what == SHORT_RECORD ? &short_record : ops->record;
    if (what == NO_CALLS) {
        ops->transfer = NULL;
        ops->smbus = NULL;
    } else if (what == HALF_STREAM) {
        ops->stream_read = NULL;
    } else if (what == LONE_POINTER) {
        ops->stream_start = NULL;
        ops->stream_write = NULL;
        ops->stream_read = NULL;
        ops->stream_stop = NULL;
        *(const void **)&ops->stream_pointer = &user_data;
    } else if (what == NULL_KEYS) {
        ops->keys = NULL;
    } else if (what == MANY_KEYS) {
        ops->n_keys = 65;
    } else if (what == SHORT_KEYS) {
        ops->key_size = 8;
    } else if (what >= KEY_NAME) {
        spoil_key(&two[0], what);
        spoil_key(&two[1], what);
        ops->keys = two;
        ops->key_size = sizeof(*two);
        ops->n_keys = what == KEY_TWICE ? 2 : 1;
    }
}

START_TEST(test_tables_that_cannot_be)
{
    struct i2cpt_backend_key_def two[2];
    struct i2cpt_backend_ops ops = table();
    struct i2cpt_adapter *a = (void *)&user_data;
    struct i2cpt_fault fault;

    begin();
    spoil(&ops, bad_tables[_i].what, two);
    ck_assert_int_eq(i2cpt_adapter_new(&ops, &user_data, NULL, &a, &fault),
                     -EINVAL);
    ck_assert_ptr_null(a);
    ck_assert_msg(strstr(fault.text, bad_tables[_i].says), "%s", fault.text);
    ck_assert_int_eq(i2cpt_backend_register(&ops, &user_data, &fault), -EINVAL);
    ck_assert_uint_eq(seen.opened, 0);
}
END_TEST

/* An author's header may be newer than this library. */
START_TEST(test_a_table_that_has_grown)
{
    struct {
        struct i2cpt_backend_ops ops;
        void *more[4];
    } longer = {table(), {&user_data, &user_data, &user_data, &user_data}};
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;

    begin();
    longer.ops.size = sizeof(longer);
    ck_assert_int_eq(
        i2cpt_adapter_new(&longer.ops, &user_data, NULL, &a, &fault), 0);
    ck_assert_str_eq(i2cpt_adapter_name(a), "told");
    ck_assert_uint_eq(i2cpt_adapter_frequency_hz(a), 100000);
    i2cpt_adapter_unref(a);
    ck_assert_uint_eq(seen.closed, 1);
}
END_TEST

/* Or older: that of the first release ends at `record`, and what lies behind
 * belongs to somebody else. */
START_TEST(test_a_table_of_the_first_release)
{
    struct i2cpt_backend_ops ops;
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    size_t first =
        offsetof(struct i2cpt_backend_ops, record) + sizeof(ops.record);
    char *own = g_malloc(first); /* ASan looks */

    begin();
    ops = table();
    ops.size = (uint32_t)first;
    memcpy(own, &ops, first);
    ck_assert_int_eq(
        i2cpt_adapter_new((const void *)own, &user_data, NULL, &a, &fault), 0);
    ck_assert_uint_eq(i2cpt_adapter_frequency_hz(a), 100000);
    i2cpt_adapter_unref(a);
    ck_assert_uint_eq(seen.closed, 1);
    g_free(own);
}
END_TEST

static const struct {
    uint32_t functionality, flags;
    bool fails;
    int ret, expected;
    unsigned closed;
    const char *says;
} openings[] = {
    {0, 0, false, 0, -EINVAL, 1, "no functionality"},
    {0x40000000u, 0, false, 0, -EINVAL, 1, "no functionality"},
    {I2CPT_FUNC_I2C, 6, false, 0, -EINVAL, 1, "TELLS_PHASE and HIDES"},
    {I2CPT_FUNC_I2C, 0, true, 0, -ENODEV, 0, "nobody home"},
    {I2CPT_FUNC_I2C, 0, false, 3, -EPROTO, 0, "open() returned 3"},
    {I2CPT_FUNC_I2C, 0, false, -100000, -EPROTO, 0, "returned -100000"},
    {I2CPT_FUNC_I2C | 0x40000000u, 0xff00, false, 0, 0, 1, ""},
};

START_TEST(test_what_open_says)
{
    struct i2cpt_backend_ops ops = table();
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    int ret;

    begin();
    told.functionality = openings[_i].functionality;
    told.flags = openings[_i].flags;
    told.fails_to_open = openings[_i].fails;
    told.ret = openings[_i].ret;
    ret = i2cpt_adapter_new(&ops, &user_data, "speed=400k", &a, &fault);
    ck_assert_int_eq(ret, openings[_i].expected);
    ck_assert_msg(strstr(fault.text, openings[_i].says), "%s", fault.text);
    if (!ret) {
        ck_assert_uint_eq(i2cpt_adapter_frequency_hz(a), 400000);
        ck_assert_uint_eq(i2cpt_adapter_functionality(a), I2CPT_FUNC_I2C);
        i2cpt_adapter_unref(a);
    }
    ck_assert_uint_eq(seen.closed, openings[_i].closed);
}
END_TEST

static void hear(struct i2cpt_adapter *a, unsigned line, int level,
                 uint64_t stamp_ns, void *user)
{
    g_string_append_printf(user, "%s%d ", i2cpt_adapter_line_name(a, line),
                           level);
    ck_assert_uint_le(stamp_ns, i2cpt_backend_now_ns());
}

static void set(unsigned line, int level, uint64_t stamp_ns, int expected)
{
    ck_assert_int_eq(i2cpt_backend_line_set(seen.lines, line, level, stamp_ns),
                     expected);
}

START_TEST(test_lines)
{
    struct i2cpt_backend_ops ops = table();
    g_autoptr(GString) heard = g_string_new(NULL);
    struct i2cpt_adapter *a;

    begin();
    told.functionality = I2CPT_FUNC_I2C;
    told.lines = "int+0=0 drdy+1=1 int+0=-17 a.b+0=-22 c+2=-22 d+-1=-22";
    ck_assert_int_eq(i2cpt_adapter_new(&ops, &user_data, NULL, &a, NULL), 0);
    ck_assert_int_eq(i2cpt_backend_line_add(seen.lines, "late", 0), -EPERM);
    ck_assert_int_eq(i2cpt_adapter_lines(a), 2);
    ck_assert_str_eq(i2cpt_adapter_line_name(a, 1), "drdy");
    ck_assert_int_eq(i2cpt_adapter_line_level(a, 1), 1);
    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, hear, heard), 0);
    set(0, 1, 0, 0);
    set(0, 1, 0, 0);
    set(1, 0, UINT64_MAX, 0); /* to come: now */
    set(2, 1, 0, -EINVAL);
    set(0, 2, 0, -EINVAL);
    set(0, -1, 0, -EINVAL);
    ck_assert_int_eq(i2cpt_dispatch(a), 2);
    ck_assert_str_eq(heard->str, "int1 drdy0 ");
    ck_assert_int_eq(i2cpt_adapter_line_level(a, 0), 1);
    i2cpt_adapter_unref(a);
    ck_assert_uint_eq(seen.closed, 1);
}
END_TEST

static uint64_t told_ns[3];

static void keep_stamp(struct i2cpt_adapter *a, unsigned line, int level,
                       uint64_t stamp_ns, void *user)
{
    unsigned *n = user;

    told_ns[(*n)++ % 3] = stamp_ns;
}

/* As they were said, where they can be. */
START_TEST(test_stamps_of_lines)
{
    struct i2cpt_backend_ops ops = table();
    uint64_t then = i2cpt_backend_now_ns();
    struct i2cpt_adapter *a;
    unsigned n = 0;

    begin();
    told.functionality = I2CPT_FUNC_I2C;
    told.lines = "int+0=0";
    ck_assert_int_eq(i2cpt_adapter_new(&ops, &user_data, NULL, &a, NULL), 0);
    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, keep_stamp, &n), 0);
    set(0, 1, then, 0);
    set(0, 0, then - 5, 0);
    set(0, 1, 0, 0);
    ck_assert_int_eq(i2cpt_dispatch(a), 3);
    ck_assert_uint_eq(told_ns[0], then);
    ck_assert_uint_eq(told_ns[1], then);
    ck_assert_uint_gt(told_ns[2], then);
    i2cpt_adapter_unref(a);
}
END_TEST

/* The keys choose among them by the back end's name. */
START_TEST(test_lines_are_chosen)
{
    struct i2cpt_backend_ops ops = table();
    g_autofree char *keys =
        g_strdup_printf("line.a=%s:drdy,line.a.active-low=on", ops.name);
    struct i2cpt_adapter *a;

    begin();
    told.functionality = I2CPT_FUNC_I2C;
    told.lines = "int+0=0 drdy+0=1";
    ck_assert_int_eq(i2cpt_adapter_new(&ops, &user_data, keys, &a, NULL), 0);
    ck_assert_int_eq(i2cpt_adapter_lines(a), 1);
    ck_assert_int_eq(i2cpt_adapter_line_level(a, 0), 1);
    set(1, 1, 0, 0);
    ck_assert_int_eq(i2cpt_adapter_line_level(a, 0), 0);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(test_lines_of_one_that_does_not_open)
{
    struct i2cpt_backend_ops ops = table();
    struct i2cpt_adapter *a;

    begin();
    told.lines = "int+0=0";
    told.functionality = 0;
    told.fails_to_open = true;
    ck_assert_int_eq(i2cpt_adapter_new(&ops, &user_data, NULL, &a, NULL),
                     -ENODEV);
    told.fails_to_open = false; /* no functionality */
    ck_assert_int_eq(i2cpt_adapter_new(&ops, &user_data, NULL, &a, NULL),
                     -EINVAL);
}
END_TEST

START_TEST(test_keys_are_checked)
{
    static const char *const bad[] = {"speed=2M", "pace=1", "speed",
                                      "backend=x"};
    struct i2cpt_backend_ops ops = table();
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;

    begin();
    ck_assert_int_eq(i2cpt_adapter_new(&ops, &user_data, bad[_i], &a, &fault),
                     -EINVAL);
    ck_assert_uint_gt(strlen(fault.text), 0);
    ck_assert_uint_eq(seen.opened, 0);
}
END_TEST

/* ------------------------------------------------------------- its answers */

enum { WRITES = 0, READS = I2CPT_M_RD };

static const struct {
    struct told told;
    uint16_t flags;
    int ret;
    uint32_t actual;
    int32_t phase, msg, byte;
    const char *says;
} answers[] = {
    {{0}, READS, 0, 4, 0, -1, -1, ""},
    {{0}, WRITES, 0, 4, 0, -1, -1, ""},
    {{.short_by = 1}, READS, -EPROTO, 3, 0, -1, -1, "3 bytes in message 1"},
    {{.short_by = 4}, WRITES, -EPROTO, 0, 0, -1, -1, "0 bytes"},
    {{.beyond = 1}, READS, -EPROTO, 4, 0, -1, -1, "which has 4"},
    {{.beyond = UINT32_MAX - 4}, READS, -EPROTO, 4, 0, -1, -1, "4294967295"},
    {{.beyond = 9, .ret = -EIO}, WRITES, -EPROTO, 4, 0, -1, -1, "returned -5"},
    {{.ret = 1}, READS, -EPROTO, 4, 0, -1, -1, "returned 1;"},
    {{.ret = -9999}, READS, -EPROTO, 4, 0, -1, -1, "returned -9999"},
    {{.ret = -EIO}, READS, -EIO, 4, I2CPT_PHASE_DATA, 0, 1, ""},
    {{.ret = -EIO, .spoils_fault = true}, READS, -EIO, 4, 0, -1, -1, "???"},
    {{.spoils_fault = true}, READS, 0, 4, 0, -1, -1, ""},
    {{.spoils_msgs = true}, READS, 0, 4, 0, -1, -1, ""},
    {{.count = 2}, READS | I2CPT_M_RECV_LEN, 0, 3, 0, -1, -1, ""},
    {{.count = 3}, READS | I2CPT_M_RECV_LEN, 0, 4, 0, -1, -1, ""},
    {{.count = 0},
     READS | I2CPT_M_RECV_LEN,
     -EPROTO,
     1,
     0,
     -1,
     -1,
     "1 byte in"},
    {{.count = 4}, READS | I2CPT_M_RECV_LEN, -EPROTO, 4, 0, -1, -1, "5 bytes"},
    {{.count = 2, .short_by = 1},
     READS | I2CPT_M_RECV_LEN,
     -EPROTO,
     2,
     0,
     -1,
     -1,
     "2 bytes"},
};

START_TEST(test_answers)
{
    struct i2cpt_adapter *a;
    uint8_t command = 7, data[4] = {1};
    struct i2cpt_msg msgs[] = {
        {.addr = 0x48, .len = 1, .buf = &command},
        {.addr = 0x48, .flags = answers[_i].flags, .len = 4, .buf = data},
    };
    struct i2cpt_fault fault;
    int ret;

    begin();
    a = open_told(_i & 1 ? "retries=3,timeout-ms=60000" : NULL);
    told = answers[_i].told;
    ret = i2cpt_transfer(a, msgs, 2, &fault);
    ck_assert_msg(ret == answers[_i].ret, "%d %s", ret, fault.text);
    ck_assert_msg(strstr(fault.text, answers[_i].says), "%s", fault.text);
    ck_assert_int_eq(fault.code, -ret);
    ck_assert_int_eq(fault.phase, answers[_i].phase);
    ck_assert_int_eq(fault.msg, answers[_i].msg);
    ck_assert_int_eq(fault.byte, answers[_i].byte);
    ck_assert_uint_eq(msgs[1].actual, answers[_i].actual);
    ck_assert_uint_eq(msgs[1].len, 4);
    ck_assert_ptr_eq(msgs[1].buf, data);
    if (ret && answers[_i].flags & I2CPT_M_RECV_LEN) {
        ck_assert_uint_eq(data[0], 1);
    }
    ck_assert_uint_eq(seen.transfers, 1);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(test_many_messages)
{
    struct i2cpt_msg msgs[I2CPT_TRANSFER_MAX];
    struct i2cpt_adapter *a;
    uint8_t data[2];
    uint64_t before_ns;
    size_t i;

    begin();
    a = open_told("timeout-ms=300");
    for (i = 0; i < I2CPT_TRANSFER_MAX; i++) {
        msgs[i] = (struct i2cpt_msg){
            .addr = 0x48, .flags = I2CPT_M_RD, .len = 2, .buf = data};
    }
    before_ns = i2cpt_backend_now_ns();
    ck_assert_int_eq(i2cpt_transfer(a, msgs, I2CPT_TRANSFER_MAX, NULL), 0);
    ck_assert_uint_eq(msgs[I2CPT_TRANSFER_MAX - 1].actual, 2);
    ck_assert_uint_eq(seen.n, I2CPT_TRANSFER_MAX);
    ck_assert_uint_ge(seen.msg_size, sizeof(msgs[0]));
    ck_assert_uint_ge(seen.deadline_ns, before_ns + 300000000u);
    ck_assert_uint_le(seen.deadline_ns, i2cpt_backend_now_ns() + 300000000u);
    i2cpt_adapter_unref(a);
}
END_TEST

/* After ENODEV nothing but close() is called. */
START_TEST(test_gone)
{
    struct i2cpt_adapter *a;
    struct i2cpt_msg m = {.addr = 0x48};

    begin();
    a = open_told(NULL);
    told.ret = -ENODEV;
    ck_assert_int_eq(i2cpt_transfer(a, &m, 1, NULL), -ENODEV);
    told.ret = 0;
    ck_assert_int_eq(i2cpt_transfer(a, &m, 1, NULL), -ENODEV);
    ck_assert_uint_eq(seen.transfers, 1);
    i2cpt_adapter_unref(a);
    ck_assert_uint_eq(seen.closed, 1);
}
END_TEST

/* ---------------------------------------------------------- SMBus commands */

enum smbus_call { BYTE, WORD, BLOCK, I2C_BLOCK, WRITE_WORD, WRITE_BLOCK };

static const struct {
    enum smbus_call call;
    size_t in_len;
    int ret; /* of our back end */
    int expected;
    size_t out_len, in_size;
    uint32_t lacks;
} smbus_calls[] = {
    {BYTE, 1, 0, 0x5a, 0, 1, 0},
    {BYTE, 0, 0, -EPROTO, 0, 1, 0},
    {BYTE, 2, 0, -EPROTO, 0, 1, 0},
    {WORD, 2, 0, 0x5a5a, 0, 2, 0},
    {WORD, 1, 0, -EPROTO, 0, 2, 0},
    {BLOCK, 32, 0, 32, 0, 32, 0},
    {BLOCK, 1, 0, 1, 0, 32, 0},
    {BLOCK, 0, 0, -EPROTO, 0, 32, 0},
    {BLOCK, 33, 0, -EPROTO, 0, 32, 0},
    {BLOCK, SIZE_MAX, 0, -EPROTO, 0, 32, 0},
    {I2C_BLOCK, 5, 0, 5, 0, 5, 0},
    {I2C_BLOCK, 4, 0, -EPROTO, 0, 5, 0},
    {I2C_BLOCK, 5, 1, -EPROTO, 0, 5, 0},
    {I2C_BLOCK, 5, -EREMOTEIO, -EREMOTEIO, 0, 5, 0},
    {I2C_BLOCK, 5, 0, -EOPNOTSUPP, 0, 0, I2CPT_FUNC_SMBUS_READ_I2C_BLOCK},
    {WRITE_WORD, 0, 0, 0, 2, 0, 0},
    {WRITE_WORD, 1, 0, -EPROTO, 2, 0, 0},
    {WRITE_BLOCK, 0, 0, 0, 3, 0, 0},
};

static int run_smbus(struct i2cpt_adapter *a, enum smbus_call call,
                     struct i2cpt_fault *fault)
{
    uint8_t block[32] = {1, 2, 3};

    switch (call) {
    case BYTE:
        return i2cpt_smbus_read_byte_data(a, 0x48, 0, 1, fault);
    case WORD:
        return i2cpt_smbus_read_word_data(a, 0x48, 0, 1, fault);
    case BLOCK:
        return i2cpt_smbus_read_block_data(a, 0x48, 0, 1, block, 32, fault);
    case I2C_BLOCK:
        return i2cpt_smbus_read_i2c_block(a, 0x48, 0, 1, block, 5, fault);
    case WRITE_WORD:
        return i2cpt_smbus_write_word_data(a, 0x48, 0, 1, 0x0201, fault);
    case WRITE_BLOCK:
        return i2cpt_smbus_write_block_data(a, 0x48, 0, 1, block, 3, fault);
    }
    return -EINVAL;
}

START_TEST(test_smbus)
{
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;

    begin();
    told.functionality =
        I2CPT_FUNC_SMBUS_EMUL_ALL | I2CPT_FUNC_SMBUS_READ_BLOCK_DATA;
    told.functionality &= ~smbus_calls[_i].lacks;
    a = open_told(NULL);
    told.in_len = smbus_calls[_i].in_len;
    told.ret = smbus_calls[_i].ret;
    ck_assert_int_eq(run_smbus(a, smbus_calls[_i].call, &fault),
                     smbus_calls[_i].expected);
    ck_assert_uint_eq(seen.out_len, smbus_calls[_i].out_len);
    ck_assert_uint_eq(seen.in_size, smbus_calls[_i].in_size);
    ck_assert_int_eq(memcmp(seen.out, "\1\2\3", seen.out_len), 0);
    i2cpt_adapter_unref(a);
}
END_TEST

/* ------------------------------------------------------- behind the library */

static struct i2cpt_passthrough *passthrough(struct i2cpt_adapter *a,
                                             const char *mode)
{
    struct i2cpt_policy *policy;
    struct i2cpt_passthrough *pt;

    i2cpt_policy_new(&policy);
    i2cpt_policy_set(policy, "address", "0x48", NULL);
    i2cpt_policy_set(policy, "transfer", mode, NULL);
    /* a busy machine is no guest that has gone quiet */
    i2cpt_policy_set(policy, "hold-timeout-ms", "60000", NULL);
    ck_assert_int_eq(i2cpt_passthrough_new(a, policy, NULL, &pt, NULL), 0);
    i2cpt_policy_free(policy);
    return pt;
}

/* As a guest does. */
static uint8_t read_register(struct i2cpt_passthrough *pt)
{
    uint8_t byte;

    i2cpt_passthrough_start(pt, 0x48, 0, 0);
    i2cpt_passthrough_write(pt, 1);
    i2cpt_passthrough_start(pt, 0x48, I2CPT_M_RD, 0);
    ck_assert_int_eq(i2cpt_passthrough_read(pt, &byte), I2CPT_ACK);
    i2cpt_passthrough_stop(pt);
    return byte;
}

START_TEST(test_stream)
{
    struct i2cpt_adapter *a;
    struct i2cpt_passthrough *pt;

    begin();
    a = open_told(NULL);
    pt = passthrough(a, "stream");
    ck_assert_uint_eq(read_register(pt), 0x77);
    ck_assert_str_eq(seen.log, "Sw W Sr R P");
    told.ret = 77; /* no START says that */
    ck_assert_int_eq(i2cpt_passthrough_start(pt, 0x48, 0, 0), I2CPT_NACK);
    i2cpt_passthrough_stop(pt);
    i2cpt_passthrough_free(pt);
    i2cpt_adapter_unref(a);
}
END_TEST

/* A read ahead: what the guest took comes later, under the same number. */
START_TEST(test_took)
{
    struct i2cpt_adapter *a;
    struct i2cpt_passthrough *pt;

    begin();
    a = open_told(NULL);
    pt = passthrough(a, "message");
    ck_assert_uint_eq(read_register(pt), 0x5a);
    i2cpt_passthrough_free(pt);
    ck_assert(seen.marks & I2CPT_BACKEND_MARK_TOOK_FOLLOWS);
    ck_assert_uint_ne(seen.owner, 0);
    ck_assert_uint_eq(seen.took, 1);
    ck_assert_uint_eq(seen.took_n, 1);
    ck_assert_uint_eq(seen.took_owner, seen.owner);
    i2cpt_adapter_unref(a);
}
END_TEST

static const struct {
    int told, expected;
    const char *says;
} verdicts[] = {
    {0, 0, ""},
    {-EAGAIN, -EAGAIN, "not yet"},
    {5, -EPROTO, "verdict() returned 5"},
};

/* A caller whose header knows less gets that much. */
START_TEST(test_verdict)
{
    struct i2cpt_trace_verdict v = {.size = sizeof(v)}, before;
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;

    begin();
    a = open_told(NULL);
    told.ret = verdicts[_i].told;
    ck_assert_int_eq(i2cpt_trace_adapter_verdict(a, &v, &fault),
                     verdicts[_i].expected);
    ck_assert_msg(strstr(fault.text, verdicts[_i].says), "%s", fault.text);
    ck_assert_uint_eq(v.size, sizeof(v));
    ck_assert_uint_eq(v.consumed, verdicts[_i].told ? 0 : 7);
    ck_assert_uint_eq(strlen(v.stalled),
                      verdicts[_i].told ? 0 : sizeof(v.stalled) - 1);
    memset(&v, 0x22, sizeof(v));
    before = v;
    v.size = before.size = offsetof(struct i2cpt_trace_verdict, remaining);
    i2cpt_trace_adapter_verdict(a, &v, &fault);
    ck_assert_uint_eq(v.consumed, verdicts[_i].told ? before.consumed : 7);
    ck_assert_int_eq(
        memcmp(&v.remaining, &before.remaining, sizeof(v) - v.size), 0);
    i2cpt_adapter_unref(a);
}
END_TEST

/* ------------------------------------------------------------------ by name */

static struct i2cpt_adapter *open_spec(const char *spec, int expected)
{
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;

    ck_assert_int_eq(i2cpt_adapter_open(spec, &a, &fault), expected);
    return a;
}

static bool is_listed(const char *name)
{
    const char *known;
    size_t i;

    for (i = 0; (known = i2cpt_backend_name(i)); i++) {
        if (!strcmp(known, name)) {
            return true;
        }
    }
    return false;
}

START_TEST(test_by_name)
{
    struct i2cpt_backend_ops ops = table();
    struct i2cpt_key_info info = {.size = sizeof(info)};
    struct i2cpt_adapter *a, *b, *c;
    struct i2cpt_fault fault;

    begin();
    ck_assert_int_eq(i2cpt_backend_key("told", 0, &info), -ENOENT);
    ck_assert_int_eq(i2cpt_backend_register(&ops, &user_data, &fault), 0);
    ck_assert_int_eq(i2cpt_backend_register(&ops, &user_data, &fault), -EEXIST);
    ops.name = "stub";
    ck_assert_int_eq(i2cpt_backend_register(&ops, &user_data, &fault), -EEXIST);
    memset(&ops, 0, sizeof(ops)); /* it is copied */
    ck_assert(is_listed("told"));
    ck_assert_int_eq(i2cpt_backend_key("told", 0, &info), 0);
    ck_assert_str_eq(info.def, "100k");
    a = open_spec("told,bus=one", 0);
    b = open_spec("told,bus=one", 0);
    ck_assert_uint_eq(seen.opened, 1);
    c = open_spec("told,bus=two", 0);
    ck_assert_uint_eq(seen.opened, 2);
    ck_assert_str_eq(i2cpt_adapter_name(c), "told:two");
    open_spec("told,bus=one,speed=1k", -EINVAL);
    open_spec("told,bus=endless", -EPROTO);
    i2cpt_adapter_unref(a);
    i2cpt_adapter_unref(b);
    i2cpt_adapter_unref(c);
    ck_assert_uint_eq(seen.closed, 2);
}
END_TEST

static const struct {
    const char *paths;
    int ret;
    const char *says;
} loads[] = {
    {NULL, 0, ""},
    {"", 0, ""},
    {"thermometer.so", -EINVAL, "./thermometer.so"},
    {"/nonexistent/x.so", -EINVAL, "/nonexistent/x.so"},
    {"/dev/null", -EINVAL, "/dev/null"},
};

START_TEST(test_load)
{
    struct i2cpt_fault fault;

    ck_assert_int_eq(i2cpt_backend_load(loads[_i].paths, &fault),
                     loads[_i].ret);
    ck_assert_msg(strstr(fault.text, loads[_i].says), "%s", fault.text);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("foreign");
    TCase *c = tcase_create("foreign");

    tcase_add_loop_test(c, test_tables_that_cannot_be, 0,
                        (int)G_N_ELEMENTS(bad_tables));
    tcase_add_test(c, test_a_table_that_has_grown);
    tcase_add_test(c, test_a_table_of_the_first_release);
    tcase_add_loop_test(c, test_what_open_says, 0, (int)G_N_ELEMENTS(openings));
    tcase_add_test(c, test_lines);
    tcase_add_test(c, test_stamps_of_lines);
    tcase_add_test(c, test_lines_are_chosen);
    tcase_add_test(c, test_lines_of_one_that_does_not_open);
    tcase_add_loop_test(c, test_keys_are_checked, 0, 4);
    tcase_add_loop_test(c, test_answers, 0, (int)G_N_ELEMENTS(answers));
    tcase_add_test(c, test_many_messages);
    tcase_add_test(c, test_gone);
    tcase_add_loop_test(c, test_smbus, 0, (int)G_N_ELEMENTS(smbus_calls));
    tcase_add_test(c, test_stream);
    tcase_add_test(c, test_took);
    tcase_add_loop_test(c, test_verdict, 0,
                        sizeof(verdicts) / sizeof(verdicts[0]));
    tcase_add_test(c, test_by_name);
    tcase_add_loop_test(c, test_load, 0, (int)G_N_ELEMENTS(loads));
    suite_add_tcase(s, c);
    return unit_run(s);
}
