/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a target would like to know of the controller of its bus. */
#ifndef I2CPT_CONTROLLER_H
#define I2CPT_CONTROLLER_H

#include "hw/i2c/i2c.h"

typedef struct I2CControllerKind {
    const char *type; /* of the device, or of one that it is derived from */
    /*
     * A repeated START of the guest's reaches the targets as one. Where that
     * is not known, a STOP may stand for it.
     */
    bool restarts;
    /*
     * Its registers may wait at a gate; see controller-gate.h. Nothing but an
     * access to them, or a reset, touches what it is at.
     */
    bool gateable;
    /*
     * After a data byte that was not acknowledged the controller sends no STOP
     * and its driver asks for none: the core would give the next transfer, to
     * whatever address, to the same target.
     */
    bool forgets_stop;
    /*
     * A START inside of a transfer means that the guest has given that one up,
     * and this register, which reading leaves alone, has the new address.
     */
    hwaddr address_at;
    /* Speaks to targets through TYPE_I2C_ASYNC_TARGET where they have it. */
    bool waits;
} I2CControllerKind;

/* Never NULL; with nothing set where the controller is not known. */
const I2CControllerKind *i2c_controller_kind(I2CBus *bus);

/* Of the device itself, not of a bus. */
bool i2c_controller_is_gateable(DeviceState *controller);

/* What a controller with such a register addresses now; -1 with another. */
int i2c_controller_address(I2CBus *bus);

#define I2C_CONTROLLER_NO_BASE UINT64_MAX

/* Where the first registers of a controller, or any device, are. */
uint64_t i2c_controller_base(Object *controller);

/*
 * The bus of a controller, by the QOM path of either (or as much of its end as
 * tells it from others), or by the address of the controller's registers. NULL
 * with an error that lists the machine's.
 */
I2CBus *i2c_controller_find(const char *text, Error **errp);

#endif
