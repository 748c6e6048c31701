/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * START, STOP and the times around them, in two ways. By the pins alone, as
 * AN_255 has it: one command repeated until the time is over. And, shorter, by
 * the engine clocking while SCL is an input (mpsse_delay()), for which nobody
 * has a source on silicon.
 */
#include <glib.h>
#include <stdbool.h>

#include "ftdi/mpsse-codec.h"

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
 * clock cannot make it: SCL would go up and down with it. With shifted edges
 * what little is left over is made by commands of one byte that do nothing.
 */
static void stay_low(const struct mpsse *m, struct mpsse_frame *f, bool sda,
                     uint32_t ticks)
{
    uint32_t sets = MAX(ticks / MPSSE_SET_TICKS, 1),
             rest = ticks - MIN(ticks, sets * MPSSE_SET_TICKS);

    if (rest > 2 || (rest && m->edges == MPSSE_SET_BITS)) {
        sets++;
        rest = 0;
    }
    mpsse_hold(m, f, false, sda, sets);
    while (rest--) {
        PUT(f, OP_LOOPBACK_OFF);
    }
}

/* SCL let go, and high for so long when the next command is taken that changes
 * a pin: that one takes its time too. */
static void release_scl(const struct mpsse *m, struct mpsse_frame *f, bool sda,
                        uint32_t sets)
{
    mpsse_set_pins(m, f, true, sda);
    mpsse_wait_scl(m, f);
    mpsse_hold(m, f, true, sda,
               m->stretching == MPSSE_STRETCH_OFF ? sets - 1 : sets);
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
    if (m->edges == MPSSE_SET_BITS) {
        mpsse_hold(m, f, true, false, m->sets.high); /* t_HD;STA */
    } else if (m->open_drain) {
        shift(m, f, 0x00, 1); /* t_HD;STA */
    } else {
        mpsse_set_pins(m, f, true, false);
        mpsse_delay(m, f); /* t_HD;STA */
    }
    end_start(m, f);
}

static void shifted_repeated_start(const struct mpsse *m, struct mpsse_frame *f)
{
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

/* The slot before has left SCL low, half a clock at least; first in a frame,
 * all the time that a round trip takes. */
void mpsse_repeated_start(const struct mpsse *m, struct mpsse_frame *f)
{
    if (f->out_len) {
        stay_low(m, f, true, MAX(m->low_ticks, m->su_dat_ticks));
    }
    if (m->edges == MPSSE_SHIFTED) {
        shifted_repeated_start(m, f);
        return;
    }
    release_scl(m, f, true, m->sets.su_sta);
    mpsse_start(m, f);
}

static void shifted_stop(const struct mpsse *m, struct mpsse_frame *f)
{
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

void mpsse_stop(const struct mpsse *m, struct mpsse_frame *f)
{
    stay_low(m, f, false, MAX(m->low_ticks, m->su_dat_ticks));
    if (m->edges == MPSSE_SHIFTED) {
        shifted_stop(m, f);
        return;
    }
    release_scl(m, f, false, m->sets.high); /* t_SU;STO */
    mpsse_set_pins(m, f, true, true);
}

void mpsse_stay_free(const struct mpsse *m, struct mpsse_frame *f)
{
    if (m->edges == MPSSE_SET_BITS) {
        mpsse_hold(m, f, true, true, m->sets.low);
    }
}

void mpsse_recover(const struct mpsse *m, struct mpsse_frame *f,
                   unsigned clocks)
{
    stay_low(m, f, true, m->low_ticks);
    PUT(f, OP_BITS_IN, (uint8_t)(MIN(clocks, 8) - 1));
    f->in_len++;
    if (clocks > 8) {
        PUT(f, OP_BITS_IN, 0);
        f->in_len++;
    }
    mpsse_stop(m, f);
}
