/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pins besides the bus, looked at in the frames that go out anyhow. AN_108 3.6:
 * 81 reads AD0-7 and 83 reads AC0-7, a byte each whose bit N is pin N, outputs
 * among them; so have it libftdi1's ftdi.h (GET_BITS_LOW, GET_BITS_HIGH),
 * openocd's drivers/ftdi.c (of a signal's mask the lower byte by 81, the upper
 * one by 83) and pyftdi's GPIO ports, which are 16 pins wide on FT232H and
 * FT2232H and 8 on FT4232H.
 */
#include <glib.h>

#include "ftdi/mpsse-codec.h"

static void note(struct mpsse_frame *f)
{
    struct mpsse_look *looks;

    if (f->n_looks == f->looks_size) {
        looks = g_try_renew(struct mpsse_look, f->looks, f->looks_size * 2 + 8);
        if (!looks) {
            f->failed = true;
            return;
        }
        f->looks = looks;
        f->looks_size = f->looks_size * 2 + 8;
    }
    f->looks[f->n_looks++] =
        (struct mpsse_look){.in_at = f->in_len, .symbols = f->symbols};
}

void mpsse_look(const struct mpsse *m, struct mpsse_frame *f)
{
    if (!m->lines) {
        return;
    }
    note(f);
    f->looked = f->symbols;
    if (m->lines & 0xff) {
        PUT(f, OP_READ_LOW);
        f->in_len++;
    }
    if (m->lines >> 8) {
        PUT(f, OP_READ_HIGH);
        f->in_len++;
    }
}

uint16_t mpsse_look_pins(const struct mpsse *m, const struct mpsse_look *look,
                         const uint8_t *in)
{
    unsigned pins = 0;

    in += look->in_at;
    if (m->lines & 0xff) {
        pins = *in++;
    }
    if (m->lines >> 8) {
        pins |= (unsigned)*in << 8;
    }
    return (uint16_t)(pins & m->lines);
}

uint32_t mpsse_symbols_to_look(const struct mpsse *m, struct mpsse_frame *f,
                               uint32_t n)
{
    if (!m->lines) {
        return n;
    }
    if (f->symbols - f->looked >= m->look_symbols) {
        mpsse_look(m, f);
    }
    n = MIN(n, m->look_symbols - (f->symbols - f->looked));
    f->symbols += n;
    return n;
}
