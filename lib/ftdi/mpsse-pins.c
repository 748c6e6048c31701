/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SCL and SDA set, held and waited for, outside of the shifting of bits. */
#include <stdbool.h>

#include "ftdi/mpsse-codec.h"

/*
 * SCL released is an input: the pull-up has it. So is SDA on push-pull pins; an
 * open-drain one stays the engine's.
 */
void mpsse_set_pins(const struct mpsse *m, struct mpsse_frame *f, bool scl,
                    bool sda)
{
    PUT(f, OP_SET_LOW, m->open_drain && sda ? PIN_SDA : 0,
        (uint8_t)((scl ? 0 : PIN_SCL) | (sda && !m->open_drain ? 0 : PIN_SDA)));
}

void mpsse_hold(const struct mpsse *m, struct mpsse_frame *f, bool scl,
                bool sda, uint32_t sets)
{
    while (sets--) {
        mpsse_set_pins(m, f, scl, sda);
    }
}

void mpsse_engine_pins(struct mpsse_frame *f, bool sda, bool drive)
{
    PUT(f, OP_SET_LOW, sda ? PIN_SDA : 0,
        (uint8_t)(PIN_SCL | (drive ? PIN_SDA : 0)));
}

/*
 * With shifted edges only: one engine clock while SCL is an input: at least two
 * half periods, that is two thirds of an SCL period, longer than each of
 * t_HD;STA, t_SU;STA, t_SU;STO and t_BUF in every mode. Two bytes, whatever the
 * frequency. Adaptive clocking would wait for SCL to follow a clock that does
 * not reach it, so there it is off for the moment.
 */
void mpsse_delay(const struct mpsse *m, struct mpsse_frame *f)
{
    if (m->stretching == MPSSE_STRETCH_ADAPTIVE) {
        PUT(f, OP_ADAPTIVE_OFF, OP_CLOCK_BITS, 0, OP_ADAPTIVE_ON);
    } else {
        PUT(f, OP_CLOCK_BITS, 0);
    }
}

/* SCL has been released: go on when it is high. Adaptive clocking waits only
 * where the engine clocks, so here GPIOL1 does it then too; where that is not
 * wired, it is pulled up and nothing is waited for. */
void mpsse_wait_scl(const struct mpsse *m, struct mpsse_frame *f)
{
    if (m->stretching != MPSSE_STRETCH_OFF) {
        PUT(f, OP_WAIT_HIGH);
    }
}
