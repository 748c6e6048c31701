/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* USB's part of a reply: two status bytes at the head of every packet. */
#include <glib.h>
#include <string.h>

#include "ftdi/mpsse-usb.h"

size_t mpsse_usb_ask(size_t want, size_t packet, size_t most)
{
    size_t payload = packet - MPSSE_USB_STATUS;
    size_t packets = want / payload + (want % payload ? 1 : 0);

    return MIN(MAX(packets, 1), most / packet) * packet;
}

bool mpsse_usb_strip(const uint8_t *in, size_t len, size_t packet, uint8_t *out,
                     size_t room, size_t *got)
{
    size_t at, n;

    *got = 0;
    for (at = 0; at < len; at += packet) {
        n = MIN(len - at, packet);
        n -= MIN(n, MPSSE_USB_STATUS);
        if (n > room - *got) {
            return false;
        }
        if (n) {
            memmove(out + *got, in + at + MPSSE_USB_STATUS, n);
        }
        *got += n;
    }
    return true;
}
