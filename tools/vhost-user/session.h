/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One VMM, and the virtio I2C adapter that it gives its guest. */
#ifndef VHOST_USER_SESSION_H
#define VHOST_USER_SESSION_H

#include "i2cpt.h"

/*
 * Serve the adapter to the VMM at the other end of `fd`, a Unix socket that
 * stays the caller's, until it hangs up: 0, or -EPROTO where it does not speak
 * vhost-user, -ENOMEM. Blocks; each VMM needs a thread.
 */
int vhost_user_serve(struct i2cpt_adapter *a, int fd);

#endif
