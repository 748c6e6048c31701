/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the passthrough knows of each target: is it there, what was written, how
 * long its bytes take. */
#include <glib.h>
#include <string.h>

#include "passthrough/passthrough.h"
#include "smbus/probe-rule.h"

/* A host with more to do than processors lets a caller wait that long now and
 * then; so less says nothing of the wire, and what is asked for does not hang
 * on it. */
#define HOST_NS (10 * PT_NS_PER_MS)

enum pt_probe pt_probe_how(const struct i2cpt_passthrough *pt, uint16_t addr)
{
    uint32_t can = pt->functionality;

    if (!pt->policy.probe || pt->targets[addr].no_probe) {
        return PT_PROBE_NONE;
    }
    if (smbus_probes_by_read(addr)) {
        return can & (I2CPT_FUNC_I2C | I2CPT_FUNC_SMBUS_READ_BYTE)
                   ? PT_PROBE_READ
                   : PT_PROBE_NONE;
    }
    /* a quick write is a write: readonly= has no such command */
    return (can & I2CPT_FUNC_SMBUS_QUICK) && !pt->policy.readonly
               ? PT_PROBE_QUICK
               : PT_PROBE_NONE;
}

bool pt_present(const struct i2cpt_passthrough *pt, uint16_t addr, uint64_t now)
{
    const struct pt_target *t = &pt->targets[addr];

    return t->present &&
           now - t->seen_ns <= pt->policy.presence_ms * PT_NS_PER_MS;
}

void pt_seen(struct i2cpt_passthrough *pt, uint16_t addr, uint64_t now)
{
    pt->targets[addr].present = true;
    pt->targets[addr].seen_ns = now;
}

void pt_unseen(struct i2cpt_passthrough *pt, uint16_t addr)
{
    pt->targets[addr].present = false;
}

/* Of a short transfer much is the host's own time. So a longer one counts for
 * more, unless the short one took longer in all. */
void pt_note_time(struct i2cpt_passthrough *pt, uint16_t addr, uint64_t bytes,
                  uint64_t ns)
{
    struct pt_target *t = &pt->targets[addr];

    if (bytes >= t->timed_bytes || ns > t->timed_ns) {
        t->timed_bytes = bytes;
        t->timed_ns = ns;
    }
}

uint64_t pt_fits(const struct i2cpt_passthrough *pt, uint16_t addr)
{
    const struct pt_target *t = &pt->targets[addr];
    uint64_t now = pt->deadline_ns ? i2cpt_now_ns() : 0;
    uint64_t left = !pt->deadline_ns        ? pt->timeout_ns
                    : now < pt->deadline_ns ? pt->deadline_ns - now
                                            : 0;
    uint64_t byte_ns = pt->byte_ns;

    if (t->timed_bytes && t->timed_ns > HOST_NS) {
        byte_ns = MAX(byte_ns, t->timed_ns / t->timed_bytes);
    }
    return byte_ns ? left / 4 * 3 / byte_ns : UINT64_MAX;
}

void pt_note_write(struct i2cpt_passthrough *pt, uint16_t addr,
                   const uint8_t *bytes, uint32_t len)
{
    struct pt_target *t = &pt->targets[addr];

    memcpy(t->last, bytes, MIN(len, LEARN_KEY_MAX));
    t->last_len = len;
    t->write_txn = pt->txn;
    t->next_txn = 0;
}

struct learn_key pt_key(struct i2cpt_passthrough *pt, uint16_t addr)
{
    const struct pt_target *t = &pt->targets[addr];
    bool before = t->write_txn && (!t->next_txn || t->next_txn == pt->txn);

    return (struct learn_key){addr, before ? t->last_len : 0, t->last};
}

void pt_note_read(struct i2cpt_passthrough *pt, uint16_t addr)
{
    struct pt_target *t = &pt->targets[addr];

    if (t->write_txn != pt->txn && !t->next_txn) {
        t->next_txn = pt->txn;
    }
}
