/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A virtual USB device at a port of the test's own choice. */
#ifndef USB_PLUG_H
#define USB_PLUG_H

#include "usbip/vhci.h"

/* usbip_plug(), waiting for what was plugged in there before to be gone. */
int usb_plug_at(unsigned port, enum usbip_speed speed);

#endif
