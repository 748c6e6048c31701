/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A fake /dev/i2c-3 for each case of the tests of i2c-dev. */
#include <string.h>

#include "i2c-dev-rig.h"

struct i2c_dev_rig rig;

static void setup(uint32_t functionality)
{
    rig.testbed = umockdev_testbed_new();
    rig.fake =
        fake_i2c_new(rig.testbed, 3, "fake adapter", NULL, functionality);
}

static void setup_full(void)
{
    setup(RIG_FULL);
}

static void setup_smbus(void)
{
    setup(RIG_SMBUS);
}

static void teardown(void)
{
    fake_i2c_free(rig.fake);
    g_object_unref(rig.testbed);
}

TCase *rig_case(Suite *suite, uint32_t functionality)
{
    TCase *tc = tcase_create("cases");

    tcase_add_checked_fixture(
        tc, functionality == RIG_FULL ? setup_full : setup_smbus, teardown);
    tcase_set_timeout(tc, 30);
    suite_add_tcase(suite, tc);
    return tc;
}

struct i2cpt_adapter *rig_open(const char *spec)
{
    struct i2cpt_adapter *a;
    char *patient = g_strconcat(
        spec, strstr(spec, "timeout-ms=") ? "" : ",timeout-ms=20000", NULL);

    ck_assert_msg(!i2cpt_adapter_open(patient, &a, &rig.fault), "%s",
                  rig.fault.text);
    g_free(patient);
    return a;
}

struct i2cpt_adapter *rig_open_fake(void)
{
    return rig_open("i2c-dev,device=/dev/i2c-3");
}

int rig_put(struct i2cpt_adapter *a, uint16_t addr, uint8_t byte)
{
    struct i2cpt_msg m = {addr, 0, 1, 0, &byte};

    return i2cpt_transfer(a, &m, 1, &rig.fault);
}
