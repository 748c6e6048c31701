/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SMBus commands as the messages that SMBus 3.2, 6.4 and 6.5, define them by */
#include <errno.h>
#include <string.h>

#include "core/backend.h"
#include "core/fault.h"
#include "smbus/protocols.h"
#include "smbus/smbus-msgs.h"

uint8_t i2cpt_smbus_pec(uint8_t crc, const uint8_t *buf, size_t len)
{
    for (size_t i = 0; buf && i < len; i++) {
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

static const struct i2cpt_smbus_protocol_info *protocol_of(
    const struct smbus_command *c)
{
    return i2cpt_smbus_protocol(c->protocol);
}

/* Bytes that the target sends, without PEC; a block's are counted on the wire
 * and this is how many there may be. */
static uint32_t read_length(const struct smbus_command *c)
{
    const struct i2cpt_smbus_protocol_info *p = protocol_of(c);

    return p->shape & I2CPT_SMBUS_BLOCK
               ? c->max + !!(p->shape & I2CPT_SMBUS_COUNTED)
               : p->read_length;
}

bool smbus_is_counted(const struct smbus_command *c)
{
    return smbus_read_is_counted(protocol_of(c), c->read);
}

static uint32_t put_out(const struct smbus_command *c, uint8_t *out)
{
    const struct i2cpt_smbus_protocol_info *p = protocol_of(c);
    uint32_t n = 0;

    if (p->shape & I2CPT_SMBUS_COMMAND_WRITE)
        out[n++] = c->command;
    if (c->read && !(p->shape & I2CPT_SMBUS_CALL))
        return n;
    if (p->shape & I2CPT_SMBUS_COUNTED)
        out[n++] = (uint8_t)c->len;
    if (c->len)
        memcpy(out + n, c->data, c->len);
    return n + (uint32_t)c->len;
}

void smbus_build(const struct smbus_command *c, struct i2cpt_smbus_msgs *m)
{
    const struct i2cpt_smbus_protocol_info *p = protocol_of(c);
    bool pec = smbus_has_pec(c->protocol, c->flags);
    bool reads = smbus_reads(p, c->read);
    uint16_t flags = c->flags & I2CPT_CLIENT_TEN ? I2CPT_M_TEN : 0;

    m->n = 0;
    if (!c->read || p->shape & I2CPT_SMBUS_COMMAND_READ) {
        struct i2cpt_msg *w = &m->msgs[m->n++];

        *w = (struct i2cpt_msg){.addr = c->addr, .flags = flags, .buf = m->out};
        w->len = put_out(c, m->out);
        if (pec && !reads) {
            m->out[w->len] = smbus_pec_msg(0, w, w->len);
            w->len++;
        }
    }
    if (reads) {
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
    const struct i2cpt_smbus_protocol_info *p =
        i2cpt_smbus_protocol(call->protocol);

    *c = (struct smbus_command){.addr = call->addr,
                                .flags = call->flags,
                                .protocol = call->protocol,
                                .read = call->read,
                                .command = call->command,
                                .data = call->block,
                                .max = I2CPT_SMBUS_BLOCK_MAX};
    if (p->shape & I2CPT_SMBUS_BLOCK) {
        c->data = call->block + 1;
        c->len = call->block[0];
        if (c->len > I2CPT_SMBUS_BLOCK_MAX)
            c->len = I2CPT_SMBUS_BLOCK_MAX;
    } else {
        c->len = p->write_length;
    }
    if (smbus_is_i2c_block(p))
        c->max = (uint32_t)c->len;
}

void smbus_to_msgs(const struct i2cpt_smbus_call *call,
                   struct i2cpt_smbus_msgs *out)
{
    struct smbus_command c;

    from_call(call, &c);
    smbus_build(&c, out);
}

int smbus_from_msgs(struct i2cpt_smbus_call *call,
                    const struct i2cpt_smbus_msgs *in,
                    struct i2cpt_fault *fault)
{
    const struct i2cpt_msg *r = &in->msgs[in->n - 1];
    bool pec = smbus_has_pec(call->protocol, call->flags);
    struct smbus_command c;

    if (!(r->flags & I2CPT_M_RD) || !r->len)
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
                                "%u byte%s from address 0x%02x: not the answer "
                                "to command 0x%02x",
                                n, i2cpt_fault_s(n), r->addr, call->command);
    if (smbus_is_i2c_block(protocol_of(&c))) {
        call->block[0] = (uint8_t)n;
        memcpy(call->block + 1, r->buf, n);
    } else {
        memcpy(call->block, r->buf, n);
    }
    return 0;
}
