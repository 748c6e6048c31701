/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "usbip.h"

#define ATTACH     "/sys/devices/platform/vhci_hcd.0/attach"
#define FULL_SPEED 2u

/* USB/IP: all numbers big-endian, the setup packet as on the wire. */
enum { CMD_SUBMIT = 1, CMD_UNLINK = 2, RET_SUBMIT = 3, RET_UNLINK = 4 };

struct packet {
    uint32_t command, seqnum, devid, direction, ep;
    uint32_t a, length, c, d, e; /* meanings differ by command */
    uint8_t setup[8];
};

static uint8_t data[USBIP_MAX_LEN];
static uint32_t unanswered; /* the request that got USB_SILENT */

static int read_all(int fd, void *buf, size_t len)
{
    uint8_t *at = buf;

    while (len) {
        ssize_t n = read(fd, at, len);

        if (n <= 0) {
            return -1;
        }
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

static int write_all(int fd, const void *buf, size_t len)
{
    return write(fd, buf, len) == (ssize_t)len ? 0 : -1;
}

static int answer_with(const void *bytes, size_t size, uint32_t len)
{
    uint32_t n = (uint32_t)size < len ? (uint32_t)size : len;

    memcpy(data, bytes, n);
    return (int)n;
}

/* What every device has to know. */
static int standard(const struct usb_device *d, const uint8_t *setup,
                    uint32_t len)
{
    static const uint8_t zero[2];

    switch (setup[1]) {
    case 0: /* GET_STATUS */
        return answer_with(zero, 2, len);
    case 6: /* GET_DESCRIPTOR */
        if (setup[3] == 1) {
            return answer_with(d->device, d->device[0], len);
        }
        if (setup[3] == 2) {
            return answer_with(d->config, d->config_len, len);
        }
        return USB_STALL;
    case 1:  /* CLEAR_FEATURE */
    case 9:  /* SET_CONFIGURATION */
    case 11: /* SET_INTERFACE */
        return 0;
    default:
        return USB_STALL;
    }
}

static int request(const struct usb_device *d, const struct packet *p, int in,
                   uint32_t len)
{
    if (p->ep) {
        return in ? d->in(data, len) : d->out(data, len);
    }
    return (p->setup[0] & 0x60) == 0x40 ? d->control(p->setup, data, len)
                                        : standard(d, p->setup, len);
}

static int submit(int fd, const struct usb_device *d, const struct packet *p)
{
    uint32_t len = ntohl(p->length);
    int in = ntohl(p->direction) == 1, ret;
    struct packet reply = {.command = htonl(RET_SUBMIT), .seqnum = p->seqnum};

    if (len > USBIP_MAX_LEN || (!in && len && read_all(fd, data, len))) {
        return -1;
    }
    if (in) {
        memset(data, 0, len);
    }
    ret = request(d, p, in, len);
    if (ret == USB_GONE) {
        return -1;
    }
    if (ret == USB_SILENT) {
        unanswered = p->seqnum;
        return 0;
    }
    reply.a = htonl((uint32_t)(ret < 0 ? ret : 0)); /* status */
    reply.length = htonl((uint32_t)(ret < 0 ? 0 : ret));
    if (write_all(fd, &reply, sizeof(reply))) {
        return -1;
    }
    return in && ret > 0 ? write_all(fd, data, (size_t)ret) : 0;
}

/* The host gives a request up: one that is not answered yet never will be. */
static int unlink_request(int fd, const struct packet *p)
{
    struct packet reply = {.command = htonl(RET_UNLINK), .seqnum = p->seqnum};

    if (p->a == unanswered) {
        reply.a = htonl((uint32_t)-ECONNRESET);
        unanswered = 0;
    }
    return write_all(fd, &reply, sizeof(reply));
}

int usbip_serve(int fd, const struct usb_device *device)
{
    struct packet p;

    if (read_all(fd, &p, sizeof(p))) {
        return -1;
    }
    switch (ntohl(p.command)) {
    case CMD_SUBMIT:
        return submit(fd, device, &p);
    case CMD_UNLINK:
        return unlink_request(fd, &p);
    default:
        return -1;
    }
}

/* The port may still be busy with what was plugged in before. */
static int attach(int fd)
{
    char line[40];
    int n = snprintf(line, sizeof(line), "0 %d %u %u", fd, 1u << 16 | 2u,
                     FULL_SPEED);
    int i, ret = -1;

    for (i = 0; i < 2000 && ret; i++) {
        int attach_fd = open(ATTACH, O_WRONLY);

        if (attach_fd < 0) {
            return -1;
        }
        ret = write_all(attach_fd, line, (size_t)n);
        close(attach_fd);
        if (ret && errno != EBUSY) {
            return -1;
        }
        if (ret) {
            poll(NULL, 0, 5);
        }
    }
    return ret;
}

int usbip_attach(void)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
        return -1;
    }
    unanswered = 0;
    if (attach(pair[0])) {
        close(pair[0]);
        close(pair[1]);
        return -1;
    }
    close(pair[0]); /* the kernel has its own hold of it */
    return pair[1];
}
