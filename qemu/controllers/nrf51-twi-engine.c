/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The registers of the nRF51 TWI, without QEMU: tasks, events, interrupts. */
#include "controllers/nrf51-twi-wire.h"

#include <string.h>

#define RESET_FREQUENCY 0x04000000u
#define DISCONNECTED    0xffffffffu

static bool is_on(const Nrf51TwiEngine *engine)
{
    return engine->power && engine->enable == NRF51_TWI_ENABLED;
}

void nrf51_twi_engine_reset(Nrf51TwiEngine *engine)
{
    nrf51_twi_wire_abandon(engine);
    engine->reading = false;
    engine->events = 0;
    engine->shorts = 0;
    engine->inten = 0;
    engine->errorsrc = 0;
    engine->enable = 0;
    engine->power = 1;
    engine->pselscl = DISCONNECTED;
    engine->pselsda = DISCONNECTED;
    engine->rxd = 0;
    engine->txd = 0;
    engine->frequency = RESET_FREQUENCY;
    engine->address = 0;
    nrf51_twi_update_irq(engine);
}

void nrf51_twi_engine_init(Nrf51TwiEngine *engine, const Nrf51TwiOps *ops,
                           void *opaque)
{
    memset(engine, 0, sizeof(*engine));
    engine->ops = ops;
    engine->opaque = opaque;
    nrf51_twi_engine_reset(engine);
}

/* The bit of an event register's offset; 0 where there is none. */
static uint32_t event_bit(uint32_t offset)
{
    uint32_t n = (offset - NRF51_TWI_EVENTS) / 4;

    if (offset < NRF51_TWI_EVENTS || offset % 4 || n > 31) {
        return 0;
    }
    return (1u << n) & NRF51_TWI_INT_ALL;
}

static void write_power(Nrf51TwiEngine *engine, uint32_t value)
{
    if (!(value & 1)) {
        nrf51_twi_engine_reset(engine);
    }
    engine->power = value & 1;
}

static void write_enable(Nrf51TwiEngine *engine, uint32_t value)
{
    engine->enable = value & 7;
    if (!is_on(engine)) {
        nrf51_twi_wire_abandon(engine);
    }
}

static void write_inten(Nrf51TwiEngine *engine, uint32_t value)
{
    engine->inten = value & NRF51_TWI_INT_ALL;
    nrf51_twi_update_irq(engine);
}

static void write_register(Nrf51TwiEngine *engine, uint32_t offset,
                           uint32_t value)
{
    switch (offset) {
    case NRF51_TWI_SHORTS:
        engine->shorts = value & 3;
        break;
    case NRF51_TWI_INTEN:
        write_inten(engine, value);
        break;
    case NRF51_TWI_INTENSET:
        write_inten(engine, engine->inten | value);
        break;
    case NRF51_TWI_INTENCLR:
        write_inten(engine, engine->inten & ~value);
        break;
    case NRF51_TWI_ERRORSRC:
        engine->errorsrc &= ~value;
        break;
    case NRF51_TWI_ENABLE:
        write_enable(engine, value);
        break;
    case NRF51_TWI_PSELSCL:
        engine->pselscl = value;
        break;
    case NRF51_TWI_PSELSDA:
        engine->pselsda = value;
        break;
    case NRF51_TWI_TXD:
        engine->txd = value & 0xff;
        if (is_on(engine)) {
            nrf51_twi_wire_txd_written(engine);
        }
        break;
    case NRF51_TWI_FREQUENCY:
        engine->frequency = value;
        break;
    case NRF51_TWI_ADDRESS:
        engine->address = value & 0x7f;
        break;
    }
}

void nrf51_twi_engine_write(Nrf51TwiEngine *engine, uint32_t offset,
                            uint32_t value)
{
    if (offset == NRF51_TWI_POWER) {
        write_power(engine, value);
    } else if (!engine->power) {
        return;
    } else if (event_bit(offset)) {
        if (!value) {
            engine->events &= ~event_bit(offset);
            nrf51_twi_update_irq(engine);
        }
    } else if (offset <= NRF51_TWI_RESUME) {
        if (is_on(engine) && (value & 1)) {
            nrf51_twi_wire_task(engine, offset);
        }
    } else {
        write_register(engine, offset, value);
    }
}

uint32_t nrf51_twi_engine_read(Nrf51TwiEngine *engine, uint32_t offset)
{
    if (event_bit(offset)) {
        return (engine->events & event_bit(offset)) != 0;
    }
    switch (offset) {
    case NRF51_TWI_SHORTS:
        return engine->shorts;
    case NRF51_TWI_INTEN:
    case NRF51_TWI_INTENSET:
    case NRF51_TWI_INTENCLR:
        return engine->inten;
    case NRF51_TWI_ERRORSRC:
        return engine->errorsrc;
    case NRF51_TWI_ENABLE:
        return engine->enable;
    case NRF51_TWI_PSELSCL:
        return engine->pselscl;
    case NRF51_TWI_PSELSDA:
        return engine->pselsda;
    case NRF51_TWI_RXD:
        nrf51_twi_wire_rxd_read(engine);
        return engine->rxd;
    case NRF51_TWI_TXD:
        return engine->txd;
    case NRF51_TWI_FREQUENCY:
        return engine->frequency;
    case NRF51_TWI_ADDRESS:
        return engine->address;
    case NRF51_TWI_POWER:
        return engine->power;
    default:
        return 0;
    }
}

bool nrf51_twi_engine_has_register(uint32_t offset)
{
    switch (offset) {
    case NRF51_TWI_STARTRX:
    case NRF51_TWI_STARTTX:
    case NRF51_TWI_STOP:
    case NRF51_TWI_SUSPEND:
    case NRF51_TWI_RESUME:
    case NRF51_TWI_SHORTS:
    case NRF51_TWI_INTEN:
    case NRF51_TWI_INTENSET:
    case NRF51_TWI_INTENCLR:
    case NRF51_TWI_ERRORSRC:
    case NRF51_TWI_ENABLE:
    case NRF51_TWI_PSELSCL:
    case NRF51_TWI_PSELSDA:
    case NRF51_TWI_RXD:
    case NRF51_TWI_TXD:
    case NRF51_TWI_FREQUENCY:
    case NRF51_TWI_ADDRESS:
    case NRF51_TWI_POWER:
        return true;
    default:
        return event_bit(offset) != 0;
    }
}
