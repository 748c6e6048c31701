/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vm-counts NAME SPEC REGISTERS [SMBUS]: in a guest, the ioctls of a guest's
 * transaction in message mode, counted by strace: 1 for each that is known, the
 * time-dependent parts of the policy stretched. At REGISTERS is a chip with
 * plain registers, at SMBUS one that gives a block of three bytes for command
 * 0x20; without one, the registers play it. TAP.
 */
#include <stdlib.h>
#include <string.h>

#include "vm-guest.h"

static const struct kind {
    const char *name;
    uint8_t command;
    int write; /* that byte instead of a read */
    uint32_t bytes;
    int block, i2c; /* of the SMBus chip; needs I2C_FUNC_I2C */
    int hidden;     /* another one each where a NACK's phase is hidden */
    const char *policy;
} kinds[] = {
    {"register write", 0x10, 0x5a, 0, 0, 0, 1},
    {"register write, busy-retry-ms=0", 0x10, 0x5a, .policy = "0"},
    {"register read", 0x10, 0, 1, 0, 0},
    {"register read of 2", 0x10, 0, 2, 0, 0},
    {"page read of 256", 0x10, 0, 256, 0, 1},
    {"block read", 0x20, 0, 4, 1, 0},
};

static struct i2cpt_passthrough *pass(struct i2cpt_adapter *a,
                                      const char *address,
                                      const char *busy_retry_ms)
{
    struct i2cpt_policy *policy;
    struct i2cpt_passthrough *pt = NULL;

    i2cpt_policy_new(&policy);
    if (i2cpt_policy_set(policy, "address", address, &guest_fault) ||
        i2cpt_policy_set(policy, "transfer", "message", &guest_fault) ||
        i2cpt_policy_set(policy, "presence-ms", "60000", &guest_fault) ||
        i2cpt_policy_set(policy, "busy-retry-ms",
                         busy_retry_ms ? busy_retry_ms : "20000",
                         &guest_fault) ||
        i2cpt_passthrough_new(a, policy, NULL, &pt, &guest_fault)) {
        report(0, "passthrough: %s", guest_fault.text);
        exit(1);
    }
    i2cpt_policy_free(policy);
    return pt;
}

static int transaction(struct i2cpt_passthrough *pt, uint16_t addr,
                       const struct kind *kind)
{
    uint8_t in[256];
    uint32_t i;
    int ret = i2cpt_passthrough_start(pt, addr, 0, 0);

    if (!ret) {
        ret = i2cpt_passthrough_write(pt, kind->command);
    }
    if (!ret && kind->write) {
        ret = i2cpt_passthrough_write(pt, (uint8_t)kind->write);
    }
    if (!ret && kind->bytes) {
        ret = i2cpt_passthrough_start(pt, addr, I2CPT_M_RD, 0);
    }
    for (i = 0; i < kind->bytes && !ret; i++) {
        ret = i2cpt_passthrough_read(pt, &in[i]);
    }
    i2cpt_passthrough_stop(pt);
    return ret || (kind->block && in[0] != 3);
}

/* What strace counts. */
static int transactions(const char *spec, const char *address,
                        const struct kind *kind, int rounds)
{
    struct i2cpt_adapter *a = open_spec(spec, ",timeout-ms=10000");
    struct i2cpt_passthrough *pt = pass(a, address, kind->policy);
    int i, ret = 0;

    for (i = 0; i < rounds && !ret; i++) {
        ret = transaction(pt, (uint16_t)strtoul(address, NULL, 0), kind);
    }
    i2cpt_passthrough_free(pt);
    i2cpt_adapter_unref(a);
    return ret;
}

static int count_ioctls(const char *spec, const char *address, size_t kind,
                        int rounds)
{
    char command[400], line[1000];
    int count = 0;
    FILE *file;

    snprintf(command, sizeof(command),
             "strace -f -qq -X raw -e trace=ioctl -o /tmp/count "
             "vm-counts --transactions %s %s %zu %d",
             spec, address, kind, rounds);
    if (system(command)) {
        return -1;
    }
    file = fopen("/tmp/count", "r");
    while (file && fgets(line, sizeof(line), file)) {
        count += strstr(line, ", 0x7") != NULL;
    }
    if (file) {
        fclose(file);
    }
    return count;
}

/* The count of a block, and three bytes, where only registers are. */
static void make_block(struct i2cpt_adapter *a, const char *address)
{
    static const uint8_t block[] = {3, 0x61, 0x62, 0x63};
    uint16_t addr = (uint16_t)strtoul(address, NULL, 0);
    uint8_t i;

    for (i = 0; i < sizeof(block); i++) {
        if (i2cpt_smbus_write_byte_data(a, addr, 0, (uint8_t)(0x20 + i),
                                        block[i], &guest_fault)) {
            report(0, "register 0x%02x: %s", 0x20 + i, guest_fault.text);
        }
    }
}

static void run(const char *spec, const char *registers, const char *smbus)
{
    struct i2cpt_adapter *a = open_spec(spec, "");
    uint32_t functionality = i2cpt_adapter_functionality(a);
    const char *how = !(functionality & I2CPT_FUNC_SMBUS_READ_BLOCK_DATA)
                          ? ", its length learned"
                      : functionality & I2CPT_FUNC_I2C ? ", RECV_LEN"
                                                       : ", SMBus block read";
    size_t i;

    if (!smbus) {
        make_block(a, registers);
        smbus = registers;
    }
    i2cpt_adapter_unref(a);
    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const char *address = kinds[i].block ? smbus : registers;
        int few, many, each = 1;

        if (kinds[i].i2c && !(functionality & I2CPT_FUNC_I2C)) {
            continue;
        }
        /* a write after a write is preceded by a probe: docs/policy.md */
        each += kinds[i].hidden && strcmp(guest_name, "tiny");
        few = count_ioctls(spec, address, i, 3);
        many = count_ioctls(spec, address, i, 13);
        report(few > 0 && many - few == 10 * each,
               "ioctls: known %s%s | %d in 10 more%s (%d in opening and the "
               "first 3)",
               kinds[i].name, kinds[i].block ? how : "", many - few,
               each > 1 ? ", a probe each, as the host hides a NACK's phase"
                        : "",
               few);
    }
}

int main(int argc, char **argv)
{
    if (argc == 6 && !strcmp(argv[1], "--transactions")) {
        return transactions(argv[2], argv[3], &kinds[atoi(argv[4])],
                            atoi(argv[5]));
    }
    if (argc < 4) {
        fprintf(stderr, "usage: vm-counts NAME SPEC REGISTERS [SMBUS]\n");
        return 2;
    }
    guest_name = argv[1];
    run(argv[2], argv[3], argc > 4 ? argv[4] : NULL);
    return guest_failed != 0;
}
