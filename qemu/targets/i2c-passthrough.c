/* SPDX-License-Identifier: GPL-2.0-or-later */
/* i2c-passthrough: properties, realize, reset, exit. */
#include "qemu/osdep.h"
#include "common/compat.h"
#include "migration/vmstate.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "qemu/error-report.h"

#include "targets/controller.h"
#include "targets/host-log.h"
#include "targets/i2c-passthrough.h"
#include "targets/linux-i2c.h"

/* I2CSlave's `address` has no "not given": 0 is the general call. */
#define ADDRESS_NOT_GIVEN 0xff
#define ADDRESSES         128

/* ------------------------------------------------------------ addresses */

static bool has_address(I2CPassthrough *s, uint8_t address)
{
    return s->pt && i2cpt_passthrough_has_address(s->pt, address);
}

/* addresses=any: a sibling that wants this address has it, and is added. */
static bool sibling_matches(I2CPassthrough *s, uint8_t address,
                            I2CNodeList *current_devs)
{
    BusState *bus = qdev_get_parent_bus(DEVICE(s));
    BusChild *kid;

    QTAILQ_FOREACH(kid, &bus->children, sibling)
    {
        I2CSlave *sibling = I2C_SLAVE(kid->child);

        if (sibling != I2C_SLAVE(s) &&
            I2C_SLAVE_GET_CLASS(sibling)->match_and_add(sibling, address, false,
                                                        current_devs)) {
            return true;
        }
    }
    return false;
}

/*
 * A START to address 0 that nobody took leaves the core's broadcast flag set
 * until the STOP; an address that follows by a repeated START is still one.
 */
static bool i2c_passthrough_match(I2CSlave *candidate, uint8_t address,
                                  bool broadcast, I2CNodeList *current_devs)
{
    I2CPassthrough *s = I2C_PASSTHROUGH(candidate);
    I2CNode *node;

    if (!has_address(s, address)) {
        return false;
    }
    if (s->any && sibling_matches(s, address, current_devs)) {
        return true;
    }
    s->matched = address;
    node = g_new0(I2CNode, 1);
    node->elt = candidate;
    QLIST_INSERT_HEAD(current_devs, node, next);
    return true;
}

/*
 * Asks as a scan of the bus does, so that targets behind a multiplexer and
 * those with several addresses answer too.
 */
static bool sibling_answers(I2CSlave *sibling, uint8_t address)
{
    I2CNodeList found = QLIST_HEAD_INITIALIZER(found);
    I2CNode *node, *next;
    bool answers = I2C_SLAVE_GET_CLASS(sibling)->match_and_add(sibling, address,
                                                               false, &found);

    QLIST_FOREACH_SAFE(node, &found, next, next)
    {
        g_free(node);
    }
    return answers;
}

/*
 * QEMU does not notice two targets at one address; the later one would hide
 * the other without a word.
 */
static bool check_sibling(I2CPassthrough *s, DeviceState *dev, Error **errp)
{
    I2CPassthrough *other = (I2CPassthrough *)object_dynamic_cast(
        OBJECT(dev), TYPE_I2C_PASSTHROUGH);
    int address;

    if (other && other->any && s->any) {
        error_setg(errp, "addresses=any: bus '%s' has another device with it",
                   qdev_get_parent_bus(dev)->name);
        return false;
    }
    if (s->any || (other && other->any)) {
        return true; /* siblings come first */
    }
    for (address = 0; address < ADDRESSES; address++) {
        if (has_address(s, address) &&
            sibling_answers(I2C_SLAVE(dev), address)) {
            error_setg(errp,
                       "address=0x%02x: bus '%s' has a device '%s' there "
                       "already",
                       address, qdev_get_parent_bus(dev)->name,
                       object_get_typename(OBJECT(dev)));
            return false;
        }
    }
    return true;
}

static bool check_siblings(I2CPassthrough *s, Error **errp)
{
    BusState *bus = qdev_get_parent_bus(DEVICE(s));
    BusChild *kid;

    QTAILQ_FOREACH(kid, &bus->children, sibling)
    {
        if (kid->child != DEVICE(s) &&
            object_dynamic_cast(OBJECT(kid->child), TYPE_I2C_SLAVE) &&
            !check_sibling(s, kid->child, errp)) {
            return false;
        }
    }
    return true;
}

/* Devices that came after this one and know nothing of it. */
static void machine_ready(Notifier *notifier, void *data)
{
    I2CPassthrough *s = container_of(notifier, I2CPassthrough, machine_ready);
    Error *err = NULL;

    if (!check_siblings(s, &err)) {
        error_reportf_err(err, "%s: ", TYPE_I2C_PASSTHROUGH);
        exit(EXIT_FAILURE);
    }
}

/* ------------------------------------------------ reset, VM stop, exit */

/*
 * The core keeps a target on its list over a reset and would give it the next
 * transfer, whatever its address.
 */
static void leave_bus(I2CPassthrough *s)
{
    if (i2c_passthrough_node(s)) {
        i2c_end_transfer(I2C_BUS(qdev_get_parent_bus(DEVICE(s))));
    }
}

static void i2c_passthrough_reset_hold(Object *obj I2CPT_RESET_TYPE)
{
    I2CPassthrough *s = I2C_PASSTHROUGH(obj);

    i2c_gate_settle(s->gate);
    s->open = false;
    if (s->pt) {
        i2cpt_passthrough_reset(s->pt);
    }
    leave_bus(s);
}

/* Who receives them has been reset by now, in whatever order. */
static void i2c_passthrough_reset_exit(Object *obj I2CPT_RESET_TYPE)
{
    host_lines_assert(&I2C_PASSTHROUGH(obj)->lines);
}

static void vm_state_changed(void *opaque, bool running, RunState state)
{
    I2CPassthrough *s = opaque;

    i2c_gate_settle(s->gate);
    if (!running && s->pt) {
        i2cpt_passthrough_drain(s->pt);
    }
    host_lines_hold(&s->lines, !running);
}

/* Sends the STOP, waits for posted writes and ends the trace. */
static void close_adapter(I2CPassthrough *s)
{
    i2c_gate_settle(s->gate);
    i2c_passthrough_close_lines(s);
    i2c_passthrough_free(s);
    if (s->shown) {
        i2c_passthrough_log_verdict(s);
    }
    i2cpt_adapter_unref(g_steal_pointer(&s->adapter));
    host_adapter_close(&s->own);
    i2cpt_policy_free(g_steal_pointer(&s->policy));
}

/*
 * QEMU does not unrealize its devices at exit. A guest that ends QEMU (by
 * semihosting, say) does it in a virtual CPU's thread, without the big lock.
 */
static void at_exit(Notifier *notifier, void *data)
{
    bool locked = bql_locked();

    if (!locked) {
        bql_lock();
    }
    close_adapter(container_of(notifier, I2CPassthrough, exit));
    if (!locked) {
        bql_unlock();
    }
}

/* -------------------------------------------------------------- device */

/* What QEMU itself looks at: the one address, or the first of several. */
static void tell_core(I2CPassthrough *s)
{
    int address;

    for (address = 0; address < ADDRESSES; address++) {
        if (has_address(s, address)) {
            I2C_SLAVE(s)->address = s->matched = address;
            return;
        }
    }
}

static void learn_controller(I2CPassthrough *s)
{
    const I2CControllerKind *kind =
        i2c_controller_kind(I2C_BUS(qdev_get_parent_bus(DEVICE(s))));

    if (!kind->restarts && !s->named) {
        passthrough_config_default(&s->config, "restarts", "any");
    }
    s->forgets_stop = s->stop_at_nack == ON_OFF_AUTO_AUTO
                          ? kind->forgets_stop
                          : s->stop_at_nack == ON_OFF_AUTO_ON;
}

/* Its own, or the one that it was told. */
static bool open_adapter(I2CPassthrough *s, Error **errp)
{
    if (!s->named) {
        return host_adapter_open(&s->own, &s->config, &s->chr, s->verdict,
                                 errp);
    }
    if (s->verdict) {
        error_setg(errp, "verdict=%s: is to be given where the adapter is made",
                   s->verdict);
        return false;
    }
    if (qemu_chr_fe_backend_connected(&s->chr)) {
        error_setg(errp, "chardev: is to be given where the adapter is made");
        return false;
    }
    return passthrough_config_has_no_adapter(&s->config, errp);
}

static char *only_address(Object *chardev)
{
    return object_property_find(chardev, LINUX_I2C_ADDRESS)
               ? object_property_get_str(chardev, LINUX_I2C_ADDRESS, NULL)
               : NULL;
}

/* A chardev linux-i2c may be for one target alone. */
static bool take_chardev_address(I2CPassthrough *s, Error **errp)
{
    Chardev *chr = qemu_chr_fe_get_driver(s->named ? &s->named->chr : &s->chr);
    const char *addresses = passthrough_config_get(&s->config, "addresses");
    g_autofree char *only = chr ? only_address(OBJECT(chr)) : NULL;
    const char *host = addresses;

    if (!only || !*only) {
        return true;
    }
    if (!addresses) {
        struct i2cpt_fault fault;
        int wanted;

        passthrough_config_default(&s->config, "hostaddr", only);
        host = passthrough_config_get(&s->config, "hostaddr");
        wanted = i2cpt_address_parse("hostaddr", host, &fault);
        if (wanted < 0) {
            error_setg(errp, "%s", fault.text);
            return false;
        }
        if (wanted == i2cpt_address_parse("address", only, &fault)) {
            return true;
        }
    }
    error_setg(errp,
               "%s=%s: chardev '%s' reaches one target, %s: accepted is "
               "hostaddr=%s, or neither hostaddr nor addresses",
               addresses ? "addresses" : "hostaddr", host, chr->label, only,
               only);
    return false;
}

static bool open_passthrough(I2CPassthrough *s, Error **errp)
{
    const char *addresses = passthrough_config_get(&s->config, "addresses");
    struct i2cpt_fault fault;
    uint8_t address = I2C_SLAVE(s)->address;

    learn_controller(s);
    s->any = addresses && g_str_equal(addresses, "any");
    if (!take_chardev_address(s, errp)) {
        return false;
    }
    s->policy = passthrough_config_policy(
        &s->config, address == ADDRESS_NOT_GIVEN ? -1 : address, errp);
    if (!s->policy || !open_adapter(s, errp)) {
        return false;
    }
    if (i2c_passthrough_new(s, &fault)) {
        char line[sizeof(fault.text)];

        i2cpt_fault_describe(&fault, line, sizeof(line));
        error_setg(errp, "%s", line);
        return false;
    }
    tell_core(s);
    return true;
}

/* QEMU's bus= knows buses by name only, and those of one name are one. */
static bool move_to_controller(I2CPassthrough *s, Error **errp)
{
    I2CBus *bus;

    if (!s->controller) {
        return true;
    }
    bus = i2c_controller_find(s->controller, errp);
    return bus && qdev_set_parent_bus(DEVICE(s), BUS(bus), errp);
}

/* Before the guest's first access. */
static bool make_gate(I2CPassthrough *s, Error **errp)
{
    BusState *bus = qdev_get_parent_bus(DEVICE(s));
    DeviceState *controller = i2c_gate_controller(I2C_BUS(bus));

    if (s->unlocked == ON_OFF_AUTO_OFF) {
        return true;
    }
    if (controller && i2c_controller_is_gateable(controller)) {
        s->gate = i2c_gate_get(controller);
    }
    if (!s->gate && s->unlocked == ON_OFF_AUTO_ON) {
        error_setg(errp,
                   "unlocked-wait=on: not behind '%s', the controller of bus "
                   "'%s'; accepted is auto or off",
                   controller ? object_get_typename(OBJECT(controller)) : "",
                   bus->name);
        return false;
    }
    return true;
}

static void i2c_passthrough_realize(DeviceState *dev, Error **errp)
{
    I2CPassthrough *s = I2C_PASSTHROUGH(dev);

    if (s->shown) {
        error_setg(errp, "settings: is there to be read, for 'info qtree'");
        return;
    }
    if (!move_to_controller(s, errp) || !make_gate(s, errp) ||
        !i2c_passthrough_open_log(s, errp)) {
        return;
    }
    if (!open_passthrough(s, errp) || !check_siblings(s, errp) ||
        !i2c_passthrough_open_lines(s, errp)) {
        close_adapter(s);
        return;
    }
    s->shown = passthrough_config_text(&s->config);
    s->exit.notify = at_exit;
    qemu_add_exit_notifier(&s->exit);
    s->vmstate = qemu_add_vm_change_state_handler(vm_state_changed, s);
    s->machine_ready.notify = machine_ready;
    qemu_add_machine_init_done_notifier(&s->machine_ready);
}

static void i2c_passthrough_unrealize(DeviceState *dev)
{
    I2CPassthrough *s = I2C_PASSTHROUGH(dev);

    qemu_remove_machine_init_done_notifier(&s->machine_ready);
    qemu_del_vm_change_state_handler(s->vmstate);
    qemu_remove_exit_notifier(&s->exit);
    i2c_gate_settle(s->gate);
    leave_bus(s);
    host_lines_release(&s->lines);
    close_adapter(s);
    i2c_passthrough_close_log(s);
    g_clear_pointer(&s->shown, g_free);
}

static void get_counters(Object *obj, Visitor *v, const char *name,
                         void *opaque, Error **errp)
{
    I2CPassthrough *s = I2C_PASSTHROUGH(obj);
    size_t i;

    if (!visit_start_struct(v, name, NULL, 0, errp)) {
        return;
    }
    for (i = 0; i < I2CPT_COUNTERS; i++) {
        uint64_t value = i2c_passthrough_counter(s, i);

        if (!visit_type_uint64(v, i2cpt_counter_name(i), &value, errp)) {
            goto out;
        }
    }
    host_lines_visit_counters(&s->lines, v, errp);
out:
    visit_end_struct(v, NULL);
}

static void i2c_passthrough_init(Object *obj)
{
    I2CPassthrough *s = I2C_PASSTHROUGH(obj);

    I2C_SLAVE(obj)->address = ADDRESS_NOT_GIVEN;
    passthrough_config_init(&s->config);
}

static void i2c_passthrough_finalize(Object *obj)
{
    I2CPassthrough *s = I2C_PASSTHROUGH(obj);

    passthrough_config_clear(&s->config);
    host_lines_clear(&s->lines);
    g_free(s->left);
}

/* Keys of the library are properties too; these are of the device alone. */
static I2CPT_CONST Property i2c_passthrough_properties[] = {
    DEFINE_PROP_STRING("controller", I2CPassthrough, controller),
    DEFINE_PROP_LINK("adapter", I2CPassthrough, named, TYPE_I2C_ADAPTER,
                     I2CAdapter *),
    DEFINE_PROP_CHR("chardev", I2CPassthrough, chr),
    DEFINE_PROP_ON_OFF_AUTO("stop-at-nack", I2CPassthrough, stop_at_nack,
                            ON_OFF_AUTO_AUTO),
    DEFINE_PROP_STRING("settings", I2CPassthrough, shown),
    DEFINE_PROP_STRING("log", I2CPassthrough, log_path),
    DEFINE_PROP_STRING("irqs", I2CPassthrough, irqs),
    DEFINE_PROP_STRING("verdict", I2CPassthrough, verdict),
    DEFINE_PROP_ON_OFF_AUTO("unlocked-wait", I2CPassthrough, unlocked,
                            ON_OFF_AUTO_AUTO),
    I2CPT_END_OF_PROPERTIES};

static void i2c_passthrough_class_init(ObjectClass *klass,
                                       I2CPT_CLASS_DATA *data)
{
    static const VMStateDescription vmstate = {
        .name = TYPE_I2C_PASSTHROUGH,
        .unmigratable = 1, /* the host's bus does not move with the guest */
    };
    DeviceClass *dc = DEVICE_CLASS(klass);
    I2CSlaveClass *sc = I2C_SLAVE_CLASS(klass);

    dc->desc = "I2C target on a host adapter";
    dc->realize = i2c_passthrough_realize;
    dc->unrealize = i2c_passthrough_unrealize;
    dc->vmsd = &vmstate;
    RESETTABLE_CLASS(klass)->phases.hold = i2c_passthrough_reset_hold;
    RESETTABLE_CLASS(klass)->phases.exit = i2c_passthrough_reset_exit;
    sc->match_and_add = i2c_passthrough_match;
    i2c_passthrough_events_init(sc);
    i2c_passthrough_async_init(I2C_ASYNC_TARGET_CLASS(klass));
    device_class_set_props(dc, i2c_passthrough_properties);
    i2c_passthrough_lines_init(klass);
    object_class_property_set_description(
        klass, "controller",
        "on the bus of this one: its QOM path, or where its registers are");
    object_class_property_set_description(
        klass, "adapter", "the id of an i2c-adapter, in place of backend=");
    object_class_property_set_description(
        klass, "chardev",
        "whose other end serves the adapter (docs/remote.md)");
    object_class_property_set_description(
        klass, "stop-at-nack",
        "a refused data byte ends the transfer (on, off; default auto: where "
        "the controller is known to forget it)");
    object_class_property_set_description(klass, "settings",
                                          "those that were given, to be read");
    object_class_property_set_description(
        klass, "log", "a file for the guest's events and their answers");
    object_class_property_set_description(klass, "verdict",
                                          REPLAY_VERDICT_HELP);
    object_class_property_set_description(
        klass, "unlocked-wait",
        "the rest of QEMU goes on while the host works (on, off; default auto: "
        "where the controller is known to take it)");
    object_class_property_add(klass, "counters", "struct", get_counters, NULL,
                              NULL, NULL);
    object_class_property_set_description(
        klass, "counters", "what has happened up to now, to be read");
    /* last: a key of a foreign backend gives way to what is there */
    passthrough_config_properties(klass, offsetof(I2CPassthrough, config));
}

static I2CPT_IFACE_CONST InterfaceInfo i2c_passthrough_interfaces[] = {
    {TYPE_I2C_ASYNC_TARGET},
    {},
};

static const TypeInfo i2c_passthrough_info = {
    .name = TYPE_I2C_PASSTHROUGH,
    .parent = TYPE_I2C_SLAVE,
    .instance_size = sizeof(I2CPassthrough),
    .instance_init = i2c_passthrough_init,
    .instance_finalize = i2c_passthrough_finalize,
    .class_init = i2c_passthrough_class_init,
    .interfaces = i2c_passthrough_interfaces,
};

static void i2c_passthrough_register_types(void)
{
    host_log_init();
    type_register_static(&i2c_passthrough_info);
}

i2cpt_type_init(i2c_passthrough_register_types)
