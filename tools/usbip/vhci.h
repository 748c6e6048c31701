/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's virtual USB host controller (vhci_hcd): its ports. */
#ifndef USBIP_VHCI_H
#define USBIP_VHCI_H

#include <stddef.h>
#include <stdint.h>

enum usbip_speed { USBIP_FULL_SPEED = 2, USBIP_HIGH_SPEED = 3 };

/* Plug a device in at this port: a descriptor to read its requests from (and
 * to close, which unplugs it), or a negative errno; -EBUSY where the port is
 * taken. `device_id` is for usbip_bus_id(). */
int usbip_plug(unsigned port, enum usbip_speed speed, uint32_t device_id);
/* The same at the first free port, which goes into *port. -ENOENT: there is no
 * such controller; -EBUSY: it has no free port. */
int usbip_plug_anywhere(enum usbip_speed speed, uint32_t device_id,
                        unsigned *port);

/* What the kernel calls the device that was plugged in there, "1-1", once it
 * has been given an address: 0, or -ENOENT. */
int usbip_bus_id(unsigned port, uint32_t device_id, char *id, size_t size);

/* The port of what has this bus id, or -ENOENT. */
int usbip_port(const char *id);
/* Takes it out: 0, or -ENOENT or another negative errno. */
int usbip_unplug(const char *id);

/* Of the text of the controller's file `status`: the first free port for full
 * and high speed that is not below `from`, or -1; and a device's bus id, as
 * above, and its port by that, or -1. */
int usbip_status_free(const char *text, unsigned from);
int usbip_status_bus_id(const char *text, unsigned port, uint32_t device_id,
                        char *id, size_t size);
int usbip_status_port(const char *text, const char *id);

#endif
