/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A transfer as the kernel takes it: within its limits, split where that is
 * the same on the wire, or refused. Memory only, nothing is sent from here.
 */
#ifndef I2CPT_I2C_DEV_PLAN_H
#define I2CPT_I2C_DEV_PLAN_H

#include "core/backend.h"
#include "i2c-dev/uapi.h"

struct plan {
    struct uapi_msg *msgs;
    size_t n;
    struct uapi_msg few[UAPI_MAX_MSGS]; /* short ones do without the heap */
    uint8_t *blocks; /* where block reads arrive: the kernel wants more room
                      * than callers need to have */
};

/* -EOPNOTSUPP with a line about what does not go; nothing to free then. */
int i2cdev_plan_make(struct plan *p, uint32_t functionality,
                     struct i2cpt_xfer *x);
/* How many of the messages from `at` on go into one I2C_RDWR. Never 0. */
size_t i2cdev_plan_cut(const struct plan *p, size_t at);
/* After all of it went well: block reads into place, `actual` everywhere. */
int i2cdev_plan_finish(const struct plan *p, struct i2cpt_xfer *x);
void i2cdev_plan_free(struct plan *p);

#endif
