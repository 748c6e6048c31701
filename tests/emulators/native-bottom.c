/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host's half of examples/zephyr-native-sim without Zephyr: it is asked
 * what app/src/main.c makes Zephyr's I2C API ask, and a few things more.
 *
 *     native-bottom ADAPTER
 */
#include <stdio.h>

#include "native-i2c-bottom.h"

enum {
    W = 0,
    R = NATIVE_I2C_READ,
    P = NATIVE_I2C_STOP,
    S = NATIVE_I2C_RESTART
};

static void *bus;

static int transfer(uint16_t addr, const struct native_i2c_message *messages,
                    uint32_t n)
{
    return native_i2c_transfer(bus, addr, messages, n);
}

static int write_read(uint16_t addr, uint8_t reg, uint8_t *data, uint32_t n)
{
    const struct native_i2c_message messages[] = {{&reg, 1, W},
                                                  {data, n, R | S | P}};

    return transfer(addr, messages, 2);
}

static void lm75(void)
{
    uint8_t data[2];
    int result = write_read(0x48, 0, data, 2);

    printf("lm75 %d %02x %02x\n", result, data[0], data[1]);
}

/* A page in two messages that are one, then a poll until it is written. */
static void eeprom(void)
{
    uint8_t cell = 0x10, page[] = {0x5a, 0xa5}, first[1] = {0}, second[1] = {0};
    const struct native_i2c_message burst[] = {{&cell, 1, W}, {page, 2, W | P}};
    const struct native_i2c_message poll = {NULL, 0, W | P};
    const struct native_i2c_message halves[] = {
        {&cell, 1, W}, {first, 1, R | S}, {second, 1, R | P}};
    int result = transfer(0x50, burst, 2), polls = 0;

    while (!result && polls < 100 && transfer(0x50, &poll, 1)) {
        polls++;
    }
    result += transfer(0x50, halves, 3);
    printf("eeprom %d %02x %02x, %d polls\n", result, first[0], second[0],
           polls);
}

/* Two transfers in one call, with a STOP between them. */
static void stop_between(void)
{
    uint8_t cells[] = {0x10, 0x11}, data[2] = {0};
    const struct native_i2c_message messages[] = {{&cells[0], 1, W},
                                                  {&data[0], 1, R | S | P},
                                                  {&cells[1], 1, W | S},
                                                  {&data[1], 1, R | S | P}};

    int result = transfer(0x50, messages, 4);

    printf("stop between %d %02x %02x\n", result, data[0], data[1]);
}

static void refused(void)
{
    uint8_t byte = 0;
    const struct native_i2c_message vast[] = {{&byte, 0x80000000u, W},
                                              {&byte, 0x80000000u, W | P}};

    printf("nobody %d\n", write_read(0x33, 0, &byte, 1));
    printf("too long %d\n", transfer(0x48, vast, 2));
    printf("nothing %d\n", transfer(0x48, vast, 0));
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: native-bottom ADAPTER\n");
        return 2;
    }
    bus = native_i2c_open(argv[1]);
    if (!bus) {
        return 1;
    }
    lm75();
    eeprom();
    stop_between();
    refused();
    native_i2c_close(bus);
    return 0;
}
