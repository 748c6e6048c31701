/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Transfers that are on their way while earlier ones are on the wire. */
#include <errno.h>
#include <glib.h>

#include "core/fault.h"
#include "ftdi/mpsse-bus-private.h"
#include "ftdi/mpsse-codec.h"

/* What a transfer may take beyond twice its time on the wire: USB, and the
 * host's own business. */
#define SLACK_NS 10000000u

/* The chip's buffer for replies: what is under way fits into it. */
static const size_t reply_fifo[] = {
    [MPSSE_FT232H] = 1024,
    [MPSSE_FT2232H] = 4096,
    [MPSSE_FT4232H] = 2048,
};

static struct mpsse_flight *flight(struct mpsse_bus *bus, unsigned i)
{
    return &bus->flights[(bus->first_flight + i) % MPSSE_DEPTH];
}

/* The frame and reply of a flight are worked on as the bus's own. */
static void change_places(struct mpsse_bus *bus, struct mpsse_flight *fl)
{
    struct mpsse_frame f = bus->f;
    uint8_t *in = bus->in;
    size_t in_size = bus->in_size;

    bus->f = fl->f;
    bus->in = fl->in;
    bus->in_size = fl->in_size;
    fl->f = f;
    fl->in = in;
    fl->in_size = in_size;
}

/* An engine that can be made to wait could hold up what is not concerned. */
static bool can_pipeline(struct mpsse_bus *bus)
{
    unsigned i;

    if (!bus->ops->send || bus->m.stretching != MPSSE_STRETCH_OFF ||
        bus->open || bus->astray || bus->n_flights == MPSSE_DEPTH) {
        return false;
    }
    for (i = 0; i < bus->n_flights; i++) {
        if (flight(bus, i)->state != MPSSE_SENT || flight(bus, i)->error) {
            return false;
        }
    }
    return true;
}

/* bus->f behind the others: room in the chip, and time to come back in. */
static bool fits(struct mpsse_bus *bus, uint64_t wire_ns, uint64_t deadline_ns)
{
    size_t in_len = bus->f.in_len;
    unsigned i;

    for (i = 0; i < bus->n_flights; i++) {
        in_len += flight(bus, i)->f.in_len;
        wire_ns += flight(bus, i)->wire_ns;
    }
    return (!bus->n_flights || in_len <= reply_fifo[bus->m.chip]) &&
           mpsse_now_ns(bus) + 2 * wire_ns + SLACK_NS <=
               mpsse_work_until(bus, deadline_ns);
}

bool mpsse_bus_begin(struct mpsse_bus *bus, struct i2cpt_xfer *x)
{
    struct mpsse_flight *fl = flight(bus, bus->n_flights);
    uint64_t wire_ns;

    if (!can_pipeline(bus) || !mpsse_whole_frame(bus, x)) {
        return false;
    }
    /* packed, a bit is a bit; else this is too long */
    wire_ns = (bus->f.in_len + 1) * 8 * (uint64_t)1000000000 / bus->m.scl_hz;
    if (!fits(bus, wire_ns, x->deadline_ns)) {
        return false;
    }
    change_places(bus, fl);
    bus->n_flights++;
    fl->state = MPSSE_SENT;
    fl->wire_ns = wire_ns;
    fl->error = bus->ops->send(bus->link, fl->f.out, fl->f.out_len, fl->in,
                               fl->f.in_len);
    return true;
}

static void lose_all_behind(struct mpsse_bus *bus)
{
    unsigned i;

    for (i = 0; i < bus->n_flights; i++) {
        flight(bus, i)->state = MPSSE_LOST;
    }
}

static int lost(const struct mpsse_bus *bus, const struct i2cpt_xfer *x)
{
    if (mpsse_now_ns(bus) >= x->deadline_ns) {
        return i2cpt_fault_set(x->fault, ETIMEDOUT, I2CPT_PHASE_UNKNOWN, -1,
                               -1);
    }
    return i2cpt_fault_text(x->fault, EIO,
                            "the adapter was reset after an earlier transfer's "
                            "fault; this one may have been on the wire");
}

/* Before anything goes out that looks again. */
static void tell_looks_of(struct mpsse_bus *bus, struct mpsse_flight *fl)
{
    change_places(bus, fl);
    mpsse_tell_looks(bus, mpsse_now_ns(bus));
    change_places(bus, fl);
}

/* Replies of those behind, without looking at what they say of the bus. */
static int receive_all(struct mpsse_bus *bus, uint64_t deadline_ns)
{
    unsigned i;
    int ret = 0;

    for (i = 0; i < bus->n_flights && !ret; i++) {
        struct mpsse_flight *fl = flight(bus, i);

        if (fl->state == MPSSE_SENT) {
            ret = fl->error
                      ? fl->error
                      : bus->ops->receive(bus->link,
                                          mpsse_work_until(bus, deadline_ns));
            fl->state = ret ? MPSSE_LOST : MPSSE_RECEIVED;
            if (!ret) {
                tell_looks_of(bus, fl);
            }
        }
    }
    for (; ret && i < bus->n_flights; i++) {
        flight(bus, i)->state = MPSSE_LOST;
    }
    return ret;
}

/*
 * `x` met a stuck bus, so it can begin anew once that is freed; but not after
 * one behind it, which may have found the bus free again. Where all are stuck
 * they come here one by one, and go out once more in their order.
 */
static int stuck(struct mpsse_bus *bus, struct i2cpt_xfer *x)
{
    bool all = true;
    unsigned i;
    size_t k;
    int ret = receive_all(bus, x->deadline_ns);

    if (ret) {
        return ret == -ENODEV || mpsse_bus_rescue(bus, x->deadline_ns)
                   ? i2cpt_fault_set(x->fault, ENODEV, I2CPT_PHASE_UNKNOWN, -1,
                                     -1)
                   : -EBUSY;
    }
    for (i = 0; i < bus->n_flights; i++) {
        all = all && !mpsse_pins_free(flight(bus, i)->in[0]);
    }
    if (!all) {
        return -EBUSY;
    }
    i2cpt_fault_clear(x->fault);
    for (k = 0; k < x->n; k++) {
        x->msgs[k].actual = 0;
    }
    return mpsse_bus_transfer(bus, x);
}

int mpsse_bus_collect(struct mpsse_bus *bus, struct i2cpt_xfer *x)
{
    struct mpsse_flight *fl = flight(bus, 0);
    int ret = fl->error;

    change_places(bus, fl);
    bus->first_flight = (bus->first_flight + 1) % MPSSE_DEPTH;
    bus->n_flights--;
    if (fl->state == MPSSE_LOST) {
        return lost(bus, x);
    }
    if (!ret && fl->state == MPSSE_SENT) {
        ret =
            bus->ops->receive(bus->link, mpsse_work_until(bus, x->deadline_ns));
    }
    if (ret) {
        lose_all_behind(bus);
        return mpsse_bus_failed(bus, ret, x->deadline_ns, x->fault);
    }
    if (fl->state == MPSSE_SENT) {
        mpsse_tell_looks(bus, mpsse_now_ns(bus));
    }
    ret = mpsse_decode(bus, x->msgs, x->fault);
    return ret == -EBUSY ? stuck(bus, x) : ret;
}
