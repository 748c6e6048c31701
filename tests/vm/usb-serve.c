/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests of a USB device on vhci_hcd answered one by one. */
#include <errno.h>
#include <stddef.h>

#include "plug.h"
#include "usb-serve.h"
#include "usbip/packets.h"

static struct usbip_urb unanswered; /* the request that got USB_SILENT */

static int request(const struct usb_device *d, struct usbip_urb *urb)
{
    uint32_t len = (uint32_t)urb->len;

    if (urb->endpoint) {
        return urb->in ? d->in(urb->data, len) : d->out(urb->data, len);
    }
    return usbip_is_standard(urb->setup)
               ? usbip_standard(d->about, urb->setup, urb->data, len)
               : d->control(urb->setup, urb->data, len);
}

static int submit(int fd, const struct usb_device *d, struct usbip_urb *urb)
{
    int ret = urb->len > USB_MAX_LEN ? USB_GONE : request(d, urb);

    if (ret == USB_GONE) {
        usbip_forget(urb);
        return -1;
    }
    if (ret == USB_SILENT) {
        usbip_forget(&unanswered);
        unanswered = *urb;
        return 0;
    }
    return usbip_give_back(fd, urb, ret < 0 ? ret : 0,
                           ret < 0 ? 0 : (size_t)ret);
}

/* The host gives a request up: one that is not answered yet never will be. */
static int unlink_request(int fd, const struct usbip_urb *urb, uint32_t number)
{
    int was_here = unanswered.data && unanswered.number == number;

    if (was_here) {
        usbip_forget(&unanswered);
    }
    return usbip_unlinked(fd, urb, was_here);
}

int usb_serve(int fd, const struct usb_device *device)
{
    struct usbip_urb urb;
    uint32_t number;

    switch (usbip_next(fd, &urb, &number)) {
    case USBIP_SUBMIT:
        return submit(fd, device, &urb);
    case USBIP_UNLINK:
        return unlink_request(fd, &urb, number);
    case USBIP_GONE:
    default:
        return -1;
    }
}

int usb_plug(void)
{
    int fd = usb_plug_at(0, USBIP_FULL_SPEED);

    usbip_forget(&unanswered);
    if (fd < 0) {
        errno = -fd;
        return -1;
    }
    return fd;
}
