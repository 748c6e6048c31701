/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What errors say is whole, however long the path or the list in it. */
#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/fault.h"
#include "i2cpt-trace.h"
#include "i2cpt.h"
#include "unit.h"

/* Of short components, so that such a path is not there rather than too long:
 * so that two are whole in one text, and PATH_MAX with its closing NUL. */
#define PATH_LEN  600
#define PATH_LONG 4095

static void fill_path(char *path, char begin, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        path[i] = i % 100 ? begin : '/';
    }
    path[len] = 0;
}

/* ---------------------------------------------------------------- the bound */

#define ROOM (sizeof(((struct i2cpt_fault *)0)->text) - 1)

static void says(const char *text, char *wanted)
{
    struct i2cpt_fault fault;

    ck_assert_int_eq(i2cpt_fault_text(&fault, EINVAL, "%s", text), -EINVAL);
    ck_assert_str_eq(fault.text, wanted);
    g_free(wanted);
}

/* What fits is as it is, up to the last byte. */
START_TEST(room)
{
    g_autofree char *word = g_strnfill(ROOM, 'a');
    GString *words = g_string_new("b");

    says(word, g_strdup(word));
    while (words->len < ROOM) {
        g_string_append(words, words->len + 1 < ROOM ? " c" : "c");
    }
    says(words->str, g_strdup(words->str));
    g_string_free(words, TRUE);
}
END_TEST

/* A long word keeps begin and end, and what stands around it is whole. */
START_TEST(long_word)
{
    g_autofree char *word = g_strnfill(ROOM + 100, 'a');
    g_autofree char *named = g_strdup_printf("file=/%s/z: not one, two", word);
    g_autofree char *left = g_strnfill((ROOM - 3) / 2, 'a');
    g_autofree char *right = g_strnfill((ROOM - 2) / 2, 'a');
    struct i2cpt_fault fault;

    says(word, g_strdup_printf("%s...%s", left, right));
    i2cpt_fault_text(&fault, EINVAL, "%s", named);
    ck_assert_uint_eq(strlen(fault.text), ROOM);
    ck_assert(g_str_has_prefix(fault.text, "file=/aaaa"));
    ck_assert(g_str_has_suffix(fault.text, "aaaa/z: not one, two"));
    ck_assert_ptr_nonnull(strstr(fault.text, "aaa...aaa"));
}
END_TEST

/* Several that are too long end up alike; a shorter one is whole. */
START_TEST(long_words)
{
    g_autofree char *a = g_strnfill(3000, 'a'), *b = g_strnfill(5000, 'b');
    g_autofree char *c = g_strnfill(300, 'c'), *text = NULL;
    g_auto(GStrv) words = NULL;
    struct i2cpt_fault fault;

    i2cpt_fault_text(&fault, EINVAL, "%s and  %s is %s", a, b, c);
    words = g_strsplit(fault.text, " ", -1);
    ck_assert_uint_eq(g_strv_length(words), 6); /* one between two blanks */
    ck_assert_uint_eq(strlen(words[0]), strlen(words[3]));
    ck_assert_str_eq(words[5], c);
    ck_assert_uint_ge(strlen(fault.text), ROOM - 1);
}
END_TEST

/* The dots stand for whole letters. */
START_TEST(long_letters)
{
    GString *text = g_string_new("");
    struct i2cpt_fault fault;

    while (text->len <= ROOM) {
        g_string_append(text, "\u20ac");
    }
    for (size_t i = 0; i < 3; i++) {
        g_string_prepend_c(text, 'a');
        i2cpt_fault_text(&fault, EINVAL, "%s", text->str);
        ck_assert(g_utf8_validate(fault.text, -1, NULL));
        ck_assert_ptr_nonnull(strstr(fault.text, "..."));
        ck_assert_uint_gt(strlen(fault.text), ROOM - 5);
    }
    g_string_free(text, TRUE);
}
END_TEST

/* One of very many words ends behind one. */
START_TEST(many_words)
{
    GString *text = g_string_new("begin");
    struct i2cpt_fault fault;

    for (size_t i = 0; i < ROOM; i++) {
        g_string_append(text, " word");
        if (i % 100 == 0) {
            g_string_append_c(text, ' ');
        }
    }
    i2cpt_fault_text(&fault, EINVAL, "%s", text->str);
    ck_assert(g_str_has_suffix(fault.text, " word ..."));
    ck_assert_uint_gt(strlen(fault.text), ROOM - 6);
    g_string_free(text, TRUE);
}
END_TEST

START_TEST(prefix)
{
    struct i2cpt_fault fault;
    g_autofree char *text = g_strnfill(ROOM - 5, 'a');

    i2cpt_fault_text(&fault, EIO, "%s", text);
    i2cpt_fault_prefix(&fault, "file=");
    ck_assert_uint_eq(strlen(fault.text), ROOM);
    ck_assert(g_str_has_prefix(fault.text, "file=aaa"));
    ck_assert_ptr_null(strstr(fault.text, "..."));
    i2cpt_fault_prefix(&fault, "x");
    ck_assert_uint_eq(strlen(fault.text), ROOM);
    ck_assert(g_str_has_prefix(fault.text, "xfile=aaa"));
    ck_assert_ptr_nonnull(strstr(fault.text, "aaa...aaa"));
    ck_assert_int_eq(fault.code, EIO);
}
END_TEST

START_TEST(copy)
{
    struct i2cpt_fault from, to;

    memset(&to, 'x', sizeof(to));
    i2cpt_fault_text(&from, EBUSY, "%s", "in use");
    i2cpt_fault_copy(&to, &from);
    ck_assert_int_eq(to.code, EBUSY);
    ck_assert_int_eq(to.byte, -1);
    ck_assert_str_eq(to.text, "in use");
    ck_assert_int_eq(to.text[sizeof("in use")], 'x'); /* costs what it has */
}
END_TEST

/* ------------------------------------------------------------ lists of keys */

/* Each back end's own keys and the common ones. */
static void has_keys_of(const char *backend, const char *text)
{
    const char *owners[] = {backend, NULL};
    struct i2cpt_key_info key = {.size = sizeof(key)};
    size_t i, k;

    for (i = 0; i < G_N_ELEMENTS(owners); i++) {
        for (k = 0; !i2cpt_backend_key(owners[i], k, &key); k++) {
            char *word = g_strdup_printf(" %s", key.name);

            ck_assert_msg(strstr(text, word), "no%s in: %s", word, text);
            g_free(word);
        }
    }
}

START_TEST(every_key_is_named)
{
    const char *backend;
    size_t i;

    for (i = 0; (backend = i2cpt_backend_name(i)); i++) {
        char *spec = g_strdup_printf("%s,no-such-key=1", backend);
        struct i2cpt_options *o = NULL;
        struct i2cpt_fault fault;

        ck_assert_int_eq(i2cpt_options_parse(spec, &o, &fault), -EINVAL);
        has_keys_of(backend, fault.text);
        i2cpt_options_free(o);
        g_free(spec);
    }
    ck_assert_uint_gt(i, 2);
}
END_TEST

START_TEST(every_policy_key_is_named)
{
    struct i2cpt_policy *policy;
    struct i2cpt_key_info key = {.size = sizeof(key)};
    struct i2cpt_fault fault;
    size_t i;

    ck_assert_int_eq(i2cpt_policy_new(&policy), 0);
    ck_assert_int_eq(i2cpt_policy_set(policy, "no-such-key", "1", &fault),
                     -EINVAL);
    for (i = 0; !i2cpt_policy_key(i, &key); i++) {
        ck_assert_msg(strstr(fault.text, key.name), "no %s in: %s", key.name,
                      fault.text);
    }
    ck_assert_uint_gt(i, 10);
    i2cpt_policy_free(policy);
}
END_TEST

/* ------------------------------------------------------------------- paths */

/* A specification with a path that cannot be: %s. The error has it whole. */
static const struct {
    const char *backend, *keys;
} with_paths[] = {
    {"i2c-dev", "device=%s"},
    {"i2c-dev", "device=name:%s"},
    {"ftdi", "location=%s"},
    {"trace", "file=%s"},
    {"remote", "socket=%s"},
    {"remote", "command=exec %s"},
    {"stub", "load=%s"},
    {"stub", "record=%s"},
    {"stub", "record=/dev/null,record-redact=%s"},
    {"stub", "chips=%s"},
    {"stub", "functionality=%s"},
    {"stub", "timeout-ms=%s"},
    {"stub", "no-such-key=%s"},
    {"stub", "%s"},
    {"stub", "load=%s,record=%1$s"},
};

static bool have(const char *backend)
{
    struct i2cpt_key_info key = {.size = sizeof(key)};

    return !i2cpt_backend_key(backend, 0, &key);
}

START_TEST(path_is_whole)
{
    struct i2cpt_adapter *a = NULL;
    struct i2cpt_fault fault;
    char path[PATH_LEN + 1];
    char *format, *spec;

    if (!have(with_paths[_i].backend)) {
        return;
    }
    fill_path(path, 'p', PATH_LEN);
    format =
        g_strdup_printf("%s,%s", with_paths[_i].backend, with_paths[_i].keys);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    spec = g_strdup_printf(format, path);
#pragma GCC diagnostic pop
    ck_assert_int_lt(i2cpt_adapter_open(spec, &a, &fault), 0);
    ck_assert_msg(strstr(fault.text, path), "%s: %s", with_paths[_i].keys,
                  fault.text);
    ck_assert_msg(!strstr(fault.text, "..."), "%s", fault.text);
    g_free(spec);
    g_free(format);
}
END_TEST

START_TEST(paths_of_traces_are_whole)
{
    struct i2cpt_trace_reader *reader;
    struct i2cpt_trace_writer *writer;
    struct i2cpt_policy *policy;
    struct i2cpt_fault fault;
    char path[PATH_LEN + 1];

    fill_path(path, 'q', PATH_LEN);
    ck_assert_int_eq(i2cpt_trace_reader_open(path, &reader, &fault), -ENOENT);
    ck_assert_ptr_nonnull(strstr(fault.text, path));
    ck_assert_int_eq(i2cpt_trace_writer_open(path, 0, &writer, &fault),
                     -ENOENT);
    ck_assert_ptr_nonnull(strstr(fault.text, path));
    ck_assert_int_eq(i2cpt_policy_new(&policy), 0);
    ck_assert_int_lt(i2cpt_policy_set(policy, "probe", path, &fault), 0);
    ck_assert_ptr_nonnull(strstr(fault.text, path));
    i2cpt_policy_free(policy);
}
END_TEST

/* Three of them in one: whose record=, what is open, and what it has. */
static void says_three(const char *first, const char *second, const char *third,
                       bool whole)
{
    struct i2cpt_fault fault;

    i2cpt_fault_text(&fault, EINVAL,
                     "record=%s: %s is already open with record=%s", first,
                     second, third);
    ck_assert_int_eq(strstr(fault.text, "...") == NULL, whole);
    ck_assert_int_eq(g_str_has_suffix(fault.text, third), whole);
    ck_assert_ptr_nonnull(strstr(fault.text, "f: /sss"));
    ck_assert_ptr_nonnull(strstr(fault.text, "s is already open with record=/"
                                             "ttt"));
}

START_TEST(three_paths)
{
    char first[PATH_LEN + 1], second[PATH_LEN + 1], third[PATH_LEN + 1];

    fill_path(first, 'f', PATH_LEN);
    fill_path(second, 's', PATH_LEN);
    fill_path(third, 't', PATH_LEN);
    says_three(first, second, third, true);
}
END_TEST

/* Of three that are as long as can be the sentence is whole. */
START_TEST(three_long_paths)
{
    char first[PATH_LONG + 1], second[PATH_LONG + 1], third[PATH_LONG + 1];

    fill_path(first, 'f', PATH_LONG);
    fill_path(second, 's', PATH_LONG);
    fill_path(third, 't', PATH_LONG);
    says_three(first, second, third, false);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("fault-text");
    TCase *c = tcase_create("fault-text");

    tcase_add_test(c, room);
    tcase_add_test(c, long_word);
    tcase_add_test(c, long_words);
    tcase_add_test(c, long_letters);
    tcase_add_test(c, many_words);
    tcase_add_test(c, prefix);
    tcase_add_test(c, copy);
    tcase_add_test(c, every_key_is_named);
    tcase_add_test(c, every_policy_key_is_named);
    tcase_add_loop_test(c, path_is_whole, 0, G_N_ELEMENTS(with_paths));
    tcase_add_test(c, paths_of_traces_are_whole);
    tcase_add_test(c, three_paths);
    tcase_add_test(c, three_long_paths);
    suite_add_tcase(s, c);
    return unit_run(s);
}
