/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was seen on a bus, event by event, put together to transfers of a
 * trace. For importers of decoded captures.
 */
#ifndef IMPORT_H
#define IMPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/convert.h"

struct text_in;

/* The importers themselves, for fuzzing too. */
int import_saleae(struct convert *c, struct text_in *text,
                  struct i2cpt_fault *fault);
int import_ftrace(struct convert *c, struct text_in *text,
                  struct i2cpt_fault *fault);
int import_sigrok(struct convert *c, struct text_in *text,
                  struct i2cpt_fault *fault);
int import_vcd(struct convert *c, struct text_in *text,
               struct i2cpt_fault *fault);
bool import_vcd_is_one(const char *head);

/* ------------------------------------------------------ stamps of all lines */

/* A capture's times begin anywhere; a trace's at its first transfer. */
struct import_clock {
    bool begun;
    int64_t base_ns;
};
/* 0 and the stamp; or -EINVAL and why: it is before the first one, or further
 * from it than a trace's stamps reach. */
int import_stamp(struct import_clock *clock, int64_t at_ns, uint64_t *stamp_ns,
                 const char **why);
/* The same from one time to another. */
int import_span(int64_t from_ns, int64_t to_ns, uint64_t *span_ns,
                const char **why);

/* ----------------------------------------------------------- wire to trace */

struct import_wire;

enum import_kind {
    IMPORT_START,
    IMPORT_ADDRESS, /* value, 0 to 0x7f, and read */
    IMPORT_BYTE,    /* value */
    IMPORT_ACK,     /* of the address or byte before it */
    IMPORT_NACK,
    IMPORT_UNKNOWN, /* ACK or NACK: it was not captured */
    IMPORT_STOP,
};

struct import_event {
    enum import_kind kind;
    bool read;
    uint8_t value;
    int64_t at_ns; /* of START and STOP */
};

/* NULL where there is no memory. */
struct import_wire *import_wire_new(struct convert *c);
void import_wire_free(struct import_wire *w);

/*
 * The events in their order. A START while a transfer is open is a repeated
 * one; what comes before the first START belongs to a transfer that began
 * before the capture, and is counted and left out. Returns 0; -EINVAL with
 * *why, where the event cannot be; or an error of writing with its fault.
 *
 * - A START behind a NACK begins a transfer of its own: in a trace, what was
 *   not acknowledged ends a transfer.
 * - Behind an UNKNOWN the whole transfer is counted and left out; only where
 *   the capture ends there is it written as far as it was seen.
 * - An address 0x78-0x7b that is written to is the first half of a 10-bit one;
 *   a read from it belongs to the 10-bit one before it.
 */
int import_wire_event(struct import_wire *w, const struct import_event *e,
                      const char **why, struct i2cpt_fault *fault);
/*
 * The header `lines` of those that convert's options name; before the first
 * transfer or change.
 */
int import_wire_name_lines(struct import_wire *w, struct i2cpt_fault *fault);
/*
 * A change of a line, 1 being active, or the level that it begins with, from
 * which the stamps of all count then. `name` stays where it is. Within a
 * transfer it is written behind that one, as a recorder does. As
 * import_wire_event().
 */
int import_wire_irq(struct import_wire *w, const char *name, bool level,
                    int64_t at_ns, const char **why, struct i2cpt_fault *fault);
/* The capture's end: a transfer that is open is written as far as it was seen;
 * and what had to be left out is noted. */
int import_wire_end(struct import_wire *w, const char **why,
                    struct i2cpt_fault *fault);

#endif
