/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The socket that serve takes its clients from: made here, or handed over by a
 * service manager (sd_listen_fds(3)). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/tool.h"
#include "core/out-file.h"
#include "verbs/serve-listener.h"

#define HANDED_FD 3 /* SD_LISTEN_FDS_START */

/* A socket that nobody listens at any more is in the way; anything else that
 * has this name is not ours to remove. */
static void remove_stale(const struct sockaddr_un *addr)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct stat st;

    if (fd < 0) {
        return;
    }
    if (!lstat(addr->sun_path, &st) && S_ISSOCK(st.st_mode) &&
        connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) &&
        errno == ECONNREFUSED) {
        unlink(addr->sun_path);
    }
    close(fd);
}

/* It gets its name when it can be connected to, so that who waits for the name
 * needs to wait for nothing else. */
int verb_serve_listen_at(struct serve_listener *l, const char *option,
                         const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX}, named = addr;
    struct stat ours;
    int fd, ret, len;

    len = snprintf(addr.sun_path, sizeof(addr.sun_path), "%s.%ld", path,
                   (long)getpid());
    if (len < 0 || (size_t)len >= sizeof(addr.sun_path)) {
        tool_complain("--%s %s: longer than the %zu bytes that a socket's "
                      "path may have here",
                      option, path,
                      sizeof(addr.sun_path) - (size_t)len + strlen(path) - 1);
        return -1;
    }
    strcpy(named.sun_path, path);
    remove_stale(&named);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* the bus is for who may open the socket, which gets the mode that the
     * descriptor has; umask(2) would be the whole process's */
    ret = fd < 0 || fchmod(fd, 0600) ||
                  bind(fd, (struct sockaddr *)&addr, sizeof(addr))
              ? -1
              : 0;
    ret = ret ? ret : stat(addr.sun_path, &ours);
    if (!ret) {
        /* link(2), not rename(2): what is there already is not ours */
        ret = listen(fd, 16) || link(addr.sun_path, path) ? -1 : 0;
        len = errno;
        unlink(addr.sun_path);
        errno = len;
    }
    if (ret) {
        tool_complain("--%s %s: %s", option, path, strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    l->fd = fd;
    l->path = path;
    l->dev = ours.st_dev;
    l->ino = ours.st_ino;
    return 0;
}

/* A Unix socket that somebody can connect to: nothing here is for a network. */
static bool is_listener(int fd)
{
    int domain = 0, type = 0, listens = 0;
    socklen_t size = sizeof(int);

    return !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) &&
           !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) &&
           !getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) &&
           domain == AF_UNIX && type == SOCK_STREAM && listens;
}

int verb_serve_listen_handed(struct serve_listener *l)
{
    const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");

    if (!pid || !n || strtol(pid, NULL, 10) != (long)getpid()) {
        tool_complain("--activation: no service manager has handed a socket "
                      "over (LISTEN_PID, LISTEN_FDS)");
        return -1;
    }
    if (strcmp(n, "1")) {
        tool_complain("--activation: LISTEN_FDS=%s: accepted is 1 socket", n);
        return -1;
    }
    if (!is_listener(HANDED_FD)) {
        tool_complain("--activation: what was handed over is not a Unix stream "
                      "socket that listens");
        return -1;
    }
    /* not for the children of a command= */
    fcntl(HANDED_FD, F_SETFD, FD_CLOEXEC);
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    *l = (struct serve_listener){.fd = HANDED_FD};
    return 0;
}

void verb_serve_listener_close(struct serve_listener *l)
{
    if (l->path) {
        i2cpt_out_file_unlink(l->path, l->dev, l->ino);
    }
    close(l->fd);
}
