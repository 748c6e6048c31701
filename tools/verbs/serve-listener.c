/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The socket that serve takes its clients from: by a name, or handed over by a
 * service manager (sd_listen_fds(3)). */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/tool.h"
#include "verbs/serve-listener.h"

#define HANDED_FD 3 /* SD_LISTEN_FDS_START */

int verb_serve_listen_at(struct serve_listener *l, const char *option,
                         const char *path)
{
    struct i2cpt_fault fault;

    if (i2cpt_listener_new(path, &l->own, &fault)) {
        tool_complain("--%s %s", option, fault.text);
        return -1;
    }
    l->fd = i2cpt_listener_fd(l->own);
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
    if (l->own) {
        i2cpt_listener_free(l->own);
    } else {
        close(l->fd);
    }
}
