/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Open files of redirected buses: opening, telling them from others, read,
 * write and dup. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "preload/shim.h"

/*
 * Descriptors that may be ours: set where one of ours is opened or copied, and
 * at the start for those that were inherited. Only a filter, so that the reads
 * and writes of everything else cost nothing: what it lets through is asked for
 * its token, for it may have been closed by ways that are not seen here.
 */
enum { FILTER_FDS = 4096 };
static unsigned char maybe[FILTER_FDS];

static void set_maybe(int fd)
{
    if (fd >= 0 && fd < FILTER_FDS) {
        __atomic_store_n(&maybe[fd], 1, __ATOMIC_RELAXED);
    }
}

static bool may_be(int fd)
{
    return fd >= FILTER_FDS ||
           (fd >= 0 && __atomic_load_n(&maybe[fd], __ATOMIC_RELAXED));
}

bool file_token(int fd, struct preload_token *token)
{
    int saved = errno;
    ssize_t n = recv(fd, token, sizeof(*token), MSG_PEEK | MSG_DONTWAIT);

    errno = saved;
    return n == sizeof(*token) &&
           !memcmp(token->magic, PRELOAD_MAGIC, sizeof(token->magic));
}

static bool is_ours(int fd, struct preload_token *token)
{
    if (!may_be(fd)) {
        return false;
    }
    if (file_token(fd, token)) {
        return true;
    }
    if (fd < FILTER_FDS) {
        __atomic_store_n(&maybe[fd], 0, __ATOMIC_RELAXED);
    }
    return false;
}

/* Those that came through exec. */
__attribute__((constructor)) static void find_inherited(void)
{
    struct preload_token token;
    struct dirent *entry;
    DIR *dir;

    if (!getenv(ENV_SOCKET)) {
        return;
    }
    dir = NEXT(DIR * (*)(const char *), "opendir")("/proc/self/fd");
    while (dir && (entry = readdir(dir))) {
        int fd = atoi(entry->d_name);

        if (entry->d_name[0] != '.' && file_token(fd, &token)) {
            set_maybe(fd);
        }
    }
    if (dir) {
        closedir(dir);
    }
}

int file_open(unsigned bus, int flags)
{
    struct preload_request request = {.op = PRELOAD_OPEN, .file = bus};
    struct preload_reply reply;
    struct iovec out = {&request, sizeof(request)};
    struct iovec in = {&reply, sizeof(reply)};
    int fd = -1, ret;
    size_t got;

    ret = link_ask(&out, 1, &in, 1, &got, &fd);
    if (!ret && reply.result < 0) {
        ret = (int)reply.result;
    }
    if (ret || fd < 0) {
        errno = ret ? -ret : ENODEV;
        return -1;
    }
    if (!(flags & O_CLOEXEC)) {
        real_fcntl(fd, F_SETFD, 0);
    }
    set_maybe(fd);
    return fd;
}

/* ------------------------------------------------------------- read, write */

static ssize_t read_file(uint32_t file, void *buf, size_t count)
{
    struct preload_request request = {.op = PRELOAD_READ, .file = file};
    struct preload_reply reply;
    struct iovec out = {&request, sizeof(request)};
    struct iovec in[] = {{&reply, sizeof(reply)}, {buf, count}};
    size_t got;

    request.arg = count < PRELOAD_MSG_MAX ? count : PRELOAD_MSG_MAX;
    return (ssize_t)link_finish(link_ask(&out, 1, in, 2, &got, NULL), &reply);
}

static ssize_t write_file(uint32_t file, const void *buf, size_t count)
{
    struct preload_request request = {.op = PRELOAD_WRITE, .file = file};
    struct preload_reply reply;
    struct iovec out[] = {{&request, sizeof(request)}, {(void *)buf, count}};
    struct iovec in = {&reply, sizeof(reply)};
    size_t got;

    out[1].iov_len = count < PRELOAD_MSG_MAX ? count : PRELOAD_MSG_MAX;
    return (ssize_t)link_finish(link_ask(out, 2, &in, 1, &got, NULL), &reply);
}

SHIM_EXPORT ssize_t read(int fd, void *buf, size_t count)
{
    struct preload_token token;

    if (is_ours(fd, &token)) {
        return read_file(token.file, buf, count);
    }
    return NEXT(ssize_t(*)(int, void *, size_t), "read")(fd, buf, count);
}

SHIM_EXPORT ssize_t write(int fd, const void *buf, size_t count)
{
    struct preload_token token;

    if (is_ours(fd, &token)) {
        return write_file(token.file, buf, count);
    }
    return NEXT(ssize_t(*)(int, const void *, size_t), "write")(fd, buf, count);
}

SHIM_EXPORT ssize_t __read_chk(int fd, void *buf, size_t count, size_t room);
SHIM_EXPORT ssize_t __read_chk(int fd, void *buf, size_t count, size_t room)
{
    if (count > room) {
        abort();
    }
    return read(fd, buf, count);
}

/* --------------------------------------------------------------------- dup */

static int copied(int from, int to)
{
    if (to >= 0 && may_be(from)) {
        set_maybe(to);
    }
    return to;
}

SHIM_EXPORT int dup(int fd)
{
    return copied(fd, NEXT(int (*)(int), "dup")(fd));
}

SHIM_EXPORT int dup2(int fd, int to)
{
    return copied(fd, NEXT(int (*)(int, int), "dup2")(fd, to));
}

SHIM_EXPORT int dup3(int fd, int to, int flags)
{
    return copied(fd, NEXT(int (*)(int, int, int), "dup3")(fd, to, flags));
}

typedef int (*fcntl_fn)(int, int, ...);

static int shim_fcntl(fcntl_fn next, int fd, int command, void *arg)
{
    int ret = next(fd, command, arg);

    return command == F_DUPFD || command == F_DUPFD_CLOEXEC ? copied(fd, ret)
                                                            : ret;
}

#define FCNTL(name)                                                 \
    SHIM_EXPORT int name(int fd, int command, ...)                  \
    {                                                               \
        va_list ap;                                                 \
        void *arg;                                                  \
                                                                    \
        va_start(ap, command);                                      \
        arg = va_arg(ap, void *);                                   \
        va_end(ap);                                                 \
        return shim_fcntl(NEXT(fcntl_fn, #name), fd, command, arg); \
    }
FCNTL(fcntl)
FCNTL(fcntl64)
