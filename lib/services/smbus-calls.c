/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SMBus commands on an adapter: as messages where it has I2CPT_FUNC_I2C, else
 * by the host's own.
 */
#include <errno.h>
#include <string.h>

#include "bus/calls.h"
#include "core/backend.h"
#include "core/fault.h"
#include "core/functionality.h"
#include "smbus/protocols.h"
#include "smbus/smbus-msgs.h"

/* What came back: a command's data without count and PEC. */
struct answer {
    uint8_t data[I2CPT_SMBUS3_BLOCK_MAX];
    size_t n;
};

static int check(const struct i2cpt_adapter *a, const struct smbus_command *c,
                 struct i2cpt_fault *fault)
{
    uint16_t max = c->flags & I2CPT_CLIENT_TEN ? 0x3ff : 0x7f;

    if (!a)
        return i2cpt_fault_null(fault, "a");
    if (c->addr > max)
        return i2cpt_fault_text(fault, EINVAL,
                                "address 0x%02x: accepted is 0x00 to 0x%02x",
                                c->addr, max);
    if (c->flags & ~(I2CPT_CLIENT_PEC | I2CPT_CLIENT_TEN))
        return i2cpt_fault_text(fault, EINVAL,
                                "flags 0x%02x: accepted are 0x%02x and 0x%02x",
                                c->flags, I2CPT_CLIENT_PEC, I2CPT_CLIENT_TEN);
    return 0;
}

static int lacks(const struct i2cpt_adapter *a, uint32_t bits,
                 struct i2cpt_fault *fault)
{
    return i2cpt_fault_text(fault, EOPNOTSUPP, "%s: the adapter lacks %s",
                            i2cpt_adapter_name(a),
                            i2cpt_functionality_name(bits));
}

static int bad_count(const struct smbus_command *c, unsigned count,
                     struct i2cpt_fault *fault)
{
    i2cpt_fault_text(fault, EPROTO,
                     "a block of %u bytes from address 0x%02x; 1 to %u fit",
                     count, c->addr, (unsigned)c->max);
    return -EPROTO;
}

/* ------------------------------------------------------------- as messages */

/* The bits without which plain messages do not make the command. */
static uint32_t message_needs(const struct smbus_command *c)
{
    const struct i2cpt_smbus_protocol_info *p =
        i2cpt_smbus_protocol(c->protocol);
    bool dataless = !(p->shape & I2CPT_SMBUS_COMMAND_WRITE);

    return dataless || smbus_is_counted(c) ? p->read_functionality : 0;
}

static int take_messages(const struct smbus_command *c,
                         const struct i2cpt_smbus_msgs *m, struct answer *in,
                         struct i2cpt_fault *fault)
{
    const struct i2cpt_msg *r = &m->msgs[m->n - 1];
    bool counted = smbus_is_counted(c);
    bool pec = smbus_has_pec(c->protocol, c->flags);

    in->n = 0;
    if (!(r->flags & I2CPT_M_RD) || !r->len)
        return 0;
    uint32_t whole = counted && r->actual ? 1u + r->buf[0] + pec : r->len;
    if (r->actual != whole)
        return i2cpt_fault_text(fault, EPROTO, "%u of %u bytes were read",
                                (unsigned)r->actual, (unsigned)whole);
    if (counted && (!r->buf[0] || r->buf[0] > c->max))
        return bad_count(c, r->buf[0], fault);
    int rc = pec ? smbus_check_pec(m, fault) : 0;
    if (rc)
        return rc;
    in->n = r->actual - pec - counted;
    memcpy(in->data, r->buf + counted, in->n);
    return 0;
}

static int run_messages(struct i2cpt_adapter *a, const struct smbus_command *c,
                        struct answer *in, struct i2cpt_fault *fault)
{
    uint32_t missing = message_needs(c) & ~i2cpt_adapter_functionality(a);
    struct smbus_command wide = *c;
    struct i2cpt_smbus_msgs m;

    if (missing)
        return lacks(a, missing, fault);
    /* A block may be longer than the caller's buffer: the wire comes first. */
    if (smbus_is_counted(c))
        wide.max = I2CPT_SMBUS3_BLOCK_MAX;
    smbus_build(&wide, &m);
    int rc = i2cpt_transfer(a, m.msgs, m.n, fault);
    return rc ? rc : take_messages(c, &m, in, fault);
}

/* ------------------------------------------------------ by native commands */

static bool is_block(unsigned protocol)
{
    return i2cpt_smbus_protocol(protocol)->shape & I2CPT_SMBUS_BLOCK;
}

static int to_call(const struct i2cpt_adapter *a, const struct smbus_command *c,
                   struct i2cpt_smbus_call *call, struct i2cpt_fault *fault)
{
    bool i2c_block = smbus_is_i2c_block(i2cpt_smbus_protocol(c->protocol));
    size_t len = i2c_block && c->read ? c->max : c->len;

    memset(call, 0, sizeof(*call));
    call->addr = c->addr;
    call->flags = c->flags;
    call->read = c->read;
    call->protocol = c->protocol;
    call->command = c->command;
    if (!smbus_has_pec(c->protocol, c->flags))
        call->flags &= (uint16_t)~I2CPT_CLIENT_PEC;
    uint32_t missing = smbus_needs(call) & ~i2cpt_adapter_functionality(a);
    if (missing)
        return lacks(a, missing, fault);
    if (is_block(c->protocol)) {
        if (len > I2CPT_SMBUS_BLOCK_MAX)
            return i2cpt_fault_text(
                fault, EOPNOTSUPP,
                "%s: a block of %zu bytes: above %u the adapter lacks %s",
                i2cpt_adapter_name(a), len, I2CPT_SMBUS_BLOCK_MAX,
                i2cpt_functionality_name(I2CPT_FUNC_I2C));
        call->block[0] = (uint8_t)len;
    }
    if (c->len)
        memcpy(call->block + is_block(c->protocol), c->data, c->len);
    return 0;
}

static int take_call(const struct smbus_command *c,
                     const struct i2cpt_smbus_call *call, struct answer *in,
                     struct i2cpt_fault *fault)
{
    const struct i2cpt_smbus_protocol_info *p =
        i2cpt_smbus_protocol(c->protocol);

    in->n = 0;
    if (!smbus_reads(p, c->read))
        return 0;
    if (p->shape & I2CPT_SMBUS_BLOCK) {
        uint8_t count = call->block[0];

        if (!count || count > c->max || count > I2CPT_SMBUS_BLOCK_MAX)
            return bad_count(c, count, fault);
        in->n = count;
        memcpy(in->data, call->block + 1, count);
    } else {
        in->n = p->read_length;
        memcpy(in->data, call->block, in->n);
    }
    return 0;
}

static int run_native(struct i2cpt_adapter *a, const struct smbus_command *c,
                      struct answer *in, struct i2cpt_fault *fault)
{
    struct i2cpt_smbus_call smbus;
    struct i2cpt_call call = {.op = I2CPT_OP_SMBUS, .smbus = &smbus};
    int rc = to_call(a, c, &smbus, fault);

    if (!rc)
        rc = bus_call_run(a, &call, fault);
    return rc ? rc : take_call(c, &smbus, in, fault);
}

static int run(struct i2cpt_adapter *a, const struct smbus_command *c,
               struct answer *in, struct i2cpt_fault *fault)
{
    struct answer unused;
    int rc;

    i2cpt_fault_clear(fault);
    rc = check(a, c, fault);
    if (rc)
        return rc;
    in = in ? in : &unused;
    return i2cpt_adapter_functionality(a) & I2CPT_FUNC_I2C
               ? run_messages(a, c, in, fault)
               : run_native(a, c, in, fault);
}

/* --------------------------------------------------------------- protocols */

static int run_byte(struct i2cpt_adapter *a, const struct smbus_command *c,
                    struct i2cpt_fault *fault)
{
    struct answer in;
    int rc = run(a, c, &in, fault);

    return rc ? rc : in.data[0];
}

static int run_word(struct i2cpt_adapter *a, const struct smbus_command *c,
                    struct i2cpt_fault *fault)
{
    struct answer in;
    int rc = run(a, c, &in, fault);

    return rc ? rc : in.data[0] | in.data[1] << 8;
}

/* Checks what is common to blocks, runs one, and hands out what was read. */
static int run_block(struct i2cpt_adapter *a, const struct smbus_command *c,
                     uint8_t *buf, struct i2cpt_fault *fault)
{
    struct answer in;
    size_t len = c->read ? c->max : c->len;
    bool reads = smbus_reads(i2cpt_smbus_protocol(c->protocol), c->read);

    if ((c->len && !c->data) || (reads && !buf))
        return i2cpt_fault_null(fault, "a block");
    if (!len || len > I2CPT_SMBUS3_BLOCK_MAX)
        return i2cpt_fault_text(fault, EINVAL,
                                "a block of %zu bytes: accepted is 1 to %u",
                                len, I2CPT_SMBUS3_BLOCK_MAX);
    if (smbus_is_counted(c) && !c->max)
        return i2cpt_fault_text(fault, EINVAL, "no room for the block read");
    int rc = run(a, c, &in, fault);
    if (rc || !buf)
        return rc;
    memcpy(buf, in.data, in.n);
    return (int)in.n;
}

static uint32_t at_most_255(size_t size)
{
    return size < I2CPT_SMBUS3_BLOCK_MAX ? (uint32_t)size
                                         : I2CPT_SMBUS3_BLOCK_MAX;
}

int i2cpt_smbus_quick(struct i2cpt_adapter *a, uint16_t addr, uint16_t flags,
                      int read, struct i2cpt_fault *fault)
{
    struct smbus_command c = {addr, flags, I2CPT_SMBUS_QUICK, read != 0};

    return run(a, &c, NULL, fault);
}

int i2cpt_smbus_receive_byte(struct i2cpt_adapter *a, uint16_t addr,
                             uint16_t flags, struct i2cpt_fault *fault)
{
    struct smbus_command c = {addr, flags, I2CPT_SMBUS_BYTE, true};

    return run_byte(a, &c, fault);
}

int i2cpt_smbus_send_byte(struct i2cpt_adapter *a, uint16_t addr,
                          uint16_t flags, uint8_t value,
                          struct i2cpt_fault *fault)
{
    struct smbus_command c = {addr, flags, I2CPT_SMBUS_BYTE, false, value};

    return run(a, &c, NULL, fault);
}

int i2cpt_smbus_read_byte_data(struct i2cpt_adapter *a, uint16_t addr,
                               uint16_t flags, uint8_t command,
                               struct i2cpt_fault *fault)
{
    struct smbus_command c = {addr, flags, I2CPT_SMBUS_BYTE_DATA, true,
                              command};

    return run_byte(a, &c, fault);
}

int i2cpt_smbus_write_byte_data(struct i2cpt_adapter *a, uint16_t addr,
                                uint16_t flags, uint8_t command, uint8_t value,
                                struct i2cpt_fault *fault)
{
    struct smbus_command c = {
        addr, flags, I2CPT_SMBUS_BYTE_DATA, false, command, &value, 1};

    return run(a, &c, NULL, fault);
}

int i2cpt_smbus_read_word_data(struct i2cpt_adapter *a, uint16_t addr,
                               uint16_t flags, uint8_t command,
                               struct i2cpt_fault *fault)
{
    struct smbus_command c = {addr, flags, I2CPT_SMBUS_WORD_DATA, true,
                              command};

    return run_word(a, &c, fault);
}

int i2cpt_smbus_write_word_data(struct i2cpt_adapter *a, uint16_t addr,
                                uint16_t flags, uint8_t command, uint16_t value,
                                struct i2cpt_fault *fault)
{
    uint8_t word[2] = {(uint8_t)value, (uint8_t)(value >> 8)};
    struct smbus_command c = {
        addr, flags, I2CPT_SMBUS_WORD_DATA, false, command, word, 2};

    return run(a, &c, NULL, fault);
}

int i2cpt_smbus_process_call(struct i2cpt_adapter *a, uint16_t addr,
                             uint16_t flags, uint8_t command, uint16_t value,
                             struct i2cpt_fault *fault)
{
    uint8_t word[2] = {(uint8_t)value, (uint8_t)(value >> 8)};
    struct smbus_command c = {
        addr, flags, I2CPT_SMBUS_PROC_CALL, false, command, word, 2};

    return run_word(a, &c, fault);
}

int i2cpt_smbus_read_block_data(struct i2cpt_adapter *a, uint16_t addr,
                                uint16_t flags, uint8_t command, uint8_t *buf,
                                size_t size, struct i2cpt_fault *fault)
{
    struct smbus_command c = {addr, flags,   I2CPT_SMBUS_BLOCK_DATA,
                              true, command, .max = at_most_255(size)};

    return run_block(a, &c, buf, fault);
}

int i2cpt_smbus_write_block_data(struct i2cpt_adapter *a, uint16_t addr,
                                 uint16_t flags, uint8_t command,
                                 const uint8_t *buf, size_t len,
                                 struct i2cpt_fault *fault)
{
    struct smbus_command c = {
        addr, flags, I2CPT_SMBUS_BLOCK_DATA, false, command, buf, len};

    return run_block(a, &c, NULL, fault);
}

int i2cpt_smbus_block_process_call(struct i2cpt_adapter *a, uint16_t addr,
                                   uint16_t flags, uint8_t command,
                                   const uint8_t *out, size_t len, uint8_t *in,
                                   size_t size, struct i2cpt_fault *fault)
{
    struct smbus_command c = {
        addr, flags, I2CPT_SMBUS_BLOCK_PROC_CALL, false, command,
        out,  len,   .max = at_most_255(size)};

    return run_block(a, &c, in, fault);
}

int i2cpt_smbus_read_i2c_block(struct i2cpt_adapter *a, uint16_t addr,
                               uint16_t flags, uint8_t command, uint8_t *buf,
                               size_t len, struct i2cpt_fault *fault)
{
    struct smbus_command c = {
        addr, flags,   I2CPT_SMBUS_I2C_BLOCK_DATA,
        true, command, .max = (uint32_t)(len > UINT32_MAX ? UINT32_MAX : len)};

    return run_block(a, &c, buf, fault);
}

int i2cpt_smbus_write_i2c_block(struct i2cpt_adapter *a, uint16_t addr,
                                uint16_t flags, uint8_t command,
                                const uint8_t *buf, size_t len,
                                struct i2cpt_fault *fault)
{
    struct smbus_command c = {
        addr, flags, I2CPT_SMBUS_I2C_BLOCK_DATA, false, command, buf, len};

    return run_block(a, &c, NULL, fault);
}
