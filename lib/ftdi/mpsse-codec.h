/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of the codec share: mpsse.c has the packed encoding,
 * mpsse-bytewise.c the other one, mpsse-adaptive.c its form for a clock that
 * waits, mpsse-edges.c the conditions, mpsse-frame.c the memory. */
#ifndef I2CPT_MPSSE_CODEC_H
#define I2CPT_MPSSE_CODEC_H

#include <stdbool.h>

#include "ftdi/mpsse.h"
#include "i2cpt.h"

/* One OP_SET_LOW takes at least 150 ns: AN_255 repeats it four times for
 * 600 ns. Others measured 500 ns. Any other byte of a command cannot be taken
 * faster than in one tick of the engine, of 60 MHz. */
#define MPSSE_SET_NS    150u
#define MPSSE_SET_TICKS 9u

/* AN_108's commands, those that I2C needs. Bits go out at the falling edge and
 * come in at the rising one, or (LATE) the falling one, MSB first. */
enum {
    OP_BITS_OUT = 0x13,
    OP_BITS_IN = 0x22,
    OP_BITS_IN_LATE = 0x26,
    OP_BYTES_INOUT = 0x31,
    OP_BITS_INOUT = 0x33,
    OP_SET_LOW = 0x80,
    OP_READ_LOW = 0x81,
    OP_SET_HIGH = 0x82,
    OP_READ_HIGH = 0x83,
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
    PIN_TMS = 0x08,
    PIN_WAIT = 0x20, /* GPIOL1, on SCL with stretching by GPIO */
    PIN_RTCK = 0x80, /* GPIOL3, on SCL with adaptive clocking */
};

/* Bit stream of symbols: what is sent for symbol i. */
struct mpsse_source {
    const uint8_t *bytes;
    uint32_t n_write;
    uint32_t n; /* with those that are read */
    bool last_nack;
};

/* The nine bits of symbol i, the slot last. */
static inline unsigned mpsse_source_bits(const struct mpsse_source *s,
                                         uint32_t i)
{
    if (i < s->n_write) {
        return (unsigned)s->bytes[i] << 1 | 1;
    }
    return 0x1fe | (s->last_nack && i == s->n - 1);
}

/* mpsse-frame.c: room for that many bytes, NULL where memory ran out; some
 * bytes; and the note of what will come back. */
uint8_t *mpsse_room(struct mpsse_frame *f, size_t bytes);
void mpsse_put(struct mpsse_frame *f, const uint8_t *bytes, size_t n);
void mpsse_add_piece(struct mpsse_frame *f, struct mpsse_piece piece,
                     size_t in_bytes);

/* mpsse-look.c: how many of `n` symbols go out before the next look is due,
 * which, where it is due now, this makes. */
uint32_t mpsse_symbols_to_look(const struct mpsse *m, struct mpsse_frame *f,
                               uint32_t n);

/* Make *buf hold `need` bytes: 0 or -ENOMEM. */
int mpsse_grow(uint8_t **buf, size_t *size, size_t need);
/* Of the pins as they were read: nobody holds a line down; or -EBUSY, with a
 * line that says which one it is. */
bool mpsse_pins_free(uint8_t pins);
int mpsse_lines_busy(struct i2cpt_fault *fault, uint8_t pins);

#define PUT(f, ...)                              \
    mpsse_put(f, (const uint8_t[]){__VA_ARGS__}, \
              sizeof((const uint8_t[]){__VA_ARGS__}))

/* mpsse-pins.c */
void mpsse_set_pins(const struct mpsse *m, struct mpsse_frame *f, bool scl,
                    bool sda);
/* As often as that, one after the other. */
void mpsse_hold(const struct mpsse *m, struct mpsse_frame *f, bool scl,
                bool sda, uint32_t sets);
void mpsse_delay(const struct mpsse *m, struct mpsse_frame *f);
void mpsse_wait_scl(const struct mpsse *m, struct mpsse_frame *f);

/* mpsse-adaptive.c: eight bits and a slot with a clock that waits for SCL. SDA
 * is released before and after each. Reply bytes of the eight bits: one, or
 * for a byte of ours on open-drain pins none. */
void mpsse_adaptive_read(struct mpsse_frame *f);
void mpsse_adaptive_write(const struct mpsse *m, struct mpsse_frame *f,
                          uint8_t data);
void mpsse_adaptive_slot(const struct mpsse *m, struct mpsse_frame *f,
                         bool one);

/* Before clocking: SCL low and the engine's, SDA at `sda` and the engine's too,
 * or released (what an open-drain pin does by itself for a 1). */
void mpsse_engine_pins(struct mpsse_frame *f, bool sda, bool drive);

/* mpsse-bytewise.c: the three that the encodings differ in, and what stream
 * mode needs, which is alike in both. */
void mpsse_bytewise_symbols(const struct mpsse *m, struct mpsse_frame *f,
                            struct mpsse_piece piece,
                            const struct mpsse_source *s);
struct mpsse_symbol mpsse_bytewise_symbol(const struct mpsse *m,
                                          const struct mpsse_piece *p,
                                          const uint8_t *in, uint32_t i);
uint8_t mpsse_data_of(const struct mpsse *m, const uint8_t *in, bool written);
bool mpsse_bit_of(const struct mpsse *m, const uint8_t *in);

#endif
