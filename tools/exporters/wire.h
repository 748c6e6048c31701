/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recorded transfer as it was on the two lines: STARTs, bytes, STOP. */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "i2cpt-trace.h"

enum wire_kind {
    WIRE_START,
    WIRE_RESTART,
    WIRE_ADDRESS, /* a byte: 7 bits and R/W, also the first of a 10-bit one */
    WIRE_LOW,     /* a byte: the other eight bits of a 10-bit address */
    WIRE_DATA,    /* a byte */
    WIRE_STOP,
};

struct wire_event {
    enum wire_kind kind;
    uint8_t byte;
    bool nack;                         /* nobody pulled the ninth bit low */
    const struct i2cpt_trace_msg *msg; /* of the three bytes */
    uint8_t mark;                      /* of data, I2CPT_TRACE_* */
};

enum wire_truth {
    WIRE_EXACT,
    WIRE_PLACED, /* where it was not acknowledged is not recorded: as late as it
                    can have been */
    WIRE_CUT,    /* ended for a reason that the lines do not show (a timeout) */
    WIRE_ABSENT, /* never began, as far as is known: no event */
};

typedef void (*wire_fn)(void *user, const struct wire_event *event);
enum wire_truth export_wire_walk(const struct i2cpt_trace_transfer *t,
                                 wire_fn tell, void *user);

#endif
