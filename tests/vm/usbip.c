/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests of a USB device on vhci_hcd answered one by one. */
#include <errno.h>
#include <stddef.h>

#include "usb-device.h"
#include "usbip.h"
#include "vhci.h"

static struct vhci_urb unanswered; /* the request that got USB_SILENT */

static int request(const struct usb_device *d, struct vhci_urb *urb)
{
    const struct usb_description about = {d->device, d->config, NULL, 0};
    uint32_t len = (uint32_t)urb->len;

    if (urb->endpoint) {
        return urb->in ? d->in(urb->data, len) : d->out(urb->data, len);
    }
    return usb_is_standard(urb->setup)
               ? usb_standard(&about, urb->setup, urb->data, len)
               : d->control(urb->setup, urb->data, len);
}

static int submit(int fd, const struct usb_device *d, struct vhci_urb *urb)
{
    int ret = urb->len > USBIP_MAX_LEN ? USB_GONE : request(d, urb);

    if (ret == USB_GONE) {
        vhci_forget(urb);
        return -1;
    }
    if (ret == USB_SILENT) {
        vhci_forget(&unanswered);
        unanswered = *urb;
        return 0;
    }
    return vhci_give_back(fd, urb, ret < 0 ? ret : 0,
                          ret < 0 ? 0 : (size_t)ret);
}

/* The host gives a request up: one that is not answered yet never will be. */
static int unlink_request(int fd, const struct vhci_urb *urb, uint32_t number)
{
    int was_here = unanswered.data && unanswered.number == number;

    if (was_here) {
        vhci_forget(&unanswered);
    }
    return vhci_unlinked(fd, urb, was_here);
}

int usbip_serve(int fd, const struct usb_device *device)
{
    struct vhci_urb urb;
    uint32_t number;

    switch (vhci_next(fd, &urb, &number)) {
    case VHCI_SUBMIT:
        return submit(fd, device, &urb);
    case VHCI_UNLINK:
        return unlink_request(fd, &urb, number);
    case VHCI_GONE:
    default:
        return -1;
    }
}

int usbip_attach(void)
{
    int fd = vhci_plug(0, VHCI_FULL_SPEED);

    vhci_forget(&unanswered);
    if (fd < 0) {
        errno = -fd;
        return -1;
    }
    return fd;
}
