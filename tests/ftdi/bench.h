/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A chip on USB with two lines, four targets, a holder and a rival: what the
 * tests and the benchmarks stand on. */
#ifndef FTDI_BENCH_H
#define FTDI_BENCH_H

#include "chip.h"
#include "targets.h"
#include "usb-model.h"
#include "watch.h"

enum { BENCH_EEPROM, BENCH_SENSOR, BENCH_FIFO, BENCH_TEN, BENCH_TARGETS };

#define BENCH_EEPROM_ADDR 0x50
#define BENCH_SENSOR_ADDR 0x48
#define BENCH_FIFO_ADDR   0x0e
#define BENCH_TEN_ADDR    0x2a5

/* Of a pin beside the bus, when SCL has risen for that many times. */
struct bench_move {
    unsigned clocks;
    unsigned pin;
    bool level;
};
#define BENCH_MOVES 16

struct bench {
    struct wire *wire;
    struct vchip *chip;
    struct vusb *usb;
    struct target targets[BENCH_TARGETS];
    struct holder holder;
    struct rival rival;
    struct bench_move moves[BENCH_MOVES];
    unsigned n_moves, next_move;
    unsigned clocks;   /* rising edges of SCL so far */
    uint64_t moved_ns; /* when one moved last */
};

struct bench *bench_new(const struct vchip_config *config, unsigned rise_ns);
void bench_free(struct bench *b);
/* Targets as at first, nothing on the wire's record. */
void bench_fresh(struct bench *b);
/* A pin moves when SCL has risen `clocks` times more, 0: at once. In order. */
void bench_move(struct bench *b, unsigned clocks, unsigned pin, bool level);
/* What was on the wire since wire_forget(); g_free() it. */
char *bench_text(const struct bench *b);

#endif
