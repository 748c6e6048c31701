/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A path followed name by name, as our nodes are not there for the kernel to
 * find: from the folder it begins in, through links, dots and doubled slashes.
 * Names that do not exist are taken as they are. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "preload/shim.h"

#define I2C_MAJOR 89
#define LINKS_MAX 40 /* the kernel's own */

struct walk {
    char now[PATH_MAX]; /* "" is the root */
    char left[2 * PATH_MAX];
    char next[2 * PATH_MAX];
};

/* Not by the C library: readlink() is hooked. */
static bool read_link(const char *path, char *to, size_t size)
{
    long n = syscall(SYS_readlinkat, AT_FDCWD, path, to, size - 1);

    to[n < 0 ? 0 : n] = 0;
    return n > 0;
}

static bool begin(struct walk *w, int dir, const char *path)
{
    char link[40];

    w->now[0] = 0;
    if (*path != '/') {
        if (dir == AT_FDCWD) {
            strcpy(link, "/proc/self/cwd");
        } else {
            snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
        }
        if (!read_link(link, w->now, sizeof(w->now))) {
            return false;
        }
        if (!strcmp(w->now, "/")) {
            w->now[0] = 0;
        }
    }
    return snprintf(w->left, sizeof(w->left), "%s", path) <
           (int)sizeof(w->left);
}

/* The next name of what is left: onto `now`. */
static bool step(struct walk *w)
{
    char *name = w->left + strspn(w->left, "/");
    size_t len = strcspn(name, "/"), at = strlen(w->now);

    if (len == 2 && !strncmp(name, "..", 2)) {
        if (at) {
            *strrchr(w->now, '/') = 0;
        }
    } else if (!(len == 1 && *name == '.')) {
        if (at + len + 2 > sizeof(w->now)) {
            return false;
        }
        w->now[at] = '/';
        memcpy(w->now + at + 1, name, len);
        w->now[at + 1 + len] = 0;
    }
    memmove(w->left, name + len, strlen(name + len) + 1);
    return true;
}

static bool follow(struct walk *w, const char *target)
{
    if (snprintf(w->next, sizeof(w->next), "%s%s", target, w->left) >=
        (int)sizeof(w->next)) {
        return false;
    }
    strcpy(w->left, w->next);
    if (*target == '/') {
        w->now[0] = 0;
    } else {
        *strrchr(w->now, '/') = 0;
    }
    return true;
}

static int node(const struct walk *w)
{
    char *end;
    long n;

    if (w->left[0] || strncmp(w->now, "/dev/i2c-", 9) || w->now[9] < '0' ||
        w->now[9] > '9') {
        return -1;
    }
    n = strtol(w->now + 9, &end, 10);
    return !*end && n < 1048576 && shim_path_has_bus((unsigned)n) ? (int)n : -1;
}

int shim_path_walk(int dir, const char *path)
{
    char target[PATH_MAX];
    struct walk w;
    int links = 0;

    if (!begin(&w, dir, path)) {
        return -1;
    }
    while (w.left[strspn(w.left, "/")]) {
        if (!step(&w)) {
            return -1;
        }
        if (node(&w) >= 0) {
            return node(&w);
        }
        if (read_link(w.now, target, sizeof(target)) &&
            (++links > LINKS_MAX || !follow(&w, target))) {
            return -1;
        }
    }
    return -1;
}

int shim_path_behind(int dir, const char *path, int fd)
{
    struct statx st;
    char link[2];

    if (fd >= 0) {
        return !syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_TYPE, &st) &&
                       S_ISCHR(st.stx_mode) && st.stx_rdev_major == I2C_MAJOR &&
                       shim_path_has_bus(st.stx_rdev_minor)
                   ? (int)st.stx_rdev_minor
                   : -1;
    }
    return path && syscall(SYS_readlinkat, dir, path, link, sizeof(link)) > 0
               ? shim_path_walk(dir, path)
               : -1;
}
