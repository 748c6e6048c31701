/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What i2cpt_adapter_claim() asks the kernel, and what an adapter is called. */
#include <errno.h>
#include <string.h>

#include "i2c-dev-rig.h"
#include "unit.h"

/* What I2C_SLAVE says, by a file of its own: no transfer is disturbed. */
START_TEST(claim)
{
    struct i2cpt_adapter *a = rig_open_fake();

    fake_i2c_target(rig.fake, 0x51);
    ck_assert_int_eq(rig_put(a, 0x51, 1), 0);
    fake_i2c_bind(rig.fake, 0x50, true);
    ck_assert_int_eq(i2cpt_adapter_claim(a, 0x50, 0, &rig.fault), -EBUSY);
    ck_assert_msg(strstr(rig.fault.text, "address 0x50 is in use"), "%s",
                  rig.fault.text);
    ck_assert_int_eq(i2cpt_adapter_claim(a, 0x51, 0, &rig.fault), 0);
    ck_assert_int_eq(
        i2cpt_adapter_claim(a, 0x250, I2CPT_CLIENT_TEN, &rig.fault), 0);
    ck_assert_int_eq(rig_put(a, 0x51, 1), 0);
    ck_assert_int_eq(i2cpt_adapter_claim(a, 0x80, 0, &rig.fault), -EINVAL);
    ck_assert_int_eq(i2cpt_adapter_claim(a, 0x400, I2CPT_CLIENT_TEN, NULL),
                     -EINVAL);
    ck_assert_int_eq(i2cpt_adapter_claim(a, 0x51, 0x20, NULL), -EINVAL);
    i2cpt_adapter_unref(a);
}
END_TEST

/* I2C_SLAVE_FORCE opens that address, and the question stays honest. */
START_TEST(claim_forced)
{
    struct i2cpt_adapter *a = rig_open_fake();

    fake_i2c_target(rig.fake, 0x50);
    fake_i2c_bind(rig.fake, 0x50, true);
    fake_i2c_bind(rig.fake, 0x51, true);
    ck_assert_int_eq(rig_put(a, 0x50, 1), -EBUSY);
    ck_assert_int_eq(
        i2cpt_adapter_claim(a, 0x50, I2CPT_CLAIM_FORCE, &rig.fault), 0);
    ck_assert_int_eq(rig_put(a, 0x50, 1), 0);
    ck_assert_int_eq(rig_put(a, 0x51, 1), -EBUSY);
    ck_assert_int_eq(i2cpt_adapter_claim(a, 0x50, 0, &rig.fault), -EBUSY);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(claim_forced_smbus)
{
    struct i2cpt_adapter *a = rig_open_fake();

    fake_i2c_bind(rig.fake, 0x50, true);
    ck_assert_int_eq(
        i2cpt_adapter_claim(a, 0x50, I2CPT_CLAIM_FORCE, &rig.fault), 0);
    i2cpt_smbus_write_byte_data(a, 0x50, 0, 1, 2, &rig.fault);
    ck_assert(fake_i2c_smbus(rig.fake).forced);
    i2cpt_adapter_unref(a);
}
END_TEST

/* Through what stands around an adapter. */
START_TEST(claim_wrapped)
{
    struct i2cpt_adapter *a =
        rig_open("i2c-dev,device=/dev/i2c-3,allow=0x50,record=/dev/null");

    fake_i2c_bind(rig.fake, 0x50, true);
    ck_assert_int_eq(i2cpt_adapter_claim(a, 0x50, 0, &rig.fault), -EBUSY);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(claim_of_one_gone)
{
    struct i2cpt_adapter *a = rig_open_fake();

    fake_i2c_unplug(rig.fake, ENODEV);
    ck_assert_int_eq(i2cpt_adapter_claim(a, 0x50, 0, &rig.fault), -ENODEV);
    i2cpt_adapter_unref(a);
}
END_TEST

static void is_called(const char *spec, const char *wanted)
{
    struct i2cpt_options *o;
    char *name;

    ck_assert_int_eq(i2cpt_options_parse(spec, &o, &rig.fault), 0);
    name = i2cpt_options_host_name(o);
    ck_assert_int_eq(name == NULL, wanted == NULL);
    if (wanted) {
        ck_assert_str_eq(name, wanted);
    }
    i2cpt_free(name);
    i2cpt_options_free(o);
}

START_TEST(host_name)
{
    is_called("i2c-dev,device=/dev/i2c-3", "fake adapter");
    is_called("i2c-dev,device=/dev/i2c-3,name=mine", "fake adapter");
    is_called("i2c-dev,device=name:fake adapter", "fake adapter");
    is_called("i2c-dev,device=/dev/i2c-99", NULL);
    is_called("i2c-dev", NULL);
    is_called("stub", NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("i2c-dev-claim");
    TCase *tc = rig_case(suite, RIG_FULL);

    tcase_add_test(tc, claim);
    tcase_add_test(tc, claim_forced);
    tcase_add_test(tc, claim_wrapped);
    tcase_add_test(tc, claim_of_one_gone);
    tcase_add_test(tc, host_name);
    tc = rig_case(suite, RIG_SMBUS);
    tcase_add_test(tc, claim_forced_smbus);
    return unit_run(suite);
}
