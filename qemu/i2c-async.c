/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu/osdep.h"
#include "compat.h"

#include "i2c-async.h"

static const TypeInfo i2c_async_target_info = {
    .name = TYPE_I2C_ASYNC_TARGET,
    .parent = TYPE_INTERFACE,
    .class_size = sizeof(I2CAsyncTargetClass),
};

static void i2c_async_register_types(void)
{
    type_register_static(&i2c_async_target_info);
}

i2cpt_type_init(i2c_async_register_types)
