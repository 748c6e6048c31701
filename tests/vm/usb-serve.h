/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A USB device on the virtual host controller (vhci_hcd) of the machine that
 * the program runs on, which answers its requests one by one: tools/usbip.
 */
#ifndef USB_SERVE_H
#define USB_SERVE_H

#include <stdint.h>

#include "usbip/standard.h"

#define USB_MAX_LEN 65536u

/* What a device's functions may answer instead of a number of bytes. */
#define USB_STALL  (-32)
#define USB_SILENT (-1000) /* nothing, until the host gives up */
#define USB_GONE   (-1001) /* pulled out: the request is lost */

struct usb_device {
    const struct usbip_description *about;
    /* A vendor's request; `data` came with it, or goes back. */
    int (*control)(const uint8_t *setup, uint8_t *data, uint32_t len);
    /* Bulk endpoints, whatever their numbers; NULL where there are none. */
    int (*out)(const uint8_t *data, uint32_t len);
    int (*in)(uint8_t *data, uint32_t len);
};

/* Plug it in: the socket to serve, or -1 with errno. */
int usb_plug(void);

/* Answer one request. 0, or -1 where the device is gone: close the socket. */
int usb_serve(int fd, const struct usb_device *device);

#endif
