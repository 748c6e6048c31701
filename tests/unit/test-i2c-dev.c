/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The i2c-dev backend through the public API, over a fake /dev/i2c-N. */
#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bus/calls.h"
#include "fake-i2c-dev.h"
#include "i2c-dev/host.h"
#include "i2cpt.h"
#include "i2c-dev/backend-i2c-dev.h"
#include "unit.h"

#define FULL     0x0fff801fu /* I2C, 10-bit, mangling, NOSTART, all of SMBus */
#define SMBUS    0x0fff8008u /* as i2c-i801, and the process calls */
#define N(table) (int)(sizeof(table) / sizeof((table)[0]))

static UMockdevTestbed *testbed;
static struct fake_i2c *fake;
static struct i2cpt_fault fault;

static void setup(void)
{
    testbed = umockdev_testbed_new();
    fake = fake_i2c_new(testbed, 3, "fake adapter", NULL, FULL);
}

static void setup_smbus(void)
{
    testbed = umockdev_testbed_new();
    fake = fake_i2c_new(testbed, 3, "fake adapter", NULL, SMBUS);
}

static void teardown(void)
{
    fake_i2c_free(fake);
    g_object_unref(testbed);
}

static struct i2cpt_adapter *open_spec(const char *spec)
{
    struct i2cpt_adapter *a;

    ck_assert_msg(!i2cpt_adapter_open(spec, &a, &fault), "%s", fault.text);
    return a;
}

static struct i2cpt_adapter *open_fake(void)
{
    return open_spec("i2c-dev,device=/dev/i2c-3,timeout-ms=20000");
}

static int put(struct i2cpt_adapter *a, uint16_t addr, uint8_t byte)
{
    struct i2cpt_msg m = {addr, 0, 1, 0, &byte};

    return i2cpt_transfer(a, &m, 1, &fault);
}

/* --------------------------------------------------------------- opening */

static const struct {
    const char *spec;
    int ret;
    const char *text[3];
} refusals[] = {
    {"i2c-dev", -EINVAL, {"device="}},
    {"i2c-dev,device=/dev/i2c-9",
     -ENOENT,
     {"device=/dev/i2c-9", "i2cpt-replay list", "modprobe i2c-dev"}},
    {"i2c-dev,device=/sys/class",
     -EINVAL,
     {"device=/sys/class", "character device"}},
    {"i2c-dev,device=/dev/null",
     -EINVAL,
     {"device=/dev/null", "not an I2C adapter", "/dev/i2c-1"}},
    {"i2c-dev,device=name:nobody",
     -ENOENT,
     {"name:nobody", "\"fake adapter\""}},
    {"i2c-dev,device=name:twin",
     -EINVAL,
     {"name:twin", "/dev/i2c-4, /dev/i2c-5", "unique"}},
    {"i2c-dev,device=/dev/i2c-3,force=maybe", -EINVAL, {"force=maybe"}},
    {"i2c-dev,device=/dev/i2c-3,speed=1", -EINVAL, {"speed"}},
    {"i2c-dev,device=/dev/i2c-3,timeout-ms=0", -EINVAL, {"timeout-ms=0"}},
};

START_TEST(opening_refused)
{
    struct fake_i2c *one = fake_i2c_new(testbed, 4, "twin", NULL, FULL);
    struct fake_i2c *two = fake_i2c_new(testbed, 5, "twin", NULL, FULL);
    struct i2cpt_adapter *a = NULL;
    size_t i;

    ck_assert_int_eq(i2cpt_adapter_open(refusals[_i].spec, &a, &fault),
                     refusals[_i].ret);
    ck_assert_ptr_null(a);
    for (i = 0; i < 3 && refusals[_i].text[i]; i++) {
        ck_assert_msg(strstr(fault.text, refusals[_i].text[i]) != NULL,
                      "\"%s\" is not in: %s", refusals[_i].text[i], fault.text);
    }
    ck_assert_ptr_null(strchr(fault.text, '\n'));
    fake_i2c_free(two);
    fake_i2c_free(one);
}
END_TEST

/* What the kernel can say while the node is opened and set up. */
static const struct {
    enum fake_ioctl what;
    int error;
    int ret;
    const char *text;
} setups[] = {
    {FAKE_FUNCS, ENOTTY, -EINVAL, "not an I2C adapter"},
    {FAKE_FUNCS, ENODEV, -ENODEV, "no adapter behind"},
    {FAKE_FUNCS, EIO, -EIO, "device=/dev/i2c-3"},
    {FAKE_TIMEOUT, EINVAL, -EINVAL, "timeout-ms=300"},
    {FAKE_RETRIES, EINVAL, -EINVAL, "retries=2"},
};

START_TEST(setting_up_refused)
{
    struct i2cpt_adapter *a;

    fake_i2c_fail(fake, setups[_i].what, setups[_i].error, 1);
    ck_assert_int_eq(
        i2cpt_adapter_open("i2c-dev,device=/dev/i2c-3,timeout-ms=300,retries=2",
                           &a, &fault),
        setups[_i].ret);
    ck_assert_msg(strstr(fault.text, setups[_i].text) != NULL, "%s",
                  fault.text);
    a = open_fake(); /* nothing is left behind */
    i2cpt_adapter_unref(a);
}
END_TEST

/* open(2) itself, where a fake node cannot be made to say it. */
static const struct {
    int code, ret;
    const char *text;
} open_errors[] = {
    {ENODEV, -ENODEV, "no adapter behind"},
    {ENXIO, -ENODEV, "no adapter behind"},
    {ENOENT, -ENOENT, "modprobe"},
    {EPERM, -EACCES, "permission denied"},
    {EMFILE, -EMFILE, "Too many open files"},
};

START_TEST(open_error)
{
    ck_assert_int_eq(
        host_open_fault("/dev/i2c-3", open_errors[_i].code, &fault),
        open_errors[_i].ret);
    ck_assert_ptr_nonnull(strstr(fault.text, "device=/dev/i2c-3"));
    ck_assert_msg(strstr(fault.text, open_errors[_i].text) != NULL, "%s",
                  fault.text);
}
END_TEST

static void check_refused(const char *wanted)
{
    struct i2cpt_adapter *a;

    ck_assert_msg(i2cpt_adapter_open("i2c-dev,device=/dev/i2c-7", &a, &fault) ==
                      -EACCES,
                  "%s", fault.text);
    ck_assert_msg(strstr(fault.text, wanted) != NULL, "%s", fault.text);
    ck_assert_ptr_nonnull(strstr(fault.text, "/dev/i2c-7"));
    ck_assert_ptr_nonnull(strstr(fault.text, "60-libi2cpt.rules"));
}

/* As a user who is not in the node's group; 0: the node is root's alone. */
static void open_as_nobody(const char *node, gid_t group, const char *wanted)
{
    ck_assert_int_eq(chown(node, 0, group), 0);
    ck_assert_int_eq(chmod(node, 0660), 0);
    ck_assert_int_eq(setgroups(0, NULL), 0);
    ck_assert_int_eq(setresgid(65534, 65534, 65534), 0);
    ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
    check_refused(wanted);
}

/* A node of its own, without ioctls: umockdev would look for them first. */
static char *bare_node(void)
{
    char *root = umockdev_testbed_get_root_dir(testbed);
    char *node = g_strconcat(root, "/dev/i2c-7", NULL);
    char *any_ioctl = g_strconcat(root, "/ioctl/_default", NULL);

    ck_assert(umockdev_testbed_add_from_string(
        testbed,
        "P: /devices/i2c-7\nN: i2c-7\nE: SUBSYSTEM=i2c-dev\n"
        "E: DEVNAME=/dev/i2c-7\nE: MAJOR=89\nE: MINOR=7\nA: dev=89:7\n\n",
        NULL));
    ck_assert_int_eq(chmod(root, 0755), 0);
    ck_assert_int_eq(chmod(any_ioctl, 0666), 0);
    g_free(any_ioctl);
    g_free(root);
    return node;
}

/* For root only. */
START_TEST(no_permission)
{
    char *node = bare_node();
    pid_t child;
    int status;

    child = fork();
    if (!child) {
        open_as_nobody(node, _i ? 12 : 0, _i ? "usermod -aG man" : "-aG i2c");
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    g_free(node);
}
END_TEST

/* For everybody else: a node that not even its owner may open. */
START_TEST(no_permission_of_mine)
{
    char *node = bare_node();
    struct group *group = getgrgid(getegid());

    ck_assert_ptr_nonnull(group);
    ck_assert_int_eq(chmod(node, 0), 0);
    check_refused(group->gr_name);
    g_free(node);
}
END_TEST

START_TEST(opened_by_path_and_name)
{
    struct i2cpt_adapter *a = open_spec("i2c-dev,device=/dev/i2c-3");
    struct i2cpt_adapter *b, *c;

    ck_assert_uint_eq(i2cpt_adapter_functionality(a), FULL);
    ck_assert_int_eq(i2cpt_adapter_has_stream(a), 0);
    ck_assert_str_eq(i2cpt_adapter_name(a), "i2c-dev:/dev/i2c-3");
    b = open_spec("i2c-dev,device=name:fake adapter");
    c = open_spec("i2c-dev,device=/dev/i2c-3,name=other");
    ck_assert_str_eq(i2cpt_adapter_name(b), "i2c-dev:/dev/i2c-3");
    ck_assert_str_eq(i2cpt_adapter_name(c), "other");
    /* One connection: the kernel was asked for its functionality once. */
    ck_assert_uint_eq(fake_i2c_count(fake, FAKE_FUNCS), 1);
    i2cpt_adapter_unref(c);
    i2cpt_adapter_unref(b);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(opened_otherwise)
{
    struct i2cpt_adapter *a = open_spec("i2c-dev,device=/dev/i2c-3"), *b;

    ck_assert_int_eq(
        i2cpt_adapter_open("i2c-dev,device=/dev/i2c-3,force=on", &b, &fault),
        -EINVAL);
    ck_assert_msg(strstr(fault.text, "force=on") != NULL, "%s", fault.text);
    i2cpt_adapter_unref(a);
}
END_TEST

static int collect(const char *spec, const char *about, void *user)
{
    g_string_append_printf(user, "%s|%s\n", spec, about);
    return 0;
}

static int stop_at_first(const char *spec, const char *about, void *user)
{
    ++*(int *)user;
    return 7;
}

START_TEST(listed)
{
    struct fake_i2c *ten = fake_i2c_new(testbed, 10, "ten", NULL, FULL);
    GString *found = g_string_new(NULL);
    int calls = 0;

    ck_assert_int_eq(i2cpt_i2c_dev_ops.list(&i2cpt_i2c_dev_ops, collect, found),
                     0);
    ck_assert_str_eq(found->str, "i2c-dev,device=/dev/i2c-3|fake adapter\n"
                                 "i2c-dev,device=/dev/i2c-10|ten\n");
    ck_assert_int_eq(
        i2cpt_i2c_dev_ops.list(&i2cpt_i2c_dev_ops, stop_at_first, &calls), 7);
    ck_assert_int_eq(calls, 1);
    ck_assert_uint_eq(fake_i2c_count(fake, FAKE_FUNCS), 0);
    g_string_free(found, TRUE);
    fake_i2c_free(ten);
}
END_TEST

/* ----------------------------------------------------- timeout and retries */

START_TEST(limits_left_alone)
{
    struct i2cpt_adapter *a = open_spec("i2c-dev,device=/dev/i2c-3");

    i2cpt_adapter_unref(a);
    ck_assert_uint_eq(fake_i2c_count(fake, FAKE_TIMEOUT), 0);
    ck_assert_uint_eq(fake_i2c_count(fake, FAKE_RETRIES), 0);
}
END_TEST

START_TEST(limits_set)
{
    struct i2cpt_adapter *a =
        open_spec("i2c-dev,device=/dev/i2c-3,timeout-ms=25,retries=4");

    ck_assert_uint_eq(fake_i2c_last(fake, FAKE_TIMEOUT), 3);
    ck_assert_uint_eq(fake_i2c_last(fake, FAKE_RETRIES), 4);
    i2cpt_adapter_unref(a);
    /* Unknown driver: what they were cannot be known, so they stay. */
    ck_assert_uint_eq(fake_i2c_count(fake, FAKE_TIMEOUT), 1);
    ck_assert_uint_eq(fake_i2c_count(fake, FAKE_RETRIES), 1);
}
END_TEST

/* The adapter hangs on a device with a driver whose beginnings are known. */
static struct fake_i2c *with_driver(int number, const char *path,
                                    const char *driver)
{
    char *sysfs = g_strconcat("/sys", path, NULL);
    char *link = g_strconcat("/sys/bus/x/drivers/", driver, NULL);
    char *root = umockdev_testbed_get_root_dir(testbed);
    char *text = g_strdup_printf("P: %s\nE: SUBSYSTEM=x\nE: X=y\n\n", path);
    char *dir = g_strconcat(root, link, NULL);
    char *at = g_strconcat(root, sysfs, "/driver", NULL);
    struct fake_i2c *f;

    ck_assert(umockdev_testbed_add_from_string(testbed, text, NULL));
    ck_assert_int_eq(g_mkdir_with_parents(dir, 0755), 0);
    ck_assert_int_eq(symlink(dir, at), 0);
    f = fake_i2c_new(testbed, number, driver, sysfs, FULL);
    g_free(at);
    g_free(dir);
    g_free(text);
    g_free(root);
    g_free(link);
    g_free(sysfs);
    return f;
}

START_TEST(known_drivers)
{
    struct fake_i2c *pc = with_driver(6, "/devices/pci0/smb", "i801_smbus");
    struct fake_i2c *pins = with_driver(7, "/devices/pins", "i2c-gpio");
    struct i2cpt_adapter *a =
        open_spec("i2c-dev,device=/dev/i2c-6,timeout-ms=50,retries=0");
    struct i2cpt_adapter *b = open_spec("i2c-dev,device=/dev/i2c-7");

    ck_assert_uint_eq(fake_i2c_last(pc, FAKE_TIMEOUT), 5);
    ck_assert_uint_eq(fake_i2c_last(pc, FAKE_RETRIES), 0);
    ck_assert(!i2cpt_adapter_tells_phase(a));
    ck_assert(i2cpt_adapter_hides_phase(a));
    i2cpt_adapter_unref(a);
    ck_assert_uint_eq(fake_i2c_last(pc, FAKE_TIMEOUT), 20);
    ck_assert_uint_eq(fake_i2c_last(pc, FAKE_RETRIES), 3);
    ck_assert(i2cpt_adapter_tells_phase(b));
    ck_assert(!i2cpt_adapter_hides_phase(b));
    i2cpt_adapter_unref(b);
    fake_i2c_free(pins);
    fake_i2c_free(pc);
}
END_TEST

/* --------------------------------------------------------------- transfers */

START_TEST(write_then_read)
{
    struct i2cpt_adapter *a = open_fake();
    uint8_t reg = 5, in[2] = {0};
    struct i2cpt_msg msgs[] = {{0x48, 0, 1, 0, &reg},
                               {0x48, I2CPT_M_RD, 2, 0, in}};
    struct fake_msg log[FAKE_LOG];

    memcpy(fake_i2c_target(fake, 0x48) + 5, "\x1a\xc0", 2);
    ck_assert_int_eq(i2cpt_transfer(a, msgs, 2, &fault), 0);
    ck_assert_mem_eq(in, "\x1a\xc0", 2);
    ck_assert_uint_eq(msgs[0].actual, 1);
    ck_assert_uint_eq(msgs[1].actual, 2);
    ck_assert_uint_eq(fake_i2c_msgs(fake, log), 2);
    ck_assert_uint_eq(log[0].call, log[1].call);
    i2cpt_adapter_unref(a);
}
END_TEST

/* A known address costs one ioctl a transfer and no more. */
START_TEST(one_ioctl_each)
{
    struct i2cpt_adapter *a = open_fake();
    int i;

    fake_i2c_target(fake, 0x48);
    ck_assert_int_eq(put(a, 0x48, 0), 0);
    ck_assert_uint_eq(fake_i2c_count(fake, FAKE_SLAVE), 1);
    fake_i2c_forget(fake);
    for (i = 0; i < 10; i++) {
        ck_assert_int_eq(put(a, 0x48, 0), 0);
    }
    ck_assert_uint_eq(fake_i2c_count(fake, FAKE_RDWR), 10);
    ck_assert_uint_eq(fake_i2c_count(fake, FAKE_SLAVE), 0);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(long_write_in_pieces)
{
    static uint8_t big[20001];
    struct i2cpt_adapter *a = open_fake();
    struct i2cpt_msg m = {0x50, 0, sizeof(big), 0, big};
    struct fake_msg log[FAKE_LOG];
    uint8_t *regs = fake_i2c_target(fake, 0x50);
    size_t i;

    for (i = 1; i < sizeof(big); i++) {
        big[i] = (uint8_t)(i * 7);
    }
    ck_assert_int_eq(i2cpt_transfer(a, &m, 1, &fault), 0);
    ck_assert_uint_eq(m.actual, sizeof(big));
    ck_assert_uint_eq(fake_i2c_msgs(fake, log), 3);
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
    struct i2cpt_adapter *a = open_fake();
    struct fake_msg log[FAKE_LOG];
    struct i2cpt_msg msgs[50];
    uint8_t in[50];
    int i;

    memcpy(fake_i2c_target(fake, 0x50),
           "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 52);
    for (i = 0; i < 50; i++) {
        msgs[i] = (struct i2cpt_msg){0x50, I2CPT_M_RD, 1, 0, &in[i]};
    }
    ck_assert_int_eq(i2cpt_transfer(a, msgs, 50, &fault), -EOPNOTSUPP);
    ck_assert_uint_eq(fake_i2c_count(fake, FAKE_RDWR), 0);
    msgs[40].flags |= I2CPT_M_STOP;
    ck_assert_int_eq(i2cpt_transfer(a, msgs, 50, &fault), 0);
    ck_assert_uint_eq(fake_i2c_count(fake, FAKE_RDWR), 2);
    ck_assert_uint_eq(fake_i2c_msgs(fake, log), 50);
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
    struct i2cpt_adapter *a = open_fake();
    uint8_t reg = 0, in[6] = {1, 0, 0, 0, 0, 0x77};
    struct i2cpt_msg msgs[] = {{0x0b, 0, 1, 0, &reg},
                               {0x0b, I2CPT_M_RD | I2CPT_M_RECV_LEN, 5, 0, in}};

    memcpy(fake_i2c_target(fake, 0x0b), "\4abcde", 6);
    ck_assert_int_eq(i2cpt_transfer(a, msgs, 2, &fault), 0);
    ck_assert_uint_eq(msgs[1].actual, 5);
    ck_assert_mem_eq(in, "\4abcd\x77", 6);
    in[0] = 2; /* a PEC as well: then the block has room for 3 only */
    ck_assert_int_eq(i2cpt_transfer(a, msgs, 2, &fault), -EPROTO);
    ck_assert_int_eq(fault.msg, 1);
    ck_assert_int_eq(fault.phase, I2CPT_PHASE_DATA);
    in[0] = 1;
    fake_i2c_claim_block(fake, 0, true);
    ck_assert_int_eq(i2cpt_transfer(a, msgs, 2, &fault), -EPROTO);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(no_data)
{
    struct i2cpt_adapter *a = open_fake();
    struct i2cpt_msg m = {0x50, 0, 0, 0, NULL};
    struct fake_msg log[FAKE_LOG];

    fake_i2c_target(fake, 0x50);
    ck_assert_int_eq(i2cpt_transfer(a, &m, 1, &fault), 0);
    ck_assert_uint_eq(fake_i2c_msgs(fake, log), 1);
    ck_assert_uint_eq(log[0].len, 0);
    m.addr = 0x51;
    ck_assert_int_eq(i2cpt_transfer(a, &m, 1, &fault), -ENXIO);
    ck_assert_int_eq(fault.phase, I2CPT_PHASE_ADDRESS);
    ck_assert_int_eq(fault.msg, 0);
    /* An adapter that refuses says so, and is not retried. */
    fake_i2c_forget(fake);
    fake_i2c_fail(fake, FAKE_RDWR, EOPNOTSUPP, 1);
    ck_assert_int_eq(i2cpt_transfer(a, &m, 1, &fault), -EOPNOTSUPP);
    ck_assert_uint_eq(fake_i2c_count(fake, FAKE_RDWR), 1);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(ten_bit)
{
    struct i2cpt_adapter *a = open_fake();
    uint8_t byte = 1;
    struct i2cpt_msg m = {0x250, I2CPT_M_TEN, 1, 0, &byte};
    struct fake_msg log[FAKE_LOG];

    fake_i2c_target(fake, 0x250);
    ck_assert_int_eq(i2cpt_transfer(a, &m, 1, &fault), 0);
    ck_assert_uint_eq(fake_i2c_msgs(fake, log), 1);
    ck_assert_uint_eq(log[0].addr, 0x250);
    ck_assert_uint_eq(log[0].flags, I2CPT_M_TEN);
    fake_i2c_bind(fake, 0x260, true);
    m.addr = 0x260;
    ck_assert_int_eq(i2cpt_transfer(a, &m, 1, &fault), -EBUSY);
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
    struct i2cpt_adapter *a = open_fake();
    uint8_t byte = 1;
    struct i2cpt_msg m = {0x50, 0, 1, 7, &byte};

    fake_i2c_target(fake, 0x50);
    fake_i2c_fail(fake, FAKE_RDWR, wire_errors[_i].error, 1);
    ck_assert_int_eq(i2cpt_transfer(a, &m, 1, &fault), -wire_errors[_i].code);
    ck_assert_int_eq(fault.code, wire_errors[_i].code);
    ck_assert_int_eq(fault.phase, wire_errors[_i].phase);
    ck_assert_uint_eq(m.actual, 0);
    ck_assert_int_eq(put(a, 0x50, 1), 0); /* the adapter lives */
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(driver_does_less)
{
    struct i2cpt_adapter *a = open_fake();
    uint8_t reg = 0, in = 0;
    struct i2cpt_msg msgs[] = {{0x50, 0, 1, 0, &reg},
                               {0x50, I2CPT_M_RD, 1, 0, &in}};

    fake_i2c_target(fake, 0x50);
    fake_i2c_claim_done(fake, 1);
    ck_assert_int_eq(i2cpt_transfer(a, msgs, 2, &fault), -EREMOTEIO);
    ck_assert_ptr_nonnull(strstr(fault.text, "1 of 2"));
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(functionality_is_truth)
{
    struct fake_i2c *all = fake_i2c_new(testbed, 4, "all", NULL, 0xffffffff);
    struct fake_i2c *none = fake_i2c_new(testbed, 5, "none", NULL, 0);
    struct i2cpt_adapter *a = open_spec("i2c-dev,device=/dev/i2c-4");
    struct i2cpt_adapter *b = open_spec("i2c-dev,device=/dev/i2c-5");

    ck_assert_uint_eq(i2cpt_adapter_functionality(a), 0x1fff801f);
    ck_assert_uint_eq(i2cpt_adapter_functionality(b), 0);
    ck_assert_int_eq(put(b, 0x50, 1), -EOPNOTSUPP);
    ck_assert_uint_eq(fake_i2c_count(none, FAKE_RDWR), 0);
    i2cpt_adapter_unref(b);
    i2cpt_adapter_unref(a);
    fake_i2c_free(none);
    fake_i2c_free(all);
}
END_TEST

/* --------------------------------------------------------- busy addresses */

START_TEST(busy_refused)
{
    struct i2cpt_adapter *a = open_fake();
    uint8_t reg = 0, in = 0;
    struct i2cpt_msg msgs[] = {{0x51, 0, 1, 0, &reg},
                               {0x50, I2CPT_M_RD, 1, 0, &in}};

    fake_i2c_target(fake, 0x51);
    fake_i2c_bind(fake, 0x50, true);
    ck_assert_int_eq(put(a, 0x50, 1), -EBUSY);
    ck_assert_ptr_nonnull(strstr(fault.text, "0x50"));
    ck_assert_ptr_nonnull(strstr(fault.text, "force=on"));
    ck_assert_int_eq(i2cpt_transfer(a, msgs, 2, &fault), -EBUSY);
    ck_assert_int_eq(i2cpt_probe(a, 0x50, I2CPT_PROBE_AUTO, &fault), -EBUSY);
    ck_assert_uint_eq(fake_i2c_count(fake, FAKE_RDWR), 0);
    /* Asked again each time, so a driver that lets go is noticed. */
    fake_i2c_bind(fake, 0x50, false);
    ck_assert_int_eq(i2cpt_transfer(a, msgs, 2, &fault), 0);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(busy_forced)
{
    struct i2cpt_adapter *a = open_spec("i2c-dev,device=/dev/i2c-3,force=on");

    fake_i2c_bind(fake, 0x50, true);
    ck_assert_int_eq(put(a, 0x50, 1), 0);
    ck_assert_uint_eq(fake_i2c_count(fake, FAKE_SLAVE), 0);
    ck_assert_uint_eq(fake_i2c_count(fake, FAKE_SLAVE_FORCE), 0);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(busy_owner_named)
{
    struct i2cpt_adapter *a = open_fake();
    char *root = umockdev_testbed_get_root_dir(testbed);
    char *dir = g_strconcat(root, "/sys/bus/i2c/devices/3-0050", NULL);
    char *driver = g_strconcat(root, "/sys/bus/i2c/drivers/at24", NULL);
    char *at = g_strconcat(dir, "/driver", NULL);

    ck_assert_int_eq(g_mkdir_with_parents(dir, 0755), 0);
    ck_assert_int_eq(g_mkdir_with_parents(driver, 0755), 0);
    ck_assert_int_eq(symlink(driver, at), 0);
    fake_i2c_bind(fake, 0x50, true);
    ck_assert_int_eq(put(a, 0x50, 1), -EBUSY);
    ck_assert_msg(strstr(fault.text, "kernel driver at24") != NULL, "%s",
                  fault.text);
    i2cpt_adapter_unref(a);
    g_free(at);
    g_free(driver);
    g_free(dir);
    g_free(root);
}
END_TEST

/* ------------------------------------------------------- hangs and unplugs */

START_TEST(hang)
{
    struct i2cpt_adapter *a =
        open_spec("i2c-dev,device=/dev/i2c-3,timeout-ms=50");
    uint8_t in[2] = {0x11, 0x22};
    struct i2cpt_msg m = {0x50, I2CPT_M_RD, 2, 0, in};

    memset(fake_i2c_target(fake, 0x50), 0x99, 256);
    fake_i2c_hold(fake);
    ck_assert_int_eq(i2cpt_transfer(a, &m, 1, &fault), -ETIMEDOUT);
    ck_assert_int_eq(fault.code, ETIMEDOUT);
    fake_i2c_wait_held(fake);
    ck_assert_int_eq(put(a, 0x50, 1), -EBUSY);
    ck_assert_int_eq(put(a, 0x51, 1), -EBUSY);
    ck_assert_uint_eq(fake_i2c_count(fake, FAKE_RDWR), 1);
    fake_i2c_let_go(fake);
    /* The worker comes back in its own time; until then it stays busy. */
    do {
        int ret = put(a, 0x50, 1);

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
    struct i2cpt_adapter *a = open_spec(workers[_i].spec);
    unsigned before = threads();

    fake_i2c_target(fake, 0x50);
    ck_assert_int_eq(put(a, 0x50, 1), 0);
    ck_assert_uint_eq(threads(), before + workers[_i].more_threads);
    ck_assert_int_eq(put(a, 0x51, 1), -ENXIO);
    i2cpt_adapter_unref(a);
}
END_TEST

static gpointer put_one(gpointer adapter)
{
    return GINT_TO_POINTER(put(adapter, 0x50, 1));
}

/* Who is in the kernel stays there; others are let go in time. */
START_TEST(hang_without_worker)
{
    struct i2cpt_adapter *a =
        open_spec("i2c-dev,device=/dev/i2c-3,timeout-ms=50,worker=off");
    struct i2cpt_msg m = {0x50, 0, 0, 0, NULL};
    GThread *thread;

    fake_i2c_target(fake, 0x50);
    fake_i2c_hold(fake);
    thread = g_thread_new("caller", put_one, a);
    fake_i2c_wait_held(fake);
    ck_assert_int_eq(i2cpt_transfer(a, &m, 1, NULL), -ETIMEDOUT);
    fake_i2c_let_go(fake);
    ck_assert_int_eq(GPOINTER_TO_INT(g_thread_join(thread)), 0);
    ck_assert_int_eq(put(a, 0x50, 1), 0);
    i2cpt_adapter_unref(a);
}
END_TEST

/* The last handle goes while the kernel still has a call. */
START_TEST(hang_at_close)
{
    struct i2cpt_adapter *a =
        open_spec("i2c-dev,device=/dev/i2c-3,timeout-ms=50");

    fake_i2c_target(fake, 0x50);
    fake_i2c_hold(fake);
    ck_assert_int_eq(put(a, 0x50, 1), -ETIMEDOUT);
    i2cpt_adapter_unref(a);
    fake_i2c_let_go(fake);
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
    struct i2cpt_adapter *a = open_fake();

    ck_assert_uint_eq(open_nodes(), before + 1);
    fake_i2c_target(fake, 0x50);
    ck_assert_int_eq(put(a, 0x50, 1), 0);
    fake_i2c_unplug(fake, unplug_errors[_i]);
    ck_assert_int_eq(put(a, 0x50, 1), -ENODEV);
    ck_assert_int_eq(fault.code, ENODEV);
    ck_assert_uint_eq(open_nodes(), before);
    fake_i2c_forget(fake);
    ck_assert_int_eq(put(a, 0x50, 1), -ENODEV);
    ck_assert_int_eq(put(a, 0x51, 1), -ENODEV);
    ck_assert_uint_eq(fake_i2c_count(fake, FAKE_RDWR), 0);
    i2cpt_adapter_unref(a);
}
END_TEST

static void *put_main(void *arg)
{
    return GINT_TO_POINTER(-put(arg, 0x50, 1));
}

START_TEST(unplugged_during)
{
    struct i2cpt_adapter *a = open_fake();
    pthread_t thread;
    void *ret;

    fake_i2c_target(fake, 0x50);
    fake_i2c_hold(fake);
    ck_assert_int_eq(pthread_create(&thread, NULL, put_main, a), 0);
    fake_i2c_wait_held(fake);
    fake_i2c_unplug(fake, EIO);
    fake_i2c_let_go(fake);
    pthread_join(thread, &ret);
    ck_assert_int_eq(GPOINTER_TO_INT(ret), ENODEV);
    ck_assert_int_eq(put(a, 0x50, 1), -ENODEV);
    i2cpt_adapter_unref(a);
}
END_TEST

/* With the old handle still open, as a running QEMU has it. */
START_TEST(unplugged_and_back)
{
    struct i2cpt_adapter *a = open_fake(), *b;
    struct fake_i2c *again;

    fake_i2c_target(fake, 0x50);
    fake_i2c_unplug(fake, ENODEV);
    ck_assert_int_eq(put(a, 0x50, 1), -ENODEV);
    ck_assert_int_eq(
        i2cpt_adapter_open("i2c-dev,device=/dev/i2c-3", &b, &fault), -ENOENT);
    again = fake_i2c_new(testbed, 4, "fake adapter", NULL, FULL);
    fake_i2c_target(again, 0x50);
    b = open_spec("i2c-dev,device=name:fake adapter");
    ck_assert_int_eq(put(b, 0x50, 1), 0);
    ck_assert_int_eq(put(a, 0x50, 1), -ENODEV);
    i2cpt_adapter_unref(b);
    i2cpt_adapter_unref(a);
    fake_i2c_free(again);
}
END_TEST

/* ---------------------------------------------------------- SMBus-only host */

/* All on one target whose registers hold their own numbers. */
static struct i2cpt_adapter *open_smbus(uint8_t **regs)
{
    int i;

    *regs = fake_i2c_target(fake, 0x50);
    for (i = 0; i < 256; i++) {
        (*regs)[i] = (uint8_t)i;
    }
    return open_fake();
}

START_TEST(smbus_quick_and_bytes)
{
    uint8_t *regs;
    struct i2cpt_adapter *a = open_smbus(&regs);

    ck_assert_int_eq(i2cpt_smbus_quick(a, 0x50, 0, 0, &fault), 0);
    ck_assert_uint_eq(fake_i2c_smbus(fake).read_write, 0);
    ck_assert_int_eq(i2cpt_smbus_quick(a, 0x50, 0, 1, &fault), 0);
    ck_assert_uint_eq(fake_i2c_smbus(fake).read_write, 1);
    ck_assert_int_eq(i2cpt_smbus_send_byte(a, 0x50, 0, 0x21, &fault), 0);
    ck_assert_int_eq(i2cpt_smbus_receive_byte(a, 0x50, 0, &fault), 0x21);
    ck_assert_int_eq(i2cpt_smbus_write_byte_data(a, 0x50, 0, 7, 0xee, &fault),
                     0);
    ck_assert_int_eq(i2cpt_smbus_read_byte_data(a, 0x50, 0, 7, &fault), 0xee);
    ck_assert_int_eq(i2cpt_smbus_write_word_data(a, 0x50, 0, 8, 0xbeef, &fault),
                     0);
    ck_assert_uint_eq(regs[8], 0xef);
    ck_assert_int_eq(i2cpt_smbus_read_word_data(a, 0x50, 0, 8, &fault), 0xbeef);
    ck_assert_int_eq(i2cpt_smbus_process_call(a, 0x50, 0, 1, 0x1234, &fault),
                     0xedcb);
    ck_assert_uint_eq(fake_i2c_count(fake, FAKE_RDWR), 0);
    ck_assert_uint_eq(fake_i2c_count(fake, FAKE_SLAVE), 1);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(smbus_blocks)
{
    uint8_t *regs, in[40];
    struct i2cpt_adapter *a = open_smbus(&regs);

    ck_assert_int_eq(i2cpt_smbus_write_block_data(
                         a, 0x50, 0, 0x40, (const uint8_t *)"abc", 3, &fault),
                     0);
    ck_assert_mem_eq(regs + 0x40, "\3abc", 4);
    ck_assert_int_eq(
        i2cpt_smbus_read_block_data(a, 0x50, 0, 0x40, in, sizeof(in), &fault),
        3);
    ck_assert_mem_eq(in, "abc", 3);
    ck_assert_int_eq(i2cpt_smbus_block_process_call(a, 0x50, 0, 1,
                                                    (const uint8_t *)"\x0f\xf0",
                                                    2, in, sizeof(in), &fault),
                     2);
    ck_assert_mem_eq(in, "\xf0\x0f", 2);
    ck_assert_int_eq(i2cpt_smbus_write_i2c_block(
                         a, 0x50, 0, 0x60, (const uint8_t *)"xyz", 3, &fault),
                     0);
    ck_assert_mem_eq(regs + 0x60, "xyz\x63", 4);
    ck_assert_int_ge(
        i2cpt_smbus_read_i2c_block(a, 0x50, 0, 0x60, in, 4, &fault), 0);
    ck_assert_mem_eq(in, "xyz\x63", 4);
    fake_i2c_claim_block(fake, 33, true);
    ck_assert_int_eq(
        i2cpt_smbus_read_block_data(a, 0x50, 0, 0x40, in, sizeof(in), &fault),
        -EPROTO);
    i2cpt_adapter_unref(a);
}
END_TEST

/* PEC and the address are states of the open file: changed when they differ. */
START_TEST(smbus_state)
{
    uint8_t *regs;
    struct i2cpt_adapter *a = open_smbus(&regs);

    fake_i2c_target(fake, 0x51);
    ck_assert_int_eq(
        i2cpt_smbus_read_byte_data(a, 0x50, I2CPT_CLIENT_PEC, 3, &fault), 3);
    ck_assert(fake_i2c_smbus(fake).pec);
    ck_assert_int_eq(
        i2cpt_smbus_read_byte_data(a, 0x50, I2CPT_CLIENT_PEC, 4, &fault), 4);
    ck_assert_uint_eq(fake_i2c_count(fake, FAKE_PEC), 1);
    ck_assert_int_eq(i2cpt_smbus_read_byte_data(a, 0x51, 0, 4, &fault), 0);
    ck_assert(!fake_i2c_smbus(fake).pec);
    ck_assert_uint_eq(fake_i2c_smbus(fake).addr, 0x51);
    ck_assert_int_eq(i2cpt_smbus_read_byte_data(a, 0x50, 0, 4, &fault), 4);
    ck_assert_uint_eq(fake_i2c_smbus(fake).addr, 0x50);
    ck_assert_uint_eq(fake_i2c_count(fake, FAKE_SLAVE), 3);
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

    ck_assert_int_eq(i2cpt_transfer(a, get, 2, &fault), 0);
    ck_assert_uint_eq(in[0], 9);
    ck_assert_uint_eq(get[1].actual, 1);
    ck_assert_int_eq(i2cpt_transfer(a, &set, 1, &fault), 0);
    ck_assert_uint_eq(regs[9], 0x55);
    get[1].len = 4;
    ck_assert_int_eq(i2cpt_transfer(a, get, 2, &fault), 0);
    ck_assert_mem_eq(in, "\x55\x0a\x0b\x0c", 4);
    ck_assert_int_eq(i2cpt_transfer(a, two, 2, &fault), -EOPNOTSUPP);
    ck_assert_uint_eq(fake_i2c_count(fake, FAKE_RDWR), 0);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(smbus_faults)
{
    uint8_t *regs;
    struct i2cpt_adapter *a = open_smbus(&regs);

    ck_assert_int_eq(i2cpt_smbus_quick(a, 0x51, 0, 0, &fault), -ENXIO);
    ck_assert_int_eq(fault.phase, I2CPT_PHASE_ADDRESS);
    ck_assert_int_eq(fault.msg, 0);
    ck_assert_int_eq(i2cpt_smbus_read_byte_data(a, 0x51, 0, 0, &fault), -ENXIO);
    ck_assert_int_eq(fault.msg, -1); /* of the two, nobody knows which */
    fake_i2c_fail(fake, FAKE_SMBUS, EBADMSG, 1);
    ck_assert_int_eq(
        i2cpt_smbus_read_byte_data(a, 0x50, I2CPT_CLIENT_PEC, 0, &fault),
        -EBADMSG);
    fake_i2c_bind(fake, 0x50, true);
    ck_assert_int_eq(i2cpt_smbus_quick(a, 0x50, 0, 0, &fault), 0);
    ck_assert_int_eq(i2cpt_smbus_quick(a, 0x51, 0, 0, &fault), -ENXIO);
    ck_assert_int_eq(i2cpt_smbus_quick(a, 0x50, 0, 0, &fault), -EBUSY);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(smbus_forced)
{
    struct i2cpt_adapter *a = open_spec("i2c-dev,device=/dev/i2c-3,force=on");

    fake_i2c_bind(fake, 0x50, true);
    ck_assert_int_eq(i2cpt_smbus_quick(a, 0x50, 0, 0, &fault), 0);
    ck_assert(fake_i2c_smbus(fake).forced);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(smbus_unplugged)
{
    uint8_t *regs;
    struct i2cpt_adapter *a = open_smbus(&regs);

    fake_i2c_unplug(fake, EIO);
    ck_assert_int_eq(i2cpt_smbus_quick(a, 0x50, 0, 0, &fault), -ENODEV);
    ck_assert_int_eq(i2cpt_smbus_quick(a, 0x50, 0, 0, &fault), -ENODEV);
    i2cpt_adapter_unref(a);
}
END_TEST

/* i2cdetect's own choice of command, and its range. */
START_TEST(scan)
{
    uint8_t *regs;
    struct i2cpt_adapter *a = open_smbus(&regs);
    int16_t result[128];

    fake_i2c_target(fake, 0x1d);
    fake_i2c_bind(fake, 0x48, true);
    ck_assert_int_eq(
        i2cpt_scan(a, 0x08, 0x77, I2CPT_PROBE_AUTO, result, &fault), 2);
    ck_assert_int_eq(result[0x50], 1);
    ck_assert_int_eq(result[0x1d], 1);
    ck_assert_int_eq(result[0x48], -EBUSY);
    ck_assert_int_eq(result[0x1e], 0);
    ck_assert_int_eq(i2cpt_probe(a, 0x50, I2CPT_PROBE_AUTO, &fault), 1);
    ck_assert_uint_eq(fake_i2c_smbus(fake).size, I2CPT_SMBUS_BYTE);
    ck_assert_int_eq(i2cpt_probe(a, 0x1d, I2CPT_PROBE_AUTO, &fault), 1);
    ck_assert_uint_eq(fake_i2c_smbus(fake).size, I2CPT_SMBUS_QUICK);
    i2cpt_adapter_unref(a);
}
END_TEST

static TCase *new_case(Suite *suite, const char *name, SFun before)
{
    TCase *tc = tcase_create(name);

    tcase_add_checked_fixture(tc, before, teardown);
    tcase_set_timeout(tc, 30);
    suite_add_tcase(suite, tc);
    return tc;
}

static void add_opening(Suite *suite)
{
    TCase *tc = new_case(suite, "opening", setup);

    tcase_add_loop_test(tc, opening_refused, 0, N(refusals));
    tcase_add_loop_test(tc, setting_up_refused, 0, N(setups));
    tcase_add_loop_test(tc, open_error, 0, N(open_errors));
    if (geteuid()) {
        tcase_add_test(tc, no_permission_of_mine);
    } else {
        tcase_add_loop_test(tc, no_permission, 0, 2);
    }
    tcase_add_test(tc, opened_by_path_and_name);
    tcase_add_test(tc, opened_otherwise);
    tcase_add_test(tc, listed);
    tcase_add_test(tc, limits_left_alone);
    tcase_add_test(tc, limits_set);
    tcase_add_test(tc, known_drivers);
}

static void add_transfers(Suite *suite)
{
    TCase *tc = new_case(suite, "transfers", setup);

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
    tcase_add_test(tc, busy_refused);
    tcase_add_test(tc, busy_forced);
    tcase_add_test(tc, busy_owner_named);
    tcase_add_test(tc, hang);
    tcase_add_test(tc, hang_at_close);
    tcase_add_loop_test(tc, worker_or_not, 0, G_N_ELEMENTS(workers));
    tcase_add_test(tc, hang_without_worker);
    tcase_add_loop_test(tc, unplugged_between, 0, N(unplug_errors));
    tcase_add_test(tc, unplugged_during);
    tcase_add_test(tc, unplugged_and_back);
}

static void add_smbus(Suite *suite)
{
    TCase *tc = new_case(suite, "smbus", setup_smbus);

    tcase_add_test(tc, smbus_quick_and_bytes);
    tcase_add_test(tc, smbus_blocks);
    tcase_add_test(tc, smbus_state);
    tcase_add_test(tc, smbus_from_messages);
    tcase_add_test(tc, smbus_faults);
    tcase_add_test(tc, smbus_forced);
    tcase_add_test(tc, smbus_unplugged);
    tcase_add_test(tc, scan);
}

int main(void)
{
    Suite *suite = suite_create("i2c-dev");

    add_opening(suite);
    add_transfers(suite);
    add_smbus(suite);
    return unit_run(suite);
}
