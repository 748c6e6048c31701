/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Native SMBus commands by the ioctl I2C_SMBUS. */
#include <errno.h>

#include "core/fault.h"
#include "core/functionality.h"
#include "i2c-dev/native-smbus.h"
#include "i2c-dev/uapi.h"
#include "smbus/protocols.h"

/* A count that goes to the kernel, or came from it. */
static int check_count(const struct i2cpt_smbus_call *call,
                       struct i2cpt_fault *fault)
{
    uint8_t count = call->block[0];

    if (count && count <= UAPI_BLOCK_MAX) {
        return 0;
    }
    return i2cpt_fault_text(fault, EPROTO,
                            "block of %u bytes: accepted is 1 to %u", count,
                            UAPI_BLOCK_MAX);
}

int i2cdev_smbus_check_call(const struct i2cpt_smbus_call *call,
                            uint32_t functionality, struct i2cpt_fault *fault)
{
    const struct i2cpt_smbus_protocol_info *p =
        i2cpt_smbus_protocol(call->protocol);
    uint32_t missing = smbus_needs(call) & ~functionality;

    if (!p) {
        return i2cpt_fault_text(fault, EINVAL, "SMBus protocol %u: unknown",
                                call->protocol);
    }
    /* Drivers without PEC or 10-bit addresses ignore what they are told. */
    if (missing) {
        return i2cpt_fault_text(fault, EOPNOTSUPP, "the adapter lacks %s",
                                i2cpt_functionality_name(missing));
    }
    return smbus_gives_count(p, call->read) ? check_count(call, fault) : 0;
}

int i2cdev_smbus_check_answer(const struct i2cpt_smbus_call *call,
                              struct i2cpt_fault *fault)
{
    const struct i2cpt_smbus_protocol_info *p =
        i2cpt_smbus_protocol(call->protocol);

    return p->shape & I2CPT_SMBUS_BLOCK && smbus_reads(p, call->read)
               ? check_count(call, fault)
               : 0;
}

struct request_shape i2cdev_smbus_shape(const struct i2cpt_smbus_call *call,
                                        uint64_t deadline_ns)
{
    const struct i2cpt_smbus_protocol_info *p =
        i2cpt_smbus_protocol(call->protocol);
    bool turns = smbus_reads(p, call->read);

    return (struct request_shape){
        .n = turns && p->shape & I2CPT_SMBUS_COMMAND_READ ? 2 : 1,
        .address_only = !(p->shape & (call->read ? I2CPT_SMBUS_COMMAND_READ
                                                 : I2CPT_SMBUS_COMMAND_WRITE)),
        .deadline_ns = deadline_ns,
    };
}
