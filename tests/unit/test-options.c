/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Specification strings, typed keys, address lists, faults as text. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/fault.h"
#include "gate.h"
#include "core/key.h"
#include "core/options.h"
#include "unit.h"

static const struct {
    const char *spec;
    int ret;
    const char *says; /* in the error's line */
} specs[] = {
    {"gate", 0, NULL},
    {"gate,id=x", 0, NULL},
    {"gate,frequency=400k", 0, NULL},
    {"gate,frequency=1M,timeout-ms=60000,retries=0,name=n", 0, NULL},
    {"gate,frequency=0x186A0", 0, NULL},
    {"gate,mode=fast", 0, NULL},
    {"", -EINVAL, "backend="},
    {"nothing", -EINVAL, "backend=nothing"},
    {"gate,", -EINVAL, "KEY=VALUE"},
    {"gate,id", -EINVAL, "'id'"},
    {"gate,=x", -EINVAL, "KEY=VALUE"},
    {"gate,id=", -EINVAL, "id="},
    {"gate,backend=stub", -EINVAL, "backend=stub"},
    {"gate,speed=1", -EINVAL, "no key 'speed'; it has id, fail, frequency"},
    {"gate,frequency=9999", -EINVAL, "frequency=9999: accepted is 10000 to"},
    {"gate,frequency=2M", -EINVAL, "frequency=2M"},
    {"gate,frequency=k", -EINVAL, "frequency=k"},
    {"gate,frequency=4x", -EINVAL, "frequency=4x"},
    {"gate,mode=fas", -EINVAL, "mode=fas: accepted is slow|fast"},
    {"gate,mode=slow|fast", -EINVAL, "mode="},
    {"gate,fail=yes", -EINVAL, "fail=yes: accepted is on|off"},
    {"gate,timeout-ms=0", -EINVAL, "timeout-ms=0: accepted is 1 to 60000"},
    {"gate,timeout-ms=60001", -EINVAL, "timeout-ms=60001"},
    {"gate,timeout-ms=99999999999999999999999", -EINVAL, "timeout-ms=999"},
    {"gate,timeout-ms=-1", -EINVAL, "timeout-ms=-1"},
    {"gate,timeout-ms= 1", -EINVAL, "timeout-ms= 1"},
    {"gate,timeout-ms=0x", -EINVAL, "timeout-ms=0x"},
    {"gate,name=two\nlines", -EINVAL,
     "name=two?lines: accepted is UTF-8 without control"},
    {"gate,name=\x1b[2J", -EINVAL, "name=?[2J"},
    {"gate,name=\xff", -EINVAL, "name="},
    {"gate,name=W\xc3\xa4rme 1", 0, NULL},
    {"gate,retries=1.5", -EINVAL, "retries=1.5"},
};

START_TEST(spec)
{
    struct i2cpt_options *o = NULL;
    struct i2cpt_fault fault;
    int ret = i2cpt_options_parse(specs[_i].spec, &o, &fault);

    ck_assert_msg(ret == specs[_i].ret, "%s: %d", specs[_i].spec, ret);
    if (specs[_i].says) {
        ck_assert_msg(strstr(fault.text, specs[_i].says), "%s: %s",
                      specs[_i].spec, fault.text);
        ck_assert_ptr_null(strchr(fault.text, '\n'));
    }
    i2cpt_options_free(o);
}
END_TEST

/* The header's macros are meson.build's version. */
START_TEST(versions_agree)
{
    char text[40];

    snprintf(text, sizeof(text), "%d.%d.%d", I2CPT_VERSION_MAJOR,
             I2CPT_VERSION_MINOR, I2CPT_VERSION_MICRO);
    ck_assert_str_eq(i2cpt_version(), text);
    ck_assert(I2CPT_VERSION_AT_LEAST(I2CPT_VERSION_MAJOR, I2CPT_VERSION_MINOR,
                                     I2CPT_VERSION_MICRO));
    ck_assert(!I2CPT_VERSION_AT_LEAST(I2CPT_VERSION_MAJOR, I2CPT_VERSION_MINOR,
                                      I2CPT_VERSION_MICRO + 1));
    ck_assert(!I2CPT_VERSION_AT_LEAST(I2CPT_VERSION_MAJOR + 1, 0, 0));
}
END_TEST

START_TEST(commas_are_doubled)
{
    struct i2cpt_options *o;
    char *text;

    ck_assert_int_eq(
        i2cpt_options_parse("gate,id=a,,b,,,,c,mode=fast", &o, NULL), 0);
    ck_assert_str_eq(i2cpt_options_get(o, "id"), "a,b,,c");
    ck_assert_uint_eq(i2cpt_options_number(o, "mode"), 1);
    text = i2cpt_options_format(o);
    ck_assert_str_eq(text, "gate,id=a,,b,,,,c,mode=fast");
    i2cpt_free(text);
    i2cpt_options_free(o);
}
END_TEST

START_TEST(defaults_and_replacement)
{
    struct i2cpt_options *o;

    i2cpt_options_new(&o);
    ck_assert_int_eq(i2cpt_options_set(o, "id", "1", NULL), -EINVAL);
    ck_assert_int_eq(i2cpt_options_set(o, "backend", "gate", NULL), 0);
    ck_assert_uint_eq(i2cpt_options_number(o, "frequency"), 100000);
    ck_assert_uint_eq(i2cpt_options_number(o, "timeout-ms"), 200);
    ck_assert(!i2cpt_options_has(o, "frequency"));
    ck_assert_int_eq(i2cpt_options_set(o, "frequency", "200k", NULL), 0);
    ck_assert_int_eq(i2cpt_options_set(o, "frequency", "300k", NULL), 0);
    ck_assert_uint_eq(i2cpt_options_number(o, "frequency"), 300000);
    i2cpt_options_free(o);
}
END_TEST

static const struct {
    const char *text;
    int ret;
    const char *set; /* those that are in, blank separated hex */
} lists[] = {
    {"0x48", 0, "48"},
    {"0x0e:0x1d:0x50-0x53", 0, "0e 1d 50 51 52 53"},
    {"72", 0, "48"},
    {"0x7f", 0, "7f"},
    {"0", 0, "00"},
    {"", -EINVAL, ""},
    {"0x80", -EINVAL, ""},
    {"0x50-0x80", -EINVAL, ""},
    {"0x57-0x50", -EINVAL, ""},
    {"0x48:", -EINVAL, ""},
    {"0x48,0x49", -EINVAL, ""},
    {"any", -EINVAL, ""},
    {"0x50-", -EINVAL, ""},
    {"-0x50", -EINVAL, ""},
};

START_TEST(address_list)
{
    char text[512] = "";
    uint8_t set[128];
    struct i2cpt_fault fault;
    unsigned i;
    int ret = i2cpt_parse_addresses("addresses", lists[_i].text, set, &fault);

    ck_assert_msg(ret == lists[_i].ret, "%s: %d", lists[_i].text, ret);
    if (ret) {
        ck_assert_ptr_nonnull(strstr(fault.text, "addresses="));
        return;
    }
    for (i = 0; i < 128; i++) {
        if (set[i]) {
            sprintf(text + strlen(text), "%s%02x", *text ? " " : "", i);
        }
    }
    ck_assert_str_eq(text, lists[_i].set);
}
END_TEST

START_TEST(keys_are_listed)
{
    struct i2cpt_key_info info = {.size = sizeof(info)};

    ck_assert_int_eq(i2cpt_backend_key("gate", 2, &info), 0);
    ck_assert_str_eq(info.name, "frequency");
    ck_assert_str_eq(info.def, "100k");
    ck_assert_str_eq(info.accepts, "10000 to 1000000 Hz, with k or M");
    ck_assert_int_eq(i2cpt_backend_key("gate", 5, &info), -ENOENT);
    ck_assert_int_eq(i2cpt_backend_key("nothing", 0, &info), -ENOENT);
    ck_assert_int_eq(i2cpt_backend_key(NULL, 2, &info), 0);
    ck_assert_str_eq(info.name, "timeout-ms");
}
END_TEST

static const struct {
    int code, phase, msg, byte;
    const char *line;
} faults[] = {
    {0, 0, -1, -1, "no fault"},
    {ENXIO, I2CPT_PHASE_ADDRESS, 1, -1,
     "address not acknowledged (ENXIO, address phase, message 1)"},
    {EIO, I2CPT_PHASE_DATA, 0, 3,
     "data byte not acknowledged (EIO, data phase, message 0, byte 3)"},
    {EREMOTEIO, 0, -1, -1,
     "not acknowledged (the host does not say what) (EREMOTEIO)"},
    {I2CPT_EMISMATCH, 0, -1, -1, "differs from the trace (EMISMATCH)"},
    {ETIMEDOUT, I2CPT_PHASE_STOP, -1, -1, "timed out (ETIMEDOUT, stop phase)"},
    {ENOSYS, 0, -1, -1, "Function not implemented (errno 38)"},
};

START_TEST(fault_line)
{
    struct i2cpt_fault fault;
    char line[300], cut[8];
    int len;

    i2cpt_fault_set(&fault, faults[_i].code, faults[_i].phase, faults[_i].msg,
                    faults[_i].byte);
    len = i2cpt_fault_describe(&fault, line, sizeof(line));
    ck_assert_str_eq(line, faults[_i].line);
    ck_assert_int_eq(len, (int)strlen(line));
    ck_assert_int_eq(i2cpt_fault_describe(&fault, cut, sizeof(cut)), len);
    ck_assert_uint_eq(strlen(cut), sizeof(cut) - 1);
}
END_TEST

START_TEST(error_names)
{
    ck_assert_str_eq(i2cpt_error_name(-ENXIO), "ENXIO");
    ck_assert_str_eq(i2cpt_error_name(I2CPT_EMISMATCH), "EMISMATCH");
    ck_assert_ptr_null(i2cpt_error_name(ENOSYS));
    ck_assert_int_eq(i2cpt_error_from_name("EAGAIN"), EAGAIN);
    ck_assert_int_eq(i2cpt_error_from_name("eagain"), -EINVAL);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("options");
    TCase *c = tcase_create("options");

    gate_install(GATE_PLAIN);
    tcase_add_loop_test(c, spec, 0, sizeof(specs) / sizeof(specs[0]));
    tcase_add_test(c, versions_agree);
    tcase_add_test(c, commas_are_doubled);
    tcase_add_test(c, defaults_and_replacement);
    tcase_add_loop_test(c, address_list, 0, sizeof(lists) / sizeof(lists[0]));
    tcase_add_test(c, keys_are_listed);
    tcase_add_loop_test(c, fault_line, 0, sizeof(faults) / sizeof(faults[0]));
    tcase_add_test(c, error_names);
    suite_add_tcase(s, c);
    return unit_run(s);
}
