/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When what the nRF51 TWI has on the wire is over, nothing of QEMU
 *
 * On silicon a byte takes a known number of the guest's own instructions, and
 * drivers rely on it: RESUME and then STOP, SHORTS written after STARTRX. A
 * virtual CPU that the host has taken off its core for milliseconds stands
 * still while the virtual clock runs on. So a byte is over when the virtual
 * clock says so *and* the guest has worked for as long, or waits in WFI.
 *
 * Work is counted in instructions where they can be counted, by whole blocks
 * when a block begins; hence the least, which is two of the longest blocks.
 * Else it is the processor time of the vCPU's thread, which translation of
 * new code counts for too; hence the generous least there, and there the
 * guest's second look at an event ends a byte at once.
 */
#ifndef NRF51_TWI_CLOCK_H
#define NRF51_TWI_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    NRF51_TWI_WORK_NONE,         /* -icount: the virtual clock is the work */
    NRF51_TWI_WORK_INSTRUCTIONS, /* `work` is a count of instructions */
    NRF51_TWI_WORK_CPU_TIME, /* `work` is nanoseconds of the vCPU's thread */
} Nrf51TwiWork;

typedef struct {
    int64_t virtual_ns;
    uint64_t work;
    bool halted; /* the guest waits for an interrupt */
} Nrf51TwiNow;

/* To be embedded; the fields are its own. */
typedef struct {
    Nrf51TwiWork kind;
    bool armed;
    int64_t due_ns;
    uint64_t due_work;
    uint32_t looked; /* event registers read since, a bit each */
} Nrf51TwiClock;

/* Something of wire_ns begins; it replaces what was armed before. */
void nrf51_twi_clock_arm(Nrf51TwiClock *clock, const Nrf51TwiNow *now,
                         int64_t wire_ns);
void nrf51_twi_clock_disarm(Nrf51TwiClock *clock);

/*
 * The guest reads the event register of that interrupt bit. True when it has
 * done so since the last arm: it polls, and is willing to wait.
 */
bool nrf51_twi_clock_look(Nrf51TwiClock *clock, unsigned int event);

/* The guest was made to wait in such a read: that is work. */
void nrf51_twi_clock_waited(Nrf51TwiClock *clock, int64_t waited_ns);

/* 0 when what is armed is over; else the least time it still takes. */
int64_t nrf51_twi_clock_left_ns(const Nrf51TwiClock *clock,
                                const Nrf51TwiNow *now);

#endif
