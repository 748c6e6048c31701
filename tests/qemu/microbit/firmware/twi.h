/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The TWI by interrupt: a small driver, and hooks for what it does not do. */
#ifndef TWI_H
#define TWI_H

#include <stdbool.h>
#include <stdint.h>

/* Register names of the reference manual, offsets in bytes. */
enum {
    STARTRX = 0x000,
    STARTTX = 0x008,
    STOP = 0x014,
    SUSPEND = 0x01c,
    RESUME = 0x020,
    STOPPED = 0x104,
    RXDREADY = 0x108,
    TXDSENT = 0x11c,
    ERROR = 0x124,
    BB = 0x138,
    SUSPENDED = 0x148,
    SHORTS = 0x200,
    INTEN = 0x300,
    INTENSET = 0x304,
    INTENCLR = 0x308,
    ERRORSRC = 0x4c4,
    ENABLE = 0x500,
    PSELSCL = 0x508,
    PSELSDA = 0x50c,
    RXD = 0x518,
    TXD = 0x51c,
    FREQUENCY = 0x524,
    ADDRESS = 0x588,
    POWER = 0xffc,
};

#define INT_STOPPED   (1u << 1)
#define INT_RXDREADY  (1u << 2)
#define INT_TXDSENT   (1u << 7)
#define INT_ERROR     (1u << 9)
#define INT_BB        (1u << 14)
#define INT_SUSPENDED (1u << 18)

#define BB_SUSPEND 1u
#define BB_STOP    2u

#define OVERRUN 1u
#define ANACK   2u
#define DNACK   4u

#define XFER_MAX 64

struct twi {
    uint32_t base;
    unsigned int irqs; /* interrupts taken */
    /* Called for each event, already cleared, instead of the driver. */
    void (*hook)(struct twi *twi, uint32_t event);
    /* The driver's transfer. */
    const uint8_t *tx;
    unsigned int tx_len, sent;
    uint8_t rx[XFER_MAX];
    unsigned int rx_len, got;
    uint32_t errorsrc;
    unsigned int count[5]; /* by twi_event_index() */
    volatile bool done;
};

extern struct twi twi0, twi1;

void twi_write(struct twi *twi, uint32_t offset, uint32_t value);
uint32_t twi_read(struct twi *twi, uint32_t offset);

/* How often an event's interrupt came since twi_begin(). */
unsigned int twi_count(const struct twi *twi, uint32_t event);

/* Forget the last transfer; events and shorts cleared, all interrupts on. */
void twi_begin(struct twi *twi, uint8_t address);

/* POWER off and on, pins, 400 kHz, ENABLE. */
void twi_setup(struct twi *twi);

/* Write tx, then read rx_len bytes after a repeated START; either may be 0.
 * Start only, and run to the end: false when STOPPED did not come. */
void twi_start(struct twi *twi, uint8_t address, const uint8_t *tx,
               unsigned int tx_len, unsigned int rx_len);
bool twi_run(struct twi *twi, uint8_t address, const uint8_t *tx,
             unsigned int tx_len, unsigned int rx_len);
bool twi_wait(struct twi *twi);

#endif
