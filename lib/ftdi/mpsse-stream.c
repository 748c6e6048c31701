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

/* Symbols of ours of message `m`, number `n` in the frame and `msg` since the
 * first START: acknowledged? */
static int check_message(struct mpsse_bus *bus, const struct i2cpt_msg *m,
                         uint32_t n, int msg, struct i2cpt_fault *fault)
{
    const struct mpsse_piece *p;
    size_t k;
    uint32_t i;
    int ret = 0;

    for (k = 0; k < bus->f.n_pieces; k++) {
        p = &bus->f.pieces[k];
        for (i = 0; p->msg == n && i < p->written && !ret; i++) {
            ret = mpsse_check_sent(m, (uint32_t)msg, p->first + i,
                                   mpsse_symbol_of(&bus->m, p, bus->in, i),
                                   fault);
        }
    }
    return ret;
}

/* What goes on behind a stream's back can end it: a look at the lines that
 * fails. It is told so once. */
static int ended(struct mpsse_bus *bus, struct i2cpt_fault *fault)
{
    bus->cut = false;
    return i2cpt_fault_text(fault, EIO,
                            "the adapter was reset, and the transfer with it");
}

/* START, repeated where the bus is ours, into a frame that goes on with an
 * address. */
static int begin(struct mpsse_bus *bus, uint64_t deadline_ns,
                 struct i2cpt_fault *fault)
{
    int ret;

    if (bus->cut) {
        return ended(bus, fault);
    }
    ret = bus->open ? 0 : mpsse_bus_ready(bus, deadline_ns, fault);
    if (ret) {
        return ret;
    }
    if (bus->open) {
        mpsse_frame_reset(&bus->f);
        close_read(bus);
        mpsse_repeated_start(&bus->m, &bus->f);
    } else {
        mpsse_begin_frame(bus);
        bus->msg = bus->byte = 0;
    }
    return 0;
}

/* The frame that begin() began: out, and what of it was there before. */
static int run_begun(struct mpsse_bus *bus, int added, uint64_t deadline_ns,
                     struct i2cpt_fault *fault)
{
    int msg = bus->msg, byte = MAX(bus->byte - 1, 0), ret;
    const struct mpsse_piece *p = bus->f.pieces;

    bus->msg += bus->open;
    bus->byte = 0;
    bus->open = true;
    bus->took_any = false;
    if (added) {
        return i2cpt_fault_set(fault, -added, I2CPT_PHASE_UNKNOWN, -1, -1);
    }
    mpsse_end_frame(bus);
    ret = mpsse_bus_run(bus, deadline_ns, fault);
    if (ret) {
        return ret;
    }
    if (bus->f.n_pieces && p->kind == MPSSE_PIECE_PINS &&
        !mpsse_pins_free(bus->in[p->in_at])) {
        return mpsse_lines_busy(fault, bus->in[p->in_at]);
    }
    return check_closed(bus, msg, byte, fault);
}

int mpsse_bus_stream_start(struct mpsse_bus *bus, uint16_t addr, uint16_t flags,
                           uint64_t deadline_ns, struct i2cpt_fault *fault)
{
    struct i2cpt_msg m = {.addr = addr, .flags = flags};
    int ret = begin(bus, deadline_ns, fault);

    if (ret) {
        return ret;
    }
    m.flags &= (uint16_t)~I2CPT_M_RECV_LEN;
    ret = mpsse_add_message(bus, &m, 0);
    ret = run_begun(bus, ret, deadline_ns, fault);
    if (!ret) {
        ret = check_message(bus, &m, 0, bus->msg, fault);
    }
    bus->reading = !ret && (flags & I2CPT_M_RD);
    return ret;
}

/*
 * In one frame, so that once it is with the dongle nothing of ours can end it
 * in between. A target that does not take its address has the bytes clocked
 * past it, and one that does not take a byte those behind it; whoever answers
 * to the read's address in the end is read from, for STOP to end a read.
 */
int mpsse_bus_stream_pointer(struct mpsse_bus *bus, uint16_t addr,
                             const uint8_t *bytes, size_t n,
                             uint64_t deadline_ns, uint8_t *byte,
                             struct i2cpt_fault *fault)
{
    uint64_t until_ns = mpsse_now_ns(bus) + I2CPT_POINTER_NS;
    struct i2cpt_msg w = {.addr = addr, .len = (uint32_t)n};
    struct i2cpt_msg r = {.addr = addr, .flags = I2CPT_M_RD};
    struct i2cpt_fault later;
    int ret = begin(bus, deadline_ns, fault), read;

    if (ret) {
        return ret;
    }
    w.buf = (uint8_t *)bytes; /* of a write: only looked at */
    ret = mpsse_add_message(bus, &w, 0);
    mpsse_repeated_start(&bus->m, &bus->f);
    ret = ret ? ret : mpsse_add_message(bus, &r, 1);
    ret = run_begun(bus, ret, until_ns, fault);
    if (ret) {
        return ret;
    }
    ret = check_message(bus, &w, 0, bus->msg, fault);
    read = check_message(bus, &r, 1, ++bus->msg, ret ? &later : fault);
    bus->reading = !read;
    if (ret == -EIO && !read) {
        mpsse_bus_stream_read(bus, byte, until_ns, &later);
    }
    return ret ? ret : read;
}

int mpsse_bus_stream_write(struct mpsse_bus *bus, uint8_t byte,
                           uint64_t deadline_ns, struct i2cpt_fault *fault)
{
    struct i2cpt_msg m = {.flags = I2CPT_M_NOSTART, .len = 1, .buf = &byte};
    int ret;

    if (!bus->open) {
        return ended(bus, fault);
    }
    mpsse_frame_reset(&bus->f);
    mpsse_symbols(&bus->m, &bus->f, 0, 0, &byte, 1, 0, false);
    mpsse_end_frame(bus);
    ret = mpsse_bus_run(bus, deadline_ns, fault);
    if (!ret) {
        ret = check_message(bus, &m, 0, bus->msg, fault);
        if (ret == -EIO) {
            fault->byte = bus->byte;
        }
    }
    bus->byte++;
    return ret;
}

int mpsse_bus_stream_read(struct mpsse_bus *bus, uint8_t *byte,
                          uint64_t deadline_ns, struct i2cpt_fault *fault)
{
    const struct mpsse_piece *p;
    int ret;

    if (!bus->open) {
        return ended(bus, fault);
    }
    mpsse_frame_reset(&bus->f);
    if (bus->slot_open) {
        mpsse_send_ack(&bus->m, &bus->f, false);
    }
    mpsse_read_data(&bus->m, &bus->f);
    mpsse_end_frame(bus);
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

    bus->cut = false;
    if (!bus->open) {
        return 0;
    }
    mpsse_frame_reset(&bus->f);
    close_read(bus);
    mpsse_stop(&bus->m, &bus->f);
    bus->open = false;
    mpsse_read_pins(&bus->f); /* so that its end is known */
    mpsse_end_frame(bus);
    ret = mpsse_bus_run(bus, deadline_ns, fault);
    return ret ? ret
               : check_closed(bus, bus->msg, MAX(bus->byte - 1, 0), fault);
}
