/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For the author of an emulator: what an emulated I2C controller does with an
 * i2cpt_passthrough. The guest here writes register 0 of the target at 0x48 and
 * reads two bytes, with a repeated START in between.
 *
 *     emulator trace,file=examples/tmp102.i2ct,match=lookup
 */
#include <stdio.h>

#include <i2cpt.h>

/* What the controller's registers make the guest's bus do. */
static int guest(struct i2cpt_passthrough *pt, uint8_t data[2])
{
    if (i2cpt_passthrough_start(pt, 0x48, 0, 0) != I2CPT_ACK) {
        printf("START: NACK\n");
        return 1;
    }
    int answer = i2cpt_passthrough_write(pt, 0);
    if (answer == I2CPT_ACK) {
        answer = i2cpt_passthrough_start(pt, 0x48, I2CPT_M_RD, 0);
    }
    for (int i = 0; i < 2 && answer == I2CPT_ACK; i++) {
        answer = i2cpt_passthrough_read(pt, &data[i]);
    }
    i2cpt_passthrough_stop(pt);
    return answer == I2CPT_ACK ? 0 : 1;
}

static void print_counters(struct i2cpt_passthrough *pt)
{
    const char *name;

    for (size_t i = 0; (name = i2cpt_counter_name(i)); i++) {
        uint64_t count = i2cpt_passthrough_counter(pt, i);
        if (count) {
            printf("%s: %llu\n", name, (unsigned long long)count);
        }
    }
}

static int attach(struct i2cpt_adapter *adapter, struct i2cpt_passthrough **pt,
                  struct i2cpt_fault *fault)
{
    struct i2cpt_policy *policy;

    int rc = i2cpt_policy_new(&policy);
    if (rc < 0) {
        return rc;
    }
    rc = i2cpt_policy_set(policy, "address", "0x48", fault);
    if (rc == 0) {
        rc = i2cpt_passthrough_new(adapter, policy, NULL, pt, fault);
    }
    i2cpt_policy_free(policy);
    return rc;
}

int main(int argc, char **argv)
{
    struct i2cpt_passthrough *pt;
    struct i2cpt_adapter *adapter;
    struct i2cpt_fault fault;
    uint8_t data[2];

    if (argc != 2) {
        fprintf(stderr, "usage: emulator ADAPTER\n");
        return 2;
    }
    if (i2cpt_adapter_open(argv[1], &adapter, &fault) < 0) {
        fprintf(stderr, "emulator: %s\n", fault.text);
        return 1;
    }
    int failed = 1;
    if (attach(adapter, &pt, &fault) < 0) {
        fprintf(stderr, "emulator: %s\n", fault.text);
    } else {
        failed = guest(pt, data);
        if (!failed) {
            printf("read: %02x %02x\n", data[0], data[1]);
        }
        print_counters(pt);
        i2cpt_passthrough_free(pt);
    }
    i2cpt_adapter_unref(adapter);
    return failed;
}
