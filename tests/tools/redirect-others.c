/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of what fewer programs do: rings, asynchronous reads, other roots,
 * locks, sockets beside the bus. */
#include <aio.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "redirect-client.h"

/* --------------------------------------------------------------- ways there */

/* What a ring shares with the kernel. */
struct ring {
    struct io_uring_params params;
    int fd;
    uint8_t *shared;
    struct io_uring_sqe *sqes;
};

static int ring_open(struct ring *r)
{
    size_t size;

    memset(r, 0, sizeof(*r));
    r->fd = (int)syscall(425, 4, &r->params); /* io_uring_setup */
    if (r->fd < 0) {
        return -1;
    }
    size = r->params.cq_off.cqes +
           r->params.cq_entries * sizeof(struct io_uring_cqe);
    size = size > 4096 ? size : 4096;
    r->shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
                     IORING_OFF_SQ_RING);
    r->sqes = mmap(NULL, r->params.sq_entries * sizeof(*r->sqes),
                   PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_SQES);
    return r->shared == MAP_FAILED || r->sqes == MAP_FAILED ? -1 : 0;
}

static uint32_t *ring_word(struct ring *r, uint32_t offset)
{
    return (uint32_t *)(void *)(r->shared + offset);
}

/* An openat() through it: a descriptor or a negative errno. */
static int ring_openat(struct ring *r, const char *path, unsigned flags)
{
    const struct io_uring_cqe *cqes =
        (const struct io_uring_cqe *)(void *)(r->shared +
                                              r->params.cq_off.cqes);

    r->sqes[0] = (struct io_uring_sqe){.opcode = IORING_OP_OPENAT,
                                       .fd = AT_FDCWD,
                                       .addr = (uintptr_t)path,
                                       .open_flags = flags};
    *ring_word(r, r->params.sq_off.array) = 0;
    __atomic_store_n(ring_word(r, r->params.sq_off.tail), 1, __ATOMIC_RELEASE);
    if (syscall(426, r->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0) {
        return -errno;
    }
    return cqes[0].res;
}

static void way_io_uring(void)
{
    struct ring r;
    int fd = -1;

    if (!ring_open(&r)) {
        fd = ring_openat(&r, node, O_RDWR);
        errno = fd < 0 ? -fd : 0;
    }
    whose(fd);
}

static void way_mknod(void)
{
    char path[] = "/tmp/redirect-XXXXXX", other[64];
    unsigned number = (unsigned)atoi(base + strlen("i2c-"));

    if (!mkdtemp(path)) {
        perror(path);
    }
    snprintf(other, sizeof(other), "%s/bus", path);
    /* who may not make one has this row for nothing */
    if (mknod(other, S_IFCHR | 0600, makedev(89, number)) &&
        symlink(node, other)) {
        perror(other);
    }
    whose(open(other, O_RDWR));
    unlink(other);
    rmdir(path);
}

static void way_proc_root(void)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "/proc/self/root/proc/self/root%s", node);
    whose(open(path, O_RDWR));
}

static void way_trunc(void)
{
    whose(open(node, O_RDWR | O_TRUNC | O_APPEND | O_NOCTTY));
}

static void *in_thread(void *fd)
{
    whose((int)(intptr_t)fd < 0 ? open(node, O_RDWR) : (int)(intptr_t)fd);
    return NULL;
}

static void by_thread(int fd)
{
    pthread_t t;

    pthread_create(&t, NULL, in_thread, (void *)(intptr_t)fd);
    pthread_join(t, NULL);
}

/* As a daemon does it, and before it has threads. */
static void new_root(const char *path)
{
    if (getuid()) {
        unshare(CLONE_NEWUSER);
    }
    if (chroot(path) || chdir("/")) {
        perror(path);
    }
}

static void way_chroot(void)
{
    new_root("/");
    by_thread(-1);
}

static void way_chroot_opened(void)
{
    char path[] = "/tmp/redirect-XXXXXX";
    int fd = open(node, O_RDWR);

    if (!mkdtemp(path)) {
        perror(path);
    }
    fflush(stdout);
    if (!fork()) {
        new_root(path);
        by_thread(fd);
        fflush(stdout);
        _exit(0);
    }
    wait(NULL);
    rmdir(path);
}

static void call_chroot_empty(void)
{
    char path[] = "/tmp/redirect-XXXXXX";

    if (!mkdtemp(path)) {
        perror(path);
    }
    fflush(stdout);
    if (!fork()) {
        new_root(path);
        value(open(node, O_RDWR));
        fflush(stdout);
        _exit(0);
    }
    wait(NULL);
    rmdir(path);
}

/* ------------------------------------------------------------- what it says */

/* What a read of one byte brought: n, or -1 with errno. */
static void got(long n, const unsigned char *b)
{
    if (n < 0) {
        value(n);
    } else {
        printf("%ld %02x\n", n, *b);
    }
}

static void call_nofollow(void)
{
    char path[] = "/tmp/redirect-XXXXXX", link[64];

    if (!mkdtemp(path)) {
        perror(path);
    }
    snprintf(link, sizeof(link), "%s/sensor", path);
    if (symlink(node, link)) {
        perror(link);
    }
    value(open(link, O_RDWR | O_NOFOLLOW));
    unlink(link);
    rmdir(path);
}

static void call_o_path(void)
{
    char path[64];
    int fd = open(node, O_PATH), used = ioctl(fd, 0x703, 0x50);

    printf("%s ", used < 0 ? name_of(errno) : "0");
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    whose(open(path, O_RDWR));
}

static void call_o_direct(void)
{
    int fd = open(node, O_RDWR | O_DIRECT);

    value(fd < 0 ? -1 : 0);
}

static void call_realpath(void)
{
    char path[PATH_MAX];

    printf("%d\n", realpath(node, path) && !strcmp(path, node));
}

static void call_proc_link(void)
{
    char path[64], text[PATH_MAX] = "";

    snprintf(path, sizeof(path), "/proc/self/fd/%d", open(node, O_RDWR));
    if (readlink(path, text, sizeof(text) - 1) < 0) {
        perror(path);
    }
    printf("%d\n", !strcmp(text, node));
}

static void call_dprintf(void)
{
    value(dprintf(opened(), "%c%c", 0x20, 0x33));
}

static void call_preadv2(void)
{
    unsigned char b = 0;
    struct iovec v = {&b, 1};

    got(preadv2(at_zero(), &v, 1, -1, 0), &b);
}

static void call_pwritev2(void)
{
    unsigned char out[] = {0x11, 0x22};
    struct iovec v = {out, 2};

    value(pwritev2(opened(), &v, 1, 4711, 0));
}

static void call_nowait(void)
{
    unsigned char b = 0;
    struct iovec v = {&b, 1};

    value(preadv2(at_zero(), &v, 1, -1, RWF_NOWAIT));
}

static void call_aio(void)
{
    unsigned char b = 0;
    struct aiocb cb = {.aio_fildes = at_zero(), .aio_buf = &b, .aio_nbytes = 1};
    const struct aiocb *list[] = {&cb};

    if (aio_read(&cb) || aio_suspend(list, 1, NULL)) {
        value(-1);
        return;
    }
    errno = aio_error(&cb);
    got(aio_return(&cb), &b);
}

static void call_io_submit(void)
{
    unsigned char b = 0;
    struct iocb cb = {.aio_lio_opcode = IOCB_CMD_PREAD,
                      .aio_fildes = (uint32_t)at_zero(),
                      .aio_buf = (uintptr_t)&b,
                      .aio_nbytes = 1};
    struct iocb *list[] = {&cb};
    struct io_event event;
    aio_context_t context = 0;

    if (syscall(SYS_io_setup, 1, &context) ||
        syscall(SYS_io_submit, context, 1, list) != 1 ||
        syscall(SYS_io_getevents, context, 1, 1, &event, NULL) != 1) {
        value(-1);
        return;
    }
    errno = (int)-event.res;
    got(event.res < 0 ? -1 : (long)event.res, &b);
}

static void call_sendfile(void)
{
    int fds[2];

    if (pipe(fds)) {
        perror("pipe");
    }
    value(sendfile(fds[1], at_zero(), NULL, 1));
}

static void call_fionread(void)
{
    int n = -1;

    value(ioctl(opened(), FIONREAD, &n));
}

static void call_fionbio(void)
{
    int one = 1, fd = at_zero();
    unsigned char b = 0;

    printf("%d ", ioctl(fd, FIONBIO, &one));
    value(read(fd, &b, 1));
}

/* What another process, and another open file of this one, say then. */
static void locked(int command, int other)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int a = open(node, O_RDWR);

    printf("%d ", fcntl(a, command, &lock));
    fflush(stdout);
    if (!other && !fork()) {
        value(fcntl(open(node, O_RDWR), command, &lock));
        fflush(stdout);
        _exit(0);
    }
    if (other) {
        value(fcntl(open(node, O_RDWR), command, &lock));
    } else {
        wait(NULL);
    }
}

static void call_fcntl_lock(void)
{
    locked(F_SETLK, 0);
}

static void call_ofd_lock(void)
{
    locked(F_OFD_SETLK, 1);
}

/* A port with nobody behind it, asked by who has a bus open too: fstat() must
 * not take what getsockopt() is to say. */
static void call_so_error(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(to);
    int bound = socket(AF_INET, SOCK_STREAM, 0), bus = opened(), error = 0,
        fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    struct stat st;

    bind(bound, (struct sockaddr *)&to, len);
    getsockname(bound, (struct sockaddr *)&to, &len);
    if (!connect(fd, (struct sockaddr *)&to, len) || errno != EINPROGRESS) {
        value(-1);
        return;
    }
    poll(&p, 1, 10000);
    fstat(fd, &st);
    len = sizeof(error);
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
    close(bus);
    printf("%s\n", name_of(error));
}

const struct row other_rows[] = {
    ROW(way, io_uring),      ROW(way, mknod),     ROW(way, proc_root),
    ROW(way, trunc),         ROW(way, chroot),    ROW(way, chroot_opened),
    ROW(call, chroot_empty), ROW(call, nofollow), ROW(call, o_path),
    ROW(call, o_direct),     ROW(call, realpath), ROW(call, proc_link),
    ROW(call, dprintf),      ROW(call, preadv2),  ROW(call, pwritev2),
    ROW(call, nowait),       ROW(call, aio),      ROW(call, io_submit),
    ROW(call, sendfile),     ROW(call, fionread), ROW(call, fionbio),
    ROW(call, fcntl_lock),   ROW(call, ofd_lock), ROW(call, so_error),
};
const unsigned other_count = sizeof(other_rows) / sizeof(other_rows[0]);
