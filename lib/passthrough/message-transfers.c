/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Message mode's transfers: probes, writes, reads, and whether to try again.
 * The states are at the top of message-mode.c. */
#include <glib.h>

#include "passthrough/passthrough.h"

enum pt_next pt_probe(struct i2cpt_passthrough *pt, uint16_t addr,
                      enum pt_wire state, bool again)
{
    struct pt_message *m = &pt->message;
    bool quick = pt_probe_how(pt, addr) == PT_PROBE_QUICK;

    m->wire = state;
    pt_count(pt, I2CPT_COUNT_PROBES, 1);
    pt->msgs[0] = (struct i2cpt_msg){.addr = addr,
                                     .flags = quick ? 0 : I2CPT_M_RD,
                                     .len = quick ? 0 : 1,
                                     .buf = quick ? NULL : &m->probe_byte};
    return pt_transfer(pt, 1,
                       I2CPT_MARK_PROBE | (again ? I2CPT_MARK_RESEND : 0));
}

/* Whether the target may still be in a write cycle, and the host would not say
 * so in a way that allows to send again. */
static bool needs_ready(struct i2cpt_passthrough *pt)
{
    const struct pt_message *m = &pt->message;
    const struct pt_target *t = &pt->targets[m->addr];

    if ((pt->phase_known && !pt->phase_unknown) || !t->wrote || m->probed ||
        !pt->policy.busy_retry_ms ||
        pt_probe_how(pt, m->addr) == PT_PROBE_NONE) {
        return false;
    }
    return pt_now(pt) - t->wrote_ns <= pt->policy.busy_retry_ms * PT_NS_PER_MS;
}

/* Whether there is time for another try; counted in pauses too, for clocks
 * that stand still. */
bool pt_may_retry(struct i2cpt_passthrough *pt)
{
    struct pt_message *m = &pt->message;
    uint64_t budget_ns = pt->policy.busy_retry_ms * PT_NS_PER_MS;
    uint64_t now = pt_now(pt);

    if (!m->trying) {
        m->trying = true;
        m->retry_ns = now;
        m->paused_ns = 0;
    }
    if (now - m->retry_ns >= budget_ns || m->paused_ns >= budget_ns ||
        (pt->deadline_ns && i2cpt_now_ns() + PT_PAUSE_NS >= pt->deadline_ns)) {
        return false;
    }
    m->paused_ns += PT_PAUSE_NS;
    return true;
}

static void add_read(struct i2cpt_passthrough *pt, struct i2cpt_msg *msg)
{
    struct pt_message *m = &pt->message;
    uint32_t at = m->job == JOB_CONTINUE ? m->in.len : 0;

    msg->addr = m->addr;
    msg->flags = I2CPT_M_RD;
    msg->len = m->fetch;
    msg->buf = m->in.data + at;
    if (m->block && m->job != JOB_CONTINUE) {
        msg->flags |= I2CPT_M_RECV_LEN;
        msg->len = 255u + m->block;
        msg->buf[0] = m->block;
    }
}

static uint32_t marks_of(const struct i2cpt_passthrough *pt)
{
    const struct pt_message *m = &pt->message;
    bool reads = m->job != JOB_WRITE && m->job != JOB_QUICK_WRITE;
    uint32_t marks = m->repeated ? I2CPT_MARK_RESTART : 0;

    /* what follows a read is not known when it goes out */
    if (reads || pt->goal == PT_GOAL_START) {
        marks |= I2CPT_MARK_SPLIT;
    }
    if (m->again || m->job == JOB_RESEND) {
        marks |= I2CPT_MARK_RESEND;
    }
    if (m->job == JOB_CONTINUE) {
        marks |= I2CPT_MARK_CONTINUE;
    }
    if (m->guess && (m->job == JOB_READ || m->job == JOB_RESEND)) {
        marks |= I2CPT_MARK_TOOK_FOLLOWS;
    }
    return marks;
}

enum pt_next pt_transmit(struct i2cpt_passthrough *pt)
{
    struct pt_message *m = &pt->message;
    size_t n = 0;

    m->wire = WIRE_SEND;
    if (m->sent.len) {
        pt->msgs[n++] = (struct i2cpt_msg){
            .addr = m->addr, .len = m->sent.len, .buf = m->sent.data};
    }
    switch (m->job) {
    case JOB_WRITE:
        break;
    case JOB_QUICK_WRITE:
        pt->msgs[n++] = (struct i2cpt_msg){.addr = m->addr};
        break;
    case JOB_QUICK_READ:
        pt->msgs[n++] =
            (struct i2cpt_msg){.addr = m->addr, .flags = I2CPT_M_RD};
        break;
    default:
        add_read(pt, &pt->msgs[n++]);
        break;
    }
    return pt_transfer(pt, n, marks_of(pt));
}

enum pt_next pt_send(struct i2cpt_passthrough *pt, enum pt_job job)
{
    struct pt_message *m = &pt->message;

    m->job = job;
    m->addr = pt->addr;
    m->trying = m->again = false;
    if (m->sent.len && needs_ready(pt)) {
        return pt_probe(pt, m->addr, WIRE_READY, false);
    }
    return pt_transmit(pt);
}
