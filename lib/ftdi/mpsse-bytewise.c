/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each byte and its slot as commands of their own; single bytes for stream
 * mode, whatever the encoding. */
#include <glib.h>
#include <stdbool.h>

#include "ftdi/mpsse-codec.h"

/* SCL is low by the pin that waits for it: so, with shifted edges, the engine
 * can make time, its clock's own pin being an input. */
static void wait_low(const struct mpsse *m, struct mpsse_frame *f, bool sda)
{
    uint32_t sets = m->edges == MPSSE_SET_BITS ? m->sets.low : 1;

    while (sets--) {
        PUT(f, OP_SET_LOW, 0, (uint8_t)(PIN_WAIT | (sda ? 0 : PIN_SDA)));
    }
    if (m->edges == MPSSE_SHIFTED) {
        mpsse_delay(m, f);
    }
}

/* With stretching by GPIO a bit that a target may hold up is clocked by hand:
 * released, waited for, sampled by reading the pins. One reply byte. */
static void manual_bit(const struct mpsse *m, struct mpsse_frame *f, bool one)
{
    wait_low(m, f, one);
    mpsse_set_pins(m, f, true, one);
    mpsse_wait_scl(m, f);
    if (m->edges == MPSSE_SET_BITS) {
        mpsse_hold(m, f, true, one, m->sets.high);
    } else {
        mpsse_delay(m, f);
    }
    PUT(f, OP_READ_LOW);
    wait_low(m, f, one);
    mpsse_set_pins(m, f, false, one);
}

/* A push-pull SDA is an input while the target has it: driven high it would
 * fight the target. */
static void read_bits(const struct mpsse *m, struct mpsse_frame *f)
{
    uint8_t last = 7;

    if (m->stretching == MPSSE_STRETCH_ADAPTIVE) {
        mpsse_adaptive_read(f);
        return;
    }
    if (m->stretching == MPSSE_STRETCH_GPIO) {
        manual_bit(m, f, true);
        last = 6;
    }
    if (last == 6 || !m->open_drain) {
        mpsse_engine_pins(f, true, m->open_drain);
    }
    if (m->open_drain) {
        PUT(f, OP_BITS_INOUT, last, 0xff);
    } else {
        PUT(f, OP_BITS_IN, last);
    }
}

/* The target may pull the slot low at once when SCL falls before it, half a
 * clock before the engine ends the last bit: a push-pull SDA is an input for
 * that one too, where it is a 1. */
static void last_bit(struct mpsse_frame *f, bool one)
{
    if (one) {
        mpsse_engine_pins(f, true, false);
        PUT(f, OP_BITS_IN, 0);
    } else {
        PUT(f, OP_BITS_INOUT, 0, 0);
    }
}

static void write_bits(const struct mpsse *m, struct mpsse_frame *f,
                       uint8_t data)
{
    uint8_t rest = data, last = m->open_drain ? 7 : 6;

    if (m->stretching == MPSSE_STRETCH_ADAPTIVE) {
        mpsse_adaptive_write(m, f, data);
        return;
    }
    if (m->stretching == MPSSE_STRETCH_GPIO) {
        manual_bit(m, f, data & 0x80);
        rest = (uint8_t)(data << 1);
        last--;
    }
    if (m->stretching == MPSSE_STRETCH_GPIO || !m->open_drain) {
        mpsse_engine_pins(f, rest & 0x80, true);
    }
    PUT(f, OP_BITS_INOUT, last, rest);
    if (!m->open_drain) {
        last_bit(f, data & 1);
    }
}

static void one_bit(const struct mpsse *m, struct mpsse_frame *f, bool one)
{
    if (m->stretching == MPSSE_STRETCH_GPIO) {
        manual_bit(m, f, one);
        return;
    }
    if (m->stretching == MPSSE_STRETCH_ADAPTIVE) {
        mpsse_adaptive_slot(m, f, one);
        return;
    }
    if (!m->open_drain) {
        mpsse_engine_pins(f, one, !one);
    }
    if (one && !m->open_drain) {
        PUT(f, OP_BITS_IN, 0);
    } else {
        PUT(f, OP_BITS_INOUT, 0, one ? 0xff : 0);
    }
}

static bool is_unseen(const struct mpsse *m, bool written)
{
    return written && m->stretching == MPSSE_STRETCH_ADAPTIVE;
}

/* Bytes of reply of eight data bits: the manual one, the engine's, the last. */
static size_t data_in(const struct mpsse *m, bool written)
{
    if (is_unseen(m, written)) {
        return !m->open_drain;
    }
    return 1 + (m->stretching == MPSSE_STRETCH_GPIO) +
           (written && !m->open_drain);
}

uint8_t mpsse_data_of(const struct mpsse *m, const uint8_t *in, bool written)
{
    unsigned bits = 8, data = 0;

    if (m->stretching == MPSSE_STRETCH_GPIO) {
        data = *in++ & PIN_SDA_IN ? 1 : 0;
        bits--;
    }
    if (written && !m->open_drain) {
        bits--;
    }
    data = data << bits | (*in++ & ((1u << bits) - 1));
    if (written && !m->open_drain) {
        data = data << 1 | (*in & 1);
    }
    return (uint8_t)data;
}

bool mpsse_bit_of(const struct mpsse *m, const uint8_t *in)
{
    return in[0] & (m->stretching == MPSSE_STRETCH_GPIO ? PIN_SDA_IN : 1);
}

void mpsse_bytewise_symbols(const struct mpsse *m, struct mpsse_frame *f,
                            struct mpsse_piece piece,
                            const struct mpsse_source *s)
{
    unsigned bits;
    uint32_t i;

    for (i = 0; i < s->n; i++) {
        bits = mpsse_source_bits(s, i);
        if (i < s->n_write) {
            write_bits(m, f, (uint8_t)(bits >> 1));
        } else {
            read_bits(m, f);
        }
        one_bit(m, f, bits & 1);
    }
    piece.symbols = s->n;
    piece.written = s->n_write;
    mpsse_add_piece(f, piece,
                    s->n_write * (data_in(m, true) + 1) +
                        (s->n - s->n_write) * (data_in(m, false) + 1));
}

struct mpsse_symbol mpsse_bytewise_symbol(const struct mpsse *m,
                                          const struct mpsse_piece *p,
                                          const uint8_t *in, uint32_t i)
{
    bool written = i < p->written;
    size_t size = data_in(m, written);

    in += p->in_at + MIN(i, p->written) * (data_in(m, true) + 1);
    if (!written) {
        in += (i - p->written) * (size + 1);
    }
    return (struct mpsse_symbol){
        .data = is_unseen(m, written) ? 0 : mpsse_data_of(m, in, written),
        .nack = mpsse_bit_of(m, in + size),
        .unseen = is_unseen(m, written)};
}

void mpsse_read_data(const struct mpsse *m, struct mpsse_frame *f)
{
    read_bits(m, f);
    mpsse_add_piece(
        f, (struct mpsse_piece){.kind = MPSSE_PIECE_DATA, .symbols = 1},
        data_in(m, false));
}

void mpsse_send_ack(const struct mpsse *m, struct mpsse_frame *f, bool nack)
{
    one_bit(m, f, nack);
    mpsse_add_piece(f,
                    (struct mpsse_piece){.kind = MPSSE_PIECE_ACK,
                                         .symbols = 1,
                                         .last_nack = nack},
                    1);
}
