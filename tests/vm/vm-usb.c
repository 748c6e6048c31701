/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vm-tiny-usb BOARD: in a guest, what only an adapter with I2C_FUNC_I2C under a
 * real kernel can show: faults, ack polling, ioctls per transaction,
 * unplugging. TAP. It starts and ends the virtual
 * adapter (usb-board.c) itself.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vm-guest.h"

#define LONG ",timeout-ms=5000"

/* --------------------------------------------------------------- transfers */

static void expect_fault(const char *what, int ret, int code, int phase,
                         int msg)
{
    report(ret == -code && guest_fault.code == code &&
               guest_fault.phase == phase && guest_fault.msg == msg,
           "%s | %s phase=%d msg=%d", what,
           ret < 0 ? i2cpt_error_name(ret) : "no fault", guest_fault.phase,
           guest_fault.msg);
}

static void run_faults(struct i2cpt_adapter *a)
{
    uint8_t in[8] = {0};

    expect_fault("address NACK", put(a, 0x20, "", 1), ENXIO,
                 I2CPT_PHASE_ADDRESS, 0);
    expect_fault("address NACK of one of two", get(a, 0x20, 0, in, 2), ENXIO,
                 I2CPT_PHASE_ADDRESS, -1);
    expect_fault("data NACK", put(a, 0x1e, "\1\2\3\4", 4), EIO,
                 I2CPT_PHASE_UNKNOWN, -1);
    report(!put(a, 0x1e, "\1\2", 2), "fewer bytes than that are taken");
    report(!get(a, 0x49, 0, in, 2) && !memcmp(in, "\x1a\xc0", 2),
           "sensor after a repeated START");
    report(!get(a, 0x1d, 6, in, 5) && !memcmp(in, "\1\2\3\4\5", 5) &&
               !get(a, 0x1d, 6, in, 3) && !memcmp(in, "\6\7\x08", 3),
           "FIFO: nothing lost or read twice");
    report(!put(a, 0x1f, "\1\2", 2), "clock stretching");
}

/* ------------------------------------------------------------- passthrough */

static struct i2cpt_passthrough *pass(struct i2cpt_adapter *a,
                                      const char *address)
{
    struct i2cpt_policy *policy;
    struct i2cpt_passthrough *pt = NULL;

    i2cpt_policy_new(&policy);
    if (i2cpt_policy_set(policy, "address", address, &guest_fault) ||
        i2cpt_policy_set(policy, "transfer", "message", &guest_fault) ||
        i2cpt_passthrough_new(a, policy, NULL, &pt, &guest_fault)) {
        report(0, "passthrough: %s", guest_fault.text);
        exit(1);
    }
    i2cpt_policy_free(policy);
    return pt;
}

static int guest_write(struct i2cpt_passthrough *pt, uint16_t addr,
                       const uint8_t *bytes, size_t n)
{
    size_t i;
    int ret = i2cpt_passthrough_start(pt, addr, 0, 0);

    for (i = 0; i < n && ret == I2CPT_ACK; i++) {
        ret = i2cpt_passthrough_write(pt, bytes[i]);
    }
    return ret;
}

static int guest_read(struct i2cpt_passthrough *pt, uint16_t addr, uint8_t reg,
                      uint8_t *in, size_t n)
{
    size_t i;
    int ret = guest_write(pt, addr, &reg, 1);

    if (ret == I2CPT_ACK) {
        ret = i2cpt_passthrough_start(pt, addr, I2CPT_M_RD, 0);
    }
    for (i = 0; i < n && ret == I2CPT_ACK; i++) {
        ret = i2cpt_passthrough_read(pt, &in[i]);
    }
    i2cpt_passthrough_stop(pt);
    return ret;
}

/* Firmware that writes pages and polls for the ACK, as data sheets say. */
static void run_ack_polling(struct i2cpt_adapter *a)
{
    struct i2cpt_passthrough *pt = pass(a, "0x50");
    uint8_t page[9], in[64], nothing = 0;
    unsigned i, k, lost = 0, polls = 0;

    for (i = 0; i < 8; i++) {
        page[0] = (uint8_t)(i * 8);
        for (k = 0; k < 8; k++) {
            page[1 + k] = (uint8_t)(0x40 + i * 8 + k);
        }
        while (guest_write(pt, 0x50, page, 9) != I2CPT_ACK && polls++ < 1000) {
            i2cpt_passthrough_stop(pt);
        }
        i2cpt_passthrough_stop(pt);
    }
    while (guest_write(pt, 0x50, &nothing, 0) != I2CPT_ACK && polls++ < 1000) {
        i2cpt_passthrough_stop(pt);
    }
    i2cpt_passthrough_stop(pt);
    if (guest_read(pt, 0x50, 0, in, sizeof(in)) != I2CPT_ACK) {
        lost = 64;
    }
    for (i = 0; i < sizeof(in) && !lost; i++) {
        lost += in[i] != 0x40 + i;
    }
    report(!lost, "EEPROM pages with ack polling | %u of 64 bytes lost", lost);
    i2cpt_passthrough_free(pt);
}

/* What strace counts: `rounds` transactions that are known after the first. */
static int transactions(const char *spec, const char *kind, int rounds)
{
    struct i2cpt_adapter *a = open_spec(spec, LONG);
    struct i2cpt_passthrough *pt = pass(a, "0x48");
    uint8_t in[256], bytes[] = {0x10, 0x5a};
    int i, ret = I2CPT_ACK;

    for (i = 0; i < rounds && ret == I2CPT_ACK; i++) {
        if (!strcmp(kind, "write")) {
            ret = guest_write(pt, 0x48, bytes, 2);
            i2cpt_passthrough_stop(pt);
        } else {
            ret =
                guest_read(pt, 0x48, 0x10, in, strcmp(kind, "page") ? 2 : 256);
        }
    }
    i2cpt_passthrough_free(pt);
    i2cpt_adapter_unref(a);
    return ret != I2CPT_ACK;
}

static int count_ioctls(const char *spec, const char *kind, int rounds)
{
    char command[400], line[1000];
    int count = 0;
    FILE *file;

    snprintf(command, sizeof(command),
             "strace -f -qq -X raw -e trace=ioctl -o /tmp/count "
             "vm-tiny-usb --transactions %s %s %d",
             spec, kind, rounds);
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

static void run_counts(const char *spec)
{
    static const char *const kinds[] = {"write", "read", "page"};
    size_t i;

    for (i = 0; i < 3; i++) {
        int few = count_ioctls(spec, kinds[i], 3);
        int many = count_ioctls(spec, kinds[i], 13);

        report(few > 0 && many - few == 10,
               "ioctls of a known %s | %d in 10 more (%d in the first 3)",
               kinds[i], many - few, few);
    }
}

/* --------------------------------------------------------------- unplugging */

static void run_unplug(struct board *board)
{
    char spec[200], old[200];
    struct i2cpt_adapter *a, *b;
    int ret;

    report(board_plug(board, old), "plugged again: %s", old);
    a = open_spec(old, LONG);
    ret = put(a, 0x48, "\1\2", 2);
    report(!ret, "a transfer before%s%s", ret ? " | " : "",
           ret ? guest_fault.text : "");
    board_tell(board, "unplug");
    ret = put(a, 0x48, "\1\2", 2);
    report(ret == -ENODEV, "unplugged between two | %s %s",
           ret ? i2cpt_error_name(ret) : "done", guest_fault.text);
    ret = put(a, 0x48, "\1\2", 2);
    report(ret == -ENODEV, "and from then on | %s",
           ret ? i2cpt_error_name(ret) : "done");
    report(board_wait_gone(board), "the kernel lets go of it");

    board_plug(board, spec);
    b = open_spec(spec, LONG);
    report(!put(b, 0x48, "\1\2", 2) && put(a, 0x48, "\1\2", 2) == -ENODEV,
           "opened again beside the old handle");
    i2cpt_adapter_unref(a);
    board_tell(board, "trouble unplug 0 1");
    ret = put(b, 0x48, "\1\2", 2);
    report(ret == -ENODEV, "unplugged during one | %s %s",
           ret ? i2cpt_error_name(ret) : "done", guest_fault.text);
    report(board_wait_gone(board), "the kernel lets go of it again");
    i2cpt_adapter_unref(b);
}

int main(int argc, char **argv)
{
    char spec[200], command[300];
    struct i2cpt_adapter *a;
    struct board board;

    guest_name = "tiny-usb";
    if (argc == 5 && !strcmp(argv[1], "--transactions")) {
        return transactions(argv[2], argv[3], atoi(argv[4]));
    }
    board_begin(&board, "tiny", argv[1]);
    report(board_plug(&board, spec), "plugged: %s", spec);
    snprintf(command, sizeof(command),
             "vm-suite tiny-usb %s 0x48 0x20 lm75:lm75",
             strstr(spec, "i2c-dev,device=/dev/i2c-")
                 ? spec + strlen("i2c-dev,device=/dev/i2c-")
                 : "");
    guest_failed += system(command) != 0;
    a = open_spec(spec, LONG);
    run_faults(a);
    run_ack_polling(a);
    i2cpt_adapter_unref(a);
    run_counts(spec);
    board_tell(&board, "unplug");
    /* or the next one would be taken to be there before it is */
    report(board_wait_gone(&board), "unplugged while nobody has it open");
    run_unplug(&board);
    board_end(&board);
    return guest_failed != 0;
}
