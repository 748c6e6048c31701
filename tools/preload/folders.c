/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is in /dev: the nodes of redirected buses among the real ones. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "preload/shim.h"

/* An open /dev: real entries first, then ours. */
struct folder {
    struct folder *next;
    DIR *dir;
    unsigned shown; /* of ours */
    struct dirent entry;
    struct dirent64 entry64;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct folder *folders; /* hardly ever one */

static struct folder *find(DIR *dir)
{
    struct folder *f;

    if (!__atomic_load_n(&folders, __ATOMIC_RELAXED)) {
        return NULL;
    }
    pthread_mutex_lock(&lock);
    for (f = folders; f && f->dir != dir; f = f->next) {
    }
    pthread_mutex_unlock(&lock);
    return f;
}

static bool is_dev(const char *path)
{
    return path && !strncmp(path, "/dev", 4) &&
           !path[4 + strspn(path + 4, "/")];
}

SHIM_EXPORT DIR *opendir(const char *path)
{
    char buf[PATH_MAX];
    DIR *dir = NEXT(DIR * (*)(const char *),
                    "opendir")(shim_path_map(AT_FDCWD, path, buf, sizeof(buf)));
    struct folder *f;

    if (!dir || !is_dev(path) || shim_path_nth_bus(0) < 0) {
        return dir;
    }
    f = calloc(1, sizeof(*f));
    if (f) {
        f->dir = dir;
        pthread_mutex_lock(&lock);
        f->next = folders;
        folders = f;
        pthread_mutex_unlock(&lock);
    }
    return dir;
}

SHIM_EXPORT int closedir(DIR *dir)
{
    struct folder *f = find(dir), **at;

    if (f) {
        pthread_mutex_lock(&lock);
        for (at = &folders; *at != f; at = &(*at)->next) {
        }
        *at = f->next;
        pthread_mutex_unlock(&lock);
        free(f);
    }
    return NEXT(int (*)(DIR *), "closedir")(dir);
}

SHIM_EXPORT void rewinddir(DIR *dir)
{
    struct folder *f = find(dir);

    if (f) {
        f->shown = 0;
    }
    NEXT(void (*)(DIR *), "rewinddir")(dir);
}

static bool is_hidden(const char *name)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "/dev/%s", name);
    return shim_path_bus(AT_FDCWD, path) >= 0;
}

/* Both kinds of struct dirent have the same fields. */
#define READDIR(name, type, field)                                         \
    SHIM_EXPORT type *name(DIR *dir)                                       \
    {                                                                      \
        struct folder *f = find(dir);                                      \
        type *got;                                                         \
        int bus;                                                           \
                                                                           \
        do {                                                               \
            got = NEXT(type * (*)(DIR *), #name)(dir);                     \
        } while (f && got && is_hidden(got->d_name));                      \
        if (got || !f || (bus = shim_path_nth_bus(f->shown)) < 0) {        \
            return got;                                                    \
        }                                                                  \
        f->shown++;                                                        \
        f->field.d_ino = (ino_t)(1 + bus);                                 \
        f->field.d_reclen = sizeof(f->field);                              \
        f->field.d_type = DT_CHR;                                          \
        snprintf(f->field.d_name, sizeof(f->field.d_name), "i2c-%d", bus); \
        return &f->field;                                                  \
    }
READDIR(readdir, struct dirent, entry)
READDIR(readdir64, struct dirent64, entry64)

/* ------------------------------------- libc's own, which do not pass by us */

/* scandir() of /dev in terms of the above. */
#define SCANDIR(name, type, reader)                                         \
    static int name##_dev(type ***names, int (*filter)(const type *),       \
                          int (*compare)(const type **, const type **))     \
    {                                                                       \
        DIR *dir = opendir("/dev");                                         \
        type **list = NULL, **more, *entry;                                 \
        int n = 0;                                                          \
                                                                            \
        while (dir && (entry = reader(dir))) {                              \
            if (filter && !filter(entry)) {                                 \
                continue;                                                   \
            }                                                               \
            more = realloc(list, (size_t)(n + 1) * sizeof(*list));          \
            list = more ? more : list;                                      \
            if (!more || !(list[n] = malloc(sizeof(*entry)))) {             \
                break;                                                      \
            }                                                               \
            memcpy(list[n++], entry, entry->d_reclen);                      \
        }                                                                   \
        if (!dir) {                                                         \
            return -1;                                                      \
        }                                                                   \
        closedir(dir);                                                      \
        if (n && compare) {                                                 \
            qsort(list, (size_t)n, sizeof(*list),                           \
                  (int (*)(const void *, const void *))compare);            \
        }                                                                   \
        *names = list;                                                      \
        return n;                                                           \
    }                                                                       \
    SHIM_EXPORT int name(const char *path, type ***names,                   \
                         int (*filter)(const type *),                       \
                         int (*compare)(const type **, const type **))      \
    {                                                                       \
        typedef int (*fn)(const char *, type ***, int (*)(const type *),    \
                          int (*)(const type **, const type **));           \
        char buf[PATH_MAX];                                                 \
                                                                            \
        if (is_dev(path) && shim_path_nth_bus(0) >= 0) {                    \
            return name##_dev(names, filter, compare);                      \
        }                                                                   \
        return NEXT(fn,                                                     \
                    #name)(shim_path_map(AT_FDCWD, path, buf, sizeof(buf)), \
                           names, filter, compare);                         \
    }
SCANDIR(scandir, struct dirent, readdir)
SCANDIR(scandir64, struct dirent64, readdir64)

static void close_any(void *dir)
{
    closedir(dir);
}

/* glob() looks at folders through the functions that it is given. */
#define GLOB(name, type, reader, stat_fn, lstat_fn)                      \
    SHIM_EXPORT int name(const char *pattern, int flags,                 \
                         int (*on_error)(const char *, int), type *out)  \
    {                                                                    \
        typedef int (*fn)(const char *, int, int (*)(const char *, int), \
                          type *);                                       \
        bool ours = pattern &&                                           \
                    (!strncmp(pattern, "/dev/", 5) ||                    \
                     !strncmp(pattern, "/sys/", 5)) &&                   \
                    !(flags & GLOB_ALTDIRFUNC);                          \
        int ret;                                                         \
                                                                         \
        if (ours) {                                                      \
            flags |= GLOB_ALTDIRFUNC;                                    \
            out->gl_opendir = (__typeof__(out->gl_opendir))opendir;      \
            out->gl_readdir = (__typeof__(out->gl_readdir))reader;       \
            out->gl_closedir = close_any;                                \
            out->gl_stat = stat_fn;                                      \
            out->gl_lstat = lstat_fn;                                    \
        }                                                                \
        ret = NEXT(fn, #name)(pattern, flags, on_error, out);            \
        if (ours) {                                                      \
            out->gl_flags &= ~GLOB_ALTDIRFUNC;                           \
        }                                                                \
        return ret;                                                      \
    }
GLOB(glob, glob_t, readdir, stat, lstat)
GLOB(glob64, glob64_t, readdir64, stat64, lstat64)
