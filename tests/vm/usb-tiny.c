/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * i2c-tiny-usb. Its requests are those of drivers/i2c/busses/i2c-tiny-usb.c. A
 * data byte that is not acknowledged stalls its request, which the driver
 * reports as EIO. It says itself what it can, and the driver believes it.
 */
#include "i2cpt.h"
#include "usb-board.h"

enum { ECHO = 0, GET_FUNC = 1, SET_DELAY = 2, GET_STATUS = 3, I2C_IO = 4 };
#define IO_BEGIN 1u /* flags of I2C_IO */
#define IO_END   2u
enum { STATUS_IDLE = 0, STATUS_ACK = 1, STATUS_NAK = 2 };

#define FUNCTIONALITY             \
    (I2CPT_FUNC_I2C |             \
     (I2CPT_FUNC_SMBUS_EMUL_ALL & \
      ~(I2CPT_FUNC_SMBUS_READ_BLOCK_DATA | I2CPT_FUNC_SMBUS_BLOCK_PROC_CALL)))

static const uint8_t device_descriptor[] = {
    18,   1,    0x10, 0x01, 0xff, 0,    0, 64, /* USB 1.1, EP0 of 64 bytes */
    0x40, 0x1c, 0x34, 0x05, 0x00, 0x02, 0, 0,  /* 1c40:0534 */
    0,    1,
};
static const uint8_t config_descriptor[] = {
    9, 2, 18, 0, 1, 1, 0, 0x80, 50, /* one configuration */
    9, 4, 0,  0, 0, 0, 0, 0,    0,  /* one interface, EP0 alone */
};

static uint8_t status;

/* One message; the bytes that went over the wire, or what USB says. */
static int io(unsigned flags, uint16_t msg_flags, uint16_t addr, uint8_t *data,
              uint32_t len)
{
    enum wire ret;
    uint32_t i;

    if (flags & IO_BEGIN) {
        wire_stop();
    }
    ret = wire_start(addr, msg_flags & (I2CPT_M_RD | I2CPT_M_TEN));
    if (ret == WIRE_NACK) {
        status = STATUS_NAK;
        wire_stop();
        return (int)len;
    }
    status = STATUS_ACK;
    for (i = 0; i < len && !ret; i++) {
        ret =
            msg_flags & I2CPT_M_RD ? wire_read(&data[i]) : wire_write(data[i]);
    }
    if (ret || flags & IO_END) {
        wire_stop();
    }
    return ret ? wire_usb(ret) : (int)len;
}

static int control(const uint8_t *setup, uint8_t *data, uint32_t len)
{
    uint16_t value = (uint16_t)(setup[2] | setup[3] << 8);
    uint16_t index = (uint16_t)(setup[4] | setup[5] << 8);
    uint32_t i;

    switch (setup[1]) {
    case ECHO:
        for (i = 0; i < len && i < 2; i++) {
            data[i] = setup[2 + i];
        }
        return (int)i;
    case GET_FUNC:
        for (i = 0; i < len && i < 4; i++) {
            data[i] = FUNCTIONALITY >> 8 * i & 0xff;
        }
        return (int)i;
    case SET_DELAY:
        return 0;
    case GET_STATUS:
        data[0] = status;
        return len ? 1 : 0;
    default:
        return setup[1] < I2C_IO || setup[1] > (I2C_IO | IO_BEGIN | IO_END)
                   ? USB_STALL
                   : io(setup[1] & (IO_BEGIN | IO_END), value, index, data,
                        len);
    }
}

const struct usb_device usb_tiny = {
    .device = device_descriptor,
    .config = config_descriptor,
    .control = control,
};
