/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The nRF51 of -M microbit, into which controllers of ours are put. */
#ifndef NRF51_SOC_H
#define NRF51_SOC_H

/* For `dev`, which an error names: NULL where this machine has none. */
Object *nrf51_soc_find(DeviceState *dev, Error **errp);
MemoryRegion *nrf51_soc_memory(Object *soc);
DeviceState *nrf51_soc_gpio(Object *soc);

/* Its registers, over the stub, and its interrupt. */
void nrf51_soc_plug(Object *soc, SysBusDevice *dev, hwaddr base, int irq);

/* As a module: -device may have this type. In QEMU's tree its board says so. */
void nrf51_soc_allow(const char *type);

#endif
