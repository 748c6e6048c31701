/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The folder that PROGRAM finds its nodes and their /sys in. */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "owner/owner-private.h"

static int put_file(const char *dir, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    FILE *f = fopen(path, "we");

    if (!f) {
        return -errno;
    }
    fputs(text, f);
    return fclose(f) ? -errno : 0;
}

/* What a node is to whoever opens it past the shim: a socket, for that fails.
 */
static int put_node(const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);

    return mknod(path, S_IFSOCK | 0600, 0) ? -errno : 0;
}

static int link_to(const char *dir, const char *name, const char *target)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);

    return symlink(target, path) && errno != EEXIST ? -errno : 0;
}

/* The files and links of a bus, in the order they are made: # is its number,
 * * its name. A text, or (`to`) where a link leads. */
static const struct entry {
    const char *folder, *name, *text, *to;
} entries[] = {
    {"sys/bus/i2c/devices/i2c-#", "name", "*\n", NULL},
    {"sys/bus/i2c/devices/i2c-#", "uevent", "", NULL},
    {"sys/bus/i2c/devices/i2c-#", "subsystem", NULL, "../../../i2c"},
    {"sys/bus/i2c/devices/i2c-#/i2c-dev/i2c-#", "name", "*\n", NULL},
    {"sys/bus/i2c/devices/i2c-#/i2c-dev/i2c-#", "dev", "89:#\n", NULL},
    {"sys/bus/i2c/devices/i2c-#/i2c-dev/i2c-#", "uevent",
     "MAJOR=89\nMINOR=#\nDEVNAME=i2c-#\n", NULL},
    {"sys/bus/i2c/devices/i2c-#/i2c-dev/i2c-#", "device", NULL,
     "../../../i2c-#"},
    {"sys/bus/i2c/devices/i2c-#/i2c-dev/i2c-#", "subsystem", NULL,
     "../../../../../../class/i2c-dev"},
    {"sys/class/i2c-dev", "i2c-#", NULL,
     "../../bus/i2c/devices/i2c-#/i2c-dev/i2c-#"},
    {"sys/class/i2c-adapter", "i2c-#", NULL, "../../bus/i2c/devices/i2c-#"},
};

static char *filled(const char *text, uint32_t number, const char *label)
{
    GString *s = g_string_new(NULL);

    for (; *text; text++) {
        if (*text == '#') {
            g_string_append_printf(s, "%u", number);
        } else if (*text == '*') {
            g_string_append(s, label);
        } else {
            g_string_append_c(s, *text);
        }
    }
    return g_string_free(s, FALSE);
}

static int add_node(struct owner *o, uint32_t number)
{
    g_autofree char *nodes = g_build_filename(o->dir, "dev", NULL);
    g_autofree char *name = g_strdup_printf("i2c-%u", number);

    return g_mkdir_with_parents(nodes, 0700) ? -errno : put_node(nodes, name);
}

static int add_entry(struct owner *o, const struct entry *e, uint32_t number,
                     const char *label)
{
    g_autofree char *folder = filled(e->folder, number, label);
    g_autofree char *dir = g_build_filename(o->dir, folder, NULL);
    g_autofree char *name = filled(e->name, number, label);
    g_autofree char *text = filled(e->to ? e->to : e->text, number, label);

    if (g_mkdir_with_parents(dir, 0700)) {
        return -errno;
    }
    return (e->to ? link_to : put_file)(dir, name, text);
}

/* As the kernel has it: the device in a /sys/devices-like place, the classes
 * link to it. Below DIR/sys/bus/i2c/devices the real folders stand. */
static int add_to_tree(struct owner *o, const struct owner_bus *bus)
{
    int ret = 0;

    for (size_t i = 0; !ret && i < G_N_ELEMENTS(entries); i++) {
        ret = add_entry(o, &entries[i], bus->number, bus->label);
    }
    return ret ? ret : add_node(o, bus->number);
}

/* "N-0050", a chip of a bus whose number is one of ours: it is hidden with the
 * bus. */
static bool is_hidden_chip(struct owner *o, const char *name)
{
    char *end;
    guint64 number;

    if (!g_ascii_isdigit(*name)) {
        return false;
    }
    number = g_ascii_strtoull(name, &end, 10);
    return *end == '-' && number <= OWNER_BUS_MAX &&
           owner_find_bus(o, (uint32_t)number);
}

/* Real buses that are not redirected stay to be seen. */
static void add_real(struct owner *o, const char *folder)
{
    g_autofree char *dir = g_strdup_printf("%s%s", o->dir, folder);
    GDir *real = g_dir_open(folder, 0, NULL);
    const char *name;

    while (real && (name = g_dir_read_name(real))) {
        g_autofree char *target = g_build_filename(folder, name, NULL);

        if (!is_hidden_chip(o, name)) {
            link_to(dir, name, target); /* ours, made before, stay */
        }
    }
    if (real) {
        g_dir_close(real);
    }
}

/* Of a GPIO chip: # is its number, * the major. /sys/dev/char leads to it by
 * both. */
static const struct entry chip_entries[] = {
    {"sys/bus/gpio/devices/gpiochip#", "dev", "*:#\n", NULL},
    {"sys/bus/gpio/devices/gpiochip#", "uevent",
     "MAJOR=*\nMINOR=#\nDEVNAME=gpiochip#\n", NULL},
    {"sys/bus/gpio/devices/gpiochip#", "subsystem", NULL, "../../../gpio"},
    {"sys/dev/char", "*:#", NULL, "../../bus/gpio/devices/gpiochip#"},
};

static bool hides_real_chip(struct owner *o)
{
    bool found = false;

    for (unsigned i = 0; i < owner_chip_count(o); i++) {
        g_autofree char *real = g_strdup_printf(
            "/sys/bus/gpio/devices/gpiochip%u", owner_nth_chip(o, i));

        found = found || !access(real, F_OK);
    }
    return found;
}

/* The older interface numbers lines across all chips. Where one of these is
 * hidden there is nothing in it, or its lines could be had all the same. */
static int add_gpio_class(struct owner *o)
{
    static const char folder[] = "/sys/class/gpio";
    g_autofree char *dir = g_strdup_printf("%s%s", o->dir, folder);

    if (access(folder, F_OK)) {
        return 0;
    }
    if (g_mkdir_with_parents(dir, 0700)) {
        return -errno;
    }
    if (!hides_real_chip(o)) {
        add_real(o, folder);
    }
    return 0;
}

static int add_chips(struct owner *o)
{
    g_autofree char *major = g_strdup_printf("%u", owner_gpio_major(o));
    int ret = 0;

    for (unsigned i = 0; !ret && i < owner_chip_count(o); i++) {
        for (size_t e = 0; !ret && e < G_N_ELEMENTS(chip_entries); e++) {
            ret = add_entry(o, &chip_entries[e], owner_nth_chip(o, i), major);
        }
    }
    if (!ret && owner_chip_count(o)) {
        add_real(o, "/sys/bus/gpio/devices");
        add_real(o, "/sys/bus/gpio/drivers");
        ret = add_gpio_class(o);
    }
    return ret;
}

int owner_make_tree(struct owner *o)
{
    g_autofree char *drivers =
        g_build_filename(o->dir, "sys/bus/i2c/drivers", NULL);
    guint i;
    int ret = g_mkdir_with_parents(drivers, 0700) ? -errno : 0;

    for (i = 0; !ret && i < o->buses->len; i++) {
        ret = add_to_tree(o, &g_array_index(o->buses, struct owner_bus, i));
    }
    if (!ret) {
        add_real(o, "/sys/class/i2c-dev");
        add_real(o, "/sys/class/i2c-adapter");
        add_real(o, "/sys/bus/i2c/devices");
        add_real(o, "/sys/bus/i2c/drivers");
    }
    return ret ? ret : add_chips(o);
}

static void remove_below(const char *path, const char *last)
{
    GDir *dir = g_file_test(path, G_FILE_TEST_IS_SYMLINK)
                    ? NULL
                    : g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *below = g_build_filename(path, name, NULL);

        if (strcmp(name, last)) {
            remove_below(below, "");
        }
    }
    if (dir) {
        g_dir_close(dir);
    }
    g_remove(path);
}

/* The socket, by which a sweep knows a folder of ours, goes last: whoever is
 * killed here leaves one that can be swept. */
void owner_remove_tree(const char *path)
{
    g_autofree char *socket = g_build_filename(path, "owner", NULL);

    remove_below(path, "owner");
    g_remove(socket);
    g_remove(path);
}

int owner_hold_tree(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) {
        return -errno;
    }
    flock(fd, LOCK_SH);
    return fd;
}

/* Ours by name, by user and by mode, and of one who may have locked it. */
static bool may_be_swept(int fd)
{
    enum { SOON_S = 60 };
    struct stat st;

    return !fstat(fd, &st) && st.st_uid == geteuid() &&
           (st.st_mode & 07777) == 0700 && time(NULL) - st.st_mtime > SOON_S &&
           !faccessat(fd, "owner", F_OK, AT_SYMLINK_NOFOLLOW) &&
           !flock(fd, LOCK_EX | LOCK_NB);
}

static bool is_name_of_tree(const char *name)
{
    return strlen(name) == strlen("i2cpt-XXXXXX") &&
           g_str_has_prefix(name, "i2cpt-");
}

/* true: it is gone. */
static bool sweep_tree(const char *parent, const char *name)
{
    g_autofree char *path = g_build_filename(parent, name, NULL);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool stale = fd >= 0 && may_be_swept(fd);

    if (stale) {
        owner_remove_tree(path);
    }
    if (fd >= 0) {
        close(fd);
    }
    return stale;
}

/* Bounded in names and in folders: some 50 ms of a start at most each; what is
 * left then the next start takes. */
void owner_sweep_trees(void)
{
    enum { NAMES_MAX = 100 * 1000, FOLDERS_MAX = 1000 };
    const char *parent = g_get_tmp_dir(), *name;
    GDir *dir = g_dir_open(parent, 0, NULL);
    unsigned seen = 0, swept = 0;

    while (dir && seen++ < NAMES_MAX && swept < FOLDERS_MAX &&
           (name = g_dir_read_name(dir))) {
        if (is_name_of_tree(name)) {
            swept += sweep_tree(parent, name);
        }
    }
    if (dir) {
        g_dir_close(dir);
    }
}
