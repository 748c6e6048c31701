/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * i2c-passthrough: a target on an emulated I2C bus that stands for one or more
 * targets of a host adapter
 *
 * The guest's bus events go to the library as they come, which turns them into
 * transfers; all decisions are made there. i2c-passthrough.c is the device:
 * properties, addresses, reset, VM stop and exit; i2c-passthrough-events.c has
 * the events, i2c-passthrough-lines.c the adapter's lines.
 *
 * A controller that can wait for its target uses TYPE_I2C_ASYNC_TARGET, every
 * other one the calls of QEMU's I2C core, which block the virtual CPU until the
 * wire has answered, at most until the adapter's deadline. The library's
 * passthrough is made for one of the two; realize makes the blocking one, and
 * the first asynchronous START puts the other in its place.
 *
 * Timers are the library's own thread, not QEMU's: a bus that a silent guest
 * holds has to be released after milliseconds also while a virtual CPU keeps
 * the big lock in a register access, when QEMU's main loop does not run.
 */
#ifndef I2C_PASSTHROUGH_H
#define I2C_PASSTHROUGH_H

#include "hw/i2c/i2c.h"

#include "common/i2c-async.h"
#include "i2cpt.h"
#include "targets/controller-gate.h"
#include "targets/host-lines.h"
#include "targets/i2c-adapter.h"
#include "targets/passthrough-config.h"

#define TYPE_I2C_PASSTHROUGH "i2c-passthrough"
OBJECT_DECLARE_SIMPLE_TYPE(I2CPassthrough, I2C_PASSTHROUGH)

struct I2CPassthrough {
    I2CSlave parent_obj;

    PassthroughConfig config;
    I2CAdapter *named;             /* adapter=, else ... */
    I2CPT_CHAR_FRONTEND chr;       /* chardev= */
    HostAdapter own;               /* ... this one */
    struct i2cpt_adapter *adapter; /* the one that pt is made of */
    struct i2cpt_policy *policy;
    struct i2cpt_passthrough *pt; /* NULL: the adapter is closed */

    bool any;               /* addresses=any: siblings come first */
    bool open;              /* between START and STOP */
    char *controller;       /* the property */
    bool forgets_stop;      /* of its controller; controller.h */
    OnOffAuto stop_at_nack; /* the property, for forgets_stop */
    I2CNode *left;          /* was taken from the core's list, to be freed */
    uint8_t matched;        /* what the guest addressed, since the last scan */
    uint64_t counted[I2CPT_COUNTERS]; /* by a form that was replaced */

    char *verdict; /* the property */
    char *irqs;    /* the property */
    HostLines lines;
    Notifier adapter_changed;

    char *shown;        /* the property settings, once it is realized */
    char *log_path;     /* the property log */
    FILE *log;          /* NULL: no log */
    I2CGate *gate;      /* NULL: the big lock is kept while we wait */
    OnOffAuto unlocked; /* the property, for gate */
    bool in_event;      /* of the blocking form */
    bool away;          /* it has given the big lock up */

    bool async; /* the form that pt has */
    I2CAsyncDone *done;
    void *done_opaque;
    I2CAsyncResult refusal; /* what a NACK of the last operation means */

    VMChangeStateEntry *vmstate;
    Notifier exit;
    Notifier machine_ready;
};

/* The present one: named, or its own. */
struct i2cpt_adapter *i2c_passthrough_adapter(I2CPassthrough *s);
/* The blocking form, in realize. */
int i2c_passthrough_new(I2CPassthrough *s, struct i2cpt_fault *fault);
/* Of all the forms that it has had; any thread that holds the big lock. */
uint64_t i2c_passthrough_counter(I2CPassthrough *s, size_t index);
/* The guest's events, a line each, where log= was given. */
bool i2c_passthrough_open_log(I2CPassthrough *s, Error **errp);
void i2c_passthrough_log(I2CPassthrough *s, const char *format, ...)
    G_GNUC_PRINTF(2, 3);
/* Of a trace back end: how the replay has gone, for all who use it. */
void i2c_passthrough_log_verdict(I2CPassthrough *s);
void i2c_passthrough_close_log(I2CPassthrough *s);

/* The adapter's lines, once that is open; irqs= connects them. */
bool i2c_passthrough_open_lines(I2CPassthrough *s, Error **errp);
void i2c_passthrough_close_lines(I2CPassthrough *s);
void i2c_passthrough_lines_init(ObjectClass *klass);

/* Drain it, keep its counters, free it; harmless where there is none. */
void i2c_passthrough_free(I2CPassthrough *s);

/* On its bus's list of targets that are spoken to; NULL where it is not. */
I2CNode *i2c_passthrough_node(I2CPassthrough *s);

void i2c_passthrough_events_init(I2CSlaveClass *sc);
void i2c_passthrough_async_init(I2CAsyncTargetClass *ac);

#endif
