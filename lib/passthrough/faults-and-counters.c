/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What both modes do alike: faults, held pointers, buffers, calls; counters. */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "core/fault.h"
#include "core/log.h"
#include "passthrough/passthrough.h"

/* Not a target's doing: time, the adapter, arbitration, what it cannot do. */
static bool is_host_error(int code)
{
    return code != ENXIO && code != EIO && code != EREMOTEIO &&
           code != I2CPT_EMISMATCH;
}

void pt_account(struct i2cpt_passthrough *pt, uint16_t addr)
{
    const struct i2cpt_fault *f = &pt->fault;
    char line[sizeof(f->text)];

    i2cpt_fault_copy(&pt->wire_fault, f);
    pt_count(pt, I2CPT_COUNT_HOST_ERRORS, is_host_error(f->code));
    switch (f->code) {
    case ENXIO:
        pt->phase_known |= f->phase == I2CPT_PHASE_ADDRESS;
        pt->phase_unknown |= f->phase == I2CPT_PHASE_UNKNOWN;
        break;
    case EREMOTEIO:
        pt->phase_unknown |= f->phase == I2CPT_PHASE_UNKNOWN;
        break;
    case ETIMEDOUT:
        pt_count(pt, I2CPT_COUNT_TIMEOUTS, 1);
        break;
    case I2CPT_EMISMATCH:
        pt_count(pt, I2CPT_COUNT_MISMATCHES, 1);
        if (!pt->targets[addr].logged_mismatch) {
            pt->targets[addr].logged_mismatch = true;
            i2cpt_fault_describe(f, line, sizeof(line));
            i2cpt_log(I2CPT_LOG_WARNING, "%s: address 0x%02x: %s",
                      i2cpt_adapter_name(pt->adapter), addr, line);
        }
        break;
    default:
        break;
    }
}

void pt_late(struct i2cpt_passthrough *pt, uint16_t addr, bool tell)
{
    struct pt_target *t = &pt->targets[addr];
    char line[sizeof(pt->fault.text)];

    pt_count(pt, I2CPT_COUNT_LATE_FAULTS, 1);
    t->late |= tell;
    if (!t->logged) {
        t->logged = true;
        i2cpt_fault_describe(&pt->fault, line, sizeof(line));
        i2cpt_log(I2CPT_LOG_WARNING,
                  "%s: address 0x%02x: after the guest had been told ACK: %s",
                  i2cpt_adapter_name(pt->adapter), addr, line);
    }
}

bool pt_take_late(struct i2cpt_passthrough *pt, uint16_t addr)
{
    bool late = pt->targets[addr].late;

    pt->targets[addr].late = false;
    return late;
}

void pt_hold_pointer(struct i2cpt_passthrough *pt)
{
    const struct pt_buffer *out = &pt->message.out;

    pt->pointer.held = true;
    pt->pointer.addr = pt->addr;
    pt->pointer.len = MIN(out->len, PT_POINTER_MAX);
    memcpy(pt->pointer.bytes, out->data, pt->pointer.len);
}

void pt_check_pointer(struct i2cpt_passthrough *pt)
{
    bool reads = pt->event.flags & I2CPT_M_RD;

    if (pt->pointer.held && !(reads && pt->pointer.addr == pt->event.addr)) {
        pt->pointer.held = false;
        pt_count(pt, I2CPT_COUNT_BLOCKED, 1);
    }
}

bool pt_room(struct pt_buffer *buffer, uint32_t size)
{
    uint32_t want = MAX(buffer->size, 64);
    uint8_t *data;

    if (size <= buffer->size) {
        return true;
    }
    while (want < size) {
        want *= 2;
    }
    data = g_try_realloc(buffer->data, want);
    if (!data) {
        return false;
    }
    buffer->data = data;
    buffer->size = want;
    return true;
}

/* Instant adapters look at no deadline: spare the clock. */
static uint64_t deadline(struct i2cpt_passthrough *pt)
{
    if (!pt->deadline_ns && !pt->instant) {
        pt->deadline_ns = i2cpt_now_ns() + pt->timeout_ns;
    }
    return pt->deadline_ns;
}

enum pt_next pt_transfer(struct i2cpt_passthrough *pt, size_t n, uint32_t marks)
{
    pt_count(pt, I2CPT_COUNT_TRANSFERS, 1);
    pt->call.op = I2CPT_OP_TRANSFER;
    pt->call.marks = marks;
    pt->call.deadline_ns = deadline(pt);
    pt->call_ns = pt->now_ns;
    pt->call.owner = pt;
    pt->call.msgs = pt->msgs;
    pt->call.n = n;
    return PT_CALL;
}

enum pt_next pt_stream_call(struct i2cpt_passthrough *pt, enum i2cpt_op op)
{
    pt->call.op = op;
    pt->call.marks = 0;
    pt->call.deadline_ns = deadline(pt);
    pt->call.owner = pt;
    return PT_CALL;
}

static const char *const counter_names[I2CPT_COUNTERS] = {
    "transactions",    "transfers", "bytes-written", "bytes-read",
    "over-read",       "probes",    "resends",       "continues",
    "busy-retries",    "nacks",     "late-faults",   "hold-timeouts",
    "timeouts",        "blocked",   "mismatches",    "host-errors",
    "longest-wait-us",
};

const char *i2cpt_counter_name(size_t index)
{
    return index < I2CPT_COUNTERS ? counter_names[index] : NULL;
}

uint64_t i2cpt_passthrough_counter(struct i2cpt_passthrough *pt, size_t index)
{
    if (!pt) {
        return 0;
    }
    return index < I2CPT_COUNTERS ? atomic_load_explicit(&pt->counters[index],
                                                         memory_order_relaxed)
                                  : 0;
}
