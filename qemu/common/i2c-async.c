/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interface of targets that answer later, and calling those that do not. */
#include "qemu/osdep.h"
#include "common/compat.h"

#include "common/i2c-async.h"

static I2CAsyncTargetClass *class_of(I2CAsyncTarget *target)
{
    return I2C_ASYNC_TARGET_GET_CLASS(target);
}

I2CAsyncTarget *i2c_async_find_target(I2CBus *bus, uint8_t address)
{
    I2CNodeList found = QLIST_HEAD_INITIALIZER(found);
    Object *target = NULL;
    I2CNode *node, *next;

    if (address == 0) {
        return NULL; /* the general call is the core's */
    }
    i2c_scan_bus(bus, address, false, &found);
    QLIST_FOREACH_SAFE(node, &found, next, next)
    {
        if (!target) {
            target =
                object_dynamic_cast(OBJECT(node->elt), TYPE_I2C_ASYNC_TARGET);
        }
        QLIST_REMOVE(node, next);
        g_free(node);
    }
    return (I2CAsyncTarget *)target;
}

/* Targets behind QEMU's own calls */

static void sync_end(I2CAsyncController *controller)
{
    if (!controller->sync) {
        return;
    }
    if (controller->sync_reading) {
        i2c_nack(controller->bus);
    }
    i2c_end_transfer(controller->bus);
    controller->sync = false;
}

static I2CAsyncResult sync_start(I2CAsyncController *controller,
                                 uint8_t address, bool is_read)
{
    if (controller->sync && controller->sync_address != address) {
        sync_end(controller);
    } else if (controller->sync && controller->sync_reading) {
        i2c_nack(controller->bus);
    }
    controller->sync = true;
    controller->sync_address = address;
    controller->sync_reading = false;
    if (i2c_start_transfer(controller->bus, address, is_read)) {
        return I2C_ASYNC_NACK_ADDRESS;
    }
    controller->sync_reading = is_read;
    return I2C_ASYNC_ACK;
}

/* Targets with the interface */

static void target_done(void *opaque, I2CAsyncResult result, uint8_t byte);

static I2CAsyncResult note(I2CAsyncController *controller,
                           I2CAsyncResult result)
{
    controller->pending = result == I2C_ASYNC_PENDING;
    return result;
}

static I2CAsyncResult begin(I2CAsyncController *controller,
                            I2CAsyncTarget *target, uint8_t address,
                            bool is_read)
{
    controller->target = target;
    if (!target) {
        return sync_start(controller, address, is_read);
    }
    sync_end(controller);
    return note(controller, class_of(target)->start(target, address, is_read,
                                                    target_done, controller));
}

static void target_done(void *opaque, I2CAsyncResult result, uint8_t byte)
{
    I2CAsyncController *controller = opaque;
    uint8_t address = controller->next_address;

    controller->pending = false;
    if (controller->stopping) {
        controller->stopping = false;
        controller->target = NULL;
    }
    if (controller->restarting) {
        controller->restarting = false;
        if (result == I2C_ASYNC_ACK) {
            result = begin(controller,
                           i2c_async_find_target(controller->bus, address),
                           address, controller->next_is_read);
        }
        if (result == I2C_ASYNC_PENDING) {
            return;
        }
    }
    controller->done(controller->opaque, result, byte);
}

void i2c_async_init(I2CAsyncController *controller, I2CBus *bus,
                    I2CAsyncDone *done, void *opaque)
{
    *controller = (I2CAsyncController){
        .bus = bus,
        .done = done,
        .opaque = opaque,
    };
}

/*
 * What the target that is left says at its stop() is the answer of this START:
 * after a late NACK the firmware must hear of it, and nothing else is begun.
 */
I2CAsyncResult i2c_async_start(I2CAsyncController *controller, uint8_t address,
                               bool is_read)
{
    I2CAsyncTarget *target = i2c_async_find_target(controller->bus, address);
    I2CAsyncResult result;

    assert(!controller->pending);
    if (!controller->target || controller->target == target) {
        return begin(controller, target, address, is_read);
    }
    result = i2c_async_stop(controller);
    if (result == I2C_ASYNC_PENDING) {
        controller->restarting = true;
        controller->next_address = address;
        controller->next_is_read = is_read;
        return result;
    }
    if (result != I2C_ASYNC_ACK) {
        return result;
    }
    return begin(controller, target, address, is_read);
}

I2CAsyncResult i2c_async_send(I2CAsyncController *controller, uint8_t byte)
{
    I2CAsyncTarget *target = controller->target;

    assert(!controller->pending);
    if (target) {
        return note(controller, class_of(target)->send(target, byte));
    }
    return i2c_send(controller->bus, byte) ? I2C_ASYNC_NACK_DATA
                                           : I2C_ASYNC_ACK;
}

I2CAsyncResult i2c_async_recv(I2CAsyncController *controller, uint8_t *byte)
{
    I2CAsyncTarget *target = controller->target;

    assert(!controller->pending);
    if (target) {
        return note(controller, class_of(target)->recv(target, byte));
    }
    *byte = i2c_recv(controller->bus);
    return I2C_ASYNC_ACK;
}

I2CAsyncResult i2c_async_stop(I2CAsyncController *controller)
{
    I2CAsyncTarget *target = controller->target;
    I2CAsyncResult result;

    assert(!controller->pending);
    if (!target) {
        sync_end(controller);
        return I2C_ASYNC_ACK;
    }
    result = note(controller, class_of(target)->stop(target));
    if (result == I2C_ASYNC_PENDING) {
        controller->stopping = true;
    } else {
        controller->target = NULL;
    }
    return result;
}

/* A STOP and the START behind it are two operations of two targets. */
bool i2c_async_wait(I2CAsyncController *controller, int64_t timeout_us)
{
    int64_t end_us = g_get_monotonic_time() + timeout_us;
    int64_t left_us = timeout_us;

    while (controller->pending && left_us >= 0) {
        I2CAsyncTarget *target = controller->target;

        if (!class_of(target)->wait(target, left_us)) {
            break;
        }
        left_us = end_us - g_get_monotonic_time();
    }
    return !controller->pending;
}

void i2c_async_cancel(I2CAsyncController *controller)
{
    I2CAsyncTarget *target = controller->target;

    controller->target = NULL;
    controller->pending = false;
    controller->stopping = false;
    controller->restarting = false;
    if (target) {
        class_of(target)->cancel(target);
    }
    sync_end(controller);
}

static const TypeInfo i2c_async_target_info = {
    .name = TYPE_I2C_ASYNC_TARGET,
    .parent = TYPE_INTERFACE,
    .class_size = sizeof(I2CAsyncTargetClass),
};

static void i2c_async_register_types(void)
{
    type_register_static(&i2c_async_target_info);
}

i2cpt_type_init(i2c_async_register_types)
