/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smbus-passthrough in a QEMU that came without it: a name that says why not
 *
 * What it is for, whole SMBus transactions, is told to a target only where
 * QEMU's core has been taught to (qemu/install-in-tree). It has the properties
 * of i2c-passthrough, so that the reason is what is said and not the first key.
 */
#include "qemu/osdep.h"
#include "common/compat.h"
#include "qapi/error.h"

#include "targets/i2c-passthrough.h"

static void refuse(DeviceState *dev, Error **errp)
{
    error_setg(errp, "smbus-passthrough: this QEMU tells a target neither the "
                     "length of an SMBus transaction nor its PEC, so that it "
                     "would be i2c-passthrough by another name; use that one, "
                     "or a QEMU with it built in (docs/qemu-in-tree.md)");
}

static void smbus_refused_class_init(ObjectClass *klass, I2CPT_CLASS_DATA *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "not in this QEMU: see i2c-passthrough";
    dc->realize = refuse;
    dc->unrealize = NULL;
}

static const TypeInfo smbus_refused_info = {
    .name = "smbus-passthrough",
    .parent = TYPE_I2C_PASSTHROUGH,
    .class_init = smbus_refused_class_init,
};

static void smbus_refused_register_types(void)
{
    type_register_static(&smbus_refused_info);
}

i2cpt_type_init(smbus_refused_register_types)
