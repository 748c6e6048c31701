/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A /dev/i2c-N in a umockdev testbed that behaves as Linux's i2c-dev does:
 * same limits, same checks, same busy rule, one open file's address, PEC and
 * ten-bit state. Behind it are targets with 256 registers and a pointer that
 * a write's first byte sets. Errors and delays are scripted.
 *
 * Calls may come from any thread. What the kernel's side saw is read back with
 * the functions and members below.
 */
#ifndef FAKE_I2C_DEV_H
#define FAKE_I2C_DEV_H

#include <stdbool.h>
#include <stdint.h>
#include <umockdev.h>

enum fake_ioctl {
    FAKE_SLAVE,
    FAKE_SLAVE_FORCE,
    FAKE_TENBIT,
    FAKE_FUNCS,
    FAKE_RDWR,
    FAKE_PEC,
    FAKE_SMBUS,
    FAKE_TIMEOUT,
    FAKE_RETRIES,
    FAKE_IOCTLS
};

#define FAKE_LOG 64

/* What one I2C_RDWR or I2C_SMBUS was, as the driver below i2c-dev sees it. */
struct fake_msg {
    unsigned call; /* number of the I2C_RDWR that it came with, from 1 */
    uint16_t addr, flags, len;
};

struct fake_smbus {
    uint16_t addr;
    uint8_t read_write, command;
    uint32_t size;
    bool pec, tenbit, forced;
};

struct fake_i2c;

/* Node /dev/i2c-`number` with its /sys entries. `parent` NULL or the sysfs path
 * of a device of the testbed that the adapter hangs on. */
struct fake_i2c *fake_i2c_new(UMockdevTestbed *testbed, int number,
                              const char *name, const char *parent,
                              unsigned long functionality);
/* Lets held calls go first. The node stays until the testbed goes. */
void fake_i2c_free(struct fake_i2c *f);

/* Registers of a target, which is there from now on. */
uint8_t *fake_i2c_target(struct fake_i2c *f, uint16_t addr);
/* A kernel driver takes the address, or lets it go. */
void fake_i2c_bind(struct fake_i2c *f, uint16_t addr, bool bound);

/* The next `times` calls of this kind fail with this errno. */
void fake_i2c_fail(struct fake_i2c *f, enum fake_ioctl what, int error,
                   unsigned times);
/* The next I2C_RDWR says that it did so many messages; -1: the truth. */
void fake_i2c_claim_done(struct fake_i2c *f, int count);
/* What a block read answers as its count, whatever it should be; 0: truth. */
void fake_i2c_claim_block(struct fake_i2c *f, uint8_t count, bool on);
/* What it says from now on that it can. */
void fake_i2c_can(struct fake_i2c *f, unsigned long functionality);
/* Node and /sys entry vanish; transfers fail with this errno. */
void fake_i2c_unplug(struct fake_i2c *f, int error);

/* Calls that transfer do not return from now on, until let go. */
void fake_i2c_hold(struct fake_i2c *f);
void fake_i2c_wait_held(struct fake_i2c *f); /* until one is in there */
void fake_i2c_let_go(struct fake_i2c *f);

/* What came. */
unsigned fake_i2c_count(struct fake_i2c *f, enum fake_ioctl what);
unsigned long fake_i2c_last(struct fake_i2c *f, enum fake_ioctl what);
/* Messages since fake_i2c_forget(), at most FAKE_LOG; returns how many. */
unsigned fake_i2c_msgs(struct fake_i2c *f, struct fake_msg *out);
struct fake_smbus fake_i2c_smbus(struct fake_i2c *f);
void fake_i2c_forget(struct fake_i2c *f);

#endif
