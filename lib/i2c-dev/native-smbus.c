/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Native SMBus commands by the ioctl I2C_SMBUS. */
#include <errno.h>
#include <glib.h>

#include "core/fault.h"
#include "i2c-dev/native-smbus.h"
#include "i2c-dev/uapi.h"

static const struct smbus_command {
    uint32_t write, read; /* functionality; 0: there is no such direction */
    const char *name;     /* after I2C_FUNC_SMBUS_ */
    uint8_t messages;     /* of a read, or of the whole call */
    bool block;
} commands[] = {
    [I2CPT_SMBUS_QUICK] = {I2CPT_FUNC_SMBUS_QUICK, I2CPT_FUNC_SMBUS_QUICK,
                           "QUICK", 1},
    [I2CPT_SMBUS_BYTE] = {I2CPT_FUNC_SMBUS_WRITE_BYTE,
                          I2CPT_FUNC_SMBUS_READ_BYTE, "BYTE", 1},
    [I2CPT_SMBUS_BYTE_DATA] = {I2CPT_FUNC_SMBUS_WRITE_BYTE_DATA,
                               I2CPT_FUNC_SMBUS_READ_BYTE_DATA, "BYTE_DATA", 2},
    [I2CPT_SMBUS_WORD_DATA] = {I2CPT_FUNC_SMBUS_WRITE_WORD_DATA,
                               I2CPT_FUNC_SMBUS_READ_WORD_DATA, "WORD_DATA", 2},
    [I2CPT_SMBUS_PROC_CALL] = {I2CPT_FUNC_SMBUS_PROC_CALL,
                               I2CPT_FUNC_SMBUS_PROC_CALL, "PROC_CALL", 2},
    [I2CPT_SMBUS_BLOCK_DATA] = {I2CPT_FUNC_SMBUS_WRITE_BLOCK_DATA,
                                I2CPT_FUNC_SMBUS_READ_BLOCK_DATA, "BLOCK_DATA",
                                2, true},
    [I2CPT_SMBUS_BLOCK_PROC_CALL] = {I2CPT_FUNC_SMBUS_BLOCK_PROC_CALL,
                                     I2CPT_FUNC_SMBUS_BLOCK_PROC_CALL,
                                     "BLOCK_PROC_CALL", 2, true},
    [I2CPT_SMBUS_I2C_BLOCK_DATA] = {I2CPT_FUNC_SMBUS_WRITE_I2C_BLOCK,
                                    I2CPT_FUNC_SMBUS_READ_I2C_BLOCK,
                                    "I2C_BLOCK", 2, true},
};

static bool is_process_call(const struct i2cpt_smbus_call *call)
{
    return call->protocol == I2CPT_SMBUS_PROC_CALL ||
           call->protocol == I2CPT_SMBUS_BLOCK_PROC_CALL;
}

static int lacks(const char *prefix, const char *name,
                 struct i2cpt_fault *fault)
{
    return i2cpt_fault_text(fault, EOPNOTSUPP,
                            "the adapter lacks I2C_FUNC_%s%s", prefix, name);
}

static const char *direction(const struct smbus_command *command,
                             const struct i2cpt_smbus_call *call)
{
    if (command->read == command->write) {
        return "SMBUS_";
    }
    return call->read ? "SMBUS_READ_" : "SMBUS_WRITE_";
}

/* Drivers without PEC or 10-bit addresses ignore what they are told. */
static int check_functionality(const struct i2cpt_smbus_call *call,
                               uint32_t functionality,
                               struct i2cpt_fault *fault)
{
    const struct smbus_command *command = &commands[call->protocol];
    uint32_t needed = call->read ? command->read : command->write;

    if (!(functionality & needed)) {
        return lacks(direction(command, call), command->name, fault);
    }
    if ((call->flags & I2CPT_CLIENT_PEC) &&
        !(functionality & I2CPT_FUNC_SMBUS_PEC)) {
        return lacks("SMBUS_", "PEC", fault);
    }
    if ((call->flags & I2CPT_CLIENT_TEN) &&
        !(functionality & I2CPT_FUNC_10BIT_ADDR)) {
        return lacks("", "10BIT_ADDR", fault);
    }
    return 0;
}

/* A count that goes to the kernel, or came from it. */
static int check_count(const struct i2cpt_smbus_call *call,
                       struct i2cpt_fault *fault)
{
    uint8_t count = call->block[0];

    if (!commands[call->protocol].block || (count && count <= UAPI_BLOCK_MAX)) {
        return 0;
    }
    return i2cpt_fault_text(fault, EPROTO,
                            "block of %u bytes: accepted is 1 to %u", count,
                            UAPI_BLOCK_MAX);
}

static bool sends_count(const struct i2cpt_smbus_call *call)
{
    return !call->read || is_process_call(call) ||
           call->protocol == I2CPT_SMBUS_I2C_BLOCK_DATA;
}

int smbus_check_call(const struct i2cpt_smbus_call *call,
                     uint32_t functionality, struct i2cpt_fault *fault)
{
    int ret;

    if (call->protocol >= G_N_ELEMENTS(commands) ||
        !commands[call->protocol].name) {
        return i2cpt_fault_text(fault, EINVAL, "SMBus protocol %u: unknown",
                                call->protocol);
    }
    ret = check_functionality(call, functionality, fault);
    return ret || !sends_count(call) ? ret : check_count(call, fault);
}

int smbus_check_answer(const struct i2cpt_smbus_call *call,
                       struct i2cpt_fault *fault)
{
    return call->read || is_process_call(call) ? check_count(call, fault) : 0;
}

struct request_shape smbus_shape(const struct i2cpt_smbus_call *call,
                                 uint64_t deadline_ns)
{
    bool turns = call->read || is_process_call(call);

    return (struct request_shape){
        .n = turns ? commands[call->protocol].messages : 1,
        .address_only = call->protocol == I2CPT_SMBUS_QUICK ||
                        (call->protocol == I2CPT_SMBUS_BYTE && call->read),
        .deadline_ns = deadline_ns,
    };
}
