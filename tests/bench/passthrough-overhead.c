/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a guest's byte costs in message mode, the transfer to a stub included:
 * a register pointer written, repeated START, six bytes read (an
 * accelerometer's three axes), STOP. Policy is the default but for the mode. */
#include "bench.h"

#define ADDRESS 0x1d
#define SPEC    "stub,chips=0x1d"
#define AXES    6
#define BYTES   (1 + AXES)

static void expect_ack(const char *what, int answer)
{
    if (answer != I2CPT_ACK) {
        bench_fail("%s answered %d", what, answer);
    }
}

static void transactions(void *user, uint32_t n)
{
    struct i2cpt_passthrough *pt = user;
    uint8_t byte;

    for (uint32_t i = 0; i < n; i++) {
        expect_ack("START", i2cpt_passthrough_start(pt, ADDRESS, 0, 0));
        expect_ack("write", i2cpt_passthrough_write(pt, 1));
        expect_ack("repeated START",
                   i2cpt_passthrough_start(pt, ADDRESS, I2CPT_M_RD, 0));
        for (int k = 0; k < AXES; k++) {
            expect_ack("read", i2cpt_passthrough_read(pt, &byte));
        }
        expect_ack("STOP", i2cpt_passthrough_stop(pt));
    }
}

static void set(struct i2cpt_policy *policy, const char *key, const char *value)
{
    struct i2cpt_fault fault = {0};

    bench_check(key, i2cpt_policy_set(policy, key, value, &fault), &fault);
}

static struct i2cpt_passthrough *make(struct i2cpt_adapter *adapter)
{
    struct i2cpt_passthrough *pt;
    struct i2cpt_policy *policy;
    struct i2cpt_fault fault = {0};

    bench_check("policy", i2cpt_policy_new(&policy), NULL);
    set(policy, "address", "0x1d");
    set(policy, "transfer", "message");
    int rc = i2cpt_passthrough_new(adapter, policy, NULL, &pt, &fault);
    bench_check("passthrough", rc, &fault);
    i2cpt_policy_free(policy);
    return pt;
}

static double run(bool quick)
{
    uint32_t n = bench_work(quick, 300000);
    struct i2cpt_adapter *adapter;
    struct i2cpt_fault fault = {0};

    bench_check(SPEC, i2cpt_adapter_open(SPEC, &adapter, &fault), &fault);
    struct i2cpt_passthrough *pt = make(adapter);
    uint64_t ns = bench_fastest_ns(bench_rounds(quick), transactions, pt, n);
    i2cpt_passthrough_free(pt);
    i2cpt_adapter_unref(adapter);
    return (double)ns / n / BYTES;
}

const struct bench bench_passthrough_overhead = {
    .name = "passthrough-overhead",
    .about = "a guest's byte in message mode (w1+r6 on a stub), in ns",
    .unit = "ns",
    .run = run,
    .step = "guest-byte",
    .per_round = BYTES,
};
