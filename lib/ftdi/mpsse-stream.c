/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Byte by byte: each call one exchange, SCL held low between them. */
#include <errno.h>
#include <glib.h>

#include "core/fault.h"
#include "ftdi/mpsse-bus-private.h"
#include "ftdi/mpsse-codec.h"

/* What the last read byte, or a read START without one, still needs. */
static void close_read(struct mpsse_bus *bus)
{
    if (bus->slot_open) {
        mpsse_send_ack(&bus->m, &bus->f, true);
    } else if (bus->reading && !bus->took_any) {
        mpsse_symbols(&bus->m, &bus->f, 0, 0, NULL, 0, 1, true);
    }
    bus->slot_open = bus->reading = false;
}

/* What close_read() sent, in front of the frame: was our NACK one? `byte` is
 * the one that it belongs to. */
static int check_closed(struct mpsse_bus *bus, int msg, int byte,
                        struct i2cpt_fault *fault)
{
    const struct mpsse_piece *p = bus->f.pieces;

    if (!bus->f.n_pieces || !mpsse_has_nack(p)) {
        return 0;
    }
    return mpsse_check_nack(
        mpsse_symbol_of(&bus->m, p, bus->in, p->symbols - 1), (uint32_t)msg,
        byte, fault);
}

/* The last piece of the frame, symbols of ours: acknowledged? */
static int check_last(struct mpsse_bus *bus, const struct i2cpt_msg *m,
                      struct i2cpt_fault *fault)
{
    const struct mpsse_piece *p;
    size_t k;
    uint32_t i;
    int ret = 0;

    for (k = 0; k < bus->f.n_pieces; k++) {
        p = &bus->f.pieces[k];
        if (p->kind == MPSSE_PIECE_PINS &&
            !mpsse_pins_free(bus->in[p->in_at])) {
            return mpsse_lines_busy(fault, bus->in[p->in_at]);
        }
        for (i = 0; p->written && i < p->symbols && !ret; i++) {
            ret = mpsse_check_sent(m, (uint32_t)bus->msg, p->first + i,
                                   mpsse_symbol_of(&bus->m, p, bus->in, i),
                                   fault);
        }
    }
    if (ret == -EIO) {
        fault->byte = bus->byte;
    }
    return ret;
}

int mpsse_bus_stream_start(struct mpsse_bus *bus, uint16_t addr, uint16_t flags,
                           uint64_t deadline_ns, struct i2cpt_fault *fault)
{
    struct i2cpt_msg m = {.addr = addr, .flags = flags};
    int last_msg = bus->msg, last = MAX(bus->byte - 1, 0);
    int ret = bus->open ? 0 : mpsse_bus_ready(bus, deadline_ns, fault);

    if (ret) {
        return ret;
    }
    if (bus->open) {
        mpsse_frame_reset(&bus->f);
        close_read(bus);
        mpsse_repeated_start(&bus->m, &bus->f);
        bus->msg++;
    } else {
        mpsse_begin_frame(bus);
        bus->msg = 0;
    }
    bus->open = true;
    bus->byte = 0;
    m.flags &= (uint16_t)~I2CPT_M_RD;
    m.flags |= flags & I2CPT_M_RD;
    ret = mpsse_add_message(
        bus,
        &(struct i2cpt_msg){.addr = addr,
                            .flags = m.flags & (uint16_t)~I2CPT_M_RECV_LEN},
        0);
    if (ret) {
        return i2cpt_fault_set(fault, -ret, I2CPT_PHASE_UNKNOWN, -1, -1);
    }
    mpsse_flush(&bus->f);
    ret = mpsse_bus_run(bus, deadline_ns, fault);
    if (!ret) {
        ret = check_closed(bus, last_msg, last, fault);
    }
    if (!ret) {
        ret = check_last(bus, &m, fault);
    }
    bus->reading = !ret && (flags & I2CPT_M_RD);
    bus->took_any = false;
    return ret;
}

int mpsse_bus_stream_write(struct mpsse_bus *bus, uint8_t byte,
                           uint64_t deadline_ns, struct i2cpt_fault *fault)
{
    struct i2cpt_msg m = {.flags = I2CPT_M_NOSTART, .len = 1, .buf = &byte};
    int ret;

    mpsse_frame_reset(&bus->f);
    mpsse_symbols(&bus->m, &bus->f, 0, 0, &byte, 1, 0, false);
    mpsse_flush(&bus->f);
    ret = mpsse_bus_run(bus, deadline_ns, fault);
    if (!ret) {
        ret = check_last(bus, &m, fault);
    }
    bus->byte++;
    return ret;
}

int mpsse_bus_stream_read(struct mpsse_bus *bus, uint8_t *byte,
                          uint64_t deadline_ns, struct i2cpt_fault *fault)
{
    const struct mpsse_piece *p;
    int ret;

    mpsse_frame_reset(&bus->f);
    if (bus->slot_open) {
        mpsse_send_ack(&bus->m, &bus->f, false);
    }
    mpsse_read_data(&bus->m, &bus->f);
    mpsse_flush(&bus->f);
    ret = mpsse_bus_run(bus, deadline_ns, fault);
    if (ret) {
        return ret;
    }
    p = &bus->f.pieces[bus->f.n_pieces - 1];
    *byte = mpsse_symbol_of(&bus->m, p, bus->in, 0).data;
    bus->slot_open = bus->took_any = true;
    bus->byte++;
    return 0;
}

int mpsse_bus_stream_stop(struct mpsse_bus *bus, uint64_t deadline_ns,
                          struct i2cpt_fault *fault)
{
    int ret;

    if (!bus->open) {
        return 0;
    }
    mpsse_frame_reset(&bus->f);
    close_read(bus);
    mpsse_stop(&bus->m, &bus->f);
    bus->open = false;
    mpsse_read_pins(&bus->f); /* so that its end is known */
    mpsse_flush(&bus->f);
    ret = mpsse_bus_run(bus, deadline_ns, fault);
    return ret ? ret
               : check_closed(bus, bus->msg, MAX(bus->byte - 1, 0), fault);
}
