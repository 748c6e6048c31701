/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Do the headers fit the running QEMU?
 *
 * A release's micro versions may add fields to DeviceState, and then nothing
 * of ours is where QEMU looks for it. Objects of the kinds that we derive from
 * are made and filled through QEMU's own code, and read through our structs.
 */
#ifndef I2CPT_QEMU_LAYOUT_H
#define I2CPT_QEMU_LAYOUT_H

/* NULL when they fit, else what does not. QEMU's types must be registered. */
const char *i2cpt_check_layout(void);

#endif
