/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QTest testcase for smbus-passthrough: a host adapter of SMBus commands only,
 * with chips in memory, one of which insists on a PEC
 */
#include "qemu/osdep.h"
#include "pm_smbus.h"

#define PLAIN 0x0b
#define PEC   0x0c

static const char chips[] =
    "chip 0x0b smbus pec=off\n"
    "reg 0x01 type=byte = 11\n"
    "reg 0x02 type=word = 34 12\n"
    "reg 0x03 type=block = 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f"
    " 10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f\n"
    "reg 0x04 type=call\n"
    "reg 0x05 type=block-call\n"
    "reg 0x06 type=send\n"
    "reg 0x07 type=block = 00\n"
    "chip 0x0c smbus pec=require\n"
    "reg 0x02 type=word = 00 00\n"
    "reg 0x03 type=block = 00\n";

/* @type: smbus-passthrough, or i2c-passthrough, which has the bytes only. */
static QTestState *new_machine(const char *type, const char *text,
                               const char *keys)
{
    g_autofree char *firmware = pm_smbus_firmware();
    g_autofree char *load = NULL;
    QTestState *qts;
    int fd = g_file_open_tmp("smbus-passthrough-XXXXXX", &load, NULL);

    g_assert_cmpint(write(fd, text, strlen(text)), ==, strlen(text));
    close(fd);
    qts = qtest_initf(PM_SMBUS_MACHINE "-device %s,backend=stub,load=%s,%s",
                      firmware, type, load, keys);
    unlink(firmware);
    unlink(load);
    return qts;
}

static QTestState *new_host(const char *keys)
{
    g_autofree char *all =
        g_strdup_printf("functionality=smbus,addresses=0x0b:0x0c%s", keys);

    return new_machine("smbus-passthrough", chips, all);
}

static void test_protocols(void)
{
    QTestState *qts = new_host("");

    g_assert_true(pm_smbus_run(qts, PM_QUICK, PLAIN, false, (PMSMBusBytes){}));
    g_assert_false(pm_smbus_run(qts, PM_QUICK, 0x0d, false, (PMSMBusBytes){}));
    g_assert_true(
        pm_smbus_run(qts, PM_BYTE_DATA, PLAIN, true, (PMSMBusBytes){.cmd = 1}));
    g_assert_cmphex(qtest_inb(qts, PM_DAT0), ==, 0x11);
    g_assert_true(pm_smbus_run(qts, PM_BYTE, PLAIN, true, (PMSMBusBytes){}));
    g_assert_cmphex(qtest_inb(qts, PM_DAT0), ==, 0x11);
    g_assert_true(
        pm_smbus_run(qts, PM_BYTE, PLAIN, false, (PMSMBusBytes){.cmd = 6}));
    g_assert_true(pm_smbus_run(qts, PM_BYTE_DATA, PLAIN, false,
                               (PMSMBusBytes){.cmd = 1, .dat0 = 0x99}));
    g_assert_true(
        pm_smbus_run(qts, PM_BYTE_DATA, PLAIN, true, (PMSMBusBytes){.cmd = 1}));
    g_assert_cmphex(qtest_inb(qts, PM_DAT0), ==, 0x99);
    g_assert_true(
        pm_smbus_run(qts, PM_WORD_DATA, PLAIN, true, (PMSMBusBytes){.cmd = 2}));
    g_assert_cmphex(pm_smbus_word(qts), ==, 0x1234);
    g_assert_true(
        pm_smbus_run(qts, PM_PROC_CALL, PLAIN, false,
                     (PMSMBusBytes){.cmd = 4, .dat0 = 0x34, .dat1 = 0x12}));
    g_assert_cmphex(pm_smbus_word(qts), ==, 0xedcb);
    qtest_quit(qts);
}

/* The longest there is, and calls, which bytes cannot get from such a host. */
static void test_blocks(void)
{
    static const uint8_t out[] = {1, 2, 3};
    uint8_t in[32];
    QTestState *qts = new_host("");
    int i;

    for (i = 0; i < 2; i++) {
        g_assert_true(pm_smbus_run(qts, PM_BLOCK_DATA, PLAIN, true,
                                   (PMSMBusBytes){.cmd = 3}));
        g_assert_cmpint(pm_smbus_take(qts, in), ==, 32);
        g_assert_cmphex(in[31], ==, 0x1f);
    }
    pm_smbus_fill(qts, out, 3);
    g_assert_true(pm_smbus_run(qts, PM_BLOCK_DATA, PLAIN, false,
                               (PMSMBusBytes){.cmd = 7, .dat0 = 3}));
    g_assert_true(pm_smbus_run(qts, PM_BLOCK_DATA, PLAIN, true,
                               (PMSMBusBytes){.cmd = 7}));
    g_assert_cmpint(pm_smbus_take(qts, in), ==, 3);
    g_assert_cmpmem(in, 3, out, 3);
    pm_smbus_fill(qts, out, 3);
    g_assert_true(pm_smbus_run(qts, PM_BLOCK_PROC_CALL, PLAIN, false,
                               (PMSMBusBytes){.cmd = 5, .dat0 = 3}));
    g_assert_cmpint(pm_smbus_take(qts, in), ==, 3);
    g_assert_cmphex(in[0], ==, 3);
    qtest_quit(qts);
}

/* A write without is dropped by such a chip, and a read has one to check. */
static void test_pec(void)
{
    static const uint8_t out[] = {1, 2, 3};
    uint8_t in[32];
    QTestState *qts = new_host("");

    g_assert_true(pm_smbus_run(
        qts, PM_WORD_DATA, PEC, false,
        (PMSMBusBytes){
            .cmd = 2, .dat0 = 0x34, .dat1 = 0x12, .aux = PM_AUX_PEC}));
    g_assert_true(pm_smbus_run(qts, PM_WORD_DATA, PEC, true,
                               (PMSMBusBytes){.cmd = 2, .aux = PM_AUX_PEC}));
    g_assert_cmphex(pm_smbus_word(qts), ==, 0x1234);
    pm_smbus_fill(qts, out, 3);
    g_assert_true(
        pm_smbus_run(qts, PM_BLOCK_DATA, PEC, false,
                     (PMSMBusBytes){.cmd = 3, .dat0 = 3, .aux = PM_AUX_PEC}));
    g_assert_true(pm_smbus_run(qts, PM_BLOCK_DATA, PEC, true,
                               (PMSMBusBytes){.cmd = 3, .aux = PM_AUX_PEC}));
    g_assert_cmpint(pm_smbus_take(qts, in), ==, 3);
    g_assert_cmpmem(in, 3, out, 3);
    /* a chip that has none: what it sends is no PEC */
    g_assert_false(pm_smbus_run(qts, PM_WORD_DATA, PLAIN, true,
                                (PMSMBusBytes){.cmd = 2, .aux = PM_AUX_PEC}));
    qtest_quit(qts);
}

static void test_readonly(void)
{
    QTestState *qts = new_host(",readonly=on");

    g_assert_false(pm_smbus_run(qts, PM_WORD_DATA, PLAIN, false,
                                (PMSMBusBytes){.cmd = 2, .dat0 = 1}));
    g_assert_true(
        pm_smbus_run(qts, PM_WORD_DATA, PLAIN, true, (PMSMBusBytes){.cmd = 2}));
    g_assert_cmphex(pm_smbus_word(qts), ==, 0x1234);
    qtest_quit(qts);
}

/* I2C block reads come in bytes, also behind whole transactions. */
static void test_bytes_between(void)
{
    QTestState *qts = new_machine("smbus-passthrough", "chip 0x48 registers\n",
                                  "address=0x48");
    int i;

    for (i = 0; i < 3; i++) {
        g_assert_true(pm_smbus_run(qts, PM_BYTE_DATA, 0x48, false,
                                   (PMSMBusBytes){.cmd = i, .dat0 = 0x50 + i}));
    }
    g_assert_true(pm_smbus_run(qts, PM_I2C_BLOCK_READ, 0x48, false,
                               (PMSMBusBytes){.dat1 = 0}));
    for (i = 0; i < 3; i++) {
        g_assert_cmphex(qtest_inb(qts, PM_BLKDAT), ==, 0x50 + i);
        if (i == 1) {
            qtest_outb(qts, PM_CNT,
                       PM_I2C_BLOCK_READ << 2 | PM_INTREN | PM_LAST_BYTE);
        }
        qtest_outb(qts, PM_STS, PM_BYTE_DONE);
    }
    g_assert_true(
        pm_smbus_run(qts, PM_BYTE_DATA, 0x48, true, (PMSMBusBytes){.cmd = 1}));
    g_assert_cmphex(qtest_inb(qts, PM_DAT0), ==, 0x51);
    qtest_quit(qts);
}

/* A byte that is refused, by a target of bytes: the host controller says so. */
static void test_late_nack(void)
{
    static const struct {
        const char *fault;
        int protocol;
    } rows[] = {
        {"fault nack at=0 on=write\n", PM_BYTE},
        {"fault nack at=0 on=write\n", PM_BYTE_DATA},
        {"fault nack at=1 on=write\n", PM_BYTE_DATA},
        {"fault nack at=2 on=write\n", PM_WORD_DATA},
        {"fault nack at=3 on=write\n", PM_BLOCK_DATA},
    };
    static const uint8_t out[] = {1, 2, 3};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(rows); i++) {
        g_autofree char *text =
            g_strconcat("chip 0x48 registers\n", rows[i].fault, NULL);
        QTestState *qts = new_machine("i2c-passthrough", text,
                                      "address=0x48,transfer=stream");

        if (rows[i].protocol == PM_BLOCK_DATA) {
            pm_smbus_fill(qts, out, 3);
        }
        g_assert_false(pm_smbus_run(qts, rows[i].protocol, 0x48, false,
                                    (PMSMBusBytes){.cmd = 1, .dat0 = 3}));
        if (rows[i].protocol == PM_BLOCK_DATA) {
            pm_smbus_fill(qts, out, 3);
        }
        g_assert_true(pm_smbus_run(qts, rows[i].protocol, 0x48, false,
                                   (PMSMBusBytes){.cmd = 1, .dat0 = 3}));
        qtest_quit(qts);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    qtest_add_func("/smbus-passthrough/protocols", test_protocols);
    qtest_add_func("/smbus-passthrough/blocks", test_blocks);
    qtest_add_func("/smbus-passthrough/pec", test_pec);
    qtest_add_func("/smbus-passthrough/readonly", test_readonly);
    qtest_add_func("/smbus-passthrough/bytes-between", test_bytes_between);
    qtest_add_func("/smbus-passthrough/late-nack", test_late_nack);

    return g_test_run();
}
