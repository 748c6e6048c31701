/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether this module's idea of DeviceState is that of the QEMU it is in. */
#include "qemu/osdep.h"
#include "common/compat.h"
#include "qapi/error.h"
#include "hw/i2c/i2c.h"

#include "plugin/layout.h"

/*
 * QEMU asserts that a child's sizes are not below its parent's: leave room,
 * so that a QEMU with longer structs gets as far as the comparison.
 */
#define ROOM 4096

#define TYPE_CHECK_I2C    "i2cpt-layout-check-i2c"
#define TYPE_CHECK_SYSBUS "i2cpt-layout-check-sysbus"

enum { PROBE_ADDRESS = 0x5a, PROBE_PORT = 0x1c27 };

static void check_class_init(ObjectClass *klass, I2CPT_CLASS_DATA *data)
{
    DEVICE_CLASS(klass)->user_creatable = false;
}

static void check_sysbus_init(Object *obj)
{
    sysbus_init_ioports(SYS_BUS_DEVICE(obj), PROBE_PORT, 1);
}

static const TypeInfo check_types[] = {
    {
        .name = TYPE_CHECK_I2C,
        .parent = TYPE_I2C_SLAVE,
        .instance_size = sizeof(I2CSlave) + ROOM,
        .class_size = sizeof(I2CSlaveClass) + ROOM,
        .class_init = check_class_init,
    },
    {
        .name = TYPE_CHECK_SYSBUS,
        .parent = TYPE_SYS_BUS_DEVICE,
        .instance_size = sizeof(SysBusDevice) + ROOM,
        .instance_init = check_sysbus_init,
        .class_size = sizeof(SysBusDeviceClass) + ROOM,
        .class_init = check_class_init,
    },
};

static const char *check_i2c(void)
{
    Object *obj = object_new(TYPE_CHECK_I2C);
    I2CSlave *target = (I2CSlave *)obj;
    const char *bad = NULL;

    object_property_set_int(obj, "address", PROBE_ADDRESS, &error_abort);
    if (target->address != PROBE_ADDRESS) {
        bad = "I2CSlave's address is elsewhere";
    }
    object_unref(obj);
    return bad;
}

static const char *check_sysbus(void)
{
    Object *obj = object_new(TYPE_CHECK_SYSBUS);
    SysBusDevice *device = (SysBusDevice *)obj;
    const char *bad = NULL;

    if (device->num_pio != 1 || device->pio[0] != PROBE_PORT) {
        bad = "SysBusDevice's ports are elsewhere";
    }
    object_unref(obj);
    return bad;
}

const char *i2cpt_check_layout(void)
{
    const char *bad;

    /* the early library may have asked before, or another copy */
    if (!object_class_by_name(TYPE_CHECK_I2C)) {
        type_register_static_array(check_types, ARRAY_SIZE(check_types));
    }
    bad = check_i2c();
    return bad ? bad : check_sysbus();
}
