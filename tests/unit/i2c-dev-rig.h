/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A fake /dev/i2c-3 for each case, and how tests open it. */
#ifndef I2C_DEV_RIG_H
#define I2C_DEV_RIG_H

#include <check.h>

#include "fake-i2c-dev.h"
#include "i2cpt.h"

struct i2c_dev_rig {
    UMockdevTestbed *testbed;
    struct fake_i2c *fake;
    struct i2cpt_fault fault; /* of what was done last */
};
extern struct i2c_dev_rig rig;

/* Functionality: I2C, 10-bit, mangling, NOSTART, all of SMBus; or as i2c-i801,
 * and the process calls. */
#define RIG_FULL  0x0fff801fu
#define RIG_SMBUS 0x0fff8008u

/* A test case over one with that functionality. */
TCase *rig_case(Suite *suite, uint32_t functionality);

/* Or the test fails; for 20 s, where it has no timeout-ms of its own: a busy
 * machine's worker may well be late by the 200 ms that are the default. */
struct i2cpt_adapter *rig_open(const char *spec);
struct i2cpt_adapter *rig_open_fake(void);

/* A transfer of one byte. */
int rig_put(struct i2cpt_adapter *a, uint16_t addr, uint8_t byte);

#endif
