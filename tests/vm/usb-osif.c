/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * RobotFuzz OSIF. Its requests are those of
 * drivers/i2c/busses/i2c-robotfuzz-osif.c, which sends STOP after every message
 * (there is no repeated START) and says EREMOTEIO of whatever goes wrong.
 */
#include "i2cpt.h"
#include "usb-board.h"

enum { OSIF_READ = 20, OSIF_WRITE, OSIF_STOP, OSIF_STATUS, OSIF_BIT_RATE };
enum { STATUS_ACK = 0, STATUS_NAK = 2 };

static const uint8_t device_descriptor[] = {
    18,   1,    0x10, 0x01, 0xff, 0,    0, 64, /* USB 1.1, EP0 of 64 bytes */
    0x64, 0x19, 0x01, 0x00, 0x00, 0x02, 0, 0,  /* 1964:0001 */
    0,    1,
};

static uint8_t status;

static int message(int read, uint16_t addr, uint8_t *data, uint32_t len)
{
    enum wire ret = wire_start(addr, read ? I2CPT_M_RD : 0);
    uint32_t i;

    status = STATUS_ACK;
    if (ret == WIRE_NACK) {
        status = STATUS_NAK;
        return (int)len;
    }
    for (i = 0; i < len && !ret; i++) {
        ret = read ? wire_read(&data[i]) : wire_write(data[i]);
    }
    if (ret) {
        wire_stop(); /* the driver sends none then */
    }
    return ret ? wire_usb(ret) : (int)len;
}

static int control(const uint8_t *setup, uint8_t *data, uint32_t len)
{
    uint16_t index = (uint16_t)(setup[4] | setup[5] << 8);

    switch (setup[1]) {
    case OSIF_READ:
    case OSIF_WRITE:
        return message(setup[1] == OSIF_READ, index, data, len);
    case OSIF_STOP:
        wire_stop();
        return 0;
    case OSIF_STATUS:
        data[0] = status;
        return len ? 1 : 0;
    case OSIF_BIT_RATE:
        return 0;
    default:
        return USB_STALL;
    }
}

static const struct usbip_description about = {
    .device = device_descriptor,
    .config = usbip_config_ep0,
};

const struct usb_device usb_osif = {
    .about = &about,
    .control = control,
};
