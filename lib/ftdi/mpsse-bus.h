/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An I2C bus behind an MPSSE engine: whole transfers and single bytes, what to
 * do when the bus or the engine is stuck. Below it a link, which moves bytes to
 * and from a chip: USB (backend-ftdi.c) or a model of one (tests/ftdi).
 */
#ifndef I2CPT_MPSSE_BUS_H
#define I2CPT_MPSSE_BUS_H

#include "core/backend.h"
#include "ftdi/mpsse.h"

/*
 * exchange: send `out`, then receive exactly `in_len` bytes (0: none), the
 * reception under way before the sending, as one OUT and one IN. 0,
 * -ETIMEDOUT at the deadline, -ENODEV when the chip is gone, or -EIO; what came
 * before that is in `in` then.
 * purge: drop what is under way in both directions and begin anew with the
 * engine. flush, optional: the first half of it, the engine stays as it is.
 *
 * send, receive: an exchange in two halves, optional. send queues one behind
 * those that are under way, at most MPSSE_DEPTH with it, and does not wait;
 * `out` and `in` stay until receive has returned for it. receive waits for the
 * oldest one; after an error all are dropped, and purge comes next.
 *
 * now_ns: the clock that deadlines are of; NULL: i2cpt_now_ns().
 */
#define MPSSE_DEPTH 16u

struct mpsse_link {
    int (*exchange)(void *link, const uint8_t *out, size_t out_len, uint8_t *in,
                    size_t in_len, uint64_t deadline_ns);
    int (*send)(void *link, const uint8_t *out, size_t out_len, uint8_t *in,
                size_t in_len);
    int (*receive)(void *link, uint64_t deadline_ns);
    int (*purge)(void *link);
    int (*flush)(void *link);
    uint64_t (*now_ns)(void *link);
};

struct mpsse_bus;

/*
 * Takes the engine into use: synchronised, set up, the bus free. -EBUSY where
 * SCL or SDA stays low, with the line's name; -EPROTO where no MPSSE answers.
 * `batch`: all messages of a transfer in one frame, past a NACK too. Free with
 * mpsse_bus_free(), which leaves the pins released; the link stays open.
 */
int mpsse_bus_new(const struct mpsse *m, const struct mpsse_link *ops,
                  void *link, bool batch, uint64_t deadline_ns,
                  struct mpsse_bus **out, struct i2cpt_fault *fault);
void mpsse_bus_free(struct mpsse_bus *bus);

/*
 * The pins of mpsse_config.lines are looked at in every frame of a transfer or
 * of a stream, and by mpsse_bus_look(): between any two calls, while a stream
 * is open too, but not from begin() to collect(). What was seen is told within
 * those calls, bits as in mpsse_config, with the time that it was so, or a
 * USB's turn-round later; those of one frame in their order.
 */
typedef void (*mpsse_seen_fn)(uint16_t pins, uint64_t stamp_ns, void *user);
void mpsse_bus_on_look(struct mpsse_bus *bus, mpsse_seen_fn seen, void *user);
/* 0, or as for a transfer; an open stream has ended then, which its next call
 * is told. */
int mpsse_bus_look(struct mpsse_bus *bus, uint64_t timeout_ns,
                   struct i2cpt_fault *fault);

/* As the entries of struct i2cpt_ops. */
int mpsse_bus_transfer(struct mpsse_bus *bus, struct i2cpt_xfer *x);
bool mpsse_bus_begin(struct mpsse_bus *bus, struct i2cpt_xfer *x);
int mpsse_bus_collect(struct mpsse_bus *bus, struct i2cpt_xfer *x);
int mpsse_bus_stream_start(struct mpsse_bus *bus, uint16_t addr, uint16_t flags,
                           uint64_t deadline_ns, struct i2cpt_fault *fault);
int mpsse_bus_stream_write(struct mpsse_bus *bus, uint8_t byte,
                           uint64_t deadline_ns, struct i2cpt_fault *fault);
int mpsse_bus_stream_read(struct mpsse_bus *bus, uint8_t *byte,
                          uint64_t deadline_ns, struct i2cpt_fault *fault);
int mpsse_bus_stream_pointer(struct mpsse_bus *bus, uint16_t addr,
                             const uint8_t *bytes, size_t n,
                             uint64_t deadline_ns, uint8_t *byte,
                             struct i2cpt_fault *fault);
int mpsse_bus_stream_stop(struct mpsse_bus *bus, uint64_t deadline_ns,
                          struct i2cpt_fault *fault);

#endif
