/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "mpsse.h"

/* AN_108's commands, those that I2C needs. Bits go out at the falling edge and
 * come in at the rising one, MSB first. */
enum {
    OP_BITS_IN = 0x22,
    OP_BYTES_INOUT = 0x31,
    OP_BITS_INOUT = 0x33,
    OP_SET_LOW = 0x80,
    OP_READ_LOW = 0x81,
    OP_LOOPBACK_OFF = 0x85,
    OP_DIVISOR = 0x86,
    OP_SEND_IMMEDIATE = 0x87,
    OP_WAIT_HIGH = 0x88,
    OP_NO_DIVIDE_BY_5 = 0x8a,
    OP_THREE_PHASE = 0x8c,
    OP_CLOCK_BITS = 0x8e,
    OP_ADAPTIVE_ON = 0x96,
    OP_ADAPTIVE_OFF = 0x97,
    OP_OPEN_DRAIN = 0x9e,
};

enum {
    PIN_SCL = 0x01,
    PIN_SDA = 0x02,
    PIN_SDA_IN = 0x04,
    PIN_WAIT = 0x20, /* GPIOL1, on SCL with stretching by GPIO */
};

#define ENGINE_HZ   60000000u
#define PACKED_MAX  65536u /* bytes of one OP_BYTES_INOUT */
#define SYMBOL_BITS 9u
/* One OP_SET_LOW takes at least this long: AN_255 repeats it four times for
 * 600 ns. Others measured 500 ns. */
#define SET_NS 150u
/* A byte of a command cannot be taken faster than in one tick. */
#define TICK_NS(ticks) ((ticks)*50u / 3)
#define NS_TICKS(ns)   (((ns)*3u + 49) / 50)

static void init_low(struct mpsse *m, uint32_t frequency_hz, uint32_t half_ns)
{
    uint32_t low_ns = 500;

    m->su_dat_ns = 50;
    if (frequency_hz <= 100000) {
        low_ns = 4700;
        m->su_dat_ns = 250;
    } else if (frequency_hz <= 400000) {
        low_ns = 1300;
        m->su_dat_ns = 100;
    }
    m->low_ns = low_ns - MIN(low_ns, half_ns);
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
    init_low(m, frequency_hz, TICK_NS(ticks));
    return 0;
}

/* ------------------------------------------------------------------ frames */

void mpsse_frame_reset(struct mpsse_frame *f)
{
    f->out_len = f->in_len = f->n_pieces = 0;
    f->failed = false;
}

void mpsse_frame_clear(struct mpsse_frame *f)
{
    g_free(f->out);
    g_free(f->pieces);
    memset(f, 0, sizeof(*f));
}

static uint8_t *room(struct mpsse_frame *f, size_t bytes)
{
    size_t size = MAX(f->out_size, 256);
    uint8_t *out;

    if (f->failed) {
        return NULL;
    }
    while (size - f->out_len < bytes) {
        size *= 2;
    }
    if (size != f->out_size) {
        out = g_try_realloc(f->out, size);
        if (!out) {
            f->failed = true;
            return NULL;
        }
        f->out = out;
        f->out_size = size;
    }
    out = f->out + f->out_len;
    f->out_len += bytes;
    return out;
}

static void put(struct mpsse_frame *f, const uint8_t *bytes, size_t n)
{
    uint8_t *out = room(f, n);

    if (out) {
        memcpy(out, bytes, n);
    }
}

#define PUT(f, ...)                        \
    put(f, (const uint8_t[]){__VA_ARGS__}, \
        sizeof((const uint8_t[]){__VA_ARGS__}))

static void add_piece(struct mpsse_frame *f, struct mpsse_piece piece,
                      size_t in_bytes)
{
    struct mpsse_piece *pieces;

    if (f->n_pieces == f->pieces_size) {
        pieces =
            g_try_renew(struct mpsse_piece, f->pieces, f->pieces_size * 2 + 8);
        if (!pieces) {
            f->failed = true;
            return;
        }
        f->pieces = pieces;
        f->pieces_size = f->pieces_size * 2 + 8;
    }
    piece.in_at = f->in_len;
    f->pieces[f->n_pieces++] = piece;
    f->in_len += in_bytes;
}

/* -------------------------------------------------------------------- pins */

/* A released line is an input: the pull-up has it, and SK's clock does not
 * reach a pin that is an input, which makes delay() possible. */
static void set_pins(struct mpsse_frame *f, bool scl, bool sda)
{
    PUT(f, OP_SET_LOW, 0, (uint8_t)((scl ? 0 : PIN_SCL) | (sda ? 0 : PIN_SDA)));
}

/* Before clocking: SCL low and the engine's, SDA at `sda` and the engine's too,
 * or released (what an open-drain pin does by itself for a 1). */
static void engine_pins(struct mpsse_frame *f, bool sda, bool drive)
{
    PUT(f, OP_SET_LOW, sda ? PIN_SDA : 0,
        (uint8_t)(PIN_SCL | (drive ? PIN_SDA : 0)));
}

/*
 * One engine clock while SCL is an input: at least two half periods, that is
 * two thirds of an SCL period, longer than each of t_HD;STA, t_SU;STA,
 * t_SU;STO and t_BUF in every mode. Two bytes, whatever the frequency.
 * Adaptive clocking would wait for SCL to follow a clock that does not reach
 * it, so there it is off for the moment.
 */
static void delay(const struct mpsse *m, struct mpsse_frame *f)
{
    if (m->stretching == MPSSE_STRETCH_ADAPTIVE) {
        PUT(f, OP_ADAPTIVE_OFF, OP_CLOCK_BITS, 0, OP_ADAPTIVE_ON);
    } else {
        PUT(f, OP_CLOCK_BITS, 0);
    }
}

/*
 * SCL low, SDA at `sda`, and so they stay for that time at least. The engine's
 * clock cannot make it: SCL would go up and down with it. What little is left
 * over is made by commands of one byte that do nothing.
 */
static void stay_low(struct mpsse_frame *f, bool sda, uint32_t ns)
{
    uint32_t sets = MAX(ns / SET_NS, 1),
             rest = NS_TICKS(ns - MIN(ns, sets * SET_NS));

    if (rest > 2) {
        sets++;
        rest = 0;
    }
    while (sets--) {
        set_pins(f, false, sda);
    }
    while (rest--) {
        PUT(f, OP_LOOPBACK_OFF);
    }
}

/* SCL has been released: go on when it is high. Adaptive clocking waits only
 * where the engine clocks, so here GPIOL1 does it then too; where that is not
 * wired, it is pulled up and nothing is waited for. */
static void wait_scl(const struct mpsse *m, struct mpsse_frame *f)
{
    if (m->stretching != MPSSE_STRETCH_OFF) {
        PUT(f, OP_WAIT_HIGH);
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
    set_pins(f, true, true);
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

void mpsse_start(const struct mpsse *m, struct mpsse_frame *f)
{
    set_pins(f, true, false);
    delay(m, f); /* t_HD;STA */
    stay_low(f, false, m->low_ns);
}

/* The slot before has left SCL low, half a clock at least; first in a frame,
 * all the time that a round trip takes. */
void mpsse_repeated_start(const struct mpsse *m, struct mpsse_frame *f)
{
    if (f->out_len) {
        stay_low(f, true, MAX(m->low_ns, m->su_dat_ns));
    }
    set_pins(f, true, true);
    wait_scl(m, f);
    delay(m, f); /* t_SU;STA */
    mpsse_start(m, f);
}

void mpsse_stop(const struct mpsse *m, struct mpsse_frame *f)
{
    stay_low(f, false, MAX(m->low_ns, m->su_dat_ns));
    set_pins(f, true, false);
    wait_scl(m, f);
    delay(m, f); /* t_SU;STO */
    set_pins(f, true, true);
    delay(m, f); /* t_BUF */
}

void mpsse_recover(const struct mpsse *m, struct mpsse_frame *f)
{
    stay_low(f, true, m->low_ns);
    PUT(f, OP_CLOCK_BITS, 7, OP_CLOCK_BITS, 0);
    mpsse_stop(m, f);
}

void mpsse_read_pins(struct mpsse_frame *f)
{
    PUT(f, OP_READ_LOW);
    add_piece(f, (struct mpsse_piece){.kind = MPSSE_PIECE_PINS}, 1);
}

void mpsse_flush(struct mpsse_frame *f)
{
    PUT(f, OP_SEND_IMMEDIATE);
}

/* ------------------------------------------------------------------ packed */

/* Bit stream of symbols: what is sent for symbol i. */
struct source {
    const uint8_t *bytes;
    uint32_t n_write;
    uint32_t n; /* with those that are read */
    bool last_nack;
};

static unsigned symbol_bits(const struct source *s, uint32_t i)
{
    if (i < s->n_write) {
        return (unsigned)s->bytes[i] << 1 | 1;
    }
    return 0x1fe | (s->last_nack && i == s->n - 1);
}

static size_t packed_bytes(uint32_t symbols)
{
    return ((size_t)symbols * SYMBOL_BITS + 7) / 8;
}

/* Nine bits at a time into bytes, MSB first; the last byte is filled up
 * below. */
static void pack(uint8_t *out, const struct source *s, uint32_t first,
                 uint32_t symbols)
{
    uint32_t held = 0, i;
    unsigned bits = 0;

    for (i = 0; i < symbols; i++) {
        held = held << SYMBOL_BITS | symbol_bits(s, first + i);
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
static void packed_run(struct mpsse_frame *f, const struct source *s,
                       uint32_t first, uint32_t symbols)
{
    size_t bits = (size_t)symbols * SYMBOL_BITS, whole = bits / 8;
    size_t rest = bits % 8;
    size_t headers = (whole ? 3 : 0) + (rest ? 2 : 0);
    uint8_t *out = room(f, headers + whole + (rest ? 1 : 0)), last;

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
                           const struct source *s)
{
    const uint32_t most = PACKED_MAX / SYMBOL_BITS * 8;
    uint32_t done, now;

    for (done = 0; done < s->n; done += now) {
        now = MIN(s->n - done, most);
        packed_run(f, s, done, now);
        piece.symbols = now;
        piece.written = MIN(s->n_write - MIN(s->n_write, done), now);
        add_piece(f, piece, packed_bytes(now));
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

/* ---------------------------------------------------------------- bytewise */

/* SCL is low by the pin that waits for it: so the engine can make time, its
 * clock's own pin being an input. */
static void wait_low(const struct mpsse *m, struct mpsse_frame *f, bool sda)
{
    PUT(f, OP_SET_LOW, 0, (uint8_t)(PIN_WAIT | (sda ? 0 : PIN_SDA)));
    delay(m, f);
}

/* With stretching by GPIO a bit that a target may hold up is clocked by hand:
 * released, waited for, sampled by reading the pins. One reply byte. */
static void manual_bit(const struct mpsse *m, struct mpsse_frame *f, bool one)
{
    wait_low(m, f, one);
    set_pins(f, true, one);
    wait_scl(m, f);
    delay(m, f);
    PUT(f, OP_READ_LOW);
    wait_low(m, f, one);
    set_pins(f, false, one);
}

/* A push-pull SDA is an input while the target has it: driven high it would
 * fight the target. */
static void read_bits(const struct mpsse *m, struct mpsse_frame *f)
{
    uint8_t last = 7;

    if (m->stretching == MPSSE_STRETCH_GPIO) {
        manual_bit(m, f, true);
        last = 6;
    }
    if (last == 6 || !m->open_drain) {
        engine_pins(f, true, m->open_drain);
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
        engine_pins(f, true, false);
        PUT(f, OP_BITS_IN, 0);
    } else {
        PUT(f, OP_BITS_INOUT, 0, 0);
    }
}

static void write_bits(const struct mpsse *m, struct mpsse_frame *f,
                       uint8_t data)
{
    uint8_t rest = data, last = m->open_drain ? 7 : 6;

    if (m->stretching == MPSSE_STRETCH_GPIO) {
        manual_bit(m, f, data & 0x80);
        rest = (uint8_t)(data << 1);
        last--;
    }
    if (m->stretching == MPSSE_STRETCH_GPIO || !m->open_drain) {
        engine_pins(f, rest & 0x80, true);
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
    if (!m->open_drain) {
        engine_pins(f, one, !one);
    }
    if (one && !m->open_drain) {
        PUT(f, OP_BITS_IN, 0);
    } else {
        PUT(f, OP_BITS_INOUT, 0, one ? 0xff : 0);
    }
}

/* Bytes of reply of eight data bits: the manual one, the engine's, the last. */
static size_t data_in(const struct mpsse *m, bool written)
{
    return 1 + (m->stretching == MPSSE_STRETCH_GPIO) +
           (written && !m->open_drain);
}

static uint8_t data_of(const struct mpsse *m, const uint8_t *in, bool written)
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

static bool bit_of(const struct mpsse *m, const uint8_t *in)
{
    return in[0] & (m->stretching == MPSSE_STRETCH_GPIO ? PIN_SDA_IN : 1);
}

static void bytewise_symbols(const struct mpsse *m, struct mpsse_frame *f,
                             struct mpsse_piece piece, const struct source *s)
{
    unsigned bits;
    uint32_t i;

    for (i = 0; i < s->n; i++) {
        bits = symbol_bits(s, i);
        if (i < s->n_write) {
            write_bits(m, f, (uint8_t)(bits >> 1));
        } else {
            read_bits(m, f);
        }
        one_bit(m, f, bits & 1);
    }
    piece.symbols = s->n;
    piece.written = s->n_write;
    add_piece(f, piece,
              s->n_write * (data_in(m, true) + 1) +
                  (s->n - s->n_write) * (data_in(m, false) + 1));
}

/* ----------------------------------------------------------------- symbols */

void mpsse_symbols(const struct mpsse *m, struct mpsse_frame *f, uint32_t msg,
                   uint32_t first, const uint8_t *bytes, uint32_t n_write,
                   uint32_t n_read, bool last_nack)
{
    struct source s = {bytes, n_write, n_write + n_read, last_nack};
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
        bytewise_symbols(m, f, piece, &s);
    }
}

void mpsse_read_data(const struct mpsse *m, struct mpsse_frame *f)
{
    read_bits(m, f);
    add_piece(f, (struct mpsse_piece){.kind = MPSSE_PIECE_DATA, .symbols = 1},
              data_in(m, false));
}

void mpsse_send_ack(const struct mpsse *m, struct mpsse_frame *f, bool nack)
{
    one_bit(m, f, nack);
    add_piece(f, (struct mpsse_piece){.kind = MPSSE_PIECE_ACK, .symbols = 1},
              1);
}

static struct mpsse_symbol bytewise_symbol(const struct mpsse *m,
                                           const struct mpsse_piece *p,
                                           const uint8_t *in, uint32_t i)
{
    bool written = i < p->written;
    size_t size = data_in(m, written);

    in += p->in_at + MIN(i, p->written) * (data_in(m, true) + 1);
    if (!written) {
        in += (i - p->written) * (size + 1);
    }
    return (struct mpsse_symbol){data_of(m, in, written), bit_of(m, in + size)};
}

struct mpsse_symbol mpsse_symbol_of(const struct mpsse *m,
                                    const struct mpsse_piece *p,
                                    const uint8_t *in, uint32_t i)
{
    switch (p->kind) {
    case MPSSE_PIECE_DATA:
        return (struct mpsse_symbol){data_of(m, in + p->in_at, false), true};
    case MPSSE_PIECE_ACK:
        return (struct mpsse_symbol){0xff, bit_of(m, in + p->in_at)};
    case MPSSE_PIECE_PINS:
        return (struct mpsse_symbol){in[p->in_at], true};
    default:
        return m->encoding == MPSSE_PACKED ? packed_symbol(p, in, i)
                                           : bytewise_symbol(m, p, in, i);
    }
}
