/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Driver for the SMBus host of machine pc, for qtests. */
#ifndef TESTS_PM_SMBUS_H
#define TESTS_PM_SMBUS_H

#include "libqtest.h"

/*
 * The firmware that machine pc asks for is not run by qtest, and need not be in
 * the tree: this file stands for it.
 */
#define PM_SMBUS_MACHINE "-M pc -nodefaults -bios %s "

#define PM_SMBUS 0xb100

enum {
    PM_STS = PM_SMBUS,
    PM_CNT = PM_SMBUS + 2,
    PM_CMD = PM_SMBUS + 3,
    PM_ADD = PM_SMBUS + 4,
    PM_DAT0 = PM_SMBUS + 5,
    PM_DAT1 = PM_SMBUS + 6,
    PM_BLKDAT = PM_SMBUS + 7,
    PM_AUXCTL = PM_SMBUS + 0xd,
};

enum {
    PM_QUICK = 0,
    PM_BYTE = 1,
    PM_BYTE_DATA = 2,
    PM_WORD_DATA = 3,
    PM_PROC_CALL = 4,
    PM_BLOCK_DATA = 5,
    PM_I2C_BLOCK_READ = 6,
    PM_BLOCK_PROC_CALL = 7,
};

#define PM_INTREN    0x01
#define PM_LAST_BYTE 0x20
#define PM_START     0x40
#define PM_INTR      0x02
#define PM_DEV_ERR   0x04
#define PM_BYTE_DONE 0x80
#define PM_AUX_PEC   0x01
#define PM_AUX_BLK   0x02

/* What a transaction begins with besides its protocol and address. */
typedef struct PMSMBusBytes {
    uint8_t cmd, dat0, dat1, aux, cnt;
} PMSMBusBytes;

static inline char *pm_smbus_firmware(void)
{
    g_autofree uint8_t *zeros = g_malloc0(64 * 1024);
    char *path;
    int fd = g_file_open_tmp("pm-smbus-XXXXXX", &path, NULL);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, zeros, 64 * 1024), ==, 64 * 1024);
    close(fd);
    return path;
}

/* Whether the host had no error. */
static inline bool pm_smbus_run(QTestState *qts, int protocol, uint8_t address,
                                bool read, PMSMBusBytes bytes)
{
    qtest_outb(qts, PM_STS, 0xff);
    qtest_outb(qts, PM_ADD, address << 1 | read);
    qtest_outb(qts, PM_CMD, bytes.cmd);
    qtest_outb(qts, PM_DAT0, bytes.dat0);
    qtest_outb(qts, PM_DAT1, bytes.dat1);
    qtest_outb(qts, PM_AUXCTL, bytes.aux | PM_AUX_BLK);
    qtest_outb(qts, PM_CNT, PM_START | PM_INTREN | protocol << 2 | bytes.cnt);
    return !(qtest_inb(qts, PM_STS) & PM_DEV_ERR);
}

static inline uint16_t pm_smbus_word(QTestState *qts)
{
    return qtest_inb(qts, PM_DAT0) | qtest_inb(qts, PM_DAT1) << 8;
}

static inline void pm_smbus_fill(QTestState *qts, const uint8_t *data, int n)
{
    int i;

    qtest_outb(qts, PM_AUXCTL, PM_AUX_BLK);
    for (i = 0; i < n; i++) {
        qtest_outb(qts, PM_BLKDAT, data[i]);
    }
}

/* Returns how many there were. */
static inline int pm_smbus_take(QTestState *qts, uint8_t *data)
{
    int n = qtest_inb(qts, PM_DAT0);
    int i;

    for (i = 0; i < n; i++) {
        data[i] = qtest_inb(qts, PM_BLKDAT);
    }
    return n;
}

#endif
