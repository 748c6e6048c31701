/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bytes for a clock that waits for SCL. A microcontroller puts SDA out just
 * before it lets SCL go, and the engine reads with the rising edge of its own
 * clock: so bits of the target's are read late, before the falling edge, until
 * which they have to stay (UM10204's t_HD;DAT). There is no documented command
 * that sends bits and reads late, so what we send is not read back.
 */
#include <stdbool.h>

#include "ftdi/mpsse-codec.h"

void mpsse_adaptive_read(struct mpsse_frame *f)
{
    PUT(f, OP_BITS_IN_LATE, 7);
}

/* A push-pull SDA is an input for a last bit that is 1, see mpsse-bytewise.c's
 * last_bit(); that one's reply is of no interest. */
void mpsse_adaptive_write(const struct mpsse *m, struct mpsse_frame *f,
                          uint8_t data)
{
    if (m->open_drain) {
        PUT(f, OP_BITS_OUT, 7, data);
        return;
    }
    mpsse_engine_pins(f, data & 0x80, true);
    PUT(f, OP_BITS_OUT, 6, data);
    if (data & 1) {
        mpsse_engine_pins(f, true, false);
        PUT(f, OP_BITS_IN_LATE, 0);
    } else {
        PUT(f, OP_BITS_INOUT, 0, 0);
    }
}

/* One that is ours (a 0) or the target's; SDA may be low from before. */
void mpsse_adaptive_slot(const struct mpsse *m, struct mpsse_frame *f, bool one)
{
    if (!one) {
        if (!m->open_drain) {
            mpsse_engine_pins(f, false, true);
        }
        PUT(f, OP_BITS_INOUT, 0, 0);
    }
    mpsse_engine_pins(f, true, m->open_drain);
    if (one) {
        PUT(f, OP_BITS_IN_LATE, 0);
    }
}
