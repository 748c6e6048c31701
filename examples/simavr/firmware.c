/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Firmware of an ATmega328P with three chips on its TWI: an LM75 at 0x48, a
 * 24C02 at 0x50 and an SHT3x at 0x44. It prints what it reads.
 */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>

enum { LM75 = 0x48, EEPROM = 0x50, SHT3X = 0x44 };

static void put(char c)
{
    while (!(UCSR0A & (1 << UDRE0))) {
    }
    UDR0 = (uint8_t)c;
}

static void say(const char *name, const uint8_t *bytes, uint8_t n)
{
    static const char digits[] = "0123456789abcdef";

    while (*name) {
        put(*name++);
    }
    for (uint8_t i = 0; i < n; i++) {
        put(' ');
        put(digits[bytes[i] >> 4]);
        put(digits[bytes[i] & 15]);
    }
    put('\n');
}

/* One step of the TWI; returns its status. */
static uint8_t step(uint8_t control)
{
    TWCR = (uint8_t)(control | 1 << TWINT | 1 << TWEN);
    while (!(TWCR & (1 << TWINT))) {
    }
    return TWSR & 0xf8;
}

/*
 * START or repeated START: whether the address was acknowledged. The data sheet
 * (tables 22-2 and 22-3) has 0x20 and 0x48 for the NACK, and TWINT comes with
 * the status. simavr 1.6 says 0x30 of a write's address, which is that of a
 * data byte, and of a read's the status comes later than TWINT.
 */
static uint8_t start(uint8_t address, uint8_t read)
{
    step(1 << TWSTA);
    TWDR = (uint8_t)(address << 1 | read);
    uint8_t status = step(0);
    while (status == 0x08 || status == 0x10) {
        status = TWSR & 0xf8;
    }
    return status != 0x20 && status != 0x30 && status != 0x48;
}

static uint8_t write(uint8_t byte)
{
    TWDR = byte;
    return step(0) != 0x30;
}

static void stop(void)
{
    TWCR = 1 << TWINT | 1 << TWEN | 1 << TWSTO;
}

static void read(uint8_t *bytes, uint8_t n)
{
    for (uint8_t i = 0; i < n; i++) {
        step(i + 1 < n ? 1 << TWEA : 0);
        bytes[i] = TWDR;
    }
    stop();
}

static void thermometer(void)
{
    uint8_t bytes[2];

    start(LM75, 0);
    write(0);
    start(LM75, 1);
    read(bytes, 2);
    say("lm75", bytes, 2);
}

/* A byte written, the write cycle waited for by polling, and read again. */
static void eeprom(void)
{
    uint8_t bytes[2], polls = 0;

    start(EEPROM, 0);
    write(0x10);
    write(0x5a);
    write(0xa5);
    stop();
    while (!start(EEPROM, 0) && polls < 100) {
        stop();
        polls++;
    }
    write(0x10);
    start(EEPROM, 1);
    read(bytes, 2);
    say(polls < 100 ? "eeprom" : "eeprom busy", bytes, 2);
}

/* It does not answer to its address while it measures. */
static void humidity(void)
{
    uint8_t bytes[6], polls = 0;

    start(SHT3X, 0);
    write(0x2c);
    write(0x06);
    stop();
    while (!start(SHT3X, 1) && polls < 100) {
        stop();
        polls++;
    }
    read(bytes, 6);
    say(polls < 100 ? "sht3x" : "sht3x busy", bytes, 6);
}

int main(void)
{
    UBRR0 = 0;
    UCSR0B = 1 << TXEN0;
    TWBR = 72; /* 100 kHz of 16 MHz */
    thermometer();
    eeprom();
    humidity();
    say(start(0x33, 0) ? "0x33 answers" : "nobody at 0x33", 0, 0);
    stop();
    cli();
    sleep_mode(); /* simavr ends there */
    return 0;
}
