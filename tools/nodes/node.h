/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel has made of the device: its bus. */
#ifndef NODES_NODE_H
#define NODES_NODE_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the kernel has this driver: "i2c-tiny-usb". */
bool node_driver(const char *name);
/* The number of the I2C bus of the USB device with this bus id, once there is
 * one; or -ENOENT. */
int node_bus(const char *usb_id);
/* Whether there is such a bus; and a /dev/i2c-N, which the module i2c-dev
 * makes. */
bool node_exists(unsigned bus);
bool node_has_device(unsigned bus);

/* The USB device of a bus that was attached from a program, "1-1"; or
 * -ENOENT where it is another one. */
int node_usb(unsigned bus, char *id, size_t size);
/* The number of the first such bus from there on; or -ENOENT. */
int node_next(unsigned from);

#endif
