/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A sensor whose data-ready pin is an interrupt: sleep until a sample is there,
 * read it, which lets go of the pin, and so on; each has to come once. The chip
 * says how many rounds there are and whether the pin is a channel's (IN) or one
 * that senses (PORT).
 */
#include "board.h"
#include "twi.h"

#define PIN 18 /* pin8 of the edge connector */

#define GPIO_IN         0x50000510
#define GPIO_PIN_CNF    (0x50000700 + 4 * PIN)
#define SENSE_HIGH      (2u << 16)
#define GPIOTE_IN0      0x40006100
#define GPIOTE_PORT     0x4000617c
#define GPIOTE_INTENSET 0x40006304
#define GPIOTE_CONFIG0  0x40006510
#define EVENT_LO_TO_HI  (1u | PIN << 8 | 1u << 16)
#define INT_IN0         1u
#define INT_PORT        (1u << 31)

/* The chip: a sample's number and its status, which reading clears; rounds,
 * high byte first, and which event. */
#define SENSOR   0x19
#define SAMPLE   0x26
#define SETTINGS 0x30
#define READY    0x08

#define PATIENCE_US 60000000
#define QUIET_US    20000

static uint32_t event_register;
static volatile unsigned int irqs;
static volatile bool came;

void gpiote_handler(void)
{
    *reg(event_register) = 0;
    irqs++;
    came = true;
}

static bool read_chip(uint8_t at, unsigned int count)
{
    return twi_run(&twi0, SENSOR, &at, 1, count) && twi0.got == count;
}

/* True where the pin was up before: that sample makes no event. */
static bool begin_to_wait(bool port)
{
    event_register = port ? GPIOTE_PORT : GPIOTE_IN0;
    *reg(GPIO_PIN_CNF) = port ? SENSE_HIGH : 0;
    if (!port) {
        *reg(GPIOTE_CONFIG0) = EVENT_LO_TO_HI;
    }
    came = (*reg(GPIO_IN) >> PIN & 1) && !*reg(event_register);
    return came;
}

static unsigned int sum;

static bool take_sample(unsigned int round)
{
    if (!read_chip(SAMPLE, 2)) {
        return false;
    }
    sum = sum * 31 + twi0.rx[0];
    return twi0.rx[0] == (round & 0xff) && twi0.rx[1] == READY;
}

/* As many as came one by one, each the next. */
static unsigned int take_samples(unsigned int rounds)
{
    unsigned int round;

    for (round = 1; round <= rounds; round++) {
        if (!wait_for(&came, PATIENCE_US)) {
            break;
        }
        came = false;
        if (!take_sample(round)) {
            break;
        }
    }
    return round - 1;
}

static void number(const char *what, unsigned int value)
{
    put_text("# ");
    put_text(what);
    put_text(" ");
    put_number(value);
    put_text("\n");
}

int main(void)
{
    unsigned int rounds, taken, early;
    static volatile bool never;
    bool port;

    twi_setup(&twi0);
    irq_enable(IRQ_TWI0);
    tap_case(read_chip(SETTINGS, 3), "settings");
    rounds = (unsigned int)twi0.rx[0] << 8 | twi0.rx[1];
    port = twi0.rx[2];
    irq_enable(IRQ_GPIOTE);
    early = begin_to_wait(port);
    *reg(GPIOTE_INTENSET) = port ? INT_PORT : INT_IN0;
    taken = take_samples(rounds);
    wait_for(&never, QUIET_US);
    number("samples", taken);
    number("sum", sum);
    tap_case(taken == rounds, "each sample came, and was the next");
    tap_case(irqs + early == rounds, "an interrupt for each and no more");
    tap_case(!(*reg(GPIO_IN) >> PIN & 1), "the pin is down");
    return 0;
}
