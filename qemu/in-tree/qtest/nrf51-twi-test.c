/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QTest testcase for the nRF51 TWI of the micro:bit, and i2c-passthrough behind
 * it on chips in memory
 */
#include "qemu/osdep.h"
#include "libqtest.h"

#define TWI 0x40003000

enum {
    STARTRX = 0x000,
    STARTTX = 0x008,
    STOP = 0x014,
    STOPPED = 0x104,
    RXDREADY = 0x108,
    TXDSENT = 0x11c,
    ERROR = 0x124,
    SHORTS = 0x200,
    ERRORSRC = 0x4c4,
    ENABLE = 0x500,
    PSELSCL = 0x508,
    PSELSDA = 0x50c,
    RXD = 0x518,
    TXD = 0x51c,
    FREQUENCY = 0x524,
    ADDRESS = 0x588,
};

#define BB_STOP 2
#define ANACK   2

static uint32_t get(QTestState *qts, uint32_t offset)
{
    return qtest_readl(qts, TWI + offset);
}

static void set(QTestState *qts, uint32_t offset, uint32_t value)
{
    qtest_writel(qts, TWI + offset, value);
}

static void enable(QTestState *qts, uint8_t address)
{
    set(qts, PSELSCL, 0);
    set(qts, PSELSDA, 30);
    set(qts, FREQUENCY, 0x01980000);
    set(qts, ENABLE, 5);
    set(qts, ADDRESS, address);
}

/* A byte takes its time; more than a second of it is too much. */
static bool await(QTestState *qts, uint32_t event)
{
    int i;

    for (i = 0; i < 10000; i++) {
        if (get(qts, event)) {
            set(qts, event, 0);
            return true;
        }
        qtest_clock_step(qts, 100000);
    }
    return false;
}

static void write_bytes(QTestState *qts, const uint8_t *bytes, int n)
{
    int i;

    set(qts, STARTTX, 1);
    for (i = 0; i < n; i++) {
        set(qts, TXD, bytes[i]);
        g_assert_true(await(qts, TXDSENT));
    }
}

static void stop(QTestState *qts)
{
    set(qts, STOP, 1);
    g_assert_true(await(qts, STOPPED));
}

static uint8_t read_byte(QTestState *qts)
{
    uint8_t byte;

    set(qts, SHORTS, BB_STOP);
    set(qts, STARTRX, 1);
    g_assert_true(await(qts, RXDREADY));
    byte = get(qts, RXD);
    g_assert_true(await(qts, STOPPED));
    set(qts, SHORTS, 0);
    return byte;
}

static void test_registers(void)
{
    QTestState *qts = qtest_init("-M microbit");

    g_assert_cmphex(get(qts, ENABLE), ==, 0);
    g_assert_cmphex(get(qts, PSELSCL), ==, 0xffffffff);
    g_assert_cmphex(get(qts, FREQUENCY), ==, 0x04000000);
    enable(qts, 0x1d);
    g_assert_cmphex(get(qts, ENABLE), ==, 5);
    g_assert_cmphex(get(qts, PSELSDA), ==, 30);
    g_assert_cmphex(get(qts, ADDRESS), ==, 0x1d);
    qtest_system_reset(qts);
    g_assert_cmphex(get(qts, ENABLE), ==, 0);
    qtest_quit(qts);
}

static void test_nobody(void)
{
    QTestState *qts = qtest_init("-M microbit");

    enable(qts, 0x1d);
    set(qts, STARTTX, 1);
    set(qts, TXD, 0);
    g_assert_true(await(qts, ERROR));
    g_assert_cmphex(get(qts, ERRORSRC), ==, ANACK);
    stop(qts);
    qtest_quit(qts);
}

/* What is written is read back, behind a STOP and a repeated START. */
static void test_chip(void)
{
    static const uint8_t bytes[] = {0x10, 0x5a, 0xa5};
    static const uint8_t second = 0x11;
    QTestState *qts = qtest_init(
        "-M microbit -device i2c-passthrough,backend=stub,chips=0x48,"
        "address=0x48");

    enable(qts, 0x48);
    write_bytes(qts, bytes, 3);
    stop(qts);
    write_bytes(qts, bytes, 1);
    g_assert_cmphex(read_byte(qts), ==, 0x5a);
    write_bytes(qts, &second, 1);
    stop(qts);
    g_assert_cmphex(read_byte(qts), ==, 0xa5);
    qtest_quit(qts);
}

/* The address after a repeated START is who is spoken to. */
static void test_restart(void)
{
    static const uint8_t to_first[] = {0x00, 0x11};
    static const uint8_t to_second[] = {0x00, 0x22};
    QTestState *qts = qtest_init(
        "-M microbit -device i2c-passthrough,backend=stub,chips=0x48:0x50,"
        "addresses=0x48:0x50");

    enable(qts, 0x48);
    write_bytes(qts, to_first, 2);
    set(qts, ADDRESS, 0x50);
    write_bytes(qts, to_second, 2);
    stop(qts);
    set(qts, ADDRESS, 0x48);
    write_bytes(qts, to_first, 1);
    g_assert_cmphex(read_byte(qts), ==, 0x11);
    set(qts, ADDRESS, 0x50);
    write_bytes(qts, to_first, 1);
    g_assert_cmphex(read_byte(qts), ==, 0x22);
    qtest_quit(qts);
}

#define EVENTS_IN0 0x40006100
#define INTENSET   0x40006304
#define CONFIG0    0x40006510

/* A chip's line is a pin, and a pin an event of the GPIOTE. */
static void test_line(void)
{
    static const char chip[] = "chip 0x19 registers\nline drdy reg=0x20\n";
    static const uint8_t up[] = {0x20, 0x01}, down[] = {0x20, 0x00};
    g_autofree char *name = NULL;
    QTestState *qts;
    int fd = g_file_open_tmp("line-XXXXXX", &name, NULL);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, chip, strlen(chip)), ==, strlen(chip));
    close(fd);
    qts = qtest_initf("-M microbit -device i2c-passthrough,backend=stub,"
                      "load=%s,address=0x19,irqs=drdy=pin8",
                      name);
    qtest_irq_intercept_in(qts, "/machine/nrf51/armv6m");
    qtest_writel(qts, CONFIG0, 1 | 18 << 8 | 1 << 16);
    qtest_writel(qts, INTENSET, 1);
    enable(qts, 0x19);
    write_bytes(qts, up, 2);
    stop(qts);
    g_assert_cmphex(qtest_readl(qts, EVENTS_IN0), ==, 1);
    g_assert_true(qtest_get_irq(qts, 6));
    qtest_writel(qts, EVENTS_IN0, 0);
    g_assert_false(qtest_get_irq(qts, 6));
    write_bytes(qts, down, 2);
    stop(qts);
    g_assert_cmphex(qtest_readl(qts, EVENTS_IN0), ==, 0);
    qtest_quit(qts);
    unlink(name);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    qtest_add_func("/nrf51-twi/registers", test_registers);
    qtest_add_func("/nrf51-twi/nobody", test_nobody);
    qtest_add_func("/nrf51-twi/chip", test_chip);
    qtest_add_func("/nrf51-twi/restart", test_restart);
    qtest_add_func("/nrf51-twi/line", test_line);

    return g_test_run();
}
