/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SMBus commands as the messages that SMBus 3.2, 6.4 and 6.5, define them by */
#include <errno.h>
#include <string.h>

#include "core/backend.h"
#include "core/fault.h"
#include "smbus/smbus-msgs.h"

uint8_t i2cpt_smbus_pec(uint8_t crc, const uint8_t *buf, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        crc ^= buf[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (uint8_t)(crc << 1 ^ (crc & 0x80 ? 0x07 : 0));
    }
    return crc;
}

/* One message with its address byte. 10-bit addresses: their low seven bits,
 * as Linux computes it; SMBus has no such addresses. */
uint8_t smbus_pec_msg(uint8_t crc, const struct i2cpt_msg *m, size_t len)
{
    uint8_t address = (uint8_t)(m->addr << 1 | (m->flags & I2CPT_M_RD));

    crc = i2cpt_smbus_pec(crc, &address, 1);
    return len ? i2cpt_smbus_pec(crc, m->buf, len) : crc;
}

bool smbus_has_pec(unsigned protocol, uint16_t flags)
{
    return (flags & I2CPT_CLIENT_PEC) && protocol != I2CPT_SMBUS_QUICK &&
           protocol != I2CPT_SMBUS_I2C_BLOCK_DATA;
}

/* Bytes that the target sends, without PEC; a block's are counted on the wire
 * and this is how many there may be. */
static uint32_t read_length(const struct smbus_command *c)
{
    switch (c->protocol) {
    case I2CPT_SMBUS_QUICK:
        return 0;
    case I2CPT_SMBUS_BYTE:
    case I2CPT_SMBUS_BYTE_DATA:
        return 1;
    case I2CPT_SMBUS_WORD_DATA:
    case I2CPT_SMBUS_PROC_CALL:
        return 2;
    case I2CPT_SMBUS_I2C_BLOCK_DATA:
        return c->max;
    default:
        return 1 + c->max;
    }
}

bool smbus_is_counted(const struct smbus_command *c)
{
    return c->protocol == I2CPT_SMBUS_BLOCK_PROC_CALL ||
           (c->protocol == I2CPT_SMBUS_BLOCK_DATA && c->read);
}

/* Commands that write and then read at any rate. */
static bool is_call(const struct smbus_command *c)
{
    return c->protocol == I2CPT_SMBUS_PROC_CALL ||
           c->protocol == I2CPT_SMBUS_BLOCK_PROC_CALL;
}

static uint32_t put_out(const struct smbus_command *c, uint8_t *out)
{
    uint32_t n = 0;

    out[n++] = c->command;
    if (c->read && !is_call(c))
        return n;
    if (c->protocol == I2CPT_SMBUS_BLOCK_DATA ||
        c->protocol == I2CPT_SMBUS_BLOCK_PROC_CALL)
        out[n++] = (uint8_t)c->len;
    if (c->len)
        memcpy(out + n, c->data, c->len);
    return n + (uint32_t)c->len;
}

void smbus_build(const struct smbus_command *c, struct i2cpt_smbus_msgs *m)
{
    bool pec = smbus_has_pec(c->protocol, c->flags);
    bool quick = c->protocol == I2CPT_SMBUS_QUICK;
    bool bare = quick || c->protocol == I2CPT_SMBUS_BYTE;
    uint16_t flags = c->flags & I2CPT_CLIENT_TEN ? I2CPT_M_TEN : 0;

    m->n = 0;
    if (!(bare && c->read)) {
        struct i2cpt_msg *w = &m->msgs[m->n++];

        *w = (struct i2cpt_msg){.addr = c->addr, .flags = flags, .buf = m->out};
        w->len = quick ? 0 : put_out(c, m->out);
        if (pec && !c->read && !is_call(c)) {
            m->out[w->len] = smbus_pec_msg(0, w, w->len);
            w->len++;
        }
    }
    if (c->read || is_call(c)) {
        struct i2cpt_msg *r = &m->msgs[m->n++];

        *r = (struct i2cpt_msg){.addr = c->addr,
                                .flags = flags | I2CPT_M_RD,
                                .len = read_length(c) + pec,
                                .buf = m->in};
        if (smbus_is_counted(c)) {
            r->flags |= I2CPT_M_RECV_LEN;
            m->in[0] = pec ? 2 : 1;
        }
    }
}

int smbus_check_pec(const struct i2cpt_smbus_msgs *m, struct i2cpt_fault *fault)
{
    const struct i2cpt_msg *r = &m->msgs[m->n - 1];
    uint8_t crc = 0;

    if (!r->actual)
        return i2cpt_fault_text(fault, EPROTO, "no PEC: nothing was read");
    if (m->n > 1)
        crc = smbus_pec_msg(crc, &m->msgs[0], m->msgs[0].len);
    crc = smbus_pec_msg(crc, r, r->actual - 1);
    if (crc == r->buf[r->actual - 1])
        return 0;
    return i2cpt_fault_text(fault, EBADMSG,
                            "PEC 0x%02x from address 0x%02x; 0x%02x is right",
                            r->buf[r->actual - 1], r->addr, crc);
}

/* ------------------------------------------------- Linux's form of a command
 */

static void from_call(const struct i2cpt_smbus_call *call,
                      struct smbus_command *c)
{
    *c = (struct smbus_command){.addr = call->addr,
                                .flags = call->flags,
                                .protocol = call->protocol,
                                .read = call->read,
                                .command = call->command,
                                .data = call->block,
                                .max = I2CPT_SMBUS_BLOCK_MAX};
    switch (call->protocol) {
    case I2CPT_SMBUS_BYTE_DATA:
        c->len = 1;
        break;
    case I2CPT_SMBUS_WORD_DATA:
    case I2CPT_SMBUS_PROC_CALL:
        c->len = 2;
        break;
    case I2CPT_SMBUS_BLOCK_DATA:
    case I2CPT_SMBUS_BLOCK_PROC_CALL:
    case I2CPT_SMBUS_I2C_BLOCK_DATA:
        c->data = call->block + 1;
        c->len = call->block[0];
        if (c->len > I2CPT_SMBUS_BLOCK_MAX)
            c->len = I2CPT_SMBUS_BLOCK_MAX;
        break;
    default:
        break;
    }
    if (call->protocol == I2CPT_SMBUS_I2C_BLOCK_DATA)
        c->max = (uint32_t)c->len;
}

void i2cpt_smbus_to_msgs(const struct i2cpt_smbus_call *call,
                         struct i2cpt_smbus_msgs *out)
{
    struct smbus_command c;

    from_call(call, &c);
    smbus_build(&c, out);
}

int i2cpt_smbus_from_msgs(struct i2cpt_smbus_call *call,
                          const struct i2cpt_smbus_msgs *in,
                          struct i2cpt_fault *fault)
{
    const struct i2cpt_msg *r = &in->msgs[in->n - 1];
    bool pec = smbus_has_pec(call->protocol, call->flags);
    struct smbus_command c;

    if (!(r->flags & I2CPT_M_RD) || call->protocol == I2CPT_SMBUS_QUICK)
        return 0;
    int rc = pec ? smbus_check_pec(in, fault) : 0;
    if (rc)
        return rc;
    from_call(call, &c);
    uint32_t n = r->actual - pec;
    if (smbus_is_counted(&c)
            ? !n || r->buf[0] != n - 1 || n < 2 || n - 1 > I2CPT_SMBUS_BLOCK_MAX
            : n != read_length(&c))
        return i2cpt_fault_text(fault, EPROTO,
                                "%u bytes from address 0x%02x do not make the "
                                "answer to command 0x%02x",
                                n, r->addr, call->command);
    if (call->protocol == I2CPT_SMBUS_I2C_BLOCK_DATA) {
        call->block[0] = (uint8_t)n;
        memcpy(call->block + 1, r->buf, n);
    } else {
        memcpy(call->block, r->buf, n);
    }
    return 0;
}

/* ------------------------------------------------------ functionality bits */

uint32_t i2cpt_smbus_needs(const struct i2cpt_smbus_call *call)
{
    static const struct {
        uint8_t protocol;
        uint32_t write, read;
    } bits[] = {
        {I2CPT_SMBUS_QUICK, I2CPT_FUNC_SMBUS_QUICK, I2CPT_FUNC_SMBUS_QUICK},
        {I2CPT_SMBUS_BYTE, I2CPT_FUNC_SMBUS_WRITE_BYTE,
         I2CPT_FUNC_SMBUS_READ_BYTE},
        {I2CPT_SMBUS_BYTE_DATA, I2CPT_FUNC_SMBUS_WRITE_BYTE_DATA,
         I2CPT_FUNC_SMBUS_READ_BYTE_DATA},
        {I2CPT_SMBUS_WORD_DATA, I2CPT_FUNC_SMBUS_WRITE_WORD_DATA,
         I2CPT_FUNC_SMBUS_READ_WORD_DATA},
        {I2CPT_SMBUS_PROC_CALL, I2CPT_FUNC_SMBUS_PROC_CALL,
         I2CPT_FUNC_SMBUS_PROC_CALL},
        {I2CPT_SMBUS_BLOCK_DATA, I2CPT_FUNC_SMBUS_WRITE_BLOCK_DATA,
         I2CPT_FUNC_SMBUS_READ_BLOCK_DATA},
        {I2CPT_SMBUS_BLOCK_PROC_CALL, I2CPT_FUNC_SMBUS_BLOCK_PROC_CALL,
         I2CPT_FUNC_SMBUS_BLOCK_PROC_CALL},
        {I2CPT_SMBUS_I2C_BLOCK_DATA, I2CPT_FUNC_SMBUS_WRITE_I2C_BLOCK,
         I2CPT_FUNC_SMBUS_READ_I2C_BLOCK},
    };
    uint32_t needs = 0;

    for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
        if (bits[i].protocol == call->protocol)
            needs = call->read ? bits[i].read : bits[i].write;
    if (smbus_has_pec(call->protocol, call->flags))
        needs |= I2CPT_FUNC_SMBUS_PEC;
    if (call->flags & I2CPT_CLIENT_TEN)
        needs |= I2CPT_FUNC_10BIT_ADDR;
    return needs;
}
