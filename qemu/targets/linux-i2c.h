/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -chardev linux-i2c: a host adapter as a chardev, at which the remote protocol
 * is spoken
 *
 * Whoever has the chardev, i2c-passthrough first, is the one client of an
 * adapter that is served in a thread of this process.
 */
#ifndef LINUX_I2C_H
#define LINUX_I2C_H

#define TYPE_CHARDEV_LINUX_I2C "chardev-linux-i2c"

/*
 * A property of it, to be read: the one target that the chardev is for, "0x48";
 * empty where it is for all.
 */
#define LINUX_I2C_ADDRESS "i2c-address"

#ifdef I2CPT_PLUGIN
/*
 * Teach QEMU's -chardev the keys of ours, which it checks before it looks at
 * the kind. Before anything of it is parsed; false where that is too late.
 */
bool linux_i2c_add_options(void);
#endif

#endif
