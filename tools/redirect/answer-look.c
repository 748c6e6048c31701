/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls that look at a path or an open file: our nodes are shown as the
 * character devices they stand for. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <stddef.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "redirect/fuse-server.h"
#include "redirect/keeper-private.h"
#include "redirect/memory.h"

#define I2C_MAJOR 89

/* A call that looks, whatever its name. */
struct look {
    int folder;
    unsigned path, to; /* numbers of arguments */
    int flags;         /* AT_ */
    bool open;         /* an open file, not a path */
};

static struct answer value(int64_t v)
{
    return (struct answer){.kind = ANSWER_VALUE, .value = v};
}

static const struct answer go_on = {.kind = ANSWER_CONTINUE};

static bool is_device(const struct place *place)
{
    return place->kind == PLACE_NODE || place->kind == PLACE_CHIP;
}

/* -------------------------------------------------------------------- stat */

static void node_stat(struct keeper *k, const struct place *place,
                      struct stat *st)
{
    bool chip = place->kind == PLACE_CHIP;

    *st = k->began;
    st->st_dev = k->dev.st_dev;
    st->st_ino = (ino_t)(chip ? FUSE_SERVER_INO_CHIP : FUSE_SERVER_INO_NODE) +
                 place->number;
    st->st_mode = S_IFCHR | 0660;
    st->st_nlink = 1;
    st->st_uid = geteuid();
    st->st_gid = getegid();
    st->st_rdev =
        makedev(chip ? k->places.gpio_major : I2C_MAJOR, place->number);
    st->st_size = 0;
    st->st_blocks = 0;
    st->st_blksize = 4096;
}

static int stat_place(struct keeper *k, const struct place *place, bool follow,
                      struct stat *st)
{
    switch (place->kind) {
    case PLACE_NODE:
    case PLACE_CHIP:
        node_stat(k, place, st);
        return 0;
    case PLACE_DEV:
        *st = k->dev;
        return 0;
    case PLACE_SYS:
        return fstatat(k->places.tree, place->path, st, AT_SYMLINK_NOFOLLOW)
                   ? -errno
                   : 0;
    default:
        return fstatat(AT_FDCWD, place->path, st,
                       follow ? 0 : AT_SYMLINK_NOFOLLOW)
                   ? -errno
                   : 0;
    }
}

/* What stat64 of arch/x86/include/uapi/asm/stat.h is to programs of 32 bits. */
struct stat32 {
    uint64_t dev;
    uint32_t pad0, ino32, mode, nlink, uid, gid;
    uint64_t rdev;
    uint32_t pad3;
    uint64_t size;
    uint32_t blksize;
    uint64_t blocks;
    uint32_t atime, atime_ns, mtime, mtime_ns, ctime, ctime_ns;
    uint64_t ino;
} __attribute__((packed));

static int give_stat(const struct seccomp_notif *q, uint64_t to,
                     const struct stat *st)
{
    struct stat32 s = {
        .dev = st->st_dev,
        .ino32 = (uint32_t)st->st_ino,
        .mode = st->st_mode,
        .nlink = (uint32_t)st->st_nlink,
        .uid = st->st_uid,
        .gid = st->st_gid,
        .rdev = st->st_rdev,
        .size = (uint64_t)st->st_size,
        .blksize = (uint32_t)st->st_blksize,
        .blocks = (uint64_t)st->st_blocks,
        .atime = (uint32_t)st->st_atim.tv_sec,
        .atime_ns = (uint32_t)st->st_atim.tv_nsec,
        .mtime = (uint32_t)st->st_mtim.tv_sec,
        .mtime_ns = (uint32_t)st->st_mtim.tv_nsec,
        .ctime = (uint32_t)st->st_ctim.tv_sec,
        .ctime_ns = (uint32_t)st->st_ctim.tv_nsec,
        .ino = st->st_ino,
    };

    /* libc's struct stat is the kernel's where long has 64 bits */
    return q->data.arch == AUDIT_ARCH_I386
               ? redirect_memory_write((pid_t)q->pid, to, &s, sizeof(s))
               : redirect_memory_write((pid_t)q->pid, to, st, sizeof(*st));
}

static struct statx_timestamp statx_time(const struct timespec *t)
{
    return (struct statx_timestamp){.tv_sec = t->tv_sec,
                                    .tv_nsec = (uint32_t)t->tv_nsec};
}

static int give_statx(const struct seccomp_notif *q, uint64_t to,
                      const struct stat *st)
{
    struct statx s = {
        .stx_mask = STATX_BASIC_STATS,
        .stx_blksize = (uint32_t)st->st_blksize,
        .stx_nlink = (uint32_t)st->st_nlink,
        .stx_uid = st->st_uid,
        .stx_gid = st->st_gid,
        .stx_mode = (uint16_t)st->st_mode,
        .stx_ino = st->st_ino,
        .stx_size = (uint64_t)st->st_size,
        .stx_blocks = (uint64_t)st->st_blocks,
        .stx_atime = statx_time(&st->st_atim),
        .stx_ctime = statx_time(&st->st_ctim),
        .stx_mtime = statx_time(&st->st_mtim),
        .stx_rdev_major = major(st->st_rdev),
        .stx_rdev_minor = minor(st->st_rdev),
        .stx_dev_major = major(st->st_dev),
        .stx_dev_minor = minor(st->st_dev),
    };

    return redirect_memory_write((pid_t)q->pid, to, &s, sizeof(s));
}

static struct answer look_stat(struct keeper *k, const struct seccomp_notif *q,
                               enum trapped_kind kind, const struct look *l,
                               const struct place *place)
{
    uint64_t to = q->data.args[l->to];
    struct stat st;
    int ret = stat_place(k, place, !(l->flags & AT_SYMLINK_NOFOLLOW), &st);

    if (!ret && redirect_keeper_waits(k, q)) {
        ret = kind == TRAPPED_STATX ? give_statx(q, to, &st)
                                    : give_stat(q, to, &st);
    }
    return value(ret);
}

/* ------------------------------------------------------------------ others */

static struct answer look_link(struct keeper *k, const struct seccomp_notif *q,
                               const struct look *l, const struct place *place)
{
    size_t size = (size_t)q->data.args[l->to + 1];
    char text[PATH_MAX];
    ssize_t n;
    int ret;

    if (is_device(place) || place->kind == PLACE_DEV) {
        return value(-EINVAL);
    }
    n = place->kind == PLACE_SYS
            ? readlinkat(k->places.tree, place->path, text, sizeof(text))
            : readlink(place->path, text, sizeof(text));
    if (n < 0) {
        return value(-errno);
    }
    n = (size_t)n < size ? n : (ssize_t)size;
    ret = redirect_keeper_waits(k, q)
              ? redirect_memory_write((pid_t)q->pid, q->data.args[l->to], text,
                                      (size_t)n)
              : 0;
    return value(ret ? ret : n);
}

static struct answer look_access(struct keeper *k,
                                 const struct seccomp_notif *q,
                                 const struct look *l,
                                 const struct place *place)
{
    int mode = (int)q->data.args[l->to], ret;

    if (is_device(place)) {
        return value(mode & X_OK ? -EACCES : 0);
    }
    if (place->kind == PLACE_SYS && mode & W_OK) {
        return value(-EACCES);
    }
    ret = place->kind == PLACE_SYS
              ? faccessat(k->places.tree, place->path, mode, 0)
              : faccessat(AT_FDCWD,
                          place->kind == PLACE_DEV ? "/dev" : place->path, mode,
                          0);
    return value(ret ? -errno : 0);
}

static struct look what(const struct seccomp_notif *q, enum trapped_kind kind)
{
    const uint64_t *a = (const uint64_t *)q->data.args;

    switch (kind) {
    case TRAPPED_LSTAT:
    case TRAPPED_READLINK:
    case TRAPPED_LXATTR:
        return (struct look){AT_FDCWD, 0, 1, AT_SYMLINK_NOFOLLOW, false};
    case TRAPPED_FSTAT:
        return (struct look){(int)a[0], 0, 1, 0, true};
    case TRAPPED_FSTATAT:
        return (struct look){(int)a[0], 1, 2, (int)a[3], false};
    case TRAPPED_STATX:
        return (struct look){(int)a[0], 1, 4, (int)a[2], false};
    case TRAPPED_FACCESSAT:
        return (struct look){(int)a[0], 1, 2, 0, false};
    case TRAPPED_FACCESSAT2:
        return (struct look){(int)a[0], 1, 2, (int)a[3], false};
    case TRAPPED_READLINKAT:
        return (struct look){(int)a[0], 1, 2, AT_SYMLINK_NOFOLLOW, false};
    default: /* STAT, ACCESS, XATTR */
        return (struct look){AT_FDCWD, 0, 1, 0, false};
    }
}

/* 0: `place` says where it is; 1: the kernel's own work; or -errno. */
static int find(struct keeper *k, const struct seccomp_notif *q,
                const struct look *l, struct place *place)
{
    char path[PATH_MAX];
    int ret;

    if (!l->open) {
        /* "" is the descriptor itself; libc's fstat() is such a call */
        if (l->flags & AT_EMPTY_PATH && !k->places.has_nodes &&
            !k->places.has_dev) {
            return 1;
        }
        if (redirect_keeper_read_path(k, q, l->path, path)) {
            return 1;
        }
        if (*path) {
            ret = redirect_places_find(
                &k->places, (pid_t)q->pid, l->folder, path,
                l->flags & AT_SYMLINK_NOFOLLOW ? 0 : PLACES_FOLLOW, place);
            return ret ? ret
                   : place->kind == PLACE_ELSEWHERE ||
                           place->kind == PLACE_OTHER_BUS ||
                           place->kind == PLACE_DEV
                       ? 1
                       : 0;
        }
    }
    redirect_places_find_open(&k->places, (pid_t)q->pid, l->folder, place);
    return place->kind == PLACE_ELSEWHERE;
}

struct answer redirect_answer_look(struct keeper *k,
                                   const struct seccomp_notif *q,
                                   enum trapped_kind kind)
{
    struct look l = what(q, kind);
    struct place place = {.kind = PLACE_ELSEWHERE};
    int ret;

    if (sizeof(long) < 8) {
        return go_on; /* struct stat is not one of the kernel's there */
    }
    ret = find(k, q, &l, &place);
    if (ret) {
        return ret > 0 ? go_on : value(ret);
    }
    switch (kind) {
    case TRAPPED_READLINK:
    case TRAPPED_READLINKAT:
        return look_link(k, q, &l, &place);
    case TRAPPED_ACCESS:
    case TRAPPED_FACCESSAT:
    case TRAPPED_FACCESSAT2:
        return look_access(k, q, &l, &place);
    case TRAPPED_XATTR:
    case TRAPPED_LXATTR:
        return place.kind == PLACE_BELOW_DEV ? go_on : value(-EOPNOTSUPP);
    default:
        return look_stat(k, q, kind, &l, &place);
    }
}
