/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A back end with a name and keys, in a shared object: a thermometer of two
 * bytes, as an LM75 has them.
 *
 *     export I2CPT_BACKENDS=./thermometer.so
 *     i2cpt-replay run -a thermometer,celsius=21 -- i2cget -y 0 0x48
 *
 * It has both ways in: whole transfers, and byte by byte.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "i2cpt-backend.h"

struct thermometer {
    uint16_t address;
    uint8_t bytes[2];
    uint32_t read; /* bytes of this message, so far */
    int here;      /* the message is for us */
};

/* ------------------------------------------------------------ byte by byte */

static int stream_start(void *instance, uint16_t addr, uint16_t flags,
                        uint64_t deadline_ns, struct i2cpt_fault *fault)
{
    struct thermometer *t = instance;

    t->here = addr == t->address;
    t->read = 0;
    return t->here ? 0
                   : i2cpt_backend_fail(fault, ENXIO, I2CPT_PHASE_ADDRESS, -1,
                                        -1, NULL);
}

/* The pointer register, which has nothing to point to. */
static int stream_write(void *instance, uint8_t byte, uint64_t deadline_ns,
                        struct i2cpt_fault *fault)
{
    return 0;
}

static int stream_read(void *instance, uint8_t *byte, uint64_t deadline_ns,
                       struct i2cpt_fault *fault)
{
    struct thermometer *t = instance;

    *byte = t->here ? t->bytes[t->read++ & 1] : 0xff;
    return 0;
}

static int stream_stop(void *instance, uint64_t deadline_ns,
                       struct i2cpt_fault *fault)
{
    ((struct thermometer *)instance)->here = 0;
    return 0;
}

/* ---------------------------------------------------------------- transfers */

static int transfer(void *instance, struct i2cpt_backend_xfer *x)
{
    size_t i;
    int ret = 0;

    for (i = 0; !ret && i < x->n; i++) {
        struct i2cpt_msg *m = i2cpt_backend_msg(x, i);

        ret =
            stream_start(instance, m->addr, m->flags, x->deadline_ns, x->fault);
        if (ret) {
            x->fault->msg = (int32_t)i;
        }
        while (!ret && m->actual < m->len) {
            if (m->flags & I2CPT_M_RD) {
                stream_read(instance, &m->buf[m->actual], x->deadline_ns,
                            x->fault);
            }
            m->actual++;
        }
    }
    stream_stop(instance, x->deadline_ns, x->fault);
    return ret;
}

/* ---------------------------------------------------------- open and close */

/* Two openings of one address are the same thermometer. */
static int identify(void *user, const struct i2cpt_options *options, char *buf,
                    size_t size, struct i2cpt_fault *fault)
{
    snprintf(buf, size, "0x%02x",
             (unsigned)i2cpt_backend_number(options, "address"));
    return 0;
}

static int open_one(void *user, const struct i2cpt_options *options,
                    void **instance, struct i2cpt_backend_info *info,
                    struct i2cpt_fault *fault)
{
    struct thermometer *t = calloc(1, sizeof(*t));

    if (!t) {
        return i2cpt_backend_fail(fault, ENOMEM, I2CPT_PHASE_UNKNOWN, -1, -1,
                                  NULL);
    }
    t->address = (uint16_t)i2cpt_backend_number(options, "address");
    t->bytes[0] = (uint8_t)i2cpt_backend_number(options, "celsius");
    if (i2cpt_backend_number(options, "half")) {
        t->bytes[1] = 0x80;
    }
    info->functionality =
        I2CPT_FUNC_I2C | I2CPT_FUNC_SMBUS_QUICK | I2CPT_FUNC_SMBUS_READ_BYTE |
        I2CPT_FUNC_SMBUS_WRITE_BYTE | I2CPT_FUNC_SMBUS_READ_BYTE_DATA |
        I2CPT_FUNC_SMBUS_READ_WORD_DATA;
    info->flags = I2CPT_BACKEND_INSTANT | I2CPT_BACKEND_TELLS_PHASE;
    *instance = t;
    return 0;
}

static const struct i2cpt_backend_key_def keys[] = {
    {.name = "address",
     .kind = I2CPT_BACKEND_KEY_UINT,
     .min = 0x08,
     .max = 0x77,
     .def = "0x48",
     .help = "where it answers"},
    {.name = "celsius",
     .kind = I2CPT_BACKEND_KEY_UINT,
     .max = 125,
     .def = "20",
     .help = "what it measures"},
    {.name = "half",
     .kind = I2CPT_BACKEND_KEY_SWITCH,
     .def = "off",
     .help = "and half a degree more"},
};

static const struct i2cpt_backend_ops ops = {
    .size = sizeof(ops),
    .name = "thermometer",
    .help = "a thermometer in memory, of the examples",
    .keys = keys,
    .key_size = sizeof(keys[0]),
    .n_keys = sizeof(keys) / sizeof(keys[0]),
    .identify = identify,
    .open = open_one,
    .close = free,
    .transfer = transfer,
    .stream_start = stream_start,
    .stream_write = stream_write,
    .stream_read = stream_read,
    .stream_stop = stream_stop,
};

int i2cpt_backend_module(struct i2cpt_fault *fault)
{
    return i2cpt_backend_register(&ops, NULL, fault);
}
