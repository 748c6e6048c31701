/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of QEMU's I2C controllers, by the type of the device that has
 * the bus. */
#include "qemu/osdep.h"
#include "common/compat.h"

#include "targets/controller.h"

/*
 * Read in QEMU 7.2 and 10.0; docs/qemu-devices.md has the table for people.
 * Not here are imx.i2c, mpc-i2c, sm501 and pnv-i2c, which call
 * i2c_end_transfer() before a repeated START and after a NACK, and
 * stellaris-i2c, which does nothing at either.
 */
static const I2CControllerKind kinds[] = {
    {"nrf51-twi", .restarts = true},
    {"versatile_i2c", .restarts = true}, /* bit-bang, as the next two */
    {"gpio_i2c", .restarts = true},
    {"ati-vga", .restarts = true},
    {"aspeed.i2c.bus", .restarts = true},
    {"npcm7xx-smbus", .restarts = true},
    {"allwinner.i2c", .restarts = true},
    {"exynos4210.i2c", .restarts = true},
    {"PIIX4_PM", .restarts = true}, /* pm_smbus, as the next two */
    {"ICH9-SMB", .restarts = true},
    {"via-pm", .restarts = true},
    {"omap_i2c", .restarts = true, .forgets_stop = true},
    {"bcm2835-i2c", .ends_each = true, .forgets_stop = true},
    {"ppc4xx-i2c", .ends_each = true, .forgets_stop = true},
};

const I2CControllerKind *i2c_controller_kind(I2CBus *bus)
{
    static const I2CControllerKind unknown = {NULL};
    DeviceState *controller = BUS(bus)->parent;
    size_t i;

    for (i = 0; controller && i < ARRAY_SIZE(kinds); i++) {
        if (object_dynamic_cast(OBJECT(controller), kinds[i].type)) {
            return &kinds[i];
        }
    }
    return &unknown;
}
