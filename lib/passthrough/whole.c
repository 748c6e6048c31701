/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a transaction that comes as a whole has in common with one that comes in
 * bytes: order, promised faults, held pointers, counters. */
#include <errno.h>
#include <string.h>

#include "core/fault.h"
#include "passthrough/passthrough.h"

int pt_whole_begin(struct i2cpt_passthrough *pt, uint16_t address,
                   uint16_t *host, struct i2cpt_fault *fault)
{
    int ret;

    if (!i2cpt_passthrough_has_address(pt, address)) {
        return i2cpt_fault_text(
            fault, EINVAL, "address 0x%02x: not one of this target's", address);
    }
    ret = i2cpt_passthrough_stop(pt);
    if (ret < 0 || ret == I2CPT_PENDING) {
        return i2cpt_fault_set(fault, ret < 0 ? -ret : EBUSY,
                               I2CPT_PHASE_UNKNOWN, -1, -1);
    }
    if (pt->policy.posted_writes) {
        i2cpt_passthrough_drain(pt);
    }
    pt_lock(pt);
    *host = pt->event.addr = (uint16_t)pt->host[address];
    i2cpt_fault_clear(&pt->wire_fault);
    pt_count(pt, I2CPT_COUNT_TRANSACTIONS, 1);
    if (pt_take_late(pt, *host)) {
        ret = i2cpt_fault_text(fault, EIO,
                               "address 0x%02x: the write before was refused",
                               address);
        pt_count(pt, I2CPT_COUNT_NACKS, 1);
    }
    pthread_mutex_unlock(&pt->lock);
    return ret;
}

uint32_t pt_whole_pointer(struct i2cpt_passthrough *pt,
                          uint8_t bytes[PT_POINTER_MAX])
{
    uint32_t len = 0;

    pt_lock(pt);
    if (pt->pointer.held && pt->pointer.addr == pt->event.addr) {
        len = pt->pointer.len;
        memcpy(bytes, pt->pointer.bytes, len);
        pt->pointer.held = false;
    }
    pthread_mutex_unlock(&pt->lock);
    return len;
}

void pt_whole_held(struct i2cpt_passthrough *pt, bool is_pointer, uint8_t byte)
{
    pt_lock(pt);
    /* one for the pointer that waited, one for what no pointer is */
    pt_count(pt, I2CPT_COUNT_BLOCKED,
             (uint64_t)pt->pointer.held + (uint64_t)!is_pointer);
    pt_count(pt, I2CPT_COUNT_BYTES_WRITTEN, is_pointer);
    pt->pointer.held = is_pointer;
    pt->pointer.addr = pt->event.addr;
    pt->pointer.len = 1;
    pt->pointer.bytes[0] = byte;
    pthread_mutex_unlock(&pt->lock);
}

void pt_whole_sent(struct i2cpt_passthrough *pt, int ret, uint32_t written,
                   const struct i2cpt_fault *fault)
{
    pt_lock(pt);
    if (pt->pointer.held) { /* no read has followed */
        pt->pointer.held = false;
        pt_count(pt, I2CPT_COUNT_BLOCKED, 1);
    }
    pt_count(pt, I2CPT_COUNT_TRANSFERS, 1);
    if (ret < 0) {
        i2cpt_fault_copy(&pt->fault, fault);
        pt_account(pt, pt->event.addr);
        pt_count(pt, I2CPT_COUNT_NACKS, 1);
    } else {
        pt_count(pt, I2CPT_COUNT_BYTES_WRITTEN, written);
        pt_count(pt, I2CPT_COUNT_BYTES_READ, (uint64_t)ret);
    }
    pthread_mutex_unlock(&pt->lock);
}
