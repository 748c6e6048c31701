/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The clock that deadlines are of. */
#ifndef I2CPT_CLOCK_H
#define I2CPT_CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC in nanoseconds. */
uint64_t i2cpt_now_ns(void);
/* Signals do not shorten it. */
void i2cpt_sleep_until(uint64_t until_ns);

#endif
