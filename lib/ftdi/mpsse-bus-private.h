/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What whole transfers (mpsse-bus.c) and single bytes (mpsse-stream.c) share.
 */
#ifndef I2CPT_MPSSE_BUS_PRIVATE_H
#define I2CPT_MPSSE_BUS_PRIVATE_H

#include "core/backend.h"
#include "ftdi/mpsse-bus.h"

/*
 * A transfer that was begun and is not collected (mpsse-pipeline.c):
 *
 *   SENT     -> (ended)    its reply is taken in collect()
 *   SENT     -> RECEIVED   it had to be, to see how an earlier one can go on
 *   RECEIVED -> (ended)    likewise
 *   SENT, RECEIVED -> LOST the engine was reset after an earlier one's fault
 *   LOST     -> (ended)    told so
 */
enum mpsse_flight_state {
    MPSSE_SENT,
    MPSSE_RECEIVED,
    MPSSE_LOST,
};

struct mpsse_flight {
    enum mpsse_flight_state state;
    struct mpsse_frame f; /* these two change places with the bus's */
    uint8_t *in;
    size_t in_size;
    uint64_t wire_ns; /* about as long it takes */
    int error;        /* it could not be sent */
};

struct mpsse_bus {
    struct mpsse m;
    const struct mpsse_link *ops;
    void *link;
    bool batch;
    bool astray; /* a rescue ran out of time: nothing goes out before another */
    struct mpsse_frame f;
    uint8_t *in;
    size_t in_size;
    mpsse_seen_fn seen; /* NULL: nobody is told */
    void *seen_user;
    uint8_t *tx; /* address and data of a write, in one piece */
    size_t tx_size;

    /* stream */
    bool open;      /* between START and STOP */
    bool cut;       /* ... until a look failed, and nobody was told yet */
    bool reading;   /* the last START was for a read */
    bool took_any;  /* ... and a byte of it was clocked */
    bool slot_open; /* its acknowledge slot is still to come */
    int msg, byte;  /* for faults */

    struct mpsse_flight flights[MPSSE_DEPTH]; /* a ring */
    unsigned first_flight, n_flights;
};

/* Send bus->f and receive its reply into bus->in; when the engine hangs, get it
 * back before the deadline. */
int mpsse_bus_run(struct mpsse_bus *bus, uint64_t deadline_ns,
                  struct i2cpt_fault *fault);

/* What to do after `ret`, an error of the link: the same fault for the caller.
 */
int mpsse_bus_failed(struct mpsse_bus *bus, int ret, uint64_t deadline_ns,
                     struct i2cpt_fault *fault);
/* Begin anew with engine and bus. -ENODEV or 0. */
int mpsse_bus_rescue(struct mpsse_bus *bus, uint64_t deadline_ns);
/* Before a first START: what an earlier rescue had no time for. */
int mpsse_bus_ready(struct mpsse_bus *bus, uint64_t deadline_ns,
                    struct i2cpt_fault *fault);
/* Until when there is time for rescues. */
uint64_t mpsse_work_until(const struct mpsse_bus *bus, uint64_t deadline_ns);
/* By the clock that deadlines are of. */
uint64_t mpsse_now_ns(const struct mpsse_bus *bus);
/* The looks of bus->f, whose reply has come into bus->in now. */
void mpsse_tell_looks(struct mpsse_bus *bus, uint64_t now_ns);
/* The end of a frame: a look at the lines, and its reply is sent at once. */
void mpsse_end_frame(struct mpsse_bus *bus);
/* Room for bus->f's reply in bus->in. */
int mpsse_reserve_reply(struct mpsse_bus *bus);
/* The first thing that went wrong in bus->f, whose reply is in bus->in. */
int mpsse_decode(struct mpsse_bus *bus, struct i2cpt_msg *msgs,
                 struct i2cpt_fault *fault);
/* All of `x` as bus->f, with room for the reply. False where it needs more
 * than one frame, or memory is short. */
bool mpsse_whole_frame(struct mpsse_bus *bus, const struct i2cpt_xfer *x);

/* A frame that looks at the lines and sends START. */
void mpsse_begin_frame(struct mpsse_bus *bus);
/* Address and data of message `msg` into the frame. */
int mpsse_add_message(struct mpsse_bus *bus, const struct i2cpt_msg *m,
                      uint32_t msg);

/* Symbols before the data. */
uint32_t mpsse_address_symbols(const struct i2cpt_msg *m);
/* A symbol of ours as it was on the wire: went out, acknowledged? */
int mpsse_check_sent(const struct i2cpt_msg *m, uint32_t msg, uint32_t index,
                     struct mpsse_symbol s, struct i2cpt_fault *fault);
/* Whether the piece's last symbol is one that we do not acknowledge, and
 * whether that one went out so. */
bool mpsse_has_nack(const struct mpsse_piece *p);
int mpsse_check_nack(struct mpsse_symbol s, uint32_t msg, int byte,
                     struct i2cpt_fault *fault);

#endif
