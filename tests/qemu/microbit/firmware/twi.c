/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A driver of the nRF51's TWI that counts its events, by interrupt. */
#include "twi.h"

#include "board.h"

#define TIMEOUT_US 60000000

struct twi twi0 = {.base = 0x40003000};
struct twi twi1 = {.base = 0x40004000};

/* Errors first: a refused byte raises TXDSENT as well. */
static const uint32_t events[] = {ERROR, TXDSENT, SUSPENDED, RXDREADY, STOPPED};

#define SUSPENDED_INDEX 2

#define EVENTS (sizeof(events) / sizeof(events[0]))

void twi_write(struct twi *twi, uint32_t offset, uint32_t value)
{
    *reg(twi->base + offset) = value;
}

uint32_t twi_read(struct twi *twi, uint32_t offset)
{
    return *reg(twi->base + offset);
}

/* If the event is there, clear and count it. */
static bool take(struct twi *twi, unsigned int i)
{
    if (!twi_read(twi, events[i])) {
        return false;
    }
    twi_write(twi, events[i], 0);
    twi->count[i]++;
    return true;
}

unsigned int twi_count(const struct twi *twi, uint32_t event)
{
    for (unsigned int i = 0; i < EVENTS; i++) {
        if (events[i] == event) {
            return twi->count[i];
        }
    }
    return 0;
}

static void start_read(struct twi *twi)
{
    twi_write(twi, SHORTS, twi->rx_len == 1 ? BB_STOP : BB_SUSPEND);
    twi_write(twi, STARTRX, 1);
}

static void byte_sent(struct twi *twi)
{
    if (twi->errorsrc) {
        return;
    }
    twi->sent++;
    if (twi->sent < twi->tx_len) {
        twi_write(twi, TXD, twi->tx[twi->sent]);
    } else if (twi->rx_len) {
        start_read(twi);
    } else {
        twi_write(twi, STOP, 1);
    }
}

static void byte_received(struct twi *twi)
{
    twi->rx[twi->got++] = (uint8_t)twi_read(twi, RXD);
    if (twi->got + 1 == twi->rx_len) {
        twi_write(twi, SHORTS, BB_STOP);
    }
    if (twi->got < twi->rx_len) {
        take(twi, SUSPENDED_INDEX); /* before there can be another */
        twi_write(twi, RESUME, 1);
    }
}

static void drive(struct twi *twi, uint32_t event)
{
    switch (event) {
    case ERROR:
        twi->errorsrc = twi_read(twi, ERRORSRC);
        twi_write(twi, ERRORSRC, twi->errorsrc);
        twi_write(twi, STOP, 1);
        break;
    case TXDSENT:
        byte_sent(twi);
        break;
    case RXDREADY:
        byte_received(twi);
        break;
    case STOPPED:
        twi->done = true;
        break;
    }
}

static void handle(struct twi *twi)
{
    twi->irqs++;
    for (unsigned int i = 0; i < EVENTS; i++) {
        if (!take(twi, i)) {
            continue;
        }
        if (twi->hook) {
            twi->hook(twi, events[i]);
        } else {
            drive(twi, events[i]);
        }
    }
}

void twi0_handler(void)
{
    handle(&twi0);
}

void twi1_handler(void)
{
    handle(&twi1);
}

void twi_setup(struct twi *twi)
{
    twi_write(twi, ENABLE, 0);
    twi_write(twi, POWER, 0);
    twi_write(twi, POWER, 1);
    twi_write(twi, PSELSCL, 0);
    twi_write(twi, PSELSDA, 30);
    twi_write(twi, FREQUENCY, 0x06680000);
    twi_write(twi, ENABLE, 5);
}

void twi_begin(struct twi *twi, uint8_t address)
{
    for (unsigned int i = 0; i < EVENTS; i++) {
        twi_write(twi, events[i], 0);
        twi->count[i] = 0;
    }
    twi_write(twi, BB, 0);
    twi_write(twi, SHORTS, 0);
    twi_write(twi, ADDRESS, address);
    twi->irqs = 0;
    twi->hook = 0;
    twi->tx_len = twi->rx_len = twi->sent = twi->got = 0;
    twi->errorsrc = 0;
    twi->done = false;
    for (unsigned int i = 0; i < XFER_MAX; i++) {
        twi->rx[i] = 0xee;
    }
    twi_write(twi, INTEN,
              INT_STOPPED | INT_RXDREADY | INT_TXDSENT | INT_ERROR |
                  INT_SUSPENDED);
}

void twi_start(struct twi *twi, uint8_t address, const uint8_t *tx,
               unsigned int tx_len, unsigned int rx_len)
{
    twi_begin(twi, address);
    twi->tx = tx;
    twi->tx_len = tx_len;
    twi->rx_len = rx_len;
    if (tx_len) {
        twi_write(twi, STARTTX, 1);
        twi_write(twi, TXD, tx[0]);
    } else {
        start_read(twi);
    }
}

bool twi_wait(struct twi *twi)
{
    return wait_for(&twi->done, TIMEOUT_US);
}

bool twi_run(struct twi *twi, uint8_t address, const uint8_t *tx,
             unsigned int tx_len, unsigned int rx_len)
{
    twi_start(twi, address, tx, tx_len, rx_len);
    return twi_wait(twi);
}
