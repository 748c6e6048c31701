/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Between the two halves of the driver. Each is compiled against a C library of
 * its own, so that nothing but plain numbers and memory passes here: no errno,
 * no type of either side.
 */
#ifndef NATIVE_I2C_BOTTOM_H
#define NATIVE_I2C_BOTTOM_H

#include <stdint.h>

enum native_i2c_flag {
    NATIVE_I2C_READ = 1,
    NATIVE_I2C_STOP = 2,    /* this message ends the transfer */
    NATIVE_I2C_RESTART = 4, /* it begins with a START of its own */
    NATIVE_I2C_TEN_BITS = 8
};

enum native_i2c_result {
    NATIVE_I2C_DONE = 0,
    NATIVE_I2C_NACK = 1,
    NATIVE_I2C_BUSY = 2, /* the bus, or arbitration was lost */
    NATIVE_I2C_TIMED_OUT = 3,
    NATIVE_I2C_UNSUPPORTED = 4,
    NATIVE_I2C_FAILED = 5
};

struct native_i2c_message {
    uint8_t *buf;
    uint32_t len;
    uint32_t flags; /* enum native_i2c_flag */
};

/* The adapter of this specification, or NULL, having said why on stderr. */
void *native_i2c_open(const char *spec);

/*
 * Messages to one address, as a driver of the guest puts them: without RESTART
 * and in the direction of the one before, a message goes on with that one's
 * bytes. Returns enum native_i2c_result; the machine stands meanwhile.
 */
int native_i2c_transfer(void *bus, uint16_t addr,
                        const struct native_i2c_message *messages, uint32_t n);

void native_i2c_close(void *bus);

#endif
