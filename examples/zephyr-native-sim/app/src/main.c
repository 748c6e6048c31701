/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An application of Zephyr's that knows nothing of libi2cpt: an LM75 at 0x48,
 * an EEPROM at 0x50, and an address where nobody is. Not compiled in this tree.
 */
#include <zephyr/device.h>
#include <zephyr/drivers/i2c.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

static const struct device *const bus = DEVICE_DT_GET(DT_NODELABEL(i2cpt_bus));

/* Its write cycle does not acknowledge. */
static int wait_for_eeprom(void)
{
    uint8_t none;
    struct i2c_msg poll = {
        .buf = &none, .len = 0, .flags = I2C_MSG_WRITE | I2C_MSG_STOP};
    int rc = -EIO;

    for (int i = 0; rc && i < 100; i++) {
        rc = i2c_transfer(bus, &poll, 1, 0x50);
    }
    return rc;
}

int main(void)
{
    const uint8_t pointer = 0, cell = 0x10, page[] = {0x5a, 0xa5};
    uint8_t data[2];

    if (!device_is_ready(bus)) {
        printk("no adapter\n");
        return 0;
    }
    if (!i2c_write_read(bus, 0x48, &pointer, 1, data, 2)) {
        printk("lm75 %02x %02x\n", data[0], data[1]);
    }
    /* i2c_burst_write() is a transfer of two messages that are one */
    if (!i2c_burst_write(bus, 0x50, cell, page, sizeof(page)) &&
        !wait_for_eeprom() && !i2c_write_read(bus, 0x50, &cell, 1, data, 2)) {
        printk("eeprom %02x %02x\n", data[0], data[1]);
    }
    if (i2c_write_read(bus, 0x33, &pointer, 1, data, 2) == -EIO) {
        printk("nobody at 0x33\n");
    }
    return 0;
}
