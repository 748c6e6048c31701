/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stream mode: each guest event goes to the wire as it is, and its answer is
 * the wire's. After a NACK or a fault nothing more of that message is sent;
 * the guest's repeated START or STOP goes out again.
 *
 * With readonly=on a write is kept until the START of the read that follows
 * it; then START, the pointer and the repeated START go out as one call, which
 * nothing ends in between: a STOP there would make an EEPROM write.
 */
#include <errno.h>
#include <string.h>

#include "passthrough/passthrough.h"

/*
 *   IDLE    -> OPEN, REFUSED   START, as the wire answers
 *   IDLE    -> HELD            START of a write with readonly=on
 *   OPEN    -> REFUSED         a byte is NACKed, or any fault
 *   OPEN, REFUSED, HELD -> ..  repeated START, as from IDLE
 *   HELD    -> REFUSED         a byte more than a pointer has
 *   any     -> IDLE            STOP, reset, or a guest gone quiet
 */

static enum pt_next refuse(struct i2cpt_passthrough *pt)
{
    pt->stream.state = STREAM_REFUSED;
    return pt_done(pt, I2CPT_NACK);
}

/* The START, with the pointer that was held for it. */
static enum pt_next send_start(struct i2cpt_passthrough *pt)
{
    struct pt_pointer *p = &pt->pointer;

    if (!pt->on_wire) {
        pt->on_wire = true;
        pt_count(pt, I2CPT_COUNT_TRANSFERS, 1);
    }
    pt->call.addr = pt->addr;
    pt->call.flags = pt->event.flags;
    if (!p->held) {
        return pt_stream_call(pt, I2CPT_OP_STREAM_START);
    }
    p->held = false;
    pt->call.n_pointer = (uint8_t)p->len;
    memcpy(pt->call.pointer, p->bytes, p->len);
    return pt_stream_call(pt, I2CPT_OP_STREAM_POINTER);
}

/* readonly=on: what the guest's write was, now that it has ended. */
static void end_held(struct i2cpt_passthrough *pt)
{
    if (pt->stream.state == STREAM_HELD) {
        if (pt->message.out.len) {
            pt_hold_pointer(pt);
        } else {
            pt_count(pt, I2CPT_COUNT_BLOCKED, 1);
        }
    }
}

static enum pt_next stream_start(struct i2cpt_passthrough *pt)
{
    end_held(pt);
    pt_check_pointer(pt);
    pt->addr = pt->event.addr;
    pt->stream.read = pt->stream.last = false;
    pt->message.out.len = 0;
    if (pt_take_late(pt, pt->addr)) {
        return refuse(pt);
    }
    if (pt->policy.readonly && !(pt->event.flags & I2CPT_M_RD)) {
        pt->stream.state = STREAM_HELD;
        return pt_done(pt, pt_room(&pt->message.out, PT_POINTER_MAX)
                               ? I2CPT_ACK
                               : I2CPT_NACK);
    }
    return send_start(pt);
}

static enum pt_next stream_write(struct i2cpt_passthrough *pt, uint8_t byte)
{
    struct pt_buffer *out = &pt->message.out;

    if (pt->stream.state == STREAM_HELD) {
        if (out->len == pt->policy.pointer_bytes) {
            out->len = 0;
            pt_count(pt, I2CPT_COUNT_BLOCKED, 1);
            return refuse(pt);
        }
        out->data[out->len++] = byte;
        return pt_done(pt, I2CPT_ACK);
    }
    if (pt->stream.state != STREAM_OPEN) {
        return pt_done(pt, I2CPT_NACK);
    }
    pt->call.byte = byte;
    return pt_stream_call(pt, I2CPT_OP_STREAM_WRITE);
}

static enum pt_next stream_read(struct i2cpt_passthrough *pt)
{
    if (pt->stream.state != STREAM_OPEN ||
        (pt->stream.last && pt->stream.read)) {
        return pt_done(pt, I2CPT_NACK);
    }
    return pt_stream_call(pt, I2CPT_OP_STREAM_READ);
}

static enum pt_next stream_stop(struct i2cpt_passthrough *pt)
{
    end_held(pt);
    pt->message.out.len = 0;
    pt->stream.state = STREAM_IDLE;
    if (!pt->on_wire) {
        return pt_done(pt, I2CPT_ACK);
    }
    return pt_stream_call(pt, I2CPT_OP_STREAM_STOP);
}

static enum pt_next stopped(struct i2cpt_passthrough *pt, int result)
{
    bool told = pt_stop_tells(pt);

    pt->on_wire = false;
    if (result) {
        pt_account(pt, pt->addr);
        pt_late(pt, pt->addr, !told);
    }
    return pt_done(pt, result && told ? I2CPT_NACK : I2CPT_ACK);
}

static enum pt_next stream_step(struct i2cpt_passthrough *pt, int result)
{
    if (pt->call.op == I2CPT_OP_STREAM_STOP) {
        return stopped(pt, result);
    }
    if (result) {
        pt_account(pt, pt->addr);
        return refuse(pt);
    }
    if (pt->call.op == I2CPT_OP_STREAM_READ) {
        pt->byte = pt->call.byte;
        pt->stream.read = true;
    }
    pt->stream.state = STREAM_OPEN;
    return pt_done(pt, I2CPT_ACK);
}

static void stream_nack(struct i2cpt_passthrough *pt)
{
    /* the wire says it when it sees what comes next */
    pt->stream.last = true;
}

static void stream_reset(struct i2cpt_passthrough *pt)
{
    pt->message.out.len = 0;
    memset(&pt->stream, 0, sizeof(pt->stream));
}

const struct pt_mode pt_stream = {
    .start = stream_start,
    .write = stream_write,
    .read = stream_read,
    .stop = stream_stop,
    .step = stream_step,
    .nack = stream_nack,
    .reset = stream_reset,
};
