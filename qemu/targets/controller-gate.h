/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One access at a time to a controller's registers, also while the big lock is
 * not held
 *
 * A target of QEMU's I2C core is called out of the guest's access to its
 * controller, under the big lock, and has to answer before that access ends.
 * One whose answer comes from a real bus would keep the lock for milliseconds,
 * and with it the main loop and every other virtual CPU that wants a device.
 * It may give the lock up meanwhile, but no controller is made for what then
 * happens: another CPU may come in, find the state machine in the middle of a
 * byte, and end the transfer whose targets QEMU's core is calling.
 *
 * So all register blocks of the controller get a gate before them. Who comes
 * while somebody is inside, waits before it with the big lock given up, if it
 * is a virtual CPU's own access; what another device does on a guest's behalf
 * (DMA), a debugger and the monitor are refused as QEMU refuses re-entry.
 * Nothing waits while nobody has given the lock up, since then the lock is the
 * gate.
 *
 * For the machine's reset, VM stop and quit QEMU waits for all CPUs to leave
 * their accesses first; that is bounded by the adapter's deadline. What else
 * ends or resets something here waits by i2c_gate_settle().
 *
 * Everything but what is said otherwise is called under the big lock.
 */
#ifndef I2CPT_CONTROLLER_GATE_H
#define I2CPT_CONTROLLER_GATE_H

#include "hw/i2c/i2c.h"

typedef struct I2CGate I2CGate;

/*
 * Whose registers those are; for a bus behind a multiplexer, of the bus that
 * this one hangs on. NULL where there is none.
 */
DeviceState *i2c_gate_controller(I2CBus *bus);

/*
 * Before the registers of a controller, one for all that ask. It stays as long
 * as the controller. NULL where that has no registers.
 */
I2CGate *i2c_gate_get(DeviceState *controller);

/*
 * Called in the middle of an access: give the big lock up. True where it was,
 * and then i2c_gate_return() has to follow in the same thread. Not where the
 * access is not a virtual CPU's own, or time is counted by instructions, where
 * the main loop's doings would depend on the host's speed.
 */
bool i2c_gate_leave(I2CGate *gate);

/* Take the big lock again; called without it. */
void i2c_gate_return(I2CGate *gate);

/* Whether somebody is inside without the big lock. */
bool i2c_gate_is_left(const I2CGate *gate);

/*
 * Until nobody is, with the big lock given up meanwhile. Before what a reset
 * or an end does to the bus or its targets. NULL is allowed.
 */
void i2c_gate_settle(I2CGate *gate);

/* A register, for who is inside already. */
uint64_t i2c_gate_peek(MemoryRegion *registers, hwaddr offset, unsigned size);

#endif
