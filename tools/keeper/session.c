/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets of USB/IP to requests of the device. */
#include <errno.h>

#include "keeper/session.h"
#include "usbip/packets.h"

static int request(struct keeper_tiny *t, struct usbip_urb *urb)
{
    if (urb->endpoint) {
        return -EPIPE; /* there is none but that of control */
    }
    if (usbip_is_standard(urb->setup)) {
        return keeper_tiny_standard(t, urb->setup, urb->data, urb->len);
    }
    return keeper_tiny_control(t, urb->setup, urb->in, urb->data, urb->len);
}

int keeper_session_next(int fd, struct keeper_tiny *t)
{
    struct usbip_urb urb;
    uint32_t number;
    int ret;

    switch (usbip_next(fd, &urb, &number)) {
    case USBIP_SUBMIT:
        ret = request(t, &urb);
        return usbip_give_back(fd, &urb, ret < 0 ? ret : 0,
                               ret < 0 ? 0 : (size_t)ret);
    case USBIP_UNLINK:
        return usbip_unlinked(fd, &urb, 0); /* it has been answered */
    case USBIP_GONE:
    default:
        return -1;
    }
}
