/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * I2C in the command language of FTDI's MPSSE engine: pure encoding and
 * decoding, no USB. Opcodes and pins: FTDI AN_108, AN_255; times: UM10204
 * table 10.
 *
 * Wiring: AD0 SCL; AD1 and AD2 joined, SDA; with clock-stretching=gpio also
 * AD5 (GPIOL1) to SCL, with adaptive AD7 (GPIOL3) and AD5 to SCL. (Without AD5
 * adaptive waits for every bit, but not for a target that holds SCL when a STOP
 * or repeated START is due; nothing else may pull AD5 low then.)
 *
 * On the wire each byte is a symbol of nine bits: eight of data and the
 * acknowledge slot. Who does not drive a bit sends 1, which is released.
 */
#ifndef I2CPT_MPSSE_H
#define I2CPT_MPSSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mpsse_chip { MPSSE_FT232H, MPSSE_FT2232H, MPSSE_FT4232H };
enum mpsse_encoding { MPSSE_PACKED, MPSSE_BYTEWISE };
/* How START, STOP and their times are made: mpsse-edges.c. */
enum mpsse_edges { MPSSE_SET_BITS, MPSSE_SHIFTED };
enum mpsse_stretching {
    MPSSE_STRETCH_OFF,
    MPSSE_STRETCH_ADAPTIVE,
    MPSSE_STRETCH_GPIO,
};

#define MPSSE_FREQUENCY_MIN_HZ 10000u
#define MPSSE_FREQUENCY_MAX_HZ 1000000u

struct mpsse_config {
    enum mpsse_chip chip;
    enum mpsse_encoding encoding;
    enum mpsse_stretching stretching;
    enum mpsse_edges edges;
    uint32_t frequency_hz; /* SCL at most so fast */
    /* Pins that are input lines, bits 0 to 7 AD0-7 and 8 to 15 AC0-7, and how
     * long one is not looked at, at the most, while a frame is on the wire. */
    uint16_t lines;
    uint32_t line_poll_us;
};

/* How one chip is driven; made by mpsse_init(), constant after that. */
struct mpsse {
    enum mpsse_chip chip;
    enum mpsse_encoding encoding;
    enum mpsse_stretching stretching;
    enum mpsse_edges edges;
    bool open_drain; /* the pins only pull low: FT232H's 0x9E */
    uint16_t divisor;
    uint32_t scl_hz;    /* what the divisor makes, at most what was asked */
    uint32_t low_ticks; /* of t_LOW, what half a clock is short of; 60 MHz */
    uint32_t su_dat_ticks;
    /* how often pins are set, one after the other, for the times of conditions:
     * t_HIGH, t_HD;STA, t_SU;STO; t_SU;STA; t_LOW, t_BUF */
    struct {
        uint32_t high, su_sta, low;
    } sets;
    uint16_t lines;
    uint32_t look_symbols; /* between two looks at them in one frame */
};

/*
 * One piece of the reply: `symbols` symbols of message `msg`, beginning with
 * number `first` (0 is the address). How its bits lie in the reply is the
 * encoding's affair.
 */
enum mpsse_piece_kind {
    MPSSE_PIECE_SYMBOLS, /* nine bits each */
    MPSSE_PIECE_DATA,    /* eight bits: a read whose ACK comes later */
    MPSSE_PIECE_ACK,     /* one bit that we sent: that ACK */
    MPSSE_PIECE_PINS,    /* AD0-7, by 0x81: both lines have to be high */
    MPSSE_PIECE_SDA,     /* the same, to be looked at */
};

struct mpsse_piece {
    enum mpsse_piece_kind kind;
    uint32_t msg;
    uint32_t first;   /* number of its first symbol in the message */
    uint32_t written; /* that many symbols are ours, then come read ones */
    uint32_t symbols;
    bool last_nack; /* the last one, a read, is not acknowledged */
    size_t in_at;   /* offset in the reply */
};

/* One look at the pins that are lines: a reply byte of AD0-7 where one of them
 * is there, then one of AC0-7 likewise. */
struct mpsse_look {
    size_t in_at;
    uint32_t symbols; /* of the frame, that are before it */
};

/*
 * What goes out in one piece and what comes back for it. Memory is kept from
 * one use to the next: mpsse_frame_reset() to begin, _clear() to free.
 */
struct mpsse_frame {
    uint8_t *out;
    size_t out_len, out_size;
    size_t in_len;
    struct mpsse_piece *pieces;
    size_t n_pieces, pieces_size;
    struct mpsse_look *looks;
    size_t n_looks, looks_size;
    uint32_t symbols, looked; /* so far, and when there was a look last */
    bool failed; /* memory ran out: -ENOMEM when it is to be sent */
};

/* Highest divisor-made frequency that is not above `frequency_hz`, and at
 * which every time of UM10204's mode for it is kept: t_HIGH is a third of the
 * period (three-phase clocking), so standard mode ends at 83.3 kHz. -EINVAL
 * out of range, or packed where that cannot be. */
int mpsse_init(struct mpsse *m, const struct mpsse_config *c);
/* Packed bits are sampled at the clock's rising edge: not with a target that
 * puts SDA out while it holds that up, nor on pins that drive high. */
bool mpsse_can_pack(enum mpsse_chip chip, enum mpsse_stretching stretching);

void mpsse_frame_reset(struct mpsse_frame *f);
void mpsse_frame_clear(struct mpsse_frame *f);

/* The engine's set-up: clocks, phases, pins released; no reply. */
void mpsse_setup(const struct mpsse *m, struct mpsse_frame *f);
/* A bad opcode, 0xAA or 0xAB, whose echo FA AA tells that we are in step. */
void mpsse_sync(struct mpsse_frame *f, uint8_t opcode);

/* Conditions. After START and symbols SCL is low, after STOP the bus is free.
 * A frame that follows a STOP without a round trip begins with `stay_free`,
 * for t_BUF (shifted, it is part of the STOP). */
void mpsse_start(const struct mpsse *m, struct mpsse_frame *f);
void mpsse_repeated_start(const struct mpsse *m, struct mpsse_frame *f);
void mpsse_stop(const struct mpsse *m, struct mpsse_frame *f);
void mpsse_stay_free(const struct mpsse *m, struct mpsse_frame *f);
/* Up to nine clocks with SDA released and a STOP: frees a target that is stuck
 * in the middle of a byte (UM10204 3.1.16). Reply bytes of no interest. */
void mpsse_recover(const struct mpsse *m, struct mpsse_frame *f,
                   unsigned clocks);
/* A reply byte with the pins: bit 0 SCL, bit 2 SDA. */
void mpsse_read_pins(struct mpsse_frame *f);
/* The same for who looks whether SDA is held, which is no fault. */
void mpsse_read_sda(struct mpsse_frame *f);
/* A look at the pins that are lines, where there are any; mpsse_symbols() puts
 * others between its symbols. And what was seen, bits as in mpsse_config. */
void mpsse_look(const struct mpsse *m, struct mpsse_frame *f);
uint16_t mpsse_look_pins(const struct mpsse *m, const struct mpsse_look *look,
                         const uint8_t *in);
/* Leave a wedged adaptive engine (0x97), go back to it later (0x96). */
void mpsse_adaptive(struct mpsse_frame *f, bool on);

/*
 * Symbols of message `msg` from number `first` (0 is the address): `n_write`
 * bytes of ours, then `n_read` of the target's, each acknowledged but, where
 * `last_nack`, the last.
 */
void mpsse_symbols(const struct mpsse *m, struct mpsse_frame *f, uint32_t msg,
                   uint32_t first, const uint8_t *bytes, uint32_t n_write,
                   uint32_t n_read, bool last_nack);
/* Stream mode: eight bits in, the slot left open; and the slot. */
void mpsse_read_data(const struct mpsse *m, struct mpsse_frame *f);
void mpsse_send_ack(const struct mpsse *m, struct mpsse_frame *f, bool nack);
/* Answer now, do not wait for the latency timer. Last of a frame. */
void mpsse_flush(struct mpsse_frame *f);

/* One symbol as it was on the wire. */
struct mpsse_symbol {
    uint8_t data;
    bool nack;
    bool unseen; /* data is ours and was not read back */
};
/* Symbol `i` (0 is the piece's first) of a piece in the reply. */
struct mpsse_symbol mpsse_symbol_of(const struct mpsse *m,
                                    const struct mpsse_piece *p,
                                    const uint8_t *in, uint32_t i);

#endif
