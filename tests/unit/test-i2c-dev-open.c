/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The i2c-dev backend over a fake /dev/i2c-N: opening, listing, limits,
 * busy addresses. */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bus/calls.h"
#include "i2c-dev/host.h"
#include "i2c-dev/backend-i2c-dev.h"
#include "i2c-dev-rig.h"
#include "unit.h"

#define N(table) (int)(sizeof(table) / sizeof((table)[0]))

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
    struct fake_i2c *one = fake_i2c_new(rig.testbed, 4, "twin", NULL, RIG_FULL);
    struct fake_i2c *two = fake_i2c_new(rig.testbed, 5, "twin", NULL, RIG_FULL);
    struct i2cpt_adapter *a = NULL;
    size_t i;

    ck_assert_int_eq(i2cpt_adapter_open(refusals[_i].spec, &a, &rig.fault),
                     refusals[_i].ret);
    ck_assert_ptr_null(a);
    for (i = 0; i < 3 && refusals[_i].text[i]; i++) {
        ck_assert_msg(strstr(rig.fault.text, refusals[_i].text[i]) != NULL,
                      "\"%s\" is not in: %s", refusals[_i].text[i],
                      rig.fault.text);
    }
    ck_assert_ptr_null(strchr(rig.fault.text, '\n'));
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

    fake_i2c_fail(rig.fake, setups[_i].what, setups[_i].error, 1);
    ck_assert_int_eq(
        i2cpt_adapter_open("i2c-dev,device=/dev/i2c-3,timeout-ms=300,retries=2",
                           &a, &rig.fault),
        setups[_i].ret);
    ck_assert_msg(strstr(rig.fault.text, setups[_i].text) != NULL, "%s",
                  rig.fault.text);
    a = rig_open_fake(); /* nothing is left behind */
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
        i2cdev_host_open_fault("/dev/i2c-3", open_errors[_i].code, &rig.fault),
        open_errors[_i].ret);
    ck_assert_ptr_nonnull(strstr(rig.fault.text, "device=/dev/i2c-3"));
    ck_assert_msg(strstr(rig.fault.text, open_errors[_i].text) != NULL, "%s",
                  rig.fault.text);
}
END_TEST

static void check_refused(const char *wanted)
{
    struct i2cpt_adapter *a;

    ck_assert_msg(i2cpt_adapter_open("i2c-dev,device=/dev/i2c-7", &a,
                                     &rig.fault) == -EACCES,
                  "%s", rig.fault.text);
    ck_assert_msg(strstr(rig.fault.text, wanted) != NULL, "%s", rig.fault.text);
    ck_assert_ptr_nonnull(strstr(rig.fault.text, "/dev/i2c-7"));
    ck_assert_ptr_nonnull(strstr(rig.fault.text, "60-libi2cpt.rules"));
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
    char *root = umockdev_testbed_get_root_dir(rig.testbed);
    char *node = g_strconcat(root, "/dev/i2c-7", NULL);
    char *any_ioctl = g_strconcat(root, "/ioctl/_default", NULL);

    ck_assert(umockdev_testbed_add_from_string(
        rig.testbed,
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
    struct i2cpt_adapter *a = rig_open("i2c-dev,device=/dev/i2c-3");
    struct i2cpt_adapter *b, *c;

    ck_assert_uint_eq(i2cpt_adapter_functionality(a), RIG_FULL);
    ck_assert_int_eq(i2cpt_adapter_has_stream(a), 0);
    ck_assert_str_eq(i2cpt_adapter_name(a), "i2c-dev:/dev/i2c-3");
    b = rig_open("i2c-dev,device=name:fake adapter");
    c = rig_open("i2c-dev,device=/dev/i2c-3,name=other");
    ck_assert_str_eq(i2cpt_adapter_name(b), "i2c-dev:/dev/i2c-3");
    ck_assert_str_eq(i2cpt_adapter_name(c), "other");
    /* One connection: the kernel was asked for its functionality once. */
    ck_assert_uint_eq(fake_i2c_count(rig.fake, FAKE_FUNCS), 1);
    i2cpt_adapter_unref(c);
    i2cpt_adapter_unref(b);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(opened_otherwise)
{
    struct i2cpt_adapter *a = rig_open("i2c-dev,device=/dev/i2c-3"), *b;

    ck_assert_int_eq(i2cpt_adapter_open("i2c-dev,device=/dev/i2c-3,force=on",
                                        &b, &rig.fault),
                     -EINVAL);
    ck_assert_msg(strstr(rig.fault.text, "force=on") != NULL, "%s",
                  rig.fault.text);
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
    struct fake_i2c *ten = fake_i2c_new(rig.testbed, 10, "ten", NULL, RIG_FULL);
    GString *found = g_string_new(NULL);
    int calls = 0;

    ck_assert_int_eq(i2cdev_ops.list(&i2cdev_ops, collect, found), 0);
    ck_assert_str_eq(found->str, "i2c-dev,device=/dev/i2c-3|fake adapter\n"
                                 "i2c-dev,device=/dev/i2c-10|ten\n");
    ck_assert_int_eq(i2cdev_ops.list(&i2cdev_ops, stop_at_first, &calls), 7);
    ck_assert_int_eq(calls, 1);
    ck_assert_uint_eq(fake_i2c_count(rig.fake, FAKE_FUNCS), 0);
    g_string_free(found, TRUE);
    fake_i2c_free(ten);
}
END_TEST

/* ----------------------------------------------------- timeout and retries */

START_TEST(limits_left_alone)
{
    struct i2cpt_adapter *a;

    ck_assert_int_eq(
        i2cpt_adapter_open("i2c-dev,device=/dev/i2c-3", &a, &rig.fault), 0);
    i2cpt_adapter_unref(a);
    ck_assert_uint_eq(fake_i2c_count(rig.fake, FAKE_TIMEOUT), 0);
    ck_assert_uint_eq(fake_i2c_count(rig.fake, FAKE_RETRIES), 0);
}
END_TEST

START_TEST(limits_set)
{
    struct i2cpt_adapter *a =
        rig_open("i2c-dev,device=/dev/i2c-3,timeout-ms=25,retries=4");

    ck_assert_uint_eq(fake_i2c_last(rig.fake, FAKE_TIMEOUT), 3);
    ck_assert_uint_eq(fake_i2c_last(rig.fake, FAKE_RETRIES), 4);
    i2cpt_adapter_unref(a);
    /* Unknown driver: what they were cannot be known, so they stay. */
    ck_assert_uint_eq(fake_i2c_count(rig.fake, FAKE_TIMEOUT), 1);
    ck_assert_uint_eq(fake_i2c_count(rig.fake, FAKE_RETRIES), 1);
}
END_TEST

/* The adapter hangs on a device with a driver whose beginnings are known. */
static struct fake_i2c *with_driver(int number, const char *path,
                                    const char *driver)
{
    char *sysfs = g_strconcat("/sys", path, NULL);
    char *link = g_strconcat("/sys/bus/x/drivers/", driver, NULL);
    char *root = umockdev_testbed_get_root_dir(rig.testbed);
    char *text = g_strdup_printf("P: %s\nE: SUBSYSTEM=x\nE: X=y\n\n", path);
    char *dir = g_strconcat(root, link, NULL);
    char *at = g_strconcat(root, sysfs, "/driver", NULL);
    struct fake_i2c *f;

    ck_assert(umockdev_testbed_add_from_string(rig.testbed, text, NULL));
    ck_assert_int_eq(g_mkdir_with_parents(dir, 0755), 0);
    ck_assert_int_eq(symlink(dir, at), 0);
    f = fake_i2c_new(rig.testbed, number, driver, sysfs, RIG_FULL);
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
        rig_open("i2c-dev,device=/dev/i2c-6,timeout-ms=50,retries=0");
    struct i2cpt_adapter *b = rig_open("i2c-dev,device=/dev/i2c-7");

    ck_assert_uint_eq(fake_i2c_last(pc, FAKE_TIMEOUT), 5);
    ck_assert_uint_eq(fake_i2c_last(pc, FAKE_RETRIES), 0);
    ck_assert(!bus_adapter_tells_phase(a));
    ck_assert(bus_adapter_hides_phase(a));
    i2cpt_adapter_unref(a);
    ck_assert_uint_eq(fake_i2c_last(pc, FAKE_TIMEOUT), 20);
    ck_assert_uint_eq(fake_i2c_last(pc, FAKE_RETRIES), 3);
    ck_assert(bus_adapter_tells_phase(b));
    ck_assert(!bus_adapter_hides_phase(b));
    i2cpt_adapter_unref(b);
    fake_i2c_free(pins);
    fake_i2c_free(pc);
}
END_TEST

/* --------------------------------------------------------- busy addresses */

START_TEST(busy_refused)
{
    struct i2cpt_adapter *a = rig_open_fake();
    uint8_t reg = 0, in = 0;
    struct i2cpt_msg msgs[] = {{0x51, 0, 1, 0, &reg},
                               {0x50, I2CPT_M_RD, 1, 0, &in}};

    fake_i2c_target(rig.fake, 0x51);
    fake_i2c_bind(rig.fake, 0x50, true);
    ck_assert_int_eq(rig_put(a, 0x50, 1), -EBUSY);
    ck_assert_ptr_nonnull(strstr(rig.fault.text, "0x50"));
    ck_assert_ptr_nonnull(strstr(rig.fault.text, "force=on"));
    ck_assert_int_eq(i2cpt_transfer(a, msgs, 2, &rig.fault), -EBUSY);
    ck_assert_int_eq(i2cpt_probe(a, 0x50, I2CPT_PROBE_AUTO, &rig.fault),
                     -EBUSY);
    ck_assert_uint_eq(fake_i2c_count(rig.fake, FAKE_RDWR), 0);
    /* Asked again each time, so a driver that lets go is noticed. */
    fake_i2c_bind(rig.fake, 0x50, false);
    ck_assert_int_eq(i2cpt_transfer(a, msgs, 2, &rig.fault), 0);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(busy_forced)
{
    struct i2cpt_adapter *a = rig_open("i2c-dev,device=/dev/i2c-3,force=on");

    fake_i2c_bind(rig.fake, 0x50, true);
    ck_assert_int_eq(rig_put(a, 0x50, 1), 0);
    ck_assert_uint_eq(fake_i2c_count(rig.fake, FAKE_SLAVE), 0);
    ck_assert_uint_eq(fake_i2c_count(rig.fake, FAKE_SLAVE_FORCE), 0);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(busy_owner_named)
{
    struct i2cpt_adapter *a = rig_open_fake();
    char *root = umockdev_testbed_get_root_dir(rig.testbed);
    char *dir = g_strconcat(root, "/sys/bus/i2c/devices/3-0050", NULL);
    char *driver = g_strconcat(root, "/sys/bus/i2c/drivers/at24", NULL);
    char *at = g_strconcat(dir, "/driver", NULL);

    ck_assert_int_eq(g_mkdir_with_parents(dir, 0755), 0);
    ck_assert_int_eq(g_mkdir_with_parents(driver, 0755), 0);
    ck_assert_int_eq(symlink(driver, at), 0);
    fake_i2c_bind(rig.fake, 0x50, true);
    ck_assert_int_eq(rig_put(a, 0x50, 1), -EBUSY);
    ck_assert_msg(strstr(rig.fault.text, "kernel driver at24") != NULL, "%s",
                  rig.fault.text);
    i2cpt_adapter_unref(a);
    g_free(at);
    g_free(driver);
    g_free(dir);
    g_free(root);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("i2c-dev-open");
    TCase *tc = rig_case(suite, RIG_FULL);

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
    tcase_add_test(tc, busy_refused);
    tcase_add_test(tc, busy_forced);
    tcase_add_test(tc, busy_owner_named);
    return unit_run(suite);
}
