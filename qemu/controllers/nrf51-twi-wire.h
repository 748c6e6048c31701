/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the engine's two halves: registers, and the byte state machine. */
#ifndef NRF51_TWI_WIRE_H
#define NRF51_TWI_WIRE_H

#include "controllers/nrf51-twi-engine.h"

/* In nrf51-twi-engine.c: bring the level in line with events and INTEN. */
void nrf51_twi_update_irq(Nrf51TwiEngine *engine);

/* A task register, by its offset, was triggered. */
void nrf51_twi_wire_task(Nrf51TwiEngine *engine, uint32_t offset);
void nrf51_twi_wire_txd_written(Nrf51TwiEngine *engine);
void nrf51_twi_wire_rxd_read(Nrf51TwiEngine *engine);

/* Let go of the target and forget what was under way; registers stay. */
void nrf51_twi_wire_abandon(Nrf51TwiEngine *engine);

#endif
