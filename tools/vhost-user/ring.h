/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device's side of a split virtqueue (virtio 1.2, section 2.7). All of it
 * is in the guest's memory, and may change at any time: each field is read
 * once, and checked after that.
 */
#ifndef VHOST_USER_RING_H
#define VHOST_USER_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vhost-user/memory.h"

#define RING_NUM_MAX 1024u
#define CHAIN_PARTS_MAX                                  \
    1024u /* descriptors of one chain, indirect ones too \
           */

/* One piece of the guest's memory. */
struct chain_part {
    uint64_t guest;
    uint32_t len;
};

/* A chain of descriptors: what the device reads, then what it writes. */
struct chain {
    uint16_t head;
    bool bad; /* a loop, an address that is not there, ...: do not read it */
    size_t n, n_out;
    uint64_t out_len, in_len;
    struct chain_part parts[CHAIN_PARTS_MAX]; /* n_out, then the writable */
};

struct ring_descriptor;
struct ring_available;
struct ring_used;

struct ring {
    uint16_t num;                           /* a power of two, 0: not set */
    uint64_t vmm_desc, vmm_avail, vmm_used; /* as the VMM has them */
    bool has_addresses;
    struct ring_descriptor *desc; /* NULL where the ring is not mapped */
    struct ring_available *avail;
    struct ring_used *used;
    uint16_t next;     /* of the available ring, to be taken */
    uint16_t used_idx; /* ours */
    bool event_idx;
    bool broken; /* what the guest wrote makes no sense; until it starts anew */
};

/* Look the addresses up: false where they are not in the memory, or not where
 * such a thing may be. Called again when the memory has changed. */
bool vhost_ring_map(struct ring *r, const struct guest_memory *m);
void vhost_ring_unmap(struct ring *r);
/* Takes the ring over at the index that the VMM says; the used ring's is read
 * from the guest. */
void vhost_ring_start(struct ring *r);
/* How many chains wait, where the guest does not lie. */
uint16_t vhost_ring_waiting(const struct ring *r);
/* The next chain: 1; 0 where there is none, or the ring is broken. */
int vhost_ring_next(struct ring *r, const struct guest_memory *m,
                    struct chain *c);
/* Give a chain back, `written` bytes of which have been written. */
void vhost_ring_push(struct ring *r, uint16_t head, uint32_t written);
/* Whether the guest wants to hear of what came after `before`, a used_idx. */
bool vhost_ring_wants_call(const struct ring *r, uint16_t before);

#endif
