/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtual USB device on the virtual host controller (vhci_hcd) of the machine
 * that it runs on: one end of a socket pair goes to the kernel (vhci.h), the
 * other speaks USB/IP (Documentation/usb/usbip_protocol.rst). The kernel's
 * requests come out here, in order, and are given back in any order.
 */
#ifndef USBIP_PACKETS_H
#define USBIP_PACKETS_H

#include <stddef.h>
#include <stdint.h>

struct usbip_urb {
    uint32_t number;  /* the kernel's */
    uint8_t endpoint; /* with 0x80 for IN; of control requests 0 */
    int in;
    uint8_t setup[8];
    uint8_t *data; /* what is going out, or room for what comes in */
    size_t len;
};

enum usbip_event {
    USBIP_GONE,   /* unplugged, or no USB/IP */
    USBIP_SUBMIT, /* *urb is new: usbip_give_back() it */
    USBIP_UNLINK, /* number is not wanted any more: usbip_unlinked() */
};

/* Waits for the next one. */
enum usbip_event usbip_next(int fd, struct usbip_urb *urb, uint32_t *number);
/* With 0 and what was moved, or a negative errno; its memory is freed. */
int usbip_give_back(int fd, struct usbip_urb *urb, int status, size_t actual);
/* Frees the memory of what is not given back. */
void usbip_forget(struct usbip_urb *urb);
/* Of `unlink`, as it came with USBIP_UNLINK: whether its URB was still here,
 * and is not given back. */
int usbip_unlinked(int fd, const struct usbip_urb *unlink, int was_here);

#endif
