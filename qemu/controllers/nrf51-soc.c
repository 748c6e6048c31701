/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding QEMU's nRF51 and its parts, by the names that it gives them. */
#include "qemu/osdep.h"
#include "common/compat.h"
#include "qapi/error.h"

#include "controllers/nrf51-soc.h"

#define CORE   "armv6m"
#define GPIO   "gpio"
#define MEMORY "nrf51-container[0]"

static Object *part(Object *soc, const char *name)
{
    return object_resolve_path_component(soc, name);
}

Object *nrf51_soc_find(DeviceState *dev, Error **errp)
{
    Object *soc = object_resolve_path_type("", "nrf51-soc", NULL);

    if (!soc || !part(soc, CORE) || !part(soc, GPIO) || !part(soc, MEMORY)) {
        error_setg(errp,
                   "%s: this machine has no nRF51; use it with -M microbit",
                   object_get_typename(OBJECT(dev)));
        return NULL;
    }
    return soc;
}

MemoryRegion *nrf51_soc_memory(Object *soc)
{
    return MEMORY_REGION(part(soc, MEMORY));
}

DeviceState *nrf51_soc_gpio(Object *soc)
{
    return DEVICE(part(soc, GPIO));
}

/* The stub has priority -1. */
void nrf51_soc_plug(Object *soc, SysBusDevice *dev, hwaddr base, int irq)
{
    memory_region_add_subregion_overlap(nrf51_soc_memory(soc), base,
                                        sysbus_mmio_get_region(dev, 0), 0);
    sysbus_connect_irq(dev, 0, qdev_get_gpio_in(DEVICE(part(soc, CORE)), irq));
}

void nrf51_soc_allow(const char *type)
{
#ifdef I2CPT_PLUGIN
    ObjectClass *machine = object_class_by_name("microbit-machine");

    if (machine) {
        machine_class_allow_dynamic_sysbus_dev(MACHINE_CLASS(machine), type);
    }
#endif
}
