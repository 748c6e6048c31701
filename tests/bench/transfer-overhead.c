/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What i2cpt_transfer() costs when the target costs nothing: a register
 * pointer written and two bytes read, through one of two handles of a shared
 * stub adapter, locks and checks and all. */
#include "bench.h"

#define ADDRESS 0x48
#define SPEC    "stub,chips=0x48"

static void transfers(void *user, uint32_t n)
{
    struct i2cpt_adapter *adapter = user;
    uint8_t pointer = 0, data[2];
    struct i2cpt_msg msgs[] = {
        {.addr = ADDRESS, .len = sizeof(pointer), .buf = &pointer},
        {.addr = ADDRESS,
         .flags = I2CPT_M_RD,
         .len = sizeof(data),
         .buf = data},
    };
    struct i2cpt_fault fault;

    for (uint32_t i = 0; i < n; i++) {
        int rc = i2cpt_transfer(adapter, msgs, 2, &fault);
        if (rc < 0 || msgs[1].actual != sizeof(data)) {
            bench_check("transfer", rc, &fault);
            bench_fail("a short read");
        }
    }
}

static double run(bool quick)
{
    uint32_t n = bench_work(quick, 1000000);
    struct i2cpt_adapter *first, *second;
    struct i2cpt_fault fault = {0};

    bench_check(SPEC, i2cpt_adapter_open(SPEC, &first, &fault), &fault);
    bench_check(SPEC, i2cpt_adapter_open(SPEC, &second, &fault), &fault);
    uint64_t ns = bench_fastest_ns(bench_rounds(quick), transfers, second, n);
    i2cpt_adapter_unref(second);
    i2cpt_adapter_unref(first);
    return (double)ns / n;
}

const struct bench bench_transfer_overhead = {
    .name = "transfer-overhead",
    .about = "one i2cpt_transfer of w1+r2 on a stub, shared handle, in ns",
    .unit = "ns",
    .run = run,
    .step = "transfer",
    .per_round = 1,
};
