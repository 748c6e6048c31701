/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The nRF51 TWI's time on the wire, in virtual time and in the guest's work. */
#include "controllers/nrf51-twi-clock.h"

/* The nRF51 runs at 16 MHz, about an instruction in a cycle. */
#define INSTRUCTIONS_PER_US 16
#define NS_PER_US           1000

#define LEAST_INSTRUCTIONS 1024
#define LEAST_CPU_NS       (2 * 1000 * 1000)

static uint64_t instructions(int64_t ns)
{
    return (uint64_t)ns * INSTRUCTIONS_PER_US / NS_PER_US;
}

static uint64_t work_for(Nrf51TwiWork kind, int64_t wire_ns)
{
    uint64_t n;

    switch (kind) {
    case NRF51_TWI_WORK_INSTRUCTIONS:
        n = instructions(wire_ns);
        return n > LEAST_INSTRUCTIONS ? n : LEAST_INSTRUCTIONS;
    case NRF51_TWI_WORK_CPU_TIME:
        return wire_ns > LEAST_CPU_NS ? (uint64_t)wire_ns : LEAST_CPU_NS;
    default:
        return 0;
    }
}

void nrf51_twi_clock_arm(Nrf51TwiClock *clock, const Nrf51TwiNow *now,
                         int64_t wire_ns)
{
    clock->armed = true;
    clock->looked = 0;
    clock->due_ns = now->virtual_ns + wire_ns;
    clock->due_work = now->work + work_for(clock->kind, wire_ns);
}

void nrf51_twi_clock_disarm(Nrf51TwiClock *clock)
{
    clock->armed = false;
}

bool nrf51_twi_clock_look(Nrf51TwiClock *clock, unsigned int event)
{
    uint32_t bit = UINT32_C(1) << (event % 32);
    bool again = (clock->looked & bit) != 0;

    clock->looked |= bit;
    if (again && clock->kind == NRF51_TWI_WORK_CPU_TIME) {
        clock->due_work = 0;
    }
    return again;
}

void nrf51_twi_clock_waited(Nrf51TwiClock *clock, int64_t waited_ns)
{
    uint64_t done = instructions(waited_ns);

    if (clock->kind == NRF51_TWI_WORK_INSTRUCTIONS) {
        clock->due_work -= done < clock->due_work ? done : clock->due_work;
    }
}

static int64_t work_left_ns(const Nrf51TwiClock *clock, const Nrf51TwiNow *now)
{
    uint64_t left;

    if (clock->kind == NRF51_TWI_WORK_NONE || now->halted ||
        now->work >= clock->due_work) {
        return 0;
    }
    left = clock->due_work - now->work;
    if (clock->kind == NRF51_TWI_WORK_INSTRUCTIONS) {
        left =
            (left * NS_PER_US + INSTRUCTIONS_PER_US - 1) / INSTRUCTIONS_PER_US;
    }
    return (int64_t)left;
}

int64_t nrf51_twi_clock_left_ns(const Nrf51TwiClock *clock,
                                const Nrf51TwiNow *now)
{
    int64_t wire_ns = clock->due_ns - now->virtual_ns;
    int64_t work_ns = work_left_ns(clock, now);

    return wire_ns > work_ns ? wire_ns : work_ns;
}
