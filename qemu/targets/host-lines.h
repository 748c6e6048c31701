/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lines of an adapter as GPIO outputs of a device
 *
 * Each line is a named output, 1 while it is active. Changes come through the
 * library's descriptor in the main loop, so also while every virtual CPU is
 * halted, and by host_lines_settle() behind each event of a guest's: a line
 * that a transfer has let go of is down before that transfer ends.
 *
 *   state    what an output is told
 *   running  each change, in order
 *   held     nothing: the virtual machine was stopped. As it goes on, each
 *            output is told the level by then, if that is another one
 *
 * A reset of the machine does not reset the chip: what receives has forgotten
 * the level then and is told it again.
 *
 * All under the big lock.
 */
#ifndef I2CPT_HOST_LINES_H
#define I2CPT_HOST_LINES_H

#include "i2cpt.h"

#define HOST_LINES_MAX 32

typedef struct HostLine {
    char *name;
    qemu_irq out;   /* what the output is linked to */
    bool connected; /* by irqs= */
    bool inverted;
    int number;     /* in the adapter; -1: that has no such line */
    bool level;     /* the adapter's */
    bool delivered; /* what the output was told */
} HostLine;

typedef struct HostLines {
    DeviceState *dev;
    struct i2cpt_adapter *adapter; /* a handle of its own; NULL: no lines */
    HostLine lines[HOST_LINES_MAX];
    unsigned count;
    bool held;
    uint64_t changes, deliveries, coalesced;
    QLIST_ENTRY(HostLines) next;
} HostLines;

/*
 * In realize: outputs of `dev` for the lines that `adapter` has, and for those
 * that `irqs` names, NAME=PLACE[:NAME=PLACE]..., which are connected. A PLACE
 * (irq-place.h) behind `~` is told 0 while the line is active. Where the
 * adapter is one that comes and goes (`later`), it may lack what is named.
 */
bool host_lines_open(HostLines *l, DeviceState *dev,
                     struct i2cpt_adapter *adapter, bool later,
                     const char *irqs, Error **errp);
/* Another adapter has taken its place. */
void host_lines_use(HostLines *l, struct i2cpt_adapter *adapter);
/*
 * Inputs are told nothing; irqs= may connect others next time. Harmless where
 * it is not open.
 */
void host_lines_close(HostLines *l);
/* To 0: who made them is going. */
void host_lines_release(HostLines *l);

/* In finalize. */
void host_lines_clear(HostLines *l);
void host_lines_visit_counters(HostLines *l, Visitor *v, Error **errp);

/* What has changed up to now, of all that are open. */
void host_lines_settle(void);

/* Behind a reset. */
void host_lines_assert(HostLines *l);
void host_lines_hold(HostLines *l, bool held);

#endif
