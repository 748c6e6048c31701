/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What whole transfers (mpsse-bus.c) and single bytes (mpsse-stream.c) share.
 */
#ifndef I2CPT_MPSSE_BUS_PRIVATE_H
#define I2CPT_MPSSE_BUS_PRIVATE_H

#include "mpsse-bus.h"

enum { PIN_SCL = 0x01, PIN_SDA_IN = 0x04 };

struct mpsse_bus {
    struct mpsse m;
    const struct mpsse_link *ops;
    void *link;
    bool batch;
    struct mpsse_frame f;
    uint8_t *in;
    size_t in_size;
    uint8_t *tx; /* address and data of a write, in one piece */
    size_t tx_size;

    /* stream */
    bool open;      /* between START and STOP */
    bool reading;   /* the last START was for a read */
    bool took_any;  /* ... and a byte of it was clocked */
    bool slot_open; /* its acknowledge slot is still to come */
    int msg, byte;  /* for faults */
};

/* Send bus->f and receive its reply into bus->in; when the engine hangs, get it
 * back before the deadline. */
int mpsse_bus_run(struct mpsse_bus *bus, uint64_t deadline_ns,
                  struct i2cpt_fault *fault);

/* A frame that looks at the lines and sends START. */
void mpsse_begin_frame(struct mpsse_bus *bus);
/* Address and data of message `msg` into the frame. */
int mpsse_add_message(struct mpsse_bus *bus, const struct i2cpt_msg *m,
                      uint32_t msg);

bool mpsse_pins_free(uint8_t pins);
int mpsse_lines_busy(struct i2cpt_fault *fault, uint8_t pins);
/* A symbol of ours as it was on the wire: went out, acknowledged? */
int mpsse_check_sent(const struct i2cpt_msg *m, uint32_t msg, uint32_t index,
                     struct mpsse_symbol s, struct i2cpt_fault *fault);

#endif
