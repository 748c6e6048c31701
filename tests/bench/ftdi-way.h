/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ftdi backend's codec on the virtual chip, in simulated time. */
#ifndef BENCH_FTDI_WAY_H
#define BENCH_FTDI_WAY_H

#include "core/backend.h"
#include "ftdi/mpsse.h"

struct ftdi_way {
    const char *name;
    enum mpsse_chip chip;
    enum mpsse_encoding encoding;
    enum mpsse_edges edges;
    uint16_t lines; /* as in struct mpsse_config; 0: none */
    uint32_t line_poll_us;
};

/* A write of `written` bytes to the EEPROM, then a read of `read` bytes (0:
 * none) joined to it. */
struct ftdi_shape {
    const char *name;
    uint16_t written, read;
};

struct ftdi_cost {
    unsigned round_trips, messages, i2c_bytes; /* addresses included */
    uint64_t out_bytes, in_bytes;              /* on USB, no status bytes */
    uint64_t wire_ns;    /* nine clocks a byte, one a condition */
    uint64_t elapsed_ns; /* from submission to the answer */
};

/* `n` of these transfers, one after the other, or all submitted at once. Fails
 * as bench_fail(). */
struct ftdi_cost ftdi_way_cost(const struct ftdi_way *way,
                               uint32_t frequency_hz, bool batch,
                               bool pipelined, const struct ftdi_shape *shape,
                               unsigned n);

/* The same, but each comes at a time of its own, with pauses in which a thread
 * looks at the lines every line_poll_us, as the back end's does: the sum of
 * what they wait for their answers. Times are the same with lines and without
 * for one `pause_us`. */
uint64_t ftdi_way_answer_ns(const struct ftdi_way *way, uint32_t frequency_hz,
                            const struct ftdi_shape *shape, uint32_t pause_us,
                            unsigned n);

#endif
