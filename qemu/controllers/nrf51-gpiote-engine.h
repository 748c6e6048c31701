/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nRF51 GPIOTE: registers, channels and the PORT event, nothing of QEMU
 *
 * Written from the nRF51 Series Reference Manual v3.0.1, chapters 13 (GPIO) and
 * 14 (GPIOTE).
 *
 * A channel, by MODE of CONFIG[n]:
 *
 *   any   -> OFF    MODE 0, or 2, which is reserved; POWER 0, reset
 *   any   -> EVENT  MODE 1: the pin's level is noted and is no event
 *   EVENT -> EVENT  the pin changes. The way of POLARITY: EVENTS_IN[n]
 *   any   -> TASK   MODE 3: the pin is driven to OUTINIT, if it was not TASK
 *                   with that pin before
 *   TASK  -> TASK   TASKS_OUT[n]: the pin is set, cleared or toggled, by
 *                   POLARITY
 *
 * PORT, by GPIO's DETECT, which is high while a pin that senses (PIN_CNF.SENSE,
 * its input buffer connected) is at the level that it senses:
 *
 *   LOW  -> HIGH    EVENTS_PORT
 *   HIGH -> HIGH    another pin: none, the guest has to look at all of them
 *   HIGH -> LOW     nothing
 *
 * The interrupt is there while an event is whose bit INTEN has. Events come
 * with POWER 1 alone.
 *
 * A channel in EVENT sees what drives the pin from outside, whatever PIN_CNF
 * says of its input buffer.
 */
#ifndef NRF51_GPIOTE_ENGINE_H
#define NRF51_GPIOTE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#define NRF51_GPIOTE_CHANNELS 4

enum {
    NRF51_GPIOTE_TASKS_OUT = 0x000, /* of channel n at +4n, and so below */
    NRF51_GPIOTE_EVENTS_IN = 0x100,
    NRF51_GPIOTE_EVENTS_PORT = 0x17c,
    NRF51_GPIOTE_INTEN = 0x300,
    NRF51_GPIOTE_INTENSET = 0x304,
    NRF51_GPIOTE_INTENCLR = 0x308,
    NRF51_GPIOTE_CONFIG = 0x510,
    NRF51_GPIOTE_POWER = 0xffc,
    NRF51_GPIOTE_SIZE = 0x1000,
};

/* Bits of INTEN, and of `events`. */
#define NRF51_GPIOTE_INT_IN   0x0000000fu
#define NRF51_GPIOTE_INT_PORT 0x80000000u

typedef enum {
    NRF51_GPIOTE_OFF = 0,
    NRF51_GPIOTE_EVENT = 1,
    NRF51_GPIOTE_TASK = 3,
} Nrf51GpioteMode;

typedef struct Nrf51GpioteOps {
    void (*drive)(void *opaque, unsigned pin, bool level);
    void (*irq)(void *opaque, bool level);
} Nrf51GpioteOps;

typedef struct Nrf51GpioteEngine {
    const Nrf51GpioteOps *ops;
    void *opaque;
    uint32_t events, inten;
    uint32_t config[NRF51_GPIOTE_CHANNELS];
    uint32_t pins; /* the levels that were seen last */
    uint32_t out;  /* the levels that channels in TASK drive */
    bool detect;   /* likewise */
    bool power;
} Nrf51GpioteEngine;

void nrf51_gpiote_engine_init(Nrf51GpioteEngine *e, const Nrf51GpioteOps *ops,
                              void *opaque);
/* Levels of pins stay. */
void nrf51_gpiote_engine_reset(Nrf51GpioteEngine *e);

bool nrf51_gpiote_engine_has_register(uint32_t offset);
uint32_t nrf51_gpiote_engine_read(const Nrf51GpioteEngine *e, uint32_t offset);
void nrf51_gpiote_engine_write(Nrf51GpioteEngine *e, uint32_t offset,
                               uint32_t value);

/* The levels of all pins, and DETECT, as they are now. */
void nrf51_gpiote_engine_look(Nrf51GpioteEngine *e, uint32_t pins, bool detect);

#endif
