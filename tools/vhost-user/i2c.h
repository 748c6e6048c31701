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
struct i2c_device *vhost_i2c_new(struct i2cpt_adapter *a);
void vhost_i2c_free(struct i2c_device *d);

/* What the driver has taken of the features. Without that of zero-length
 * requests the direction of one follows from its descriptors. */
void vhost_i2c_set_features(struct i2c_device *d, uint64_t features);

/*
 * Take what waits in the ring, run each group that is whole, and answer it.
 * Not 0 where a group is left that waits for its last request: its number,
 * which is another one for another group.
 */
uint32_t vhost_i2c_run(struct i2c_device *d, struct ring *r,
                       const struct guest_memory *m);
/* The group that waits has waited for too long: it is answered with an error,
 * and what still comes of it will be. */
void vhost_i2c_expire(struct i2c_device *d, struct ring *r,
                      const struct guest_memory *m);
/* Answer all that was taken and all that waits with an error, running none. */
void vhost_i2c_refuse(struct i2c_device *d, struct ring *r,
                      const struct guest_memory *m);
/* Forget the group that waits, which was never run: how many chains it had. */
uint16_t vhost_i2c_forget(struct i2c_device *d);

#endif
