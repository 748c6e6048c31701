/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a target would like to know of the controller of its bus. */
#ifndef I2CPT_CONTROLLER_H
#define I2CPT_CONTROLLER_H

#include "hw/i2c/i2c.h"

/*
 * Whether a repeated START of the guest's reaches the targets of this bus as
 * one. Where it is not known, a STOP may stand for it: false.
 */
bool i2c_controller_restarts(I2CBus *bus);

#endif
