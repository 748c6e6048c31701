/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Back ends through the public table (i2cpt-backend.h), up to the first
 * transfer: tables that cannot be, what open() says, input lines, keys. */
#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "i2cpt-backend.h"
#include "i2cpt-lines.h"
#include "told.h"
#include "unit.h"

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
    KEY_NO_CHOICE,
    KEY_HALF_CHOICE,
    KEY_CHOICE_TWICE,
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
    {KEY_NO_CHOICE, "choices"},
    {KEY_HALF_CHOICE, "choices"},
    {KEY_CHOICE_TWICE, "choices"},
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
        .kind = what == KEY_KIND ? 5
                : what >= KEY_CHOICES && what <= KEY_CHOICE_TWICE
                    ? I2CPT_BACKEND_KEY_CHOICE
                    : I2CPT_BACKEND_KEY_UINT,
        .choices = what == KEY_NO_CHOICE      ? ""
                   : what == KEY_HALF_CHOICE  ? "a||b"
                   : what == KEY_CHOICE_TWICE ? "a|b|a"
                                              : NULL,
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
        *(const void **)&ops->stream_pointer = &told_user;
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
    struct i2cpt_backend_ops ops = told_table();
    struct i2cpt_adapter *a = (void *)&told_user;
    struct i2cpt_fault fault;

    told_begin();
    spoil(&ops, bad_tables[_i].what, two);
    ck_assert_int_eq(i2cpt_adapter_new(&ops, &told_user, NULL, &a, &fault),
                     -EINVAL);
    ck_assert_ptr_null(a);
    ck_assert_msg(strstr(fault.text, bad_tables[_i].says), "%s", fault.text);
    ck_assert_int_eq(i2cpt_backend_register(&ops, &told_user, &fault), -EINVAL);
    ck_assert_uint_eq(told_saw.opened, 0);
}
END_TEST

/* An author's header may be newer than this library. */
START_TEST(test_a_table_that_has_grown)
{
    struct {
        struct i2cpt_backend_ops ops;
        void *more[4];
    } longer = {told_table(), {&told_user, &told_user, &told_user, &told_user}};
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;

    told_begin();
    longer.ops.size = sizeof(longer);
    ck_assert_int_eq(
        i2cpt_adapter_new(&longer.ops, &told_user, NULL, &a, &fault), 0);
    ck_assert_str_eq(i2cpt_adapter_name(a), "told");
    ck_assert_uint_eq(i2cpt_adapter_frequency_hz(a), 100000);
    i2cpt_adapter_unref(a);
    ck_assert_uint_eq(told_saw.closed, 1);
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

    told_begin();
    ops = told_table();
    ops.size = (uint32_t)first;
    memcpy(own, &ops, first);
    ck_assert_int_eq(
        i2cpt_adapter_new((const void *)own, &told_user, NULL, &a, &fault), 0);
    ck_assert_uint_eq(i2cpt_adapter_frequency_hz(a), 100000);
    i2cpt_adapter_unref(a);
    ck_assert_uint_eq(told_saw.closed, 1);
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
    struct i2cpt_backend_ops ops = told_table();
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    int ret;

    told_begin();
    told.functionality = openings[_i].functionality;
    told.flags = openings[_i].flags;
    told.fails_to_open = openings[_i].fails;
    told.ret = openings[_i].ret;
    ret = i2cpt_adapter_new(&ops, &told_user, "speed=400k", &a, &fault);
    ck_assert_int_eq(ret, openings[_i].expected);
    ck_assert_msg(strstr(fault.text, openings[_i].says), "%s", fault.text);
    if (!ret) {
        ck_assert_uint_eq(i2cpt_adapter_frequency_hz(a), 400000);
        ck_assert_uint_eq(i2cpt_adapter_functionality(a), I2CPT_FUNC_I2C);
        i2cpt_adapter_unref(a);
    }
    ck_assert_uint_eq(told_saw.closed, openings[_i].closed);
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
    ck_assert_int_eq(
        i2cpt_backend_line_set(told_saw.lines, line, level, stamp_ns),
        expected);
}

START_TEST(test_lines)
{
    struct i2cpt_backend_ops ops = told_table();
    g_autoptr(GString) heard = g_string_new(NULL);
    struct i2cpt_adapter *a;

    told_begin();
    told.functionality = I2CPT_FUNC_I2C;
    told.lines = "int+0=0 drdy+1=1 int+0=-17 a.b+0=-22 c+2=-22 d+-1=-22";
    ck_assert_int_eq(i2cpt_adapter_new(&ops, &told_user, NULL, &a, NULL), 0);
    ck_assert_int_eq(i2cpt_backend_line_add(told_saw.lines, "late", 0), -EPERM);
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
    ck_assert_uint_eq(told_saw.closed, 1);
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
    struct i2cpt_backend_ops ops = told_table();
    uint64_t then = i2cpt_backend_now_ns();
    struct i2cpt_adapter *a;
    unsigned n = 0;

    told_begin();
    told.functionality = I2CPT_FUNC_I2C;
    told.lines = "int+0=0";
    ck_assert_int_eq(i2cpt_adapter_new(&ops, &told_user, NULL, &a, NULL), 0);
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
    struct i2cpt_backend_ops ops = told_table();
    g_autofree char *keys =
        g_strdup_printf("line.a=%s:drdy,line.a.active-low=on", ops.name);
    struct i2cpt_adapter *a;

    told_begin();
    told.functionality = I2CPT_FUNC_I2C;
    told.lines = "int+0=0 drdy+0=1";
    ck_assert_int_eq(i2cpt_adapter_new(&ops, &told_user, keys, &a, NULL), 0);
    ck_assert_int_eq(i2cpt_adapter_lines(a), 1);
    ck_assert_int_eq(i2cpt_adapter_line_level(a, 0), 1);
    set(1, 1, 0, 0);
    ck_assert_int_eq(i2cpt_adapter_line_level(a, 0), 0);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(test_lines_of_one_that_does_not_open)
{
    struct i2cpt_backend_ops ops = told_table();
    struct i2cpt_adapter *a;

    told_begin();
    told.lines = "int+0=0";
    told.functionality = 0;
    told.fails_to_open = true;
    ck_assert_int_eq(i2cpt_adapter_new(&ops, &told_user, NULL, &a, NULL),
                     -ENODEV);
    told.fails_to_open = false; /* no functionality */
    ck_assert_int_eq(i2cpt_adapter_new(&ops, &told_user, NULL, &a, NULL),
                     -EINVAL);
}
END_TEST

START_TEST(test_keys_are_checked)
{
    static const char *const bad[] = {"speed=2M", "pace=1", "speed",
                                      "backend=x"};
    struct i2cpt_backend_ops ops = told_table();
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;

    told_begin();
    ck_assert_int_eq(i2cpt_adapter_new(&ops, &told_user, bad[_i], &a, &fault),
                     -EINVAL);
    ck_assert_uint_gt(strlen(fault.text), 0);
    ck_assert_uint_eq(told_saw.opened, 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("foreign-table");
    TCase *c = tcase_create("foreign-table");

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
    suite_add_tcase(s, c);
    return unit_run(s);
}
