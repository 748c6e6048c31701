/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How i2cdetect asks whether a target is there. */
#ifndef I2CPT_SMBUS_PROBE_RULE_H
#define I2CPT_SMBUS_PROBE_RULE_H

#include <stdbool.h>
#include <stdint.h>

/* By receive byte where EEPROMs are, which may take a quick write for the begin
 * of a write; by quick write elsewhere, where a read may confuse a sensor. */
static inline bool smbus_probes_by_read(uint16_t addr)
{
    return (addr >= 0x30 && addr <= 0x37) || (addr >= 0x50 && addr <= 0x5f);
}

#endif
