/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An emulated I2C bus as an adapter of the library
 *
 * A transfer comes in a thread of the library's and is made under the big lock,
 * as a whole, when the bus is free: the guest's transactions and the host's
 * never interleave. While the guest is in one, the exporting device stands at
 * the end of the list of targets that are spoken to, so that it hears of the
 * STOP and makes the transfer right there, before the guest can begin the next
 * one. Where it does not hear of it (a controller that forgets its STOP, a
 * pending bus master), the bus is looked at each millisecond.
 */
#ifndef I2C_EXPORT_BUS_H
#define I2C_EXPORT_BUS_H

#include "hw/i2c/i2c.h"

#include "i2cpt-backend.h"

typedef struct ExportBus ExportBus;

/* Of the bus that `device` is on. */
ExportBus *export_bus_new(I2CSlave *device);
/* When there is no adapter on it any more. */
void export_bus_free(ExportBus *eb);

typedef struct ExportCounters {
    uint64_t transfers; /* made on the bus */
    uint64_t waited;    /* that found the bus in use first */
    /* not made: bus in use until their deadline, or QEMU did not come to it */
    uint64_t given_up;
} ExportCounters;

ExportCounters export_bus_counters(ExportBus *eb);

/* For i2cpt_adapter_new(), with the ExportBus as `user`. */
extern const struct i2cpt_backend_ops export_bus_ops;

/* The device's events, as the core tells them. */
void export_bus_event(ExportBus *eb, enum i2c_event event);
/*
 * The machine is reset, which it is all at once: from enter to exit there is no
 * transfer, as some of the bus's devices have been reset and others have not. A
 * transaction that the guest has left open is ended in between.
 */
void export_bus_reset_enter(ExportBus *eb);
void export_bus_reset_hold(ExportBus *eb);
void export_bus_reset_exit(ExportBus *eb);
/*
 * From now on each transfer, one that waits too, is -ENODEV. One that has begun
 * is over then, also where its virtual CPU had given the big lock up: who waits
 * for the library's thread with that lock held would wait for ever.
 */
void export_bus_shut(ExportBus *eb);

#endif
