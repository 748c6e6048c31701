/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Jobs, the private copies of calls that a bus queues. */
#include <glib.h>
#include <string.h>

#include "bus/bus.h"
#include "core/fault.h"

static size_t payload(const struct i2cpt_call *call)
{
    size_t bytes = call->n * sizeof(struct i2cpt_msg), i;

    for (i = 0; i < call->n; i++) {
        bytes += call->msgs[i].len;
    }
    return bytes;
}

static void copy_msgs(struct job *job, const struct i2cpt_call *call)
{
    struct i2cpt_msg *msgs = (struct i2cpt_msg *)(job + 1);
    uint8_t *bytes = (uint8_t *)(msgs + call->n);
    size_t i;

    for (i = 0; i < call->n; i++) {
        msgs[i] = call->msgs[i];
        msgs[i].buf = bytes;
        if (!(msgs[i].flags & I2CPT_M_RD)) {
            if (msgs[i].len) {
                memcpy(bytes, call->msgs[i].buf, msgs[i].len);
            }
        } else if (msgs[i].flags & I2CPT_M_RECV_LEN) {
            bytes[0] = call->msgs[i].buf[0];
        }
        bytes += msgs[i].len;
    }
    job->call.msgs = msgs;
}

/* NULL where memory is short. */
struct job *bus_job_new(const struct i2cpt_call *call, uint64_t deadline_ns)
{
    bool transfer = call->op == I2CPT_OP_TRANSFER;
    size_t more = transfer ? payload(call) : 0;
    struct job *job = g_try_malloc(sizeof(*job) + more);

    if (!job) {
        return NULL;
    }
    memset(job, 0, offsetof(struct job, fault)); /* the text is large */
    i2cpt_fault_clear(&job->fault);
    job->result = 0;
    memset(job + 1, 0, more);
    job->call = *call;
    job->call.deadline_ns = deadline_ns;
    if (transfer) {
        copy_msgs(job, call);
    } else if (call->op == I2CPT_OP_SMBUS) {
        job->smbus = *call->smbus;
        job->call.smbus = &job->smbus;
    }
    return job;
}

void bus_job_copy_back(const struct job *job, struct i2cpt_call *call)
{
    const struct i2cpt_msg *from = job->call.msgs;
    size_t i;

    if (call->op == I2CPT_OP_SMBUS) {
        *call->smbus = job->smbus;
    } else if (call->op != I2CPT_OP_TRANSFER) {
        call->byte = job->call.byte;
        return;
    }
    for (i = 0; call->op == I2CPT_OP_TRANSFER && i < call->n; i++) {
        call->msgs[i].actual = from[i].actual;
        if ((from[i].flags & I2CPT_M_RD) && from[i].actual) {
            memcpy(call->msgs[i].buf, from[i].buf,
                   MIN(from[i].actual, from[i].len));
        }
    }
}

void bus_dequeue_locked(struct i2cpt_bus *bus, struct job *job)
{
    *(job->prev ? &job->prev->next : &bus->head) = job->next;
    *(job->next ? &job->next->prev : &bus->tail) = job->prev;
    job->next = job->prev = NULL;
}
