/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Message mode: what the guest writes is kept until a repeated START or STOP
 * and goes out as one transfer; what it reads is fetched at once, as much as it
 * is thought to take (message-read.c).
 */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "core/fault.h"
#include "passthrough/passthrough.h"

/*
 * What the guest's message is:
 *
 *   IDLE       -> WRITE       START, write: known present, probed, or unprobed
 *   IDLE       -> READ_DUE    START, read: known present
 *   IDLE       -> READ        START, read: it ran and was answered
 *   IDLE       -> REFUSED     START: no answer, or a late fault is told
 *   WRITE      -> REFUSED     readonly=on and more bytes than a pointer has
 *   WRITE      -> READ        repeated START to the same address: both ran
 *   READ_DUE   -> READ        first byte
 *   READ_DUE, READ -> REFUSED the wire refused, at a byte
 *   READ       -> READ_ENDED  nack(), or before the first byte with that one
 *   any        -> ..          repeated START, as from IDLE, once what was kept
 *                             has gone out; REFUSED where that was refused
 *   any        -> IDLE        STOP, reset
 *
 * What the wire does, for the guest event that is `goal`:
 *
 *   IDLE       -> PROBE       START, write, presence not known
 *   PROBE      -> PROBE_PAUSE not acknowledged, though a START without data has
 *                             just been told ACK, and there is time
 *   PROBE_PAUSE-> PROBE       PT_PAUSE_NS later
 *   PROBE      -> IDLE        answered either way
 *   IDLE       -> READY       before a write that follows a write, where the
 *                             host does not tell what was not acknowledged
 *   READY      -> READY_PAUSE not acknowledged, and there is time
 *   READY_PAUSE-> READY       PT_PAUSE_NS later
 *   READY      -> SEND        acknowledged, or the probe is not supported
 *   READY      -> IDLE        no time left, or another fault: not sent
 *   IDLE       -> SEND        anything else
 *   SEND       -> SEND_PAUSE  address of message 0 NACKed after the guest had
 *                             given data, and there is time
 *   SEND_PAUSE -> SEND        PT_PAUSE_NS later
 *   SEND       -> IDLE        it ended, one way or the other
 */

static enum pt_next begin(struct i2cpt_passthrough *pt);

/* ------------------------------------------------------ how a job has ended */

static bool is_nack(int result)
{
    return result == -ENXIO || result == -EREMOTEIO || result == -EIO;
}

static enum pt_next write_done(struct i2cpt_passthrough *pt, int result)
{
    struct pt_message *m = &pt->message;
    bool same = pt->event.addr == m->addr;

    if (!result) {
        pt_note_write(pt, m->addr, m->sent.data, m->sent.len);
    }
    if (pt->goal == PT_GOAL_START) {
        if (result && same) {
            pt_late(pt, m->addr, false);
            pt->addr = pt->event.addr;
            m->guest = GUEST_REFUSED;
            return pt_done(pt, I2CPT_NACK);
        }
        if (result) {
            pt_late(pt, m->addr, true);
        }
        return begin(pt);
    }
    if (result) {
        pt_late(pt, m->addr, !pt_stop_tells(pt));
    }
    return pt_done(pt, result && pt_stop_tells(pt) ? I2CPT_NACK : I2CPT_ACK);
}

/*
 * Never retried, never reported late. Firmware that polls an EEPROM's write
 * cycle with such writes takes the ACK for its end, though: that promise is
 * kept at the write that follows (see probed()).
 */
static enum pt_next quick_done(struct i2cpt_passthrough *pt, int result)
{
    struct pt_target *t = &pt->targets[pt->message.addr];

    t->polled = pt->message.job == JOB_QUICK_WRITE && is_nack(result) &&
                !(pt->goal == PT_GOAL_STOP && pt_stop_tells(pt));
    t->polled_ns = pt_now(pt);
    if (pt->goal == PT_GOAL_START) {
        return begin(pt);
    }
    return pt_done(pt, result && result != -EOPNOTSUPP && pt_stop_tells(pt)
                           ? I2CPT_NACK
                           : I2CPT_ACK);
}

static void note_outcome(struct i2cpt_passthrough *pt, int result)
{
    struct pt_message *m = &pt->message;
    struct pt_target *t = &pt->targets[m->addr];

    if (result) {
        pt_account(pt, m->addr);
        pt_unseen(pt, m->addr);
        return;
    }
    i2cpt_fault_clear(&pt->wire_fault); /* of tries that came before */
    pt_seen(pt, m->addr, m->now_ns);
    if (m->job == JOB_WRITE) {
        bool told = pt->phase_known && !pt->phase_unknown;

        t->wrote = true;
        t->wrote_ns = told ? m->now_ns : pt_now(pt); /* spare the clock */
    }
}

static enum pt_next job_done(struct i2cpt_passthrough *pt, int result)
{
    struct pt_message *m = &pt->message;

    m->wire = WIRE_IDLE;
    note_outcome(pt, result);
    switch (m->job) {
    case JOB_WRITE:
        return write_done(pt, result);
    case JOB_QUICK_WRITE:
    case JOB_QUICK_READ:
        return quick_done(pt, result);
    default:
        return pt_read_done(pt, result);
    }
}

/* The promise was an ACK; only where it is sure that nothing has reached the
 * target may it be kept by sending again. */
static bool may_send_again(struct i2cpt_passthrough *pt, int result)
{
    const struct i2cpt_fault *f = &pt->fault;
    bool first = f->msg == 0 || (f->msg < 0 && pt->call.n == 1);

    return result == -ENXIO && f->phase == I2CPT_PHASE_ADDRESS && first &&
           pt->message.sent.len && pt_may_retry(pt);
}

static enum pt_next sent(struct i2cpt_passthrough *pt, int result)
{
    if (may_send_again(pt, result)) {
        pt_account(pt, pt->message.addr);
        pt->message.wire = WIRE_SEND_PAUSE;
        return PT_PAUSE;
    }
    return job_done(pt, result);
}

/* The probe says nothing where the adapter has no such command, or where a
 * trace has no such line. */
static bool says_nothing(int result)
{
    return result == -EOPNOTSUPP || result == -I2CPT_EMISMATCH;
}

static enum pt_next ready(struct i2cpt_passthrough *pt, int result)
{
    if (says_nothing(result)) {
        pt->targets[pt->message.addr].no_probe |= result == -EOPNOTSUPP;
        result = 0;
    }
    if (!result) {
        return pt_transmit(pt);
    }
    if (is_nack(result) && pt_may_retry(pt)) {
        pt_account(pt, pt->message.addr);
        pt->message.wire = WIRE_READY_PAUSE;
        return PT_PAUSE;
    }
    return job_done(pt, result);
}

/* The guest was told that the write cycle is over: wait until it is. */
static bool may_probe_again(struct i2cpt_passthrough *pt, int result)
{
    const struct pt_target *t = &pt->targets[pt->addr];

    return is_nack(result) && t->polled &&
           pt_now(pt) - t->polled_ns <=
               pt->policy.busy_retry_ms * PT_NS_PER_MS &&
           pt_may_retry(pt);
}

static enum pt_next probed(struct i2cpt_passthrough *pt, int result)
{
    struct pt_message *m = &pt->message;
    enum pt_probe how = pt_probe_how(pt, pt->addr);

    if (may_probe_again(pt, result)) {
        pt_account(pt, pt->addr);
        m->wire = WIRE_PROBE_PAUSE;
        return PT_PAUSE;
    }
    m->wire = WIRE_IDLE;
    pt->targets[pt->addr].polled = false;
    if (!result) {
        m->probed = true;
        m->quick_sent = how == PT_PROBE_QUICK;
        pt_seen(pt, pt->addr, m->now_ns);
    } else if (says_nothing(result)) {
        pt->targets[pt->addr].no_probe |= result == -EOPNOTSUPP;
    } else {
        pt_account(pt, pt->addr);
        pt_unseen(pt, pt->addr);
        return pt_done(pt, I2CPT_NACK);
    }
    m->guest = GUEST_WRITE;
    return pt_done(pt, I2CPT_ACK);
}

/* A refused one has not sent all; one that ran out of time would have taken
 * longer still. */
static void note_time(struct i2cpt_passthrough *pt, int result)
{
    uint64_t bytes = 0, ns = pt_now(pt) - pt->call_ns;
    size_t i;

    if ((result && result != -ETIMEDOUT) || pt->instant || !ns) {
        return;
    }
    for (i = 0; i < pt->call.n; i++) {
        const struct i2cpt_msg *msg = &pt->msgs[i];

        bytes += 1 + (result ? msg->len : msg->actual);
    }
    pt_note_time(pt, pt->msgs[0].addr, bytes, ns);
}

static enum pt_next message_step(struct i2cpt_passthrough *pt, int result)
{
    struct pt_message *m = &pt->message;

    if (m->wire == WIRE_PROBE || m->wire == WIRE_READY ||
        m->wire == WIRE_SEND) {
        note_time(pt, result);
    }
    switch (m->wire) {
    case WIRE_PROBE:
        return probed(pt, result);
    case WIRE_PROBE_PAUSE:
        return pt_probe(pt, pt->addr, WIRE_PROBE, true);
    case WIRE_READY:
        return ready(pt, result);
    case WIRE_READY_PAUSE:
        return pt_probe(pt, m->addr, WIRE_READY, true);
    case WIRE_SEND:
        return sent(pt, result);
    case WIRE_SEND_PAUSE:
        pt_count(pt, I2CPT_COUNT_BUSY_RETRIES, 1);
        m->again = true;
        return pt_transmit(pt);
    case WIRE_IDLE:
        break;
    }
    return pt_done(pt, I2CPT_NACK);
}

/* ---------------------------------------------------------- guest's events */

static enum pt_next begin_write(struct i2cpt_passthrough *pt)
{
    struct pt_message *m = &pt->message;

    if (!pt_room(&m->out, PT_POINTER_MAX)) {
        return pt_done(pt, I2CPT_NACK);
    }
    if (pt_present(pt, pt->addr, m->now_ns) ||
        pt_probe_how(pt, pt->addr) == PT_PROBE_NONE) {
        m->guest = GUEST_WRITE;
        return pt_done(pt, I2CPT_ACK);
    }
    m->trying = false;
    return pt_probe(pt, pt->addr, WIRE_PROBE, false);
}

/* A START, with nothing left of the message before it. */
static enum pt_next begin(struct i2cpt_passthrough *pt)
{
    struct pt_message *m = &pt->message;

    m->guest = GUEST_REFUSED;
    m->out.len = m->sent.len = 0;
    m->quick_sent = m->probed = false;
    m->repeated = m->open;
    m->open = true;
    m->now_ns = pt_now(pt);
    pt->addr = pt->event.addr;
    pt_check_pointer(pt);
    if (pt_take_late(pt, pt->addr)) {
        return pt_done(pt, I2CPT_NACK);
    }
    return pt->event.flags & I2CPT_M_RD ? pt_read_start(pt, false)
                                        : begin_write(pt);
}

static enum pt_next flush(struct i2cpt_passthrough *pt)
{
    struct pt_message *m = &pt->message;
    struct pt_buffer out = m->out;

    m->out = m->sent;
    m->sent = out;
    m->out.len = 0;
    return pt_send(pt, JOB_WRITE);
}

/* What a message without data leaves to do; PT_WAIT for nothing. */
static enum pt_next flush_quick(struct i2cpt_passthrough *pt, enum pt_job job)
{
    struct pt_message *m = &pt->message;

    if (job == JOB_QUICK_WRITE && pt->policy.readonly) {
        pt_count(pt, I2CPT_COUNT_BLOCKED, 1);
        return PT_WAIT;
    }
    if ((job == JOB_QUICK_WRITE && m->quick_sent) ||
        !(pt->functionality & I2CPT_FUNC_SMBUS_QUICK)) {
        return PT_WAIT;
    }
    m->sent.len = 0;
    return pt_send(pt, job);
}

static bool joins(const struct i2cpt_passthrough *pt)
{
    return pt->message.guest == GUEST_WRITE && pt->message.out.len &&
           (pt->event.flags & I2CPT_M_RD) && pt->event.addr == pt->addr;
}

/* Send what the guest's message has left, at its end; PT_WAIT for nothing. */
static enum pt_next end_message(struct i2cpt_passthrough *pt)
{
    struct pt_message *m = &pt->message;
    enum pt_guest guest = m->guest;

    if (guest == GUEST_READ) {
        pt_read_end(pt);
    }
    m->guest = GUEST_IDLE;
    if (guest == GUEST_READ_DUE) {
        return flush_quick(pt, JOB_QUICK_READ);
    }
    if (guest != GUEST_WRITE) {
        return PT_WAIT;
    }
    if (!m->out.len) {
        return flush_quick(pt, JOB_QUICK_WRITE);
    }
    if (pt->policy.readonly) {
        pt_hold_pointer(pt);
        return PT_WAIT;
    }
    return flush(pt);
}

static enum pt_next message_start(struct i2cpt_passthrough *pt)
{
    enum pt_next next;

    if (joins(pt)) {
        return pt_read_start(pt, true);
    }
    next = end_message(pt);
    return next == PT_WAIT ? begin(pt) : next;
}

/* Bytes that find room are kept by the fast path; this one is for the rest. */
static enum pt_next message_write(struct i2cpt_passthrough *pt, uint8_t byte)
{
    struct pt_message *m = &pt->message;

    if (m->guest != GUEST_WRITE) {
        return pt_done(pt, I2CPT_NACK);
    }
    if (pt->policy.readonly && m->out.len == pt->policy.pointer_bytes) {
        m->guest = GUEST_REFUSED;
        pt_count(pt, I2CPT_COUNT_BLOCKED, 1);
        return pt_done(pt, I2CPT_NACK);
    }
    if (m->out.len == I2CPT_MSG_MAX || !pt_room(&m->out, m->out.len + 1)) {
        return pt_done(pt, I2CPT_NACK);
    }
    m->out.data[m->out.len++] = byte;
    return pt_done(pt, I2CPT_ACK);
}

static enum pt_next message_stop(struct i2cpt_passthrough *pt)
{
    enum pt_next next = end_message(pt);

    pt->message.open = false;
    return next == PT_WAIT ? pt_done(pt, I2CPT_ACK) : next;
}

static void message_nack(struct i2cpt_passthrough *pt)
{
    struct pt_message *m = &pt->message;

    if (m->guest == GUEST_READ_DUE) {
        m->last = true;
        pt_read_one(pt);
    } else if (m->guest == GUEST_READ && !m->taken) {
        m->last = true;
    } else if (m->guest == GUEST_READ) {
        pt_read_end(pt);
    }
}

static void message_reset(struct i2cpt_passthrough *pt)
{
    struct pt_message *m = &pt->message;

    if (m->guest == GUEST_READ) {
        pt_read_end(pt);
    }
    m->guest = GUEST_IDLE;
    m->wire = WIRE_IDLE;
    m->open = false;
    m->out.len = m->sent.len = 0;
}

const struct pt_mode pt_message = {
    .start = message_start,
    .write = message_write,
    .read = pt_read_byte,
    .stop = message_stop,
    .step = message_step,
    .nack = message_nack,
    .reset = message_reset,
};
