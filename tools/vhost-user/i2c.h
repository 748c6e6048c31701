/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtio I2C adapter (virtio 1.2, section 5.16, device 34): requests from a
 * ring, transfers to an adapter.
 */
#ifndef VHOST_USER_I2C_H
#define VHOST_USER_I2C_H

#include <stdbool.h>
#include <stdint.h>

#include "i2cpt.h"
#include "vhost-user/ring.h"

#define VIRTIO_I2C_F_ZERO_LENGTH_REQUEST 0u /* number of the feature bit */

struct i2c_device;

/* NULL: no memory. It keeps a reference to the adapter. */
struct i2c_device *i2c_device_new(struct i2cpt_adapter *a);
void i2c_device_free(struct i2c_device *d);

/* What the driver has taken of the features. Without that of zero-length
 * requests the direction of one follows from its descriptors. */
void i2c_device_set_features(struct i2c_device *d, uint64_t features);

/*
 * Take what waits in the ring, run each group that is whole, and answer it.
 * True where a group is left that waits for its last request.
 */
bool i2c_device_run(struct i2c_device *d, struct ring *r,
                    const struct guest_memory *m);
/* Answer all that was taken and all that waits with an error, running none. */
void i2c_device_refuse(struct i2c_device *d, struct ring *r,
                       const struct guest_memory *m);
/* Forget the group that waits, which was never run: how many chains it had. */
uint16_t i2c_device_forget(struct i2c_device *d);

#endif
