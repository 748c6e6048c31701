/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMBus commands of ftrace as the messages that SMBus defines them to be, where
 * the adapter does them by itself. Their data are those of Linux's union
 * i2c_smbus_data: a block has its count before it, an I2C block too.
 */
#include <errno.h>
#include <string.h>

#include "importers/import-ftrace-bus.h"

#define I2C_BLOCK_MAX 32 /* a read of unknown length that failed */

int ftrace_smbus_begin(struct ftrace_buses *b, struct ftrace_bus *bus,
                       const struct ftrace_event *e, const char **why)
{
    b->torn += bus->command;
    bus->command = true;
    bus->made = bus->replied = false;
    bus->smbus = *e;
    bus->smbus_begin_ns = e->at_ns;
    bus->n_out = e->n;
    bus->n_in = 0;
    if (e->n) {
        memcpy(bus->out, e->bytes, e->n);
    }
    if (e->flags & ~(I2CPT_M_TEN | FTRACE_CLIENT_PEC)) {
        *why = "f= has flags that a trace does not have; accepted is TEN (10) "
               "and PEC (4)";
        return -EINVAL;
    }
    return import_stamp(&b->clock, e->at_ns, &bus->smbus_stamp_ns, why);
}

void ftrace_smbus_reply(struct ftrace_bus *bus, const struct ftrace_event *e)
{
    if (bus->command && e->protocol == bus->smbus.protocol) {
        bus->replied = true;
        bus->n_in = e->n;
        if (e->n) {
            memcpy(bus->in, e->bytes, e->n);
        }
    }
}

/* What is written: behind the command, how many bytes of `out`, from where.
 * Data that were not printed whole are not known, and that is -1. */
static int written(const struct ftrace_bus *bus, bool read, uint32_t *from)
{
    int want = 0;

    *from = 0;
    switch (bus->smbus.protocol) {
    case FTRACE_BYTE_DATA:
        want = read ? 0 : 1;
        break;
    case FTRACE_WORD_DATA:
        want = read ? 0 : 2;
        break;
    case FTRACE_PROC_CALL:
        want = 2;
        break;
    case FTRACE_BLOCK_DATA:
    case FTRACE_I2C_BLOCK_DATA:
    case FTRACE_BLOCK_PROC_CALL:
        if (read && bus->smbus.protocol != FTRACE_BLOCK_PROC_CALL) {
            return 0;
        }
        /* the first of them is the count */
        want = bus->n_out ? bus->out[0] + 1 : 1;
        *from = bus->smbus.protocol == FTRACE_I2C_BLOCK_DATA;
        break;
    default:
        return 0;
    }
    return want == (int)bus->n_out ? want : -1;
}

/* How many bytes are asked for, without PEC; of blocks with a count, 1. */
static uint32_t asked(const struct ftrace_bus *bus)
{
    switch (bus->smbus.protocol) {
    case FTRACE_QUICK:
        return 0;
    case FTRACE_WORD_DATA:
    case FTRACE_PROC_CALL:
        return 2;
    case FTRACE_I2C_BLOCK_DATA:
        return bus->replied && bus->n_in ? bus->n_in - 1 : I2C_BLOCK_MAX;
    default:
        return 1;
    }
}

static uint8_t pec(const struct ftrace_bus *bus, uint8_t crc,
                   const struct ftrace_message *m)
{
    uint8_t address = (uint8_t)(m->addr << 1 | (m->flags & I2CPT_M_RD));

    crc = i2cpt_smbus_pec(crc, &address, 1);
    return m->n ? i2cpt_smbus_pec(crc, bus->bytes + m->start, m->n) : crc;
}

static int build_write(struct ftrace_buses *b, struct ftrace_bus *bus,
                       bool read, bool has_pec, struct i2cpt_fault *fault)
{
    const struct ftrace_event *s = &bus->smbus;
    bool quick = s->protocol == FTRACE_QUICK;
    uint8_t all[sizeof(bus->out) + 2] = {s->command};
    uint32_t from, n = quick ? 0 : 1;
    int want = written(bus, read, &from);

    if (want > 0) {
        memcpy(all + 1, bus->out + from, (uint32_t)want - from);
        n += (uint32_t)want - from;
    }
    struct ftrace_message *m =
        ftrace_add_message(bus, s->addr, s->flags & I2CPT_M_TEN, n + has_pec);
    int rc = ftrace_keep(b, bus, all, n, n, fault);
    m->n = n;
    if (!rc && has_pec) {
        uint8_t crc = pec(bus, 0, m);
        rc = ftrace_keep(b, bus, &crc, 1, 1, fault);
        m->n++;
    }
    return rc;
}

/* `bus->in` has a count before what an I2C block read; nobody sent that. */
static int build_read(struct ftrace_buses *b, struct ftrace_bus *bus,
                      bool has_pec, bool fine, struct i2cpt_fault *fault)
{
    const struct ftrace_event *s = &bus->smbus;
    bool counted = s->protocol == FTRACE_BLOCK_DATA ||
                   s->protocol == FTRACE_BLOCK_PROC_CALL;
    uint32_t skip = s->protocol == FTRACE_I2C_BLOCK_DATA && bus->n_in;
    uint32_t n = bus->n_in - skip, len = asked(bus);
    const struct ftrace_message *before =
        bus->n ? &bus->msgs[bus->n - 1] : NULL;
    struct ftrace_message *m =
        ftrace_add_message(bus, s->addr,
                           (uint16_t)((s->flags & I2CPT_M_TEN) | I2CPT_M_RD |
                                      (counted ? I2CPT_M_RECV_LEN : 0)),
                           len + has_pec);
    bool known = bus->replied && (counted ? n == bus->in[0] + 1u : n == len);

    if (!fine) {
        return 0;
    }
    uint32_t all = known ? n : len;
    int rc = ftrace_keep(b, bus, bus->in + skip, known ? n : 0, all, fault);
    m->n = all;
    if (!rc && has_pec) {
        uint8_t crc = pec(bus, before ? pec(bus, 0, before) : 0, m);
        rc = ftrace_keep(b, bus, &crc, known, 1, fault);
        m->n++;
    }
    return rc;
}

static int build(struct ftrace_buses *b, struct ftrace_bus *bus, bool read,
                 bool fine, struct i2cpt_fault *fault)
{
    const struct ftrace_event *s = &bus->smbus;
    bool call = s->protocol == FTRACE_PROC_CALL ||
                s->protocol == FTRACE_BLOCK_PROC_CALL;
    bool bare = s->protocol == FTRACE_QUICK || s->protocol == FTRACE_BYTE;
    bool has_pec = s->flags & FTRACE_CLIENT_PEC &&
                   s->protocol != FTRACE_QUICK &&
                   s->protocol != FTRACE_I2C_BLOCK_DATA;
    int rc = 0;

    bus->n = 0;
    bus->len = 0;
    if (!read || call || !bare) {
        rc = build_write(b, bus, read, has_pec && !read && !call, fault);
    }
    if (!rc && (read || call)) {
        rc = build_read(b, bus, has_pec, fine, fault);
    }
    return rc;
}

int ftrace_smbus_end(struct ftrace_buses *b, struct ftrace_bus *bus,
                     const struct ftrace_event *e, const char **why,
                     struct i2cpt_fault *fault)
{
    bool mine = bus->command && e->protocol == bus->smbus.protocol &&
                e->addr == bus->smbus.addr;
    uint32_t from;

    bus->command = false;
    if (!mine) {
        b->torn++;
        return 0;
    }
    if (bus->made) {
        return 0;
    }
    if (e->protocol == FTRACE_I2C_BLOCK_BROKEN ||
        written(bus, e->read, &from) < 0) {
        b->broken++;
        return 0;
    }
    int rc = build(b, bus, e->read, e->result >= 0, fault);
    if (!rc) {
        rc = ftrace_emit(b, bus, bus->smbus_stamp_ns, bus->smbus_begin_ns,
                         e->at_ns, e->result < 0 ? -e->result : 0, -1, why,
                         fault);
    }
    bus->n = 0;
    return rc;
}
