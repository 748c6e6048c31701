/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the engine is set up for I2C, and the packed encoding of bytes. */
#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include "ftdi/mpsse-codec.h"

#define ENGINE_HZ    60000000u
#define PACKED_MAX   65536u /* bytes of one OP_BYTES_INOUT */
#define SYMBOL_BITS  9u
#define NS_TICKS(ns) (((ns)*3u + 49) / 50)

/* UM10204 table 10, the least of each: t_HD;STA and t_SU;STO are what t_HIGH
 * is, t_BUF is what t_LOW is. */
static const struct mode {
    uint32_t most_hz;
    uint32_t high_ns, su_sta_ns, low_ns, su_dat_ns;
} modes[] = {
    {100000, 4000, 4700, 4700, 250},
    {400000, 600, 600, 1300, 100},
    {1000000, 260, 260, 500, 50},
};

static const struct mode *mode_of(uint32_t frequency_hz)
{
    size_t i;

    for (i = 0; modes[i].most_hz < frequency_hz; i++) {
    }
    return &modes[i];
}

/* Commands that take `ns` at the mode's own frequency. Who asks for a slower
 * one has lines that are slow to rise, and gets so much more time. */
static uint32_t sets_for(const struct mode *mode, uint32_t ns, uint32_t hz)
{
    uint64_t scaled_ns = (uint64_t)ns * mode->most_hz / hz;

    return (uint32_t)((scaled_ns + MPSSE_SET_NS - 1) / MPSSE_SET_NS);
}

static void init_times(struct mpsse *m, uint32_t frequency_hz, uint32_t half)
{
    const struct mode *mode = mode_of(frequency_hz);
    uint32_t low = NS_TICKS(mode->low_ns);

    m->low_ticks = low - MIN(low, half);
    m->su_dat_ticks = NS_TICKS(mode->su_dat_ns);
    m->sets.high = sets_for(mode, mode->high_ns, frequency_hz);
    m->sets.su_sta = sets_for(mode, mode->su_sta_ns, frequency_hz);
    m->sets.low = sets_for(mode, mode->low_ns, frequency_hz);
}

/* Whole bytes of the packed encoding, and not so few that looking counts. */
static uint32_t look_symbols(uint32_t scl_hz, uint32_t poll_us)
{
    uint64_t symbols = (uint64_t)scl_hz * poll_us / (SYMBOL_BITS * 1000000u);

    return (uint32_t)MAX(symbols & ~(uint64_t)7, 8);
}

bool mpsse_can_pack(enum mpsse_chip chip, enum mpsse_stretching stretching)
{
    return chip == MPSSE_FT232H && stretching == MPSSE_STRETCH_OFF;
}

int mpsse_init(struct mpsse *m, const struct mpsse_config *c)
{
    uint32_t limit_hz = c->frequency_hz, ticks;

    if (limit_hz < MPSSE_FREQUENCY_MIN_HZ ||
        limit_hz > MPSSE_FREQUENCY_MAX_HZ ||
        (c->encoding == MPSSE_PACKED &&
         !mpsse_can_pack(c->chip, c->stretching))) {
        return -EINVAL;
    }
    if (limit_hz <= 100000 && limit_hz > 83333) {
        limit_hz = 83333; /* t_HIGH >= 4.0 us */
    }
    memset(m, 0, sizeof(*m));
    m->chip = c->chip;
    m->encoding = c->encoding;
    m->stretching = c->stretching;
    m->edges = c->edges;
    m->open_drain = c->chip == MPSSE_FT232H;
    /* three half periods of (divisor + 1) engine ticks each make a bit */
    ticks = (ENGINE_HZ + 3 * limit_hz - 1) / (3 * limit_hz);
    m->divisor = (uint16_t)(ticks - 1);
    m->scl_hz = ENGINE_HZ / (3 * ticks);
    init_times(m, c->frequency_hz, ticks);
    m->lines = c->lines;
    m->look_symbols = look_symbols(m->scl_hz, c->line_poll_us);
    return 0;
}

/* ------------------------------------------------------------------ engine */

void mpsse_setup(const struct mpsse *m, struct mpsse_frame *f)
{
    PUT(f, OP_LOOPBACK_OFF, OP_NO_DIVIDE_BY_5, OP_THREE_PHASE, OP_DIVISOR,
        m->divisor & 0xff, (uint8_t)(m->divisor >> 8));
    mpsse_adaptive(f, m->stretching == MPSSE_STRETCH_ADAPTIVE);
    if (m->open_drain) {
        PUT(f, OP_OPEN_DRAIN, PIN_SCL | PIN_SDA | PIN_SDA_IN, 0);
    }
    mpsse_set_pins(m, f, true, true);
    if (m->lines >> 8) {
        PUT(f, OP_SET_HIGH, 0, 0); /* inputs, as AD3-7 always are */
    }
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

void mpsse_read_pins(struct mpsse_frame *f)
{
    PUT(f, OP_READ_LOW);
    mpsse_add_piece(f, (struct mpsse_piece){.kind = MPSSE_PIECE_PINS}, 1);
}

void mpsse_read_sda(struct mpsse_frame *f)
{
    PUT(f, OP_READ_LOW);
    mpsse_add_piece(f, (struct mpsse_piece){.kind = MPSSE_PIECE_SDA}, 1);
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
        piece.last_nack = s->last_nack && done + now == s->n;
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
    return (struct mpsse_symbol){.data = (uint8_t)(word >> 1),
                                 .nack = word & 1};
}

/* ----------------------------------------------------------------- symbols */

static void encode(const struct mpsse *m, struct mpsse_frame *f,
                   struct mpsse_piece piece, const struct mpsse_source *s)
{
    if (m->encoding == MPSSE_PACKED) {
        packed_symbols(f, piece, s);
    } else {
        mpsse_bytewise_symbols(m, f, piece, s);
    }
}

void mpsse_symbols(const struct mpsse *m, struct mpsse_frame *f, uint32_t msg,
                   uint32_t first, const uint8_t *bytes, uint32_t n_write,
                   uint32_t n_read, bool last_nack)
{
    uint32_t n = n_write + n_read, done, now;

    for (done = 0; done < n; done += now) {
        uint32_t written = MIN(done, n_write);
        bool last;

        now = mpsse_symbols_to_look(m, f, n - done);
        last = last_nack && done + now == n;
        encode(m, f,
               (struct mpsse_piece){.kind = MPSSE_PIECE_SYMBOLS,
                                    .msg = msg,
                                    .first = first + done,
                                    .last_nack = last},
               &(struct mpsse_source){n_write ? bytes + written : NULL,
                                      MIN(n_write - written, now), now, last});
    }
}

struct mpsse_symbol mpsse_symbol_of(const struct mpsse *m,
                                    const struct mpsse_piece *p,
                                    const uint8_t *in, uint32_t i)
{
    switch (p->kind) {
    case MPSSE_PIECE_DATA:
        return (struct mpsse_symbol){
            .data = mpsse_data_of(m, in + p->in_at, false), .nack = true};
    case MPSSE_PIECE_ACK:
        return (struct mpsse_symbol){.data = 0xff,
                                     .nack = mpsse_bit_of(m, in + p->in_at)};
    case MPSSE_PIECE_PINS:
    case MPSSE_PIECE_SDA:
        return (struct mpsse_symbol){.data = in[p->in_at], .nack = true};
    default:
        return m->encoding == MPSSE_PACKED ? packed_symbol(p, in, i)
                                           : mpsse_bytewise_symbol(m, p, in, i);
    }
}
