/* SPDX-License-Identifier: GPL-2.0-or-later */
/* i2c-dev's ioctls on files of redirected buses. */
#include <errno.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>

#include "preload/shim.h"

static int64_t plain_ioctl(uint32_t file, unsigned long code, uint64_t arg,
                           void *answer, size_t size)
{
    struct preload_request request = {PRELOAD_IOCTL, file, (uint32_t)code, 0,
                                      arg};
    struct preload_reply reply;
    struct iovec out = {&request, sizeof(request)};
    struct iovec in[] = {{&reply, sizeof(reply)}, {answer, size}};
    size_t got;

    return shim_link_finish(
        shim_link_ask(&out, 1, in, size ? 2 : 1, &got, NULL), &reply);
}

static int get_functionality(uint32_t file, unsigned long *out)
{
    uint64_t functionality = 0;
    int ret = (int)plain_ioctl(file, I2C_FUNCS, 0, &functionality,
                               sizeof(functionality));

    if (!ret) {
        *out = (unsigned long)functionality;
    }
    return ret;
}

static int smbus(uint32_t file, const struct i2c_smbus_ioctl_data *data)
{
    struct preload_request request = {PRELOAD_IOCTL, file, I2C_SMBUS, 0, 0};
    struct preload_smbus call = {.read_write = data->read_write,
                                 .command = data->command,
                                 .has_data = data->data != NULL,
                                 .size = data->size};
    struct preload_reply reply;
    struct iovec out[] = {{&request, sizeof(request)}, {&call, sizeof(call)}};
    struct iovec in[] = {{&reply, sizeof(reply)}, {&call, sizeof(call)}};
    size_t got, size;
    int ret;

    /* as much of the union as this protocol has: the caller may have no more */
    size =
        data->size == I2C_SMBUS_BYTE || data->size == I2C_SMBUS_BYTE_DATA ? 1
        : data->size == I2C_SMBUS_WORD_DATA || data->size == I2C_SMBUS_PROC_CALL
            ? 2
            : sizeof(call.block);
    if (data->data) {
        memcpy(call.block, data->data, size);
    }
    ret =
        (int)shim_link_finish(shim_link_ask(out, 2, in, 2, &got, NULL), &reply);
    if (!ret && data->data && got == sizeof(reply) + sizeof(call) &&
        (data->read_write == I2C_SMBUS_READ ||
         data->size == I2C_SMBUS_PROC_CALL ||
         data->size == I2C_SMBUS_BLOCK_PROC_CALL)) {
        memcpy(data->data, call.block, size);
    }
    return ret;
}

/* What the kernel checks before it looks at a single message. */
static int check_rdwr(const struct i2c_rdwr_ioctl_data *rdwr)
{
    uint32_t i;

    if (!rdwr->msgs || !rdwr->nmsgs || rdwr->nmsgs > PRELOAD_MSGS_MAX) {
        return -EINVAL;
    }
    for (i = 0; i < rdwr->nmsgs; i++) {
        if (rdwr->msgs[i].len > PRELOAD_MSG_MAX) {
            return -EINVAL;
        }
        if (rdwr->msgs[i].len && !rdwr->msgs[i].buf) {
            return -EFAULT;
        }
    }
    return 0;
}

static int rdwr_ioctl(uint32_t file, const struct i2c_rdwr_ioctl_data *rdwr)
{
    struct preload_msg heads[PRELOAD_MSGS_MAX];
    struct iovec out[2 + PRELOAD_MSGS_MAX], in[1 + PRELOAD_MSGS_MAX];
    struct preload_request request = {PRELOAD_IOCTL, file, I2C_RDWR, 0, 0};
    struct preload_reply reply;
    int n_out = 2, n_in = 1, ret = check_rdwr(rdwr);
    const struct i2c_msg *m;
    size_t got;
    uint32_t i;

    if (ret) {
        errno = -ret;
        return -1;
    }
    request.n = rdwr->nmsgs;
    out[0] = (struct iovec){&request, sizeof(request)};
    out[1] = (struct iovec){heads, rdwr->nmsgs * sizeof(heads[0])};
    in[0] = (struct iovec){&reply, sizeof(reply)};
    for (i = 0; i < rdwr->nmsgs; i++) {
        m = &rdwr->msgs[i];
        heads[i] = (struct preload_msg){m->addr, m->flags, m->len, 0};
        if (m->flags & I2C_M_RD) {
            in[n_in++] = (struct iovec){m->buf, m->len};
            if (m->flags & I2C_M_RECV_LEN) {
                /* what is not received stays as it is */
                out[n_out++] = (struct iovec){m->buf, m->len};
            }
        } else {
            out[n_out++] = (struct iovec){m->buf, m->len};
        }
    }
    return (int)shim_link_finish(
        shim_link_ask(out, n_out, in, n_in, &got, NULL), &reply);
}

static int i2c_ioctl(uint32_t file, unsigned long code, void *arg)
{
    switch (code) {
    case I2C_FUNCS:
        if (!arg) {
            errno = EFAULT;
            return -1;
        }
        return get_functionality(file, arg);
    case I2C_RDWR:
    case I2C_SMBUS:
        if (!arg) {
            errno = EFAULT;
            return -1;
        }
        return code == I2C_RDWR ? rdwr_ioctl(file, arg) : smbus(file, arg);
    default:
        return (int)plain_ioctl(file, code, (uintptr_t)arg, NULL, 0);
    }
}

static int shim_ioctl(int fd, unsigned long code, void *arg)
{
    struct preload_token token;

    /* i2c-dev's codes are 0x0701 to 0x0720; anything else on a file of ours
     * fails as on any socket, but for ENOTTY, which sockets say too */
    if (code >> 8 == 7 && shim_file_token(fd, &token)) {
        return i2c_ioctl(token.file, code, arg);
    }
    return NEXT(int (*)(int, unsigned long, ...), "ioctl")(fd, code, arg);
}

SHIM_EXPORT int ioctl(int fd, unsigned long code, ...)
{
    va_list ap;
    void *arg;

    va_start(ap, code);
    arg = va_arg(ap, void *);
    va_end(ap);
    return shim_ioctl(fd, code, arg);
}

SHIM_EXPORT int __ioctl_time64(int fd, unsigned long code, ...);
SHIM_EXPORT int __ioctl_time64(int fd, unsigned long code, ...)
{
    va_list ap;
    void *arg;

    va_start(ap, code);
    arg = va_arg(ap, void *);
    va_end(ap);
    return shim_ioctl(fd, code, arg);
}
