/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a transfer is cut so that one ioctl takes each part: the kernel's
 * limits.
 */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "core/fault.h"
#include "core/functionality.h"
#include "core/msg-flags.h"
#include "i2c-dev/plan.h"

static int refuse(struct i2cpt_fault *fault, size_t i, const char *what,
                  uint32_t missing)
{
    i2cpt_fault_text(fault, EOPNOTSUPP, "message %zu: %s: the adapter lacks %s",
                     i, what, i2cpt_functionality_name(missing));
    fault->msg = (int32_t)i;
    return -EOPNOTSUPP;
}

/* i2c-dev hands all of these on to the driver unchecked. */
static int check_msg(uint32_t functionality, const struct i2cpt_msg *m,
                     size_t i, struct i2cpt_fault *fault)
{
    const struct i2cpt_msg_flag *f;

    for (f = i2cpt_msg_flags; f->flag; f++) {
        if (m->flags & f->flag && !(functionality & f->functionality)) {
            return refuse(fault, i, f->what, f->functionality);
        }
    }
    if (!m->len && !(functionality & I2CPT_FUNC_SMBUS_QUICK)) {
        return refuse(fault, i, "no data", I2CPT_FUNC_SMBUS_QUICK);
    }
    return 0;
}

/* A caller says with buf[0] how many bytes there are besides the block. */
static size_t block_room(const struct i2cpt_msg *m)
{
    return m->flags & I2CPT_M_RECV_LEN ? m->buf[0] + UAPI_BLOCK_MAX : 0;
}

/* How many messages of the kernel's `m` takes; 0 where there is no way: a
 * write goes on without START, a read has been NACKed at the end of a piece. */
static size_t pieces(uint32_t functionality, const struct i2cpt_msg *m)
{
    if (m->len <= UAPI_MAX_LEN || (m->flags & I2CPT_M_RECV_LEN)) {
        return 1;
    }
    if ((m->flags & I2CPT_M_RD) || !(functionality & I2CPT_FUNC_NOSTART)) {
        return 0;
    }
    return (m->len + UAPI_MAX_LEN - 1) / UAPI_MAX_LEN;
}

static int too_long(const struct i2cpt_msg *m, size_t i,
                    struct i2cpt_fault *fault)
{
    i2cpt_fault_text(fault, EOPNOTSUPP,
                     "message %zu: %s of %u bytes: i2c-dev takes %u at once%s",
                     i, m->flags & I2CPT_M_RD ? "read" : "write",
                     (unsigned)m->len, UAPI_MAX_LEN,
                     m->flags & I2CPT_M_RD
                         ? ""
                         : "; the adapter lacks I2C_FUNC_NOSTART to go on");
    fault->msg = (int32_t)i;
    return -EOPNOTSUPP;
}

static int make_room(struct plan *p, uint32_t functionality,
                     const struct i2cpt_xfer *x)
{
    size_t i, count, room = 0;

    p->n = 0;
    for (i = 0; i < x->n; i++) {
        count = pieces(functionality, &x->msgs[i]);
        if (!count) {
            return too_long(&x->msgs[i], i, x->fault);
        }
        p->n += count;
        room += block_room(&x->msgs[i]);
    }
    p->blocks = room ? g_try_malloc0(room) : NULL;
    p->msgs = p->n > UAPI_MAX_MSGS ? g_try_new(struct uapi_msg, p->n) : p->few;
    if (!p->msgs || (room && !p->blocks)) {
        i2cdev_plan_free(p);
        return -ENOMEM;
    }
    return 0;
}

static size_t fill_pieces(const struct i2cpt_msg *m, struct uapi_msg *to)
{
    uint32_t at = 0;
    size_t n = 0;

    do {
        uint32_t len = MIN(m->len - at, UAPI_MAX_LEN);
        bool last = at + len == m->len;

        to[n].addr = m->addr;
        to[n].flags = m->flags;
        to[n].flags &= (uint16_t)(last ? ~0u : ~I2CPT_M_STOP);
        to[n].flags |= at ? I2CPT_M_NOSTART : 0;
        to[n].len = (uint16_t)len;
        to[n].buf = m->buf ? m->buf + at : NULL;
        at += len;
        n++;
    } while (at < m->len);
    return n;
}

static void fill(struct plan *p, const struct i2cpt_xfer *x)
{
    uint8_t *block = p->blocks;
    struct uapi_msg *to = p->msgs;
    size_t i;

    for (i = 0; i < x->n; i++) {
        const struct i2cpt_msg *m = &x->msgs[i];
        size_t room = block_room(m);

        if (!room) {
            to += fill_pieces(m, to);
            continue;
        }
        block[0] = m->buf[0];
        *to++ = (struct uapi_msg){m->addr, m->flags, (uint16_t)room, block};
        block += room;
    }
}

static bool stops_before(const struct plan *p, size_t at)
{
    return (p->msgs[at - 1].flags & I2CPT_M_STOP) &&
           !(p->msgs[at].flags & I2CPT_M_NOSTART);
}

/* All that are left, or else up to the last one that a STOP follows anyway. */
size_t i2cdev_plan_cut(const struct plan *p, size_t at)
{
    size_t n = MIN(p->n - at, UAPI_MAX_MSGS);

    while (n && at + n < p->n && !stops_before(p, at + n)) {
        n--;
    }
    return n;
}

static int check_cuts(const struct plan *p, struct i2cpt_fault *fault)
{
    size_t at, n;

    for (at = 0; at < p->n; at += n) {
        n = i2cdev_plan_cut(p, at);
        if (!n) {
            return i2cpt_fault_text(fault, EOPNOTSUPP,
                                    "%zu messages of at most %u bytes with no "
                                    "STOP between them: i2c-dev takes %u",
                                    p->n - at, UAPI_MAX_LEN, UAPI_MAX_MSGS);
        }
    }
    return 0;
}

int i2cdev_plan_make(struct plan *p, uint32_t functionality,
                     struct i2cpt_xfer *x)
{
    size_t i;
    int ret = 0;

    for (i = 0; i < x->n && !ret; i++) {
        ret = check_msg(functionality, &x->msgs[i], i, x->fault);
    }
    if (!ret) {
        ret = make_room(p, functionality, x);
    }
    if (ret) {
        return ret;
    }
    fill(p, x);
    ret = check_cuts(p, x->fault);
    if (ret) {
        i2cdev_plan_free(p);
    }
    return ret;
}

/* buf[0] is still what the caller put there: the block arrived elsewhere. */
static int finish_block(struct i2cpt_msg *m, size_t i, const uint8_t *block,
                        struct i2cpt_fault *fault)
{
    uint32_t extra = m->buf[0], count = block[0];

    if (!count || count > UAPI_BLOCK_MAX || count + extra > m->len) {
        i2cpt_fault_text(fault, EPROTO,
                         "message %zu: block of %u bytes: accepted is 1 to %u",
                         i, (unsigned)count,
                         (unsigned)MIN(m->len - extra, UAPI_BLOCK_MAX));
        fault->phase = I2CPT_PHASE_DATA;
        fault->msg = (int32_t)i;
        fault->byte = 0;
        return -EPROTO;
    }
    m->actual = count + extra;
    memcpy(m->buf, block, m->actual);
    return 0;
}

int i2cdev_plan_finish(const struct plan *p, struct i2cpt_xfer *x)
{
    const uint8_t *block = p->blocks;
    size_t i, room;
    int ret = 0;

    for (i = 0; i < x->n && !ret; i++) {
        struct i2cpt_msg *m = &x->msgs[i];

        room = block_room(m);
        if (room) {
            ret = finish_block(m, i, block, x->fault);
            block += room;
        } else {
            m->actual = m->len;
        }
    }
    return ret;
}

void i2cdev_plan_free(struct plan *p)
{
    if (p->msgs != p->few) {
        g_free(p->msgs);
    }
    g_free(p->blocks);
}
