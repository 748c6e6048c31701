/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys line.NAME= and line.NAME.active-low=: which lines an adapter has by
 * them, and what they refuse. */
#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <string.h>

#include "i2cpt-lines.h"
#include "i2cpt-trace.h"
#include "session.h"
#include "unit.h"
#include "wire.h"

#define CHIPS                           \
    "chip 0x48 registers\nreg 1 = 01\n" \
    "line drdy reg=0 mask=1\nline alert reg=1 mask=1\n"

static void hear(struct i2cpt_adapter *a, unsigned line, int level,
                 uint64_t stamp_ns, void *user)
{
    ck_assert(stamp_ns);
    g_string_append_printf(user, "%s%d ", i2cpt_adapter_line_name(a, line),
                           level);
}

static const struct {
    const char *keys, *begin, *script, *told;
} chosen[] = {
    {"", "drdy0 alert1 ", "w 00 01 00 p w 00 00", "drdy1 alert0 drdy0 "},
    {",line.int=stub:drdy", "int0 ", "w 00 01 00", "int1 "},
    {",line.alert=stub", "alert1 ", "w 00 01 00", "alert0 "},
    {",line.b=stub:alert,line.a=stub:drdy", "b1 a0 ", "w 00 01 00", "a1 b0 "},
    {",line.a=stub:drdy,line.b=stub:drdy", "a0 b0 ", "w 00 01", "a1 b1 "},
    {",line.int=stub:drdy,line.int.active-low=on", "int1 ", "w 00 01 p w 00 00",
     "int0 int1 "},
    {",line.int.active-low=on,line.int=stub:drdy", "int1 ", "w 00 01", "int0 "},
    {",line.int=stub:drdy,line.int.active-low=off", "int0 ", "w 00 01",
     "int1 "},
    {",line.up=stub:drdy,line.down=stub:drdy,line.down.active-low=on",
     "up0 down1 ", "w 00 01", "up1 down0 "},
    {",line.alert.active-low=on", "drdy0 alert0 ", "w 00 01 00",
     "drdy1 alert1 "},
    {",line.int=stub:alert,line.int=stub:drdy", "int0 ", "w 00 01 00", "int1 "},
};

START_TEST(keys_choose)
{
    struct i2cpt_adapter *a = wire_stub(CHIPS, chosen[_i].keys);
    g_autoptr(GString) begin = g_string_new(NULL);
    g_autoptr(GString) told = g_string_new(NULL);
    int i;

    for (i = 0; i < i2cpt_adapter_lines(a); i++) {
        const char *name = i2cpt_adapter_line_name(a, (unsigned)i);

        ck_assert_int_eq(i2cpt_adapter_line_find(a, name), i);
        g_string_append_printf(begin, "%s%d ", name,
                               i2cpt_adapter_line_level(a, (unsigned)i));
    }
    ck_assert_str_eq(begin->str, chosen[_i].begin);
    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, hear, told), 0);
    wire(a, chosen[_i].script);
    i2cpt_dispatch(a);
    ck_assert_msg(!strcmp(told->str, chosen[_i].told), "%s: %s",
                  chosen[_i].keys, told->str);
    i2cpt_adapter_unref(a);
}
END_TEST

static const struct {
    const char *chips, *keys, *says;
} refused[] = {
    {CHIPS, ",line.=stub", "line.=stub: accepted are line.NAME, line.NAME."},
    {CHIPS, ",line.a b=stub", "a NAME is 1 to 31 letters"},
    {CHIPS, ",line.a.b=stub", "line.a.b=stub: accepted are line.NAME"},
    {CHIPS, ",line..active-low=on", "line..active-low=on: accepted are"},
    {CHIPS, ",line.n2345678901234567890123456789012=stub", "1 to 31 letters"},
    {CHIPS, ",line.int=", "line.int="},
    {CHIPS, ",line.int.active-low=yes",
     "line.int.active-low=yes: accepted is on|off"},
    {CHIPS, ",line.int=stub",
     "line.int=stub: there is no such line; accepted is stub:drdy, "
     "stub:alert"},
    {CHIPS, ",line.int=stub:int", "line.int=stub:int: there is no such line"},
    {CHIPS, ",line.int=stub:", "line.int=stub:: there is no such line"},
    {CHIPS, ",line.int=stubs:drdy", "line.int=stubs:drdy: there is no such"},
    {CHIPS, ",line.int=stub-drdy", "line.int=stub-drdy: there is no such"},
    {CHIPS, ",line.int=trace", "line.int=trace: there is no such line"},
    {"chip 0x48 registers\n", ",line.int=stub",
     "line.int=stub: this stub adapter has no lines of its own"},
    {CHIPS, ",line.int.active-low=on",
     "line.int.active-low=on: the adapter has no line int"},
    {CHIPS, ",line.int=stub:drdy,line.alert.active-low=on",
     "line.alert.active-low=on: the adapter has no line alert"},
    {CHIPS, ",speed=1", ", line.NAME, line.NAME.active-low"},
};

START_TEST(keys_are_refused)
{
    g_autofree char *spec = g_strdup_printf(
        "stub,load=%s%s", wire_file(refused[_i].chips), refused[_i].keys);
    struct i2cpt_adapter *a = NULL;
    struct i2cpt_fault fault;

    ck_assert_int_eq(i2cpt_adapter_open(spec, &a, &fault), -EINVAL);
    ck_assert_msg(strstr(fault.text, refused[_i].says), "%s: %s",
                  refused[_i].keys, fault.text);
    ck_assert_ptr_null(a);
    wire_unlink();
}
END_TEST

START_TEST(more_than_there_can_be)
{
    g_autoptr(GString) spec = g_string_new(NULL);
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    unsigned i;

    g_string_printf(spec, "stub,load=%s", wire_file(CHIPS));
    for (i = 0; i < 32; i++) {
        g_string_append_printf(spec, ",line.l%u=stub:drdy", i);
    }
    a = wire_open(spec->str);
    ck_assert_int_eq(i2cpt_adapter_lines(a), 32);
    i2cpt_adapter_unref(a);
    g_string_append(spec, ",line.more=stub:drdy");
    ck_assert_int_eq(i2cpt_adapter_open(spec->str, &a, &fault), -EINVAL);
    ck_assert_ptr_nonnull(strstr(fault.text, "line.more=stub:drdy"));
    ck_assert_ptr_nonnull(strstr(fault.text, "accepted are 32 lines"));
    wire_unlink();
}
END_TEST

/* A second opening shares the adapter, and so its lines. */
START_TEST(a_second_opening_says_otherwise)
{
    g_autofree char *spec = g_strdup_printf(
        "stub,name=chosen,load=%s,line.int=stub:drdy", wire_file(CHIPS));
    g_autofree char *low = g_strconcat(spec, ",line.int.active-low=on", NULL);
    g_autofree char *other = g_strconcat(spec, ",line.more=stub:drdy", NULL);
    struct i2cpt_adapter *a = wire_open(spec), *b;
    struct i2cpt_fault fault;

    ck_assert_int_eq(i2cpt_adapter_open(low, &b, &fault), -EINVAL);
    ck_assert_ptr_nonnull(strstr(fault.text, "line.int.active-low=on"));
    ck_assert_int_eq(i2cpt_adapter_open(other, &b, &fault), -EINVAL);
    ck_assert_ptr_nonnull(strstr(fault.text, "line.more=stub:drdy"));
    b = wire_open(spec);
    ck_assert_int_eq(i2cpt_adapter_lines(b), 1);
    i2cpt_adapter_unref(a);
    i2cpt_adapter_unref(b);
    wire_unlink();
}
END_TEST

/* The text of options is one that can be parsed again. */
START_TEST(they_are_written_as_they_were)
{
    static const char spec[] =
        "stub,line.a=stub:x,,y,line.a.active-low=on,line.b=stub";
    struct i2cpt_options *o = NULL;
    g_autofree char *again = NULL;

    ck_assert_int_eq(i2cpt_options_parse(spec, &o, NULL), 0);
    again = i2cpt_options_format(o);
    ck_assert_str_eq(again, spec);
    ck_assert_str_eq(i2cpt_options_get(o, "line.a"), "stub:x,y");
    ck_assert_ptr_null(i2cpt_options_get(o, "line.c"));
    i2cpt_options_free(o);
}
END_TEST

/* A recording has the lines by the names that the keys gave, and a replay
 * gives them others. */
START_TEST(recorded_and_replayed)
{
    struct session_files files;
    g_autoptr(GString) told = g_string_new(NULL);
    struct i2cpt_adapter *a;

    session_begin(&files, CHIPS);
    a = session_open("stub,load=%s,line.int=stub:drdy,line.int.active-low=on,"
                     "record=%s",
                     files.load, files.trace);
    wire(a, "w 00 01 p w 00 00");
    i2cpt_adapter_unref(a);
    a = session_open("trace,file=%s,line.ready=trace:int", files.trace);
    ck_assert_int_eq(i2cpt_adapter_lines(a), 1);
    ck_assert_int_eq(i2cpt_adapter_line_level(a, 0), 1);
    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, hear, told), 0);
    wire(a, "w 00 01 p w 00 00");
    while (strcmp(told->str, "ready0 ready1 ")) {
        struct pollfd p = {.fd = i2cpt_adapter_fd(a), .events = POLLIN};

        ck_assert_int_eq(poll(&p, 1, 60000), 1);
        i2cpt_dispatch(a);
    }
    i2cpt_adapter_unref(a);
    session_end(&files);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lines-chosen");
    TCase *tcase = tcase_create("keys");

    tcase_add_loop_test(tcase, keys_choose, 0, G_N_ELEMENTS(chosen));
    tcase_add_loop_test(tcase, keys_are_refused, 0, G_N_ELEMENTS(refused));
    tcase_add_test(tcase, more_than_there_can_be);
    tcase_add_test(tcase, a_second_opening_says_otherwise);
    tcase_add_test(tcase, they_are_written_as_they_were);
    tcase_add_test(tcase, recorded_and_replayed);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
