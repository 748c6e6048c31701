/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a test program on the bare micro:bit needs besides the TWI. */
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stdint.h>

#define IRQ_TWI0   3
#define IRQ_TWI1   4
#define IRQ_GPIOTE 6
#define IRQ_TIMER0 8
#define IRQ_SWI0   20

static inline volatile uint32_t *reg(uint32_t address)
{
    return (volatile uint32_t *)(uintptr_t)address;
}

/* Handlers that the program may define; others end it with a message. */
void twi0_handler(void);
void twi1_handler(void);
void gpiote_handler(void);
void swi0_handler(void);

void irq_enable(unsigned int irq);
void irq_raise(unsigned int irq);

/* Text to the UART, which is QEMU's -serial. */
void put_text(const char *text);
void put_number(uint32_t number);

/* TAP: one line a case. Counts failures for tap_end(). */
void tap_case(bool good, const char *name);
/* Prints the plan and ends QEMU (which needs -semihosting). */
void tap_end(void);

/* Microseconds of virtual time since board_init(), by TIMER0. */
uint32_t time_us(void);
void board_init(void);

/*
 * Sleep until *flag is set by an interrupt handler; false when timeout_us
 * have passed, which TIMER0's own interrupt tells.
 */
bool wait_for(volatile bool *flag, uint32_t timeout_us);

#endif
