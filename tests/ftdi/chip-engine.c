/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands that are not clocked, and how commands are taken. */
#include <string.h>

#include "chip-private.h"

enum {
    SET_LOW = 0x80,
    READ_LOW = 0x81,
    SET_HIGH = 0x82,
    READ_HIGH = 0x83,
    LOOPBACK_ON = 0x84,
    LOOPBACK_OFF = 0x85,
    DIVISOR = 0x86,
    SEND_IMMEDIATE = 0x87,
    WAIT_HIGH = 0x88,
    WAIT_LOW = 0x89,
    DIVIDE_BY_5_OFF = 0x8a,
    DIVIDE_BY_5_ON = 0x8b,
    THREE_PHASE_ON = 0x8c,
    THREE_PHASE_OFF = 0x8d,
    ADAPTIVE_ON = 0x96,
    ADAPTIVE_OFF = 0x97,
    OPEN_DRAIN = 0x9e,
};

void chip_engine_reset(struct vchip *c)
{
    c->divide_by_5 = true;
    c->three_phase = c->adaptive = c->loopback = false;
    c->divisor = 0;
    c->state = FETCH;
    c->n_args = c->n_answer = c->answered = 0;
    memset(&c->shift, 0, sizeof(c->shift));
    c->held_in = 0x5a;
}

/* What AN_255 and AN_108's commands for I2C take: clocked out at the falling
 * edge, in at either, or both (31, 33); pins, waits, set-up. And for pins
 * beside the bus 82 and 83. */
static bool is_for_i2c(uint8_t opcode)
{
    static const uint8_t good[] = {
        0x11,
        0x13,
        0x20,
        0x22,
        0x24,
        0x26,
        0x31,
        0x33,
        SET_LOW,
        READ_LOW,
        SET_HIGH,
        READ_HIGH,
        DIVISOR,
        LOOPBACK_OFF,
        SEND_IMMEDIATE,
        WAIT_HIGH,
        DIVIDE_BY_5_OFF,
        THREE_PHASE_ON,
        ADAPTIVE_ON,
        ADAPTIVE_OFF,
        OPEN_DRAIN,
    };

    return memchr(good, opcode, sizeof(good));
}

/* Arguments of the opcode, or -1 where the chip has no such command. */
static int args_of(const struct vchip *c, uint8_t opcode)
{
    unsigned n;

    if (c->config.i2c_only && !is_for_i2c(opcode)) {
        return -1;
    }
    if (chip_is_shift(opcode, &n)) {
        return (int)n;
    }
    switch (opcode) {
    case SET_LOW:
    case SET_HIGH:
    case DIVISOR:
        return 2;
    case READ_LOW:
    case READ_HIGH:
    case LOOPBACK_ON:
    case LOOPBACK_OFF:
    case SEND_IMMEDIATE:
    case WAIT_HIGH:
    case WAIT_LOW:
    case DIVIDE_BY_5_OFF:
    case DIVIDE_BY_5_ON:
    case THREE_PHASE_ON:
    case THREE_PHASE_OFF:
    case ADAPTIVE_ON:
    case ADAPTIVE_OFF:
        return 0;
    case OPEN_DRAIN:
        return c->open_drain_able ? 2 : -1;
    default:
        return -1;
    }
}

static enum step after(struct vchip *c, uint64_t ns)
{
    c->step_ns = ns;
    return STEP_TIME;
}

static enum step done(struct vchip *c)
{
    c->state = FETCH;
    return STEP_ON;
}

static void answer(struct vchip *c, uint8_t first, int second)
{
    c->answer[0] = first;
    c->answer[1] = (uint8_t)second;
    c->n_answer = second < 0 ? 1 : 2;
    c->answered = 0;
    c->state = ANSWER;
}

static enum step take_opcode(struct vchip *c)
{
    int args;

    if (!chip_out_pop(c, &c->opcode)) {
        return STEP_BLOCKED;
    }
    args = args_of(c, c->opcode);
    c->n_args = 0;
    c->want_args = args < 0 ? 0 : (unsigned)args;
    c->state = args > 0 ? ARGS : EXEC;
    if (args < 0) {
        c->bad++;
        answer(c, 0xfa, c->opcode);
    }
    return after(c, chip_ticks_ns(c, 1));
}

static enum step take_arg(struct vchip *c)
{
    if (!chip_out_pop(c, &c->args[c->n_args])) {
        return STEP_BLOCKED;
    }
    if (++c->n_args == c->want_args) {
        c->state = EXEC;
    }
    return after(c, chip_ticks_ns(c, 1));
}

static uint8_t read_low(const struct vchip *c)
{
    uint8_t pins = 0;
    unsigned i;

    for (i = 0; i < PINS; i++) {
        pins |= (uint8_t)(vchip_pin(c, i) << i);
    }
    return pins;
}

/* What an FT4232H, which has no such pins, answers nobody knows. */
static uint8_t read_high(const struct vchip *c)
{
    return c->config.kind == VCHIP_FT4232H
               ? 0x5a
               : (uint8_t)((c->high_value & c->high_dir) |
                           (c->inputs >> 8 & ~c->high_dir));
}

static void exec(struct vchip *c)
{
    c->state = FETCH;
    switch (c->opcode) {
    case SET_LOW:
        c->value = c->args[0];
        c->dir = c->args[1];
        chip_apply_pins(c);
        break;
    case READ_LOW:
        answer(c, read_low(c), -1);
        break;
    case SET_HIGH: /* an FT4232H has no such pins, and takes the command */
        c->high_value = c->args[0];
        c->high_dir = c->args[1];
        break;
    case READ_HIGH:
        answer(c, read_high(c), -1);
        break;
    case LOOPBACK_ON:
    case LOOPBACK_OFF:
        c->loopback = c->opcode == LOOPBACK_ON;
        break;
    case DIVISOR:
        c->divisor = (uint32_t)(c->args[0] | c->args[1] << 8);
        break;
    case SEND_IMMEDIATE:
        c->flush_len = c->in.len;
        c->flush = c->in.len > 0;
        break;
    case WAIT_HIGH:
    case WAIT_LOW:
        c->state = WAIT;
        break;
    case DIVIDE_BY_5_OFF:
    case DIVIDE_BY_5_ON:
        c->divide_by_5 = c->opcode == DIVIDE_BY_5_ON;
        break;
    case THREE_PHASE_ON:
    case THREE_PHASE_OFF:
        c->three_phase = c->opcode == THREE_PHASE_ON;
        break;
    case ADAPTIVE_ON:
    case ADAPTIVE_OFF:
        c->adaptive = c->opcode == ADAPTIVE_ON;
        break;
    case OPEN_DRAIN:
        c->open_drain = c->args[0];
        chip_apply_pins(c);
        break;
    default:
        c->state = SHIFT;
        chip_shift_begin(c);
        break;
    }
}

/* The three bytes of one, taken already. */
#define MIN_SET_NS 50u

static enum step execute(struct vchip *c)
{
    exec(c);
    if (c->opcode == SET_LOW || c->opcode == SET_HIGH) {
        return after(c, c->config.set_ns - MIN_SET_NS);
    }
    return STEP_ON;
}

static enum step send_answer(struct vchip *c)
{
    while (c->answered < c->n_answer) {
        if (!chip_in_push(c, c->answer[c->answered])) {
            return STEP_BLOCKED; /* until the host takes some */
        }
        c->answered++;
    }
    return done(c);
}

enum step chip_engine_step(struct vchip *c)
{
    switch (c->state) {
    case FETCH:
        return take_opcode(c);
    case ARGS:
        return take_arg(c);
    case EXEC:
        return execute(c);
    case WAIT:
        return vchip_pin(c, PIN_GPIOL1) == (c->opcode == WAIT_HIGH)
                   ? done(c)
                   : STEP_BLOCKED;
    case ANSWER:
        return send_answer(c);
    case SHIFT:
    default:
        return chip_shift_step(c);
    }
}
