/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices for the kernel's drivers, made through a bus's new_device. */
#ifndef ATTACH_DEVICES_H
#define ATTACH_DEVICES_H

#include <stdint.h>

#define ATTACH_TYPE_MAX 19 /* I2C_NAME_SIZE, less its end */

struct attach_device {
    char type[ATTACH_TYPE_MAX + 1];
    uint16_t addr;
};

/* TYPE@ADDRESS, "lm75@0x48"; or -EINVAL. */
int attach_device_parse(const char *text, struct attach_device *out);

/*
 * Waits until the kernel has done with the USB device `usb_id`, whose bus has
 * this number (drivers that look for their chips have done so by then), and
 * makes the devices; in a thread, for somebody has to serve the transfers that
 * come meanwhile. A descriptor that is readable at the
 * end of it, or a negative errno.
 */
struct attach_devices;
int attach_devices_make(const char *usb_id, unsigned bus,
                        const struct attach_device *devices, unsigned n,
                        struct attach_devices **out);
/* After that: 0, or a negative errno and which one it is of. Frees it. */
int attach_devices_end(struct attach_devices *d, unsigned *which);

#endif
