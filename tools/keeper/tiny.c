/* SPDX-License-Identifier: GPL-2.0-or-later */
/* i2c-tiny-usb's own requests. */
#include <errno.h>

#include "keeper/tiny.h"
#include "i2cpt.h"

enum { ECHO = 0, GET_FUNC = 1, SET_DELAY = 2, GET_STATUS = 3, I2C_IO = 4 };
#define IO_BEGIN 1u /* added to I2C_IO */
#define IO_END   2u
enum { STATUS_IDLE = 0, STATUS_ACK = 1, STATUS_NAK = 2 };

static const uint8_t device_descriptor[] = {
    18,   1,    0x10, 0x01, 0xff, 0,    0, 64, /* USB 1.1, EP0 of 64 bytes */
    0x40, 0x1c, 0x34, 0x05, 0x00, 0x02, 1, 2,  /* 1c40:0534 */
    0,    1,
};
static const uint8_t with_serial[] = {
    18,   1,    0x10, 0x01, 0xff, 0,    0, 64,       /* the same, but for: */
    0x40, 0x1c, 0x34, 0x05, 0x00, 0x02, 1, 2,  3, 1, /* a serial number */
};
static const char *const strings[] = {"libi2cpt", "I2C adapter"};

const struct usbip_description keeper_tiny_description = {
    .device = device_descriptor,
    .config = usbip_config_ep0,
    .strings = strings,
    .n_strings = 2,
};

int keeper_tiny_standard(const struct keeper_tiny *t, const uint8_t *setup,
                         uint8_t *data, size_t len)
{
    const char *const all[] = {strings[0], strings[1], t->serial};
    const struct usbip_description named = {.device = with_serial,
                                            .config = usbip_config_ep0,
                                            .strings = all,
                                            .n_strings = 3};

    return usbip_standard(t->serial ? &named : &keeper_tiny_description, setup,
                          data, len);
}

/*
 * A block read needs a read whose length the target says, and a request of USB
 * has its length beforehand. Where the host has SMBus commands alone, messages
 * with a PEC in them are not commands any more.
 */
uint32_t keeper_tiny_functionality(uint32_t adapter)
{
    uint32_t left = adapter & ~(I2CPT_FUNC_SMBUS_READ_BLOCK_DATA |
                                I2CPT_FUNC_SMBUS_BLOCK_PROC_CALL |
                                I2CPT_FUNC_SMBUS_HOST_NOTIFY);

    return adapter & I2CPT_FUNC_I2C ? left : left & ~I2CPT_FUNC_SMBUS_PEC;
}

static int answer(uint8_t *to, size_t room, uint32_t value, size_t n)
{
    size_t i;

    n = n < room ? n : room;
    for (i = 0; i < n; i++) {
        to[i] = (uint8_t)(value >> 8 * i);
    }
    return (int)n;
}

static int message(struct keeper_tiny *t, const struct keeper_message *m,
                   bool in)
{
    int ret;

    if (!(m->flags & I2CPT_M_RD) == in || m->len > KEEPER_MESSAGE_MAX) {
        return -EPIPE;
    }
    ret = t->message(t->user, m);
    if (ret < 0) {
        t->status = STATUS_IDLE;
        return ret;
    }
    /* The driver wants all bytes before it looks at the status. */
    t->status = ret == KEEPER_NACK ? STATUS_NAK : STATUS_ACK;
    return (int)m->len;
}

int keeper_tiny_control(struct keeper_tiny *t, const uint8_t *setup, bool in,
                        uint8_t *data, size_t len)
{
    uint16_t value = (uint16_t)(setup[2] | setup[3] << 8);
    uint16_t index = (uint16_t)(setup[4] | setup[5] << 8);
    uint8_t request = setup[1];

    if (request >= I2C_IO && request <= (I2C_IO | IO_BEGIN | IO_END)) {
        const struct keeper_message m = {.first = request & IO_BEGIN,
                                         .last = request & IO_END,
                                         .addr = index,
                                         /* the kernel's own, as that of
                                          * buffers for DMA, are not ours */
                                         .flags = value & I2CPT_M_ALL,
                                         .data = data,
                                         .len = (uint32_t)len};

        return message(t, &m, in);
    }
    if (request == SET_DELAY && !in) {
        return 0;
    }
    if (!in) {
        return -EPIPE;
    }
    switch (request) {
    case ECHO:
        return answer(data, len, value, 2);
    case GET_FUNC:
        return answer(data, len, t->functionality, 4);
    case GET_STATUS:
        return answer(data, len, t->status, 1);
    default:
        return -EPIPE;
    }
}
