/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls that take a path: opening the nodes of redirected buses, and looking at
 * what /sys and /dev say of them, which is a tree of the owner's. Each function
 * exists in the variants that programs of 32 and 64 bits, built with and
 * without _FILE_OFFSET_BITS=64 and _FORTIFY_SOURCE, import.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "preload/shim.h"

#define I2C_MAJOR 89

/* -------------------------------------------------------------------- open */

typedef int (*openat_fn)(int, const char *, int, ...);

static int shim_openat(openat_fn next, int dir, const char *path, int flags,
                       mode_t mode)
{
    int bus = shim_path_bus(dir, path), fd, saved;
    char buf[PATH_MAX];

    if (flags & O_PATH) {
        return next(dir, shim_path_map(dir, path, buf, sizeof(buf)), flags,
                    mode);
    }
    if (bus < 0 && flags & O_CREAT) { /* it would make the node a file */
        bus = shim_path_behind(dir, path, -1);
    }
    if (bus >= 0) {
        return shim_file_open((unsigned)bus, flags);
    }
    fd = next(dir, shim_path_map(dir, path, buf, sizeof(buf)), flags, mode);
    saved = errno;
    if (fd < 0 && saved == ELOOP && flags & O_NOFOLLOW) {
        return fd;
    }
    bus = shim_path_behind(dir, path, fd);
    errno = saved;
    if (bus < 0) {
        return fd;
    }
    if (fd >= 0) {
        shim_real_close(fd);
    }
    return shim_file_open((unsigned)bus, flags);
}

static int shim_open(openat_fn next, const char *path, int flags, mode_t mode)
{
    return shim_openat(next, AT_FDCWD, path, flags, mode);
}

static bool has_mode(int flags)
{
    return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE;
}

#define TAKE_MODE(last, flags)               \
    mode_t mode = 0;                         \
    if (has_mode(flags)) {                   \
        va_list ap;                          \
        va_start(ap, last);                  \
        mode = (mode_t)va_arg(ap, unsigned); \
        va_end(ap);                          \
    }

/* Each asks openat(), which all of them are by now. */
#define OPEN(name, at)                                             \
    SHIM_EXPORT int name(const char *path, int flags, ...);        \
    SHIM_EXPORT int name(const char *path, int flags, ...)         \
    {                                                              \
        TAKE_MODE(flags, flags)                                    \
        return shim_open(NEXT(openat_fn, #at), path, flags, mode); \
    }
OPEN(open, openat)
OPEN(open64, openat64)

#define OPEN_2(name, at)                                        \
    SHIM_EXPORT int name(const char *path, int flags);          \
    SHIM_EXPORT int name(const char *path, int flags)           \
    {                                                           \
        return shim_open(NEXT(openat_fn, #at), path, flags, 0); \
    }
OPEN_2(__open_2, openat)
OPEN_2(__open64_2, openat64)

#define CREAT(name, at)                                       \
    SHIM_EXPORT int name(const char *path, mode_t mode)       \
    {                                                         \
        return shim_open(NEXT(openat_fn, #at), path,          \
                         O_CREAT | O_WRONLY | O_TRUNC, mode); \
    }
CREAT(creat, openat)
CREAT(creat64, openat64)

#define OPENAT(name)                                                        \
    SHIM_EXPORT int name(int dir, const char *path, int flags, ...);        \
    SHIM_EXPORT int name(int dir, const char *path, int flags, ...)         \
    {                                                                       \
        TAKE_MODE(flags, flags)                                             \
        return shim_openat(NEXT(openat_fn, #name), dir, path, flags, mode); \
    }
OPENAT(openat)
OPENAT(openat64)

#define OPENAT_2(name, at)                                             \
    SHIM_EXPORT int name(int dir, const char *path, int flags);        \
    SHIM_EXPORT int name(int dir, const char *path, int flags)         \
    {                                                                  \
        return shim_openat(NEXT(openat_fn, #at), dir, path, flags, 0); \
    }
OPENAT_2(__openat_2, openat)
OPENAT_2(__openat64_2, openat64)

/* The node stays away where PROGRAM asks for it by other means: a child of
 * posix_spawn() opens by itself. */
SHIM_EXPORT int posix_spawn_file_actions_addopen(
    posix_spawn_file_actions_t *actions, int fd, const char *path, int flags,
    mode_t mode)
{
    typedef int (*fn)(posix_spawn_file_actions_t *, int, const char *, int,
                      mode_t);
    int bus = shim_path_bus(AT_FDCWD, path), opened;

    if (bus < 0) {
        return NEXT(fn, "posix_spawn_file_actions_addopen")(actions, fd, path,
                                                            flags, mode);
    }
    /* it stays open here until PROGRAM ends: nobody says when the child is */
    opened = shim_file_open((unsigned)bus, flags | O_CLOEXEC);
    return opened < 0 ? errno
                      : posix_spawn_file_actions_adddup2(actions, opened, fd);
}

/* ------------------------------------------------- calls with only a path */

/* TYPE NAME(PATH, rest): the same with the path mapped. */
#define MAPPED_AT(FOLDER, type, name, parameters, arguments)                \
    SHIM_EXPORT type name parameters;                                       \
    SHIM_EXPORT type name parameters                                        \
    {                                                                       \
        char buf[PATH_MAX];                                                 \
        const char *mapped = shim_path_map(FOLDER, path, buf, sizeof(buf)); \
                                                                            \
        return NEXT(type(*) parameters, #name) arguments;                   \
    }

#define MAPPED(type, name, parameters, arguments) \
    MAPPED_AT(AT_FDCWD, type, name, parameters, arguments)

MAPPED(int, access, (const char *path, int mode), (mapped, mode))
MAPPED(int, eaccess, (const char *path, int mode), (mapped, mode))
MAPPED(int, euidaccess, (const char *path, int mode), (mapped, mode))
MAPPED_AT(dir, int, faccessat, (int dir, const char *path, int mode, int flags),
          (dir, mapped, mode, flags))
MAPPED(ssize_t, readlink, (const char *path, char *to, size_t size),
       (mapped, to, size))
MAPPED(ssize_t, __readlink_chk,
       (const char *path, char *to, size_t size, size_t room),
       (mapped, to, size, room))
MAPPED_AT(dir, ssize_t, readlinkat,
          (int dir, const char *path, char *to, size_t size),
          (dir, mapped, to, size))
MAPPED(ssize_t, getxattr,
       (const char *path, const char *name, void *value, size_t size),
       (mapped, name, value, size))
MAPPED(ssize_t, lgetxattr,
       (const char *path, const char *name, void *value, size_t size),
       (mapped, name, value, size))
MAPPED(ssize_t, listxattr, (const char *path, char *list, size_t size),
       (mapped, list, size))
MAPPED(ssize_t, llistxattr, (const char *path, char *list, size_t size),
       (mapped, list, size))
MAPPED(int, chdir, (const char *path), (mapped))

static char *path_copy(const char *path)
{
    char *copy = NULL;

    return asprintf(&copy, "%s", path) < 0 ? NULL : copy;
}

/* A device node is its own real path, and nothing leads into the tree. */
#define REALPATH(name, parameters, arguments)                                 \
    SHIM_EXPORT char *name parameters;                                        \
    SHIM_EXPORT char *name parameters                                         \
    {                                                                         \
        char buf[PATH_MAX], *real;                                            \
        const char *mapped = shim_path_map(AT_FDCWD, path, buf, sizeof(buf)); \
        int bus = shim_path_bus(AT_FDCWD, path);                              \
                                                                              \
        if (bus >= 0) {                                                       \
            snprintf(buf, sizeof(buf), "/dev/i2c-%d", bus);                   \
            if (!to) {                                                        \
                return path_copy(buf);                                        \
            }                                                                 \
            snprintf(to, PATH_MAX, "%s", buf);                                \
            return to;                                                        \
        }                                                                     \
        real = NEXT(char *(*)parameters, #name) arguments;                    \
        if (real && mapped != path) {                                         \
            shim_path_unmap(real);                                            \
        }                                                                     \
        return real;                                                          \
    }

REALPATH(realpath, (const char *path, char *to), (mapped, to))
REALPATH(__realpath_chk, (const char *path, char *to, size_t room),
         (mapped, to, room))
SHIM_EXPORT char *canonicalize_file_name(const char *path)
{
    return realpath(path, NULL);
}

/* -------------------------------------------------------------------- stat */

/* What the tree has for a node is a plain file: show a character device. */
#define AS_NODE(st, bus)                                     \
    do {                                                     \
        (st)->st_mode = S_IFCHR | 0660;                      \
        (st)->st_rdev = makedev(I2C_MAJOR, (unsigned)(bus)); \
        (st)->st_size = 0;                                   \
    } while (0)

#define STAT_AT(FOLDER, name, type, parameters, arguments)                  \
    SHIM_EXPORT int name parameters;                                        \
    SHIM_EXPORT int name parameters                                         \
    {                                                                       \
        char buf[PATH_MAX];                                                 \
        const char *mapped = shim_path_map(FOLDER, path, buf, sizeof(buf)); \
        int bus = shim_path_bus(FOLDER, path);                              \
        int ret = NEXT(int(*) parameters, #name) arguments;                 \
                                                                            \
        if (!ret && bus >= 0) {                                             \
            AS_NODE(st, bus);                                               \
        }                                                                   \
        return ret;                                                         \
    }

#define STAT(name, type, parameters, arguments) \
    STAT_AT(AT_FDCWD, name, type, parameters, arguments)

STAT(stat, stat, (const char *path, struct stat *st), (mapped, st))
STAT(lstat, stat, (const char *path, struct stat *st), (mapped, st))
STAT(stat64, stat64, (const char *path, struct stat64 *st), (mapped, st))
STAT(lstat64, stat64, (const char *path, struct stat64 *st), (mapped, st))
STAT_AT(dir, fstatat, stat,
        (int dir, const char *path, struct stat *st, int flags),
        (dir, mapped, st, flags))
STAT_AT(dir, fstatat64, stat64,
        (int dir, const char *path, struct stat64 *st, int flags),
        (dir, mapped, st, flags))
/* as programs built before glibc 2.33 call them */
STAT(__xstat, stat, (int version, const char *path, struct stat *st),
     (version, mapped, st))
STAT(__lxstat, stat, (int version, const char *path, struct stat *st),
     (version, mapped, st))
STAT(__xstat64, stat64, (int version, const char *path, struct stat64 *st),
     (version, mapped, st))
STAT(__lxstat64, stat64, (int version, const char *path, struct stat64 *st),
     (version, mapped, st))
STAT_AT(dir, __fxstatat, stat,
        (int version, int dir, const char *path, struct stat *st, int flags),
        (version, dir, mapped, st, flags))
STAT_AT(dir, __fxstatat64, stat64,
        (int version, int dir, const char *path, struct stat64 *st, int flags),
        (version, dir, mapped, st, flags))

static void as_node(struct statx *st, unsigned bus)
{
    st->stx_mode = S_IFCHR | 0660;
    st->stx_rdev_major = I2C_MAJOR;
    st->stx_rdev_minor = bus;
    st->stx_size = 0;
}

SHIM_EXPORT int statx(int dir, const char *path, int flags, unsigned mask,
                      struct statx *st)
{
    typedef int (*fn)(int, const char *, int, unsigned, struct statx *);
    char buf[PATH_MAX];
    int bus = shim_path_bus(dir, path);
    int ret = NEXT(fn, "statx")(dir, shim_path_map(dir, path, buf, sizeof(buf)),
                                flags, mask, st);
    struct preload_token token;

    if (!ret && bus >= 0) {
        as_node(st, (unsigned)bus);
    } else if (!ret && !*path && S_ISSOCK(st->stx_mode) &&
               shim_file_token(dir, &token)) {
        as_node(st, token.bus);
    }
    return ret;
}

#define FSTAT(name, parameters, arguments)                                  \
    SHIM_EXPORT int name parameters;                                        \
    SHIM_EXPORT int name parameters                                         \
    {                                                                       \
        struct preload_token token;                                         \
        int ret = NEXT(int(*) parameters, #name) arguments;                 \
                                                                            \
        if (!ret && S_ISSOCK(st->st_mode) && shim_file_token(fd, &token)) { \
            AS_NODE(st, token.bus);                                         \
        }                                                                   \
        return ret;                                                         \
    }

FSTAT(fstat, (int fd, struct stat *st), (fd, st))
FSTAT(fstat64, (int fd, struct stat64 *st), (fd, st))
FSTAT(__fxstat, (int version, int fd, struct stat *st), (version, fd, st))
FSTAT(__fxstat64, (int version, int fd, struct stat64 *st), (version, fd, st))
