/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a peer is reached, and how a command's end is seen to. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/fault.h"
#include "remote/reach.h"

extern char **environ;

/* What a command has to end in, each time that it is asked to. */
#define LEAVE_NS 500000000u

void remote_reach_init(struct reach *r, const char *socket, const char *command,
                       int handed_fd)
{
    *r = (struct reach){
        .socket = g_strdup(socket),
        .command = g_strdup(command),
        .handed_fd = handed_fd,
    };
    snprintf(r->handed, sizeof(r->handed), "fd=%d", handed_fd);
}

const char *remote_reach_name(const struct reach *r)
{
    return r->socket ? r->socket : r->command ? r->command : r->handed;
}

/* How long connect() may wait where a server's queue is full. */
static void bound_connect(int fd, uint64_t until_ns)
{
    uint64_t now = i2cpt_now_ns();
    uint64_t left_us = now < until_ns ? (until_ns - now) / 1000 : 0;
    struct timeval tv = {(time_t)(left_us / 1000000),
                         (suseconds_t)MAX(left_us % 1000000, 1)};

    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

static int connect_socket(const char *path, uint64_t until_ns,
                          struct i2cpt_fault *fault)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd, ret;

    if (strlen(path) >= sizeof(addr.sun_path)) {
        return i2cpt_fault_text(
            fault, EINVAL,
            "socket=%.4096s: longer than the %zu bytes that "
            "a socket's path may have",
            path, sizeof(addr.sun_path) - 1);
    }
    strcpy(addr.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        bound_connect(fd, until_ns);
    }
    if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
        ret = errno;
        if (fd >= 0) {
            close(fd);
        }
        return i2cpt_fault_text(fault, ret,
                                "socket=%.4096s: %s (is i2cpt-replay serve "
                                "--socket running?)",
                                path, g_strerror(ret));
    }
    return fd;
}

/* A descriptor of our own of a socket that the caller has connected. */
static int adopt_socket(int fd, struct i2cpt_fault *fault)
{
    socklen_t size = sizeof(int);
    int type = 0, ours;

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) ||
        type != SOCK_STREAM) {
        return i2cpt_fault_text(fault, EINVAL,
                                "fd=%d: accepted is the number of a stream "
                                "socket of this process",
                                fd);
    }
    ours = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    return ours < 0 ? i2cpt_fault_set(fault, errno, I2CPT_PHASE_UNKNOWN, -1, -1)
                    : ours;
}

static int spawn_with(const char *command, int fd, pid_t *child)
{
    const char *argv[] = {"sh", "-c", command, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t none, defaults;
    int ret;

    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fd, 0);
    posix_spawn_file_actions_adddup2(&actions, fd, 1);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &defaults);
    /* A group of its own: an interrupt at the terminal is for us, and the
     * stream must outlive it until the last STOP is through. */
    posix_spawnattr_setpgroup(&attr, 0);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
                                        POSIX_SPAWN_SETSIGDEF |
                                        POSIX_SPAWN_SETPGROUP);
    ret =
        posix_spawn(child, "/bin/sh", &actions, &attr, (char **)argv, environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    return -ret;
}

static int start_command(struct reach *r, struct i2cpt_fault *fault)
{
    int fds[2], ret;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds)) {
        return i2cpt_fault_set(fault, errno, I2CPT_PHASE_UNKNOWN, -1, -1);
    }
    ret = spawn_with(r->command, fds[1], &r->child);
    close(fds[1]);
    if (ret) {
        close(fds[0]);
        r->child = 0;
        return i2cpt_fault_text(fault, -ret, "command=%.4096s: %s", r->command,
                                g_strerror(-ret));
    }
    return fds[0];
}

int remote_reach(struct reach *r, uint64_t until_ns, struct i2cpt_fault *fault)
{
    return r->socket    ? connect_socket(r->socket, until_ns, fault)
           : r->command ? start_command(r, fault)
                        : adopt_socket(r->handed_fd, fault);
}

/* Whether it has gone by then. */
static bool reap(pid_t child, uint64_t until_ns)
{
    while (!waitpid(child, NULL, WNOHANG)) {
        if (i2cpt_now_ns() >= until_ns) {
            return false;
        }
        g_usleep(1000);
    }
    return true;
}

/* For good: what has not gone by itself is told to, then made to. */
static void end_child(pid_t child)
{
    uint64_t now = i2cpt_now_ns();

    if (reap(child, now + LEAVE_NS)) {
        return;
    }
    kill(-child, SIGTERM);
    if (!reap(child, now + 2 * LEAVE_NS)) {
        kill(-child, SIGKILL);
        waitpid(child, NULL, 0);
    }
}

static void end_leaving(struct reach *r)
{
    if (r->leaving && !reap(r->leaving, 0)) {
        kill(-r->leaving, SIGKILL);
        waitpid(r->leaving, NULL, 0);
    }
    r->leaving = 0;
}

void remote_reach_leave(struct reach *r, uint64_t until_ns)
{
    if (!r->child) {
        return;
    }
    end_leaving(r);
    if (!reap(r->child, until_ns)) {
        kill(-r->child, SIGTERM);
        r->leaving = r->child;
    }
    r->child = 0;
}

void remote_reach_clear(struct reach *r)
{
    if (r->child) {
        end_child(r->child);
    }
    end_leaving(r);
    g_free(r->socket);
    g_free(r->command);
}
