/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of each host address: who answers, and what was said to it. */
#ifndef I2CPT_PRESENCE_H
#define I2CPT_PRESENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "passthrough/learn.h"

/* What is known of a host address. */
struct pt_target {
    bool present;
    uint64_t seen_ns;   /* hook's clock; with present */
    uint64_t wrote_ns;  /* when it last took a write */
    bool wrote;         /* with wrote_ns */
    bool polled;        /* a START without data was told ACK, and the wire */
    uint64_t polled_ns; /* refused it, then */
    bool late;          /* a fault that the guest has not been told yet */
    bool logged;        /* late faults, once */
    bool logged_mismatch;
    bool no_probe; /* the adapter refused the command */
    /* the transfer that says how fast it is, its addresses counted as bytes */
    uint64_t timed_ns; /* hook's clock; 0: none yet */
    uint64_t timed_bytes;
    /* the bytes last written, and in which transaction */
    uint64_t write_txn; /* 0: never */
    uint64_t next_txn;  /* the first after it that moved data; 0: none yet */
    uint32_t last_len;
    uint8_t last[LEARN_KEY_MAX];
};

enum pt_probe { PT_PROBE_NONE, PT_PROBE_QUICK, PT_PROBE_READ };

struct i2cpt_passthrough;
/* How to probe: i2cdetect's rules, what the adapter can, what readonly= and
 * probe= allow. */
enum pt_probe pt_probe_how(const struct i2cpt_passthrough *pt, uint16_t addr);
/* `now` is the hook's clock. */
bool pt_present(const struct i2cpt_passthrough *pt, uint16_t addr,
                uint64_t now);
void pt_seen(struct i2cpt_passthrough *pt, uint16_t addr, uint64_t now);
void pt_unseen(struct i2cpt_passthrough *pt, uint16_t addr);
/* A transfer of `bytes`, addresses included, took `ns` of the hook's clock. */
void pt_note_time(struct i2cpt_passthrough *pt, uint16_t addr, uint64_t bytes,
                  uint64_t ns);
/* How many bytes, addresses included, the deadline has room for, by what is
 * known of the target and of the adapter. */
uint64_t pt_fits(const struct i2cpt_passthrough *pt, uint16_t addr);
/* Remember what was written for the reads to come. */
void pt_note_write(struct i2cpt_passthrough *pt, uint16_t addr,
                   const uint8_t *bytes, uint32_t len);
/* A read begins: what was written before it, in this transaction or the one
 * before; length 0 for none. */
struct learn_key pt_key(struct i2cpt_passthrough *pt, uint16_t addr);
/* A read has moved data: in the next transaction that write is too old. */
void pt_note_read(struct i2cpt_passthrough *pt, uint16_t addr);

#endif
