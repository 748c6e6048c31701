/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * i2c-export: an emulated I2C bus, and what QEMU has on it, for programs of the
 * host
 *
 * The device is on the bus that it exports and answers no address of it.
 */
#include "qemu/osdep.h"
#include "common/compat.h"
#include "hw/i2c/i2c.h"
#include "qapi/error.h"
#include "qapi/visitor.h"

#include "export/export-bus.h"
#include "export/export-clients.h"
#include "targets/controller.h"
#include "targets/passthrough-config.h"

#define TYPE_I2C_EXPORT "i2c-export"
OBJECT_DECLARE_SIMPLE_TYPE(I2CExport, I2C_EXPORT)

#define ADDRESS_NOT_GIVEN 0xff

struct I2CExport {
    I2CSlave parent_obj;

    PassthroughConfig config;
    char *controller; /* the properties */
    char *path;
    uint32_t max_clients;

    ExportBus *bus;
    struct i2cpt_adapter *adapter;
    struct i2cpt_listener *listener;
    ExportClients *clients;
    Notifier exit;
};

/*
 * In the order that nobody waits for what has gone: transfers are refused, so
 * that the clients' threads end.
 */
static void close_export(I2CExport *s)
{
    if (s->bus) {
        export_bus_shut(s->bus);
    }
    g_clear_pointer(&s->clients, export_clients_free);
    g_clear_pointer(&s->listener, i2cpt_listener_free);
    i2cpt_adapter_unref(g_steal_pointer(&s->adapter));
    g_clear_pointer(&s->bus, export_bus_free);
}

/* QEMU does not unrealize its devices at exit. */
static void at_exit(Notifier *notifier, void *data)
{
    bool locked = bql_locked();

    if (!locked) {
        bql_lock();
    }
    close_export(container_of(notifier, I2CExport, exit));
    if (!locked) {
        bql_unlock();
    }
}

static bool check(I2CExport *s, Error **errp)
{
    if (!s->path) {
        error_setg(errp, "socket: none given; it is a path for the socket that "
                         "backend remote connects to");
        return false;
    }
    if (!s->max_clients || s->max_clients > 1000) {
        error_setg(errp, "max-clients=%u: accepted is 1 to 1000",
                   s->max_clients);
        return false;
    }
    if (I2C_SLAVE(s)->address != ADDRESS_NOT_GIVEN) {
        error_setg(errp, "address=0x%02x: an export has no address of its own",
                   I2C_SLAVE(s)->address);
        return false;
    }
    return true;
}

static bool move_to_controller(I2CExport *s, Error **errp)
{
    I2CBus *bus;

    if (!s->controller) {
        return true;
    }
    bus = i2c_controller_find(s->controller, errp);
    return bus && qdev_set_parent_bus(DEVICE(s), BUS(bus), errp);
}

static bool open_adapter(I2CExport *s, Error **errp)
{
    g_autofree char *bus = g_strdup(qdev_get_parent_bus(DEVICE(s))->name);
    g_autofree char *keys = NULL;
    struct i2cpt_fault fault;
    char line[sizeof(fault.text)];

    passthrough_config_default(&s->config, "name", bus);
    keys = passthrough_config_text(&s->config);
    if (i2cpt_adapter_new(&export_bus_ops, s->bus, keys, &s->adapter, &fault)) {
        i2cpt_fault_describe(&fault, line, sizeof(line));
        error_setg(errp, "%s", line);
        return false;
    }
    return true;
}

static bool listen_at_path(I2CExport *s, Error **errp)
{
    struct i2cpt_fault fault;

    if (i2cpt_listener_new(s->path, &s->listener, &fault)) {
        error_setg(errp, "socket=%s", fault.text);
        return false;
    }
    return true;
}

static void i2c_export_realize(DeviceState *dev, Error **errp)
{
    I2CExport *s = I2C_EXPORT(dev);

    if (!check(s, errp) || !move_to_controller(s, errp)) {
        return;
    }
    s->bus = export_bus_new(I2C_SLAVE(s));
    if (!open_adapter(s, errp) || !listen_at_path(s, errp)) {
        close_export(s);
        return;
    }
    s->clients = export_clients_new(s->adapter, i2cpt_listener_fd(s->listener),
                                    s->max_clients);
    s->exit.notify = at_exit;
    qemu_add_exit_notifier(&s->exit);
}

static void i2c_export_unrealize(DeviceState *dev)
{
    I2CExport *s = I2C_EXPORT(dev);

    qemu_remove_exit_notifier(&s->exit);
    close_export(s);
}

static void get_counters(Object *obj, Visitor *v, const char *name,
                         void *opaque, Error **errp)
{
    I2CExport *s = I2C_EXPORT(obj);
    ExportCounters counters = {0};

    if (s->bus) {
        counters = export_bus_counters(s->bus);
    }
    if (!visit_start_struct(v, name, NULL, 0, errp)) {
        return;
    }
    if (visit_type_uint64(v, "transfers", &counters.transfers, errp) &&
        visit_type_uint64(v, "waited", &counters.waited, errp)) {
        visit_type_uint64(v, "given-up", &counters.given_up, errp);
    }
    visit_end_struct(v, NULL);
}

static bool i2c_export_match(I2CSlave *candidate, uint8_t address,
                             bool broadcast, I2CNodeList *current_devs)
{
    return false;
}

static int i2c_export_event(I2CSlave *i2c, enum i2c_event event)
{
    I2CExport *s = I2C_EXPORT(i2c);

    if (s->bus) {
        export_bus_event(s->bus, event);
    }
    return 0;
}

/* What the guest says to somebody else. */
static int i2c_export_send(I2CSlave *i2c, uint8_t byte)
{
    return 0;
}

static void i2c_export_reset_enter(Object *obj, ResetType type)
{
    I2CExport *s = I2C_EXPORT(obj);

    if (s->bus) {
        export_bus_reset_enter(s->bus);
    }
}

static void i2c_export_reset_hold(Object *obj I2CPT_RESET_TYPE)
{
    I2CExport *s = I2C_EXPORT(obj);

    if (s->bus) {
        export_bus_reset_hold(s->bus);
    }
}

static void i2c_export_reset_exit(Object *obj I2CPT_RESET_TYPE)
{
    I2CExport *s = I2C_EXPORT(obj);

    if (s->bus) {
        export_bus_reset_exit(s->bus);
    }
}

static void i2c_export_init(Object *obj)
{
    I2CExport *s = I2C_EXPORT(obj);

    I2C_SLAVE(obj)->address = ADDRESS_NOT_GIVEN;
    passthrough_config_init(&s->config);
}

static void i2c_export_finalize(Object *obj)
{
    passthrough_config_clear(&I2C_EXPORT(obj)->config);
}

static I2CPT_CONST Property i2c_export_properties[] = {
    DEFINE_PROP_STRING("controller", I2CExport, controller),
    DEFINE_PROP_STRING("socket", I2CExport, path),
    DEFINE_PROP_UINT32("max-clients", I2CExport, max_clients, 16),
    I2CPT_END_OF_PROPERTIES};

static void i2c_export_class_init(ObjectClass *klass, I2CPT_CLASS_DATA *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    I2CSlaveClass *sc = I2C_SLAVE_CLASS(klass);

    dc->desc = "serves its I2C bus to programs of the host";
    dc->realize = i2c_export_realize;
    dc->unrealize = i2c_export_unrealize;
    RESETTABLE_CLASS(klass)->phases.enter = i2c_export_reset_enter;
    RESETTABLE_CLASS(klass)->phases.hold = i2c_export_reset_hold;
    RESETTABLE_CLASS(klass)->phases.exit = i2c_export_reset_exit;
    sc->match_and_add = i2c_export_match;
    sc->event = i2c_export_event;
    sc->send = i2c_export_send;
    device_class_set_props(dc, i2c_export_properties);
    object_class_property_set_description(
        klass, "controller",
        "the bus of this one: its QOM path, or where its registers are");
    object_class_property_set_description(
        klass, "socket", "the path of the socket that clients connect to");
    object_class_property_set_description(klass, "max-clients",
                                          "at a time (1 to 1000; default 16)");
    object_class_property_add(klass, "counters", "struct", get_counters, NULL,
                              NULL, NULL);
    object_class_property_set_description(
        klass, "counters", "what has happened up to now, to be read");
    passthrough_config_common_properties(klass, offsetof(I2CExport, config));
}

static const TypeInfo i2c_export_info = {
    .name = TYPE_I2C_EXPORT,
    .parent = TYPE_I2C_SLAVE,
    .instance_size = sizeof(I2CExport),
    .instance_init = i2c_export_init,
    .instance_finalize = i2c_export_finalize,
    .class_init = i2c_export_class_init,
};

static void i2c_export_register_types(void)
{
    type_register_static(&i2c_export_info);
}

i2cpt_type_init(i2c_export_register_types)
