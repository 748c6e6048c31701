/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The i2c-dev backend over a fake /dev/i2c-N of commands only. */
#include <errno.h>

#include "i2c-dev-rig.h"
#include "unit.h"

#define N(table) (int)(sizeof(table) / sizeof((table)[0]))

/* All on one target whose registers hold their own numbers. */
static struct i2cpt_adapter *open_smbus(uint8_t **regs)
{
    int i;

    *regs = fake_i2c_target(rig.fake, 0x50);
    for (i = 0; i < 256; i++) {
        (*regs)[i] = (uint8_t)i;
    }
    return rig_open_fake();
}

START_TEST(smbus_quick_and_bytes)
{
    uint8_t *regs;
    struct i2cpt_adapter *a = open_smbus(&regs);

    ck_assert_int_eq(i2cpt_smbus_quick(a, 0x50, 0, 0, &rig.fault), 0);
    ck_assert_uint_eq(fake_i2c_smbus(rig.fake).read_write, 0);
    ck_assert_int_eq(i2cpt_smbus_quick(a, 0x50, 0, 1, &rig.fault), 0);
    ck_assert_uint_eq(fake_i2c_smbus(rig.fake).read_write, 1);
    ck_assert_int_eq(i2cpt_smbus_send_byte(a, 0x50, 0, 0x21, &rig.fault), 0);
    ck_assert_int_eq(i2cpt_smbus_receive_byte(a, 0x50, 0, &rig.fault), 0x21);
    ck_assert_int_eq(
        i2cpt_smbus_write_byte_data(a, 0x50, 0, 7, 0xee, &rig.fault), 0);
    ck_assert_int_eq(i2cpt_smbus_read_byte_data(a, 0x50, 0, 7, &rig.fault),
                     0xee);
    ck_assert_int_eq(
        i2cpt_smbus_write_word_data(a, 0x50, 0, 8, 0xbeef, &rig.fault), 0);
    ck_assert_uint_eq(regs[8], 0xef);
    ck_assert_int_eq(i2cpt_smbus_read_word_data(a, 0x50, 0, 8, &rig.fault),
                     0xbeef);
    ck_assert_int_eq(
        i2cpt_smbus_process_call(a, 0x50, 0, 1, 0x1234, &rig.fault), 0xedcb);
    ck_assert_uint_eq(fake_i2c_count(rig.fake, FAKE_RDWR), 0);
    ck_assert_uint_eq(fake_i2c_count(rig.fake, FAKE_SLAVE), 1);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(smbus_blocks)
{
    uint8_t *regs, in[40];
    struct i2cpt_adapter *a = open_smbus(&regs);

    ck_assert_int_eq(i2cpt_smbus_write_block_data(a, 0x50, 0, 0x40,
                                                  (const uint8_t *)"abc", 3,
                                                  &rig.fault),
                     0);
    ck_assert_mem_eq(regs + 0x40, "\3abc", 4);
    ck_assert_int_eq(i2cpt_smbus_read_block_data(a, 0x50, 0, 0x40, in,
                                                 sizeof(in), &rig.fault),
                     3);
    ck_assert_mem_eq(in, "abc", 3);
    ck_assert_int_eq(i2cpt_smbus_block_process_call(
                         a, 0x50, 0, 1, (const uint8_t *)"\x0f\xf0", 2, in,
                         sizeof(in), &rig.fault),
                     2);
    ck_assert_mem_eq(in, "\xf0\x0f", 2);
    ck_assert_int_eq(i2cpt_smbus_write_i2c_block(a, 0x50, 0, 0x60,
                                                 (const uint8_t *)"xyz", 3,
                                                 &rig.fault),
                     0);
    ck_assert_mem_eq(regs + 0x60, "xyz\x63", 4);
    ck_assert_int_ge(
        i2cpt_smbus_read_i2c_block(a, 0x50, 0, 0x60, in, 4, &rig.fault), 0);
    ck_assert_mem_eq(in, "xyz\x63", 4);
    fake_i2c_claim_block(rig.fake, 33, true);
    ck_assert_int_eq(i2cpt_smbus_read_block_data(a, 0x50, 0, 0x40, in,
                                                 sizeof(in), &rig.fault),
                     -EPROTO);
    i2cpt_adapter_unref(a);
}
END_TEST

/* PEC and the address are states of the open file: changed when they differ. */
START_TEST(smbus_state)
{
    uint8_t *regs;
    struct i2cpt_adapter *a = open_smbus(&regs);

    fake_i2c_target(rig.fake, 0x51);
    ck_assert_int_eq(
        i2cpt_smbus_read_byte_data(a, 0x50, I2CPT_CLIENT_PEC, 3, &rig.fault),
        3);
    ck_assert(fake_i2c_smbus(rig.fake).pec);
    ck_assert_int_eq(
        i2cpt_smbus_read_byte_data(a, 0x50, I2CPT_CLIENT_PEC, 4, &rig.fault),
        4);
    ck_assert_uint_eq(fake_i2c_count(rig.fake, FAKE_PEC), 1);
    ck_assert_int_eq(i2cpt_smbus_read_byte_data(a, 0x51, 0, 4, &rig.fault), 0);
    ck_assert(!fake_i2c_smbus(rig.fake).pec);
    ck_assert_uint_eq(fake_i2c_smbus(rig.fake).addr, 0x51);
    ck_assert_int_eq(i2cpt_smbus_read_byte_data(a, 0x50, 0, 4, &rig.fault), 4);
    ck_assert_uint_eq(fake_i2c_smbus(rig.fake).addr, 0x50);
    ck_assert_uint_eq(fake_i2c_count(rig.fake, FAKE_SLAVE), 3);
    i2cpt_adapter_unref(a);
}
END_TEST

/* Messages of the shapes that SMBus has, as a guest's driver sends them. */
START_TEST(smbus_from_messages)
{
    uint8_t *regs, reg = 9, in[4] = {0}, out[] = {9, 0x55};
    struct i2cpt_adapter *a = open_smbus(&regs);
    struct i2cpt_msg get[] = {{0x50, 0, 1, 0, &reg},
                              {0x50, I2CPT_M_RD, 1, 0, in}};
    struct i2cpt_msg set = {0x50, 0, 2, 0, out};
    struct i2cpt_msg two[] = {{0x50, 0, 1, 0, &reg}, {0x51, 0, 1, 0, &reg}};

    ck_assert_int_eq(i2cpt_transfer(a, get, 2, &rig.fault), 0);
    ck_assert_uint_eq(in[0], 9);
    ck_assert_uint_eq(get[1].actual, 1);
    ck_assert_int_eq(i2cpt_transfer(a, &set, 1, &rig.fault), 0);
    ck_assert_uint_eq(regs[9], 0x55);
    get[1].len = 4;
    ck_assert_int_eq(i2cpt_transfer(a, get, 2, &rig.fault), 0);
    ck_assert_mem_eq(in, "\x55\x0a\x0b\x0c", 4);
    ck_assert_int_eq(i2cpt_transfer(a, two, 2, &rig.fault), -EOPNOTSUPP);
    ck_assert_uint_eq(fake_i2c_count(rig.fake, FAKE_RDWR), 0);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(smbus_faults)
{
    uint8_t *regs;
    struct i2cpt_adapter *a = open_smbus(&regs);

    ck_assert_int_eq(i2cpt_smbus_quick(a, 0x51, 0, 0, &rig.fault), -ENXIO);
    ck_assert_int_eq(rig.fault.phase, I2CPT_PHASE_ADDRESS);
    ck_assert_int_eq(rig.fault.msg, 0);
    ck_assert_int_eq(i2cpt_smbus_read_byte_data(a, 0x51, 0, 0, &rig.fault),
                     -ENXIO);
    ck_assert_int_eq(rig.fault.msg, -1); /* of the two, nobody knows which */
    fake_i2c_fail(rig.fake, FAKE_SMBUS, EBADMSG, 1);
    ck_assert_int_eq(
        i2cpt_smbus_read_byte_data(a, 0x50, I2CPT_CLIENT_PEC, 0, &rig.fault),
        -EBADMSG);
    fake_i2c_bind(rig.fake, 0x50, true);
    ck_assert_int_eq(i2cpt_smbus_quick(a, 0x50, 0, 0, &rig.fault), 0);
    ck_assert_int_eq(i2cpt_smbus_quick(a, 0x51, 0, 0, &rig.fault), -ENXIO);
    ck_assert_int_eq(i2cpt_smbus_quick(a, 0x50, 0, 0, &rig.fault), -EBUSY);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(smbus_forced)
{
    struct i2cpt_adapter *a = rig_open("i2c-dev,device=/dev/i2c-3,force=on");

    fake_i2c_bind(rig.fake, 0x50, true);
    ck_assert_int_eq(i2cpt_smbus_quick(a, 0x50, 0, 0, &rig.fault), 0);
    ck_assert(fake_i2c_smbus(rig.fake).forced);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(smbus_unplugged)
{
    uint8_t *regs;
    struct i2cpt_adapter *a = open_smbus(&regs);

    fake_i2c_unplug(rig.fake, EIO);
    ck_assert_int_eq(i2cpt_smbus_quick(a, 0x50, 0, 0, &rig.fault), -ENODEV);
    ck_assert_int_eq(i2cpt_smbus_quick(a, 0x50, 0, 0, &rig.fault), -ENODEV);
    i2cpt_adapter_unref(a);
}
END_TEST

/* i2cdetect's own choice of command, and its range. */
START_TEST(scan)
{
    uint8_t *regs;
    struct i2cpt_adapter *a = open_smbus(&regs);
    int16_t result[128];

    fake_i2c_target(rig.fake, 0x1d);
    fake_i2c_bind(rig.fake, 0x48, true);
    ck_assert_int_eq(
        i2cpt_scan(a, 0x08, 0x77, I2CPT_PROBE_AUTO, result, &rig.fault), 2);
    ck_assert_int_eq(result[0x50], 1);
    ck_assert_int_eq(result[0x1d], 1);
    ck_assert_int_eq(result[0x48], -EBUSY);
    ck_assert_int_eq(result[0x1e], 0);
    ck_assert_int_eq(i2cpt_probe(a, 0x50, I2CPT_PROBE_AUTO, &rig.fault), 1);
    ck_assert_uint_eq(fake_i2c_smbus(rig.fake).size, I2CPT_SMBUS_BYTE);
    ck_assert_int_eq(i2cpt_probe(a, 0x1d, I2CPT_PROBE_AUTO, &rig.fault), 1);
    ck_assert_uint_eq(fake_i2c_smbus(rig.fake).size, I2CPT_SMBUS_QUICK);
    i2cpt_adapter_unref(a);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("i2c-dev-smbus");
    TCase *tc = rig_case(suite, RIG_SMBUS);

    tcase_add_test(tc, smbus_quick_and_bytes);
    tcase_add_test(tc, smbus_blocks);
    tcase_add_test(tc, smbus_state);
    tcase_add_test(tc, smbus_from_messages);
    tcase_add_test(tc, smbus_faults);
    tcase_add_test(tc, smbus_forced);
    tcase_add_test(tc, smbus_unplugged);
    tcase_add_test(tc, scan);
    return unit_run(suite);
}
