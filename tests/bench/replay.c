/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A trace of many transfers written, opened and asked for. */
#include "replay.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define N_ADDRESSES 3
#define FIRST       0x48

/* What the trace has at transfer i. */
static void make_transfer(uint64_t i, uint16_t *addr, uint8_t *pointer,
                          uint8_t data[3])
{
    *addr = FIRST + i % N_ADDRESSES;
    *pointer = (uint8_t)(i >> 2);
    data[0] = (uint8_t)i;
    data[1] = (uint8_t)(i >> 8);
    data[2] = (uint8_t)(i >> 16);
}

void replay_write_trace(FILE *to, uint64_t n)
{
    uint8_t pointer, data[3];
    uint16_t addr;

    fputs("i2cpt-trace 1\nadapter: benchmark\n", to);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t us = i * 400;
        make_transfer(i, &addr, &pointer, data);
        fprintf(to,
                "%" PRIu64 ".%06" PRIu64 " +0.000310 w1@0x%02x %02x r3 = "
                "%02x %02x %02x\n",
                us / 1000000, us % 1000000, addr, pointer, data[0], data[1],
                data[2]);
    }
    fprintf(to, "end %" PRIu64 "\n", n);
}

struct i2cpt_adapter *replay_open(const char *path, const char *match)
{
    struct i2cpt_options *options;
    struct i2cpt_adapter *adapter;
    struct i2cpt_fault fault = {0};
    const char *const keys[][2] = {
        {"backend", "trace"},
        {"file", path},
        {"match", match},
    };

    bench_check("options", i2cpt_options_new(&options), NULL);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        int rc = i2cpt_options_set(options, keys[i][0], keys[i][1], &fault);
        bench_check(keys[i][0], rc, &fault);
    }
    bench_check(path, i2cpt_adapter_open_options(options, &adapter, &fault),
                &fault);
    i2cpt_options_free(options);
    return adapter;
}

void replay_ask(struct i2cpt_adapter *adapter, uint64_t first, uint64_t last)
{
    uint8_t pointer, expected[3], data[3];
    struct i2cpt_msg msgs[] = {
        {.len = 1, .buf = &pointer},
        {.flags = I2CPT_M_RD, .len = sizeof(data), .buf = data},
    };
    struct i2cpt_fault fault;

    for (uint64_t i = first; i < last; i++) {
        make_transfer(i, &msgs[0].addr, &pointer, expected);
        msgs[1].addr = msgs[0].addr;
        int rc = i2cpt_transfer(adapter, msgs, 2, &fault);
        if (rc < 0) {
            bench_check("replay", rc, &fault);
        }
        if (memcmp(data, expected, sizeof(data))) {
            bench_fail("transfer %" PRIu64 " has other data", i);
        }
    }
}
