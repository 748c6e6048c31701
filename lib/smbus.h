/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SMBus commands inside the library: as messages, with blocks up to 255. */
#ifndef I2CPT_SMBUS_H
#define I2CPT_SMBUS_H

#include "private.h"

/* One command. `data` is what is written after command code (and count). */
struct smbus_command {
    uint16_t addr;
    uint16_t flags; /* I2CPT_CLIENT_* */
    uint8_t protocol;
    bool read;
    uint8_t command;
    const uint8_t *data;
    size_t len;   /* 0 to 255 */
    uint32_t max; /* of a block that is read, without its count */
};

void smbus_build(const struct smbus_command *c, struct i2cpt_smbus_msgs *m);
/* Whether the target counts the bytes that it sends. */
bool smbus_is_counted(const struct smbus_command *c);
/* Whether a PEC is asked for and this protocol has one. */
bool smbus_has_pec(unsigned protocol, uint16_t flags);
/* The last byte of the last message, a read. -EBADMSG where it is not right. */
int smbus_check_pec(const struct i2cpt_smbus_msgs *m,
                    struct i2cpt_fault *fault);
/* PEC over a message's address and its first `len` bytes, going on from crc. */
uint8_t smbus_pec_msg(uint8_t crc, const struct i2cpt_msg *m, size_t len);

#endif
