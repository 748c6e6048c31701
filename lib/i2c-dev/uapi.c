/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's ioctls and structs; nothing else includes their headers. */
#include <errno.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <string.h>
#include <sys/ioctl.h>

#include "i2c-dev/uapi.h"
#include "smbus/protocols.h"

/* Flags, functionality and transaction types go through unchanged. */
_Static_assert(I2CPT_M_RD == I2C_M_RD && I2CPT_M_TEN == I2C_M_TEN &&
                   I2CPT_M_RECV_LEN == I2C_M_RECV_LEN &&
                   I2CPT_M_NO_RD_ACK == I2C_M_NO_RD_ACK &&
                   I2CPT_M_IGNORE_NAK == I2C_M_IGNORE_NAK &&
                   I2CPT_M_REV_DIR_ADDR == I2C_M_REV_DIR_ADDR &&
                   I2CPT_M_NOSTART == I2C_M_NOSTART &&
                   I2CPT_M_STOP == I2C_M_STOP,
               "message flags are Linux's");
_Static_assert(I2CPT_FUNC_I2C == I2C_FUNC_I2C &&
                   I2CPT_FUNC_10BIT_ADDR == I2C_FUNC_10BIT_ADDR &&
                   I2CPT_FUNC_PROTOCOL_MANGLING == I2C_FUNC_PROTOCOL_MANGLING &&
                   I2CPT_FUNC_SMBUS_PEC == I2C_FUNC_SMBUS_PEC &&
                   I2CPT_FUNC_NOSTART == I2C_FUNC_NOSTART &&
                   I2CPT_FUNC_SMBUS_HOST_NOTIFY == I2C_FUNC_SMBUS_HOST_NOTIFY &&
                   I2CPT_FUNC_SMBUS_EMUL_ALL == I2C_FUNC_SMBUS_EMUL_ALL,
               "functionality bits are Linux's");
_Static_assert((int)I2CPT_SMBUS_QUICK == I2C_SMBUS_QUICK &&
                   (int)I2CPT_SMBUS_BYTE == I2C_SMBUS_BYTE &&
                   (int)I2CPT_SMBUS_BYTE_DATA == I2C_SMBUS_BYTE_DATA &&
                   (int)I2CPT_SMBUS_WORD_DATA == I2C_SMBUS_WORD_DATA &&
                   (int)I2CPT_SMBUS_PROC_CALL == I2C_SMBUS_PROC_CALL &&
                   (int)I2CPT_SMBUS_BLOCK_DATA == I2C_SMBUS_BLOCK_DATA &&
                   (int)I2CPT_SMBUS_BLOCK_PROC_CALL ==
                       I2C_SMBUS_BLOCK_PROC_CALL &&
                   (int)I2CPT_SMBUS_I2C_BLOCK_DATA == I2C_SMBUS_I2C_BLOCK_DATA,
               "transaction types are Linux's");
_Static_assert(UAPI_MAX_MSGS == I2C_RDWR_IOCTL_MAX_MSGS &&
                   UAPI_BLOCK_MAX == I2C_SMBUS_BLOCK_MAX,
               "limits are Linux's");

#define KNOWN_FUNCTIONALITY                                            \
    (I2C_FUNC_I2C | I2C_FUNC_10BIT_ADDR | I2C_FUNC_PROTOCOL_MANGLING | \
     I2C_FUNC_SMBUS_PEC | I2C_FUNC_NOSTART | I2C_FUNC_SMBUS_EMUL_ALL | \
     I2C_FUNC_SMBUS_HOST_NOTIFY)

uint32_t i2cdev_uapi_functionality_from_uapi(unsigned long funcs)
{
    return (uint32_t)(funcs & KNOWN_FUNCTIONALITY);
}

unsigned long i2cdev_uapi_timeout_to_uapi(uint32_t timeout_ms)
{
    return ((unsigned long)timeout_ms + 9) / 10;
}

static int set(int fd, unsigned long request, unsigned long value)
{
    return ioctl(fd, request, value) < 0 ? -errno : 0;
}

int i2cdev_uapi_functionality(int fd, uint32_t *functionality)
{
    unsigned long funcs = 0;

    if (ioctl(fd, I2C_FUNCS, &funcs) < 0) {
        return -errno;
    }
    *functionality = i2cdev_uapi_functionality_from_uapi(funcs);
    return 0;
}

int i2cdev_uapi_set_address(int fd, uint16_t addr, bool force)
{
    return set(fd, force ? I2C_SLAVE_FORCE : I2C_SLAVE, addr);
}

int i2cdev_uapi_set_tenbit(int fd, bool on)
{
    return set(fd, I2C_TENBIT, on);
}

int i2cdev_uapi_set_pec(int fd, bool on)
{
    return set(fd, I2C_PEC, on);
}

int i2cdev_uapi_set_timeout(int fd, uint32_t timeout_ms)
{
    return set(fd, I2C_TIMEOUT, i2cdev_uapi_timeout_to_uapi(timeout_ms));
}

int i2cdev_uapi_set_retries(int fd, uint32_t retries)
{
    return set(fd, I2C_RETRIES, retries);
}

static void msg_to_uapi(const struct uapi_msg *from, struct i2c_msg *to)
{
    to->addr = from->addr;
    to->flags = from->flags;
    to->len = from->len;
    to->buf = from->buf;
}

int i2cdev_uapi_rdwr(int fd, const struct uapi_msg *msgs, size_t n)
{
    struct i2c_msg kernel[UAPI_MAX_MSGS];
    struct i2c_rdwr_ioctl_data data = {kernel, (uint32_t)n};
    size_t i;
    int ret;

    if (!n || n > UAPI_MAX_MSGS) {
        return -EINVAL;
    }
    for (i = 0; i < n; i++) {
        msg_to_uapi(&msgs[i], &kernel[i]);
    }
    ret = ioctl(fd, I2C_RDWR, &data);
    return ret < 0 ? -errno : ret;
}

/* Linux has words in the machine's own order, we have the low byte first. */
static bool has_word(const struct i2cpt_smbus_call *call)
{
    const struct i2cpt_smbus_protocol_info *p =
        i2cpt_smbus_protocol(call->protocol);

    return !(p->shape & I2CPT_SMBUS_BLOCK) && p->write_length == 2;
}

static void data_to_uapi(const struct i2cpt_smbus_call *call,
                         union i2c_smbus_data *data)
{
    _Static_assert(sizeof(data->block) == sizeof(call->block), "same blocks");
    memcpy(data->block, call->block, sizeof(data->block));
    if (has_word(call)) {
        data->word = (uint16_t)(call->block[0] | call->block[1] << 8);
    }
}

static void data_from_uapi(const union i2c_smbus_data *data,
                           struct i2cpt_smbus_call *call)
{
    memcpy(call->block, data->block, sizeof(data->block));
    if (has_word(call)) {
        call->block[0] = data->word & 0xff;
        call->block[1] = data->word >> 8;
    }
}

int i2cdev_uapi_smbus(int fd, struct i2cpt_smbus_call *call)
{
    const struct i2cpt_smbus_protocol_info *p =
        i2cpt_smbus_protocol(call->protocol);
    bool process = p->shape & I2CPT_SMBUS_CALL;
    union i2c_smbus_data data;
    struct i2c_smbus_ioctl_data args = {
        .read_write = call->read && !process ? I2C_SMBUS_READ : I2C_SMBUS_WRITE,
        .command = call->command,
        .size = call->protocol,
        .data = p->read_length ? &data : NULL,
    };

    data_to_uapi(call, &data);
    if (ioctl(fd, I2C_SMBUS, &args) < 0) {
        return -errno;
    }
    if (smbus_reads(p, call->read)) {
        data_from_uapi(&data, call);
    }
    return 0;
}
