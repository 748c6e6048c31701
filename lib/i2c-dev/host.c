/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What /dev and /sys know of an adapter: its node, name and driver. */
#include <errno.h>
#include <glib.h>
#include <grp.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/fault.h"
#include "core/key.h"
#include "i2c-dev/host.h"
#include "i2c-dev/uapi.h"

#define CLASS_DIR "/sys/class/i2c-dev"
#define RULE      "60-libi2cpt.rules"

/* From the drivers' sources: what they set, or else the I2C core does (1 s, no
 * retries). docs/i2c-dev.md has the list with what each of them reports. */
static const struct host_driver drivers[] = {
    {"i2c-bcm2835", 1000, 0, false, false},
    {"i2c-diolan-u2c", 1000, 0, true, false},
    {"i2c-gpio", 1000, 3, false, true},
    {"i2c-tiny-usb", 1000, 0, false, true},
    {"i801_smbus", 200, 3, true, false},
    {"versatile-i2c", 1000, 3, false, true},
};

static int compare_ints(gconstpointer a, gconstpointer b)
{
    return *(const int *)a - *(const int *)b;
}

/* N of "i2c-N", or -1. */
static int number_of(const char *name)
{
    uint64_t n;

    if (strncmp(name, "i2c-", 4) || !g_ascii_isdigit(name[4]) ||
        i2cpt_parse_uint(name + 4, INT_MAX, &n)) {
        return -1;
    }
    return (int)n;
}

/* The numbers of the entries i2c-N of a directory, in order. */
static GArray *numbers_in(const char *path)
{
    GArray *numbers = g_array_new(FALSE, FALSE, sizeof(int));
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *name;
    int n;

    while (dir && (name = g_dir_read_name(dir))) {
        n = number_of(name);
        if (n >= 0) {
            g_array_append_val(numbers, n);
        }
    }
    if (dir) {
        g_dir_close(dir);
    }
    g_array_sort(numbers, compare_ints);
    return numbers;
}

char *i2cdev_host_adapter_name(int number)
{
    char *path = g_strdup_printf(CLASS_DIR "/i2c-%d/name", number);
    char *name = NULL;

    if (g_file_get_contents(path, &name, NULL, NULL)) {
        g_strchomp(name);
    }
    g_free(path);
    return name;
}

/* ------------------------------------------------------------------- names */

static void append_item(GString *list, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void append_item(GString *list, const char *format, ...)
{
    va_list ap;

    if (list->len) {
        g_string_append(list, ", ");
    }
    va_start(ap, format);
    g_string_append_vprintf(list, format, ap);
    va_end(ap);
}

static int name_fault(const char *wanted, guint matches, const GString *same,
                      const GString *others, struct i2cpt_fault *fault)
{
    if (matches) {
        return i2cpt_fault_text(
            fault, EINVAL,
            "device=name:%.4096s: %u adapters have this name: %.4096s; "
            "accepted is a unique one, or the path",
            wanted, matches, same->str);
    }
    return i2cpt_fault_text(
        fault, ENOENT,
        "device=name:%.4096s: no adapter has this name; "
        "there is %s",
        wanted, others->len ? others->str : "none (modprobe i2c-dev?)");
}

static int resolve_name(const char *wanted, char **path,
                        struct i2cpt_fault *fault)
{
    GArray *numbers = numbers_in(CLASS_DIR);
    GString *same = g_string_new(NULL), *others = g_string_new(NULL);
    guint i, matches = 0;
    int ret = 0;

    *path = NULL;
    for (i = 0; i < numbers->len; i++) {
        int n = g_array_index(numbers, int, i);
        char *name = i2cdev_host_adapter_name(n);

        if (!name) {
            continue;
        }
        if (strcmp(name, wanted)) {
            append_item(others, "\"%s\"", name);
        } else {
            matches++;
            append_item(same, "/dev/i2c-%d", n);
        }
        g_free(name);
    }
    if (matches == 1) {
        *path = g_strdup(same->str);
    } else {
        ret = name_fault(wanted, matches, same, others, fault);
    }
    g_string_free(same, TRUE);
    g_string_free(others, TRUE);
    g_array_unref(numbers);
    return ret;
}

int i2cdev_host_resolve(const char *device, char **path,
                        struct i2cpt_fault *fault)
{
    if (!device) {
        return i2cpt_fault_text(fault, EINVAL,
                                "device= is missing: accepted is a path as "
                                "/dev/i2c-1, or name:ADAPTER NAME");
    }
    if (g_str_has_prefix(device, "name:")) {
        return resolve_name(device + 5, path, fault);
    }
    *path = g_strdup(device);
    return 0;
}

/* ----------------------------------------------------------------- one node */

static const struct host_driver *find_driver(int number, bool *usb)
{
    char *link = g_strdup_printf(CLASS_DIR "/i2c-%d/device", number);
    char *device = realpath(link, NULL);
    char *parent = device ? g_path_get_dirname(device) : NULL;
    char *path = parent ? g_build_filename(parent, "driver", NULL) : NULL;
    char *target = path ? realpath(path, NULL) : NULL;
    char *name = target ? g_path_get_basename(target) : NULL;
    const struct host_driver *found = NULL;
    size_t i;

    *usb = device && strstr(device, "/usb");
    for (i = 0; name && i < G_N_ELEMENTS(drivers); i++) {
        if (!strcmp(name, drivers[i].name)) {
            found = &drivers[i];
        }
    }
    g_free(name);
    free(target);
    g_free(path);
    g_free(parent);
    free(device);
    g_free(link);
    return found;
}

static bool has_sysfs(int number)
{
    char *path = g_strdup_printf(CLASS_DIR "/i2c-%d", number);
    bool there = number >= 0 && !access(path, F_OK);

    g_free(path);
    return there;
}

int i2cdev_host_examine(const char *path, struct host_adapter *a,
                        struct i2cpt_fault *fault)
{
    struct stat st;

    memset(a, 0, sizeof(*a));
    a->number = -1;
    if (stat(path, &st)) {
        return i2cdev_host_open_fault(path, errno, fault);
    }
    if (!S_ISCHR(st.st_mode)) {
        return i2cpt_fault_text(fault, EINVAL,
                                "device=%.4096s: not a character device; "
                                "accepted is an adapter as /dev/i2c-1",
                                path);
    }
    a->path = g_strdup(path);
    a->rdev = st.st_rdev;
    if (major(st.st_rdev) == UAPI_MAJOR) {
        a->number = (int)minor(st.st_rdev);
        a->had_sysfs = has_sysfs(a->number);
        a->driver = find_driver(a->number, &a->usb);
    }
    return 0;
}

enum host_presence i2cdev_host_presence(const struct host_adapter *a)
{
    struct stat st;

    if (a->had_sysfs) {
        return has_sysfs(a->number) ? HOST_THERE : HOST_GONE;
    }
    if (stat(a->path, &st) || st.st_rdev != a->rdev) {
        return HOST_GONE;
    }
    return HOST_UNKNOWN; /* a node outside devtmpfs outlives its adapter */
}

char *i2cdev_host_address_owner(const struct host_adapter *a, uint16_t addr,
                                bool tenbit)
{
    /* Linux names clients BUS-ADDR, ten-bit addresses from 0xa000 on. */
    char *path = g_strdup_printf("/sys/bus/i2c/devices/%d-%04x/driver",
                                 a->number, addr + (tenbit ? 0xa000 : 0));
    char *target = realpath(path, NULL);
    char *name = target ? g_path_get_basename(target) : NULL;

    free(target);
    g_free(path);
    return name;
}

/* ------------------------------------------------------------------ errors */

static int access_fault(const char *path, struct i2cpt_fault *fault)
{
    struct group entry, *group = NULL;
    char buf[1024];
    struct stat st;

    if (!stat(path, &st) && st.st_gid) {
        getgrgid_r(st.st_gid, &entry, buf, sizeof(buf), &group);
    }
    if (group) {
        return i2cpt_fault_text(
            fault, EACCES,
            "device=%.4096s: permission denied; join its group: sudo usermod "
            "-aG %.32s USER, then log in again (udev rule " RULE ")",
            path, group->gr_name);
    }
    return i2cpt_fault_text(
        fault, EACCES,
        "device=%.4096s: permission denied, no group has it; install the udev "
        "rule " RULE ", which gives it to group i2c, and join: sudo usermod "
        "-aG i2c USER",
        path);
}

int i2cdev_host_open_fault(const char *path, int code,
                           struct i2cpt_fault *fault)
{
    switch (code) {
    case ENOENT:
    case ENOTDIR:
        return i2cpt_fault_text(fault, ENOENT,
                                "device=%.4096s: no such device; `i2cpt-replay "
                                "list` shows what there is, modprobe i2c-dev "
                                "makes the nodes",
                                path);
    case EACCES:
    case EPERM:
        return access_fault(path, fault);
    case ENODEV:
    case ENXIO:
        return i2cpt_fault_text(fault, ENODEV,
                                "device=%.4096s: there is no adapter behind "
                                "this node (unplugged, or its driver is not "
                                "loaded)",
                                path);
    default:
        return i2cpt_fault_text(fault, code, "device=%.4096s: %s", path,
                                g_strerror(code));
    }
}

/* -------------------------------------------------------------------- list */

static int list_one(int number, i2cpt_found_fn found, void *user)
{
    char *path = g_strdup_printf("/dev/i2c-%d", number);
    char *spec = g_strdup_printf("i2c-dev,device=%s", path);
    char *name = i2cdev_host_adapter_name(number);
    char *about = g_strdup_printf(
        "%s%s", name ? name : "Linux I2C adapter",
        access(path, R_OK | W_OK) ? " (no permission to open it)" : "");
    int ret = found(spec, about, user);

    g_free(about);
    g_free(name);
    g_free(spec);
    g_free(path);
    return ret;
}

int i2cdev_host_list(i2cpt_found_fn found, void *user)
{
    GArray *numbers = numbers_in("/dev");
    int ret = 0;
    guint i;

    for (i = 0; i < numbers->len && !ret; i++) {
        ret = list_one(g_array_index(numbers, int, i), found, user);
    }
    g_array_unref(numbers);
    return ret;
}
