/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GPIO inputs of the machine, by what a person calls them. */
#ifndef I2CPT_IRQ_PLACE_H
#define I2CPT_IRQ_PLACE_H

#include "qom/object.h"

/*
 *     pin8, P0.18, button-a               on a micro:bit
 *     DEVICE[5]                           its unnamed input 5
 *     DEVICE/NAME[5]                      one of a name
 *     DEVICE                              where it has one input
 *
 * DEVICE is a QOM path, or as much of its end as tells it from others, or the
 * address of its registers. NULL with an error that says what there is.
 */
qemu_irq irq_place_find(const char *text, Error **errp);

#endif
