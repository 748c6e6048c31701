/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's I2C controllers: what is known of them, by the type of the device that
 * has the bus, and which of a machine's is meant.
 */
#include "qemu/osdep.h"
#include "common/compat.h"
#include "qapi/error.h"
#include "qemu/cutils.h"

#include "targets/controller-gate.h"
#include "targets/controller.h"

/*
 * Read in QEMU 7.2 and 10.0; docs/qemu-devices.md has the table for people.
 * imx.i2c, mpc-i2c, and sm501 and pnv-i2c, which are not here, call
 * i2c_end_transfer() before a repeated START and after a NACK; stellaris-i2c
 * does nothing at either.
 */
static const I2CControllerKind kinds[] = {
    {"nrf51-twi", .restarts = true, .waits = true},
    {"versatile_i2c", .restarts = true, .gateable = true}, /* bit-bang */
    {"gpio_i2c", .restarts = true}, /* the lines of another device */
    {"ati-vga", .restarts = true},
    {"aspeed.i2c.bus", .restarts = true, .gateable = true},
    {"npcm7xx-smbus", .restarts = true, .gateable = true},
    {"allwinner.i2c", .restarts = true, .gateable = true},
    {"exynos4210.i2c", .restarts = true, .gateable = true},
    {"PIIX4_PM", .restarts = true, .gateable = true}, /* pm_smbus */
    {"ICH9-SMB", .restarts = true, .gateable = true},
    {"via-pm", .restarts = true, .gateable = true},
    {"omap_i2c", .restarts = true, .gateable = true, .forgets_stop = true},
    {"imx.i2c", .gateable = true},
    {"mpc-i2c", .gateable = true},
    {"bcm2835-i2c", .gateable = true, .forgets_stop = true, .address_at = 0x0c},
    {"ppc4xx-i2c", .gateable = true, .forgets_stop = true},
};

static const I2CControllerKind *kind_of(DeviceState *controller)
{
    static const I2CControllerKind unknown = {NULL};
    size_t i;

    for (i = 0; controller && i < ARRAY_SIZE(kinds); i++) {
        if (object_dynamic_cast(OBJECT(controller), kinds[i].type)) {
            return &kinds[i];
        }
    }
    return &unknown;
}

const I2CControllerKind *i2c_controller_kind(I2CBus *bus)
{
    return kind_of(BUS(bus)->parent);
}

bool i2c_controller_is_gateable(DeviceState *controller)
{
    return kind_of(controller)->gateable;
}

int i2c_controller_address(I2CBus *bus)
{
    const I2CControllerKind *kind = i2c_controller_kind(bus);
    MemoryRegion *registers;

    if (!kind->address_at) {
        return -1;
    }
    registers = sysbus_mmio_get_region(SYS_BUS_DEVICE(BUS(bus)->parent), 0);
    return i2c_gate_peek(registers, kind->address_at, 4) & 0x7f;
}

/* ---------------------------------------------------- finding one by name */

/* Boards map controllers at fixed places. */
uint64_t i2c_controller_base(Object *controller)
{
    SysBusDevice *dev =
        (SysBusDevice *)object_dynamic_cast(controller, TYPE_SYS_BUS_DEVICE);
    MemoryRegion *region = dev ? sysbus_mmio_get_region(dev, 0) : NULL;
    uint64_t base = 0;

    if (!region || !region->container) {
        return I2C_CONTROLLER_NO_BASE;
    }
    for (; region->container; region = region->container) {
        base += region->addr;
    }
    return base;
}

typedef struct Search {
    const Object *named; /* a controller or a bus; else ... */
    uint64_t base;
    I2CBus *found;
    unsigned matches;
    GString *all; /* for a message */
} Search;

static void mention(Search *search, BusState *bus, uint64_t base)
{
    g_autofree char *path = object_get_canonical_path(OBJECT(bus->parent));

    g_string_append_printf(search->all, "%s%s (%s",
                           search->all->len ? ", " : "", path,
                           object_get_typename(OBJECT(bus->parent)));
    if (base != I2C_CONTROLLER_NO_BASE) {
        g_string_append_printf(search->all, " at 0x%" PRIx64, base);
    }
    g_string_append_printf(search->all, ", bus %s)", bus->name);
}

static int look_at(Object *obj, void *opaque)
{
    Search *search = opaque;
    BusState *bus = (BusState *)object_dynamic_cast(obj, TYPE_I2C_BUS);
    uint64_t base;

    if (!bus || !bus->parent) {
        return 0;
    }
    base = i2c_controller_base(OBJECT(bus->parent));
    if (search->named
            ? obj == search->named || OBJECT(bus->parent) == search->named
            : base != I2C_CONTROLLER_NO_BASE && base == search->base) {
        search->found = I2C_BUS(bus);
        search->matches++;
    }
    mention(search, bus, base);
    return 0;
}

I2CBus *i2c_controller_find(const char *text, Error **errp)
{
    g_autoptr(GString) all = g_string_new(NULL);
    Search search = {.base = I2C_CONTROLLER_NO_BASE, .all = all};
    bool ambiguous = false;

    if (qemu_strtou64(text, NULL, 0, &search.base)) {
        search.named = object_resolve_path(text, &ambiguous);
        search.base = I2C_CONTROLLER_NO_BASE;
    }
    object_child_foreach_recursive(object_get_root(), look_at, &search);
    if (search.matches == 1) {
        return search.found;
    }
    error_setg(errp, "controller=%s: %s; there are %s", text,
               ambiguous || search.matches ? "several I2C buses could be meant"
                                           : "no I2C bus is there",
               all->len ? all->str : "none");
    return NULL;
}
