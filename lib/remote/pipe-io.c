/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames over a socket or two pipes, sent and received by a deadline. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "remote/pipe-io.h"

static int set_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) ? -errno : 0;
}

int remote_pipe_init(struct pipe_io *io, int in_fd, int out_fd)
{
    int ret;

    memset(io, 0, sizeof(*io));
    io->in_fd = in_fd;
    io->out_fd = out_fd;
    ret = set_nonblocking(in_fd);
    return ret ? ret : set_nonblocking(out_fd);
}

void remote_pipe_clear(struct pipe_io *io)
{
    g_free(io->body);
    io->body = NULL;
    io->body_size = 0;
}

static int wait_for(int fd, short events, uint64_t deadline_ns)
{
    struct pollfd p = {.fd = fd, .events = events};
    uint64_t now;
    int ret, wait_ms = -1;

    do {
        if (deadline_ns != UINT64_MAX) {
            now = i2cpt_now_ns();
            if (now >= deadline_ns) {
                return -ETIMEDOUT;
            }
            wait_ms = (int)MIN((deadline_ns - now + 999999) / 1000000, 60000);
        }
        ret = poll(&p, 1, wait_ms);
    } while (!ret || (ret < 0 && errno == EINTR));
    return ret < 0 ? -errno : 0;
}

/* A peer that is gone must not kill us with SIGPIPE: sockets have a flag for
 * that, and the backend's are sockets. Pipes are for i2cpt_serve(), whose
 * caller ignores the signal. */
static ssize_t write_some(int fd, const uint8_t *p, size_t n)
{
    ssize_t ret = send(fd, p, n, MSG_NOSIGNAL);

    if (ret < 0 && errno == ENOTSOCK) {
        ret = write(fd, p, n);
    }
    return ret;
}

int remote_pipe_send(struct pipe_io *io, struct wire_out *frame,
                     uint64_t deadline_ns)
{
    size_t at = 0;
    ssize_t n;
    int ret = remote_wire_end(frame);

    while (!ret && at < frame->len) {
        n = write_some(io->out_fd, frame->data + at, frame->len - at);
        if (n >= 0) {
            at += (size_t)n;
        } else if (errno == EAGAIN) {
            ret = wait_for(io->out_fd, POLLOUT, deadline_ns);
        } else if (errno != EINTR) {
            ret = -EPIPE;
        }
    }
    return ret;
}

static int read_some(struct pipe_io *io, uint8_t *p, size_t n, size_t *got,
                     uint64_t deadline_ns)
{
    ssize_t now;
    int ret;

    for (;;) {
        now = read(io->in_fd, p, n);
        if (now > 0) {
            *got += (size_t)now;
            return 0;
        }
        if (!now) {
            return -EPIPE;
        }
        if (errno == EAGAIN) {
            ret = wait_for(io->in_fd, POLLIN, deadline_ns);
            if (ret) {
                return ret;
            }
        } else if (errno != EINTR) {
            return -EPIPE;
        }
    }
}

static int grow_body(struct pipe_io *io, size_t need)
{
    uint8_t *body;

    if (need <= io->body_size) {
        return 0;
    }
    body = g_try_realloc(io->body, need);
    if (!body) {
        return -ENOMEM;
    }
    io->body = body;
    io->body_size = need;
    return 0;
}

int remote_pipe_receive(struct pipe_io *io, struct wire_head *head,
                        struct wire_in *body, uint64_t deadline_ns)
{
    size_t need;
    int ret = 0;

    while (!ret && io->got < WIRE_HEAD) {
        ret = read_some(io, io->head + io->got, WIRE_HEAD - io->got, &io->got,
                        deadline_ns);
    }
    if (!ret) {
        ret = remote_wire_get_head(io->head, head);
    }
    need = ret ? 0 : head->length - (WIRE_HEAD - 4);
    if (!ret) {
        ret = grow_body(io, MAX(need, 1));
    }
    while (!ret && io->got < WIRE_HEAD + need) {
        ret = read_some(io, io->body + (io->got - WIRE_HEAD),
                        WIRE_HEAD + need - io->got, &io->got, deadline_ns);
    }
    if (ret) {
        return ret;
    }
    io->got = 0;
    *body = (struct wire_in){.data = io->body, .len = need};
    return 0;
}
