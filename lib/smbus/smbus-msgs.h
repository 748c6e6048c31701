/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SMBus commands as the messages that they are defined to be (SMBus 3.2, 6.5),
 * with blocks up to 255.
 */
#ifndef I2CPT_SMBUS_MSGS_H
#define I2CPT_SMBUS_MSGS_H

#include <stdbool.h>

#include "core/backend.h"

/* Messages that an SMBus command is defined to be (SMBus 3.2, 6.5), for
 * recording and for plain I2C hosts. */
struct i2cpt_smbus_msgs {
    struct i2cpt_msg msgs[2];
    size_t n;
    uint8_t out[260]; /* command, count, 255 data, PEC */
    uint8_t in[260];  /* count, 255 data, PEC */
};
/* PEC bytes included where the flag says so. */
void smbus_to_msgs(const struct i2cpt_smbus_call *call,
                   struct i2cpt_smbus_msgs *out);
/* After a read: data of the messages back into call->block, PEC checked. */
int smbus_from_msgs(struct i2cpt_smbus_call *call,
                    const struct i2cpt_smbus_msgs *in,
                    struct i2cpt_fault *fault);

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
/* The last byte of the last message, a read. -EBADMSG where it is not right. */
int smbus_check_pec(const struct i2cpt_smbus_msgs *m,
                    struct i2cpt_fault *fault);
/* PEC over a message's address and its first `len` bytes, going on from crc. */
uint8_t smbus_pec_msg(uint8_t crc, const struct i2cpt_msg *m, size_t len);

#endif
