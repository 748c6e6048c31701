/* SPDX-License-Identifier: GPL-2.0-or-later */
/* USB/IP packets taken apart and answered. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "usbip/packets.h"

#define MAX_LEN      (1u << 20)
#define ENDPOINT_MAX 15u

/* All numbers big-endian, the set-up packet as on the wire. */
enum { CMD_SUBMIT = 1, CMD_UNLINK = 2, RET_SUBMIT = 3, RET_UNLINK = 4 };

struct packet {
    uint32_t command, seqnum, devid, direction, ep;
    uint32_t a, length, c, d, e; /* meanings differ by command */
    uint8_t setup[8];
};

/* A packet that does not come whole is as none. */
static int read_all(int fd, void *buf, size_t len)
{
    uint8_t *at = buf;

    while (len) {
        ssize_t n = read(fd, at, len);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return -1;
        }
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

/* Head and data at once, which wakes the kernel once. It may be gone by then:
 * no signal. */
static int send_all(int fd, const struct packet *p, void *data, size_t len)
{
    struct iovec parts[] = {{(void *)p, sizeof(*p)}, {data, len}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    size_t left = sizeof(*p) + len;

    while (left) {
        ssize_t n = sendmsg(fd, &message, MSG_NOSIGNAL);
        size_t i, sent = (size_t)n;

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return -1;
        }
        left -= sent;
        for (i = 0; i < 2; i++) {
            size_t of_it = sent < parts[i].iov_len ? sent : parts[i].iov_len;

            if (!of_it) {
                continue; /* of nothing at all there is no place */
            }
            parts[i].iov_base = (uint8_t *)parts[i].iov_base + of_it;
            parts[i].iov_len -= of_it;
            sent -= of_it;
        }
    }
    return 0;
}

static enum usbip_event submitted(int fd, const struct packet *p,
                                  struct usbip_urb *urb)
{
    urb->len = ntohl(p->length);
    urb->in = ntohl(p->direction) == 1;
    urb->endpoint = (uint8_t)(ntohl(p->ep) | (urb->in && p->ep ? 0x80u : 0));
    memcpy(urb->setup, p->setup, sizeof(urb->setup));
    if (urb->len > MAX_LEN || ntohl(p->ep) > ENDPOINT_MAX) {
        return USBIP_GONE;
    }
    urb->data = calloc(1, urb->len + 1);
    if (!urb->data || (!urb->in && read_all(fd, urb->data, urb->len))) {
        usbip_forget(urb);
        return USBIP_GONE;
    }
    return USBIP_SUBMIT;
}

enum usbip_event usbip_next(int fd, struct usbip_urb *urb, uint32_t *number)
{
    struct packet p;

    memset(urb, 0, sizeof(*urb));
    if (read_all(fd, &p, sizeof(p))) {
        return USBIP_GONE;
    }
    urb->number = ntohl(p.seqnum);
    switch (ntohl(p.command)) {
    case CMD_SUBMIT:
        return submitted(fd, &p, urb);
    case CMD_UNLINK:
        *number = ntohl(p.a);
        return USBIP_UNLINK;
    default:
        return USBIP_GONE;
    }
}

void usbip_forget(struct usbip_urb *urb)
{
    free(urb->data);
    urb->data = NULL;
}

int usbip_give_back(int fd, struct usbip_urb *urb, int status, size_t actual)
{
    struct packet p = {.command = htonl(RET_SUBMIT),
                       .seqnum = htonl(urb->number),
                       .a = htonl((uint32_t)status),
                       .length = htonl((uint32_t)actual)};
    int ret = send_all(fd, &p, urb->data, urb->in ? actual : 0);

    usbip_forget(urb);
    return ret;
}

int usbip_unlinked(int fd, const struct usbip_urb *unlink, int was_here)
{
    struct packet p = {.command = htonl(RET_UNLINK),
                       .seqnum = htonl(unlink->number),
                       .a = htonl((uint32_t)(was_here ? -ECONNRESET : 0))};

    return send_all(fd, &p, NULL, 0);
}
