/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smbus-passthrough: i2c-passthrough that is told whole SMBus transactions
 *
 * On a controller that speaks SMBus alone, length and PEC of each transaction
 * are known before it begins, so that it goes out as it is meant, on a host
 * that has SMBus commands only too.  Whatever else comes in bytes is as with
 * i2c-passthrough.
 */
#include "qemu/osdep.h"
#include "common/compat.h"
#include "hw/i2c/smbus_message.h"

#include "targets/i2c-passthrough.h"
#include "trace/trace-hw_i2c_libi2cpt.h"

#define TYPE_SMBUS_PASSTHROUGH "smbus-passthrough"

static int smbus_passthrough_message(I2CSlave *i2c, SMBusMessage *m)
{
    I2CPassthrough *s = I2C_PASSTHROUGH(i2c);
    uint8_t in[SMBUS_MESSAGE_MAX];
    struct i2cpt_smbus_transaction t = {
        .size = sizeof(t),
        .address = m->address,
        .flags = m->pec ? I2CPT_CLIENT_PEC : 0,
        .protocol = m->protocol,
        .read = m->read,
        .command = m->command,
        .out = m->data,
        .out_len = m->len,
        .in = in,
        .in_size = sizeof(in),
    };
    int ret = s->pt ? i2cpt_passthrough_smbus(s->pt, &t, NULL) : -1;

    trace_smbus_passthrough_message(m->address, m->protocol, m->read, ret);
    if (ret < 0) {
        return -1;
    }
    if (ret > 0) {
        memcpy(m->data, in, ret);
    }
    m->len = ret;
    return 0;
}

static void smbus_passthrough_class_init(ObjectClass *klass,
                                         I2CPT_CLASS_DATA *data)
{
    DEVICE_CLASS(klass)->desc = "SMBus target on a host adapter";
    I2C_SLAVE_CLASS(klass)->smbus_message = smbus_passthrough_message;
}

static const TypeInfo smbus_passthrough_info = {
    .name = TYPE_SMBUS_PASSTHROUGH,
    .parent = TYPE_I2C_PASSTHROUGH,
    .class_init = smbus_passthrough_class_init,
};

static void smbus_passthrough_register_types(void)
{
    type_register_static(&smbus_passthrough_info);
}

i2cpt_type_init(smbus_passthrough_register_types)
