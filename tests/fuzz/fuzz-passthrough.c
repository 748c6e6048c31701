/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest that does anything, in both modes, against chips of the stub: every
 * event that a bus can have is answered with ACK or NACK, and the counters only
 * grow. */
#include <errno.h>

#include "fuzz.h"
#include "i2cpt.h"

const char *const fuzz_seeds[] = {
    "mSa0Wrrt",
    "sSa0Wrrt",
    "mSaTTt",
    "sSbrrrrt",
    "mSa012345tSa0Wrrrrrrrrt",
    "sSa012tnSb00trr",
    NULL,
};
const char *const fuzz_words[] = {
    "Sa", "Wa", "Sb", "t", "n", "R", "d", "rrrr", "Sc", "\xff\xff", NULL,
};

static struct i2cpt_adapter *adapter;
static struct i2cpt_passthrough *modes[2];

static struct i2cpt_passthrough *make(const char *mode)
{
    struct i2cpt_passthrough *pt;
    struct i2cpt_policy *policy;
    struct i2cpt_fault fault;

    if (i2cpt_policy_new(&policy) < 0 ||
        i2cpt_policy_set(policy, "addresses", "0x48:0x50", &fault) < 0 ||
        i2cpt_policy_set(policy, "transfer", mode, &fault) < 0 ||
        i2cpt_passthrough_new(adapter, policy, NULL, &pt, &fault) < 0) {
        fuzz_fail("%s", fault.text);
    }
    i2cpt_policy_free(policy);
    return pt;
}

static void set_up(void)
{
    struct i2cpt_fault fault;

    if (i2cpt_adapter_open("stub,chips=0x48", &adapter, &fault) < 0) {
        fuzz_fail("%s", fault.text);
    }
    modes[0] = make("message");
    modes[1] = make("stream");
}

/* -EINVAL is for events that no bus can have, such as a byte after STOP. */
static void check(int answer)
{
    if (answer != I2CPT_ACK && answer != I2CPT_NACK && answer != -EINVAL) {
        fuzz_fail("an answer of %d", answer);
    }
}

static void check_start(struct i2cpt_passthrough *pt, uint8_t which,
                        uint16_t flags)
{
    uint16_t address = which % 3 == 0 ? 0x48 : which % 3 == 1 ? 0x50 : 0x51;
    int answer = i2cpt_passthrough_start(pt, address, flags, 0);

    if ((answer == -EINVAL) != (address == 0x51)) {
        fuzz_fail("START to 0x%02x: %d", address, answer);
    }
    check(answer);
}

static void event(struct i2cpt_passthrough *pt, uint8_t code, uint8_t next)
{
    uint8_t byte;

    switch (code) {
    case 'S':
        check_start(pt, next, 0);
        break;
    case 'W':
        check_start(pt, next, I2CPT_M_RD);
        break;
    case 'r':
        check(i2cpt_passthrough_read(pt, &byte));
        break;
    case 'n':
        i2cpt_passthrough_nack(pt);
        break;
    case 't':
        check(i2cpt_passthrough_stop(pt));
        break;
    case 'R':
        i2cpt_passthrough_reset(pt);
        break;
    case 'd':
        i2cpt_passthrough_drain(pt);
        break;
    default:
        check(i2cpt_passthrough_write(pt, code));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!adapter) {
        set_up();
    }
    if (!size) {
        return 0;
    }
    struct i2cpt_passthrough *pt = modes[data[0] == 's'];
    uint64_t before = i2cpt_passthrough_counter(pt, I2CPT_COUNT_TRANSFERS);
    for (size_t i = 1; i < size; i++) {
        event(pt, data[i], i + 1 < size ? data[i + 1] : 0);
    }
    check(i2cpt_passthrough_stop(pt));
    if (i2cpt_passthrough_counter(pt, I2CPT_COUNT_TRANSFERS) < before) {
        fuzz_fail("a counter went back");
    }
    return 0;
}
