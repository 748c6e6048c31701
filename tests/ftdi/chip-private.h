/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of the engine: chip.c has pins, FIFOs and time, chip-engine.c the
 * commands, chip-shift.c the clocked ones. */
#ifndef FTDI_CHIP_PRIVATE_H
#define FTDI_CHIP_PRIVATE_H

#include "chip.h"

#define FIFO_MAX 4096u
#define MAX_ARGS 3u
/* Of AC0-7 when MPSSE mode begins, of which the notes say nothing. */
#define HIGH_DIR_UNKNOWN 0x5a

/*
 *   FETCH -> ARGS    an opcode with arguments was taken
 *   ARGS  -> EXEC    all of them were
 *   FETCH -> EXEC    it has none
 *   EXEC  -> FETCH   done at once
 *   EXEC  -> WAIT    88, 89
 *   EXEC  -> SHIFT   a clocked one
 *   EXEC  -> ANSWER  81, 83, a bad opcode
 *   WAIT, SHIFT, ANSWER -> FETCH   done
 */
enum state { FETCH, ARGS, EXEC, WAIT, SHIFT, ANSWER };

/* What one step of the engine asks for. */
enum step {
    STEP_ON,      /* again at once */
    STEP_TIME,    /* again after c->step_ns */
    STEP_BLOCKED, /* again when something changed: FIFO or line */
};

struct fifo {
    uint8_t bytes[FIFO_MAX];
    size_t size, len, at;
};

/* One bit's phases: SETUP, then FIRST edge, then SECOND edge, then HOLD. */
enum phase { PHASE_LOAD, PHASE_SETUP, PHASE_FIRST, PHASE_SECOND, PHASE_STORE };

struct shift {
    bool write, read, tms, lsb;
    bool write_falls, read_falls;
    bool until, until_level; /* 94, 95, 9C, 9D */
    bool endless;            /* 94, 95 */
    uint32_t bytes;          /* still to do, with this one */
    bool active;
    unsigned bits; /* in each */
    unsigned bit;
    bool timed; /* adaptive: the high half begins when RTCK is high */
    enum phase phase;
    uint8_t out;
};

struct vchip {
    struct wire *w;
    struct vchip_config config;
    bool open_drain_able, mpsse, serial;
    struct fifo out, in;
    size_t flush_len; /* of what is in `in`, to be sent at once */
    bool flush;
    void (*changed)(void *user);
    void *changed_user;
    struct wire_event run;
    bool blocked;
    unsigned bad, beginnings, stray;

    /* pins */
    unsigned drivers[PINS];
    uint8_t value, dir, open_drain;
    uint8_t high_value, high_dir;
    uint16_t inputs;

    /* clock */
    bool divide_by_5, three_phase, adaptive, loopback;
    uint32_t divisor;
    unsigned thirds; /* of a nanosecond, left over */

    /* engine */
    enum state state;
    uint8_t opcode, args[MAX_ARGS];
    unsigned n_args, want_args;
    uint8_t answer[2];
    unsigned n_answer, answered;
    uint8_t held_in; /* the input shift register: never cleared */
    struct shift shift;
    uint64_t step_ns;
};

/* chip.c */
bool chip_out_pop(struct vchip *c, uint8_t *byte);
bool chip_in_push(struct vchip *c, uint8_t byte);
void chip_apply_pins(struct vchip *c);
void chip_set_pin(struct vchip *c, enum vchip_pin pin, bool level);
uint64_t chip_ticks_ns(struct vchip *c, uint32_t ticks); /* of 60 MHz */

/* chip-engine.c */
enum step chip_engine_step(struct vchip *c);
void chip_engine_reset(struct vchip *c);

/* chip-shift.c: whether it is a clocked command; arguments before its data */
bool chip_is_shift(uint8_t opcode, unsigned *n_args);
void chip_shift_begin(struct vchip *c);
enum step chip_shift_step(struct vchip *c);

#endif
