/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A request along one recorded transfer. */
#include <errno.h>
#include <string.h>

#include "i2cpt-trace.h"
#include "replay/asked-so-far.h"

#define MANGLING (I2CPT_M_MANGLING | I2CPT_M_NOSTART)

#define AT_START (-1)

/*
 * Where the recorded fault shows on the wire: message and byte, AT_START for
 * the address, message n for STOP. Where the record does not say, as late as
 * it can have been: at the last byte written, or where a read ran dry.
 */
static void fault_point(const struct i2cpt_trace_transfer *t, uint32_t *msg,
                        int64_t *byte)
{
    const struct i2cpt_trace_msg *m;

    *byte = AT_START;
    if (!t->code || t->phase == I2CPT_PHASE_STOP) {
        *msg = t->code ? t->n : UINT32_MAX;
        return;
    }
    *msg = t->fault_msg >= 0                 ? (uint32_t)t->fault_msg
           : t->phase == I2CPT_PHASE_ADDRESS ? 0
                                             : t->n - 1;
    m = &t->msgs[*msg];
    if (t->phase == I2CPT_PHASE_ADDRESS) {
        return;
    }
    if (m->flags & I2CPT_M_RD) {
        if (m->n_bytes || t->phase == I2CPT_PHASE_DATA) {
            *byte = m->n_bytes;
        }
    } else if (m->len) {
        *byte = t->fault_byte >= 0 && (uint32_t)t->fault_byte < m->len
                    ? t->fault_byte
                    : (int64_t)m->len - 1;
    }
}

uint32_t replay_walk_fault_msg(const struct i2cpt_trace_transfer *t)
{
    uint32_t msg;
    int64_t byte;

    fault_point(t, &msg, &byte);
    return msg;
}

bool replay_walk_is_refused(const struct i2cpt_trace_transfer *t)
{
    uint32_t msg;
    int64_t byte;

    if (!t->code) {
        return false;
    }
    fault_point(t, &msg, &byte);
    return msg == 0 && byte == AT_START;
}

bool replay_walk_at_end(const struct i2cpt_trace_transfer *t,
                        const struct trace_walk *w)
{
    const struct i2cpt_trace_msg *m = &t->msgs[w->mi];

    if (!(m->flags & I2CPT_M_RD)) {
        return w->bi == m->len;
    }
    /* A read that no byte was taken of has one on the wire all the same. */
    return w->bi == walk_taken(t, w->mi) || (!w->bi && m->len == 1);
}

bool replay_walk_nothing_left(const struct i2cpt_trace_transfer *t,
                              const struct trace_walk *w)
{
    return w->mi == t->n - 1 && w->bi >= t->msgs[w->mi].n_bytes;
}

enum walk_answer replay_walk_start(const struct i2cpt_trace_transfer *t,
                                   struct trace_walk *w, uint16_t addr,
                                   uint16_t flags)
{
    const struct i2cpt_trace_msg *m;
    uint32_t fault_msg;
    int64_t fault_byte;

    if (w->in_msg) {
        if (!replay_walk_at_end(t, w) || w->mi + 1 == t->n) {
            return WALK_DIFF;
        }
        w->mi++;
    }
    m = &t->msgs[w->mi];
    if (m->addr != addr || (m->flags ^ flags) & (I2CPT_M_RD | I2CPT_M_TEN)) {
        return WALK_DIFF;
    }
    w->bi = 0;
    w->in_msg = true;
    fault_point(t, &fault_msg, &fault_byte);
    return fault_msg == w->mi && fault_byte == AT_START ? WALK_FAULT : WALK_FIT;
}

static bool same_bytes(const struct i2cpt_trace_msg *m, uint32_t at,
                       const uint8_t *bytes, uint32_t n)
{
    uint32_t i;

    if (!m->kinds) {
        return !n || !memcmp(m->bytes + at, bytes, n);
    }
    for (i = 0; i < n; i++) {
        if (m->bytes[at + i] != bytes[i] && !m->kinds[at + i]) {
            return false;
        }
    }
    return true;
}

enum walk_answer replay_walk_write(const struct i2cpt_trace_transfer *t,
                                   struct trace_walk *w, const uint8_t *bytes,
                                   uint32_t n)
{
    const struct i2cpt_trace_msg *m = &t->msgs[w->mi];
    uint32_t fault_msg, end;
    int64_t fault_byte;

    /* a message without START goes on where the one before it ended */
    while (w->bi == m->len && w->mi + 1 < t->n &&
           m[1].flags & I2CPT_M_NOSTART && !(m[1].flags & I2CPT_M_RD)) {
        w->mi++;
        w->bi = 0;
        m++;
    }
    fault_point(t, &fault_msg, &fault_byte);
    end = w->bi + n;
    if (fault_msg == w->mi && fault_byte >= w->bi && fault_byte < end) {
        end = (uint32_t)fault_byte + 1;
    }
    if (end > m->len || !same_bytes(m, w->bi, bytes, end - w->bi)) {
        return WALK_DIFF;
    }
    w->bi = end;
    return fault_msg == w->mi && fault_byte + 1 == end ? WALK_FAULT : WALK_FIT;
}

enum walk_answer replay_walk_read(const struct i2cpt_trace_transfer *t,
                                  struct trace_walk *w, uint32_t most,
                                  uint8_t *byte, uint64_t *redacted)
{
    const struct i2cpt_trace_msg *m = &t->msgs[w->mi];
    uint32_t fault_msg;
    int64_t fault_byte;

    if (w->bi < m->n_bytes && w->bi < most) {
        *byte = m->bytes[w->bi];
        if (m->kinds && m->kinds[w->bi] & I2CPT_TRACE_REDACTED) {
            ++*redacted;
        }
        w->bi++;
        return WALK_FIT;
    }
    fault_point(t, &fault_msg, &fault_byte);
    if (fault_msg == w->mi) {
        return WALK_FAULT;
    }
    if (w->bi < most) {
        *byte = 0xff;
        w->bi++;
        return WALK_FIT;
    }
    return WALK_SHORT;
}

enum walk_answer replay_walk_stop(const struct i2cpt_trace_transfer *t,
                                  const struct trace_walk *w)
{
    uint32_t fault_msg;
    int64_t fault_byte;

    if (w->mi + 1 != t->n || !replay_walk_at_end(t, w)) {
        return WALK_DIFF;
    }
    fault_point(t, &fault_msg, &fault_byte);
    return fault_msg == t->n ? WALK_FAULT : WALK_FIT;
}

/* --------------------------------------------------------- whole requests */

static bool same_length(const struct i2cpt_trace_msg *m,
                        const struct i2cpt_msg *req)
{
    if ((m->flags ^ req->flags) & I2CPT_M_RECV_LEN) {
        return false;
    }
    return m->flags & I2CPT_M_RECV_LEN || m->len == req->len;
}

bool replay_walk_same_request(const struct i2cpt_trace_transfer *t,
                              const struct i2cpt_msg *msgs, size_t n)
{
    size_t i;

    if (n != t->n) {
        return false;
    }
    for (i = 0; i < n; i++) {
        const struct i2cpt_trace_msg *m = &t->msgs[i];

        if (m->addr != msgs[i].addr ||
            (m->flags ^ msgs[i].flags) &
                (MANGLING | I2CPT_M_RD | I2CPT_M_TEN) ||
            !same_length(m, &msgs[i])) {
            return false;
        }
        if (!(m->flags & I2CPT_M_RD) &&
            !same_bytes(m, 0, msgs[i].buf, m->len)) {
            return false;
        }
    }
    return true;
}

bool replay_walk_plain(const struct i2cpt_trace_transfer *t,
                       struct i2cpt_msg *msgs, size_t n)
{
    size_t i;

    if (t->mark || t->code || n != t->n) {
        return false;
    }
    for (i = 0; i < n; i++) {
        const struct i2cpt_trace_msg *m = &t->msgs[i];

        if (m->addr != msgs[i].addr || m->flags != msgs[i].flags ||
            m->flags & I2CPT_M_RECV_LEN || m->kinds || m->len != msgs[i].len ||
            m->n_bytes != m->len) {
            return false;
        }
        if (!(m->flags & I2CPT_M_RD) && m->len &&
            memcmp(m->bytes, msgs[i].buf, m->len)) {
            return false;
        }
    }
    for (i = 0; i < n; i++) {
        const struct i2cpt_trace_msg *m = &t->msgs[i];

        if (m->flags & I2CPT_M_RD && m->len) {
            memcpy(msgs[i].buf, m->bytes, m->len);
        }
        msgs[i].actual = m->len;
    }
    return true;
}

/* ---------------------------------------------------------------- history */

void replay_history_init(struct trace_history *h, uint32_t most)
{
    h->msgs = g_array_new(FALSE, FALSE, sizeof(struct trace_asked));
    h->bytes = g_byte_array_sized_new(64); /* its data is never NULL */
    h->most = most;
    h->cut = false;
}

void replay_history_clear(struct trace_history *h)
{
    if (h->msgs) {
        g_array_unref(h->msgs);
        g_byte_array_unref(h->bytes);
    }
}

void replay_history_reset(struct trace_history *h)
{
    g_array_set_size(h->msgs, 0);
    g_byte_array_set_size(h->bytes, 0);
    h->cut = false;
}

void replay_history_start(struct trace_history *h, uint16_t addr,
                          uint16_t flags)
{
    struct trace_asked m = {addr, flags, h->bytes->len, 0};

    if (h->cut || h->msgs->len == I2CPT_TRANSFER_MAX) {
        h->cut = true;
        return;
    }
    g_array_append_val(h->msgs, m);
}

static struct trace_asked *asked(const struct trace_history *h, guint i)
{
    return &g_array_index(h->msgs, struct trace_asked, i);
}

void replay_history_write(struct trace_history *h, uint8_t byte)
{
    if (h->cut || h->bytes->len == h->most || !h->msgs->len) {
        h->cut = true;
        return;
    }
    g_byte_array_append(h->bytes, &byte, 1);
    asked(h, h->msgs->len - 1)->n++;
}

void replay_history_read(struct trace_history *h)
{
    if (!h->cut && h->msgs->len) {
        asked(h, h->msgs->len - 1)->n++;
    }
}

enum walk_answer replay_history_walk(const struct trace_history *h,
                                     const struct i2cpt_trace_transfer *t,
                                     struct trace_walk *w)
{
    enum walk_answer answer = WALK_DIFF;
    guint i;

    memset(w, 0, sizeof(*w));
    for (i = 0; !h->cut && i < h->msgs->len; i++) {
        const struct trace_asked *m = asked(h, i);

        if (i && answer != WALK_FIT) {
            return WALK_DIFF;
        }
        answer = replay_walk_start(t, w, m->addr, m->flags);
        if (answer != WALK_FIT || !m->n) {
            continue;
        }
        if (m->flags & I2CPT_M_RD) {
            answer = m->n <= walk_taken(t, w->mi) ? WALK_FIT : WALK_DIFF;
            w->bi = m->n;
        } else {
            uint32_t before = w->bi;

            answer = replay_walk_write(t, w, h->bytes->data + m->start, m->n);
            if (answer == WALK_FAULT && w->bi - before != m->n) {
                answer = WALK_DIFF;
            }
        }
    }
    return answer;
}

void replay_history_format(const struct trace_history *h,
                           struct trace_text *out)
{
    guint i;

    for (i = 0; i < h->msgs->len; i++) {
        const struct trace_asked *m = asked(h, i);
        struct i2cpt_trace_msg msg = {
            .addr = m->addr, .flags = m->flags, .len = m->n};
        if (!(m->flags & I2CPT_M_RD)) {
            msg.n_bytes = m->n;
            msg.bytes = h->bytes->data + m->start;
        }
        trace_format_msg(out, &msg, true);
    }
    if (h->cut) {
        trace_text_add(out, " ...", 4);
    }
}
