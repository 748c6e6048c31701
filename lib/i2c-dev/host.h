/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What /dev and /sys say about adapters: names, drivers, who may open them,
 * and whether they are still there. No ioctl is made here.
 */
#ifndef I2CPT_I2C_DEV_HOST_H
#define I2CPT_I2C_DEV_HOST_H

#include <stdbool.h>
#include <sys/types.h>

#include "i2cpt.h"

/* How one kernel driver sets up its adapters, and what its codes stand for. */
struct host_driver {
    const char *name; /* as in /sys/bus/.../drivers */
    uint32_t timeout_ms, retries;
    bool nack_anywhere; /* ENXIO also for bytes after the address */
    bool tells_phase;   /* an address NACK is ENXIO, and nothing else is */
};

struct host_adapter {
    char *path; /* of the device node */
    dev_t rdev;
    int number;     /* N of i2c-N; -1 for a node that is not i2c-dev's own */
    bool had_sysfs; /* its directory was there at opening */
    bool usb;
    const struct host_driver *driver; /* NULL: not one that we know */
};

/*
 * The device node that a device= value means: a path, or `name:` and the
 * adapter's name. *path is for g_free(). Errors as i2cpt_adapter_open().
 */
int i2cdev_host_resolve(const char *device, char **path,
                        struct i2cpt_fault *fault);
/* Fill in *a for an existing character device; a->path is for g_free(). */
int i2cdev_host_examine(const char *path, struct host_adapter *a,
                        struct i2cpt_fault *fault);

enum host_presence { HOST_GONE, HOST_THERE, HOST_UNKNOWN };
enum host_presence i2cdev_host_presence(const struct host_adapter *a);

/* The line for an open() or stat() of `path` that failed with `code`. */
int i2cdev_host_open_fault(const char *path, int code,
                           struct i2cpt_fault *fault);
/* The kernel driver that has `addr` on this adapter, or NULL; g_free(). */
char *i2cdev_host_address_owner(const struct host_adapter *a, uint16_t addr,
                                bool tenbit);
/* What /sys calls adapter N, or NULL; g_free(). */
char *i2cdev_host_adapter_name(int number);

int i2cdev_host_list(i2cpt_found_fn found, void *user);

#endif
