/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The i2c-dev backend over a fake /dev/i2c-N: transfers, hangs, unplugs. */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "bus/calls.h"
#include "i2c-dev-rig.h"
#include "unit.h"

#define N(table) (int)(sizeof(table) / sizeof((table)[0]))

START_TEST(write_then_read)
{
    struct i2cpt_adapter *a = rig_open_fake();
    uint8_t reg = 5, in[2] = {0};
    struct i2cpt_msg msgs[] = {{0x48, 0, 1, 0, &reg},
                               {0x48, I2CPT_M_RD, 2, 0, in}};
    struct fake_msg log[FAKE_LOG];

    memcpy(fake_i2c_target(rig.fake, 0x48) + 5, "\x1a\xc0", 2);
    ck_assert_int_eq(i2cpt_transfer(a, msgs, 2, &rig.fault), 0);
    ck_assert_mem_eq(in, "\x1a\xc0", 2);
    ck_assert_uint_eq(msgs[0].actual, 1);
    ck_assert_uint_eq(msgs[1].actual, 2);
    ck_assert_uint_eq(fake_i2c_msgs(rig.fake, log), 2);
    ck_assert_uint_eq(log[0].call, log[1].call);
    i2cpt_adapter_unref(a);
}
END_TEST

/* A known address costs one ioctl a transfer and no more. */
START_TEST(one_ioctl_each)
{
    struct i2cpt_adapter *a = rig_open_fake();
    int i;

    fake_i2c_target(rig.fake, 0x48);
    ck_assert_int_eq(rig_put(a, 0x48, 0), 0);
    ck_assert_uint_eq(fake_i2c_count(rig.fake, FAKE_SLAVE), 1);
    fake_i2c_forget(rig.fake);
    for (i = 0; i < 10; i++) {
        ck_assert_int_eq(rig_put(a, 0x48, 0), 0);
    }
    ck_assert_uint_eq(fake_i2c_count(rig.fake, FAKE_RDWR), 10);
    ck_assert_uint_eq(fake_i2c_count(rig.fake, FAKE_SLAVE), 0);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(long_write_in_pieces)
{
    static uint8_t big[20001];
    struct i2cpt_adapter *a = rig_open_fake();
    struct i2cpt_msg m = {0x50, 0, sizeof(big), 0, big};
    struct fake_msg log[FAKE_LOG];
    uint8_t *regs = fake_i2c_target(rig.fake, 0x50);
    size_t i;

    for (i = 1; i < sizeof(big); i++) {
        big[i] = (uint8_t)(i * 7);
    }
    ck_assert_int_eq(i2cpt_transfer(a, &m, 1, &rig.fault), 0);
    ck_assert_uint_eq(m.actual, sizeof(big));
    ck_assert_uint_eq(fake_i2c_msgs(rig.fake, log), 3);
    ck_assert_uint_eq(log[2].len, 20001 - 2 * 8192);
    ck_assert_uint_eq(log[1].flags, I2CPT_M_NOSTART);
    for (i = sizeof(big) - 256; i < sizeof(big); i++) {
        ck_assert_uint_eq(regs[(uint8_t)(i - 1)], big[i]);
    }
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(many_messages_in_two_calls)
{
    struct i2cpt_adapter *a = rig_open_fake();
    struct fake_msg log[FAKE_LOG];
    struct i2cpt_msg msgs[50];
    uint8_t in[50];
    int i;

    memcpy(fake_i2c_target(rig.fake, 0x50),
           "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 52);
    for (i = 0; i < 50; i++) {
        msgs[i] = (struct i2cpt_msg){0x50, I2CPT_M_RD, 1, 0, &in[i]};
    }
    ck_assert_int_eq(i2cpt_transfer(a, msgs, 50, &rig.fault), -EOPNOTSUPP);
    ck_assert_uint_eq(fake_i2c_count(rig.fake, FAKE_RDWR), 0);
    msgs[40].flags |= I2CPT_M_STOP;
    ck_assert_int_eq(i2cpt_transfer(a, msgs, 50, &rig.fault), 0);
    ck_assert_uint_eq(fake_i2c_count(rig.fake, FAKE_RDWR), 2);
    ck_assert_uint_eq(fake_i2c_msgs(rig.fake, log), 50);
    ck_assert_uint_eq(log[40].call, 1);
    ck_assert_uint_eq(log[41].call, 2);
    ck_assert_mem_eq(in, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx",
                     50);
    i2cpt_adapter_unref(a);
}
END_TEST

/* The kernel wants room for 32 bytes; callers need not have it. */
START_TEST(block_read_into_little_room)
{
    struct i2cpt_adapter *a = rig_open_fake();
    uint8_t reg = 0, in[6] = {1, 0, 0, 0, 0, 0x77};
    struct i2cpt_msg msgs[] = {{0x0b, 0, 1, 0, &reg},
                               {0x0b, I2CPT_M_RD | I2CPT_M_RECV_LEN, 5, 0, in}};

    memcpy(fake_i2c_target(rig.fake, 0x0b), "\4abcde", 6);
    ck_assert_int_eq(i2cpt_transfer(a, msgs, 2, &rig.fault), 0);
    ck_assert_uint_eq(msgs[1].actual, 5);
    ck_assert_mem_eq(in, "\4abcd\x77", 6);
    in[0] = 2; /* a PEC as well: then the block has room for 3 only */
    ck_assert_int_eq(i2cpt_transfer(a, msgs, 2, &rig.fault), -EPROTO);
    ck_assert_int_eq(rig.fault.msg, 1);
    ck_assert_int_eq(rig.fault.phase, I2CPT_PHASE_DATA);
    in[0] = 1;
    fake_i2c_claim_block(rig.fake, 0, true);
    ck_assert_int_eq(i2cpt_transfer(a, msgs, 2, &rig.fault), -EPROTO);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(no_data)
{
    struct i2cpt_adapter *a = rig_open_fake();
    struct i2cpt_msg m = {0x50, 0, 0, 0, NULL};
    struct fake_msg log[FAKE_LOG];

    fake_i2c_target(rig.fake, 0x50);
    ck_assert_int_eq(i2cpt_transfer(a, &m, 1, &rig.fault), 0);
    ck_assert_uint_eq(fake_i2c_msgs(rig.fake, log), 1);
    ck_assert_uint_eq(log[0].len, 0);
    m.addr = 0x51;
    ck_assert_int_eq(i2cpt_transfer(a, &m, 1, &rig.fault), -ENXIO);
    ck_assert_int_eq(rig.fault.phase, I2CPT_PHASE_ADDRESS);
    ck_assert_int_eq(rig.fault.msg, 0);
    /* An adapter that refuses says so, and is not retried. */
    fake_i2c_forget(rig.fake);
    fake_i2c_fail(rig.fake, FAKE_RDWR, EOPNOTSUPP, 1);
    ck_assert_int_eq(i2cpt_transfer(a, &m, 1, &rig.fault), -EOPNOTSUPP);
    ck_assert_uint_eq(fake_i2c_count(rig.fake, FAKE_RDWR), 1);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(ten_bit)
{
    struct i2cpt_adapter *a = rig_open_fake();
    uint8_t byte = 1;
    struct i2cpt_msg m = {0x250, I2CPT_M_TEN, 1, 0, &byte};
    struct fake_msg log[FAKE_LOG];

    fake_i2c_target(rig.fake, 0x250);
    ck_assert_int_eq(i2cpt_transfer(a, &m, 1, &rig.fault), 0);
    ck_assert_uint_eq(fake_i2c_msgs(rig.fake, log), 1);
    ck_assert_uint_eq(log[0].addr, 0x250);
    ck_assert_uint_eq(log[0].flags, I2CPT_M_TEN);
    fake_i2c_bind(rig.fake, 0x260, true);
    m.addr = 0x260;
    ck_assert_int_eq(i2cpt_transfer(a, &m, 1, &rig.fault), -EBUSY);
    i2cpt_adapter_unref(a);
}
END_TEST

/* errno of I2C_RDWR for one message, and what it becomes while the adapter is
 * there. Fuller table in test-i2c-dev-plan.c. */
static const struct {
    int error, code, phase;
} wire_errors[] = {
    {ENXIO, ENXIO, I2CPT_PHASE_ADDRESS},
    {EIO, EIO, I2CPT_PHASE_UNKNOWN},
    {EREMOTEIO, EREMOTEIO, I2CPT_PHASE_UNKNOWN},
    {EAGAIN, EAGAIN, I2CPT_PHASE_UNKNOWN},
    {EBUSY, EBUSY, I2CPT_PHASE_UNKNOWN},
    {ETIMEDOUT, ETIMEDOUT, I2CPT_PHASE_UNKNOWN},
    {EBADMSG, EBADMSG, I2CPT_PHASE_UNKNOWN},
    {EPROTO, EPROTO, I2CPT_PHASE_UNKNOWN},
    {EOPNOTSUPP, EOPNOTSUPP, I2CPT_PHASE_UNKNOWN},
    {ENODEV, EREMOTEIO, I2CPT_PHASE_UNKNOWN},
};

START_TEST(wire_error)
{
    struct i2cpt_adapter *a = rig_open_fake();
    uint8_t byte = 1;
    struct i2cpt_msg m = {0x50, 0, 1, 7, &byte};

    fake_i2c_target(rig.fake, 0x50);
    fake_i2c_fail(rig.fake, FAKE_RDWR, wire_errors[_i].error, 1);
    ck_assert_int_eq(i2cpt_transfer(a, &m, 1, &rig.fault),
                     -wire_errors[_i].code);
    ck_assert_int_eq(rig.fault.code, wire_errors[_i].code);
    ck_assert_int_eq(rig.fault.phase, wire_errors[_i].phase);
    ck_assert_uint_eq(m.actual, 0);
    ck_assert_int_eq(rig_put(a, 0x50, 1), 0); /* the adapter lives */
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(driver_does_less)
{
    struct i2cpt_adapter *a = rig_open_fake();
    uint8_t reg = 0, in = 0;
    struct i2cpt_msg msgs[] = {{0x50, 0, 1, 0, &reg},
                               {0x50, I2CPT_M_RD, 1, 0, &in}};

    fake_i2c_target(rig.fake, 0x50);
    fake_i2c_claim_done(rig.fake, 1);
    ck_assert_int_eq(i2cpt_transfer(a, msgs, 2, &rig.fault), -EREMOTEIO);
    ck_assert_ptr_nonnull(strstr(rig.fault.text, "1 of 2"));
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(functionality_is_truth)
{
    struct fake_i2c *all =
        fake_i2c_new(rig.testbed, 4, "all", NULL, 0xffffffff);
    struct fake_i2c *none = fake_i2c_new(rig.testbed, 5, "none", NULL, 0);
    struct i2cpt_adapter *a = rig_open("i2c-dev,device=/dev/i2c-4");
    struct i2cpt_adapter *b = rig_open("i2c-dev,device=/dev/i2c-5");

    ck_assert_uint_eq(i2cpt_adapter_functionality(a), 0x1fff801f);
    ck_assert_uint_eq(i2cpt_adapter_functionality(b), 0);
    ck_assert_int_eq(rig_put(b, 0x50, 1), -EOPNOTSUPP);
    ck_assert_uint_eq(fake_i2c_count(none, FAKE_RDWR), 0);
    i2cpt_adapter_unref(b);
    i2cpt_adapter_unref(a);
    fake_i2c_free(none);
    fake_i2c_free(all);
}
END_TEST

/* ------------------------------------------------------- hangs and unplugs */

START_TEST(hang)
{
    struct i2cpt_adapter *a =
        rig_open("i2c-dev,device=/dev/i2c-3,timeout-ms=50");
    uint8_t in[2] = {0x11, 0x22};
    struct i2cpt_msg m = {0x50, I2CPT_M_RD, 2, 0, in};

    memset(fake_i2c_target(rig.fake, 0x50), 0x99, 256);
    fake_i2c_hold(rig.fake);
    ck_assert_int_eq(i2cpt_transfer(a, &m, 1, &rig.fault), -ETIMEDOUT);
    ck_assert_int_eq(rig.fault.code, ETIMEDOUT);
    /* a worker that came too late for the first has it not in the kernel */
    while (i2cpt_transfer(a, &m, 1, &rig.fault) == -ETIMEDOUT) {
    }
    fake_i2c_wait_held(rig.fake);
    ck_assert_int_eq(rig_put(a, 0x50, 1), -EBUSY);
    ck_assert_int_eq(rig_put(a, 0x51, 1), -EBUSY);
    ck_assert_uint_eq(fake_i2c_count(rig.fake, FAKE_RDWR), 1);
    fake_i2c_let_go(rig.fake);
    /* The worker comes back in its own time; until then it stays busy. */
    do {
        int ret = rig_put(a, 0x50, 1);

        ck_assert(!ret || ret == -EBUSY || ret == -ETIMEDOUT);
        if (!ret) {
            break;
        }
    } while (1);
    ck_assert_uint_eq(in[0], 0x11); /* the late result went nowhere */
    ck_assert_uint_eq(in[1], 0x22);
    i2cpt_adapter_unref(a);
}
END_TEST

static unsigned threads(void)
{
    GDir *dir = g_dir_open("/proc/self/task", 0, NULL);
    unsigned n = 0;

    ck_assert_ptr_nonnull(dir);
    while (g_dir_read_name(dir)) {
        n++;
    }
    g_dir_close(dir);
    return n;
}

static const struct {
    const char *spec;
    unsigned more_threads;
} workers[] = {
    {"i2c-dev,device=/dev/i2c-3", 1},
    {"i2c-dev,device=/dev/i2c-3,worker=on", 1},
    {"i2c-dev,device=/dev/i2c-3,worker=off", 0},
};

START_TEST(worker_or_not)
{
    struct i2cpt_adapter *a = rig_open(workers[_i].spec);
    unsigned before = threads();

    fake_i2c_target(rig.fake, 0x50);
    ck_assert_int_eq(rig_put(a, 0x50, 1), 0);
    ck_assert_uint_eq(threads(), before + workers[_i].more_threads);
    ck_assert_int_eq(rig_put(a, 0x51, 1), -ENXIO);
    i2cpt_adapter_unref(a);
}
END_TEST

/* However late this thread comes for its 50 ms. */
static int put_in_time(struct i2cpt_adapter *a)
{
    int ret;

    do {
        ret = rig_put(a, 0x50, 1);
    } while (ret == -ETIMEDOUT);
    return ret;
}

static gpointer put_one(gpointer adapter)
{
    return GINT_TO_POINTER(put_in_time(adapter));
}

/* Who is in the kernel stays there; others are let go in time. */
START_TEST(hang_without_worker)
{
    struct i2cpt_adapter *a =
        rig_open("i2c-dev,device=/dev/i2c-3,timeout-ms=50,worker=off");
    struct i2cpt_msg m = {0x50, 0, 0, 0, NULL};
    GThread *thread;

    fake_i2c_target(rig.fake, 0x50);
    fake_i2c_hold(rig.fake);
    thread = g_thread_new("caller", put_one, a);
    fake_i2c_wait_held(rig.fake);
    ck_assert_int_eq(i2cpt_transfer(a, &m, 1, NULL), -ETIMEDOUT);
    fake_i2c_let_go(rig.fake);
    ck_assert_int_eq(GPOINTER_TO_INT(g_thread_join(thread)), 0);
    ck_assert_int_eq(put_in_time(a), 0);
    i2cpt_adapter_unref(a);
}
END_TEST

/* The last handle goes while the kernel still has a call. */
START_TEST(hang_at_close)
{
    struct i2cpt_adapter *a =
        rig_open("i2c-dev,device=/dev/i2c-3,timeout-ms=50");

    fake_i2c_target(rig.fake, 0x50);
    fake_i2c_hold(rig.fake);
    ck_assert_int_eq(rig_put(a, 0x50, 1), -ETIMEDOUT);
    i2cpt_adapter_unref(a);
    fake_i2c_let_go(rig.fake);
}
END_TEST

static const int unplug_errors[] = {ENODEV,    EIO,       ESHUTDOWN,
                                    EREMOTEIO, ETIMEDOUT, EPIPE};

/* How many fake nodes (terminals, to umockdev) this process has open. The
 * kernel's unplugging waits until they are closed. */
static unsigned open_nodes(void)
{
    GDir *dir = g_dir_open("/proc/self/fd", 0, NULL);
    const char *name;
    unsigned n = 0;

    ck_assert_ptr_nonnull(dir);
    while ((name = g_dir_read_name(dir))) {
        char *path = g_strconcat("/proc/self/fd/", name, NULL);
        char *target = g_file_read_link(path, NULL);

        n += target && g_str_has_prefix(target, "/dev/pts/");
        g_free(target);
        g_free(path);
    }
    g_dir_close(dir);
    return n;
}

/* Whatever its driver says, an adapter that /sys has no longer is gone. */
START_TEST(unplugged_between)
{
    unsigned before = open_nodes();
    struct i2cpt_adapter *a = rig_open_fake();

    ck_assert_uint_eq(open_nodes(), before + 1);
    fake_i2c_target(rig.fake, 0x50);
    ck_assert_int_eq(rig_put(a, 0x50, 1), 0);
    fake_i2c_unplug(rig.fake, unplug_errors[_i]);
    ck_assert_int_eq(rig_put(a, 0x50, 1), -ENODEV);
    ck_assert_int_eq(rig.fault.code, ENODEV);
    ck_assert_uint_eq(open_nodes(), before);
    fake_i2c_forget(rig.fake);
    ck_assert_int_eq(rig_put(a, 0x50, 1), -ENODEV);
    ck_assert_int_eq(rig_put(a, 0x51, 1), -ENODEV);
    ck_assert_uint_eq(fake_i2c_count(rig.fake, FAKE_RDWR), 0);
    i2cpt_adapter_unref(a);
}
END_TEST

/* The kernel asks it for its functionality before each transfer, in vain. */
START_TEST(does_not_say_what_it_can)
{
    unsigned before = open_nodes();
    struct i2cpt_adapter *a = rig_open_fake();

    fake_i2c_target(rig.fake, 0x50);
    fake_i2c_can(rig.fake, 0);
    fake_i2c_fail(rig.fake, FAKE_RDWR, EOPNOTSUPP, 1);
    ck_assert_int_eq(rig_put(a, 0x50, 1), -EIO);
    ck_assert_int_eq(rig_put(a, 0x50, 1), 0); /* it was late */
    fake_i2c_unplug(rig.fake, EOPNOTSUPP);
    ck_assert_int_eq(rig_put(a, 0x50, 1), -ENODEV);
    ck_assert_uint_eq(open_nodes(), before);
    i2cpt_adapter_unref(a);
}
END_TEST

static void *put_main(void *arg)
{
    return GINT_TO_POINTER(-rig_put(arg, 0x50, 1));
}

START_TEST(unplugged_during)
{
    struct i2cpt_adapter *a = rig_open_fake();
    pthread_t thread;
    void *ret;

    fake_i2c_target(rig.fake, 0x50);
    fake_i2c_hold(rig.fake);
    ck_assert_int_eq(pthread_create(&thread, NULL, put_main, a), 0);
    fake_i2c_wait_held(rig.fake);
    fake_i2c_unplug(rig.fake, EIO);
    fake_i2c_let_go(rig.fake);
    pthread_join(thread, &ret);
    ck_assert_int_eq(GPOINTER_TO_INT(ret), ENODEV);
    ck_assert_int_eq(rig_put(a, 0x50, 1), -ENODEV);
    i2cpt_adapter_unref(a);
}
END_TEST

/* With the old handle still open, as a running QEMU has it. */
START_TEST(unplugged_and_back)
{
    struct i2cpt_adapter *a = rig_open_fake(), *b;
    struct fake_i2c *again;

    fake_i2c_target(rig.fake, 0x50);
    fake_i2c_unplug(rig.fake, ENODEV);
    ck_assert_int_eq(rig_put(a, 0x50, 1), -ENODEV);
    ck_assert_int_eq(
        i2cpt_adapter_open("i2c-dev,device=/dev/i2c-3", &b, &rig.fault),
        -ENOENT);
    again = fake_i2c_new(rig.testbed, 4, "fake adapter", NULL, RIG_FULL);
    fake_i2c_target(again, 0x50);
    b = rig_open("i2c-dev,device=name:fake adapter");
    ck_assert_int_eq(rig_put(b, 0x50, 1), 0);
    ck_assert_int_eq(rig_put(a, 0x50, 1), -ENODEV);
    i2cpt_adapter_unref(b);
    i2cpt_adapter_unref(a);
    fake_i2c_free(again);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("i2c-dev");
    TCase *tc = rig_case(suite, RIG_FULL);

    tcase_add_test(tc, write_then_read);
    tcase_add_test(tc, one_ioctl_each);
    tcase_add_test(tc, long_write_in_pieces);
    tcase_add_test(tc, many_messages_in_two_calls);
    tcase_add_test(tc, block_read_into_little_room);
    tcase_add_test(tc, no_data);
    tcase_add_test(tc, ten_bit);
    tcase_add_loop_test(tc, wire_error, 0, N(wire_errors));
    tcase_add_test(tc, driver_does_less);
    tcase_add_test(tc, functionality_is_truth);
    tcase_add_test(tc, hang);
    tcase_add_test(tc, hang_at_close);
    tcase_add_loop_test(tc, worker_or_not, 0, G_N_ELEMENTS(workers));
    tcase_add_test(tc, hang_without_worker);
    tcase_add_loop_test(tc, unplugged_between, 0, N(unplug_errors));
    tcase_add_test(tc, does_not_say_what_it_can);
    tcase_add_test(tc, unplugged_during);
    tcase_add_test(tc, unplugged_and_back);
    return unit_run(suite);
}
