/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One open file of PROGRAM's: what the kernel's i2c-dev does with it. */
#include <errno.h>
#include <limits.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <string.h>

#include "owner/devfile.h"

/* A replay's mismatch has no number of the kernel's: it is reported by the
 * owner, and to PROGRAM it is a bus that does not work. */
static int64_t kernel_errno(int ret)
{
    return ret == -I2CPT_EMISMATCH ? -EIO : ret;
}

/* An adapter of commands only that has no PEC is asked without, as its driver
 * in the kernel does not look at the flag. */
static uint16_t client_flags(const struct devfile *f)
{
    bool pec = f->pec && i2cpt_adapter_functionality(f->adapter) &
                             (I2CPT_FUNC_I2C | I2CPT_FUNC_SMBUS_PEC);

    return (uint16_t)((f->ten ? I2CPT_CLIENT_TEN : 0) |
                      (pec ? I2CPT_CLIENT_PEC : 0));
}

/* ------------------------------------------------------------ read, write */

static int64_t plain_transfer(struct devfile *f, uint16_t flags, uint8_t *buf,
                              size_t len)
{
    struct i2cpt_msg m = {.addr = f->address,
                          .flags =
                              (uint16_t)(flags | (f->ten ? I2CPT_M_TEN : 0)),
                          .len = (uint32_t)len,
                          .buf = buf};
    int ret;

    if (!(i2cpt_adapter_functionality(f->adapter) & I2CPT_FUNC_I2C)) {
        return -EOPNOTSUPP;
    }
    ret = i2cpt_transfer(f->adapter, &m, 1, NULL);
    return ret ? kernel_errno(ret) : (int64_t)len;
}

static size_t do_read(struct devfile *f, uint64_t count, uint8_t *out,
                      int64_t *result)
{
    size_t len = count < PRELOAD_MSG_MAX ? (size_t)count : PRELOAD_MSG_MAX;

    *result = plain_transfer(f, I2CPT_M_RD, out, len);
    return *result > 0 ? len : 0;
}

static int64_t do_write(struct devfile *f, const uint8_t *data, size_t len)
{
    uint8_t copy[PRELOAD_MSG_MAX];

    len = len < sizeof(copy) ? len : sizeof(copy);
    memcpy(copy, data, len);
    return plain_transfer(f, 0, copy, len);
}

/* ---------------------------------------------------------------- I2C_RDWR */

struct rdwr {
    struct i2cpt_msg msgs[PRELOAD_MSGS_MAX];
    struct preload_msg heads[PRELOAD_MSGS_MAX];
    uint32_t n;
};

static bool carries(const struct preload_msg *m)
{
    return !(m->flags & I2CPT_M_RD) || m->flags & I2CPT_M_RECV_LEN;
}

/* Buffers lie one behind the other in `bytes`, in the order of messages. */
static int64_t take_message(struct rdwr *r, uint32_t i, uint8_t *bytes)
{
    const struct preload_msg *head = &r->heads[i];
    struct i2cpt_msg *m = &r->msgs[i];

    if (head->len > PRELOAD_MSG_MAX) {
        return -EINVAL;
    }
    m->addr = head->addr;
    m->flags = head->flags;
    m->len = head->len;
    m->actual = 0;
    m->buf = bytes;
    if (!(m->flags & I2CPT_M_RECV_LEN)) {
        return 0;
    }
    if (!(m->flags & I2CPT_M_RD) || !m->len || !bytes[0] ||
        m->len < (uint32_t)bytes[0] + I2CPT_SMBUS_BLOCK_MAX) {
        return -EINVAL;
    }
    m->len = (uint32_t)bytes[0] + I2CPT_SMBUS_BLOCK_MAX;
    return 0;
}

/* Reads are put together at the start of `out` for the reply. */
static size_t gather_reads(struct rdwr *r, uint8_t *out)
{
    size_t at = 0;
    uint32_t i;

    for (i = 0; i < r->n; i++) {
        if (r->heads[i].flags & I2CPT_M_RD) {
            memmove(out + at, r->msgs[i].buf, r->heads[i].len);
            at += r->heads[i].len;
        }
    }
    return at;
}

/* The kernel asks of I2C_SLAVE who has an address, and of I2C_RDWR nothing. */
static void claim_messages(struct devfile *f, const struct rdwr *r)
{
    for (uint32_t i = 0; i < r->n; i++) {
        const struct i2cpt_msg *m = &r->msgs[i];

        i2cpt_adapter_claim(
            f->adapter, m->addr,
            (m->flags & I2CPT_M_TEN ? I2CPT_CLIENT_TEN : 0) | I2CPT_CLAIM_FORCE,
            NULL); /* one that cannot be is the transfer's to refuse */
    }
}

static size_t do_rdwr(struct devfile *f, const struct preload_request *request,
                      const uint8_t *data, size_t len, uint8_t *out,
                      int64_t *result)
{
    struct rdwr r = {.n = request->n};
    size_t heads = r.n * sizeof(r.heads[0]), at = heads, used = 0;
    uint32_t i;

    *result = -EINVAL;
    if (!r.n || r.n > PRELOAD_MSGS_MAX || len < heads) {
        return 0;
    }
    memcpy(r.heads, data, heads);
    for (i = 0; i < r.n; i++) {
        size_t carried = carries(&r.heads[i]) ? r.heads[i].len : 0;

        if (carried > len - at || r.heads[i].len > PRELOAD_MSG_MAX) {
            return 0;
        }
        memset(out + used, 0, r.heads[i].len);
        memcpy(out + used, data + at, carried);
        *result = take_message(&r, i, out + used);
        if (*result) {
            return 0;
        }
        at += carried;
        used += r.heads[i].len;
    }
    if (!(i2cpt_adapter_functionality(f->adapter) & I2CPT_FUNC_I2C)) {
        *result = -EOPNOTSUPP;
        return 0;
    }
    claim_messages(f, &r);
    *result = kernel_errno(i2cpt_transfer(f->adapter, r.msgs, r.n, NULL));
    if (*result) {
        return 0;
    }
    *result = r.n;
    return gather_reads(&r, out);
}

/* --------------------------------------------------------------- I2C_SMBUS */

static int word(const uint8_t *block)
{
    return block[0] | block[1] << 8;
}

static int value_to_block(int ret, uint8_t *block)
{
    if (ret >= 0) {
        block[0] = (uint8_t)ret;
        block[1] = (uint8_t)(ret >> 8);
        return 0;
    }
    return ret;
}

static int count_to_block(int ret, uint8_t *block)
{
    if (ret >= 0) {
        block[0] = (uint8_t)ret;
        return 0;
    }
    return ret;
}

static int smbus_read(struct devfile *f, struct preload_smbus *c)
{
    struct i2cpt_adapter *a = f->adapter;
    uint16_t addr = f->address, flags = client_flags(f);

    switch (c->size) {
    case I2C_SMBUS_BYTE:
        return value_to_block(i2cpt_smbus_receive_byte(a, addr, flags, NULL),
                              c->block);
    case I2C_SMBUS_BYTE_DATA:
        return value_to_block(
            i2cpt_smbus_read_byte_data(a, addr, flags, c->command, NULL),
            c->block);
    case I2C_SMBUS_WORD_DATA:
        return value_to_block(
            i2cpt_smbus_read_word_data(a, addr, flags, c->command, NULL),
            c->block);
    case I2C_SMBUS_BLOCK_DATA:
        return count_to_block(i2cpt_smbus_read_block_data(
                                  a, addr, flags, c->command, c->block + 1,
                                  I2CPT_SMBUS_BLOCK_MAX, NULL),
                              c->block);
    default: /* I2C_SMBUS_I2C_BLOCK_DATA */
        return i2cpt_smbus_read_i2c_block(a, addr, flags, c->command,
                                          c->block + 1, c->block[0], NULL);
    }
}

/*
 * A block write of no bytes, which SMBus has not and the kernel sends all the
 * same: the command, of an SMBus block its count, and a PEC.
 */
static int write_empty_block(struct devfile *f, const struct preload_smbus *c)
{
    uint16_t flags = client_flags(f);
    uint8_t bytes[4] = {(uint8_t)(f->address << 1), c->command};
    uint32_t n = c->size == I2C_SMBUS_BLOCK_DATA ? 3 : 2;

    if (!(i2cpt_adapter_functionality(f->adapter) & I2CPT_FUNC_I2C)) {
        return -EINVAL;
    }
    if (flags & I2CPT_CLIENT_PEC && n == 3) {
        bytes[n] = i2cpt_smbus_pec(0, bytes, n);
        n++;
    }
    struct i2cpt_msg msg = {.addr = f->address,
                            .flags = flags & I2CPT_CLIENT_TEN,
                            .len = n - 1,
                            .buf = bytes + 1};
    return i2cpt_transfer(f->adapter, &msg, 1, NULL);
}

static int smbus_write(struct devfile *f, const struct preload_smbus *c)
{
    struct i2cpt_adapter *a = f->adapter;
    uint16_t addr = f->address, flags = client_flags(f);

    switch (c->size) {
    case I2C_SMBUS_BYTE:
        return i2cpt_smbus_send_byte(a, addr, flags, c->command, NULL);
    case I2C_SMBUS_BYTE_DATA:
        return i2cpt_smbus_write_byte_data(a, addr, flags, c->command,
                                           c->block[0], NULL);
    case I2C_SMBUS_WORD_DATA:
        return i2cpt_smbus_write_word_data(a, addr, flags, c->command,
                                           (uint16_t)word(c->block), NULL);
    case I2C_SMBUS_BLOCK_DATA:
        if (!c->block[0]) {
            return write_empty_block(f, c);
        }
        return i2cpt_smbus_write_block_data(a, addr, flags, c->command,
                                            c->block + 1, c->block[0], NULL);
    default: /* I2C_SMBUS_I2C_BLOCK_DATA */
        if (!c->block[0]) {
            return write_empty_block(f, c);
        }
        return i2cpt_smbus_write_i2c_block(a, addr, flags, c->command,
                                           c->block + 1, c->block[0], NULL);
    }
}

static int smbus_call(struct devfile *f, struct preload_smbus *c)
{
    uint16_t flags = client_flags(f);
    uint8_t in[I2CPT_SMBUS_BLOCK_MAX];
    int ret;

    switch (c->size) {
    case I2C_SMBUS_QUICK:
        return i2cpt_smbus_quick(f->adapter, f->address, flags, c->read_write,
                                 NULL);
    case I2C_SMBUS_PROC_CALL:
        return value_to_block(
            i2cpt_smbus_process_call(f->adapter, f->address, flags, c->command,
                                     (uint16_t)word(c->block), NULL),
            c->block);
    case I2C_SMBUS_BLOCK_PROC_CALL:
        ret = i2cpt_smbus_block_process_call(f->adapter, f->address, flags,
                                             c->command, c->block + 1,
                                             c->block[0], in, sizeof(in), NULL);
        if (ret >= 0) {
            memcpy(c->block + 1, in, (size_t)ret);
        }
        return count_to_block(ret, c->block);
    default:
        return c->read_write ? smbus_read(f, c) : smbus_write(f, c);
    }
}

/* Whether block[0] is a count that the program gives. */
static bool gives_count(const struct i2cpt_smbus_protocol_info *p, bool read)
{
    bool told =
        p->shape & I2CPT_SMBUS_COUNTED && !(p->shape & I2CPT_SMBUS_CALL);

    return p->shape & I2CPT_SMBUS_BLOCK && !(read && told);
}

static int64_t do_smbus(struct devfile *f, struct preload_smbus *c)
{
    const struct i2cpt_smbus_protocol_info *p;
    int ret;

    if (c->size == I2C_SMBUS_I2C_BLOCK_BROKEN) { /* what 2.6.22 and older had */
        c->size = I2C_SMBUS_I2C_BLOCK_DATA;
        c->block[0] = c->read_write ? I2CPT_SMBUS_BLOCK_MAX : c->block[0];
    }
    p = i2cpt_smbus_protocol(c->size);
    if (!p || c->read_write > 1) {
        return -EINVAL;
    }
    if ((c->read_write ? p->read_length : p->write_length) && !c->has_data) {
        return -EINVAL;
    }
    if (gives_count(p, c->read_write) && c->block[0] > I2CPT_SMBUS_BLOCK_MAX) {
        return -EINVAL;
    }
    ret = smbus_call(f, c);
    return ret < 0 ? kernel_errno(ret) : 0;
}

/* ------------------------------------------------------------------ ioctls */

static int64_t set_address(struct devfile *f, uint64_t address, bool force)
{
    uint16_t flags = (uint16_t)((f->ten ? I2CPT_CLIENT_TEN : 0) |
                                (force ? I2CPT_CLAIM_FORCE : 0));
    int ret;

    if (address > 0x3ff || (!f->ten && address > 0x7f)) {
        return -EINVAL;
    }
    ret = i2cpt_adapter_claim(f->adapter, (uint16_t)address, flags, NULL);
    if (!ret) {
        f->address = (uint16_t)address;
    }
    return ret;
}

static size_t do_ioctl(struct devfile *f, const struct preload_request *request,
                       const uint8_t *data, size_t len, uint8_t *out,
                       int64_t *result)
{
    struct preload_smbus smbus;
    uint64_t functionality;

    *result = 0;
    switch (request->request) {
    case I2C_SLAVE:
    case I2C_SLAVE_FORCE:
        *result =
            set_address(f, request->arg, request->request == I2C_SLAVE_FORCE);
        return 0;
    case I2C_TENBIT:
        f->ten = request->arg != 0;
        return 0;
    case I2C_PEC:
        f->pec = request->arg != 0;
        return 0;
    case I2C_RETRIES: /* the adapter's own keys say these */
    case I2C_TIMEOUT:
        *result = request->arg > INT_MAX ? -EINVAL : 0;
        return 0;
    case I2C_FUNCS:
        functionality = i2cpt_adapter_functionality(f->adapter);
        memcpy(out, &functionality, sizeof(functionality));
        return sizeof(functionality);
    case I2C_RDWR:
        return do_rdwr(f, request, data, len, out, result);
    case I2C_SMBUS:
        if (len != sizeof(smbus)) {
            *result = -EINVAL;
            return 0;
        }
        memcpy(&smbus, data, sizeof(smbus));
        *result = do_smbus(f, &smbus);
        memcpy(out, &smbus, sizeof(smbus));
        return *result ? 0 : sizeof(smbus);
    default:
        *result = -ENOTTY;
        return 0;
    }
}

size_t owner_devfile_handle(struct devfile *f, const uint8_t *packet,
                            size_t len, uint8_t *out)
{
    struct preload_request request;
    struct preload_reply reply = {.result = -EINVAL};
    uint8_t *answer = out + sizeof(reply);
    size_t n = 0;

    if (len >= sizeof(request)) {
        memcpy(&request, packet, sizeof(request));
        packet += sizeof(request);
        len -= sizeof(request);
        switch (request.op) {
        case PRELOAD_IOCTL:
            n = do_ioctl(f, &request, packet, len, answer, &reply.result);
            break;
        case PRELOAD_READ:
            n = do_read(f, request.arg, answer, &reply.result);
            break;
        case PRELOAD_WRITE:
            reply.result = do_write(f, packet, len);
            break;
        }
    }
    memcpy(out, &reply, sizeof(reply));
    return sizeof(reply) + n;
}
