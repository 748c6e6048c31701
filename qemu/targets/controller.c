/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of QEMU's I2C controllers, by the type of the device that has
 * the bus. */
#include "qemu/osdep.h"
#include "common/compat.h"

#include "targets/controller.h"

/*
 * They call i2c_start_transfer() again where the guest asks for a repeated
 * START, read in QEMU 7.2 and 10.0. imx.i2c, bcm2835-i2c and mpc-i2c call
 * i2c_end_transfer() first; others have not been looked into.
 */
static const char *const restarts[] = {
    "nrf51-twi",     "versatile_i2c", /* bit-bang, as the next two */
    "gpio_i2c",      "ati-vga",       "aspeed.i2c.bus",
    "npcm7xx-smbus", "PIIX4_PM", /* pm_smbus, as the next two */
    "ICH9-SMB",      "via-pm",
};

bool i2c_controller_restarts(I2CBus *bus)
{
    DeviceState *controller = BUS(bus)->parent;
    size_t i;

    for (i = 0; controller && i < ARRAY_SIZE(restarts); i++) {
        if (object_dynamic_cast(OBJECT(controller), restarts[i])) {
            return true;
        }
    }
    return false;
}
