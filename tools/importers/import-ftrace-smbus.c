/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMBus commands of ftrace as the messages that SMBus defines them to be, where
 * the adapter does them by itself. Their data are those of Linux's union
 * i2c_smbus_data: a block has its count before it, an I2C block too.
 */
#include <errno.h>
#include <string.h>

#include "importers/import-ftrace-bus.h"

int import_ftrace_smbus_begin(struct ftrace_buses *b, struct ftrace_bus *bus,
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

void import_ftrace_smbus_reply(struct ftrace_bus *bus,
                               const struct ftrace_event *e)
{
    if (bus->command && e->protocol == bus->smbus.protocol) {
        bus->replied = true;
        bus->n_in = e->n;
        if (e->n) {
            memcpy(bus->in, e->bytes, e->n);
        }
    }
}

/* Data with a count before them that only Linux knows. */
static bool is_i2c_block(const struct i2cpt_smbus_protocol_info *p)
{
    return p->shape & I2CPT_SMBUS_BLOCK && !(p->shape & I2CPT_SMBUS_COUNTED);
}

/* What is written: behind the command, how many bytes of `out`, from where.
 * Data that were not printed whole are not known, and that is -1. */
static int written(const struct ftrace_bus *bus, bool read, uint32_t *from)
{
    const struct i2cpt_smbus_protocol_info *p = bus->smbus.protocol;
    int want = (int)p->write_length;

    *from = 0;
    if ((read && !(p->shape & I2CPT_SMBUS_CALL)) || !want) {
        return 0;
    }
    if (p->shape & I2CPT_SMBUS_BLOCK) {
        /* the first of them is the count */
        want = bus->n_out ? bus->out[0] + 1 : 1;
        *from = is_i2c_block(p);
    }
    return want == (int)bus->n_out ? want : -1;
}

/* How many bytes are asked for, without PEC; of blocks with a count, 1. */
static uint32_t asked(const struct ftrace_bus *bus)
{
    const struct i2cpt_smbus_protocol_info *p = bus->smbus.protocol;

    if (p->shape & I2CPT_SMBUS_COUNTED) {
        return 1;
    }
    return is_i2c_block(p) && bus->replied && bus->n_in ? bus->n_in - 1
                                                        : p->read_length;
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
    uint8_t all[sizeof(bus->out) + 2] = {s->command};
    uint32_t from, n = !!(s->protocol->shape & I2CPT_SMBUS_COMMAND_WRITE);
    int want = written(bus, read, &from);

    if (want > 0) {
        memcpy(all + 1, bus->out + from, (uint32_t)want - from);
        n += (uint32_t)want - from;
    }
    struct ftrace_message *m = import_ftrace_add_message(
        bus, s->addr, s->flags & I2CPT_M_TEN, n + has_pec);
    int rc = import_ftrace_keep(b, bus, all, n, n, fault);
    m->n = n;
    if (!rc && has_pec) {
        uint8_t crc = pec(bus, 0, m);
        rc = import_ftrace_keep(b, bus, &crc, 1, 1, fault);
        m->n++;
    }
    return rc;
}

/* `bus->in` has a count before what an I2C block read; nobody sent that. */
static int build_read(struct ftrace_buses *b, struct ftrace_bus *bus,
                      bool has_pec, bool fine, struct i2cpt_fault *fault)
{
    const struct ftrace_event *s = &bus->smbus;
    bool counted = s->protocol->shape & I2CPT_SMBUS_COUNTED;
    uint32_t skip = is_i2c_block(s->protocol) && bus->n_in;
    uint32_t n = bus->n_in - skip, len = asked(bus);
    const struct ftrace_message *before =
        bus->n ? &bus->msgs[bus->n - 1] : NULL;
    struct ftrace_message *m = import_ftrace_add_message(
        bus, s->addr,
        (uint16_t)((s->flags & I2CPT_M_TEN) | I2CPT_M_RD |
                   (counted ? I2CPT_M_RECV_LEN : 0)),
        len + has_pec);
    bool known = bus->replied && (counted ? n == bus->in[0] + 1u : n == len);

    if (!fine) {
        return 0;
    }
    uint32_t all = known ? n : len;
    int rc =
        import_ftrace_keep(b, bus, bus->in + skip, known ? n : 0, all, fault);
    m->n = all;
    if (!rc && has_pec) {
        uint8_t crc = pec(bus, before ? pec(bus, 0, before) : 0, m);
        rc = import_ftrace_keep(b, bus, &crc, known, 1, fault);
        m->n++;
    }
    return rc;
}

static int build(struct ftrace_buses *b, struct ftrace_bus *bus, bool read,
                 bool fine, struct i2cpt_fault *fault)
{
    const struct ftrace_event *s = &bus->smbus;
    uint32_t shape = s->protocol->shape;
    bool call = shape & I2CPT_SMBUS_CALL;
    bool has_pec = shape & I2CPT_SMBUS_PEC && s->flags & FTRACE_CLIENT_PEC;
    int rc = 0;

    bus->n = 0;
    bus->len = 0;
    if (!read || shape & I2CPT_SMBUS_COMMAND_READ) {
        rc = build_write(b, bus, read, has_pec && !read && !call, fault);
    }
    if (!rc && (read || call)) {
        rc = build_read(b, bus, has_pec, fine, fault);
    }
    return rc;
}

int import_ftrace_smbus_end(struct ftrace_buses *b, struct ftrace_bus *bus,
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
    if (!e->protocol || written(bus, e->read, &from) < 0) {
        b->broken++;
        return 0;
    }
    int rc = build(b, bus, e->read, e->result >= 0, fault);
    if (!rc) {
        rc = import_ftrace_emit(b, bus, bus->smbus_stamp_ns,
                                bus->smbus_begin_ns, e->at_ns,
                                e->result < 0 ? -e->result : 0, -1, why, fault);
    }
    bus->n = 0;
    return rc;
}
