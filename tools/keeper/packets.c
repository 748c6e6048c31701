/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets between the keeper and an adapter's process. */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "keeper/packets.h"

int keeper_send(int fd, const struct keeper_packet *p, const void *carried)
{
    struct keeper_packet head = *p;
    struct iovec parts[] = {{&head, sizeof(head)},
                            {(void *)carried, p->carried}};
    struct msghdr message = {.msg_iov = parts,
                             .msg_iovlen = p->carried ? 2 : 1};
    ssize_t n;

    head.version = KEEPER_VERSION;
    do {
        n = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : 0;
}

static int wait_for(int fd, int wait_ms)
{
    struct pollfd p = {fd, POLLIN, 0};
    int n = poll(&p, 1, wait_ms);

    return n > 0 ? 0 : n < 0 ? -errno : -ETIMEDOUT;
}

int keeper_recv(int fd, struct keeper_packet *p, void *carried, size_t room,
                int wait_ms)
{
    struct iovec parts[] = {{p, sizeof(*p)}, {carried, room}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = room ? 2 : 1};
    ssize_t n;
    int ret;

    do {
        ret = wait_for(fd, wait_ms);
        n = ret ? 0 : recvmsg(fd, &message, MSG_DONTWAIT);
        ret = n < 0 ? -errno : ret;
    } while (ret == -EINTR);
    if (ret || !n) {
        return ret == -ETIMEDOUT || ret == -EAGAIN ? -ETIMEDOUT : -EPIPE;
    }
    if (message.msg_flags & MSG_TRUNC || (size_t)n < sizeof(*p) ||
        p->version != KEEPER_VERSION || p->carried != (size_t)n - sizeof(*p) ||
        p->name.name[NODE_NAME_MAX]) {
        return -EPROTO;
    }
    return 0;
}
