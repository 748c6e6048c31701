/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mount is made by fsopen(2) and fsmount(2) and never attached. Who may
 * not mount makes it in a user namespace: a child enters one, and hands the
 * descriptors over; PROGRAM stays where it is. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "redirect/fuse-mount.h"

static int set(int fs, const char *key, const char *value)
{
    return (int)syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, key, value, 0);
}

static int set_number(int fs, const char *key, const char *format,
                      unsigned value)
{
    char text[16];

    snprintf(text, sizeof(text), format, value);
    return set(fs, key, text);
}

static int configure(int fs, int server, bool everyone)
{
    if (set_number(fs, "fd", "%u", (unsigned)server) ||
        set_number(fs, "rootmode", "%o", 040755) ||
        set_number(fs, "user_id", "%u", geteuid()) ||
        set_number(fs, "group_id", "%u", getegid()) ||
        set(fs, "source", "i2cpt-replay")) {
        return -1;
    }
    /* root's PROGRAM may become another user */
    if (everyone &&
        syscall(SYS_fsconfig, fs, FSCONFIG_SET_FLAG, "allow_other", NULL, 0)) {
        return -1;
    }
    return (int)syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
}

static int mount_here(struct fuse_mount *m, bool everyone, const char **what)
{
    int fs, ret;

    *what = "/dev/fuse";
    m->server = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (m->server < 0) {
        return -errno;
    }
    *what = "a FUSE mount";
    fs = (int)syscall(SYS_fsopen, "fuse", FSOPEN_CLOEXEC);
    if (fs >= 0 && !configure(fs, m->server, everyone)) {
        m->root = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC,
                               MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
        if (m->root >= 0) {
            close(fs);
            return 0;
        }
    }
    ret = -errno;
    if (fs >= 0) {
        close(fs);
    }
    close(m->server);
    return ret;
}

/* -------------------------------------------------------- a user namespace */

static int put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0) {
        return -errno;
    }
    n = write(fd, text, strlen(text));
    close(fd);
    return n < 0 ? -errno : 0;
}

/* Into a user namespace in which we are who we are. */
static int enter_namespace(void)
{
    unsigned uid = geteuid(), gid = getegid();
    char map[40];
    int ret;

    if (unshare(CLONE_NEWUSER | CLONE_NEWNS)) {
        return -errno;
    }
    put("/proc/self/setgroups", "deny");
    snprintf(map, sizeof(map), "%u %u 1", uid, uid);
    ret = put("/proc/self/uid_map", map);
    snprintf(map, sizeof(map), "%u %u 1", gid, gid);
    return ret ? ret : put("/proc/self/gid_map", map);
}

int redirect_fuse_mount_send_fd(int socket, int fd)
{
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {.space = {0}};
    char c = 0;
    struct iovec iov = {&c, 1};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.space,
                         .msg_controllen = sizeof(control.space)};
    struct cmsghdr *h = CMSG_FIRSTHDR(&msg);

    h->cmsg_level = SOL_SOCKET;
    h->cmsg_type = SCM_RIGHTS;
    h->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(h), &fd, sizeof(int));
    return sendmsg(socket, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int redirect_fuse_mount_receive_fd(int socket)
{
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    char c;
    struct iovec iov = {&c, 1};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.space,
                         .msg_controllen = sizeof(control.space)};
    struct cmsghdr *h;
    ssize_t n;
    int fd;

    do {
        n = recvmsg(socket, &msg, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    h = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
    if (!h || h->cmsg_type != SCM_RIGHTS) {
        return n < 0 ? -errno : -EPIPE;
    }
    memcpy(&fd, CMSG_DATA(h), sizeof(int));
    return fd;
}

/* What it ends with is an errno. */
static void helper(int socket)
{
    struct fuse_mount m;
    const char *what;
    int ret = enter_namespace();

    ret = ret ? ret : mount_here(&m, false, &what);
    ret = ret ? ret : redirect_fuse_mount_send_fd(socket, m.server);
    ret = ret ? ret : redirect_fuse_mount_send_fd(socket, m.root);
    _exit(-ret);
}

static int mount_in_namespace(struct fuse_mount *m, const char **what)
{
    int sockets[2], status = 0;
    pid_t pid;

    *what = "a user namespace for a FUSE mount";
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets)) {
        return -errno;
    }
    pid = fork();
    if (!pid) {
        helper(sockets[1]);
    }
    close(sockets[1]);
    m->server = pid < 0 ? -EAGAIN : redirect_fuse_mount_receive_fd(sockets[0]);
    m->root =
        m->server < 0 ? -EPIPE : redirect_fuse_mount_receive_fd(sockets[0]);
    close(sockets[0]);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (m->server >= 0 && m->root >= 0) {
        return 0;
    }
    if (m->server >= 0) {
        close(m->server);
    }
    return WIFEXITED(status) && WEXITSTATUS(status) ? -WEXITSTATUS(status)
                                                    : -EPERM;
}

int redirect_fuse_mount_new(struct fuse_mount *out, const char **what)
{
    if (access("/dev/fuse", R_OK | W_OK)) {
        *what = "/dev/fuse";
        return -errno;
    }
    return mount_here(out, true, what) ? mount_in_namespace(out, what) : 0;
}
