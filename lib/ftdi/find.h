/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which dongle is meant: FTDI's chips with an MPSSE among the USB devices of
 * this machine, and what to say when it is none of them, or several.
 */
#ifndef I2CPT_FTDI_FIND_H
#define I2CPT_FTDI_FIND_H

#include <libusb.h>
#include <stdbool.h>

#include "ftdi/mpsse.h"
#include "i2cpt.h"

#define FTDI_VENDOR 0x0403u

struct ftdi_want {
    uint16_t vendor;
    uint16_t product;                            /* 0: any that has an MPSSE */
    const char *serial, *description, *location; /* NULL: any */
    unsigned interface;                          /* 0 is A */
};

struct ftdi_found {
    libusb_device *dev; /* a reference of ours */
    enum mpsse_chip chip;
    const char *name, *why; /* why it does not do */
    unsigned interfaces, engines;
    char location[40];
    uint16_t vendor, product;
    uint8_t bus, address;
    bool strings; /* those below were asked for */
    int error;    /* libusb's, where they could not be read */
    char serial[64], description[128];
};

/* The one device that fits; mpsse_found_clear() it. */
int mpsse_find(libusb_context *usb, const struct ftdi_want *want,
               struct ftdi_found *out, struct i2cpt_fault *fault);
void mpsse_found_clear(struct ftdi_found *found);

/* libusb_open(), which says no more than IO of a device that is being
 * unplugged: its node is still there. */
int mpsse_node_open(libusb_device *dev, libusb_device_handle **h);
/* Why libusb's `error` came in opening it, for a person. */
int mpsse_open_fault(const struct ftdi_found *found, int error,
                     struct i2cpt_fault *fault);

/* As i2cpt_list(): each port that has an MPSSE. */
int mpsse_list(i2cpt_found_fn found, void *user);

/* libusb_init() starts a thread, which must take none of our signals. */
int mpsse_usb_init(libusb_context **usb);

#endif
