/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vm-tiny-usb BOARD: in a guest, what only an adapter with I2C_FUNC_I2C under a
 * real kernel can show: faults, ack polling, ioctls per transaction, random
 * transfers beside a model, unplugging. TAP. It starts and ends the virtual
 * adapter (tiny-usb BOARD) itself.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "i2cpt.h"

static int failed;
static struct i2cpt_fault fault;

static void report(int ok, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void report(int ok, const char *format, ...)
{
    va_list ap;

    failed += !ok;
    printf("%sok - tiny-usb | ", ok ? "" : "not ");
    va_start(ap, format);
    vprintf(format, ap);
    va_end(ap);
    putchar('\n');
    fflush(stdout);
}

/* ---------------------------------------------------------- plug and unplug */

static int find_bus(const char *spec, const char *about, void *user)
{
    if (strncmp(about, "i2c-tiny-usb", 12)) {
        return 0;
    }
    snprintf(user, 200, "%s", spec);
    return 1;
}

/* Until the adapter is there, or not; the kernel takes its time. */
static int wait_for(int there, char *spec)
{
    const struct timespec tick = {0, 5000000};
    int i;

    for (i = 0; i < 6000; i++) {
        if (i2cpt_list(find_bus, spec) == there) {
            return 1;
        }
        nanosleep(&tick, NULL);
    }
    return 0;
}

static pid_t plug(const char *board, char *spec)
{
    pid_t pid = fork();

    if (!pid) {
        execlp("tiny-usb", "tiny-usb", board, NULL);
        _exit(127);
    }
    report(wait_for(1, spec), "plugged: %s", spec);
    return pid;
}

static void unplug(pid_t pid)
{
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
}

static struct i2cpt_adapter *open_spec(const char *spec)
{
    struct i2cpt_adapter *a = NULL;
    char text[240];

    snprintf(text, sizeof(text), "%s,timeout-ms=5000", spec);
    if (i2cpt_adapter_open(text, &a, &fault)) {
        report(0, "open %s: %s", text, fault.text);
        exit(1);
    }
    return a;
}

static int put(struct i2cpt_adapter *a, uint16_t addr, const char *bytes,
               uint32_t len)
{
    struct i2cpt_msg m = {addr, 0, len, 0, (uint8_t *)bytes};

    return i2cpt_transfer(a, &m, 1, &fault);
}

static int get(struct i2cpt_adapter *a, uint16_t addr, uint8_t reg, uint8_t *in,
               uint32_t len)
{
    struct i2cpt_msg msgs[] = {{addr, 0, 1, 0, &reg},
                               {addr, I2CPT_M_RD, len, 0, in}};

    return i2cpt_transfer(a, msgs, 2, &fault);
}

/* --------------------------------------------------------------- transfers */

static void expect_fault(const char *what, int ret, int code, int phase,
                         int msg)
{
    report(ret == -code && fault.code == code && fault.phase == phase &&
               fault.msg == msg,
           "%s | %s phase=%d msg=%d", what,
           ret < 0 ? i2cpt_error_name(ret) : "no fault", fault.phase,
           fault.msg);
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

/* Seeded; a register file beside a model of it. */
static void run_random(struct i2cpt_adapter *a, unsigned rounds)
{
    uint8_t model[256], out[17], in[16], at;
    unsigned seed = 20261122, i, k, differ = 0;

    for (i = 0; i < 256; i += 16) {
        out[0] = (uint8_t)i;
        for (k = 0; k < 16; k++) {
            model[i + k] = out[1 + k] = (uint8_t)(i * 3 + k);
        }
        differ += put(a, 0x48, (char *)out, 17) != 0;
    }
    for (i = 0; i < rounds; i++) {
        unsigned len = 1 + (unsigned)rand_r(&seed) % 16;

        at = (uint8_t)rand_r(&seed);
        out[0] = at;
        if (rand_r(&seed) & 1) {
            for (k = 0; k < len; k++) {
                out[1 + k] = (uint8_t)rand_r(&seed);
                model[(uint8_t)(at + k)] = out[1 + k];
            }
            differ += put(a, 0x48, (char *)out, len + 1) != 0;
            continue;
        }
        differ += get(a, 0x48, at, in, len) != 0;
        for (k = 0; k < len; k++) {
            differ += in[k] != model[(uint8_t)(at + k)];
        }
    }
    report(!differ, "%u random transfers | %u differ from the model", rounds,
           differ);
}

/* ------------------------------------------------------------- passthrough */

static struct i2cpt_passthrough *pass(struct i2cpt_adapter *a,
                                      const char *address)
{
    struct i2cpt_policy *policy;
    struct i2cpt_passthrough *pt = NULL;

    i2cpt_policy_new(&policy);
    if (i2cpt_policy_set(policy, "address", address, &fault) ||
        i2cpt_policy_set(policy, "transfer", "message", &fault) ||
        i2cpt_passthrough_new(a, policy, NULL, &pt, &fault)) {
        report(0, "passthrough: %s", fault.text);
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
    struct i2cpt_adapter *a = open_spec(spec);
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

static void run_unplug(const char *board)
{
    char spec[200], old[200];
    pid_t pid = plug(board, old);
    struct i2cpt_adapter *a = open_spec(old), *b;
    int ret;

    ret = put(a, 0x48, "\1\2", 2);
    report(!ret, "a transfer before%s%s", ret ? " | " : "",
           ret ? fault.text : "");
    unplug(pid);
    ret = put(a, 0x48, "\1\2", 2);
    report(ret == -ENODEV, "unplugged between two | %s %s",
           ret ? i2cpt_error_name(ret) : "done", fault.text);
    ret = put(a, 0x48, "\1\2", 2);
    report(ret == -ENODEV, "and from then on | %s",
           ret ? i2cpt_error_name(ret) : "done");
    report(wait_for(0, spec), "the kernel lets go of it");

    pid = plug(board, spec);
    b = open_spec(spec);
    report(!put(b, 0x48, "\1\2", 2) && put(a, 0x48, "\1\2", 2) == -ENODEV,
           "opened again beside the old handle");
    i2cpt_adapter_unref(a);
    ret = put(b, 0x7a, "\1\2", 2);
    report(ret == -ENODEV, "unplugged during one | %s %s",
           ret ? i2cpt_error_name(ret) : "done", fault.text);
    waitpid(pid, NULL, 0);
    report(wait_for(0, spec), "the kernel lets go of it again");
    i2cpt_adapter_unref(b);
}

int main(int argc, char **argv)
{
    char spec[200], old[200], command[300];
    struct i2cpt_adapter *a;
    pid_t pid;

    if (argc == 5 && !strcmp(argv[1], "--transactions")) {
        return transactions(argv[2], argv[3], atoi(argv[4]));
    }
    pid = plug(argv[1], spec);
    snprintf(command, sizeof(command),
             "vm-suite tiny-usb %s 0x48 0x20 lm75:lm75",
             strstr(spec, "i2c-dev,device=/dev/i2c-")
                 ? spec + strlen("i2c-dev,device=/dev/i2c-")
                 : "");
    failed += system(command) != 0;
    a = open_spec(spec);
    run_faults(a);
    run_random(a, 300);
    run_ack_polling(a);
    i2cpt_adapter_unref(a);
    run_counts(spec);
    unplug(pid);
    /* or the next one would be taken to be there before it is */
    report(wait_for(0, old), "unplugged while nobody has it open");
    run_unplug(argv[1]);
    return failed != 0;
}
