/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vhost-user messages over a Unix socket. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vhost-user/protocol.h"

struct header {
    uint32_t request, flags, size;
};
#define VERSION_MASK 0x3u
#define VERSION      0x1u
#define FLAG_REPLY   0x4u
#define FLAG_NEED    0x8u

union control {
    char bytes[CMSG_SPACE(sizeof(int) * VHOST_USER_FDS_MAX)];
    struct cmsghdr align;
};

void vhost_user_close_fds(struct vhost_user_message *m)
{
    size_t i;

    for (i = 0; i < m->n_fds; i++) {
        if (m->fds[i] >= 0) {
            close(m->fds[i]);
        }
    }
    m->n_fds = 0;
}

int vhost_user_take_fd(struct vhost_user_message *m, size_t index)
{
    int fd = -1;

    if (index < m->n_fds) {
        fd = m->fds[index];
        m->fds[index] = -1;
    }
    return fd;
}

/* More than one piece of ancillary data, or more descriptors than there is
 * room for, is no message of this protocol. */
static int take_fds(struct msghdr *h, struct vhost_user_message *m)
{
    struct cmsghdr *c;

    for (c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
        size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        if (m->n_fds || n > VHOST_USER_FDS_MAX) {
            return -EPROTO;
        }
        memcpy(m->fds, CMSG_DATA(c), n * sizeof(int));
        m->n_fds = n;
    }
    return h->msg_flags & MSG_CTRUNC ? -EPROTO : 0;
}

static int receive_head(int fd, struct vhost_user_message *m, struct header *h)
{
    union control control;
    struct iovec part = {h, sizeof(*h)};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    ssize_t n;

    do {
        n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_WAITALL);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return errno == EAGAIN ? -EAGAIN : -EPIPE;
    }
    if (take_fds(&message, m)) {
        return -EPROTO;
    }
    return !n ? -EPIPE : n == sizeof(*h) ? 0 : -EPROTO;
}

int vhost_user_receive(int fd, struct vhost_user_message *m)
{
    struct header h;
    ssize_t n = 0;
    int ret;

    memset(m, 0, sizeof(*m));
    ret = receive_head(fd, m, &h);
    if (ret) {
        return ret;
    }
    if ((h.flags & VERSION_MASK) != VERSION || h.flags & FLAG_REPLY ||
        h.size > sizeof(m->body)) {
        return -EPROTO;
    }
    m->request = h.request;
    m->wants_reply = h.flags & FLAG_NEED;
    m->size = h.size;
    if (h.size) {
        do {
            n = recv(fd, &m->body, h.size, MSG_WAITALL);
        } while (n < 0 && errno == EINTR);
    }
    return n == (ssize_t)h.size ? 0 : -EPROTO;
}

int vhost_user_reply(int fd, struct vhost_user_message *m, uint32_t size)
{
    struct header h = {m->request, VERSION | FLAG_REPLY, size};
    struct iovec parts[] = {{&h, sizeof(h)}, {&m->body, size}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    ssize_t n;

    do {
        n = sendmsg(fd, &message, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)(sizeof(h) + size) ? 0 : -EPIPE;
}
