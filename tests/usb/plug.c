/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plugging in where something else was plugged in a moment ago. */
#include <errno.h>
#include <poll.h>

#include "plug.h"

#define PATIENCE 2000 /* times 5 ms */

int usb_plug_at(unsigned port, enum usbip_speed speed)
{
    int i, ret = -EBUSY;

    for (i = 0; i < PATIENCE && ret == -EBUSY; i++) {
        ret = usbip_plug(port, speed, 1u << 16 | (port + 2));
        if (ret == -EBUSY) {
            poll(NULL, 0, 5);
        }
    }
    return ret;
}
