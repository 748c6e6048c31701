/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading chains from a split virtqueue, and giving them back. */
#include <endian.h>
#include <string.h>

#include "vhost-user/ring.h"

struct ring_descriptor {
    uint64_t guest;
    uint32_t len;
    uint16_t flags;
    uint16_t next;
};

struct ring_available {
    uint16_t flags;
    uint16_t idx;
    uint16_t ring[]; /* num of them, then used_event */
};

struct used_element {
    uint32_t head;
    uint32_t len;
};

struct ring_used {
    uint16_t flags;
    uint16_t idx;
    struct used_element ring[]; /* num of them, then avail_event */
};

#define DESC_NEXT     1u
#define DESC_WRITE    2u
#define DESC_INDIRECT 4u

#define AVAIL_NO_INTERRUPT 1u

static void *aligned(void *at, uintptr_t to)
{
    return (uintptr_t)at % to ? NULL : at;
}

void vhost_ring_unmap(struct ring *r)
{
    r->desc = NULL;
    r->avail = NULL;
    r->used = NULL;
}

bool vhost_ring_map(struct ring *r, const struct guest_memory *m)
{
    const uint64_t num = r->num;

    vhost_ring_unmap(r);
    if (!num || !r->has_addresses) {
        return false;
    }
    r->desc = aligned(
        vhost_memory_at_vmm(m, r->vmm_desc, num * sizeof(*r->desc)), 16);
    r->avail =
        aligned(vhost_memory_at_vmm(m, r->vmm_avail, 4 + 2 * num + 2), 2);
    r->used = aligned(vhost_memory_at_vmm(m, r->vmm_used, 4 + 8 * num + 2), 4);
    if (!r->desc || !r->avail || !r->used) {
        vhost_ring_unmap(r);
        return false;
    }
    return true;
}

void vhost_ring_start(struct ring *r)
{
    r->used_idx = le16toh(__atomic_load_n(&r->used->idx, __ATOMIC_ACQUIRE));
    r->broken = false;
}

static uint16_t available(const struct ring *r)
{
    return le16toh(__atomic_load_n(&r->avail->idx, __ATOMIC_ACQUIRE));
}

uint16_t vhost_ring_waiting(const struct ring *r)
{
    uint16_t n = (uint16_t)(available(r) - r->next);

    return n > r->num ? 0 : n;
}

/* A guest that was told of the event index but of which the VMM says nothing
 * (QEMU 7.2) notifies by this alone, so it is written always: its place is
 * there in either case. */
static void ask_for_kick(struct ring *r)
{
    uint16_t *avail_event = (uint16_t *)&r->used->ring[r->num];

    __atomic_store_n(avail_event, htole16(r->next), __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* A table of descriptors: the ring's own, or an indirect one. */
struct table {
    const struct ring_descriptor *own; /* NULL: indirect, at `guest` */
    uint64_t guest;
    uint32_t n;
};

static bool read_descriptor(const struct guest_memory *m, const struct table *t,
                            uint16_t index, struct ring_descriptor *d)
{
    if (index >= t->n) {
        return false;
    }
    if (t->own) {
        memcpy(d, &t->own[index], sizeof(*d));
    } else if (!vhost_memory_read(m, t->guest + (uint64_t)index * sizeof(*d), d,
                                  sizeof(*d))) {
        return false;
    }
    d->guest = le64toh(d->guest);
    d->len = le32toh(d->len);
    d->flags = le16toh(d->flags);
    d->next = le16toh(d->next);
    return true;
}

static bool add_part(struct chain *c, const struct guest_memory *m,
                     const struct ring_descriptor *d)
{
    bool write = d->flags & DESC_WRITE;

    if (c->n == CHAIN_PARTS_MAX || (!write && c->n > c->n_out) ||
        !vhost_memory_has(m, d->guest, d->len)) {
        return false;
    }
    c->parts[c->n].guest = d->guest;
    c->parts[c->n].len = d->len;
    c->n++;
    if (write) {
        c->in_len += d->len;
    } else {
        c->n_out++;
        c->out_len += d->len;
    }
    return true;
}

/* The last descriptor of a chain may stand for a table with the rest. */
static bool enter_indirect(struct table *t, const struct ring_descriptor *d)
{
    if (!t->own || d->flags & (DESC_NEXT | DESC_WRITE) || !d->len ||
        d->len % sizeof(*d) || d->len / sizeof(*d) > CHAIN_PARTS_MAX) {
        return false;
    }
    t->own = NULL;
    t->guest = d->guest;
    t->n = (uint32_t)(d->len / sizeof(*d));
    return true;
}

static bool walk(const struct ring *r, const struct guest_memory *m,
                 struct chain *c)
{
    struct table t = {.own = r->desc, .n = r->num};
    struct ring_descriptor d;
    uint16_t index = c->head;
    uint32_t left = t.n;

    /* No chain is longer than its table, but where it bites its tail. */
    while (left--) {
        if (!read_descriptor(m, &t, index, &d)) {
            return false;
        }
        if (d.flags & DESC_INDIRECT) {
            if (!enter_indirect(&t, &d)) {
                return false;
            }
            index = 0;
            left = t.n;
            continue;
        }
        if (!add_part(c, m, &d)) {
            return false;
        }
        if (!(d.flags & DESC_NEXT)) {
            return true;
        }
        index = d.next;
    }
    return false;
}

int vhost_ring_next(struct ring *r, const struct guest_memory *m,
                    struct chain *c)
{
    uint16_t idx, head;

    if (!r->desc || r->broken) {
        return 0;
    }
    ask_for_kick(r);
    idx = available(r);
    if (idx == r->next) {
        return 0;
    }
    head = le16toh(__atomic_load_n(&r->avail->ring[r->next & (r->num - 1)],
                                   __ATOMIC_RELAXED));
    if ((uint16_t)(idx - r->next) > r->num || head >= r->num) {
        r->broken = true;
        return 0;
    }
    r->next++;
    c->head = head;
    c->n = c->n_out = 0;
    c->out_len = c->in_len = 0;
    c->bad = !walk(r, m, c);
    return 1;
}

void vhost_ring_push(struct ring *r, uint16_t head, uint32_t written)
{
    struct used_element *e = &r->used->ring[r->used_idx & (r->num - 1)];

    e->head = htole32(head);
    e->len = htole32(written);
    r->used_idx++;
    __atomic_store_n(&r->used->idx, htole16(r->used_idx), __ATOMIC_RELEASE);
}

bool vhost_ring_wants_call(const struct ring *r, uint16_t before)
{
    uint16_t event;

    if (before == r->used_idx) {
        return false;
    }
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (!r->event_idx) {
        return !(le16toh(__atomic_load_n(&r->avail->flags, __ATOMIC_RELAXED)) &
                 AVAIL_NO_INTERRUPT);
    }
    event = le16toh(__atomic_load_n(&r->avail->ring[r->num], __ATOMIC_RELAXED));
    return (uint16_t)(r->used_idx - event - 1) <
           (uint16_t)(r->used_idx - before);
}
