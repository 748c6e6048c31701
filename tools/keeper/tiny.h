/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The USB device that the kernel's i2c-tiny-usb driver drives: what it says of
 * itself, and its vendor's requests (drivers/i2c/busses/i2c-tiny-usb.c). The
 * driver sends the messages of a transfer one by one, marks the first and the
 * last one, and asks after each whether it was acknowledged.
 */
#ifndef KEEPER_TINY_H
#define KEEPER_TINY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "usbip/standard.h"

/* What a message comes to, where it is not an error of USB (negative). */
enum keeper_answer { KEEPER_ACK = 0, KEEPER_NACK = 1 };

#define KEEPER_MESSAGE_MAX 65535u /* bytes: a USB request's own bound */

/* One message of a transfer. `flags` are I2CPT_M_*, as the driver has them. */
struct keeper_message {
    bool first, last;
    uint16_t addr, flags;
    uint8_t *data;
    uint32_t len;
};

struct keeper_tiny {
    uint32_t functionality; /* I2CPT_FUNC_*; the driver believes it */
    /* An answer of the above, ENXIO to the kernel's caller where it is a NACK;
     * or a negative errno for USB, which is EIO there. */
    int (*message)(void *user, const struct keeper_message *m);
    void *user;
    uint8_t status;     /* of the last message */
    const char *serial; /* the USB device's; NULL: it has none */
};

/* What the driver leaves of an adapter's functionality. */
uint32_t keeper_tiny_functionality(uint32_t adapter);

/* Of one without a serial number. */
extern const struct usbip_description keeper_tiny_description;

/* usbip_standard() of this one. */
int keeper_tiny_standard(const struct keeper_tiny *t, const uint8_t *setup,
                         uint8_t *data, size_t len);

/* A request of control: how many bytes went into or came out of `data`, or what
 * message() said, or -EPIPE, a stall, for what is none of its requests. */
int keeper_tiny_control(struct keeper_tiny *t, const uint8_t *setup, bool in,
                        uint8_t *data, size_t len);

#endif
