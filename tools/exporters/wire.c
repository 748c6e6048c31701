/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A transfer as the levels of SCL and SDA. */
#include "exporters/wire.h"

#include <errno.h>
#include <stddef.h>

/* Where a transfer that failed did so. */
struct place {
    uint32_t msg; /* the number of messages: nowhere */
    int64_t byte; /* -1: the address */
    bool nack;
    enum wire_truth truth;
};

struct walk {
    const struct i2cpt_trace_transfer *t;
    struct place end;
    wire_fn tell;
    void *user;
    bool open;                         /* between START and STOP */
    const struct i2cpt_trace_msg *ten; /* the 10-bit address that listens */
};

/* ---------------------------------------------------------- where it ended */

static bool is_read(const struct i2cpt_trace_msg *m)
{
    return m->flags & I2CPT_M_RD;
}

/* Where the transfer cannot have gone further: a read that ran dry, or the
 * last message. */
static uint32_t latest_message(const struct i2cpt_trace_transfer *t)
{
    uint32_t i;

    for (i = 0; i + 1 < t->n; i++) {
        if (is_read(&t->msgs[i]) && t->msgs[i].n_bytes < t->msgs[i].len) {
            break;
        }
    }
    return i;
}

static struct place nack_place(const struct i2cpt_trace_transfer *t)
{
    struct place p = {.nack = true, .byte = -1, .truth = WIRE_EXACT};
    int32_t phase = t->phase;

    p.msg = t->fault_msg >= 0 ? (uint32_t)t->fault_msg : latest_message(t);
    if (phase == I2CPT_PHASE_UNKNOWN) {
        phase = t->code == ENXIO ? I2CPT_PHASE_ADDRESS
                : t->code == EIO ? I2CPT_PHASE_DATA
                                 : I2CPT_PHASE_UNKNOWN;
    }
    const struct i2cpt_trace_msg *m = &t->msgs[p.msg];
    bool told = t->fault_msg >= 0 || t->n == 1;
    if (is_read(m) && m->n_bytes) {
        p.byte = m->n_bytes;
        p.nack = false;
        p.truth = WIRE_PLACED;
        return p;
    }
    if (phase != I2CPT_PHASE_ADDRESS && !is_read(m) && m->len) {
        bool known = t->fault_byte >= 0 && (uint32_t)t->fault_byte < m->len;
        p.byte = known ? t->fault_byte : (int64_t)m->len - 1;
        told = told && phase == I2CPT_PHASE_DATA && (known || m->len == 1);
    } else {
        told = told && phase == I2CPT_PHASE_ADDRESS;
    }
    p.truth = told ? WIRE_EXACT : WIRE_PLACED;
    return p;
}

/* Neither NACK nor STOP by will: a timeout, lost arbitration. */
static struct place cut_place(const struct i2cpt_trace_transfer *t)
{
    struct place p = {.byte = -1, .truth = WIRE_CUT};

    p.msg = t->fault_msg >= 0 ? (uint32_t)t->fault_msg : latest_message(t);
    const struct i2cpt_trace_msg *m = &t->msgs[p.msg];
    if (is_read(m) && m->n_bytes) {
        p.byte = m->n_bytes;
    } else if (t->fault_msg < 0) {
        p.truth = WIRE_ABSENT;
    } else if (t->phase == I2CPT_PHASE_DATA && !is_read(m)) {
        p.byte = t->fault_byte >= 0 && (uint32_t)t->fault_byte < m->len
                     ? t->fault_byte
                     : 0;
    } else if (t->phase == I2CPT_PHASE_STOP) {
        p.byte = is_read(m) ? m->n_bytes : m->len;
    }
    return p;
}

static struct place find_place(const struct i2cpt_trace_transfer *t)
{
    switch (t->code) {
    case 0:
    case EBADMSG: /* what came was wrong, not how it came */
    case EPROTO:
        return (struct place){.msg = t->n, .truth = WIRE_EXACT};
    case ENXIO:
    case EIO:
    case EREMOTEIO:
        return nack_place(t);
    case EAGAIN:
    case ETIMEDOUT:
        return cut_place(t);
    default:
        return (struct place){.truth = WIRE_ABSENT};
    }
}

/* ------------------------------------------------------------------ events */

static void tell(struct walk *w, enum wire_kind kind)
{
    const struct wire_event e = {.kind = kind};

    w->open = kind != WIRE_STOP;
    w->ten = w->open ? w->ten : NULL;
    w->tell(w->user, &e);
}

static void tell_byte(struct walk *w, enum wire_kind kind,
                      const struct i2cpt_trace_msg *m, uint8_t byte, bool nack,
                      uint8_t mark)
{
    const struct wire_event e = {
        .kind = kind, .byte = byte, .nack = nack, .msg = m, .mark = mark};

    w->tell(w->user, &e);
}

static void start(struct walk *w)
{
    tell(w, w->open ? WIRE_RESTART : WIRE_START);
}

/* UM10204, 3.1.11: the first byte is 11110, two bits and R/W. One that reads
 * has to address by a write first. */
static void address_ten(struct walk *w, const struct i2cpt_trace_msg *m,
                        bool read, bool nack)
{
    uint8_t first = (uint8_t)(0xf0 | (m->addr >> 7 & 6));

    if (read && w->ten && w->ten->addr == m->addr) {
        start(w);
        tell_byte(w, WIRE_ADDRESS, m, first | 1, nack, 0);
        return;
    }
    start(w);
    tell_byte(w, WIRE_ADDRESS, m, first, nack, 0);
    if (nack) {
        return;
    }
    tell_byte(w, WIRE_LOW, m, m->addr & 0xff, false, 0);
    w->ten = m;
    if (read) {
        start(w);
        tell_byte(w, WIRE_ADDRESS, m, first | 1, false, 0);
    }
}

static void address(struct walk *w, const struct i2cpt_trace_msg *m, bool nack)
{
    bool read = is_read(m) != !!(m->flags & I2CPT_M_REV_DIR_ADDR);

    if (m->flags & I2CPT_M_TEN) {
        address_ten(w, m, read, nack);
        return;
    }
    start(w);
    w->ten = NULL;
    tell_byte(w, WIRE_ADDRESS, m, (uint8_t)(m->addr << 1 | read), nack, 0);
}

/* The next message goes on with the bytes of this one. */
static bool goes_on(const struct walk *w, uint32_t i)
{
    return i + 1 < w->t->n && w->t->msgs[i + 1].flags & I2CPT_M_NOSTART &&
           is_read(&w->t->msgs[i + 1]);
}

static void data(struct walk *w, uint32_t i, int64_t end, bool nack_end)
{
    const struct i2cpt_trace_msg *m = &w->t->msgs[i];
    uint32_t n = m->n_bytes;

    for (uint32_t k = 0; k < n && (int64_t)k < end + nack_end; k++) {
        bool nack = is_read(m) ? k + 1 == n && !goes_on(w, i)
                               : nack_end && (int64_t)k == end;
        tell_byte(w, WIRE_DATA, m, m->bytes[k], nack,
                  m->kinds ? m->kinds[k] : 0);
    }
}

/* Message number i; false where the transfer ended in it. */
static bool message(struct walk *w, uint32_t i)
{
    const struct i2cpt_trace_msg *m = &w->t->msgs[i];
    const struct place *end = &w->end;
    bool here = i == end->msg;
    bool starts = !i || !(m->flags & I2CPT_M_NOSTART);

    if (here && end->byte < 0) {
        if (starts && end->nack) {
            address(w, m, true);
        }
        return false;
    }
    if (starts) {
        address(w, m, false);
    }
    data(w, i, here ? end->byte : (int64_t)m->n_bytes, here && end->nack);
    if (!here && m->flags & I2CPT_M_STOP) {
        tell(w, WIRE_STOP);
    }
    return !here;
}

enum wire_truth export_wire_walk(const struct i2cpt_trace_transfer *t,
                                 wire_fn fn, void *user)
{
    struct walk w = {.t = t, .tell = fn, .user = user, .end = find_place(t)};

    if (w.end.truth == WIRE_ABSENT) {
        return WIRE_ABSENT;
    }
    for (uint32_t i = 0; i < t->n && message(&w, i); i++) {
    }
    if (w.open) {
        tell(&w, WIRE_STOP);
    }
    return w.end.truth;
}
