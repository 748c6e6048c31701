/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * i2c-adapter: -device i2c-adapter,id=x,backend=... and then any number of
 * -device i2c-passthrough,adapter=x,address=...
 *
 * A device and no -object: QEMU knows the types of those before it has loaded
 * any plugin, and no others.
 */
#include "qemu/osdep.h"
#include "common/compat.h"

#include "targets/i2c-adapter.h"

static void at_exit(Notifier *notifier, void *data)
{
    bool locked = bql_locked();

    if (!locked) {
        bql_lock();
    }
    host_adapter_close(&container_of(notifier, I2CAdapter, exit)->host);
    if (!locked) {
        bql_unlock();
    }
}

/*
 * QEMU calls what was added last first, and devices that use this one come
 * later.
 */
static void i2c_adapter_realize(DeviceState *dev, Error **errp)
{
    I2CAdapter *s = I2C_ADAPTER(dev);

    if (!host_adapter_open(&s->host, &s->config, &s->chr, s->verdict, errp)) {
        return;
    }
    s->exit.notify = at_exit;
    qemu_add_exit_notifier(&s->exit);
}

static void i2c_adapter_unrealize(DeviceState *dev)
{
    I2CAdapter *s = I2C_ADAPTER(dev);

    qemu_remove_exit_notifier(&s->exit);
    host_adapter_close(&s->host);
}

static void i2c_adapter_init(Object *obj)
{
    passthrough_config_init(&I2C_ADAPTER(obj)->config);
}

static void i2c_adapter_finalize(Object *obj)
{
    passthrough_config_clear(&I2C_ADAPTER(obj)->config);
}

static I2CPT_CONST Property i2c_adapter_properties[] = {
    DEFINE_PROP_CHR("chardev", I2CAdapter, chr),
    DEFINE_PROP_STRING("verdict", I2CAdapter, verdict),
    I2CPT_END_OF_PROPERTIES};

static void i2c_adapter_class_init(ObjectClass *klass, I2CPT_CLASS_DATA *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "host adapter that several devices use";
    dc->realize = i2c_adapter_realize;
    dc->unrealize = i2c_adapter_unrealize;
    dc->user_creatable = true;
    dc->hotpluggable = false;
    device_class_set_props(dc, i2c_adapter_properties);
    object_class_property_set_description(
        klass, "chardev",
        "whose other end serves the adapter (docs/remote.md)");
    object_class_property_set_description(klass, "verdict",
                                          REPLAY_VERDICT_HELP);
    passthrough_config_adapter_properties(klass, offsetof(I2CAdapter, config));
}

static const TypeInfo i2c_adapter_info = {
    .name = TYPE_I2C_ADAPTER,
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(I2CAdapter),
    .instance_init = i2c_adapter_init,
    .instance_finalize = i2c_adapter_finalize,
    .class_init = i2c_adapter_class_init,
};

static void i2c_adapter_register_types(void)
{
    type_register_static(&i2c_adapter_info);
}

i2cpt_type_init(i2c_adapter_register_types)
