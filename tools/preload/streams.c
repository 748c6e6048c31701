/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The C library's streams of our files: its own read and write past every hook,
 * so that ours are streams with functions of their own. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preload/shim.h"

enum { BUFFER = 4096 }; /* what a stream of a device has */

struct stream {
    struct stream *next;
    FILE *file;
    int fd;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct stream *streams; /* hardly ever more than one */

static int fd_of(FILE *file)
{
    struct stream *s;
    int fd;

    if (!__atomic_load_n(&streams, __ATOMIC_RELAXED)) {
        return -1;
    }
    pthread_mutex_lock(&lock);
    for (s = streams; s && s->file != file; s = s->next) {
    }
    fd = s ? s->fd : -1;
    pthread_mutex_unlock(&lock);
    return fd;
}

/* By the descriptor as whoever has it would: it may be another file by now. */
static ssize_t stream_read(void *cookie, char *buf, size_t size)
{
    return read(((struct stream *)cookie)->fd, buf, size);
}

static ssize_t stream_write(void *cookie, const char *buf, size_t size)
{
    ssize_t n = write(((struct stream *)cookie)->fd, buf, size);

    return n < 0 ? 0 : n; /* which is how a cookie says that it failed */
}

static int stream_close(void *cookie)
{
    struct stream *s = cookie, **at;
    int ret;

    pthread_mutex_lock(&lock);
    for (at = &streams; *at && *at != s; at = &(*at)->next) {
    }
    if (*at) {
        *at = s->next;
    }
    pthread_mutex_unlock(&lock);
    ret = shim_real_close(s->fd);
    free(s);
    return ret;
}

FILE *shim_stream_new(int fd, const char *mode)
{
    static const cookie_io_functions_t functions = {
        .read = stream_read, .write = stream_write, .close = stream_close};
    struct stream *s = calloc(1, sizeof(*s));

    if (!s) {
        return NULL;
    }
    s->fd = fd;
    s->file = fopencookie(s, mode, functions);
    if (!s->file) {
        free(s);
        return NULL;
    }
    setvbuf(s->file, NULL, _IOFBF, BUFFER);
    pthread_mutex_lock(&lock);
    s->next = streams;
    streams = s;
    pthread_mutex_unlock(&lock);
    return s->file;
}

int shim_stream_flags(const char *mode)
{
    int flags = *mode == 'r'   ? O_RDONLY
                : *mode == 'w' ? O_WRONLY | O_CREAT | O_TRUNC
                               : O_WRONLY | O_CREAT | O_APPEND;

    for (; *mode && *mode != ','; mode++) {
        flags |= *mode == 'e' ? O_CLOEXEC : *mode == 'x' ? O_EXCL : 0;
        if (*mode == '+') {
            flags = (flags & ~O_ACCMODE) | O_RDWR;
        }
    }
    return flags;
}

/* Of a path that leads to one of ours; NULL and errno. */
static FILE *open_bus(int bus, const char *mode)
{
    int fd = shim_file_open((unsigned)bus, shim_stream_flags(mode));
    FILE *file = fd < 0 ? NULL : shim_stream_new(fd, mode);

    if (!file && fd >= 0) {
        shim_real_close(fd);
    }
    return file;
}

/* What `open` makes of the path, or ours where that is what is behind it. */
static FILE *stream_open(FILE *(*next)(const char *, const char *),
                         const char *path, const char *mode)
{
    int bus = shim_path_bus(AT_FDCWD, path), saved;
    char buf[PATH_MAX];
    FILE *file;

    if (bus < 0 && *mode != 'r') { /* it would make the node a file */
        bus = shim_path_behind(AT_FDCWD, path, -1);
    }
    if (bus >= 0) {
        return open_bus(bus, mode);
    }
    file = next(shim_path_map(AT_FDCWD, path, buf, sizeof(buf)), mode);
    saved = errno;
    bus = shim_path_behind(AT_FDCWD, path, file ? fileno(file) : -1);
    errno = saved;
    if (bus < 0) {
        return file;
    }
    if (file) {
        fclose(file);
    }
    return open_bus(bus, mode);
}

SHIM_EXPORT FILE *fopen(const char *path, const char *mode)
{
    return stream_open(NEXT(FILE * (*)(const char *, const char *), "fopen"),
                       path, mode);
}

SHIM_EXPORT FILE *fopen64(const char *path, const char *mode)
{
    return stream_open(NEXT(FILE * (*)(const char *, const char *), "fopen64"),
                       path, mode);
}

SHIM_EXPORT FILE *fdopen(int fd, const char *mode)
{
    struct preload_token token;

    if (shim_file_is_ours(fd, &token)) {
        return shim_stream_new(fd, mode);
    }
    return NEXT(FILE * (*)(int, const char *), "fdopen")(fd, mode);
}

/* The same stream has to come back, which cannot become one of ours: it gets
 * the descriptor, for ioctl() and whoever asks its number; what is read or
 * written through the stream fails. */
static FILE *reopen(FILE *(*next)(const char *, const char *, FILE *),
                    const char *path, const char *mode, FILE *file)
{
    int bus = shim_path_bus(AT_FDCWD, path), fd;

    if (bus < 0) {
        return next(path, mode, file);
    }
    fflush(file);
    fd = shim_file_open((unsigned)bus, shim_stream_flags(mode));
    if (fd < 0) {
        return NULL;
    }
    clearerr(file);
    bus = dup2(fd, fileno(file));
    shim_real_close(fd);
    return bus < 0 ? NULL : file;
}

SHIM_EXPORT FILE *freopen(const char *path, const char *mode, FILE *file)
{
    return reopen(
        NEXT(FILE * (*)(const char *, const char *, FILE *), "freopen"), path,
        mode, file);
}

SHIM_EXPORT FILE *freopen64(const char *path, const char *mode, FILE *file)
{
    return reopen(
        NEXT(FILE * (*)(const char *, const char *, FILE *), "freopen64"), path,
        mode, file);
}

SHIM_EXPORT int fileno(FILE *file)
{
    int fd = fd_of(file);

    return fd >= 0 ? fd : NEXT(int (*)(FILE *), "fileno")(file);
}

SHIM_EXPORT int fileno_unlocked(FILE *file)
{
    int fd = fd_of(file);

    return fd >= 0 ? fd : NEXT(int (*)(FILE *), "fileno_unlocked")(file);
}
