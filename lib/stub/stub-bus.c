/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The stub's wire: one place where START, bytes and STOP reach a chip, for
 * transfers, SMBus commands and streams alike, and where faults and delays are
 * put in between.
 */
#include <errno.h>
#include <string.h>

#include <glib.h>

#include "core/clock.h"
#include "core/fault.h"
#include "core/functionality.h"
#include "smbus/protocols.h"
#include "smbus/smbus-msgs.h"
#include "stub/stub.h"

/* A fault at a byte (-1: the address) of the open message. */
static int fail(struct stub_bus *bus, int code, int byte,
                struct i2cpt_fault *fault)
{
    int phase = byte < 0 ? I2CPT_PHASE_ADDRESS : I2CPT_PHASE_DATA;

    if (!bus->hidden)
        return i2cpt_fault_set(fault, code, phase, bus->msg, byte);
    if (code == ENXIO || code == EIO)
        code = EREMOTEIO;
    return i2cpt_fault_set(fault, code, I2CPT_PHASE_UNKNOWN, -1, -1);
}

static int fail_here(struct stub_bus *bus, int code, struct i2cpt_fault *fault)
{
    return fail(bus, code, bus->byte - bus->first_byte, fault);
}

/* -ETIMEDOUT where the deadline comes first. */
static int sleep_us(uint64_t us, uint64_t deadline_ns)
{
    uint64_t until =
        us == STUB_ALWAYS ? deadline_ns : i2cpt_now_ns() + us * 1000;
    bool late = until >= deadline_ns;

    i2cpt_sleep_until(late ? deadline_ns : until);
    return late ? -ETIMEDOUT : 0;
}

/* What happens before the chip sees this address (at -1) or byte; the code of
 * a fault, positive, or 0. */
static int script(struct stub_bus *bus, struct stub_chip *chip, bool first,
                  int at, uint64_t deadline_ns)
{
    uint64_t us = bus->byte_us + (uint64_t)(first ? bus->transfer_us : 0);
    const struct stub_event *e = NULL;

    if (at < 0 && bus->lost_left) {
        bus->lost_left--;
        return EAGAIN;
    }
    if (chip) {
        us += chip->byte_us + (uint64_t)(first ? chip->transfer_us : 0);
        e = stub_chip_event(chip, at, bus->read);
    }
    if (e && e->what == STUB_STRETCH)
        us += e->stretch_us;
    if (e && e->what == STUB_HANG)
        us = STUB_ALWAYS;
    if (us && sleep_us(us, deadline_ns))
        return ETIMEDOUT;
    switch (e ? e->what : STUB_STRETCH) {
    case STUB_NACK:
        return at < 0 ? ENXIO : EIO;
    case STUB_ARBITRATION_LOST:
        return EAGAIN;
    case STUB_UNPLUG:
        return ENODEV;
    default:
        return 0;
    }
}

static int start(struct stub_bus *bus, uint16_t addr, uint16_t flags,
                 uint64_t deadline_ns, struct i2cpt_fault *fault)
{
    struct stub_chip *chip =
        stub_chips_find(&bus->chips, addr, flags & I2CPT_M_TEN);
    struct stub_chip *before = bus->open ? bus->chip : NULL;
    bool first = !bus->open;
    int code = 0;

    if (before && before->kind->end)
        before->kind->end(before, false);
    bus->chip = NULL;
    bus->open = true;
    bus->read = flags & I2CPT_M_RD;
    if (flags & I2CPT_M_REV_DIR_ADDR)
        bus->read = !bus->read;
    bus->byte = bus->first_byte = 0;
    if (first && bus->transfers_left != STUB_ALWAYS && !bus->transfers_left--)
        return fail(bus, ENODEV, -1, fault);
    if (chip)
        chip->counts.starts++;
    if (bus->scripted)
        code = script(bus, chip, first, -1, deadline_ns);
    if (!code && (!chip || !chip->kind->start(chip, bus->read, chip == before)))
        code = ENXIO;
    if (code) {
        if (chip && code == ENXIO)
            chip->counts.nacks++;
        return fail(bus, code, -1, fault);
    }
    bus->chip = chip;
    return 0;
}

static int write_byte(struct stub_bus *bus, uint8_t byte, uint64_t deadline_ns,
                      struct i2cpt_fault *fault)
{
    struct stub_chip *chip = bus->chip;

    if (bus->scripted) {
        int code = script(bus, chip, false, bus->byte, deadline_ns);
        if (code)
            return fail_here(bus, code, fault);
    }
    if (!chip || bus->read || !chip->kind->write(chip, byte))
        return fail_here(bus, EIO, fault);
    chip->counts.written++;
    bus->byte++;
    return 0;
}

static int read_byte(struct stub_bus *bus, uint8_t *byte, uint64_t deadline_ns,
                     struct i2cpt_fault *fault)
{
    struct stub_chip *chip = bus->chip;

    if (bus->scripted) {
        int code = script(bus, chip, false, bus->byte, deadline_ns);
        if (code)
            return fail_here(bus, code, fault);
    }
    bus->byte++;
    if (!chip || !bus->read) { /* nobody drives SDA */
        *byte = 0xff;
        return 0;
    }
    *byte = chip->kind->read(chip);
    chip->counts.read++;
    return 0;
}

static void stop(struct stub_bus *bus)
{
    if (bus->open && bus->chip && bus->chip->kind->end)
        bus->chip->kind->end(bus->chip, true);
    bus->chip = NULL;
    bus->open = false;
    bus->unread = false;
}

/* ------------------------------------------------------------- transfers */

static int lacks(uint32_t bit, struct i2cpt_fault *fault)
{
    return i2cpt_fault_text(fault, EOPNOTSUPP, "the adapter lacks %s",
                            i2cpt_functionality_name(bit));
}

/* Most bytes go to a chip that is there and has no script: straight on. They
 * are counted together. */
static void write_plain(struct stub_bus *bus, struct i2cpt_msg *m)
{
    struct stub_chip *chip = bus->chip;
    uint32_t i = 0;

    while (i < m->len && chip->kind->write(chip, m->buf[i]))
        i++;
    m->actual = i;
    chip->counts.written += i;
    bus->byte += (int)i;
}

static void read_plain(struct stub_bus *bus, struct i2cpt_msg *m, uint32_t len)
{
    struct stub_chip *chip = bus->chip;
    uint32_t i = m->actual;

    chip->counts.read += len - i;
    bus->byte += (int)(len - i);
    while (i < len)
        m->buf[i++] = chip->kind->read(chip);
    m->actual = len;
}

static int write_msg(struct stub_bus *bus, struct i2cpt_msg *m,
                     const struct i2cpt_xfer *x)
{
    if (!bus->scripted && bus->chip && !bus->read) {
        write_plain(bus, m);
        if (m->actual == m->len)
            return 0;
        if (!(m->flags & I2CPT_M_IGNORE_NAK))
            return fail_here(bus, EIO, x->fault);
        bus->byte++;
        m->actual++;
    }
    while (m->actual < m->len) {
        int rc = write_byte(bus, m->buf[m->actual], x->deadline_ns, x->fault);
        if (rc) {
            bool nack = rc == -EIO || rc == -EREMOTEIO;
            if (!nack || !(m->flags & I2CPT_M_IGNORE_NAK))
                return rc;
            i2cpt_fault_clear(x->fault);
            bus->byte++;
        }
        m->actual++;
    }
    return 0;
}

static int read_msg(struct stub_bus *bus, struct i2cpt_msg *m, uint32_t len,
                    const struct i2cpt_xfer *x)
{
    if (!bus->scripted && bus->chip && bus->read) {
        read_plain(bus, m, len);
        return 0;
    }
    while (m->actual < len) {
        int rc = read_byte(bus, &m->buf[m->actual], x->deadline_ns, x->fault);
        if (rc)
            return rc;
        m->actual++;
    }
    return 0;
}

/* The count comes first. buf[0] says what comes besides the block, and has to
 * say so again in a retry: put it back where the read fails. */
static int read_block(struct stub_bus *bus, struct i2cpt_msg *m,
                      const struct i2cpt_xfer *x)
{
    uint8_t extra = m->buf[0];
    uint32_t max = MIN(m->len - extra, I2CPT_SMBUS3_BLOCK_MAX);
    int rc = read_msg(bus, m, 1, x);

    if (!rc && (!m->buf[0] || m->buf[0] > max)) {
        rc = fail(bus, EPROTO, 0, x->fault);
        m->actual = 0;
    }
    if (!rc)
        rc = read_msg(bus, m, m->buf[0] + extra, x);
    if (rc)
        m->buf[0] = extra;
    return rc;
}

static int message(struct stub_bus *bus, struct i2cpt_msg *m,
                   const struct i2cpt_xfer *x)
{
    int rc = 0;

    m->actual = 0;
    if (m->flags & I2CPT_M_NOSTART)
        bus->first_byte = bus->byte;
    else
        rc = start(bus, m->addr, m->flags, x->deadline_ns, x->fault);
    if ((rc == -ENXIO || rc == -EREMOTEIO) && m->flags & I2CPT_M_IGNORE_NAK) {
        i2cpt_fault_clear(x->fault);
        rc = 0;
    }
    if (rc)
        return rc;
    if (m->flags & I2CPT_M_RECV_LEN)
        return read_block(bus, m, x);
    return m->flags & I2CPT_M_RD ? read_msg(bus, m, m->len, x)
                                 : write_msg(bus, m, x);
}

/* What bits of functionality cover and bus.c leaves to the host to refuse. */
static int check(const struct stub_bus *bus, const struct i2cpt_xfer *x)
{
    uint32_t func = bus->functionality;
    uint32_t block =
        I2CPT_FUNC_SMBUS_READ_BLOCK_DATA | I2CPT_FUNC_SMBUS_BLOCK_PROC_CALL;

    for (size_t i = 0; i < x->n; i++) {
        const struct i2cpt_msg *m = &x->msgs[i];

        if (!m->len && !(func & I2CPT_FUNC_SMBUS_QUICK))
            return lacks(I2CPT_FUNC_SMBUS_QUICK, x->fault);
        if (m->flags & I2CPT_M_RECV_LEN && !(func & block))
            return lacks(I2CPT_FUNC_SMBUS_READ_BLOCK_DATA, x->fault);
    }
    return 0;
}

int stub_bus_transfer(struct stub_bus *bus, struct i2cpt_xfer *x)
{
    int rc = check(bus, x);

    for (size_t i = 0; !rc && i < x->n; i++) {
        bus->msg = (int)i;
        rc = message(bus, &x->msgs[i], x);
        if (x->msgs[i].flags & I2CPT_M_STOP)
            stop(bus);
    }
    stop(bus);
    return rc;
}

/* What the command is on the wire; so a chip cannot tell the two apart. */
int stub_bus_smbus(struct stub_bus *bus, struct i2cpt_smbus_call *call,
                   uint64_t deadline_ns, struct i2cpt_fault *fault)
{
    struct i2cpt_smbus_msgs m;
    uint32_t missing = smbus_needs(call) & ~bus->functionality;

    if (missing)
        return lacks(missing, fault);
    smbus_to_msgs(call, &m);
    struct i2cpt_xfer x = {
        .msgs = m.msgs, .n = m.n, .deadline_ns = deadline_ns, .fault = fault};
    int rc = stub_bus_transfer(bus, &x);
    return rc ? rc : smbus_from_msgs(call, &m, fault);
}

/* --------------------------------------------------------------- streams */

/* A read that is ended with no byte taken clocks one: the chip has begun to
 * drive SDA and would not see a STOP. */
static void finish_read(struct stub_bus *bus, uint64_t deadline_ns)
{
    uint8_t byte;

    if (bus->unread)
        read_byte(bus, &byte, deadline_ns, NULL);
    bus->unread = false;
}

int stub_bus_stream_start(struct stub_bus *bus, uint16_t addr, uint16_t flags,
                          uint64_t deadline_ns, struct i2cpt_fault *fault)
{
    finish_read(bus, deadline_ns);
    bus->msg = bus->open ? bus->msg + 1 : 0;
    int rc = start(bus, addr, flags, deadline_ns, fault);
    bus->unread = !rc && bus->read;
    return rc;
}

int stub_bus_stream_write(struct stub_bus *bus, uint8_t byte,
                          uint64_t deadline_ns, struct i2cpt_fault *fault)
{
    return write_byte(bus, byte, deadline_ns, fault);
}

int stub_bus_stream_read(struct stub_bus *bus, uint8_t *byte,
                         uint64_t deadline_ns, struct i2cpt_fault *fault)
{
    bus->unread = false;
    return read_byte(bus, byte, deadline_ns, fault);
}

int stub_bus_stream_stop(struct stub_bus *bus, uint64_t deadline_ns,
                         struct i2cpt_fault *fault)
{
    finish_read(bus, deadline_ns);
    stop(bus);
    return 0;
}
