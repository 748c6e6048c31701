/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How FTDI's chips frame what they send: each USB packet begins with two
 * bytes of modem and line status. Pure, no USB.
 */
#ifndef I2CPT_MPSSE_USB_H
#define I2CPT_MPSSE_USB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MPSSE_USB_STATUS 2u

/* What is to be asked of USB for `want` bytes of reply: whole packets (a
 * packet must not overflow the request), at most `most`. */
size_t mpsse_usb_ask(size_t want, size_t packet, size_t most);

/*
 * Take the payload out of `len` bytes as they came into `out`, which has
 * `room` and may be `in` itself. False where it is more than that, which nobody
 * asked for.
 */
bool mpsse_usb_strip(const uint8_t *in, size_t len, size_t packet, uint8_t *out,
                     size_t room, size_t *got);

#endif
