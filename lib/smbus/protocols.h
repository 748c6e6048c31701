/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is asked of a row of the table of SMBus protocols (protocols.c). */
#ifndef I2CPT_SMBUS_PROTOCOLS_H
#define I2CPT_SMBUS_PROTOCOLS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/backend.h"
#include "i2cpt.h"

/* All of them, ended by one without a name, in the order in which one is looked
 * for that messages fit: several give the same bytes on the wire, and the
 * plainest that the host has is as good as another. */
extern const struct i2cpt_smbus_protocol_info smbus_protocols[];

/* Whether the target sends anything: reads, and calls either way. */
static inline bool smbus_reads(const struct i2cpt_smbus_protocol_info *p,
                               bool read)
{
    return read || p->shape & I2CPT_SMBUS_CALL;
}

/* Whether the target counts the bytes that it sends: RECV_LEN. */
static inline bool smbus_read_is_counted(
    const struct i2cpt_smbus_protocol_info *p, bool read)
{
    return p->shape & I2CPT_SMBUS_COUNTED && smbus_reads(p, read);
}

/* Whether data of Linux's form have a count that only Linux knows. */
static inline bool smbus_is_i2c_block(const struct i2cpt_smbus_protocol_info *p)
{
    return p->shape & I2CPT_SMBUS_BLOCK && !(p->shape & I2CPT_SMBUS_COUNTED);
}

/* Whether block[0] is the caller's: bytes to write, or to read where the target
 * does not count them. */
static inline bool smbus_gives_count(const struct i2cpt_smbus_protocol_info *p,
                                     bool read)
{
    return p->shape & I2CPT_SMBUS_BLOCK &&
           !(read && p->shape & I2CPT_SMBUS_COUNTED &&
             !(p->shape & I2CPT_SMBUS_CALL));
}

/* Whether a PEC is asked for and this protocol has one. */
bool smbus_has_pec(unsigned protocol, uint16_t flags);
/* The functionality bits that the command needs of a native SMBus host. */
uint32_t smbus_needs(const struct i2cpt_smbus_call *call);

#endif
