/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A whole SMBus transaction of an emulated controller that knows it before it
 * begins: nothing is guessed, and what the policy forbids stays away.
 */
#include <errno.h>
#include <stddef.h>

#include "core/backend.h"
#include "core/fault.h"
#include "core/key.h"
#include "passthrough/passthrough.h"
#include "smbus/protocols.h"

/* The last member of the first version. */
#define SIZE_LEAST                                       \
    (offsetof(struct i2cpt_smbus_transaction, in_size) + \
     sizeof(((struct i2cpt_smbus_transaction *)0)->in_size))

/* Data bytes that go out, besides the command: 0, a word, a block's. */
static bool length_fits(const struct i2cpt_smbus_protocol_info *p, size_t len,
                        uint32_t length)
{
    return p->shape & I2CPT_SMBUS_BLOCK && length
               ? len >= 1 && len <= I2CPT_SMBUS3_BLOCK_MAX
               : len >= length;
}

static int check(const struct i2cpt_smbus_transaction *t,
                 struct i2cpt_fault *fault)
{
    const struct i2cpt_smbus_protocol_info *p =
        i2cpt_smbus_protocol(t->protocol);
    bool writes;

    if (!p) {
        return i2cpt_fault_text(fault, EINVAL,
                                "protocol %u: accepted is one that "
                                "i2cpt_smbus_protocol() has",
                                t->protocol);
    }
    if (t->read > 1 || t->flags & ~I2CPT_CLIENT_PEC || t->reserved) {
        return i2cpt_fault_text(fault, EINVAL,
                                "read %u, flags 0x%02x, reserved %u: accepted "
                                "are 0 and 1, 0 and 0x%02x, and 0",
                                t->read, t->flags, t->reserved,
                                I2CPT_CLIENT_PEC);
    }
    writes = !t->read || p->shape & I2CPT_SMBUS_CALL;
    if ((writes && !length_fits(p, t->out_len, p->write_length)) ||
        (smbus_reads(p, t->read) &&
         !length_fits(p, t->in_size, p->read_length))) {
        return i2cpt_fault_text(fault, EINVAL,
                                "%s: %zu bytes out, room for %zu: too few, or "
                                "more than %u",
                                p->name, t->out_len, t->in_size,
                                I2CPT_SMBUS3_BLOCK_MAX);
    }
    if ((writes && p->write_length && !t->out) ||
        (smbus_reads(p, t->read) && p->read_length && !t->in)) {
        return i2cpt_fault_null(fault, "out or in");
    }
    return 0;
}

/* Little-endian, as on the wire. */
static int put_word(const struct i2cpt_smbus_transaction *t, int ret)
{
    if (ret < 0) {
        return ret;
    }
    t->in[0] = (uint8_t)ret;
    t->in[1] = (uint8_t)(ret >> 8);
    return 2;
}

static int put_byte(const struct i2cpt_smbus_transaction *t, int ret)
{
    if (ret < 0) {
        return ret;
    }
    t->in[0] = (uint8_t)ret;
    return 1;
}

static int read_from(struct i2cpt_adapter *a, uint16_t addr,
                     const struct i2cpt_smbus_transaction *t,
                     struct i2cpt_fault *fault)
{
    switch (t->protocol) {
    case I2CPT_SMBUS_QUICK:
        return i2cpt_smbus_quick(a, addr, t->flags, 1, fault);
    case I2CPT_SMBUS_BYTE:
        return put_byte(t, i2cpt_smbus_receive_byte(a, addr, t->flags, fault));
    case I2CPT_SMBUS_BYTE_DATA:
        return put_byte(t, i2cpt_smbus_read_byte_data(a, addr, t->flags,
                                                      t->command, fault));
    case I2CPT_SMBUS_WORD_DATA:
        return put_word(t, i2cpt_smbus_read_word_data(a, addr, t->flags,
                                                      t->command, fault));
    case I2CPT_SMBUS_I2C_BLOCK_DATA:
        return i2cpt_smbus_read_i2c_block(a, addr, t->flags, t->command, t->in,
                                          t->in_size, fault);
    default:
        return i2cpt_smbus_read_block_data(a, addr, t->flags, t->command, t->in,
                                           t->in_size, fault);
    }
}

static uint16_t word(const struct i2cpt_smbus_transaction *t)
{
    return (uint16_t)(t->out[0] | t->out[1] << 8);
}

static int write_to(struct i2cpt_adapter *a, uint16_t addr,
                    const struct i2cpt_smbus_transaction *t,
                    struct i2cpt_fault *fault)
{
    switch (t->protocol) {
    case I2CPT_SMBUS_QUICK:
        return i2cpt_smbus_quick(a, addr, t->flags, 0, fault);
    case I2CPT_SMBUS_BYTE:
        return i2cpt_smbus_send_byte(a, addr, t->flags, t->command, fault);
    case I2CPT_SMBUS_BYTE_DATA:
        return i2cpt_smbus_write_byte_data(a, addr, t->flags, t->command,
                                           t->out[0], fault);
    case I2CPT_SMBUS_WORD_DATA:
        return i2cpt_smbus_write_word_data(a, addr, t->flags, t->command,
                                           word(t), fault);
    case I2CPT_SMBUS_I2C_BLOCK_DATA:
        return i2cpt_smbus_write_i2c_block(a, addr, t->flags, t->command,
                                           t->out, t->out_len, fault);
    default:
        return i2cpt_smbus_write_block_data(a, addr, t->flags, t->command,
                                            t->out, t->out_len, fault);
    }
}

static int run(struct i2cpt_adapter *a, uint16_t addr,
               const struct i2cpt_smbus_transaction *t,
               struct i2cpt_fault *fault)
{
    if (t->protocol == I2CPT_SMBUS_PROC_CALL) {
        return put_word(t, i2cpt_smbus_process_call(
                               a, addr, t->flags, t->command, word(t), fault));
    }
    if (t->protocol == I2CPT_SMBUS_BLOCK_PROC_CALL) {
        return i2cpt_smbus_block_process_call(a, addr, t->flags, t->command,
                                              t->out, t->out_len, t->in,
                                              t->in_size, fault);
    }
    return t->read ? read_from(a, addr, t, fault) : write_to(a, addr, t, fault);
}

/* The bytes that the guest writes before it reads, if it does: command, a
 * block's count, data. */
static uint32_t bytes_out(const struct i2cpt_smbus_transaction *t)
{
    const struct i2cpt_smbus_protocol_info *p =
        i2cpt_smbus_protocol(t->protocol);

    if (t->read && !(p->shape & I2CPT_SMBUS_CALL)) {
        return !!(p->shape & I2CPT_SMBUS_COMMAND_READ);
    }
    return !!(p->shape & I2CPT_SMBUS_COMMAND_WRITE) +
           !!(p->shape & I2CPT_SMBUS_COUNTED) +
           (p->shape & I2CPT_SMBUS_BLOCK ? (uint32_t)t->out_len
                                         : p->write_length);
}

/* Whether readonly=on lets it through: it reads, and what it writes before is
 * no longer than a pointer. */
static bool is_read(const struct i2cpt_passthrough *pt,
                    const struct i2cpt_smbus_transaction *t)
{
    return smbus_reads(i2cpt_smbus_protocol(t->protocol), t->read) &&
           bytes_out(t) <= pt->policy.pointer_bytes;
}

/*
 * readonly=on, as in both modes of bytes: a read may name its register, a quick
 * write is kept back without a word, and a byte that is sent alone is a pointer
 * for the read that may follow. Other writes are refused.
 */
static int hold_back(struct i2cpt_passthrough *pt,
                     const struct i2cpt_smbus_transaction *t,
                     struct i2cpt_fault *fault)
{
    if (t->protocol == I2CPT_SMBUS_QUICK ||
        (t->protocol == I2CPT_SMBUS_BYTE && pt->policy.pointer_bytes)) {
        pt_whole_held(pt, t->protocol == I2CPT_SMBUS_BYTE, t->command);
        return 0;
    }
    pt_whole_held(pt, false, 0);
    return i2cpt_fault_text(fault, EACCES,
                            "address 0x%02x: readonly=on, and this writes",
                            t->address);
}

/* A held pointer that is no command: as messages, and so without a PEC. */
static int read_behind(struct i2cpt_adapter *a, uint16_t addr, uint8_t *pointer,
                       uint32_t len, const struct i2cpt_smbus_transaction *t,
                       struct i2cpt_fault *fault)
{
    struct i2cpt_msg msgs[] = {
        {.addr = addr, .len = len, .buf = pointer},
        {.addr = addr, .flags = I2CPT_M_RD, .len = 1, .buf = t->in},
    };
    int ret;

    if (t->flags & I2CPT_CLIENT_PEC) {
        return i2cpt_fault_text(fault, EOPNOTSUPP,
                                "address 0x%02x: readonly=on joins a pointer "
                                "of %u bytes to this read, which has a PEC "
                                "behind a command alone",
                                t->address, len);
    }
    ret = i2cpt_transfer(a, msgs, 2, fault);
    return ret ? ret : 1;
}

static int run_allowed(struct i2cpt_passthrough *pt,
                       const struct i2cpt_smbus_transaction *t, uint16_t addr,
                       struct i2cpt_fault *fault)
{
    struct i2cpt_smbus_transaction joined = *t;
    uint8_t pointer[PT_POINTER_MAX];
    uint32_t len = 0;
    int ret;

    if (pt->policy.readonly && !is_read(pt, t)) {
        return hold_back(pt, t, fault);
    }
    if (t->protocol == I2CPT_SMBUS_BYTE && t->read) {
        len = pt_whole_pointer(pt, pointer);
    }
    if (len == 1) {
        joined.protocol = I2CPT_SMBUS_BYTE_DATA;
        joined.command = pointer[0];
    }
    ret = len > 1 ? read_behind(pt->adapter, addr, pointer, len, t, fault)
                  : run(pt->adapter, addr, &joined, fault);
    pt_whole_sent(pt, ret, bytes_out(t), fault);
    return ret;
}

int i2cpt_passthrough_smbus(struct i2cpt_passthrough *pt,
                            const struct i2cpt_smbus_transaction *t,
                            struct i2cpt_fault *fault)
{
    struct i2cpt_fault own;
    uint16_t addr;
    int ret;

    if (!pt || !t) {
        return i2cpt_fault_null(fault, "pt or t");
    }
    fault = fault ? fault : &own;
    i2cpt_fault_clear(fault);
    if (!i2cpt_size_is_possible(t->size, SIZE_LEAST)) {
        return i2cpt_fault_text(fault, EINVAL,
                                "size %u: accepted is "
                                "sizeof(struct i2cpt_smbus_transaction)",
                                t->size);
    }
    ret = check(t, fault);
    if (ret) {
        return ret;
    }
    ret = pt_whole_begin(pt, t->address, &addr, fault);
    return ret ? ret : run_allowed(pt, t, addr, fault);
}
