/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of functionality bits. */
#ifndef I2CPT_FUNCTIONALITY_H
#define I2CPT_FUNCTIONALITY_H

#include <stdint.h>

/* "I2C_FUNC_SMBUS_QUICK" for one bit; for several, one's. */
const char *i2cpt_functionality_name(uint32_t bits);

#endif
