/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that are written beside their place and take it when they are done. */
#include "core/out-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAMES_MAX 100 /* tries for a name that nobody has */

/*
 * Where it is written:
 *   DIRECT  a FIFO, a device, the standard output
 *   BESIDE  in the folder of `real`, without a name, or under `name` where the
 *           file system cannot do that
 *   APART   elsewhere, where that folder takes no new file
 *   PUBLIC  at its place
 * publish: BESIDE and APART -> PUBLIC
 */
enum place { PLACE_DIRECT, PLACE_BESIDE, PLACE_APART, PLACE_PUBLIC };

struct out_file {
    _Atomic enum place place; /* i2cpt_out_file_is() asks from any thread */
    int fd;
    char *real; /* where it goes, past all links; NULL: DIRECT */
    char *name;
    bool existed; /* a file stood there at first; it was this one: */
    struct stat was;
};

/* ---------------------------------------------------------------- identity */

static bool is_one(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool i2cpt_out_file_same(const char *in, const char *out)
{
    struct stat a, b;

    if ((strcmp(in, "-") ? stat(in, &a) : fstat(STDIN_FILENO, &a)) ||
        (strcmp(out, "-") ? stat(out, &b) : fstat(STDOUT_FILENO, &b))) {
        return false;
    }
    return (S_ISREG(a.st_mode) || S_ISFIFO(a.st_mode)) && is_one(&a, &b);
}

void i2cpt_out_file_unlink(const char *path, dev_t dev, ino_t ino)
{
    struct stat st;

    if (!lstat(path, &st) && st.st_dev == dev && st.st_ino == ino) {
        unlink(path);
    }
}

/* A path in the folder of `path`, or an absolute one. */
static char *beside(const char *path, const char *name)
{
    g_autofree char *folder = g_path_get_dirname(path);

    return g_path_is_absolute(name) ? g_strdup(name)
                                    : g_build_filename(folder, name, NULL);
}

/* `path` past all links; the file itself need not be there. NULL and errno. */
static char *resolve(const char *path)
{
    g_autofree char *target = NULL, *next = NULL, *folder = NULL, *base = NULL;
    char *real = realpath(path, NULL), *there;

    if (real || errno != ENOENT) {
        return real;
    }
    target = g_file_read_link(path, NULL);
    if (target) {
        next = beside(path, target);
        return resolve(next); /* not for ever: a circle is ELOOP */
    }
    folder = g_path_get_dirname(path);
    base = g_path_get_basename(path);
    there = g_str_has_suffix(path, "/") ? NULL : realpath(folder, NULL);
    errno = there ? errno : ENOENT;
    next = there ? g_build_filename(there, base, NULL) : NULL;
    free(there);
    return next ? strdup(next) : NULL;
}

bool i2cpt_out_file_same_place(const char *a, const char *b)
{
    struct stat sa, sb;
    char *ra, *rb;
    bool same;

    if (!strcmp(a, "-") || !strcmp(b, "-")) {
        return !strcmp(a, b);
    }
    if (!stat(a, &sa) && !stat(b, &sb) && is_one(&sa, &sb)) {
        return true;
    }
    ra = resolve(a);
    rb = resolve(b);
    same = ra && rb && !strcmp(ra, rb);
    free(ra);
    free(rb);
    return same;
}

bool i2cpt_out_file_is(const struct out_file *f, const char *path)
{
    struct stat a, b;
    char *real;
    bool same;

    if ((strcmp(path, "-") ? stat(path, &b) : fstat(STDOUT_FILENO, &b)) == 0 &&
        (f->existed && f->place != PLACE_PUBLIC
             ? is_one(&f->was, &b)
             : !fstat(f->fd, &a) && is_one(&a, &b))) {
        return true;
    }
    real = f->real && strcmp(path, "-") ? resolve(path) : NULL;
    same = real && !strcmp(real, f->real);
    free(real);
    return same;
}

/* ----------------------------------------------------------------- opening */

/* A file without a name in this folder; -1 where that cannot be. */
static int open_nameless(const char *folder)
{
#ifdef O_TMPFILE
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
    char link[32];

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    if (fd >= 0 && access(link, F_OK)) {
        close(fd);
        return -1;
    }
    return fd;
#else
    return -1;
#endif
}

/* Calls `make` with names that nobody has until it succeeds. */
static char *with_new_name(struct out_file *f,
                           int (*make)(struct out_file *f, const char *name))
{
    for (int i = 0; i < NAMES_MAX; i++) {
        g_autofree char *base =
            g_strdup_printf(".i2cpt-%ld-%08x", (long)getpid(), g_random_int());
        char *name = beside(f->real, base);

        if (!make(f, name)) {
            return name;
        }
        g_free(name);
        if (errno != EEXIST) {
            break;
        }
    }
    return NULL;
}

static int create_named(struct out_file *f, const char *name)
{
    f->fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    return f->fd < 0 ? -1 : 0;
}

static int open_apart(void)
{
    FILE *file = tmpfile();
    int fd = file ? fcntl(fileno(file), F_DUPFD_CLOEXEC, 0) : -1;

    if (file) {
        fclose(file);
    }
    return fd;
}

static int open_beside(struct out_file *f)
{
    g_autofree char *folder = g_path_get_dirname(f->real);
    int why;

    f->place = PLACE_BESIDE;
    f->fd = open_nameless(folder);
    if (f->fd < 0) {
        f->name = with_new_name(f, create_named);
    }
    if (f->fd < 0 && f->existed) {
        why = errno;
        f->place = PLACE_APART;
        f->fd = open_apart();
        errno = why;
    }
    if (f->fd < 0) {
        return -errno;
    }
    if (f->existed && f->place == PLACE_BESIDE) {
        if (fchown(f->fd, f->was.st_uid, f->was.st_gid)) {
            /* it is ours then */
        }
        fchmod(f->fd, f->was.st_mode & 0777);
    }
    return 0;
}

static int open_direct(struct out_file *f, const char *path)
{
    f->place = PLACE_DIRECT;
    f->fd = strcmp(path, "-")
                ? open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_TRUNC)
                : STDOUT_FILENO;
    return f->fd < 0 ? -errno : 0;
}

static int open_by_kind(struct out_file *f, const char *path)
{
    struct stat st = {0}, real;

    if (!strcmp(path, "-")) {
        return open_direct(f, path);
    }
    f->existed = !stat(path, &st);
    if (f->existed && S_ISDIR(st.st_mode)) {
        return -EISDIR;
    }
    f->real = f->existed && !S_ISREG(st.st_mode) ? NULL : resolve(path);
    if (f->existed && (!f->real || stat(f->real, &real) ||
                       !is_one(&st, &real))) { /* or an open, deleted file */
        free(f->real);
        f->real = NULL;
        return open_direct(f, path);
    }
    if (!f->real || (f->existed && access(f->real, W_OK))) {
        return -errno;
    }
    f->was = st;
    return open_beside(f);
}

int i2cpt_out_file_open(const char *path, struct out_file **out)
{
    struct out_file *f = g_new0(struct out_file, 1);
    int rc;

    f->fd = -1;
    rc = open_by_kind(f, path);
    if (rc) {
        i2cpt_out_file_free(f);
        return rc;
    }
    *out = f;
    return 0;
}

int i2cpt_out_file_fd(const struct out_file *f)
{
    return f->fd;
}

bool i2cpt_out_file_is_public(const struct out_file *f)
{
    return f->place == PLACE_DIRECT || f->place == PLACE_PUBLIC;
}

bool i2cpt_out_file_replaces(const struct out_file *f)
{
    return f->existed && f->place != PLACE_DIRECT && f->was.st_size;
}

/* -------------------------------------------------------------- publishing */

static int name_it(struct out_file *f, const char *name)
{
    char link[32];

    snprintf(link, sizeof(link), "/proc/self/fd/%d", f->fd);
    return linkat(AT_FDCWD, link, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
}

/* Where nothing stands; what has come there since is not ours to replace. */
static int take_free_name(struct out_file *f)
{
    struct stat st;

    if (!f->name) {
        return name_it(f, f->real);
    }
#ifdef RENAME_NOREPLACE
    if (!renameat2(AT_FDCWD, f->name, AT_FDCWD, f->real, RENAME_NOREPLACE)) {
        return 0;
    }
    if (errno != EINVAL) {
        return -1;
    }
#endif
    if (!lstat(f->real, &st)) {
        errno = EEXIST;
        return -1;
    }
    return rename(f->name, f->real);
}

static int take_name(struct out_file *f)
{
    g_autofree char *name = f->name ? NULL : with_new_name(f, name_it);
    int why;

    if (!f->name && !name) {
        return -1;
    }
    if (!rename(f->name ? f->name : name, f->real)) {
        return 0;
    }
    why = errno;
    if (name) {
        unlink(name);
    }
    errno = why;
    return -1;
}

static int copy(int from, int to)
{
    char buf[65536];
    ssize_t n, done;

    if (lseek(from, 0, SEEK_SET) || ftruncate(to, 0)) {
        return -1;
    }
    while ((n = read(from, buf, sizeof(buf))) > 0) {
        for (ssize_t at = 0; at < n; at += done) {
            done = write(to, buf + at, (size_t)(n - at));
            if (done < 0) {
                return -1;
            }
        }
    }
    return n < 0 ? -1 : 0;
}

/* Into the file that is there: its folder takes no other, or it is a mount
 * point. */
static int copy_over(struct out_file *f)
{
    int to = open(f->real, O_WRONLY | O_CLOEXEC), rc, why;
    struct stat st;

    if (to < 0) {
        return -1;
    }
    rc = fstat(to, &st);
    if (!rc && !is_one(&st, &f->was)) {
        errno = EEXIST;
        rc = -1;
    }
    rc = rc ? rc : copy(f->fd, to);
    if (!rc && f->name) {
        unlink(f->name);
    }
    rc = rc ? rc : dup3(to, f->fd, O_CLOEXEC) < 0 ? -1 : 0;
    why = errno;
    close(to);
    errno = why;
    return rc;
}

static int take_place(struct out_file *f)
{
    struct stat st;

    if (!f->existed || lstat(f->real, &st)) {
        return take_free_name(f);
    }
    if (!is_one(&st, &f->was)) {
        errno = EEXIST;
        return -1;
    }
    return f->place == PLACE_BESIDE && !take_name(f) ? 0 : copy_over(f);
}

int i2cpt_out_file_publish(struct out_file *f)
{
    if (i2cpt_out_file_is_public(f)) {
        return 0;
    }
    if (take_place(f)) {
        return errno == EEXIST ? -ESTALE : -errno;
    }
    f->place = PLACE_PUBLIC;
    return 0;
}

void i2cpt_out_file_free(struct out_file *f)
{
    struct stat st;

    if (!f) {
        return;
    }
    if (f->name && f->fd >= 0 && !fstat(f->fd, &st)) {
        i2cpt_out_file_unlink(f->name, st.st_dev, st.st_ino);
    }
    if (f->fd >= 0 && f->fd != STDOUT_FILENO) {
        close(f->fd);
    }
    free(f->real);
    g_free(f->name);
    g_free(f);
}
