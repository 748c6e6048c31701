/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What hangs on the wire besides our controller: targets that follow the lines
 * bit by bit, with faults at any place; something that holds a line; a second
 * controller.
 */
#ifndef FTDI_TARGETS_H
#define FTDI_TARGETS_H

#include "wire.h"

/* ------------------------------------------------------------------ targets */

enum target_kind {
    TARGET_EEPROM, /* 256 bytes behind a pointer, which a write sets */
    TARGET_SENSOR, /* four 16-bit registers, MSB first, the pointer stays */
    TARGET_FIFO,   /* a read takes the next byte, whoever asked before */
};

/* Places are symbols of one START..., 0 the (first) address byte, and bits of
 * it, 8 the acknowledge slot. */
struct target_stretch {
    int symbol;  /* -1: every one */
    int bit;     /* -1: every one */
    uint64_t ns; /* SCL is held low so long before that bit's clock */
};

#define TARGET_STRETCHES 4
#define TARGET_NO_NACK   (-1)

struct target {
    struct wire *w;
    enum target_kind kind;
    uint16_t addr;
    bool ten_bit;
    unsigned valid_ns; /* after SCL's fall, SDA is as it shall be */
    unsigned late_ns;  /* of a stretch: SDA changes so long before its end, as
                          with microcontrollers; 0: as elsewhere */

    /* faults, to be changed at any time between transfers */
    int nack_at; /* symbol that is not acknowledged, of writes and addresses */
    struct target_stretch stretch[TARGET_STRETCHES];
    unsigned n_stretches;

    /* contents */
    uint8_t mem[256];
    uint8_t pointer;
    unsigned next; /* FIFO */

    /* what happened, since the owner set it to 0 */
    unsigned starts; /* addressed */
    unsigned written, read;

    /* the bits' engine */
    unsigned driver;
    int state, symbol, bit;
    uint8_t shift, out;
    bool reading, matched, acked, fresh, second_byte;
    bool next_low;
    struct wire_event change, let_go;
};

void target_init(struct target *t, struct wire *w, enum target_kind kind,
                 uint16_t addr, bool ten_bit);
/* Contents and faults as at first. */
void target_fresh(struct target *t);
/* Byte that a FIFO gives as its `i`th. */
uint8_t target_fifo_byte(unsigned i);

/* ------------------------------------------------------- a line that is held
 */

struct holder {
    struct wire *w;
    unsigned driver;
    enum wire_line line;
    unsigned clocks; /* SDA: let go at that fall of SCL; 0: never */
    bool holding;
    struct wire_event begin, end;
};

void holder_init(struct holder *h, struct wire *w);
/* From begin_ns for so long, WIRE_FOREVER: until holder_release(). */
void holder_hold(struct holder *h, enum wire_line line, uint64_t begin_ns,
                 uint64_t ns);
/* SDA now, as a target does that is in the middle of a byte: until SCL has
 * fallen so often. */
void holder_hold_clocks(struct holder *h, unsigned clocks);
void holder_release(struct holder *h);

/* -------------------------------------------------------- second controller */

/*
 * Begins with our START and sends its own bytes in step with our clock, until
 * it has lost or sent all. It never acknowledges.
 */
struct rival {
    struct wire *w;
    unsigned driver;
    const uint8_t *bytes;
    unsigned n;
    bool reads; /* after the address, and acknowledges */
    bool armed, running, won, lost;
    unsigned symbol, bit;
    bool fresh, one;
};

void rival_init(struct rival *r, struct wire *w);
/* At the next START. */
void rival_arm(struct rival *r, const uint8_t *bytes, unsigned n);

#endif
