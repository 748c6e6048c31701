/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A virtual USB device on the virtual host controller (vhci_hcd) of the machine
 * that it runs on: one end of a socket pair goes to the kernel, the other
 * speaks USB/IP (Documentation/usb/usbip_protocol.rst). The kernel's requests
 * come out here, in order, and are given back in any order.
 */
#ifndef USB_VHCI_H
#define USB_VHCI_H

#include <stddef.h>
#include <stdint.h>

enum vhci_speed { VHCI_FULL_SPEED = 2, VHCI_HIGH_SPEED = 3 };

struct vhci_urb {
    uint32_t number;  /* the kernel's */
    uint8_t endpoint; /* with 0x80 for IN; of control requests 0 */
    int in;
    uint8_t setup[8];
    uint8_t *data; /* what is going out, or room for what comes in */
    size_t len;
};

enum vhci_event {
    VHCI_GONE,   /* unplugged, or a signal */
    VHCI_SUBMIT, /* *urb is new: vhci_give_back() it */
    VHCI_UNLINK, /* number is not wanted any more: vhci_unlinked() */
};

/* Plug a device in at this port of the controller: a descriptor to read from
 * (and to close, which unplugs it), or a negative errno. */
int vhci_plug(unsigned port, enum vhci_speed speed);
/* Waits for the next one. */
enum vhci_event vhci_next(int fd, struct vhci_urb *urb, uint32_t *number);
/* With 0 and what was moved, or a negative errno; its memory is freed. */
int vhci_give_back(int fd, struct vhci_urb *urb, int status, size_t actual);
/* Frees the memory of what is not given back. */
void vhci_forget(struct vhci_urb *urb);
/* Of `unlink`, as it came with VHCI_UNLINK: whether its URB was still here,
 * and is not given back. */
int vhci_unlinked(int fd, const struct vhci_urb *unlink, int was_here);

#endif
