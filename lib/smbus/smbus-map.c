/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Messages on a host that has SMBus commands only. Every protocol is tried in
 * turn: the command that the messages might be is taken from their bytes,
 * turned into messages again, and has to give the same ones. So what a command
 * looks like stands in one place (smbus-msgs.c), and a PEC that was computed
 * by software is recognised because it is right.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/backend.h"
#include "core/fault.h"
#include "core/functionality.h"
#include "smbus/protocols.h"
#include "smbus/smbus-map.h"
#include "smbus/smbus-msgs.h"

/* The messages taken apart: a write, or a read, or one and then the other. */
struct shape {
    const struct i2cpt_msg *w;
    struct i2cpt_msg *r;
};

static bool is_read(const struct i2cpt_msg *m)
{
    return m->flags & I2CPT_M_RD;
}

/* False for what no SMBus command looks like. */
static bool take_apart(const struct i2cpt_xfer *x, struct shape *s)
{
    memset(s, 0, sizeof(*s));
    if (x->n > 2 || (x->n == 2 && x->msgs[0].addr != x->msgs[1].addr))
        return false;
    if (x->n == 2 && (is_read(&x->msgs[0]) || !is_read(&x->msgs[1])))
        return false;
    if (!is_read(&x->msgs[0]))
        s->w = &x->msgs[0];
    if (is_read(&x->msgs[x->n - 1]))
        s->r = &x->msgs[x->n - 1];
    return true;
}

/* The command that these messages might be. */
static void guess(const struct shape *s,
                  const struct i2cpt_smbus_protocol_info *p, bool pec,
                  struct i2cpt_smbus_call *call)
{
    const struct i2cpt_msg *first = s->w ? s->w : s->r;
    bool i2c_block = smbus_is_i2c_block(p);
    size_t n = s->w && s->w->len ? s->w->len - 1 : 0;

    memset(call, 0, sizeof(*call));
    call->addr = first->addr;
    call->flags = pec ? I2CPT_CLIENT_PEC : 0;
    if (first->flags & I2CPT_M_TEN)
        call->flags |= I2CPT_CLIENT_TEN;
    call->protocol = (uint8_t)p->protocol;
    call->read = s->r && !(p->shape & I2CPT_SMBUS_CALL);
    if (s->w && s->w->len)
        call->command = s->w->buf[0];
    if (n > sizeof(call->block) - i2c_block)
        n = sizeof(call->block) - i2c_block;
    if (n)
        memcpy(call->block + i2c_block, s->w->buf + 1, n);
    if (i2c_block) {
        uint32_t len = call->read ? s->r->len : (uint32_t)n;
        call->block[0] = (uint8_t)(len < 255 ? len : 255);
    }
}

static bool same_msg(const struct i2cpt_msg *m, const struct i2cpt_msg *like)
{
    if (m->flags != like->flags)
        return false;
    if (m->flags & I2CPT_M_RECV_LEN)
        return m->buf[0] == like->buf[0];
    if (m->len != like->len)
        return false;
    return is_read(m) || !m->len || !memcmp(m->buf, like->buf, m->len);
}

static bool fits(const struct i2cpt_xfer *x,
                 const struct i2cpt_smbus_protocol_info *p,
                 const struct i2cpt_smbus_call *call)
{
    struct i2cpt_smbus_msgs m;

    /* Hosts refuse blocks of none. */
    if (smbus_gives_count(p, call->read) && !call->block[0])
        return false;
    smbus_to_msgs(call, &m);
    if (m.n != x->n)
        return false;
    for (size_t i = 0; i < m.n; i++)
        if (!same_msg(&x->msgs[i], &m.msgs[i]))
            return false;
    return true;
}

/* The first command that fits and that the host has. Else false, and *missing
 * is what the first that fits would need; 0 where none does. */
static bool find(const struct i2cpt_xfer *x, uint32_t functionality,
                 struct i2cpt_smbus_call *call, uint32_t *missing)
{
    const struct i2cpt_smbus_protocol_info *p;
    struct shape s;

    *missing = 0;
    if (!take_apart(x, &s))
        return false;
    for (int pec = 0; pec < 2; pec++) {
        for (p = smbus_protocols; p->name; p++) {
            guess(&s, p, pec, call);
            if (pec != smbus_has_pec(p->protocol, call->flags) ||
                !fits(x, p, call))
                continue;
            uint32_t lacking = smbus_needs(call) & ~functionality;
            if (!lacking)
                return true;
            if (!*missing)
                *missing = lacking;
        }
    }
    return false;
}

static int cannot(const struct i2cpt_xfer *x, uint32_t missing, const char *why)
{
    char what[80] = "";
    size_t at = 0;

    for (size_t i = 0; i < x->n && i < 2; i++)
        at += (size_t)snprintf(
            what + at, sizeof(what) - at, "%sa %s of %u", i ? ", " : "",
            is_read(&x->msgs[i]) ? "read" : "write", (unsigned)x->msgs[i].len);
    return i2cpt_fault_text(
        x->fault, EOPNOTSUPP, "%s%s: %sthe adapter lacks %s", what,
        x->n > 2 ? ", ..." : "", why,
        i2cpt_functionality_name(missing ? missing : I2CPT_FUNC_I2C));
}

/* ------------------------------------------------------------- the answer */

/* Data of the command, and its PEC, which the host has checked, computed. */
static int fill(struct i2cpt_xfer *x, const struct i2cpt_smbus_call *call)
{
    struct i2cpt_msg *r = &x->msgs[x->n - 1];
    bool pec = smbus_has_pec(call->protocol, call->flags);
    const uint8_t *from = call->block;
    uint32_t n = r->len - pec;

    if (r->flags & I2CPT_M_RECV_LEN) {
        n = call->block[0] + 1u;
        if (n < 2 || n > I2CPT_SMBUS_BLOCK_MAX + 1 || n + pec > r->len)
            return i2cpt_fault_set(x->fault, EPROTO, I2CPT_PHASE_DATA,
                                   (int)x->n - 1, 0);
    } else if (smbus_is_i2c_block(i2cpt_smbus_protocol(call->protocol))) {
        if (call->block[0] < n)
            return i2cpt_fault_text(x->fault, EPROTO,
                                    "the host read %u of %u bytes",
                                    call->block[0], (unsigned)n);
        from = call->block + 1;
    }
    memcpy(r->buf, from, n);
    if (pec) {
        uint8_t crc = 0;

        if (x->n > 1)
            crc = smbus_pec_msg(crc, &x->msgs[0], x->msgs[0].len);
        r->buf[n] = smbus_pec_msg(crc, r, n);
    }
    r->actual = n + pec;
    return 0;
}

int smbus_map_transfer(const struct i2cpt_ops *ops, void *priv,
                       uint32_t functionality, struct i2cpt_xfer *x)
{
    struct i2cpt_smbus_call call;
    struct i2cpt_msg *last = &x->msgs[x->n - 1];
    uint32_t missing;

    if (!ops->smbus || !find(x, functionality, &call, &missing))
        return cannot(x, ops->smbus ? missing : 0, "");
    call.owner = x->owner;
    int rc = ops->smbus(priv, &call, x->deadline_ns, x->marks, x->fault);
    /* A plain read of data and PEC was a guess; the target knows no PEC, and
     * the host has kept what it read to itself. */
    if (rc == -EBADMSG && !(last->flags & I2CPT_M_RECV_LEN))
        return cannot(x, missing, "no PEC at its end; ");
    if (rc)
        return rc;
    for (size_t i = 0; i < x->n; i++)
        if (!is_read(&x->msgs[i]))
            x->msgs[i].actual = x->msgs[i].len;
    return is_read(last) && last->len ? fill(x, &call) : 0;
}

uint32_t smbus_map_longest_read(uint32_t functionality)
{
    if (functionality & I2CPT_FUNC_SMBUS_READ_I2C_BLOCK)
        return 32;
    if (functionality & I2CPT_FUNC_SMBUS_READ_WORD_DATA)
        return 2;
    return functionality & I2CPT_FUNC_SMBUS_READ_BYTE_DATA ? 1 : 0;
}
