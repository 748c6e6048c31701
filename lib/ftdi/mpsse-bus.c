/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * I2C transfers by MPSSE over any link: round trips, a stuck bus, a wedged
 * engine.
 */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "core/clock.h"
#include "core/fault.h"
#include "core/recv-len.h"
#include "ftdi/mpsse-bus-private.h"
#include "ftdi/mpsse-codec.h"

/* Of the time that a transfer has, what is kept for bringing a stuck engine and
 * bus back; where it has little, a quarter. */
#define RESCUE_NS 20000000u
/* Of that, what a wedged engine is given before it is reset. */
#define LET_GO_NS 5000000u

/* --------------------------------------------------------- engine and bus */

int mpsse_reserve_reply(struct mpsse_bus *bus)
{
    if (bus->f.failed || mpsse_grow(&bus->in, &bus->in_size, bus->f.in_len)) {
        return -ENOMEM;
    }
    if (bus->f.in_len) {
        bus->in[0] = PIN_SCL | PIN_SDA_IN; /* if not even that comes */
    }
    return 0;
}

static int exchange(struct mpsse_bus *bus, uint64_t deadline_ns)
{
    int ret = mpsse_reserve_reply(bus);

    if (ret) {
        return ret;
    }
    ret = bus->ops->exchange(bus->link, bus->f.out, bus->f.out_len, bus->in,
                             bus->f.in_len, deadline_ns);
    if (!ret) {
        mpsse_tell_looks(bus, mpsse_now_ns(bus));
    }
    return ret;
}

/* A bad opcode comes back as FA and itself when engine and link are in step. */
static int synchronise(struct mpsse_bus *bus, uint64_t deadline_ns)
{
    static const uint8_t opcodes[] = {0xaa, 0xab};
    size_t i;
    int ret;

    for (i = 0; i < sizeof(opcodes); i++) {
        mpsse_frame_reset(&bus->f);
        if (!i) {
            mpsse_adaptive(&bus->f, false); /* lets a wedged engine go */
        }
        mpsse_sync(&bus->f, opcodes[i]);
        ret = exchange(bus, deadline_ns);
        if (ret) {
            return ret;
        }
        if (bus->in[0] != 0xfa || bus->in[1] != opcodes[i]) {
            return -EPROTO;
        }
    }
    mpsse_frame_reset(&bus->f);
    mpsse_setup(&bus->m, &bus->f);
    return exchange(bus, deadline_ns);
}

/* Look at the lines; when SDA is low, nine clocks and a STOP, and look again.
 * Nothing helps SCL. */
static int free_bus(struct mpsse_bus *bus, uint64_t deadline_ns,
                    struct i2cpt_fault *fault)
{
    uint8_t pins = 0;
    unsigned i;
    int ret;

    for (i = 0; i < 2; i++) {
        mpsse_frame_reset(&bus->f);
        if (i) {
            mpsse_recover(&bus->m, &bus->f, 9);
        }
        mpsse_read_pins(&bus->f);
        mpsse_flush(&bus->f);
        ret = exchange(bus, deadline_ns);
        if (ret) {
            return i2cpt_fault_set(fault, -ret, I2CPT_PHASE_UNKNOWN, -1, -1);
        }
        pins = bus->in[bus->f.in_len - 1];
        if (mpsse_pins_free(pins)) {
            return 0;
        }
        if (!(pins & PIN_SCL)) {
            break;
        }
    }
    return mpsse_lines_busy(fault, pins);
}

static int stop_frame(struct mpsse_bus *bus, uint64_t deadline_ns)
{
    mpsse_frame_reset(&bus->f);
    mpsse_stop(&bus->m, &bus->f);
    mpsse_read_pins(&bus->f); /* so that its end is known */
    mpsse_end_frame(bus);
    return exchange(bus, deadline_ns);
}

/* When SCL is free, tell the targets that it is over. */
static int settle(struct mpsse_bus *bus, uint64_t deadline_ns)
{
    int ret;

    mpsse_frame_reset(&bus->f);
    mpsse_read_pins(&bus->f);
    mpsse_flush(&bus->f);
    ret = exchange(bus, deadline_ns);
    if (!ret && (bus->in[0] & PIN_SCL)) {
        ret = stop_frame(bus, deadline_ns);
    }
    return ret;
}

/* The engine waits for a clock that does not come: with what it was given out
 * of its way, adaptive clocking can be switched off. Not where a command may
 * have lost its end: it would take what comes for its data. */
static int let_go(struct mpsse_bus *bus, uint64_t deadline_ns)
{
    uint64_t now_ns = mpsse_now_ns(bus);
    uint64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
    int ret = bus->ops->flush(bus->link);

    ret = ret ? ret : synchronise(bus, now_ns + MIN(left_ns / 4, LET_GO_NS));
    return ret ? ret : settle(bus, deadline_ns);
}

/* The engine hangs, or what it says makes no sense: begin anew. -ENODEV or 0.
 */
int mpsse_bus_rescue(struct mpsse_bus *bus, uint64_t deadline_ns)
{
    int ret = bus->ops->purge(bus->link);

    ret = ret ? ret : synchronise(bus, deadline_ns);
    ret = ret ? ret : settle(bus, deadline_ns);
    bus->astray = ret != 0;
    return ret == -ENODEV ? ret : 0;
}

int mpsse_bus_ready(struct mpsse_bus *bus, uint64_t deadline_ns,
                    struct i2cpt_fault *fault)
{
    int ret = bus->astray ? mpsse_bus_rescue(bus, deadline_ns) : 0;

    if (!ret && !bus->astray) {
        return 0;
    }
    return i2cpt_fault_set(fault, ret ? -ret : ETIMEDOUT, I2CPT_PHASE_UNKNOWN,
                           -1, -1);
}

uint64_t mpsse_now_ns(const struct mpsse_bus *bus)
{
    return bus->ops->now_ns ? bus->ops->now_ns(bus->link) : i2cpt_now_ns();
}

uint64_t mpsse_work_until(const struct mpsse_bus *bus, uint64_t deadline_ns)
{
    uint64_t now_ns = mpsse_now_ns(bus);
    uint64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;

    return deadline_ns - MIN(RESCUE_NS, left_ns / 4);
}

static bool may_let_go(struct mpsse_bus *bus, int error, uint64_t deadline_ns)
{
    return error == -ETIMEDOUT && bus->ops->flush &&
           bus->m.stretching == MPSSE_STRETCH_ADAPTIVE &&
           !let_go(bus, deadline_ns);
}

/* The engine is got back at once. */
int mpsse_bus_failed(struct mpsse_bus *bus, int ret, uint64_t deadline_ns,
                     struct i2cpt_fault *fault)
{
    uint8_t pins = bus->in_size ? bus->in[0] : 0xff;
    bool looked = bus->f.n_pieces && bus->f.pieces[0].kind == MPSSE_PIECE_PINS;

    bus->open = bus->slot_open = bus->reading = false;
    if (ret != -ENODEV && !may_let_go(bus, ret, deadline_ns) &&
        mpsse_bus_rescue(bus, deadline_ns)) {
        ret = -ENODEV;
    }
    if (ret == -ETIMEDOUT && looked && !(pins & PIN_SCL)) {
        return mpsse_lines_busy(fault, pins); /* it never began */
    }
    return i2cpt_fault_set(fault, -ret, I2CPT_PHASE_UNKNOWN, -1, -1);
}

int mpsse_bus_run(struct mpsse_bus *bus, uint64_t deadline_ns,
                  struct i2cpt_fault *fault)
{
    int ret = exchange(bus, mpsse_work_until(bus, deadline_ns));

    return ret ? mpsse_bus_failed(bus, ret, deadline_ns, fault) : 0;
}

int mpsse_bus_look(struct mpsse_bus *bus, uint64_t timeout_ns,
                   struct i2cpt_fault *fault)
{
    uint64_t deadline_ns = mpsse_now_ns(bus) + timeout_ns;
    int ret = mpsse_bus_ready(bus, deadline_ns, fault);
    bool open = bus->open;

    if (ret) {
        return ret;
    }
    mpsse_frame_reset(&bus->f);
    mpsse_end_frame(bus);
    ret = mpsse_bus_run(bus, deadline_ns, fault);
    bus->cut = bus->cut || (ret && open);
    return ret;
}

/* After a fault in a transfer that goes no further. */
static void send_stop(struct mpsse_bus *bus, uint64_t deadline_ns)
{
    if (stop_frame(bus, mpsse_work_until(bus, deadline_ns))) {
        mpsse_bus_rescue(bus, deadline_ns);
    }
}

/* --------------------------------------------------------------- transfers */

/* The count has come and is acknowledged; SCL is low. One more frame. */
static int block_rest(struct mpsse_bus *bus, struct i2cpt_xfer *x, size_t i,
                      uint8_t extra)
{
    struct i2cpt_msg *m = &x->msgs[i];
    uint32_t count = m->buf[0], left = count + extra - 1;
    bool bad = !count || count > m->len - extra;
    int ret;

    mpsse_frame_reset(&bus->f);
    /* A target that has been told ACK must be given a NACK in the end. */
    mpsse_symbols(&bus->m, &bus->f, (uint32_t)i, mpsse_address_symbols(m) + 1,
                  NULL, 0, bad ? 1 : left, true);
    if (i + 1 == x->n || bad) {
        mpsse_stop(&bus->m, &bus->f);
    }
    mpsse_end_frame(bus);
    ret = mpsse_bus_run(bus, x->deadline_ns, x->fault);
    if (ret) {
        return ret;
    }
    if (bad) {
        return i2cpt_fault_set(x->fault, EPROTO, I2CPT_PHASE_DATA, (int)i, 0);
    }
    return mpsse_decode(bus, x->msgs, x->fault);
}

/* A read of no bytes, after which no other reads on. Its target has SDA
 * already, and where its first bit is 0 there is neither STOP nor repeated
 * START. */
static bool ends_in_nothing(const struct i2cpt_xfer *x, size_t i)
{
    const struct i2cpt_msg *m = &x->msgs[i];

    return (m->flags & I2CPT_M_RD) && !m->len &&
           !(m->flags & I2CPT_M_NOSTART) &&
           (i + 1 == x->n || !(x->msgs[i + 1].flags & I2CPT_M_NOSTART));
}

static bool sda_is_held(const struct mpsse_bus *bus)
{
    const struct mpsse_piece *p = &bus->f.pieces[bus->f.n_pieces - 1];

    return p->kind == MPSSE_PIECE_SDA && !(bus->in[p->in_at] & PIN_SDA_IN);
}

/* Clocks its byte out, of which a STOP that came to nothing (`stopped`) has
 * had the first bit, and does not acknowledge it. */
static int clock_byte_out(struct mpsse_bus *bus, struct i2cpt_xfer *x,
                          size_t msg, bool stopped)
{
    const struct mpsse_piece *p;
    int ret;

    mpsse_frame_reset(&bus->f);
    if (stopped) {
        mpsse_recover(&bus->m, &bus->f, 8);
        mpsse_read_sda(&bus->f);
    } else {
        mpsse_symbols(&bus->m, &bus->f, 0, 0, NULL, 0, 1, true);
    }
    mpsse_end_frame(bus);
    ret = mpsse_bus_run(bus, x->deadline_ns, x->fault);
    if (ret) {
        return ret;
    }
    if (sda_is_held(bus)) {
        return i2cpt_fault_text(x->fault, EIO,
                                "SDA stays low after a read of no bytes");
    }
    p = bus->f.pieces;
    return mpsse_has_nack(p)
               ? mpsse_check_nack(mpsse_symbol_of(&bus->m, p, bus->in, 0),
                                  (uint32_t)msg, -1, x->fault)
               : 0;
}

/* Messages from *i on that go out in one frame; moves *i past them. *extra is
 * buf[0] of one whose length is still to come. */
static int next_frame(struct mpsse_bus *bus, const struct i2cpt_xfer *x,
                      size_t *i, uint8_t *extra)
{
    const struct i2cpt_msg *m;
    int ret;

    mpsse_frame_reset(&bus->f);
    do {
        m = &x->msgs[*i];
        if (!*i) {
            mpsse_begin_frame(bus);
        } else if (!(m->flags & I2CPT_M_NOSTART)) {
            mpsse_repeated_start(&bus->m, &bus->f);
        }
        *extra = m->flags & I2CPT_M_RECV_LEN ? m->buf[0] : 0;
        ret = mpsse_add_message(bus, m, (uint32_t)*i);
        if (ret) {
            return ret;
        }
        ++*i;
    } while (bus->batch && *i < x->n && !*extra && !ends_in_nothing(x, *i - 1));
    if (*i == x->n && !*extra) {
        mpsse_stop(&bus->m, &bus->f);
    }
    if (ends_in_nothing(x, *i - 1)) {
        mpsse_read_sda(&bus->f);
    }
    mpsse_end_frame(bus);
    return 0;
}

bool mpsse_whole_frame(struct mpsse_bus *bus, const struct i2cpt_xfer *x)
{
    uint8_t extra = 0;
    size_t i = 0;

    return !ends_in_nothing(x, x->n - 1) && !next_frame(bus, x, &i, &extra) &&
           i == x->n && !extra && !mpsse_reserve_reply(bus);
}

static int one_frame(struct mpsse_bus *bus, struct i2cpt_xfer *x, size_t *i)
{
    uint8_t extra = 0;
    bool stopped;
    int ret = next_frame(bus, x, i, &extra);

    if (ret) {
        return i2cpt_fault_set(x->fault, -ret, I2CPT_PHASE_UNKNOWN, -1, -1);
    }
    stopped = *i == x->n && !extra;
    ret = mpsse_bus_run(bus, x->deadline_ns, x->fault);
    if (ret) {
        return ret;
    }
    ret = mpsse_decode(bus, x->msgs, x->fault);
    if (!ret && extra) {
        ret = block_rest(bus, x, *i - 1, extra);
        stopped = *i == x->n || ret == -EPROTO;
    } else if (!ret && sda_is_held(bus)) {
        ret = clock_byte_out(bus, x, *i - 1, stopped);
        stopped = stopped || ret != -EAGAIN; /* else the link has failed */
    }
    if (ret && !stopped) {
        send_stop(bus, x->deadline_ns);
    }
    return ret;
}

static int attempt(struct mpsse_bus *bus, struct i2cpt_xfer *x, size_t *i)
{
    int ret = 0;

    for (*i = 0; *i < x->n && !ret;) {
        ret = one_frame(bus, x, i);
    }
    return ret;
}

int mpsse_bus_transfer(struct mpsse_bus *bus, struct i2cpt_xfer *x)
{
    uint8_t asked[I2CPT_TRANSFER_MAX];
    size_t i, k;
    int ret = mpsse_bus_ready(bus, x->deadline_ns, x->fault);

    if (ret) {
        return ret;
    }
    /* the attempt that finds the bus stuck has overwritten it */
    i2cpt_recv_len_keep(x->msgs, x->n, asked);
    ret = attempt(bus, x, &i);
    if (ret != -EBUSY) {
        return ret;
    }
    /* No START was seen on a stuck bus, so it can begin anew once freed. */
    ret = free_bus(bus, x->deadline_ns, x->fault);
    if (ret) {
        return ret;
    }
    i2cpt_recv_len_put_back(x->msgs, x->n, asked);
    for (k = 0; k < x->n; k++) {
        x->msgs[k].actual = 0;
    }
    i2cpt_fault_clear(x->fault);
    return attempt(bus, x, &i);
}

/* ------------------------------------------------------------- open, close */

int mpsse_bus_new(const struct mpsse *m, const struct mpsse_link *ops,
                  void *link, bool batch, uint64_t deadline_ns,
                  struct mpsse_bus **out, struct i2cpt_fault *fault)
{
    struct mpsse_bus *bus = g_new0(struct mpsse_bus, 1);
    int ret;

    bus->m = *m;
    bus->ops = ops;
    bus->link = link;
    bus->batch = batch;
    ret = ops->purge(link);
    if (!ret) {
        ret = synchronise(bus, deadline_ns);
    }
    if (ret == -EPROTO) {
        i2cpt_fault_text(fault, EPROTO,
                         "no MPSSE answers on this interface (FT232H, FT2232H "
                         "A and B, FT4232H A and B have one)");
    } else if (ret) {
        i2cpt_fault_set(fault, -ret, I2CPT_PHASE_UNKNOWN, -1, -1);
    } else {
        ret = free_bus(bus, deadline_ns, fault);
    }
    if (ret) {
        mpsse_bus_free(bus);
        return ret;
    }
    *out = bus;
    return 0;
}

void mpsse_bus_free(struct mpsse_bus *bus)
{
    unsigned i;

    if (bus) {
        for (i = 0; i < MPSSE_DEPTH; i++) {
            mpsse_frame_clear(&bus->flights[i].f);
            g_free(bus->flights[i].in);
        }
        mpsse_frame_clear(&bus->f);
        g_free(bus->in);
        g_free(bus->tx);
        g_free(bus);
    }
}
