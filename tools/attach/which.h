/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Buses that were attached, by what people call them. */
#ifndef ATTACH_WHICH_H
#define ATTACH_WHICH_H

#include <stddef.h>

/* The bus of a name, "i2c-N" or "/dev/i2c-N", and its USB device: its number;
 * or -1 with a line on stderr, which begins with the verb. */
int attach_which(const char *verb, const char *what, char *usb_id, size_t size);

#endif
