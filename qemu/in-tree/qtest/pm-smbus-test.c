/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QTest testcase for pm_smbus: calls and block reads, of the EEPROMs that
 * machine pc has
 */
#include "qemu/osdep.h"
#include "pm_smbus.h"

#define EEPROM 0x50

static QTestState *new_machine(void)
{
    g_autofree char *firmware = pm_smbus_firmware();
    QTestState *qts = qtest_initf(PM_SMBUS_MACHINE, firmware);
    int i;

    unlink(firmware);
    for (i = 0; i < 8; i++) {
        g_assert_true(pm_smbus_run(qts, PM_BYTE_DATA, EEPROM, false,
                                   (PMSMBusBytes){.cmd = i, .dat0 = 0xa0 + i}));
    }
    return qts;
}

/* It writes a word at an offset, and reads the next one. */
static void test_process_call(void)
{
    QTestState *qts = new_machine();

    g_assert_true(
        pm_smbus_run(qts, PM_PROC_CALL, EEPROM, false,
                     (PMSMBusBytes){.cmd = 2, .dat0 = 0x11, .dat1 = 0x22}));
    g_assert_cmphex(pm_smbus_word(qts), ==, 0xa5a4);
    g_assert_true(pm_smbus_run(qts, PM_WORD_DATA, EEPROM, true,
                               (PMSMBusBytes){.cmd = 2}));
    g_assert_cmphex(pm_smbus_word(qts), ==, 0x2211);
    g_assert_false(
        pm_smbus_run(qts, PM_PROC_CALL, 0x30, false, (PMSMBusBytes){.cmd = 2}));
    qtest_quit(qts);
}

/* The count is an EEPROM's byte as any other: put one where it will stand. */
static void test_block_process_call(void)
{
    static const uint8_t out[] = {0x33, 0x44};
    uint8_t in[32];
    QTestState *qts = new_machine();

    g_assert_true(pm_smbus_run(qts, PM_BYTE_DATA, EEPROM, false,
                               (PMSMBusBytes){.cmd = 3, .dat0 = 3}));
    pm_smbus_fill(qts, out, 2);
    g_assert_true(pm_smbus_run(qts, PM_BLOCK_PROC_CALL, EEPROM, false,
                               (PMSMBusBytes){.cmd = 0, .dat0 = 2}));
    g_assert_cmpint(pm_smbus_take(qts, in), ==, 3);
    g_assert_cmphex(in[0], ==, 0xa4);
    g_assert_cmphex(in[2], ==, 0xa6);
    /* as many bytes as were said, or none */
    pm_smbus_fill(qts, out, 2);
    g_assert_false(pm_smbus_run(qts, PM_BLOCK_PROC_CALL, EEPROM, false,
                                (PMSMBusBytes){.cmd = 0, .dat0 = 3}));
    g_assert_false(pm_smbus_run(qts, PM_BLOCK_PROC_CALL, EEPROM, false,
                                (PMSMBusBytes){.cmd = 0, .dat0 = 0}));
    qtest_quit(qts);
}

/* As drivers do: each byte is there when BYTE_DONE is, the last one too. */
static void test_i2c_block_read(const void *length)
{
    int n = GPOINTER_TO_INT(length);
    QTestState *qts = new_machine();
    int i;

    g_assert_true(pm_smbus_run(
        qts, PM_I2C_BLOCK_READ, EEPROM, false,
        (PMSMBusBytes){.dat1 = 1, .cnt = n == 1 ? PM_LAST_BYTE : 0}));
    for (i = 0; i < n; i++) {
        g_assert_true(qtest_inb(qts, PM_STS) & PM_BYTE_DONE);
        g_assert_cmphex(qtest_inb(qts, PM_BLKDAT), ==, 0xa1 + i);
        if (i == n - 2) {
            qtest_outb(qts, PM_CNT,
                       PM_I2C_BLOCK_READ << 2 | PM_INTREN | PM_LAST_BYTE);
        }
        qtest_outb(qts, PM_STS, PM_BYTE_DONE);
    }
    g_assert_true(qtest_inb(qts, PM_STS) & PM_INTR);
    g_assert_false(qtest_inb(qts, PM_STS) & PM_BYTE_DONE);
    /* the bus is free */
    g_assert_true(pm_smbus_run(qts, PM_BYTE_DATA, EEPROM, true,
                               (PMSMBusBytes){.cmd = 0}));
    g_assert_cmphex(qtest_inb(qts, PM_DAT0), ==, 0xa0);
    qtest_quit(qts);
}

/* One that is given up does not get into the next one's way. */
static void test_killed(void)
{
    QTestState *qts = new_machine();

    g_assert_true(pm_smbus_run(qts, PM_I2C_BLOCK_READ, EEPROM, false,
                               (PMSMBusBytes){.dat1 = 1}));
    qtest_outb(qts, PM_CNT, 0x02);
    g_assert_true(pm_smbus_run(qts, PM_BYTE_DATA, EEPROM, false,
                               (PMSMBusBytes){.cmd = 0, .dat0 = 0x77}));
    g_assert_true(pm_smbus_run(qts, PM_BYTE_DATA, EEPROM, true,
                               (PMSMBusBytes){.cmd = 0}));
    g_assert_cmphex(qtest_inb(qts, PM_DAT0), ==, 0x77);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    qtest_add_func("/pm-smbus/process-call", test_process_call);
    qtest_add_func("/pm-smbus/block-process-call", test_block_process_call);
    qtest_add_data_func("/pm-smbus/i2c-block-read/1", GINT_TO_POINTER(1),
                        test_i2c_block_read);
    qtest_add_data_func("/pm-smbus/i2c-block-read/2", GINT_TO_POINTER(2),
                        test_i2c_block_read);
    qtest_add_data_func("/pm-smbus/i2c-block-read/7", GINT_TO_POINTER(7),
                        test_i2c_block_read);
    qtest_add_func("/pm-smbus/killed", test_killed);

    return g_test_run();
}
