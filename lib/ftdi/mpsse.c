/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * I2C conditions and bits as MPSSE commands, and the packed encoding of
 * bytes.
 */
#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include "ftdi/mpsse-codec.h"

#define ENGINE_HZ   60000000u
#define PACKED_MAX  65536u /* bytes of one OP_BYTES_INOUT */
#define SYMBOL_BITS 9u
/* One OP_SET_LOW takes at least 150 ns: AN_255 repeats it four times for
 * 600 ns. Others measured 500 ns. Any other byte of a command cannot be taken
 * faster than in one tick of the engine. */
#define SET_TICKS    9u
#define NS_TICKS(ns) (((ns)*3u + 49) / 50)

static void init_low(struct mpsse *m, uint32_t frequency_hz, uint32_t half)
{
    uint32_t low_ns = 500, su_dat_ns = 50, low;

    if (frequency_hz <= 100000) {
        low_ns = 4700;
        su_dat_ns = 250;
    } else if (frequency_hz <= 400000) {
        low_ns = 1300;
        su_dat_ns = 100;
    }
    low = NS_TICKS(low_ns);
    m->low_ticks = low - MIN(low, half);
    m->su_dat_ticks = NS_TICKS(su_dat_ns);
}

int mpsse_init(struct mpsse *m, enum mpsse_chip chip,
               enum mpsse_encoding encoding, enum mpsse_stretching stretching,
               uint32_t frequency_hz)
{
    uint32_t limit_hz = frequency_hz, ticks;

    if (frequency_hz < MPSSE_FREQUENCY_MIN_HZ ||
        frequency_hz > MPSSE_FREQUENCY_MAX_HZ ||
        (encoding == MPSSE_PACKED &&
         (chip != MPSSE_FT232H || stretching == MPSSE_STRETCH_GPIO))) {
        return -EINVAL;
    }
    if (frequency_hz <= 100000 && limit_hz > 83333) {
        limit_hz = 83333; /* t_HIGH >= 4.0 us */
    }
    memset(m, 0, sizeof(*m));
    m->chip = chip;
    m->encoding = encoding;
    m->stretching = stretching;
    m->open_drain = chip == MPSSE_FT232H;
    /* three half periods of (divisor + 1) engine ticks each make a bit */
    ticks = (ENGINE_HZ + 3 * limit_hz - 1) / (3 * limit_hz);
    m->divisor = (uint16_t)(ticks - 1);
    m->scl_hz = ENGINE_HZ / (3 * ticks);
    init_low(m, frequency_hz, ticks);
    return 0;
}

/* -------------------------------------------------------------------- pins */

/*
 * `n` levels of SDA, the top bits of `levels`, one engine clock each, while SCL
 * is an input. A condition is two of them, its time before and its time after:
 * three bytes where delay, pins and delay take seven. Only for open-drain pins:
 * others would drive SDA high.
 */
static void shift(const struct mpsse *m, struct mpsse_frame *f, uint8_t levels,
                  uint8_t n)
{
    if (m->stretching == MPSSE_STRETCH_ADAPTIVE) {
        PUT(f, OP_ADAPTIVE_OFF, OP_BITS_OUT, (uint8_t)(n - 1), levels,
            OP_ADAPTIVE_ON);
    } else {
        PUT(f, OP_BITS_OUT, (uint8_t)(n - 1), levels);
    }
}

/*
 * SCL low, SDA at `sda`, and so they stay for that time at least. The engine's
 * clock cannot make it: SCL would go up and down with it. What little is left
 * over is made by commands of one byte that do nothing.
 */
static void stay_low(const struct mpsse *m, struct mpsse_frame *f, bool sda,
                     uint32_t ticks)
{
    uint32_t sets = MAX(ticks / SET_TICKS, 1),
             rest = ticks - MIN(ticks, sets * SET_TICKS);

    if (rest > 2) {
        sets++;
        rest = 0;
    }
    while (sets--) {
        mpsse_set_pins(m, f, false, sda);
    }
    while (rest--) {
        PUT(f, OP_LOOPBACK_OFF);
    }
}

void mpsse_setup(const struct mpsse *m, struct mpsse_frame *f)
{
    PUT(f, OP_LOOPBACK_OFF, OP_NO_DIVIDE_BY_5, OP_THREE_PHASE, OP_DIVISOR,
        m->divisor & 0xff, (uint8_t)(m->divisor >> 8));
    mpsse_adaptive(f, m->stretching == MPSSE_STRETCH_ADAPTIVE);
    if (m->open_drain) {
        PUT(f, OP_OPEN_DRAIN, PIN_SCL | PIN_SDA | PIN_SDA_IN, 0);
    }
    mpsse_set_pins(m, f, true, true);
}

void mpsse_sync(struct mpsse_frame *f, uint8_t opcode)
{
    PUT(f, opcode, OP_SEND_IMMEDIATE);
    f->in_len += 2;
}

void mpsse_adaptive(struct mpsse_frame *f, bool on)
{
    PUT(f, on ? OP_ADAPTIVE_ON : OP_ADAPTIVE_OFF);
}

/* From SDA low to SCL low; what comes next is a bit's first half. Commands
 * for bits are a byte, and so a tick, shorter than others. */
static void end_start(const struct mpsse *m, struct mpsse_frame *f)
{
    stay_low(m, f, false, m->low_ticks + (m->encoding == MPSSE_BYTEWISE));
}

/* The bus is free, and has been for t_BUF: see mpsse_stop(). */
void mpsse_start(const struct mpsse *m, struct mpsse_frame *f)
{
    if (m->open_drain) {
        shift(m, f, 0x00, 1); /* t_HD;STA */
    } else {
        mpsse_set_pins(m, f, true, false);
        mpsse_delay(m, f); /* t_HD;STA */
    }
    end_start(m, f);
}

/* The slot before has left SCL low, half a clock at least; first in a frame,
 * all the time that a round trip takes. */
void mpsse_repeated_start(const struct mpsse *m, struct mpsse_frame *f)
{
    if (f->out_len) {
        stay_low(m, f, true, MAX(m->low_ticks, m->su_dat_ticks));
    }
    mpsse_set_pins(m, f, true, true);
    mpsse_wait_scl(m, f);
    if (m->open_drain) {
        shift(m, f, 0x80, 2); /* t_SU;STA, t_HD;STA */
        end_start(m, f);
    } else {
        mpsse_delay(m, f); /* t_SU;STA */
        mpsse_start(m, f);
    }
}

void mpsse_stop(const struct mpsse *m, struct mpsse_frame *f)
{
    stay_low(m, f, false, MAX(m->low_ticks, m->su_dat_ticks));
    mpsse_set_pins(m, f, true, false);
    mpsse_wait_scl(m, f);
    if (m->open_drain) {
        shift(m, f, 0x40, 2); /* t_SU;STO, t_BUF */
    } else {
        mpsse_delay(m, f); /* t_SU;STO */
        mpsse_set_pins(m, f, true, true);
        mpsse_delay(m, f); /* t_BUF */
    }
}

void mpsse_recover(const struct mpsse *m, struct mpsse_frame *f)
{
    stay_low(m, f, true, m->low_ticks);
    PUT(f, OP_CLOCK_BITS, 7, OP_CLOCK_BITS, 0);
    mpsse_stop(m, f);
}

void mpsse_read_pins(struct mpsse_frame *f)
{
    PUT(f, OP_READ_LOW);
    mpsse_add_piece(f, (struct mpsse_piece){.kind = MPSSE_PIECE_PINS}, 1);
}

void mpsse_flush(struct mpsse_frame *f)
{
    PUT(f, OP_SEND_IMMEDIATE);
}

/* ------------------------------------------------------------------ packed */

static size_t packed_bytes(uint32_t symbols)
{
    return ((size_t)symbols * SYMBOL_BITS + 7) / 8;
}

/* Nine bits at a time into bytes, MSB first; the last byte is filled up
 * below. */
static void pack(uint8_t *out, const struct mpsse_source *s, uint32_t first,
                 uint32_t symbols)
{
    uint32_t held = 0, i;
    unsigned bits = 0;

    for (i = 0; i < symbols; i++) {
        held = held << SYMBOL_BITS | mpsse_source_bits(s, first + i);
        bits += SYMBOL_BITS;
        while (bits >= 8) {
            bits -= 8;
            *out++ = (uint8_t)(held >> bits);
        }
    }
    if (bits) {
        *out = (uint8_t)(held << (8 - bits));
    }
}

/* One run of at most PACKED_MAX whole bytes and a rest of bits. */
static void packed_run(struct mpsse_frame *f, const struct mpsse_source *s,
                       uint32_t first, uint32_t symbols)
{
    size_t bits = (size_t)symbols * SYMBOL_BITS, whole = bits / 8;
    size_t rest = bits % 8;
    size_t headers = (whole ? 3 : 0) + (rest ? 2 : 0);
    uint8_t *out = mpsse_room(f, headers + whole + (rest ? 1 : 0)), last;

    if (!out) {
        return;
    }
    if (whole) {
        *out++ = OP_BYTES_INOUT;
        *out++ = (uint8_t)(whole - 1);
        *out++ = (uint8_t)((whole - 1) >> 8);
    }
    pack(out, s, first, symbols);
    if (rest) {
        out += whole;
        last = *out;
        out[0] = OP_BITS_INOUT;
        out[1] = (uint8_t)(rest - 1);
        out[2] = last;
    }
}

static void packed_symbols(struct mpsse_frame *f, struct mpsse_piece piece,
                           const struct mpsse_source *s)
{
    const uint32_t most = PACKED_MAX / SYMBOL_BITS * 8;
    uint32_t done, now;

    for (done = 0; done < s->n; done += now) {
        now = MIN(s->n - done, most);
        packed_run(f, s, done, now);
        piece.symbols = now;
        piece.written = MIN(s->n_write - MIN(s->n_write, done), now);
        mpsse_add_piece(f, piece, packed_bytes(now));
        piece.first += now;
    }
}

static struct mpsse_symbol packed_symbol(const struct mpsse_piece *p,
                                         const uint8_t *in, uint32_t i)
{
    size_t bit = (size_t)i * SYMBOL_BITS, bits = p->symbols * SYMBOL_BITS;
    const uint8_t *at = in + p->in_at + bit / 8;
    unsigned word = (unsigned)at[0] << 8, rest = bits % 8;

    /* nine bits from `bit` on always end in the next byte; the last byte of
     * the piece holds its `rest` bits at its lower end */
    if (bit / 8 + 1 == packed_bytes(p->symbols) - 1 && rest) {
        word |= (unsigned)(uint8_t)(at[1] << (8 - rest));
    } else {
        word |= at[1];
    }
    word = word >> (16 - SYMBOL_BITS - bit % 8) & 0x1ff;
    return (struct mpsse_symbol){(uint8_t)(word >> 1), word & 1};
}

/* ----------------------------------------------------------------- symbols */

void mpsse_symbols(const struct mpsse *m, struct mpsse_frame *f, uint32_t msg,
                   uint32_t first, const uint8_t *bytes, uint32_t n_write,
                   uint32_t n_read, bool last_nack)
{
    struct mpsse_source s = {bytes, n_write, n_write + n_read, last_nack};
    struct mpsse_piece piece = {.kind = MPSSE_PIECE_SYMBOLS,
                                .msg = msg,
                                .first = first,
                                .last_nack = last_nack};

    if (!s.n) {
        return;
    }
    if (m->encoding == MPSSE_PACKED) {
        packed_symbols(f, piece, &s);
    } else {
        mpsse_bytewise_symbols(m, f, piece, &s);
    }
}

struct mpsse_symbol mpsse_symbol_of(const struct mpsse *m,
                                    const struct mpsse_piece *p,
                                    const uint8_t *in, uint32_t i)
{
    switch (p->kind) {
    case MPSSE_PIECE_DATA:
        return (struct mpsse_symbol){mpsse_data_of(m, in + p->in_at, false),
                                     true};
    case MPSSE_PIECE_ACK:
        return (struct mpsse_symbol){0xff, mpsse_bit_of(m, in + p->in_at)};
    case MPSSE_PIECE_PINS:
        return (struct mpsse_symbol){in[p->in_at], true};
    default:
        return m->encoding == MPSSE_PACKED ? packed_symbol(p, in, i)
                                           : mpsse_bytewise_symbol(m, p, in, i);
    }
}
