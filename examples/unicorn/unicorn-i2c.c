/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An emulator of one's own: a Cortex-M in unicorn with a small I2C controller
 * of four registers, whose targets are on any adapter:
 *
 *     unicorn-i2c [--poll|--glib] i2c-dev,device=/dev/i2c-1
 *
 *   0x40000000 CONTROL  write: 1 START write, 2 START read, 4 STOP, 8 byte
 *                       (with 2: and it is the last one)
 *   0x40000004 ADDRESS  7 bits
 *   0x40000008 DATA     what is sent, and what was read
 *   0x4000000c STATUS   bit 0 busy, bit 1 not acknowledged
 *
 * By default a write of CONTROL lasts until the wire has answered; with --poll
 * the guest reads STATUS meanwhile, and the answer comes through a descriptor.
 * With --glib the guest runs in slices of a GLib loop, which has other things
 * to do besides, and not at all while the wire is busy.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib-unix.h>
#include <i2cpt.h>
#include <unicorn/unicorn.h>

enum { CODE = 0x10000, DEVICE = 0x40000000, ANSWER = 0x20000000 };
enum { CONTROL = 0, ADDRESS = 4, DATA = 8, STATUS = 12 };
enum { START_WRITE = 1, START_READ = 2, STOP = 4, BYTE = 8 };
enum { BUSY = 1, NACK = 2 };

enum way { BLOCKING, POLL, GLIB };

struct controller {
    struct i2cpt_passthrough *pt;
    enum way way;
    bool reading;
    uint32_t address, data, status;
    uc_engine *uc;
    /* The loop, the source that runs the guest in it (0: the wire is busy), and
     * how often the loop was woken by the wire. */
    GMainLoop *loop;
    unsigned guest, woken;
};

static gboolean run_slice(gpointer user);

/* The event's end, whenever it comes. */
static void complete(void *user, int answer, uint8_t byte)
{
    struct controller *c = user;

    c->status = answer == I2CPT_ACK ? 0 : NACK;
    if (c->reading) {
        c->data = byte;
    }
    if (c->loop && !c->guest) {
        c->guest = g_idle_add(run_slice, c);
    }
}

/* What a write of CONTROL makes of the bus. */
static int event(struct controller *c, uint32_t control, uint8_t *byte)
{
    c->reading = false;
    if (control & (START_WRITE | START_READ) && !(control & BYTE)) {
        return i2cpt_passthrough_start(c->pt, (uint16_t)c->address,
                                       control & START_READ ? I2CPT_M_RD : 0,
                                       0);
    }
    if (control & STOP) {
        return i2cpt_passthrough_stop(c->pt);
    }
    if (!(control & START_READ)) {
        return i2cpt_passthrough_write(c->pt, (uint8_t)c->data);
    }
    c->reading = true;
    return i2cpt_passthrough_read(c->pt, byte);
}

static void on_control(struct controller *c, uint32_t control)
{
    uint8_t byte = 0xff;
    int answer = event(c, control, &byte);

    if (answer == I2CPT_PENDING) {
        c->status = BUSY;
    } else {
        complete(c, answer, byte);
    }
}

static uint64_t on_read(uc_engine *uc, uint64_t offset, unsigned size,
                        void *user)
{
    struct controller *c = user;

    (void)uc;
    (void)size;
    if (offset == STATUS && c->status & BUSY && c->way == POLL) {
        struct pollfd fd = {.fd = i2cpt_passthrough_fd(c->pt),
                            .events = POLLIN};
        if (poll(&fd, 1, 0) > 0) {
            i2cpt_passthrough_dispatch(c->pt);
        }
    }
    return offset == STATUS ? c->status : offset == DATA ? c->data : 0;
}

static void on_write(uc_engine *uc, uint64_t offset, unsigned size,
                     uint64_t value, void *user)
{
    struct controller *c = user;

    (void)uc;
    (void)size;
    switch (offset) {
    case CONTROL:
        on_control(c, (uint32_t)value);
        break;
    case ADDRESS:
        c->address = value & 0x7f;
        break;
    case DATA:
        c->data = (uint32_t)value;
        break;
    }
}

/* ------------------------------------------------------------------ the guest
 */

/*
 * Thumb code: r0 is the controller. It goes through a list of (CONTROL, DATA)
 * in r1, waits for each, and stores what DATA and STATUS say behind r2, until a
 * CONTROL of 0.
 *
 *   next: ldmia r1!, {r3, r4}
 *         cmp   r3, #0
 *         beq   end
 *         str   r4, [r0, #8]
 *         str   r3, [r0, #0]
 *   wait: ldr   r5, [r0, #12]
 *         lsls  r6, r5, #31
 *         bmi   wait
 *         ldr   r4, [r0, #8]
 *         stmia r2!, {r4, r5}
 *         b     next
 *   end:  bkpt
 */
static const uint16_t code[] = {0xc918, 0x2b00, 0xd007, 0x6084, 0x6003, 0x68c5,
                                0x07ee, 0xd4fc, 0x6884, 0xc230, 0xe7f4, 0xbe00};

/* A register pointer, repeated START, two bytes, STOP. */
static const uint32_t script[] = {
    START_WRITE,       0, BYTE, 0, START_READ, 0, BYTE | START_READ, 0,
    BYTE | START_READ, 0, STOP, 0, 0,          0};

static bool try_uc(uc_err err, const char *what)
{
    if (err != UC_ERR_OK) {
        fprintf(stderr, "unicorn-i2c: %s: %s\n", what, uc_strerror(err));
    }
    return err == UC_ERR_OK;
}

enum { END = CODE + sizeof(code) - 2, SLICE = 1000 };

static bool prepare(uc_engine *uc, struct controller *c)
{
    uint32_t r0 = DEVICE, r1 = CODE + 0x100, r2 = ANSWER;

    return try_uc(uc_mem_map(uc, CODE, 0x1000, UC_PROT_ALL), "code") &&
           try_uc(uc_mem_map(uc, ANSWER, 0x1000, UC_PROT_ALL), "memory") &&
           try_uc(uc_mmio_map(uc, DEVICE, 0x1000, on_read, c, on_write, c),
                  "device") &&
           try_uc(uc_mem_write(uc, CODE, code, sizeof(code)), "code") &&
           try_uc(uc_mem_write(uc, r1, script, sizeof(script)), "script") &&
           try_uc(uc_reg_write(uc, UC_ARM_REG_R0, &r0), "r0") &&
           try_uc(uc_reg_write(uc, UC_ARM_REG_R1, &r1), "r1") &&
           try_uc(uc_reg_write(uc, UC_ARM_REG_R2, &r2), "r2");
}

/* Some instructions of the guest, and no more of them while the wire is busy.
 */
static gboolean run_slice(gpointer user)
{
    struct controller *c = user;
    uint32_t pc = END;

    if (!try_uc(uc_reg_read(c->uc, UC_ARM_REG_PC, &pc), "pc") ||
        !try_uc(uc_emu_start(c->uc, pc | 1, END, 0, SLICE), "run") ||
        !try_uc(uc_reg_read(c->uc, UC_ARM_REG_PC, &pc), "pc") || pc == END) {
        g_main_loop_quit(c->loop);
        return G_SOURCE_REMOVE;
    }
    if (c->status & BUSY) {
        c->guest = 0;
        return G_SOURCE_REMOVE;
    }
    return G_SOURCE_CONTINUE;
}

static gboolean on_wire(gint fd, GIOCondition condition, gpointer user)
{
    struct controller *c = user;

    (void)fd;
    (void)condition;
    c->woken++;
    i2cpt_passthrough_dispatch(c->pt);
    return G_SOURCE_CONTINUE;
}

/* An emulator with a window has this loop already. */
static bool run_in_loop(struct controller *c)
{
    uint32_t pc = CODE | 1;
    unsigned wire;

    if (!try_uc(uc_reg_write(c->uc, UC_ARM_REG_PC, &pc), "pc")) {
        return false;
    }
    c->loop = g_main_loop_new(NULL, FALSE);
    wire = g_unix_fd_add(i2cpt_passthrough_fd(c->pt), G_IO_IN, on_wire, c);
    c->guest = g_idle_add(run_slice, c);
    g_main_loop_run(c->loop);
    g_source_remove(wire);
    g_main_loop_unref(c->loop);
    c->loop = NULL;
    return try_uc(uc_reg_read(c->uc, UC_ARM_REG_PC, &pc), "pc") && pc == END;
}

static bool run_guest(struct controller *c)
{
    return c->way == GLIB
               ? run_in_loop(c)
               : try_uc(uc_emu_start(c->uc, CODE | 1, END, 0, 0), "run");
}

static int run(struct controller *c)
{
    uint32_t answers[sizeof(script) / sizeof(script[0]) - 2] = {0};
    int status = EXIT_FAILURE;

    if (!try_uc(uc_open(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS, &c->uc),
                "unicorn")) {
        return status;
    }
    if (prepare(c->uc, c) && run_guest(c) &&
        try_uc(uc_mem_read(c->uc, ANSWER, answers, sizeof(answers)),
               "answers")) {
        printf("START %s, loop woken %u times\n",
               answers[1] & NACK ? "NACK" : "ACK", c->woken);
        printf("read: %02x %02x\n", (unsigned)answers[6], (unsigned)answers[8]);
        status = EXIT_SUCCESS;
    }
    uc_close(c->uc);
    return status;
}

static int attach(struct controller *c, struct i2cpt_adapter *adapter,
                  struct i2cpt_fault *fault)
{
    struct i2cpt_hooks hooks = {
        .size = sizeof(hooks), .user = c, .complete = complete};
    struct i2cpt_policy *policy;
    int rc = i2cpt_policy_new(&policy);

    if (!rc) {
        rc = i2cpt_policy_set(policy, "address", "0x48", fault);
    }
    if (!rc) {
        rc = i2cpt_passthrough_new(
            adapter, policy, c->way == BLOCKING ? NULL : &hooks, &c->pt, fault);
    }
    i2cpt_policy_free(policy);
    return rc;
}

int main(int argc, char **argv)
{
    struct controller c = {.address = 0x48};
    struct i2cpt_adapter *adapter;
    struct i2cpt_fault fault;
    int status = EXIT_FAILURE;

    if (argc == 3) {
        c.way = !strcmp(argv[1], "--poll")   ? POLL
                : !strcmp(argv[1], "--glib") ? GLIB
                                             : BLOCKING;
    }
    if (argc != 2 + (c.way != BLOCKING)) {
        fprintf(stderr, "usage: unicorn-i2c [--poll|--glib] ADAPTER\n");
        return 2;
    }
    if (i2cpt_adapter_open(argv[argc - 1], &adapter, &fault)) {
        fprintf(stderr, "unicorn-i2c: %s\n", fault.text);
        return status;
    }
    if (attach(&c, adapter, &fault)) {
        fprintf(stderr, "unicorn-i2c: %s\n", fault.text);
    } else {
        status = run(&c);
        i2cpt_passthrough_free(c.pt);
    }
    i2cpt_adapter_unref(adapter);
    return status;
}
