/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pins of an MPSSE as the adapter's input lines: every frame of a transfer
 * looks at them, and a thread does when none has gone out for a while.
 */
#ifndef I2CPT_FTDI_LINE_POLL_H
#define I2CPT_FTDI_LINE_POLL_H

#include "ftdi/mpsse-bus.h"

#define MPSSE_POLL_MIN_US 500u
#define MPSSE_POLL_MAX_US 1000000u

struct mpsse_lines;

struct mpsse_lines_config {
    uint16_t pins; /* that `bus` looks at, at least one */
    uint32_t poll_us;
    uint32_t timeout_ms; /* of one look */
    const char *name;    /* of the adapter, for a person */
};

/*
 * Looks once for the first levels, with `open_ns` for it, and starts the
 * thread. From here to mpsse_lines_free(), which comes before the bus's end,
 * calls on `bus` stand between _enter() and _leave(); the latter is told how
 * the call ended, and after -ENODEV nobody looks any more.
 */
int mpsse_lines_new(struct mpsse_bus *bus, const struct mpsse_lines_config *c,
                    uint64_t open_ns, struct mpsse_lines **out,
                    struct i2cpt_fault *fault);
/* All of these take NULL: there are no lines, and nothing is done. */
void mpsse_lines_free(struct mpsse_lines *l);
void mpsse_lines_enter(struct mpsse_lines *l);
void mpsse_lines_leave(struct mpsse_lines *l, int result);
/* Each is called as its pin is; NULL for NULL. They go with `l`. */
struct i2cpt_lines *mpsse_lines_get(struct mpsse_lines *l);

#endif
