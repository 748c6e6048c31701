/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An application's own bus as an adapter, here one EEPROM of 256 bytes in
 * memory, with a line that is active while its first byte is not 0. What works
 * with adapters works with it: SMBus calls, scans, passthroughs, serving it to
 * others; with a file's name also recording it.
 *
 * own-bus [TRACE]
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "i2cpt-backend.h"
#include "i2cpt-lines.h"
#include "i2cpt.h"

#define ADDRESS 0x50

struct memory {
    uint8_t bytes[256];
    uint8_t at;
    struct i2cpt_backend_lines *lines;
};

/* One message. The first byte of a write says where to begin. */
static void message(struct memory *memory, struct i2cpt_msg *m)
{
    uint32_t i;

    for (i = 0; i < m->len; i++) {
        if (m->flags & I2CPT_M_RD) {
            m->buf[i] = memory->bytes[memory->at++];
        } else if (i == 0) {
            memory->at = m->buf[i];
        } else {
            memory->bytes[memory->at++] = m->buf[i];
        }
    }
    m->actual = m->len;
}

static int transfer(void *instance, struct i2cpt_backend_xfer *x)
{
    struct memory *memory = instance;
    size_t i;

    for (i = 0; i < x->n; i++) {
        struct i2cpt_msg *m = i2cpt_backend_msg(x, i);

        if (m->addr != ADDRESS) {
            return i2cpt_backend_fail(x->fault, ENXIO, I2CPT_PHASE_ADDRESS,
                                      (int32_t)i, -1, NULL);
        }
        if (m->flags & I2CPT_M_RECV_LEN) { /* a count from the target: not here
                                            */
            return i2cpt_backend_fail(x->fault, EOPNOTSUPP, I2CPT_PHASE_UNKNOWN,
                                      (int32_t)i, -1, "no block reads here");
        }
        message(memory, m);
    }
    return i2cpt_backend_line_set(memory->lines, 0, memory->bytes[0] != 0, 0);
}

/* *instance is the application's own pointer already. */
static int open_bus(void *user, const struct i2cpt_options *options,
                    void **instance, struct i2cpt_backend_info *info,
                    struct i2cpt_fault *fault)
{
    info->functionality = I2CPT_FUNC_I2C | I2CPT_FUNC_SMBUS_QUICK |
                          I2CPT_FUNC_SMBUS_READ_BYTE_DATA |
                          I2CPT_FUNC_SMBUS_WRITE_BYTE_DATA;
    info->flags = I2CPT_BACKEND_INSTANT | I2CPT_BACKEND_TELLS_PHASE;
    ((struct memory *)*instance)->lines = info->lines;
    return i2cpt_backend_line_add(info->lines, "mail", 0);
}

static const struct i2cpt_backend_ops ops = {
    .size = sizeof(ops),
    .name = "own-bus",
    .open = open_bus,
    .transfer = transfer,
};

int main(int argc, char **argv)
{
    struct memory memory = {{0}, 0, NULL};
    struct i2cpt_adapter *adapter;
    struct i2cpt_fault fault;
    char keys[512] = "timeout-ms=50";
    int ret;

    if (argc > 1) {
        snprintf(keys, sizeof(keys), "record=%s", argv[1]);
    }
    if (i2cpt_adapter_new(&ops, &memory, keys, &adapter, &fault)) {
        fprintf(stderr, "%s\n", fault.text);
        return 1;
    }
    ret = i2cpt_smbus_write_byte_data(adapter, ADDRESS, 0, 0x10, 0x2a, &fault);
    if (ret == 0) {
        ret = i2cpt_smbus_read_byte_data(adapter, ADDRESS, 0, 0x10, &fault);
    }
    printf("0x10 has %d, memory has %d, at 0x51 is %s\n", ret,
           memory.bytes[0x10],
           i2cpt_probe(adapter, 0x51, I2CPT_PROBE_QUICK, &fault) == 0
               ? "nobody"
               : "somebody");
    if (ret >= 0) {
        ret = i2cpt_smbus_write_byte_data(adapter, ADDRESS, 0, 0, 1, &fault);
    }
    printf("the line %s is %d\n", i2cpt_adapter_line_name(adapter, 0),
           i2cpt_adapter_line_level(adapter, 0));
    i2cpt_adapter_unref(adapter);
    return ret < 0;
}
