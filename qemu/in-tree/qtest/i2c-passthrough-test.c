/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QTest testcase for i2c-passthrough, on the bit-banged bus of versatilepb and
 * chips in memory
 */
#include "qemu/osdep.h"
#include "libqtest.h"
#include "qobject/qdict.h"
#include "qobject/qlist.h"

/*
 * Two open-drain lines: a write at 0 releases those that are 1, at 4 it pulls
 * them down.
 */
#define CONTROL   0x10002000
#define PULL      (CONTROL + 4)
#define SCL       1
#define SDA       2
#define VERSATILE "-M versatilepb -nodefaults "
/* A busy host is no guest gone quiet. */
#define PATIENCE "timeout-ms=20000,hold-timeout-ms=60000"
#define STUB     "-device i2c-passthrough,backend=stub," PATIENCE ","

static bool clock_bit(QTestState *qts, bool bit)
{
    bool level;

    qtest_writel(qts, bit ? CONTROL : PULL, SDA);
    qtest_writel(qts, CONTROL, SCL);
    level = qtest_readl(qts, CONTROL) & SDA;
    qtest_writel(qts, PULL, SCL);
    return level;
}

/* Whether it was acknowledged. */
static bool write_byte(QTestState *qts, uint8_t byte)
{
    int bit;

    for (bit = 7; bit >= 0; bit--) {
        clock_bit(qts, byte >> bit & 1);
    }
    return !clock_bit(qts, true);
}

static uint8_t read_byte(QTestState *qts, bool ack)
{
    uint8_t byte = 0;
    int bit;

    for (bit = 0; bit < 8; bit++) {
        byte = byte << 1 | clock_bit(qts, true);
    }
    clock_bit(qts, !ack);
    return byte;
}

static bool start(QTestState *qts, uint8_t address, bool read)
{
    qtest_writel(qts, CONTROL, SDA);
    qtest_writel(qts, CONTROL, SCL);
    qtest_writel(qts, PULL, SDA);
    qtest_writel(qts, PULL, SCL);
    return write_byte(qts, address << 1 | read);
}

static void stop(QTestState *qts)
{
    qtest_writel(qts, PULL, SDA);
    qtest_writel(qts, CONTROL, SCL);
    qtest_writel(qts, CONTROL, SDA);
}

static void put(QTestState *qts, uint8_t address, uint8_t reg, uint8_t value)
{
    g_assert_true(start(qts, address, false));
    g_assert_true(write_byte(qts, reg));
    g_assert_true(write_byte(qts, value));
    stop(qts);
}

static uint8_t get(QTestState *qts, uint8_t address, uint8_t reg)
{
    uint8_t byte;

    g_assert_true(start(qts, address, false));
    g_assert_true(write_byte(qts, reg));
    g_assert_true(start(qts, address, true));
    byte = read_byte(qts, false);
    stop(qts);
    return byte;
}

/* In both ways that the library has: whole messages, and single bytes. */
static void test_transfer(const void *mode)
{
    QTestState *qts =
        qtest_initf(VERSATILE STUB "chips=0x48,address=0x48,transfer=%s",
                    (const char *)mode);

    put(qts, 0x48, 0x10, 0x5a);
    put(qts, 0x48, 0x11, 0xa5);
    g_assert_cmphex(get(qts, 0x48, 0x11), ==, 0xa5);
    g_assert_true(start(qts, 0x48, false));
    g_assert_true(write_byte(qts, 0x10));
    g_assert_true(start(qts, 0x48, true));
    g_assert_cmphex(read_byte(qts, true), ==, 0x5a);
    g_assert_cmphex(read_byte(qts, false), ==, 0xa5);
    stop(qts);
    g_assert_false(start(qts, 0x49, false));
    stop(qts);
    g_assert_cmphex(get(qts, 0x48, 0x10), ==, 0x5a);
    qtest_quit(qts);
}

static char *write_file(const char *text)
{
    g_autoptr(GError) error = NULL;
    char *path;
    int fd = g_file_open_tmp("i2c-passthrough-XXXXXX", &path, &error);

    g_assert_no_error(error);
    g_assert_cmpint(write(fd, text, strlen(text)), ==, strlen(text));
    close(fd);
    return path;
}

/* A byte that the chip refuses, once. */
static void test_nack(void)
{
    g_autofree char *chips =
        write_file("chip 0x48 registers\nfault nack at=1 on=write\n");
    QTestState *qts = qtest_initf(VERSATILE STUB "load=%s,address=0x48", chips);

    g_assert_true(start(qts, 0x48, false));
    g_assert_true(write_byte(qts, 0x10));
    g_assert_false(write_byte(qts, 0x5a));
    stop(qts);
    put(qts, 0x48, 0x10, 0xa5);
    g_assert_cmphex(get(qts, 0x48, 0x10), ==, 0xa5);
    qtest_quit(qts);
    unlink(chips);
}

/* Two devices: who is addressed by the repeated START is who answers. */
static void test_restart(void)
{
    QTestState *qts = qtest_init(VERSATILE STUB "chips=0x48,address=0x48 " STUB
                                                "chips=0x50,address=0x50");

    g_assert_true(start(qts, 0x48, false));
    g_assert_true(write_byte(qts, 0));
    g_assert_true(write_byte(qts, 0x11));
    g_assert_true(start(qts, 0x50, false));
    g_assert_true(write_byte(qts, 0));
    g_assert_true(write_byte(qts, 0x22));
    g_assert_false(start(qts, 0x51, false));
    stop(qts);
    g_assert_cmphex(get(qts, 0x48, 0), ==, 0x11);
    g_assert_cmphex(get(qts, 0x50, 0), ==, 0x22);
    qtest_quit(qts);
}

/* Where that change is in: the adapter is a chardev, the address is its own. */
static void test_chardev(void)
{
    QTestState *qts = qtest_initf(
        VERSATILE "-chardev linux-i2c,id=x,address=0x48,adapter=%s "
                  "-device i2c-passthrough,chardev=x,address=0x49," PATIENCE,
        "stub,,chips=0x48,,timeout-ms=20000");

    put(qts, 0x49, 3, 0x5a);
    g_assert_cmphex(get(qts, 0x49, 3), ==, 0x5a);
    g_assert_false(start(qts, 0x48, false));
    stop(qts);
    qtest_quit(qts);
}

static bool has_chardev(void)
{
    QTestState *qts = qtest_init("-M none");
    QDict *answer = qtest_qmp(qts, "{'execute': 'query-chardev-backends'}");
    QListEntry *entry;
    bool found = false;

    QLIST_FOREACH_ENTRY(qdict_get_qlist(answer, "return"), entry)
    {
        QDict *backend = qobject_to(QDict, qlist_entry_obj(entry));

        found |= g_str_equal(qdict_get_str(backend, "name"), "linux-i2c");
    }
    qobject_unref(answer);
    qtest_quit(qts);
    return found;
}

/* What is recorded answers without the chip. */
static void test_trace(void)
{
    g_autofree char *trace =
        write_file("i2cpt-trace 1\n0 +0 w1@0x48 00 r2 = 1a c0\nend 1\n");
    QTestState *qts = qtest_initf(
        VERSATILE
        "-device i2c-passthrough,backend=trace,file=%s,address=0x48," PATIENCE,
        trace);

    g_assert_true(start(qts, 0x48, false));
    g_assert_true(write_byte(qts, 0));
    g_assert_true(start(qts, 0x48, true));
    g_assert_cmphex(read_byte(qts, true), ==, 0x1a);
    g_assert_cmphex(read_byte(qts, false), ==, 0xc0);
    stop(qts);
    qtest_quit(qts);
    unlink(trace);
}

/* Wrong properties are told, with their name and what would be right. */
static void test_errors(void)
{
    static const struct {
        const char *properties, *words;
    } rows[] = {
        {"address=0x50", "backend"},
        {"backend=nonsense,address=0x48", "backend=nonsense"},
        {"backend=stub,chips=0x48", "address"},
        {"backend=stub,chips=0x99,address=0x48", "chips=0x99"},
        {"backend=trace,file=/nowhere/x,address=0x48", "/nowhere/x"},
        {"device=/nowhere/i2c-1,address=0x48", "/nowhere/i2c-1"},
    };
    size_t i;

    for (i = 0; i < ARRAY_SIZE(rows); i++) {
        g_autofree char *command = g_strdup_printf(
            "%s " VERSATILE "-display none -audio none -accel qtest "
            "-device i2c-passthrough,%s",
            getenv("QTEST_QEMU_BINARY"), rows[i].properties);
        g_autofree char *errors = NULL;
        int status;

        g_assert_true(
            g_spawn_command_line_sync(command, NULL, &errors, &status, NULL));
        g_assert_cmpint(WEXITSTATUS(status), ==, 1);
        g_assert_nonnull(strstr(errors, rows[i].words));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    qtest_add_data_func("/i2c-passthrough/message", "message", test_transfer);
    qtest_add_data_func("/i2c-passthrough/stream", "stream", test_transfer);
    qtest_add_func("/i2c-passthrough/nack", test_nack);
    qtest_add_func("/i2c-passthrough/restart", test_restart);
    qtest_add_func("/i2c-passthrough/trace", test_trace);
    qtest_add_func("/i2c-passthrough/errors", test_errors);
    if (has_chardev()) {
        qtest_add_func("/i2c-passthrough/linux-i2c", test_chardev);
    }

    return g_test_run();
}
