/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * I2C targets that may answer later
 *
 * QEMU's I2C core wants the ACK of a START and the byte of a read at once, so
 * a target whose answer comes from elsewhere (a real bus, a recording that
 * keeps time) can only make the virtual CPU wait. A controller that raises an
 * event when a byte is done needs no such wait: this interface lets it start
 * an operation, go on, and hear of the end.
 *
 * A target that implements TYPE_I2C_ASYNC_TARGET is still a TYPE_I2C_SLAVE,
 * with the usual event, send and recv for controllers that know nothing of
 * this; the controller finds it as ever, by i2c_scan_bus() and the target's
 * match_and_add(). Targets without the interface are called synchronously.
 *
 * One conversation is: start { send | recv | start } stop. At most one
 * operation is outstanding: after I2C_ASYNC_PENDING the controller calls
 * nothing but wait() and cancel() until `done` has been called. A repeated
 * START is start() with no stop() before it; its address may be another one,
 * as long as match_and_add() has taken it for this target. An operation that
 * was refused does not end the conversation, stop() does.
 *
 * Everything runs under the big lock. `done` is called at most once for each
 * PENDING, from a bottom half, from a file descriptor's handler or inside
 * wait(), never inside the call that returned PENDING. Operations may be
 * started inside `done`.
 */
#ifndef I2C_ASYNC_H
#define I2C_ASYNC_H

#include "qom/object.h"
#include "hw/i2c/i2c.h"

#define TYPE_I2C_ASYNC_TARGET "i2c-async-target"

typedef struct I2CAsyncTarget I2CAsyncTarget;
typedef struct I2CAsyncTargetClass I2CAsyncTargetClass;
DECLARE_CLASS_CHECKERS(I2CAsyncTargetClass, I2C_ASYNC_TARGET,
                       TYPE_I2C_ASYNC_TARGET)
#define I2C_ASYNC_TARGET(obj) \
    INTERFACE_CHECK(I2CAsyncTarget, (obj), TYPE_I2C_ASYNC_TARGET)

/*
 * How an operation ended. Which NACK it was does not follow from the
 * operation: a target that forwards whole messages knows only at stop() or
 * at a repeated start() that its address, or a byte, had been refused.
 */
typedef enum {
    I2C_ASYNC_ACK,          /* taken; recv: the byte is valid */
    I2C_ASYNC_NACK_ADDRESS, /* nobody answered the address */
    I2C_ASYNC_NACK_DATA,    /* a data byte was refused */
    I2C_ASYNC_PENDING, /* not ended: `done` will tell; never passed to it */
} I2CAsyncResult;

/*
 * The end of the operation that returned PENDING. `byte` counts only where
 * that was recv() and the result is ACK; it is 0xff otherwise.
 */
typedef void I2CAsyncDone(void *opaque, I2CAsyncResult result, uint8_t byte);

struct I2CAsyncTargetClass {
    InterfaceClass parent_class;

    /*
     * START or repeated START. done(opaque, ...) serves every operation up to
     * the next start(). A failure other than a NACK (time ran out, adapter
     * gone) is NACK_ADDRESS: controllers have no word for it.
     */
    I2CAsyncResult (*start)(I2CAsyncTarget *target, uint8_t address,
                            bool is_read, I2CAsyncDone *done, void *opaque);

    /* One byte to the target; NACK_DATA when it, or one before, is refused. */
    I2CAsyncResult (*send)(I2CAsyncTarget *target, uint8_t byte);

    /*
     * One byte from the target, in *byte on ACK. What the controller answers
     * is told by its next call: recv() means ACK, start() and stop() NACK.
     * Gives 0xff where the transfer has failed.
     */
    I2CAsyncResult (*recv)(I2CAsyncTarget *target, uint8_t *byte);

    /*
     * STOP. Ends the conversation whatever the answer; a NACK is the late
     * report of what had been acknowledged before its time.
     */
    I2CAsyncResult (*stop)(I2CAsyncTarget *target);

    /*
     * Block until the outstanding operation has ended, at most timeout_us
     * (0: just look), and call `done` from here. True when nothing is
     * outstanding any more. For a guest that polls: nothing else of QEMU's
     * main loop can run while its register read is served.
     */
    bool (*wait)(I2CAsyncTarget *target, int64_t timeout_us);

    /*
     * The controller was reset: `done` is not called any more for what is
     * outstanding, a bus that is held is released with STOP, and the
     * conversation is over. Does not block. Harmless when idle.
     */
    void (*cancel)(I2CAsyncTarget *target);
};

/*
 * The controller's side: finds the target of an address on its bus, and calls
 * it through the interface or, where it has none, synchronously. Knows what a
 * repeated START to another address means, which QEMU's core does not: the
 * bus is scanned again, and the target that is left gets its stop() first.
 *
 * The calls answer like the interface's; PENDING is followed by one call of
 * `done`. Embed the struct; the fields are not for others.
 */
typedef struct {
    I2CBus *bus;
    I2CAsyncDone *done;
    void *opaque;
    I2CAsyncTarget *target; /* of the conversation, until its stop has ended */
    bool sync;              /* a conversation through QEMU's core is open */
    bool sync_reading;
    uint8_t sync_address;
    bool pending;
    bool stopping;   /* what is pending is a stop() */
    bool restarting; /* it is followed by the START below */
    bool next_is_read;
    uint8_t next_address;
} I2CAsyncController;

void i2c_async_init(I2CAsyncController *controller, I2CBus *bus,
                    I2CAsyncDone *done, void *opaque);
I2CAsyncResult i2c_async_start(I2CAsyncController *controller, uint8_t address,
                               bool is_read);
I2CAsyncResult i2c_async_send(I2CAsyncController *controller, uint8_t byte);
I2CAsyncResult i2c_async_recv(I2CAsyncController *controller, uint8_t *byte);
I2CAsyncResult i2c_async_stop(I2CAsyncController *controller);
bool i2c_async_wait(I2CAsyncController *controller, int64_t timeout_us);
void i2c_async_cancel(I2CAsyncController *controller);

/* Who answers the address through the interface; NULL for all others. */
I2CAsyncTarget *i2c_async_find_target(I2CBus *bus, uint8_t address);

#endif
