/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between the chips and a USB adapter's own protocol: the bus, byte by byte,
 * and the table of adapters. */
#ifndef USB_BOARD_H
#define USB_BOARD_H

#include "usb-serve.h"

/* What an event on the bus comes to. */
enum wire {
    WIRE_ACK,
    WIRE_NACK,
    WIRE_STUCK,  /* SCL is held low for longer than the adapter waits */
    WIRE_SILENT, /* the adapter itself has crashed */
    WIRE_GONE,   /* the adapter was pulled out */
};

/* A START to an address; `flags` are I2CPT_M_RD and I2CPT_M_TEN. While a
 * transfer is open it is a repeated START. */
enum wire wire_start(uint16_t addr, uint16_t flags);
enum wire wire_write(uint8_t byte);
enum wire wire_read(uint8_t *byte);
void wire_stop(void);

/* What USB says of an event that is neither ACK nor an adapter's own code. */
int wire_usb(enum wire result);

/* usb-tiny.c, usb-osif.c, usb-diolan.c */
extern const struct usb_device usb_tiny, usb_osif, usb_diolan;

#endif
