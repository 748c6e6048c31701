/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls on an adapter's bus, below the public API: what a passthrough and SMBus
 * protocols are made of.
 */
#ifndef I2CPT_CALLS_H
#define I2CPT_CALLS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/backend.h"

enum i2cpt_op {
    I2CPT_OP_TRANSFER,
    I2CPT_OP_SMBUS,
    I2CPT_OP_STREAM_START,   /* the first one takes the bus for `owner`, */
    I2CPT_OP_STREAM_POINTER, /* so does this: see stream_pointer() */
    I2CPT_OP_STREAM_WRITE,
    I2CPT_OP_STREAM_READ,
    I2CPT_OP_STREAM_STOP, /* this one gives it back, whatever it returns */
};

struct i2cpt_wake;

/*
 * One request below the public API. While a stream is open on the bus, calls
 * of other owners wait in the queue; the stream's own go past them.
 */
struct i2cpt_call {
    enum i2cpt_op op;
    uint32_t marks;
    uint64_t deadline_ns; /* 0: now + the adapter's timeout-ms */
    const void *owner;    /* who asks; any unique pointer, streams need it */
    uint32_t client;      /* of the handle, set by the bus */
    struct i2cpt_msg *msgs;
    size_t n;
    struct i2cpt_smbus_call *smbus;
    uint16_t addr, flags; /* STREAM_START, _POINTER */
    uint8_t byte;         /* STREAM_WRITE in, STREAM_READ, _POINTER out */
    uint8_t n_pointer;    /* STREAM_POINTER, 1 to I2CPT_POINTER_MAX */
    uint8_t pointer[I2CPT_POINTER_MAX];
};

/* Do it now, in order, bounded. Returns what the op returned. `call` and what
 * it points to is not touched after the return, even where it timed out. */
int bus_call_run(struct i2cpt_adapter *a, struct i2cpt_call *call,
                 struct i2cpt_fault *fault);
/* The same where that needs no waiting, not for the bus nor for anybody in
 * front of it; else false, and nothing has been done. */
bool bus_call_run_at_once(struct i2cpt_adapter *a, struct i2cpt_call *call,
                          struct i2cpt_fault *fault, int *result);
/*
 * Queue it, for the library's own use: dispatch never takes it, so that who
 * submitted it (and serialises the calls below) is the only one who has it.
 * `call` itself and all that it points to is borrowed until the request is
 * harvested, where results are filled in, or orphaned. `signal`, or
 * NULL, is signalled when it has ended. An instant bus with an empty queue
 * does it at once, in this thread, and then nothing is signalled.
 */
int bus_call_submit(struct i2cpt_adapter *a, struct i2cpt_call *call,
                    struct i2cpt_wake *signal, struct i2cpt_request **out);
/* True where it has ended; `r` is void then. Never waits. */
bool bus_request_harvest(struct i2cpt_request *r, int *result,
                         struct i2cpt_fault *fault);
/* Forget a submitted request: borrowed memory is free at once, `r` is void. A
 * stream call that was on the wire still runs to its end. */
void bus_request_orphan(struct i2cpt_request *r);
/* For who waits for one that another thread may harvest or orphan: hold it
 * while nobody can, wait until it is to be harvested or `until_ns`, release. */
void bus_request_hold(struct i2cpt_request *r);
void bus_request_await(struct i2cpt_request *r, uint64_t until_ns);
void bus_request_release(struct i2cpt_request *r);

/* `owner` is that of the call it is about. */
void bus_adapter_took(struct i2cpt_adapter *a, const void *owner, uint32_t n);
int bus_adapter_flush(struct i2cpt_adapter *a);
uint32_t bus_adapter_timeout_ms(const struct i2cpt_adapter *a);
/* One more handle on the same bus, for the same client. */
int bus_adapter_again(struct i2cpt_adapter *a, struct i2cpt_adapter **out);
/* `wake` is readable when the handle's descriptor is. 0 or -errno. */
int bus_adapter_look_at(struct i2cpt_adapter *a, struct i2cpt_wake *wake);
bool bus_adapter_is_instant(struct i2cpt_adapter *a);
bool bus_adapter_tells_phase(const struct i2cpt_adapter *a);
bool bus_adapter_hides_phase(const struct i2cpt_adapter *a);

/*
 * How often this process has been born by fork(): what belongs to an earlier
 * generation is the parent's.
 */
extern atomic_uint bus_fork_generation;

#endif
