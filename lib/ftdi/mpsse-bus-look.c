/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is told of the pins beside the bus, and of which time that was. */
#include "ftdi/mpsse-bus-private.h"

#define SYMBOL_BITS 9u

void mpsse_bus_on_look(struct mpsse_bus *bus, mpsse_seen_fn seen, void *user)
{
    bus->seen = seen;
    bus->seen_user = user;
}

/* The time that symbols take at the least: what else was in the frame, and the
 * way of the reply, make a stamp late and never early. */
static uint64_t symbols_ns(const struct mpsse_bus *bus, uint32_t symbols)
{
    return (uint64_t)symbols * SYMBOL_BITS * 1000000000u / bus->m.scl_hz;
}

void mpsse_tell_looks(struct mpsse_bus *bus, uint64_t now_ns)
{
    const struct mpsse_frame *f = &bus->f;
    size_t i;

    for (i = 0; bus->seen && i < f->n_looks; i++) {
        const struct mpsse_look *look = &f->looks[i];
        uint64_t ago_ns = symbols_ns(bus, f->symbols - look->symbols);

        bus->seen(mpsse_look_pins(&bus->m, look, bus->in),
                  now_ns > ago_ns ? now_ns - ago_ns : 0, bus->seen_user);
    }
}

void mpsse_end_frame(struct mpsse_bus *bus)
{
    mpsse_look(&bus->m, &bus->f);
    mpsse_flush(&bus->f);
}
