/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fake adapter keeps the rules of Linux's i2c-dev. No library in here. */
#include <errno.h>
#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "fake-i2c-dev.h"
#include "unit.h"

static UMockdevTestbed *testbed;
static struct fake_i2c *fake;
static int fd;

static void setup(void)
{
    testbed = umockdev_testbed_new();
    fake = fake_i2c_new(testbed, 3, "fake adapter", NULL, 0x0fff8009);
    fd = open("/dev/i2c-3", O_RDWR);
    ck_assert_int_ge(fd, 0);
}

static void teardown(void)
{
    close(fd);
    fake_i2c_free(fake);
    g_object_unref(testbed);
}

static int rdwr(struct i2c_msg *msgs, unsigned n)
{
    struct i2c_rdwr_ioctl_data data = {msgs, n};
    int ret = ioctl(fd, I2C_RDWR, &data);

    return ret < 0 ? -errno : ret;
}

START_TEST(node_and_sysfs)
{
    char name[40] = "";
    struct stat st;
    FILE *file;

    ck_assert_int_eq(stat("/dev/i2c-3", &st), 0);
    ck_assert(S_ISCHR(st.st_mode));
    ck_assert_uint_eq(major(st.st_rdev), 89);
    ck_assert_uint_eq(minor(st.st_rdev), 3);
    file = fopen("/sys/class/i2c-dev/i2c-3/name", "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_ptr_nonnull(fgets(name, sizeof(name), file));
    fclose(file);
    ck_assert_str_eq(name, "fake adapter");
}
END_TEST

START_TEST(functionality)
{
    unsigned long funcs = 0;

    ck_assert_int_eq(ioctl(fd, I2C_FUNCS, &funcs), 0);
    ck_assert_uint_eq(funcs, 0x0fff8009);
    ck_assert_int_eq(ioctl(fd, 0x5401, &funcs), -1);
    ck_assert_int_eq(errno, ENOTTY);
}
END_TEST

START_TEST(write_then_read)
{
    uint8_t *regs = fake_i2c_target(fake, 0x48);
    uint8_t out[] = {5, 0xab, 0xcd}, at = 6, in[2] = {0, 0};
    struct i2c_msg put = {0x48, 0, 3, out};
    struct i2c_msg get[] = {{0x48, 0, 1, &at}, {0x48, I2C_M_RD, 2, in}};
    struct fake_msg log[FAKE_LOG];

    regs[7] = 0x77;
    ck_assert_int_eq(rdwr(&put, 1), 1);
    ck_assert_int_eq(rdwr(get, 2), 2);
    ck_assert_uint_eq(in[0], 0xcd);
    ck_assert_uint_eq(in[1], 0x77);
    ck_assert_uint_eq(fake_i2c_msgs(fake, log), 3);
    ck_assert_uint_eq(log[2].call, 2);
    ck_assert_uint_eq(log[2].flags, I2C_M_RD);
    get[0].addr = 0x49;
    ck_assert_int_eq(rdwr(get, 2), -ENXIO);
}
END_TEST

START_TEST(limits)
{
    static uint8_t big[8193];
    struct i2c_msg msgs[43];
    int i;

    fake_i2c_target(fake, 0x50);
    for (i = 0; i < 43; i++) {
        msgs[i] = (struct i2c_msg){0x50, 0, 1, big};
    }
    ck_assert_int_eq(rdwr(msgs, 42), 42);
    ck_assert_int_eq(rdwr(msgs, 43), -EINVAL);
    ck_assert_int_eq(rdwr(msgs, 0), -EINVAL);
    msgs[0].len = 8192;
    ck_assert_int_eq(rdwr(msgs, 1), 1);
    msgs[0].len = 8193;
    ck_assert_int_eq(rdwr(msgs, 1), -EINVAL);
}
END_TEST

START_TEST(block_read)
{
    uint8_t *regs = fake_i2c_target(fake, 0x0b);
    uint8_t at = 0, in[40] = {1};
    struct i2c_msg get[] = {{0x0b, 0, 1, &at},
                            {0x0b, I2C_M_RD | I2C_M_RECV_LEN, 33, in}};

    memcpy(regs, "\3abc", 4);
    ck_assert_int_eq(rdwr(get, 2), 2);
    ck_assert_mem_eq(in, "\3abc", 4);
    in[0] = 1;
    get[1].len = 32;
    ck_assert_int_eq(rdwr(get, 2), -EINVAL);
    in[0] = 0;
    get[1].len = 40;
    ck_assert_int_eq(rdwr(get, 2), -EINVAL);
    in[0] = 1;
    regs[0] = 33;
    ck_assert_int_eq(rdwr(get, 2), -EPROTO);
}
END_TEST

START_TEST(busy_address)
{
    fake_i2c_bind(fake, 0x50, true);
    ck_assert_int_eq(ioctl(fd, I2C_SLAVE, 0x50), -1);
    ck_assert_int_eq(errno, EBUSY);
    ck_assert_int_eq(ioctl(fd, I2C_SLAVE_FORCE, 0x50), 0);
    ck_assert_int_eq(ioctl(fd, I2C_SLAVE, 0x51), 0);
    ck_assert_int_eq(ioctl(fd, I2C_SLAVE, 0x80), -1);
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_int_eq(ioctl(fd, I2C_TENBIT, 1), 0);
    ck_assert_int_eq(ioctl(fd, I2C_SLAVE, 0x80), 0);
}
END_TEST

START_TEST(smbus_word)
{
    union i2c_smbus_data data = {.word = 0x1234};
    struct i2c_smbus_ioctl_data args = {I2C_SMBUS_WRITE, 4, I2C_SMBUS_WORD_DATA,
                                        &data};
    uint8_t *regs = fake_i2c_target(fake, 0x50);

    ck_assert_int_eq(ioctl(fd, I2C_SLAVE, 0x50), 0);
    ck_assert_int_eq(ioctl(fd, I2C_SMBUS, &args), 0);
    ck_assert_uint_eq(regs[4], 0x34);
    ck_assert_uint_eq(regs[5], 0x12);
    regs[5] = 0x56;
    args.read_write = I2C_SMBUS_READ;
    ck_assert_int_eq(ioctl(fd, I2C_SMBUS, &args), 0);
    ck_assert_uint_eq(data.word, 0x5634);
    args.data = NULL;
    ck_assert_int_eq(ioctl(fd, I2C_SMBUS, &args), -1);
    ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(scripted)
{
    uint8_t byte = 0;
    struct i2c_msg put = {0x50, 0, 1, &byte};

    fake_i2c_target(fake, 0x50);
    fake_i2c_fail(fake, FAKE_RDWR, EREMOTEIO, 2);
    ck_assert_int_eq(rdwr(&put, 1), -EREMOTEIO);
    ck_assert_int_eq(rdwr(&put, 1), -EREMOTEIO);
    ck_assert_int_eq(rdwr(&put, 1), 1);
    ck_assert_uint_eq(fake_i2c_count(fake, FAKE_RDWR), 3);
}
END_TEST

static void *one_transfer(void *arg)
{
    uint8_t byte = 0;
    struct i2c_msg put = {0x50, 0, 1, &byte};

    *(int *)arg = rdwr(&put, 1);
    return NULL;
}

START_TEST(held)
{
    int result = 12345;
    struct stat st;
    pthread_t thread;

    fake_i2c_target(fake, 0x50);
    fake_i2c_hold(fake);
    pthread_create(&thread, NULL, one_transfer, &result);
    fake_i2c_wait_held(fake);
    /* The rest of the machine goes on meanwhile. */
    ck_assert_int_eq(stat("/dev/i2c-3", &st), 0);
    ck_assert_uint_eq(fake_i2c_count(fake, FAKE_RDWR), 1);
    fake_i2c_let_go(fake);
    pthread_join(thread, NULL);
    ck_assert_int_eq(result, 1);
}
END_TEST

START_TEST(unplugged)
{
    uint8_t byte = 0;
    struct i2c_msg put = {0x50, 0, 1, &byte};

    fake_i2c_target(fake, 0x50);
    fake_i2c_unplug(fake, ENODEV);
    ck_assert_int_eq(rdwr(&put, 1), -ENODEV);
    ck_assert_int_eq(access("/dev/i2c-3", F_OK), -1);
    ck_assert_int_eq(access("/sys/class/i2c-dev/i2c-3", F_OK), -1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fake-i2c-dev");
    TCase *tc = tcase_create("rules");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, node_and_sysfs);
    tcase_add_test(tc, functionality);
    tcase_add_test(tc, write_then_read);
    tcase_add_test(tc, limits);
    tcase_add_test(tc, block_read);
    tcase_add_test(tc, busy_address);
    tcase_add_test(tc, smbus_word);
    tcase_add_test(tc, scripted);
    tcase_add_test(tc, held);
    tcase_add_test(tc, unplugged);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
