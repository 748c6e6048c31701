/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reading half of message mode: how much to fetch, and what when that was
 * too little. */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "core/fault.h"
#include "core/log.h"
#include "passthrough/passthrough.h"
#include "smbus/smbus-map.h"

/* A read that was too short grows by read-ahead, or with no write before it by
 * one byte, so that nothing is read too far, up to here; then it doubles. */
#define EXACT_MAX 128u

static void set_key(struct i2cpt_passthrough *pt, struct learn_key key)
{
    struct pt_message *m = &pt->message;

    memcpy(m->key_bytes, key.bytes, MIN(key.len, LEARN_KEY_MAX));
    m->key = key;
    m->key.bytes = m->key_bytes;
}

static bool put(struct pt_buffer *buffer, const uint8_t *bytes, uint32_t len)
{
    if (!pt_room(buffer, len)) {
        return false;
    }
    if (len) {
        memcpy(buffer->data, bytes, len);
    }
    buffer->len = len;
    return true;
}

/* SMBus-only hosts: the longest read up to `want` that can be mapped. */
static uint32_t cap(const struct i2cpt_passthrough *pt, bool joined,
                    uint32_t want)
{
    uint32_t longest = 1;

    if (pt->functionality & I2CPT_FUNC_I2C) {
        return MIN(want, I2CPT_MSG_MAX);
    }
    if (joined && pt->message.key.len == 1) {
        longest = smbus_map_longest_read(pt->functionality);
    } else if (joined && pt->message.key.len == 3) {
        return 2; /* process call */
    }
    return MAX(1, MIN(want, longest));
}

static bool can_block(const struct i2cpt_passthrough *pt, bool joined)
{
    return (pt->functionality & I2CPT_FUNC_SMBUS_READ_BLOCK_DATA) &&
           ((pt->functionality & I2CPT_FUNC_I2C) ||
            (joined && pt->message.key.len == 1));
}

/* At most `want`, and what the deadline has room for; at least `least`. */
static uint32_t affordable(const struct i2cpt_passthrough *pt, bool joined,
                           uint32_t want, uint32_t least)
{
    const struct pt_message *m = &pt->message;
    uint64_t before = 1 + (joined ? 1 + (uint64_t)m->key.len : 0);
    uint64_t fits = pt_fits(pt, pt->addr);

    fits = fits > before ? fits - before : 0;
    return (uint32_t)MAX(MIN(want, fits), least);
}

static void plan(struct i2cpt_passthrough *pt, bool joined)
{
    struct pt_message *m = &pt->message;
    struct learned learned;

    m->block = 0;
    m->guess = !pt->event.expect;
    if (pt->event.expect) {
        m->fetch = MIN(pt->event.expect, I2CPT_MSG_MAX);
        return;
    }
    m->fetch = pt->policy.read_length;
    if (!m->fetch) {
        learned = pt_learn_lookup(pt->learn, &m->key);
        m->fetch = learned.length;
        m->block = can_block(pt, joined) ? learned.block : 0;
    }
    if (!m->fetch) {
        m->fetch =
            m->key.len ? affordable(pt, joined, pt->policy.read_ahead, 1) : 1;
    }
    m->fetch = cap(pt, joined, m->fetch);
}

static enum pt_next refuse(struct i2cpt_passthrough *pt)
{
    pt->message.guest = GUEST_REFUSED;
    return pt_done(pt, I2CPT_NACK);
}

static enum pt_next no_memory(struct i2cpt_passthrough *pt)
{
    i2cpt_log(I2CPT_LOG_ERROR, "%s: out of memory",
              i2cpt_adapter_name(pt->adapter));
    return refuse(pt);
}

/* The read and, where it has one, the write that goes out before it; that one
 * is in `sent` already. */
static enum pt_next run(struct i2cpt_passthrough *pt, enum pt_job job)
{
    struct pt_message *m = &pt->message;
    uint32_t room = m->block ? 255u + m->block : m->fetch;

    if (!pt_room(&m->in, job == JOB_CONTINUE ? m->in.len + m->fetch : room)) {
        return no_memory(pt);
    }
    return pt_send(pt, job);
}

static enum pt_next run_first(struct i2cpt_passthrough *pt)
{
    struct pt_message *m = &pt->message;

    if (pt->pointer.held) {
        pt->pointer.held = false;
        if (!put(&m->sent, pt->pointer.bytes, pt->pointer.len)) {
            return no_memory(pt);
        }
    }
    m->taken = m->in.len = 0;
    return run(pt, JOB_READ);
}

/* Its last write may have begun something, a measurement or a write cycle:
 * firmware may poll for the end of it with reads, whose NACK is the answer. */
static bool may_be_busy(const struct i2cpt_passthrough *pt)
{
    const struct pt_target *t = &pt->targets[pt->addr];

    if (t->write_txn && !t->next_txn && t->last_len) {
        return true;
    }
    return t->wrote &&
           pt->message.now_ns - t->wrote_ns <=
               pt->policy.busy_retry_ms * PT_NS_PER_MS &&
           pt_probe_how(pt, pt->addr) == PT_PROBE_READ;
}

enum pt_next pt_read_start(struct i2cpt_passthrough *pt, bool joined)
{
    struct pt_message *m = &pt->message;
    struct pt_buffer out = m->out;

    pt->addr = pt->event.addr;
    m->last = false;
    if (joined) {
        m->out = m->sent;
        m->sent = out;
        m->out.len = 0;
        set_key(pt, (struct learn_key){pt->addr, out.len, out.data});
    } else if (pt->pointer.held) {
        set_key(pt, (struct learn_key){pt->addr, pt->pointer.len,
                                       pt->pointer.bytes});
    } else {
        set_key(pt, pt_key(pt, pt->addr));
    }
    m->writes = joined || pt->pointer.held;
    plan(pt, m->writes);
    if (!joined && pt_present(pt, pt->addr, m->now_ns) && !may_be_busy(pt)) {
        m->guest = GUEST_READ_DUE;
        return pt_done(pt, I2CPT_ACK);
    }
    return run_first(pt);
}

/* -------------------------------------------------------- too little was read
 */

static bool resendable(const struct i2cpt_passthrough *pt)
{
    return pt->policy.on_short == PT_SHORT_RESEND &&
           pt->message.key.len <= pt->policy.pointer_bytes;
}

static void tell_took(struct i2cpt_passthrough *pt, uint32_t n)
{
    if (pt->message.owes_took) {
        pt->message.owes_took = false;
        bus_adapter_took(pt->adapter, pt, n);
    }
}

static enum pt_next fail_byte(struct i2cpt_passthrough *pt)
{
    pt_late(pt, pt->addr, !pt_async(pt));
    return refuse(pt);
}

static enum pt_next too_long(struct i2cpt_passthrough *pt)
{
    pt_read_end(pt);
    i2cpt_fault_text(&pt->fault, EOPNOTSUPP,
                     "a read of more than %u bytes is not possible here",
                     pt->message.in.len);
    return fail_byte(pt);
}

static uint32_t longer(const struct i2cpt_passthrough *pt)
{
    const struct pt_message *m = &pt->message;
    uint32_t step = m->key.len ? pt->policy.read_ahead : 1;
    uint32_t want = m->in.len + (m->in.len < EXACT_MAX ? step : m->in.len);

    return affordable(pt, m->key.len, want, m->in.len + 1);
}

/* On an SMBus-only host a read of 32 is the longest but for a block read,
 * which has its count before 32 bytes; the first byte says whether it is one.
 */
static bool counts_further(const struct i2cpt_passthrough *pt)
{
    const struct pt_message *m = &pt->message;

    return can_block(pt, true) && m->key.len == 1 &&
           m->first <= I2CPT_SMBUS_BLOCK_MAX && m->first + 1u > m->taken;
}

static enum pt_next resend(struct i2cpt_passthrough *pt, uint32_t fetch)
{
    struct pt_message *m = &pt->message;

    m->block = 0;
    m->guess = true;
    m->fetch = cap(pt, true, fetch);
    if (m->fetch <= m->taken && counts_further(pt)) {
        m->block = 1;
    } else if (m->fetch <= m->taken) {
        return too_long(pt);
    }
    if (!put(&m->sent, m->key_bytes, m->key.len)) {
        return no_memory(pt);
    }
    pt_count(pt, I2CPT_COUNT_RESENDS, 1);
    return run(pt, JOB_RESEND);
}

static enum pt_next fetch_more(struct i2cpt_passthrough *pt)
{
    struct pt_message *m = &pt->message;

    if (m->in.len >= I2CPT_MSG_MAX) {
        return too_long(pt);
    }
    tell_took(pt, m->in.len);
    if (resendable(pt)) {
        return resend(pt, longer(pt));
    }
    pt_count(pt, I2CPT_COUNT_CONTINUES, 1);
    m->sent.len = 0;
    m->fetch = 1;
    return run(pt, JOB_CONTINUE);
}

/* --------------------------------------------------------- what has come of it
 */

static enum pt_next give(struct i2cpt_passthrough *pt)
{
    struct pt_message *m = &pt->message;

    pt->byte = m->in.data[m->taken++];
    if (m->last) {
        pt_read_end(pt);
    }
    return pt_done(pt, I2CPT_ACK);
}

enum pt_next pt_read_byte(struct i2cpt_passthrough *pt)
{
    struct pt_message *m = &pt->message;

    switch (m->guest) {
    case GUEST_READ_DUE:
        return run_first(pt);
    case GUEST_READ:
        return m->taken < m->in.len ? give(pt) : fetch_more(pt);
    default:
        return pt_done(pt, I2CPT_NACK);
    }
}

/* A count that is no count: it was not a block read after all. */
static enum pt_next not_a_block(struct i2cpt_passthrough *pt)
{
    struct pt_message *m = &pt->message;

    pt_learn_no_block(pt->learn, &m->key);
    return resend(pt, pt_learn_lookup(pt->learn, &m->key).length);
}

/* Whether the guest was told ACK for something that this fault denies. */
static bool breaks_promise(const struct i2cpt_passthrough *pt)
{
    const struct i2cpt_fault *f = &pt->fault;

    return pt->message.sent.len &&
           !(f->phase == I2CPT_PHASE_ADDRESS && f->msg == 1);
}

static enum pt_next read_failed(struct i2cpt_passthrough *pt, int result)
{
    struct pt_message *m = &pt->message;

    if (result == -EPROTO && m->block && resendable(pt)) {
        return not_a_block(pt);
    }
    if (pt->goal == PT_GOAL_START) {
        if (breaks_promise(pt)) {
            pt_late(pt, pt->addr, false);
        }
        return refuse(pt);
    }
    if (m->guest == GUEST_READ) {
        pt_read_end(pt);
    }
    return fail_byte(pt);
}

/* The read is no longer due: its write, if it has one, was taken. */
static void first_bytes(struct i2cpt_passthrough *pt)
{
    struct pt_message *m = &pt->message;

    if (m->writes) {
        m->writes = false;
        pt_note_write(pt, pt->addr, m->key_bytes, m->key.len);
    }
    m->first = m->in.len ? m->in.data[0] : 0;
}

enum pt_next pt_read_done(struct i2cpt_passthrough *pt, int result)
{
    struct pt_message *m = &pt->message;
    const struct i2cpt_msg *msg = &pt->msgs[pt->call.n - 1];

    if (result) {
        return read_failed(pt, result);
    }
    if (m->job == JOB_CONTINUE) {
        m->in.len += msg->actual;
    } else {
        m->in.len = msg->actual;
        m->owes_took = m->guess;
    }
    if (m->guest != GUEST_READ) {
        first_bytes(pt);
    }
    pt_note_read(pt, pt->addr);
    m->guest = GUEST_READ;
    if (pt->goal == PT_GOAL_START) {
        return pt_done(pt, I2CPT_ACK);
    }
    if (m->in.len <= m->taken) {
        return too_long(pt);
    }
    return give(pt);
}

/* One byte is wanted of the read that is due, as if `expect` had said so. */
void pt_read_one(struct i2cpt_passthrough *pt)
{
    pt->event.expect = 1;
    plan(pt, pt->message.writes);
}

/* The guest has what it wanted. */
void pt_read_end(struct i2cpt_passthrough *pt)
{
    struct pt_message *m = &pt->message;

    m->guest = GUEST_READ_ENDED;
    if (m->in.len > m->taken) {
        pt_count(pt, I2CPT_COUNT_OVER_READ, m->in.len - m->taken);
    }
    if (m->taken) {
        pt_learn_note(pt->learn, &m->key, m->taken, m->first);
    }
    tell_took(pt, m->taken);
}
