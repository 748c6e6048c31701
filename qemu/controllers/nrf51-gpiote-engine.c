/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The nRF51's GPIOTE without QEMU; see the header. */
#include "controllers/nrf51-gpiote-engine.h"

#include <string.h>

#define CONFIG_MASK 0x00131f03u

enum { LO_TO_HI = 1, HI_TO_LO = 2, TOGGLE = 3 };

static unsigned mode_of(uint32_t config)
{
    return config & 3;
}

static unsigned pin_of(uint32_t config)
{
    return config >> 8 & 0x1f;
}

static unsigned polarity_of(uint32_t config)
{
    return config >> 16 & 3;
}

static bool outinit_of(uint32_t config)
{
    return config >> 20 & 1;
}

static void update_irq(Nrf51GpioteEngine *e)
{
    e->ops->irq(e->opaque, (e->events & e->inten) != 0);
}

void nrf51_gpiote_engine_reset(Nrf51GpioteEngine *e)
{
    e->events = 0;
    e->inten = 0;
    memset(e->config, 0, sizeof(e->config));
    e->power = true;
    update_irq(e);
}

void nrf51_gpiote_engine_init(Nrf51GpioteEngine *e, const Nrf51GpioteOps *ops,
                              void *opaque)
{
    memset(e, 0, sizeof(*e));
    e->ops = ops;
    e->opaque = opaque;
    nrf51_gpiote_engine_reset(e);
}

/* ------------------------------------------------------------------- pins */

static bool is_event(uint32_t config, uint32_t before, uint32_t now)
{
    uint32_t bit = 1u << pin_of(config);

    if (mode_of(config) != NRF51_GPIOTE_EVENT || !((before ^ now) & bit)) {
        return false;
    }
    return polarity_of(config) & ((now & bit) ? LO_TO_HI : HI_TO_LO);
}

void nrf51_gpiote_engine_look(Nrf51GpioteEngine *e, uint32_t pins, bool detect)
{
    uint32_t before = e->pins;
    bool detected = e->detect;
    unsigned n;

    e->pins = pins;
    e->detect = detect;
    for (n = 0; n < NRF51_GPIOTE_CHANNELS; n++) {
        if (is_event(e->config[n], before, pins)) {
            e->events |= 1u << n;
        }
    }
    if (e->power && detect && !detected) {
        e->events |= NRF51_GPIOTE_INT_PORT;
    }
    update_irq(e);
}

static void drive(Nrf51GpioteEngine *e, unsigned pin, bool level)
{
    if (level) {
        e->out |= 1u << pin;
    } else {
        e->out &= ~(1u << pin);
    }
    e->ops->drive(e->opaque, pin, level);
}

static void run_task(Nrf51GpioteEngine *e, unsigned n)
{
    uint32_t config = e->config[n];
    unsigned pin = pin_of(config);

    if (mode_of(config) != NRF51_GPIOTE_TASK || !polarity_of(config)) {
        return;
    }
    drive(e, pin,
          polarity_of(config) == TOGGLE ? !(e->out >> pin & 1)
                                        : polarity_of(config) == LO_TO_HI);
}

static void configure(Nrf51GpioteEngine *e, unsigned n, uint32_t value)
{
    uint32_t before = e->config[n];

    e->config[n] = value & CONFIG_MASK;
    if (mode_of(value) == NRF51_GPIOTE_TASK &&
        (mode_of(before) != NRF51_GPIOTE_TASK ||
         pin_of(before) != pin_of(value))) {
        drive(e, pin_of(value), outinit_of(value));
    }
}

/* -------------------------------------------------------------- registers */

/* The channel of a register that each has; -1: it is none of those. */
static int channel_of(uint32_t offset, uint32_t first)
{
    uint32_t n = (offset - first) / 4;

    return offset % 4 || offset < first || n >= NRF51_GPIOTE_CHANNELS ? -1
                                                                      : (int)n;
}

/* The bit of an event register; 0: it is none. */
static uint32_t event_bit(uint32_t offset)
{
    int n = channel_of(offset, NRF51_GPIOTE_EVENTS_IN);

    if (offset == NRF51_GPIOTE_EVENTS_PORT) {
        return NRF51_GPIOTE_INT_PORT;
    }
    return n < 0 ? 0 : 1u << n;
}

bool nrf51_gpiote_engine_has_register(uint32_t offset)
{
    switch (offset) {
    case NRF51_GPIOTE_INTEN:
    case NRF51_GPIOTE_INTENSET:
    case NRF51_GPIOTE_INTENCLR:
    case NRF51_GPIOTE_POWER:
        return true;
    default:
        return event_bit(offset) ||
               channel_of(offset, NRF51_GPIOTE_TASKS_OUT) >= 0 ||
               channel_of(offset, NRF51_GPIOTE_CONFIG) >= 0;
    }
}

uint32_t nrf51_gpiote_engine_read(const Nrf51GpioteEngine *e, uint32_t offset)
{
    int n = channel_of(offset, NRF51_GPIOTE_CONFIG);

    if (n >= 0) {
        return e->config[n];
    }
    switch (offset) {
    case NRF51_GPIOTE_INTEN:
    case NRF51_GPIOTE_INTENSET:
    case NRF51_GPIOTE_INTENCLR:
        return e->inten;
    case NRF51_GPIOTE_POWER:
        return e->power;
    default:
        return (e->events & event_bit(offset)) != 0;
    }
}

static void write_inten(Nrf51GpioteEngine *e, uint32_t value)
{
    e->inten = value & (NRF51_GPIOTE_INT_IN | NRF51_GPIOTE_INT_PORT);
    update_irq(e);
}

static void write_event(Nrf51GpioteEngine *e, uint32_t bit, uint32_t value)
{
    e->events = value & 1 ? e->events | bit : e->events & ~bit;
    update_irq(e);
}

static void write_register(Nrf51GpioteEngine *e, uint32_t offset,
                           uint32_t value)
{
    int task = channel_of(offset, NRF51_GPIOTE_TASKS_OUT);
    int config = channel_of(offset, NRF51_GPIOTE_CONFIG);

    if (task >= 0) {
        if (value & 1) {
            run_task(e, task);
        }
    } else if (config >= 0) {
        configure(e, config, value);
    } else if (event_bit(offset)) {
        write_event(e, event_bit(offset), value);
    } else if (offset == NRF51_GPIOTE_INTEN) {
        write_inten(e, value);
    } else if (offset == NRF51_GPIOTE_INTENSET) {
        write_inten(e, e->inten | value);
    } else if (offset == NRF51_GPIOTE_INTENCLR) {
        write_inten(e, e->inten & ~value);
    }
}

void nrf51_gpiote_engine_write(Nrf51GpioteEngine *e, uint32_t offset,
                               uint32_t value)
{
    if (offset == NRF51_GPIOTE_POWER) {
        if (!(value & 1)) {
            nrf51_gpiote_engine_reset(e);
        }
        e->power = value & 1;
    } else if (e->power) {
        write_register(e, offset, value);
    }
}
