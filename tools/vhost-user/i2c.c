/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests of a virtio I2C driver, gathered into transfers and answered. */
#include <endian.h>
#include <glib.h>
#include <string.h>

#include "vhost-user/i2c.h"

/* The header that each request begins with, and what ends it. */
struct out_header {
    uint16_t addr;
    uint16_t padding;
    uint32_t flags;
};
#define FLAG_FAIL_NEXT 1u
#define FLAG_READ      2u

enum { STATUS_OK = 0, STATUS_ERR = 1 };

/* What a group may come to: the guest has bounded memory, and so have we. */
#define GROUP_BYTES_MAX (4u * I2CPT_MSG_MAX)

struct request {
    uint16_t head;
    bool bad;       /* it is answered with an error, and so is its group */
    bool fail_next; /* the next one belongs to the same transfer */
    uint16_t addr, flags;
    uint8_t *buf;
    uint32_t len;
    struct chain_part *in; /* where the answer goes; NULL: nowhere */
    size_t n_in;
    uint64_t in_len;
};

struct i2c_device {
    struct i2cpt_adapter *adapter;
    bool zero_length;
    struct chain chain; /* of the request that is being read */
    struct request group[RING_NUM_MAX];
    struct i2cpt_msg msgs[RING_NUM_MAX];
    size_t n;
    uint64_t bytes;
    uint32_t groups; /* begun so far; never 0 where one waits */
    /* One with FAIL_NEXT was failed when no more had come: so is what comes. */
    bool fails_next;
};

struct i2c_device *vhost_i2c_new(struct i2cpt_adapter *a)
{
    struct i2c_device *d = g_try_new0(struct i2c_device, 1);

    if (d) {
        d->adapter = i2cpt_adapter_ref(a);
    }
    return d;
}

void vhost_i2c_set_features(struct i2c_device *d, uint64_t features)
{
    d->zero_length = features >> VIRTIO_I2C_F_ZERO_LENGTH_REQUEST & 1;
}

static void clear_group(struct i2c_device *d)
{
    while (d->n) {
        d->n--;
        g_free(d->group[d->n].buf);
        g_free(d->group[d->n].in);
    }
    d->bytes = 0;
}

void vhost_i2c_free(struct i2c_device *d)
{
    clear_group(d);
    i2cpt_adapter_unref(d->adapter);
    g_free(d);
}

uint16_t vhost_i2c_forget(struct i2c_device *d)
{
    uint16_t n = (uint16_t)d->n;

    clear_group(d);
    d->fails_next = false;
    return n;
}

/* ---------------------------------------------------------------- requests */

/* `len` bytes of a chain's parts, from `skip` on; the caller has added them
 * up. */
static bool copy_parts(const struct guest_memory *m,
                       const struct chain_part *parts, size_t n, uint64_t skip,
                       uint8_t *buf, uint64_t len, bool out)
{
    size_t i;

    for (i = 0; i < n && len; i++) {
        uint64_t at = MIN(skip, parts[i].len);
        uint64_t part = MIN(len, parts[i].len - at);
        uint64_t guest = parts[i].guest + at;

        if (part && !(out ? vhost_memory_read(m, guest, buf, (size_t)part)
                          : vhost_memory_write(m, guest, buf, (size_t)part))) {
            return false;
        }
        skip -= at;
        buf += part;
        len -= part;
    }
    return !len;
}

/*
 * Section 5.16.6.1, low byte first: 7 bits of address above bit 0; or, of ten,
 * 11110 and the two highest, as in the first byte on the wire, and in the high
 * byte the other eight.
 */
static bool get_address(struct request *q, uint16_t addr)
{
    if (addr & 1) {
        return false;
    }
    if ((addr & 0xf8) == 0xf0) {
        q->addr = (uint16_t)((addr & 0x06) << 7 | addr >> 8);
        q->flags = I2CPT_M_TEN;
        return true;
    }
    q->addr = addr >> 1;
    return addr <= 0xff;
}

static bool get_direction(const struct i2c_device *d, struct request *q,
                          const struct chain *c, uint32_t flags)
{
    bool read = d->zero_length ? flags & FLAG_READ : c->in_len > 1;
    uint64_t out = c->out_len - sizeof(struct out_header);
    uint64_t in = c->in_len - 1;

    if (read ? out : in) {
        return false; /* bytes for the other direction */
    }
    q->flags |= read ? I2CPT_M_RD : 0;
    q->len = (uint32_t)MIN(read ? in : out, UINT32_MAX);
    return q->len <= I2CPT_MSG_MAX;
}

/* The place of the answer stays, whatever else is wrong with it. */
static bool get_answer_place(struct request *q, const struct chain *c)
{
    size_t n = c->n - c->n_out;

    q->in_len = c->in_len;
    if (!c->in_len) {
        return false;
    }
    q->in = g_try_new(struct chain_part, n);
    if (!q->in) {
        return false;
    }
    memcpy(q->in, c->parts + c->n_out, n * sizeof(*q->in));
    q->n_in = n;
    return true;
}

static bool get_request(struct i2c_device *d, const struct guest_memory *m,
                        struct request *q)
{
    const struct chain *c = &d->chain;
    struct out_header head;
    uint32_t flags;

    if (!get_answer_place(q, c) || c->bad || c->out_len < sizeof(head) ||
        !copy_parts(m, c->parts, c->n_out, 0, (uint8_t *)&head, sizeof(head),
                    true)) {
        return false;
    }
    flags = le32toh(head.flags);
    q->fail_next = flags & FLAG_FAIL_NEXT;
    if (flags & ~(FLAG_FAIL_NEXT | FLAG_READ) ||
        !get_address(q, le16toh(head.addr)) || !get_direction(d, q, c, flags) ||
        d->bytes + q->len > GROUP_BYTES_MAX) {
        return false;
    }
    q->buf = g_try_malloc(q->len + 1u); /* not NULL where len is 0 */
    if (!q->buf) {
        return false;
    }
    d->bytes += q->len;
    return q->flags & I2CPT_M_RD ||
           copy_parts(m, c->parts, c->n_out, sizeof(head), q->buf, q->len,
                      true);
}

/* A chain that is bad after its header says itself whether more follows; of
 * others that cannot be known, and the group ends with it. */
static void take_request(struct i2c_device *d, const struct guest_memory *m)
{
    struct request *q = &d->group[d->n++];

    if (d->n == 1 && !++d->groups) {
        d->groups = 1;
    }
    memset(q, 0, sizeof(*q));
    q->head = d->chain.head;
    q->bad = !get_request(d, m, q);
}

/* ----------------------------------------------------------------- answers */

/* What a refused read has in its buffer is what an idle bus reads as. */
static void answer(struct request *q, struct ring *r,
                   const struct guest_memory *m, uint8_t status)
{
    static const uint8_t idle[256] = {[0 ... 255] = 0xff};
    uint64_t data = q->in_len ? q->in_len - 1 : 0, at = 0;
    bool ok = q->n_in > 0;

    if (ok && status == STATUS_OK) {
        ok = copy_parts(m, q->in, q->n_in, 0, q->buf, data, false);
    }
    while (ok && status != STATUS_OK && at < data) {
        uint64_t part = MIN(data - at, sizeof(idle));

        ok = copy_parts(m, q->in, q->n_in, at, (uint8_t *)idle, part, false);
        at += part;
    }
    ok = ok && copy_parts(m, q->in, q->n_in, data, &status, 1, false);
    vhost_ring_push(r, q->head, ok ? (uint32_t)(data + 1) : 0);
}

/* Those from `good` on failed. If the last one asks for a next one, that fails
 * too: the rest of a transfer is never run alone. */
static void answer_group(struct i2c_device *d, struct ring *r,
                         const struct guest_memory *m, size_t good)
{
    size_t i;

    for (i = 0; i < d->n; i++) {
        answer(&d->group[i], r, m, i < good ? STATUS_OK : STATUS_ERR);
    }
    d->fails_next = d->n && d->group[d->n - 1].fail_next;
    clear_group(d);
}

/* How many messages of the group came to their end. A host that does not say
 * which one failed has none of them taken for good. */
static size_t transfer(struct i2c_device *d)
{
    struct i2cpt_fault fault = {.msg = -1};
    size_t i;

    for (i = 0; i < d->n; i++) {
        if (d->group[i].bad) {
            return 0;
        }
        d->msgs[i] = (struct i2cpt_msg){.addr = d->group[i].addr,
                                        .flags = d->group[i].flags,
                                        .len = d->group[i].len,
                                        .buf = d->group[i].buf};
    }
    if (!i2cpt_transfer(d->adapter, d->msgs, d->n, &fault)) {
        return d->n;
    }
    return fault.msg > 0 && (size_t)fault.msg < d->n ? (size_t)fault.msg : 0;
}

uint32_t vhost_i2c_run(struct i2c_device *d, struct ring *r,
                       const struct guest_memory *m)
{
    while (vhost_ring_next(r, m, &d->chain)) {
        take_request(d, m);
        if (d->fails_next) {
            answer_group(d, r, m, 0);
        } else if (!d->group[d->n - 1].fail_next) {
            answer_group(d, r, m, m->lost ? 0 : transfer(d));
        } else if (d->n == r->num) {
            /* The ring is full of it: its end cannot come. */
            answer_group(d, r, m, 0);
        }
    }
    return d->n ? d->groups : 0;
}

void vhost_i2c_expire(struct i2c_device *d, struct ring *r,
                      const struct guest_memory *m)
{
    if (d->n) {
        answer_group(d, r, m, 0);
    }
}

void vhost_i2c_refuse(struct i2c_device *d, struct ring *r,
                      const struct guest_memory *m)
{
    /* not what comes while it is done */
    uint16_t left = vhost_ring_waiting(r);

    vhost_i2c_expire(d, r, m);
    while (left-- && vhost_ring_next(r, m, &d->chain)) {
        take_request(d, m);
        answer_group(d, r, m, 0);
    }
}
