/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "mpsse-bus-private.h"

/* Of the time that a transfer has, what is kept for bringing a stuck engine and
 * bus back; where it has little, a quarter. */
#define RESCUE_NS 20000000u

static int grow(uint8_t **buf, size_t *size, size_t need)
{
    uint8_t *p;

    if (need <= *size) {
        return 0;
    }
    p = g_try_realloc(*buf, need);
    if (!p) {
        return -ENOMEM;
    }
    *buf = p;
    *size = need;
    return 0;
}

/* --------------------------------------------------------- engine and bus */

static int exchange(struct mpsse_bus *bus, uint64_t deadline_ns)
{
    if (bus->f.failed || grow(&bus->in, &bus->in_size, bus->f.in_len)) {
        return -ENOMEM;
    }
    if (bus->f.in_len) {
        bus->in[0] = PIN_SCL | PIN_SDA_IN; /* if not even that comes */
    }
    return bus->ops->exchange(bus->link, bus->f.out, bus->f.out_len, bus->in,
                              bus->f.in_len, deadline_ns);
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

int mpsse_lines_busy(struct i2cpt_fault *fault, uint8_t pins)
{
    return i2cpt_fault_text(fault, EBUSY,
                            "the bus is stuck: %s stays low (pull-ups, or a "
                            "target without power?)",
                            !(pins & PIN_SCL) ? "SCL" : "SDA");
}

bool mpsse_pins_free(uint8_t pins)
{
    return (pins & PIN_SCL) && (pins & PIN_SDA_IN);
}

/* Look at the lines; when SDA is low, nine clocks and a STOP, and look again.
 * Nothing helps SCL. */
static int free_bus(struct mpsse_bus *bus, uint64_t deadline_ns,
                    struct i2cpt_fault *fault)
{
    unsigned i;
    int ret;

    for (i = 0; i < 2; i++) {
        mpsse_frame_reset(&bus->f);
        if (i) {
            mpsse_recover(&bus->m, &bus->f);
        }
        mpsse_read_pins(&bus->f);
        mpsse_flush(&bus->f);
        ret = exchange(bus, deadline_ns);
        if (ret) {
            return i2cpt_fault_set(fault, -ret, I2CPT_PHASE_UNKNOWN, -1, -1);
        }
        if (mpsse_pins_free(bus->in[0])) {
            return 0;
        }
        if (!(bus->in[0] & PIN_SCL)) {
            break;
        }
    }
    return mpsse_lines_busy(fault, bus->in[0]);
}

static int stop_frame(struct mpsse_bus *bus, uint64_t deadline_ns)
{
    mpsse_frame_reset(&bus->f);
    mpsse_stop(&bus->m, &bus->f);
    mpsse_read_pins(&bus->f); /* so that its end is known */
    mpsse_flush(&bus->f);
    return exchange(bus, deadline_ns);
}

/* The engine hangs, or what it says makes no sense: begin anew, and when SCL is
 * free, tell the targets that it is over. -ENODEV or 0. */
static int rescue(struct mpsse_bus *bus, uint64_t deadline_ns)
{
    int ret = bus->ops->purge(bus->link);

    ret = ret ? ret : synchronise(bus, deadline_ns);
    if (!ret) {
        mpsse_frame_reset(&bus->f);
        mpsse_read_pins(&bus->f);
        mpsse_flush(&bus->f);
        ret = exchange(bus, deadline_ns);
    }
    if (!ret && (bus->in[0] & PIN_SCL)) {
        ret = stop_frame(bus, deadline_ns);
    }
    return ret == -ENODEV ? ret : 0;
}

static uint64_t work_until(uint64_t deadline_ns)
{
    uint64_t now_ns = i2cpt_now_ns();
    uint64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;

    return deadline_ns - MIN(RESCUE_NS, left_ns / 4);
}

/* Send the frame; when something goes wrong, get the engine back at once. */
int mpsse_bus_run(struct mpsse_bus *bus, uint64_t deadline_ns,
                  struct i2cpt_fault *fault)
{
    int ret = exchange(bus, work_until(deadline_ns));
    uint8_t pins = bus->in_size ? bus->in[0] : 0xff;
    bool looked = bus->f.n_pieces && bus->f.pieces[0].kind == MPSSE_PIECE_PINS;

    if (!ret) {
        return 0;
    }
    bus->open = bus->slot_open = bus->reading = false;
    if (ret != -ENODEV && rescue(bus, deadline_ns)) {
        ret = -ENODEV;
    }
    if (ret == -ETIMEDOUT && looked && !(pins & PIN_SCL)) {
        return mpsse_lines_busy(fault, pins); /* it never began */
    }
    return i2cpt_fault_set(fault, -ret, I2CPT_PHASE_UNKNOWN, -1, -1);
}

/* After a fault in a transfer that goes no further. */
static void send_stop(struct mpsse_bus *bus, uint64_t deadline_ns)
{
    if (stop_frame(bus, work_until(deadline_ns))) {
        rescue(bus, deadline_ns);
    }
}

/* ---------------------------------------------------------------- messages */

/* Symbols before the data: ten-bit addresses have two bytes, and reads of
 * them a repeated START with the first one once more (UM10204 3.1.11). */
static uint32_t address_symbols(const struct i2cpt_msg *m)
{
    if (m->flags & I2CPT_M_NOSTART) {
        return 0;
    }
    return !(m->flags & I2CPT_M_TEN) ? 1 : m->flags & I2CPT_M_RD ? 3 : 2;
}

static uint8_t ten_bit_head(uint16_t addr)
{
    return (uint8_t)(0xf0 | (addr >> 7 & 6));
}

/* Symbol `i` of message `m` where it is ours. */
static uint8_t sent_byte(const struct i2cpt_msg *m, uint32_t i)
{
    uint8_t read = m->flags & I2CPT_M_RD ? 1 : 0;
    uint32_t n = address_symbols(m);

    if (i >= n) {
        return m->buf[i - n];
    }
    if (!(m->flags & I2CPT_M_TEN)) {
        return (uint8_t)(m->addr << 1 | read);
    }
    return i == 1 ? (uint8_t)m->addr
                  : (uint8_t)(ten_bit_head(m->addr) | (i == 2));
}

int mpsse_add_message(struct mpsse_bus *bus, const struct i2cpt_msg *m,
                      uint32_t msg)
{
    bool read = m->flags & I2CPT_M_RD, counted = m->flags & I2CPT_M_RECV_LEN;
    uint32_t n_addr = address_symbols(m), n_write, i, first = 0;

    n_write = n_addr + (read ? 0 : m->len);
    if (grow(&bus->tx, &bus->tx_size, n_write)) {
        return -ENOMEM;
    }
    for (i = 0; i < n_addr; i++) {
        bus->tx[i] = sent_byte(m, i);
    }
    if (!read && m->len) {
        memcpy(bus->tx + n_addr, m->buf, m->len);
    }
    if (n_addr == 3) {
        mpsse_symbols(&bus->m, &bus->f, msg, 0, bus->tx, 2, 0, false);
        mpsse_repeated_start(&bus->m, &bus->f);
        first = 2;
    }
    mpsse_symbols(&bus->m, &bus->f, msg, first, bus->tx + first,
                  n_write - first,
                  !read     ? 0
                  : counted ? 1
                            : m->len,
                  !counted);
    return 0;
}

void mpsse_begin_frame(struct mpsse_bus *bus)
{
    mpsse_frame_reset(&bus->f);
    mpsse_read_pins(&bus->f); /* still free? */
    mpsse_start(&bus->m, &bus->f);
}

/* ---------------------------------------------------------------- decoding */

int mpsse_check_sent(const struct i2cpt_msg *m, uint32_t msg, uint32_t index,
                     struct mpsse_symbol s, struct i2cpt_fault *fault)
{
    uint32_t n_addr = address_symbols(m);
    bool address = index < n_addr;
    int phase = address ? I2CPT_PHASE_ADDRESS : I2CPT_PHASE_DATA;
    int byte = address ? -1 : (int)(index - n_addr);
    uint8_t sent = sent_byte(m, index);

    if (sent & ~s.data) {
        return i2cpt_fault_set(fault, EAGAIN, phase, (int)msg, byte);
    }
    if (sent != s.data) {
        i2cpt_fault_text(fault, EPROTO,
                         "SDA reads high while it is driven low: AD1 and AD2 "
                         "must be joined");
        return -EPROTO;
    }
    if (s.nack && !(m->flags & I2CPT_M_IGNORE_NAK)) {
        return i2cpt_fault_set(fault, address ? ENXIO : EIO, phase, (int)msg,
                               byte);
    }
    return 0;
}

static int check_slot(const struct mpsse_piece *p, uint32_t i, int byte,
                      struct mpsse_symbol s, struct i2cpt_fault *fault)
{
    bool nack = p->last_nack && i == p->symbols - 1;

    /* We released it and it is low: another controller reads on. */
    if (nack && !s.nack) {
        return i2cpt_fault_set(fault, EAGAIN, I2CPT_PHASE_DATA, (int)p->msg,
                               byte);
    }
    return 0;
}

static int decode_symbols(struct mpsse_bus *bus, const struct mpsse_piece *p,
                          struct i2cpt_msg *m, struct i2cpt_fault *fault)
{
    uint32_t n_addr = address_symbols(m), i, index;
    struct mpsse_symbol s;
    int ret;

    for (i = 0; i < p->symbols; i++) {
        index = p->first + i;
        s = mpsse_symbol_of(&bus->m, p, bus->in, i);
        if (i < p->written) {
            ret = mpsse_check_sent(m, p->msg, index, s, fault);
        } else {
            m->buf[index - n_addr] = s.data;
            ret = check_slot(p, i, (int)(index - n_addr), s, fault);
        }
        if (ret) {
            return ret;
        }
        if (index >= n_addr) {
            m->actual = index - n_addr + 1;
        }
    }
    return 0;
}

/* The first thing that went wrong in the frame that has just come back. */
static int decode(struct mpsse_bus *bus, struct i2cpt_msg *msgs,
                  struct i2cpt_fault *fault)
{
    const struct mpsse_piece *p;
    size_t i;
    int ret = 0;

    for (i = 0; i < bus->f.n_pieces && !ret; i++) {
        p = &bus->f.pieces[i];
        if (p->kind == MPSSE_PIECE_PINS) {
            ret = mpsse_pins_free(bus->in[p->in_at])
                      ? 0
                      : mpsse_lines_busy(fault, bus->in[p->in_at]);
        } else {
            ret = decode_symbols(bus, p, &msgs[p->msg], fault);
        }
    }
    return ret;
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
    mpsse_symbols(&bus->m, &bus->f, (uint32_t)i, address_symbols(m) + 1, NULL,
                  0, bad ? 1 : left, true);
    if (i + 1 == x->n || bad) {
        mpsse_stop(&bus->m, &bus->f);
    }
    mpsse_flush(&bus->f);
    ret = mpsse_bus_run(bus, x->deadline_ns, x->fault);
    if (ret) {
        return ret;
    }
    if (bad) {
        return i2cpt_fault_set(x->fault, EPROTO, I2CPT_PHASE_DATA, (int)i, 0);
    }
    return decode(bus, x->msgs, x->fault);
}

/* Messages from *i on that go out in one frame; moves *i past them. */
static int one_frame(struct mpsse_bus *bus, struct i2cpt_xfer *x, size_t *i)
{
    struct i2cpt_msg *m;
    uint8_t extra = 0;
    bool stopped;
    int ret;

    mpsse_frame_reset(&bus->f);
    do {
        m = &x->msgs[*i];
        if (!*i) {
            mpsse_begin_frame(bus);
        } else if (!(m->flags & I2CPT_M_NOSTART)) {
            mpsse_repeated_start(&bus->m, &bus->f);
        }
        extra = m->flags & I2CPT_M_RECV_LEN ? m->buf[0] : 0;
        ret = mpsse_add_message(bus, m, (uint32_t)*i);
        if (ret) {
            return i2cpt_fault_set(x->fault, -ret, I2CPT_PHASE_UNKNOWN, -1, -1);
        }
        ++*i;
    } while (bus->batch && *i < x->n && !extra);

    stopped = *i == x->n && !extra;
    if (stopped) {
        mpsse_stop(&bus->m, &bus->f);
    }
    mpsse_flush(&bus->f);
    ret = mpsse_bus_run(bus, x->deadline_ns, x->fault);
    if (ret) {
        return ret;
    }
    ret = decode(bus, x->msgs, x->fault);
    if (!ret && extra) {
        ret = block_rest(bus, x, *i - 1, extra);
        stopped = *i == x->n || ret == -EPROTO;
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
    uint8_t counts[64];
    size_t i, k;
    int ret;

    /* RECV_LEN's buf[0] is overwritten by the attempt that finds the bus
     * stuck: keep the first few. */
    for (k = 0; k < x->n && k < sizeof(counts); k++) {
        counts[k] = x->msgs[k].flags & I2CPT_M_RECV_LEN ? x->msgs[k].buf[0] : 0;
    }
    ret = attempt(bus, x, &i);
    if (ret != -EBUSY || x->n > sizeof(counts)) {
        return ret;
    }
    /* No START was seen on a stuck bus, so it can begin anew once freed. */
    ret = free_bus(bus, x->deadline_ns, x->fault);
    if (ret) {
        return ret;
    }
    for (k = 0; k < x->n; k++) {
        if (counts[k]) {
            x->msgs[k].buf[0] = counts[k];
        }
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
    if (bus) {
        mpsse_frame_clear(&bus->f);
        g_free(bus->in);
        g_free(bus->tx);
        g_free(bus);
    }
}
