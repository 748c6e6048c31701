/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shim's connection to the owner, one for each thread. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "preload/shim.h"

void *shim_next(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);

    if (!found) {
        abort(); /* what this libc lacks, nobody can have called */
    }
    return found;
}

int shim_real_close(int fd)
{
    return NEXT(int (*)(int), "close")(fd);
}

int shim_real_fcntl(int fd, int command, int arg)
{
    return NEXT(int (*)(int, int, ...), "fcntl")(fd, command, arg);
}

int64_t shim_link_finish(int ret, const struct preload_reply *reply)
{
    int64_t result = ret ? ret : reply->result;

    if (result < 0) {
        errno = (int)-result;
        return -1;
    }
    return result;
}

/* Descriptors of ours are kept away from the small numbers, which programs
 * expect to get one after the other. */
#define LOWEST_FD 700

/* Only as long as it is what was opened: PROGRAM may have closed it or put
 * something else at its number, and a child, however it was made, must not use
 * its parent's. */
static _Thread_local int connection = -1;
static _Thread_local pid_t of_process;
static _Thread_local uint64_t inode;
static pthread_key_t at_thread_end;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static uint64_t inode_of(int fd)
{
    struct statx st;

    /* fstat() is hooked */
    return syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_INO, &st)
               ? 0
               : st.stx_ino;
}

static void close_connection(void *unused)
{
    (void)unused;
    if (connection >= 0 && inode_of(connection) == inode) {
        shim_real_close(connection);
    }
    connection = -1;
}

/* A child of fork() has no use for the one that it has a copy of. */
static void after_fork(void)
{
    if (connection >= 0 && inode_of(connection) == inode) {
        shim_real_close(connection);
    }
    connection = -1;
}

static void set_up(void)
{
    pthread_key_create(&at_thread_end, close_connection);
    pthread_atfork(NULL, NULL, after_fork);
}

static int move_up(int fd)
{
    int high = shim_real_fcntl(fd, F_DUPFD_CLOEXEC, LOWEST_FD);

    if (high < 0) {
        return fd; /* a low limit on descriptors */
    }
    shim_real_close(fd);
    return high;
}

static int connect_owner(void)
{
    const char *path = shim_path_environment(ENV_SOCKET);
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd;

    if (!path || strlen(path) >= sizeof(addr.sun_path)) {
        return -ENODEV;
    }
    strcpy(addr.sun_path, path);
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    if (connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
        shim_real_close(fd);
        return -ENODEV;
    }
    return move_up(fd);
}

static int get_connection(void)
{
    pthread_once(&once, set_up);
    if (connection >= 0 && of_process == getpid() &&
        inode_of(connection) == inode) {
        return 0;
    }
    of_process = getpid();
    connection = connect_owner();
    if (connection < 0) {
        int ret = connection;

        connection = -1;
        return ret;
    }
    inode = inode_of(connection);
    pthread_setspecific(at_thread_end, &connection);
    return 0;
}

/* One packet out, one back; `fd` takes a descriptor that comes with it. */
int shim_link_ask(struct iovec *out, int n_out, struct iovec *in, int n_in,
                  size_t *got, int *fd)
{
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr request = {.msg_iov = out, .msg_iovlen = (size_t)n_out};
    struct msghdr reply = {.msg_iov = in,
                           .msg_iovlen = (size_t)n_in,
                           .msg_control = fd ? control.space : NULL,
                           .msg_controllen = fd ? sizeof(control.space) : 0};
    struct cmsghdr *c;
    ssize_t n;
    int ret = get_connection();

    if (ret) {
        return ret;
    }
    do {
        n = sendmsg(connection, &request, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n >= 0) {
        /* As the kernel's, a transfer is not broken off by a signal. */
        do {
            n = recvmsg(connection, &reply, MSG_CMSG_CLOEXEC);
        } while (n < 0 && errno == EINTR);
    }
    if (n < (ssize_t)sizeof(struct preload_reply)) {
        ret = n < 0 && errno == EFAULT ? -EFAULT : -ENODEV;
        close_connection(NULL);
        return ret;
    }
    *got = (size_t)n;
    c = fd ? CMSG_FIRSTHDR(&reply) : NULL;
    if (c && c->cmsg_type == SCM_RIGHTS) {
        memcpy(fd, CMSG_DATA(c), sizeof(int));
    }
    return 0;
}
