/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What examples/simavr/firmware.c asks of its three chips, from a micro:bit:
 * the same transfers, and the same lines on the UART.
 */
#include "board.h"
#include "twi.h"

enum { LM75 = 0x48, EEPROM = 0x50, SHT3X = 0x44, NOBODY = 0x33 };

static void say(const char *name, const uint8_t *bytes, unsigned int n)
{
    static const char digits[] = "0123456789abcdef";

    put_text(name);
    for (unsigned int i = 0; i < n; i++) {
        char word[] = {' ', digits[bytes[i] >> 4], digits[bytes[i] & 15], 0};

        put_text(word);
    }
    put_text("\n");
}

/* Again until the chip answers to its address. */
static bool poll(uint8_t address, const uint8_t *tx, unsigned int tx_len,
                 unsigned int rx_len)
{
    for (unsigned int polls = 0; polls < 100; polls++) {
        if (!twi_run(&twi0, address, tx, tx_len, rx_len)) {
            return false;
        }
        if (!twi0.errorsrc) {
            return true;
        }
        twi_write(&twi0, ERRORSRC, twi0.errorsrc);
    }
    return false;
}

static void thermometer(void)
{
    static const uint8_t pointer[] = {0};

    twi_run(&twi0, LM75, pointer, 1, 2);
    say("lm75", twi0.rx, 2);
}

static void eeprom(void)
{
    static const uint8_t page[] = {0x10, 0x5a, 0xa5};
    bool good;

    twi_run(&twi0, EEPROM, page, 3, 0);
    good = poll(EEPROM, page, 1, 2);
    say(good ? "eeprom" : "eeprom busy", twi0.rx, 2);
}

static void humidity(void)
{
    static const uint8_t measure[] = {0x2c, 0x06};
    bool good;

    twi_run(&twi0, SHT3X, measure, 2, 0);
    good = poll(SHT3X, 0, 0, 6);
    say(good ? "sht3x" : "sht3x busy", twi0.rx, 6);
}

int main(void)
{
    static const uint8_t byte[] = {0};

    twi_setup(&twi0);
    irq_enable(IRQ_TWI0);
    thermometer();
    eeprom();
    humidity();
    twi_run(&twi0, NOBODY, byte, 1, 0);
    say(twi0.errorsrc == ANACK ? "nobody at 0x33" : "0x33 answers", 0, 0);
    return 0;
}
