/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The chip's pins that may be input lines, and what the keys line.NAME= say of
 * them. */
#ifndef I2CPT_FTDI_LINE_PINS_H
#define I2CPT_FTDI_LINE_PINS_H

#include "core/options.h"
#include "ftdi/mpsse.h"

#define MPSSE_LINE_PINS     16u /* bits of mpsse_config.lines */
#define MPSSE_PIN_NAME_SIZE 3u

/* "C3" for bit 11. */
void mpsse_pin_name(unsigned pin, char name[MPSSE_PIN_NAME_SIZE]);

/*
 * The pins that are named as line.NAME=ftdi:PIN, or line.PIN=ftdi, of `o`, on a
 * chip that is called `chip_name`. -EINVAL, with a line that has key, value,
 * why not, and what is accepted.
 */
int mpsse_line_pins(const struct i2cpt_options *o, enum mpsse_chip chip,
                    const char *chip_name, enum mpsse_stretching stretching,
                    uint16_t *pins, struct i2cpt_fault *fault);

#endif
