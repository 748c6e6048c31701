/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Most paths are about something else, and are left after one look: by name,
 * for what says nothing of "i2c" or "gpio" can be ours only through a symbolic
 * link, a device's number or another spelling of /dev; for these, one stat(2)
 * through /proc/TID. What is left is walked name by name, as our nodes and much
 * of our /sys are not there for the kernel to find.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "redirect/fuse-server.h"
#include "redirect/node-name.h"
#include "redirect/places.h"

#define I2C_MAJOR    89
#define CHAR_DEVICES "/sys/dev/char"
#define LINKS_MAX    40 /* the kernel's own */

bool redirect_places_has_bus(const struct places *p, uint32_t bus)
{
    for (unsigned i = 0; i < p->n; i++) {
        if (p->buses[i] == bus) {
            return true;
        }
    }
    return false;
}

bool redirect_places_has_chip(const struct places *p, uint32_t number)
{
    for (unsigned i = 0; i < p->n_chips; i++) {
        if (p->chips[i] == number) {
            return true;
        }
    }
    return false;
}

int redirect_places_init(struct places *p)
{
    struct statx stx;
    struct stat st;

    if (statx(p->fuse_root, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO,
              &stx)) {
        return -errno;
    }
    p->fuse_dev = makedev(stx.stx_dev_major, stx.stx_dev_minor);
    if (stat("/dev", &st)) {
        return -errno;
    }
    p->dev_dev = st.st_dev;
    p->dev_ino = st.st_ino;
    return 0;
}

/* ------------------------------------------------------------ what is ours */

static bool below(const char *path, const char *folder)
{
    size_t len = strlen(folder);

    return !strncmp(path, folder, len) && (!path[len] || path[len] == '/');
}

/* "/dev/i2c-N" with nothing before, between or behind; -1 for others. */
static int64_t node_number(const char *path)
{
    return strncmp(path, "/dev/", 5) ? -1 : redirect_node_bus(path + 5);
}

/* The same of "/dev/gpiochipM" of one of ours. */
static int64_t chip_number(const struct places *p, const char *path)
{
    int64_t n = strncmp(path, "/dev/", 5) ? -1 : redirect_node_chip(path + 5);

    return n >= 0 && redirect_places_has_chip(p, (uint32_t)n) ? n : -1;
}

static bool is_node(const struct places *p, const char *path)
{
    int64_t n = node_number(path);

    return (n >= 0 && redirect_places_has_bus(p, (uint32_t)n)) ||
           chip_number(p, path) >= 0;
}

/* "/sys/dev/char/254:M", and what is below, of a chip of ours. */
static bool in_tree_by_number(const struct places *p, const char *path)
{
    unsigned from_major, minor;
    int n = 0;

    return sscanf(path, CHAR_DEVICES "/%9u:%9u%n", &from_major, &minor, &n) ==
               2 &&
           n && (!path[n] || path[n] == '/') && from_major == p->gpio_major &&
           redirect_places_has_chip(p, minor);
}

static bool in_tree(const struct places *p, const char *path)
{
    return below(path, "/sys/class/i2c-dev") ||
           below(path, "/sys/class/i2c-adapter") ||
           below(path, "/sys/bus/i2c") ||
           (p->n_chips &&
            (below(path, "/sys/bus/gpio") || below(path, "/sys/class/gpio") ||
             in_tree_by_number(p, path)));
}

/* A path without links, dots and doubled slashes. */
static void classify(const struct places *p, const char *path,
                     struct place *out)
{
    int64_t n = node_number(path), chip = chip_number(p, path);

    out->kind = PLACE_ELSEWHERE;
    if (n >= 0) {
        out->number = (uint32_t)n;
        out->kind = redirect_places_has_bus(p, out->number) ? PLACE_NODE
                                                            : PLACE_OTHER_BUS;
    } else if (chip >= 0) {
        out->number = (uint32_t)chip;
        out->kind = PLACE_CHIP;
    } else if (!strcmp(path, "/dev")) {
        out->kind = PLACE_DEV;
    } else if (in_tree(p, path)) {
        out->kind = PLACE_SYS;
        g_strlcpy(out->path, path + 1, sizeof(out->path));
    }
}

static void by_number(const struct places *p, const struct stat *st,
                      struct place *out)
{
    out->kind = PLACE_ELSEWHERE;
    if (S_ISCHR(st->st_mode) && major(st->st_rdev) == I2C_MAJOR) {
        out->number = minor(st->st_rdev);
        out->kind = redirect_places_has_bus(p, out->number) ? PLACE_NODE
                                                            : PLACE_OTHER_BUS;
    } else if (p->n_chips && S_ISCHR(st->st_mode) &&
               major(st->st_rdev) == p->gpio_major &&
               redirect_places_has_chip(p, minor(st->st_rdev))) {
        out->number = minor(st->st_rdev);
        out->kind = PLACE_CHIP;
    } else if (S_ISDIR(st->st_mode) && st->st_dev == p->dev_dev &&
               st->st_ino == p->dev_ino) {
        out->kind = PLACE_DEV;
    }
}

void redirect_places_find_open(const struct places *p, pid_t tid, int fd,
                               struct place *out)
{
    struct statx st;
    char path[64];

    out->kind = PLACE_ELSEWHERE;
    if (!p->has_nodes && !p->has_dev) {
        return;
    }
    if (fd == AT_FDCWD) {
        snprintf(path, sizeof(path), "/proc/%d/cwd", tid);
    } else {
        snprintf(path, sizeof(path), "/proc/%d/fd/%d", tid, fd);
    }
    /* not asked of the file's server, who may be stopped */
    if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_INO,
              &st) ||
        makedev(st.stx_dev_major, st.stx_dev_minor) != p->fuse_dev) {
        return;
    }
    if (st.stx_ino == FUSE_SERVER_INO_DEV) {
        out->kind = PLACE_DEV;
    } else if (st.stx_ino >= FUSE_SERVER_INO_LINES) {
        /* nothing is there in its place */
    } else if (st.stx_ino >= FUSE_SERVER_INO_CHIP) {
        out->kind = PLACE_CHIP;
        out->number = (uint32_t)(st.stx_ino - FUSE_SERVER_INO_CHIP);
    } else if (st.stx_ino >= FUSE_SERVER_INO_NODE) {
        out->kind = PLACE_NODE;
        out->number = (uint32_t)(st.stx_ino - FUSE_SERVER_INO_NODE);
    }
}

/* -------------------------------------------------------------------- walk */

struct walk {
    const struct places *places;
    pid_t tid;
    char now[PATH_MAX];      /* "" is the root */
    char left[2 * PATH_MAX]; /* still to go */
    char next[2 * PATH_MAX];
};

/* The text of a link, 0 for what is none, or -errno. */
static ssize_t read_link(struct walk *w, const char *path, char *to,
                         size_t size)
{
    char at[PATH_MAX + 32];
    ssize_t n;

    if (in_tree(w->places, path)) {
        n = readlinkat(w->places->tree, path + 1, to, size - 1);
    } else {
        snprintf(at, sizeof(at), "/proc/%d/root%s", w->tid, path);
        n = readlink(at, to, size - 1);
    }
    if (n < 0) {
        return errno == EINVAL ? 0 : -errno;
    }
    to[n] = 0;
    return n;
}

static void go_up(char *path)
{
    char *slash = strrchr(path, '/');

    if (slash) {
        *slash = 0;
    }
}

/* The next name of what is left, and whether more follow. */
static size_t take_name(struct walk *w, char *name, size_t size, bool *last,
                        bool *folder)
{
    char *begin = w->left + strspn(w->left, "/");
    size_t len = strcspn(begin, "/");
    char *rest = begin + len;

    *folder = *rest == '/';
    rest += strspn(rest, "/");
    *last = !*rest;
    if (len >= size) {
        return size;
    }
    memcpy(name, begin, len);
    name[len] = 0;
    memmove(w->left, rest, strlen(rest) + 1);
    return len;
}

static int follow_link(struct walk *w, const char *target, bool folder)
{
    if (snprintf(w->next, sizeof(w->next), "%s%s%s", target, folder ? "/" : "",
                 w->left) >= (int)sizeof(w->next)) {
        return -ENAMETOOLONG;
    }
    strcpy(w->left, w->next);
    if (*target == '/') {
        w->now[0] = 0;
    }
    return 0;
}

/* Whether it is at "/proc/self" or another name of the task's own folder, with
 * `name` behind. */
static bool is_at_own(const struct walk *w, const char *name)
{
    const char *end = w->now + strlen(w->now) - strlen(name);
    char number[32];
    size_t len;

    if (end < w->now || strcmp(end, name)) {
        return false;
    }
    len = (size_t)(end - w->now);
    snprintf(number, sizeof(number), "/proc/%d", w->tid);
    return (len == strlen("/proc/self") && below(w->now, "/proc/self")) ||
           (len == strlen("/proc/thread-self") &&
            below(w->now, "/proc/thread-self")) ||
           (len == strlen(number) && below(w->now, number));
}

/* What lies in /proc says other things to us than to the task, but for its
 * root: -1, the kernel knows better; 1: go on with the next name. */
static int step_in_proc(struct walk *w, bool last, bool follow)
{
    if (is_at_own(w, "/root") && (follow || !last)) {
        w->now[0] = 0;
        return 1;
    }
    return !last && (!strcmp(w->now, "/proc") || is_at_own(w, "")) ? 1 : -1;
}

/* "." and "..". */
static bool go_by_dots(struct walk *w, const char *name)
{
    if (!strcmp(name, "..")) {
        go_up(w->now);
        return true;
    }
    return !strcmp(name, ".");
}

static int go_down(struct walk *w, const char *name, size_t len)
{
    size_t at = strlen(w->now);

    if (len > NAME_MAX || at + 1 + len >= sizeof(w->now)) {
        return -ENAMETOOLONG;
    }
    w->now[at] = '/';
    memcpy(w->now + at + 1, name, len + 1);
    return 0;
}

/* From w->now along w->left. 0: it is in w->now; 1: the kernel knows better. */
static int walk(struct walk *w, bool follow)
{
    char name[NAME_MAX + 1], target[PATH_MAX];
    unsigned links = 0;
    bool last, folder;
    size_t len, at;
    ssize_t n;

    while (w->left[strspn(w->left, "/")]) {
        len = take_name(w, name, sizeof(name), &last, &folder);
        if (len <= NAME_MAX && go_by_dots(w, name)) {
            continue;
        }
        at = strlen(w->now);
        if (go_down(w, name, len)) {
            return -ENAMETOOLONG;
        }
        if (below(w->now, "/proc")) {
            if (step_in_proc(w, last, follow) < 0) {
                return 1;
            }
            continue;
        }
        if (is_node(w->places, w->now)) {
            return last && !folder ? 0 : -ENOTDIR;
        }
        if (last && !follow && !folder) {
            return 0;
        }
        n = read_link(w, w->now, target, sizeof(target));
        if (n < 0 && !last) {
            return in_tree(w->places, w->now) ? (int)n : 1;
        }
        if (n > 0 && !strcmp(target, w->now)) {
            return 1; /* in our tree: the real one, or that of a run around */
        }
        if (n > 0) {
            w->now[at] = 0;
            if (++links > LINKS_MAX) {
                return -ELOOP;
            }
            n = follow_link(w, target, folder);
            if (n < 0) {
                return (int)n;
            }
        }
    }
    return 0;
}

/* Where a relative path begins, seen from the task's root. */
static int begin_at(struct walk *w, int folder)
{
    char link[64], root[PATH_MAX];
    struct place place;
    size_t len;
    ssize_t n;

    redirect_places_find_open(w->places, w->tid, folder, &place);
    if (place.kind == PLACE_DEV) {
        strcpy(w->now, "/dev");
        return PLACE_BELOW_DEV;
    }
    if (folder == AT_FDCWD) {
        snprintf(link, sizeof(link), "/proc/%d/cwd", w->tid);
    } else {
        snprintf(link, sizeof(link), "/proc/%d/fd/%d", w->tid, folder);
    }
    n = readlink(link, w->now, sizeof(w->now) - 1);
    w->now[n < 0 ? 0 : n] = 0;
    len = strlen(w->places->tree_path);
    if (n > 0 && below(w->now, w->places->tree_path)) {
        memmove(w->now, w->now + len, strlen(w->now + len) + 1);
        return PLACE_SYS;
    }
    snprintf(link, sizeof(link), "/proc/%d/root", w->tid);
    n = readlink(link, root, sizeof(root) - 1);
    if (n > 1) {
        root[n] = 0;
        if (below(w->now, root)) {
            memmove(w->now, w->now + n, strlen(w->now + n) + 1);
        }
    }
    if (!strcmp(w->now, "/")) {
        w->now[0] = 0;
    }
    return 0;
}

static int walk_to(const struct places *p, pid_t tid, int folder,
                   const char *path, bool follow, struct place *out)
{
    struct walk w = {.places = p, .tid = tid};
    int begun = *path == '/' ? 0 : begin_at(&w, folder), ret;

    out->kind = PLACE_ELSEWHERE;
    snprintf(w.left, sizeof(w.left), "%s", path);
    ret = walk(&w, follow);
    if (ret) {
        return ret < 0 ? ret : 0;
    }
    classify(p, w.now, out);
    if (out->kind == PLACE_ELSEWHERE && begun == PLACE_BELOW_DEV) {
        out->kind = PLACE_BELOW_DEV;
        g_strlcpy(out->path, *w.now ? w.now : "/", sizeof(out->path));
    }
    return 0;
}

/* ----------------------------------------------------------------- decision */

/* As the kernel finds it from the task's own folders. */
static int path_through_proc(const struct places *p, char *to, size_t size,
                             pid_t tid, int folder, const char *path)
{
    int n;

    if (*path == '/' && !p->other_roots) {
        n = snprintf(to, size, "%s", path);
    } else if (*path == '/') {
        n = snprintf(to, size, "/proc/%d/root%s", tid, path);
    } else if (folder == AT_FDCWD) {
        n = snprintf(to, size, "/proc/%d/cwd/%s", tid, path);
    } else {
        n = snprintf(to, size, "/proc/%d/fd/%d/%s", tid, folder, path);
    }
    return n < (int)size ? 0 : -ENAMETOOLONG;
}

/* Whether a path may be one of ours by what it is called. */
static bool says_so(const struct places *p, const char *path)
{
    return strstr(path, "i2c") ||
           (p->n_chips && (strstr(path, "gpio") || strstr(path, "dev/char/")));
}

int redirect_places_find(const struct places *p, pid_t tid, int folder,
                         const char *path, unsigned how, struct place *out)
{
    char at[PATH_MAX + 64], link[2];
    bool follow = how & PLACES_FOLLOW;
    struct stat st;
    int ret = 0;

    out->kind = PLACE_ELSEWHERE;
    if (says_so(p, path)) {
        ret = walk_to(p, tid, folder, path, follow, out);
        if (ret || out->kind != PLACE_ELSEWHERE) {
            return ret;
        }
    } else if (p->has_dev && *path != '/') {
        redirect_places_find_open(p, tid, folder, out);
        if (out->kind == PLACE_DEV) {
            return walk_to(p, tid, folder, path, follow, out);
        }
        out->kind = PLACE_ELSEWHERE;
    }
    if (!follow || !(how & PLACES_NUMBER) ||
        path_through_proc(p, at, sizeof(at), tid, folder, path)) {
        return 0;
    }
    if (!fstatat(AT_FDCWD, at, &st, AT_NO_AUTOMOUNT)) {
        by_number(p, &st, out);
        return 0;
    }
    /* a link to what the kernel has not, and we may have */
    return readlink(at, link, sizeof(link)) > 0
               ? walk_to(p, tid, folder, path, follow, out)
               : 0;
}
