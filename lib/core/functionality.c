/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of functionality bits. */
#include <stddef.h>

#include "core/functionality.h"
#include "i2cpt.h"

const char *i2cpt_functionality_name(uint32_t bits)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } names[] = {
        /* what one looks for first stands first */
        {I2CPT_FUNC_SMBUS_BLOCK_PROC_CALL, "I2C_FUNC_SMBUS_BLOCK_PROC_CALL"},
        {I2CPT_FUNC_SMBUS_QUICK, "I2C_FUNC_SMBUS_QUICK"},
        {I2CPT_FUNC_SMBUS_READ_BYTE, "I2C_FUNC_SMBUS_READ_BYTE"},
        {I2CPT_FUNC_SMBUS_WRITE_BYTE, "I2C_FUNC_SMBUS_WRITE_BYTE"},
        {I2CPT_FUNC_SMBUS_READ_BYTE_DATA, "I2C_FUNC_SMBUS_READ_BYTE_DATA"},
        {I2CPT_FUNC_SMBUS_WRITE_BYTE_DATA, "I2C_FUNC_SMBUS_WRITE_BYTE_DATA"},
        {I2CPT_FUNC_SMBUS_READ_WORD_DATA, "I2C_FUNC_SMBUS_READ_WORD_DATA"},
        {I2CPT_FUNC_SMBUS_WRITE_WORD_DATA, "I2C_FUNC_SMBUS_WRITE_WORD_DATA"},
        {I2CPT_FUNC_SMBUS_PROC_CALL, "I2C_FUNC_SMBUS_PROC_CALL"},
        {I2CPT_FUNC_SMBUS_READ_BLOCK_DATA, "I2C_FUNC_SMBUS_READ_BLOCK_DATA"},
        {I2CPT_FUNC_SMBUS_WRITE_BLOCK_DATA, "I2C_FUNC_SMBUS_WRITE_BLOCK_DATA"},
        {I2CPT_FUNC_SMBUS_READ_I2C_BLOCK, "I2C_FUNC_SMBUS_READ_I2C_BLOCK"},
        {I2CPT_FUNC_SMBUS_WRITE_I2C_BLOCK, "I2C_FUNC_SMBUS_WRITE_I2C_BLOCK"},
        {I2CPT_FUNC_SMBUS_HOST_NOTIFY, "I2C_FUNC_SMBUS_HOST_NOTIFY"},
        {I2CPT_FUNC_SMBUS_PEC, "I2C_FUNC_SMBUS_PEC"},
        {I2CPT_FUNC_I2C, "I2C_FUNC_I2C"},
        {I2CPT_FUNC_10BIT_ADDR, "I2C_FUNC_10BIT_ADDR"},
        {I2CPT_FUNC_PROTOCOL_MANGLING, "I2C_FUNC_PROTOCOL_MANGLING"},
        {I2CPT_FUNC_NOSTART, "I2C_FUNC_NOSTART"},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (bits & names[i].bit)
            return names[i].name;
    return "no functionality";
}
