/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages as symbols of a frame, and what came back for them. */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "core/fault.h"
#include "ftdi/mpsse-bus-private.h"
#include "ftdi/mpsse-codec.h"

/* ---------------------------------------------------------------- messages */

/* Symbols before the data: ten-bit addresses have two bytes, and reads of
 * them a repeated START with the first one once more (UM10204 3.1.11). */
uint32_t mpsse_address_symbols(const struct i2cpt_msg *m)
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
    uint32_t n = mpsse_address_symbols(m);

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
    uint32_t n_addr = mpsse_address_symbols(m), n_write, i, first = 0;

    n_write = n_addr + (read ? 0 : m->len);
    if (mpsse_grow(&bus->tx, &bus->tx_size, n_write)) {
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
    if (bus->n_flights) {
        mpsse_stay_free(&bus->m, &bus->f);
    }
    mpsse_read_pins(&bus->f); /* still free? */
    mpsse_start(&bus->m, &bus->f);
}

/* ---------------------------------------------------------------- decoding */

int mpsse_check_sent(const struct i2cpt_msg *m, uint32_t msg, uint32_t index,
                     struct mpsse_symbol s, struct i2cpt_fault *fault)
{
    uint32_t n_addr = mpsse_address_symbols(m);
    bool address = index < n_addr;
    int phase = address ? I2CPT_PHASE_ADDRESS : I2CPT_PHASE_DATA;
    int byte = address ? -1 : (int)(index - n_addr);
    uint8_t sent = sent_byte(m, index);

    if (s.unseen) {
        s.data = sent;
    }
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

bool mpsse_has_nack(const struct mpsse_piece *p)
{
    return p->last_nack && p->symbols > p->written;
}

int mpsse_check_nack(struct mpsse_symbol s, uint32_t msg, int byte,
                     struct i2cpt_fault *fault)
{
    /* We released it and it is low: another controller reads on. */
    return s.nack ? 0
                  : i2cpt_fault_set(fault, EAGAIN, I2CPT_PHASE_DATA, (int)msg,
                                    byte);
}

static int decode_symbols(struct mpsse_bus *bus, const struct mpsse_piece *p,
                          struct i2cpt_msg *m, struct i2cpt_fault *fault)
{
    uint32_t n_addr = mpsse_address_symbols(m), i, index;
    struct mpsse_symbol s;
    int ret;

    for (i = 0; i < p->symbols; i++) {
        index = p->first + i;
        s = mpsse_symbol_of(&bus->m, p, bus->in, i);
        if (i < p->written) {
            ret = mpsse_check_sent(m, p->msg, index, s, fault);
        } else {
            m->buf[index - n_addr] = s.data;
            ret =
                mpsse_has_nack(p) && i == p->symbols - 1
                    ? mpsse_check_nack(s, p->msg, (int)(index - n_addr), fault)
                    : 0;
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

int mpsse_decode(struct mpsse_bus *bus, struct i2cpt_msg *msgs,
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
        } else if (p->kind != MPSSE_PIECE_SDA) {
            ret = decode_symbols(bus, p, &msgs[p->msg], fault);
        }
    }
    return ret;
}
