/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * i2c-tiny-usb on the bench's bus: tools/attach has its protocol. A data byte
 * that is not acknowledged stalls its request, which the driver reports as EIO.
 */
#include "keeper/tiny.h"
#include "i2cpt.h"
#include "usb-board.h"

#define FUNCTIONALITY             \
    (I2CPT_FUNC_I2C |             \
     (I2CPT_FUNC_SMBUS_EMUL_ALL & \
      ~(I2CPT_FUNC_SMBUS_READ_BLOCK_DATA | I2CPT_FUNC_SMBUS_BLOCK_PROC_CALL)))

static int message(void *user, const struct keeper_message *m)
{
    enum wire ret;
    uint32_t i;

    if (m->first) {
        wire_stop();
    }
    ret = wire_start(m->addr, m->flags & (I2CPT_M_RD | I2CPT_M_TEN));
    if (ret == WIRE_NACK) {
        wire_stop();
        return KEEPER_NACK;
    }
    for (i = 0; i < m->len && !ret; i++) {
        ret = m->flags & I2CPT_M_RD ? wire_read(&m->data[i])
                                    : wire_write(m->data[i]);
    }
    if (ret || m->last) {
        wire_stop();
    }
    return ret ? wire_usb(ret) : KEEPER_ACK;
}

static struct keeper_tiny tiny = {.functionality = FUNCTIONALITY,
                                  .message = message};

static int control(const uint8_t *setup, uint8_t *data, uint32_t len)
{
    return keeper_tiny_control(&tiny, setup, setup[0] & 0x80, data, len);
}

const struct usb_device usb_tiny = {
    .about = &keeper_tiny_description,
    .control = control,
};
