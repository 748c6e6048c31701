/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Probes and scans, by i2cdetect's rules. */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "stub/stub.h"
#include "unit.h"
#include "wire.h"

/* Receive byte at 0x30-0x37 and 0x50-0x5f, quick write elsewhere; told apart
 * by the byte that the first takes. */
START_TEST(which_probe)
{
    struct i2cpt_adapter *a = wire_open("stub,chips=0x00-0x7f,name=p");

    for (uint16_t addr = 0; addr < 128; addr++) {
        bool read =
            (addr >= 0x30 && addr <= 0x37) || (addr >= 0x50 && addr <= 0x5f);
        struct i2cpt_stub_counts c;

        ck_assert_int_eq(i2cpt_probe(a, addr, I2CPT_PROBE_AUTO, NULL), 1);
        ck_assert(stub_counts("p", addr, &c));
        ck_assert_uint_eq(c.starts, 1);
        ck_assert_uint_eq(c.read, read ? 1 : 0);
        ck_assert_int_eq(i2cpt_probe(a, addr, I2CPT_PROBE_QUICK, NULL), 1);
        ck_assert_int_eq(i2cpt_probe(a, addr, I2CPT_PROBE_READ, NULL), 1);
        ck_assert(stub_counts("p", addr, &c));
        ck_assert_uint_eq(c.starts, 3);
        ck_assert_uint_eq(c.read, read ? 2 : 1);
        ck_assert_uint_eq(c.written, 0);
    }
    i2cpt_adapter_unref(a);
}
END_TEST

static const struct {
    const char *keys;
    uint16_t addr;
    int how, rc;
    const char *text;
} probes[] = {
    {"", 0x48, I2CPT_PROBE_AUTO, 0, ""},
    {",faults=hidden", 0x48, I2CPT_PROBE_AUTO, 0, ""},
    {",faults=hidden", 0x50, I2CPT_PROBE_AUTO, 0, ""},
    {",functionality=smbus", 0x48, I2CPT_PROBE_AUTO, 0, ""},
    {",functionality=smbus", 0x50, I2CPT_PROBE_AUTO, 0, ""},
    {",functionality=1", 0x48, I2CPT_PROBE_AUTO, -EOPNOTSUPP,
     "p: the adapter lacks I2C_FUNC_SMBUS_QUICK"},
    {",functionality=1", 0x48, I2CPT_PROBE_READ, 0, ""},
    {",functionality=1", 0x50, I2CPT_PROBE_AUTO, 0, ""},
    {",functionality=0x10000", 0x50, I2CPT_PROBE_AUTO, -EOPNOTSUPP,
     "p: the adapter lacks I2C_FUNC_SMBUS_READ_BYTE"},
    {",functionality=0x10000", 0x50, I2CPT_PROBE_QUICK, 0, ""},
    {",byte-us=50000,timeout-ms=5", 0x48, I2CPT_PROBE_AUTO, -ETIMEDOUT, ""},
    {",arbitration-lost=1", 0x48, I2CPT_PROBE_AUTO, -EAGAIN, ""},
    {",unplug-after=0", 0x48, I2CPT_PROBE_AUTO, -ENODEV, ""},
    {"", 0x80, I2CPT_PROBE_AUTO, -EINVAL,
     "address 0x80: accepted is 0x00 to 0x7f"},
    {"", 0x48, 3, -EINVAL, "probe 3: accepted is 0 to 2"},
    {"", 0x48, -1, -EINVAL, "probe -1: accepted is 0 to 2"},
};

/* What an absent target gives, or what keeps one from knowing. */
START_TEST(what_probe_says)
{
    char *spec = g_strdup_printf("stub,name=p%s", probes[_i].keys);
    struct i2cpt_adapter *a = wire_open(spec);
    struct i2cpt_fault fault;

    ck_assert_int_eq(i2cpt_probe(a, probes[_i].addr, probes[_i].how, &fault),
                     probes[_i].rc);
    ck_assert_int_eq(fault.code, -probes[_i].rc);
    ck_assert_str_eq(fault.text, probes[_i].text);
    i2cpt_adapter_unref(a);
    g_free(spec);
}
END_TEST

START_TEST(scan)
{
    const char *const more[] = {"", ",functionality=smbus"};
    char *spec = g_strdup_printf("stub,chips=0x03:0x0e:0x36:0x48:0x50-0x52:0x77"
                                 "%s",
                                 more[_i]);
    struct i2cpt_adapter *a = wire_open(spec);
    int16_t result[128];

    memset(result, 0x55, sizeof(result));
    ck_assert_int_eq(i2cpt_scan(a, 0x08, 0x77, I2CPT_PROBE_AUTO, result, NULL),
                     7);
    for (uint16_t addr = 0x08; addr <= 0x77; addr++) {
        bool there = addr == 0x0e || addr == 0x36 || addr == 0x48 ||
                     (addr >= 0x50 && addr <= 0x52) || addr == 0x77;
        ck_assert_int_eq(result[addr], there);
    }
    ck_assert_int_eq(result[0x07], 0x5555); /* outside: as it was */
    ck_assert_int_eq(result[0x78], 0x5555);
    i2cpt_adapter_unref(a);
    g_free(spec);
}
END_TEST

/* An address that cannot be asked does not end a scan; an adapter that is gone
 * does. */
START_TEST(scan_errors)
{
    struct i2cpt_adapter *a =
        wire_open("stub,chips=0x2f:0x30,functionality=0x10000");
    struct i2cpt_fault fault;
    int16_t result[128];

    ck_assert_int_eq(i2cpt_scan(a, 0x2f, 0x31, I2CPT_PROBE_AUTO, result, NULL),
                     1);
    ck_assert_int_eq(result[0x2f], 1);
    ck_assert_int_eq(result[0x30], -EOPNOTSUPP);
    ck_assert_int_eq(result[0x31], -EOPNOTSUPP);
    ck_assert_int_eq(i2cpt_scan(a, 0x08, 0x80, 0, result, &fault), -EINVAL);
    ck_assert_int_eq(i2cpt_scan(a, 0x09, 0x08, 0, result, &fault), -EINVAL);
    i2cpt_adapter_unref(a);

    a = wire_open("stub,unplug-after=3");
    ck_assert_int_eq(i2cpt_scan(a, 0x08, 0x77, 0, result, &fault), -ENODEV);
    ck_assert_int_eq(fault.code, ENODEV);
    i2cpt_adapter_unref(a);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("probe");
    TCase *t = tcase_create("probe");

    tcase_add_test(t, which_probe);
    tcase_add_loop_test(t, what_probe_says, 0, G_N_ELEMENTS(probes));
    tcase_add_loop_test(t, scan, 0, 2);
    tcase_add_test(t, scan_errors);
    suite_add_tcase(s, t);
    return unit_run(s);
}
