/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host's half of an I2C driver for Zephyr's native_sim: any adapter of
 * libi2cpt behind plain numbers. It is compiled into native_sim's runner, with
 * the host's C library; tests/emulators builds it without Zephyr.
 */
#include "native-i2c-bottom.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <i2cpt.h>

void *native_i2c_open(const char *spec)
{
    struct i2cpt_adapter *adapter;
    struct i2cpt_fault fault;

    if (i2cpt_adapter_open(spec, &adapter, &fault)) {
        fprintf(stderr, "native-i2c: %s\n", fault.text);
        return NULL;
    }
    return adapter;
}

void native_i2c_close(void *bus)
{
    i2cpt_adapter_unref(bus);
}

static int result_of(int rc)
{
    switch (-rc) {
    case 0:
        return NATIVE_I2C_DONE;
    case ENXIO:
    case EIO:
    case EREMOTEIO:
        return NATIVE_I2C_NACK;
    case EAGAIN:
    case EBUSY:
        return NATIVE_I2C_BUSY;
    case ETIMEDOUT:
        return NATIVE_I2C_TIMED_OUT;
    case EOPNOTSUPP:
        return NATIVE_I2C_UNSUPPORTED;
    default:
        return NATIVE_I2C_FAILED;
    }
}

/* How many messages, from the first on, are one on the wire. */
static uint32_t joined(const struct native_i2c_message *messages, uint32_t n)
{
    uint32_t i = 1;

    while (i < n && !(messages[i - 1].flags & NATIVE_I2C_STOP) &&
           !(messages[i].flags & NATIVE_I2C_RESTART) &&
           !((messages[i].flags ^ messages[0].flags) & NATIVE_I2C_READ)) {
        i++;
    }
    return i;
}

/* One message on the wire; its buffer is the first's where it is alone. */
static int gather(struct i2cpt_msg *wire, uint16_t addr,
                  const struct native_i2c_message *messages, uint32_t n)
{
    uint64_t len = 0;
    size_t at = 0;

    for (uint32_t i = 0; i < n; i++) {
        len += messages[i].len;
    }
    if (len > I2CPT_MSG_MAX) {
        return -EINVAL;
    }
    *wire = (struct i2cpt_msg){.addr = addr, .len = (uint32_t)len};
    wire->flags = messages[0].flags & NATIVE_I2C_READ ? I2CPT_M_RD : 0;
    if (messages[0].flags & NATIVE_I2C_TEN_BITS) {
        wire->flags |= I2CPT_M_TEN;
    }
    wire->buf = messages[0].buf;
    if (n == 1) {
        return 0;
    }
    wire->buf = calloc(1, len ? len : 1);
    for (uint32_t i = 0; wire->buf && i < n; i++) {
        if (!(wire->flags & I2CPT_M_RD) && messages[i].len) {
            memcpy(wire->buf + at, messages[i].buf, messages[i].len);
        }
        at += messages[i].len;
    }
    return wire->buf ? 0 : -ENOMEM;
}

/* What was read goes where it is wanted. */
static void scatter(struct i2cpt_msg *wire,
                    const struct native_i2c_message *messages, uint32_t n)
{
    size_t at = 0;

    if (n == 1) {
        return;
    }
    for (uint32_t i = 0; wire->flags & I2CPT_M_RD && i < n; i++) {
        if (messages[i].len) {
            memcpy(messages[i].buf, wire->buf + at, messages[i].len);
        }
        at += messages[i].len;
    }
    free(wire->buf);
}

/* How many messages, from the first on, are one transfer. */
static uint32_t until_stop(const struct native_i2c_message *messages,
                           uint32_t n)
{
    uint32_t i = 0;

    while (i < n - 1 && !(messages[i].flags & NATIVE_I2C_STOP)) {
        i++;
    }
    return i + 1;
}

static int one_transfer(struct i2cpt_adapter *adapter, uint16_t addr,
                        const struct native_i2c_message *messages, uint32_t n)
{
    struct i2cpt_msg *wire = calloc(n, sizeof(*wire));
    uint32_t at = 0, of_it, count = 0;
    int rc = wire ? 0 : -ENOMEM;

    for (; !rc && at < n; at += of_it) {
        of_it = joined(messages + at, n - at);
        rc = gather(&wire[count], addr, messages + at, of_it);
        count += !rc;
    }
    if (!rc) {
        rc = i2cpt_transfer(adapter, wire, count, NULL);
    }
    for (uint32_t i = 0, from = 0; i < count; i++, from += of_it) {
        of_it = joined(messages + from, n - from);
        scatter(&wire[i], messages + from, of_it);
    }
    free(wire);
    return rc;
}

int native_i2c_transfer(void *bus, uint16_t addr,
                        const struct native_i2c_message *messages, uint32_t n)
{
    int rc = 0;

    for (uint32_t at = 0; !rc && at < n;) {
        uint32_t count = until_stop(messages + at, n - at);

        rc = one_transfer(bus, addr, messages + at, count);
        at += count;
    }
    return result_of(rc);
}
