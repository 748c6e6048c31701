/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From what the kernel answers to what it means (docs/i2c-dev.md). */
#ifndef I2CPT_I2C_DEV_FAULT_H
#define I2CPT_I2C_DEV_FAULT_H

#include <stdbool.h>

#include "i2c-dev/host.h"
#include "i2cpt.h"

/* What the answer belongs to. */
struct request_shape {
    size_t n;          /* messages */
    bool address_only; /* nothing but addresses that a target could NACK */
    uint64_t deadline_ns;
};

/* -errno of an ioctl that did a transfer, judged; fills in the fault. */
int i2cdev_fault(const struct host_adapter *a, int error,
                 const struct request_shape *shape, struct i2cpt_fault *fault);

#endif
