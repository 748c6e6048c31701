/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clocked commands: data in and out, TMS, and clocks without data. */
#include <string.h>

#include "chip-private.h"

enum {
    CLOCK_BITS = 0x8e,
    CLOCK_BYTES = 0x8f,
    CLOCK_WAIT_HIGH = 0x94,
    CLOCK_WAIT_LOW = 0x95,
    CLOCK_BYTES_HIGH = 0x9c,
    CLOCK_BYTES_LOW = 0x9d,
};

/* Bits of an opcode below 80. */
enum {
    WRITE_FALLS = 0x01,
    BITS = 0x02,
    READ_FALLS = 0x04,
    LSB = 0x08,
    WRITE = 0x10,
    READ = 0x20,
    TMS = 0x40,
};

/* AN_108, 3.3 to 3.5: these combinations, and no others. */
static bool is_data(uint8_t opcode)
{
    uint8_t kind = opcode & (WRITE | READ | TMS);
    uint8_t edges = opcode & (WRITE_FALLS | READ_FALLS);

    switch (kind) {
    case WRITE:
        return !(edges & READ_FALLS);
    case READ:
        return !(edges & WRITE_FALLS);
    case WRITE | READ: /* in and out at different edges */
        return edges == WRITE_FALLS || edges == READ_FALLS;
    case TMS:
        return (opcode & ~WRITE_FALLS) == (TMS | LSB | BITS);
    case TMS | READ:
        return (opcode & ~(WRITE_FALLS | READ_FALLS)) ==
               (TMS | READ | LSB | BITS);
    default:
        return false;
    }
}

bool chip_is_shift(uint8_t opcode, unsigned *n_args)
{
    switch (opcode) {
    case CLOCK_BITS:
        *n_args = 1;
        return true;
    case CLOCK_BYTES:
    case CLOCK_BYTES_HIGH:
    case CLOCK_BYTES_LOW:
        *n_args = 2;
        return true;
    case CLOCK_WAIT_HIGH:
    case CLOCK_WAIT_LOW:
        *n_args = 0;
        return true;
    default:
        *n_args = opcode & BITS ? 1 : 2;
        return opcode < 0x80 && is_data(opcode);
    }
}

void chip_shift_begin(struct vchip *c)
{
    uint32_t length = (uint32_t)(c->args[0] | c->args[1] << 8) + 1;
    struct shift *s = &c->shift;
    uint8_t op = c->opcode;
    bool data = op < 0x80;

    memset(s, 0, sizeof(*s));
    s->active = true;
    s->bytes = length;
    s->bits = 8;
    if (op == CLOCK_BITS || (data && (op & BITS))) {
        s->bytes = 1;
        s->bits = (c->args[0] & 7u) + 1;
    }
    s->tms = data && (op & TMS);
    s->write = data && (op & (WRITE | TMS));
    s->read = data && (op & READ);
    s->lsb = data && (op & LSB);
    s->write_falls = op & WRITE_FALLS;
    s->read_falls = op & READ_FALLS;
    s->endless = op == CLOCK_WAIT_HIGH || op == CLOCK_WAIT_LOW;
    s->until = s->endless || op == CLOCK_BYTES_HIGH || op == CLOCK_BYTES_LOW;
    s->until_level = op == CLOCK_WAIT_HIGH || op == CLOCK_BYTES_HIGH;
    if (s->endless) {
        s->bytes = s->bits = 1;
    }
    chip_apply_pins(c);
}

static uint32_t half_ticks(const struct vchip *c)
{
    return (c->divisor + 1) * (c->divide_by_5 ? 5 : 1);
}

static bool clock_is_input(const struct vchip *c)
{
    return !(c->dir >> PIN_TCK & 1);
}

static enum step half(struct vchip *c)
{
    if (c->config.input_clock == VCHIP_NONE && clock_is_input(c)) {
        return STEP_ON;
    }
    c->step_ns = chip_ticks_ns(c, half_ticks(c));
    return STEP_TIME;
}

/* Three phases: data is there for half a period before the clock's pulse and
 * half a period after it, whatever edge was asked for. */
static void put_bit(struct vchip *c, bool at_first_edge, bool first_falls)
{
    struct shift *s = &c->shift;
    unsigned bit = s->lsb ? s->bit : 7 - s->bit;
    bool with_first = s->write_falls == first_falls && !c->three_phase;

    if (!s->write || with_first != at_first_edge) {
        return;
    }
    if (s->tms) {
        chip_set_pin(c, PIN_TDI, s->out & 0x80);
        chip_set_pin(c, PIN_TMS, s->out >> bit & 1);
    } else {
        chip_set_pin(c, PIN_TDI, s->out >> bit & 1);
    }
}

/* MSB first the bits come in below and move up, LSB first the other way. */
static void get_bit(struct vchip *c, bool falls)
{
    struct shift *s = &c->shift;
    bool level;

    if (!s->read || s->read_falls != falls) {
        return;
    }
    level = c->loopback ? c->value >> PIN_TDI & 1 : vchip_pin(c, PIN_TDO);
    if (s->lsb) {
        c->held_in = (uint8_t)(c->held_in >> 1 | (level ? 0x80 : 0));
    } else {
        c->held_in = (uint8_t)(c->held_in << 1 | (level ? 1 : 0));
    }
}

/* The clock moves at most when RTCK is where it is. */
static bool may_move(const struct vchip *c)
{
    return !c->adaptive ||
           vchip_pin(c, PIN_GPIOL3) == (bool)(c->value >> PIN_TCK & 1);
}

static enum step turn_clock(struct vchip *c, enum phase next, bool wait)
{
    bool was = c->value >> PIN_TCK & 1;

    if (!may_move(c)) {
        return STEP_BLOCKED;
    }
    get_bit(c, was);
    chip_set_pin(c, PIN_TCK, !was);
    c->shift.phase = next;
    return wait ? half(c) : STEP_ON;
}

static bool stop_asked(const struct vchip *c)
{
    return c->shift.until && vchip_pin(c, PIN_GPIOL1) == c->shift.until_level;
}

static enum step finish(struct vchip *c)
{
    c->state = FETCH;
    c->shift.active = false;
    chip_apply_pins(c);
    return STEP_ON;
}

static enum step load(struct vchip *c)
{
    struct shift *s = &c->shift;

    if (stop_asked(c)) {
        return finish(c);
    }
    if (!s->bit && s->write && !chip_out_pop(c, &s->out)) {
        return STEP_BLOCKED;
    }
    s->phase = PHASE_SETUP;
    return STEP_ON;
}

static enum step store(struct vchip *c)
{
    struct shift *s = &c->shift;

    if (s->bit + 1 < s->bits) {
        s->bit++;
        s->phase = PHASE_LOAD;
        return STEP_ON;
    }
    if (s->read && !chip_in_push(c, c->held_in)) {
        return STEP_BLOCKED;
    }
    s->bit = 0;
    s->phase = PHASE_LOAD;
    if (!s->endless && !--s->bytes) {
        return finish(c);
    }
    return STEP_ON;
}

enum step chip_shift_step(struct vchip *c)
{
    struct shift *s = &c->shift;
    bool idle = c->value >> PIN_TCK & 1;
    bool short_clock = c->config.two_halves && !s->write && !s->read;

    switch (s->phase) {
    case PHASE_LOAD:
        return load(c);
    case PHASE_SETUP:
        put_bit(c, false, idle);
        s->phase = PHASE_FIRST;
        return half(c);
    case PHASE_FIRST:
        if (may_move(c)) {
            put_bit(c, true, idle);
        }
        return turn_clock(c, PHASE_SECOND, !c->adaptive);
    case PHASE_SECOND:
        if (c->adaptive && !may_move(c)) {
            return STEP_BLOCKED;
        }
        if (c->adaptive && !s->timed) {
            s->timed = true;
            return half(c);
        }
        s->timed = false;
        return turn_clock(c, PHASE_STORE, c->three_phase && !short_clock);
    case PHASE_STORE:
    default:
        return store(c);
    }
}
