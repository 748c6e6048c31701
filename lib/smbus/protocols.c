/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of SMBus protocols, which everything that knows them reads. */
#include <stddef.h>

#include "smbus/protocols.h"

#define COMMAND (I2CPT_SMBUS_COMMAND_WRITE | I2CPT_SMBUS_COMMAND_READ)
#define PEC     I2CPT_SMBUS_PEC
#define CALL    I2CPT_SMBUS_CALL
#define BLOCK   I2CPT_SMBUS_BLOCK
#define COUNTED I2CPT_SMBUS_COUNTED
#define MAX     I2CPT_SMBUS_BLOCK_MAX

/* A row: the protocol, functionality to write and to read, shape, how many data
 * bytes go out and come in. */
/* clang-format off */
#define ROW(name, write, read, shape, out, in)                         \
    {sizeof(struct i2cpt_smbus_protocol_info), I2CPT_SMBUS_##name,     \
     #name, I2CPT_FUNC_SMBUS_##write, I2CPT_FUNC_SMBUS_##read, (shape), \
     (out), (in)}

const struct i2cpt_smbus_protocol_info smbus_protocols[] = {
    ROW(QUICK, QUICK, QUICK, 0, 0, 0),
    ROW(BYTE, WRITE_BYTE, READ_BYTE, I2CPT_SMBUS_COMMAND_WRITE | PEC, 0, 1),
    ROW(BYTE_DATA, WRITE_BYTE_DATA, READ_BYTE_DATA, COMMAND | PEC, 1, 1),
    ROW(WORD_DATA, WRITE_WORD_DATA, READ_WORD_DATA, COMMAND | PEC, 2, 2),
    ROW(I2C_BLOCK_DATA, WRITE_I2C_BLOCK, READ_I2C_BLOCK, COMMAND | BLOCK,
        MAX, MAX),
    ROW(BLOCK_DATA, WRITE_BLOCK_DATA, READ_BLOCK_DATA,
        COMMAND | PEC | BLOCK | COUNTED, MAX, MAX),
    ROW(PROC_CALL, PROC_CALL, PROC_CALL, COMMAND | PEC | CALL, 2, 2),
    ROW(BLOCK_PROC_CALL, BLOCK_PROC_CALL, BLOCK_PROC_CALL,
        COMMAND | PEC | CALL | BLOCK | COUNTED, MAX, MAX),
    {0},
};
/* clang-format on */

const struct i2cpt_smbus_protocol_info *i2cpt_smbus_protocol(unsigned number)
{
    const struct i2cpt_smbus_protocol_info *p;

    for (p = smbus_protocols; p->name; p++) {
        if (p->protocol == number) {
            return p;
        }
    }
    return NULL;
}

bool smbus_has_pec(unsigned protocol, uint16_t flags)
{
    const struct i2cpt_smbus_protocol_info *p = i2cpt_smbus_protocol(protocol);

    return p && p->shape & I2CPT_SMBUS_PEC && flags & I2CPT_CLIENT_PEC;
}

uint32_t smbus_needs(const struct i2cpt_smbus_call *call)
{
    const struct i2cpt_smbus_protocol_info *p =
        i2cpt_smbus_protocol(call->protocol);
    uint32_t needs = 0;

    if (p) {
        needs = call->read ? p->read_functionality : p->write_functionality;
    }
    if (smbus_has_pec(call->protocol, call->flags)) {
        needs |= I2CPT_FUNC_SMBUS_PEC;
    }
    if (call->flags & I2CPT_CLIENT_TEN) {
        needs |= I2CPT_FUNC_10BIT_ADDR;
    }
    return needs;
}
