/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every virtual USB device says of itself. */
#ifndef USBIP_STANDARD_H
#define USBIP_STANDARD_H

#include <stddef.h>
#include <stdint.h>

struct usbip_description {
    const uint8_t *device;      /* descriptors as on the wire */
    const uint8_t *config;      /* with all that belongs to it */
    const char *const *strings; /* number 1 first; ASCII */
    size_t n_strings;
};

/* A configuration of one interface, which has no endpoint but EP0. */
extern const uint8_t usbip_config_ep0[18];

/* Eight bytes of set-up: a standard request, not a class's or a vendor's. */
int usbip_is_standard(const uint8_t *setup);
/* The answer to one, at most `len` bytes in `data`: how many, or -EPIPE, a
 * stall. */
int usbip_standard(const struct usbip_description *d, const uint8_t *setup,
                   uint8_t *data, size_t len);

#endif
