/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole SMBus transaction
 *
 * A target sees the bytes of a transaction one by one, and neither how many
 * will follow nor whether they are checked.  A model does not have to know.
 * A target that stands for a chip behind a host's SMBus controller does: that
 * controller can be asked for transactions only, and for each with its length.
 */
#ifndef HW_I2C_SMBUS_MESSAGE_H
#define HW_I2C_SMBUS_MESSAGE_H

#include "hw/i2c/i2c.h"

/* As Linux numbers them (I2C_SMBUS_QUICK and the following). */
typedef enum SMBusProtocol {
    SMBUS_QUICK = 0,
    SMBUS_BYTE = 1,
    SMBUS_BYTE_DATA = 2,
    SMBUS_WORD_DATA = 3,
    SMBUS_PROC_CALL = 4,
    SMBUS_BLOCK_DATA = 5,
    SMBUS_BLOCK_PROC_CALL = 7,
    SMBUS_I2C_BLOCK_DATA = 8,
} SMBusProtocol;

#define SMBUS_MESSAGE_MAX 32

/*
 * @len and @data are what is written, without command, count and PEC, and
 * afterwards what was read.  Words have their low byte first.  Reads of
 * SMBUS_I2C_BLOCK_DATA are not told: the guest ends them on the way.
 */
struct SMBusMessage {
    SMBusProtocol protocol;
    uint8_t address;
    bool read;
    bool pec;
    uint8_t command;
    uint8_t len;
    uint8_t data[SMBUS_MESSAGE_MAX];
};

#endif
