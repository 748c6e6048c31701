/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An opened dongle: bytes to its MPSSE and back, over libftdi1 and libusb. */
#ifndef I2CPT_FTDI_LINK_H
#define I2CPT_FTDI_LINK_H

#include "ftdi/find.h"
#include "ftdi/mpsse-bus.h"

struct ftdi_link;

struct ftdi_link_config {
    struct ftdi_want want;
    uint8_t latency_ms;
};

/* Kernel driver out of the way, MPSSE mode; *found says what it is (its `dev`
 * is not for the caller). */
int mpsse_link_open(const struct ftdi_link_config *c, struct ftdi_link **out,
                    struct ftdi_found *found, struct i2cpt_fault *fault);
/* The kernel driver comes back. */
void mpsse_link_close(struct ftdi_link *link);

extern const struct mpsse_link mpsse_link_ops;

#endif
