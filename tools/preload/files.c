/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Open files of redirected buses: opening, telling them from others, what is
 * asked of the owner, and dup. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
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

bool shim_file_token(int fd, struct preload_token *token)
{
    struct sockaddr_un name;
    socklen_t len = sizeof(name);
    int saved = errno, ret = getsockname(fd, (struct sockaddr *)&name, &len);

    errno = saved;
    if (ret ||
        len != offsetof(struct sockaddr_un, sun_path) + 1 + sizeof(*token) ||
        name.sun_family != AF_UNIX || name.sun_path[0]) {
        return false;
    }
    memcpy(token, name.sun_path + 1, sizeof(*token));
    return !memcmp(token->magic, PRELOAD_MAGIC, sizeof(token->magic));
}

bool shim_file_is_ours(int fd, struct preload_token *token)
{
    if (!may_be(fd)) {
        return false;
    }
    if (shim_file_token(fd, token)) {
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

    if (!shim_path_environment(ENV_SOCKET)) {
        return;
    }
    dir = NEXT(DIR * (*)(const char *), "opendir")("/proc/self/fd");
    while (dir && (entry = readdir(dir))) {
        int fd = atoi(entry->d_name);

        if (entry->d_name[0] != '.' && shim_file_token(fd, &token)) {
            set_maybe(fd);
        }
    }
    if (dir) {
        closedir(dir);
    }
}

int shim_file_open(unsigned bus, int flags)
{
    enum { KEPT = O_ACCMODE | O_NONBLOCK | O_APPEND | O_SYNC };
    struct preload_request request = {
        .op = PRELOAD_OPEN, .file = bus, .arg = (uint32_t)(flags & KEPT)};
    struct preload_reply reply;
    struct iovec out = {&request, sizeof(request)};
    struct iovec in = {&reply, sizeof(reply)};
    int fd = -1, ret;
    size_t got;

    /* what the file system says before a device is asked */
    if (flags & O_CREAT && flags & O_EXCL) {
        errno = EEXIST;
        return -1;
    }
    if (flags & O_DIRECTORY) { /* and O_TMPFILE, which has its bit */
        errno = ENOTDIR;
        return -1;
    }
    ret = shim_link_ask(&out, 1, &in, 1, &got, &fd);
    if (!ret && reply.result < 0) {
        ret = (int)reply.result;
    }
    if (ret || fd < 0) {
        errno = ret ? -ret : ENODEV;
        return -1;
    }
    if (!(flags & O_CLOEXEC)) {
        shim_real_fcntl(fd, F_SETFD, 0);
    }
    set_maybe(fd);
    return fd;
}

/* ------------------------------------------------------------- read, write */

ssize_t shim_file_read(const struct preload_token *token, void *buf,
                       size_t count)
{
    struct preload_request request = {.op = PRELOAD_READ, .file = token->file};
    struct preload_reply reply;
    struct iovec out = {&request, sizeof(request)};
    struct iovec in[] = {{&reply, sizeof(reply)}, {buf, count}};
    size_t got;

    if ((token->flags & O_ACCMODE) == O_WRONLY) {
        errno = EBADF;
        return -1;
    }
    request.arg = count < PRELOAD_MSG_MAX ? count : PRELOAD_MSG_MAX;
    return (ssize_t)shim_link_finish(shim_link_ask(&out, 1, in, 2, &got, NULL),
                                     &reply);
}

ssize_t shim_file_write(const struct preload_token *token, const void *buf,
                        size_t count)
{
    struct preload_request request = {.op = PRELOAD_WRITE, .file = token->file};
    struct preload_reply reply;
    struct iovec out[] = {{&request, sizeof(request)}, {(void *)buf, count}};
    struct iovec in = {&reply, sizeof(reply)};
    size_t got;

    if ((token->flags & O_ACCMODE) == O_RDONLY) {
        errno = EBADF;
        return -1;
    }
    out[1].iov_len = count < PRELOAD_MSG_MAX ? count : PRELOAD_MSG_MAX;
    return (ssize_t)shim_link_finish(shim_link_ask(out, 2, &in, 1, &got, NULL),
                                     &reply);
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
    struct preload_token token;
    int ret = next(fd, command, arg);

    if (command == F_GETFL && ret >= 0 && shim_file_is_ours(fd, &token)) {
        return (ret & ~O_ACCMODE) | (int)token.flags;
    }
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
