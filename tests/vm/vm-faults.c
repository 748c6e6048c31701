/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vm-faults MODEL BOARD, or vm-faults --bus NAME N ABSENT: in a guest, what
 * goes wrong on the wire or on USB, and what the kernel's driver and then the
 * library make of it. TAP; guest.py makes a table of all adapters of it.
 *
 * Expected is what docs/i2c-dev.md says of each driver.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "vm-guest.h"

#define LONG   ",timeout-ms=30000"
#define MODELS 3

static const char *const models[MODELS] = {"tiny", "osif", "diolan"};

struct expected {
    int code, phase, msg;
};

#define ADDRESS I2CPT_PHASE_ADDRESS
#define UNKNOWN I2CPT_PHASE_UNKNOWN
#define HIDDEN(c)      \
    {                  \
        c, UNKNOWN, -1 \
    }

/* What is sent: a write of `write` bytes, then a read of `read`. */
static const struct row {
    const char *name, *kind;
    int msg, byte;
    uint32_t write, read;
    struct expected expected[MODELS];
} rows[] = {
    {"address NACK, write",
     "nack",
     0,
     -1,
     4,
     0,
     {{ENXIO, ADDRESS, 0}, HIDDEN(EREMOTEIO), HIDDEN(ENXIO)}},
    {"address NACK, read",
     "nack",
     0,
     -1,
     0,
     4,
     {{ENXIO, ADDRESS, 0}, HIDDEN(EREMOTEIO), {ENXIO, ADDRESS, 0}}},
    {"address NACK of the second",
     "nack",
     1,
     -1,
     1,
     4,
     {{ENXIO, ADDRESS, -1}, {0}, HIDDEN(EIO)}},
    {"data NACK at byte 0",
     "nack",
     0,
     0,
     4,
     0,
     {HIDDEN(EIO), HIDDEN(EREMOTEIO), HIDDEN(EIO)}},
    {"data NACK at byte 3",
     "nack",
     0,
     3,
     4,
     0,
     {HIDDEN(EIO), HIDDEN(EREMOTEIO), HIDDEN(EIO)}},
    {"data NACK at byte 1, a read behind",
     "nack",
     0,
     1,
     2,
     4,
     {HIDDEN(EIO), HIDDEN(EREMOTEIO), HIDDEN(EIO)}},
    {"data NACK at byte 62 of 80",
     "nack",
     0,
     62,
     80,
     0,
     {HIDDEN(EIO), HIDDEN(EREMOTEIO), HIDDEN(ENXIO)}},
    {"SCL held for too long",
     "stuck",
     0,
     1,
     4,
     0,
     {HIDDEN(EIO), HIDDEN(EREMOTEIO), HIDDEN(ETIMEDOUT)}},
    {"the adapter does not answer",
     "silent",
     0,
     1,
     4,
     0,
     {HIDDEN(EIO), HIDDEN(EREMOTEIO), HIDDEN(ETIMEDOUT)}},
};

static struct board board;
static int model;

static int transfer(struct i2cpt_adapter *a, uint16_t addr, uint32_t write,
                    uint32_t read)
{
    static uint8_t out[300], in[300];
    struct i2cpt_msg msgs[2];
    size_t n = 0;

    if (write) {
        msgs[n++] = (struct i2cpt_msg){addr, 0, write, 0, out};
    }
    if (read) {
        msgs[n++] = (struct i2cpt_msg){addr, I2CPT_M_RD, read, 0, in};
    }
    return i2cpt_transfer(a, msgs, n, &guest_fault);
}

static void judge(const char *name, int ret, const struct expected *e)
{
    static const char *const phases[] = {"phase unknown", "address", "data",
                                         "stop"};
    const char *is = ret < 0 ? i2cpt_error_name(ret) : "no fault";
    int ok =
        ret == -e->code &&
        (!ret || (guest_fault.phase == e->phase && guest_fault.msg == e->msg));

    if (!ret) {
        report(ok, "fault: %s | none", name);
    } else if (guest_fault.msg < 0) {
        report(ok, "fault: %s | %s, %s", name, is ? is : "?",
               phases[guest_fault.phase]);
    } else {
        report(ok, "fault: %s | %s, %s of message %d", name, is ? is : "?",
               phases[guest_fault.phase], guest_fault.msg);
    }
}

static void run_row(struct i2cpt_adapter *a, const struct row *row)
{
    const struct expected *e = &row->expected[model];

    if (!e->code) {
        printf("# %s: %s: not possible\n", guest_name, row->name);
        return;
    }
    board_tell(&board, "trouble %s %d %d", row->kind, row->msg, row->byte);
    judge(row->name, transfer(a, 0x48, row->write, row->read), e);
    report(!transfer(a, 0x48, 1, 1), "and the next transfer is fine | %s",
           row->name);
}

/* The ioctl is left behind at the deadline; until it is back there is nothing
 * to be had, and then all is well. */
static void run_deadline(const char *spec)
{
    static const struct expected late = HIDDEN(ETIMEDOUT);
    static const struct timespec tick = {0, 20000000};
    struct i2cpt_adapter *a;
    int i, ret;

    if (!strcmp(guest_name, "diolan")) {
        return; /* its driver gives up after 100 ms */
    }
    a = open_spec(spec, ",timeout-ms=300");
    board_tell(&board, "trouble silent 0 1");
    judge("deadline before the driver's", transfer(a, 0x48, 4, 0), &late);
    ret = transfer(a, 0x48, 1, 0);
    report(ret == -EBUSY, "fault: while the ioctl is still out | %s",
           ret ? i2cpt_error_name(ret) : "no fault");
    for (i = 0; i < 3000 && transfer(a, 0x48, 1, 0) == -EBUSY; i++) {
        nanosleep(&tick, NULL);
    }
    report(!transfer(a, 0x48, 1, 1), "and when it is back | fine");
    i2cpt_adapter_unref(a);
}

static void plug(char *spec)
{
    if (!board_plug(&board, spec)) {
        report(0, "the kernel does not see the adapter");
        exit(1);
    }
}

static void run_unplug(void)
{
    static const struct expected gone = HIDDEN(ENODEV);
    struct i2cpt_adapter *a;
    char spec[200];

    plug(spec);
    a = open_spec(spec, LONG);
    board_tell(&board, "trouble unplug 0 1");
    judge("unplugged in a transfer", transfer(a, 0x48, 4, 0), &gone);
    judge("unplugged, from then on", transfer(a, 0x48, 4, 0), &gone);
    report(board_wait_gone(&board), "the kernel lets go of it");
    i2cpt_adapter_unref(a);
    plug(spec);
    a = open_spec(spec, LONG);
    board_tell(&board, "unplug");
    judge("unplugged between two", transfer(a, 0x48, 4, 0), &gone);
    report(board_wait_gone(&board), "the kernel lets go of it again");
    i2cpt_adapter_unref(a);
}

static void run_board(const char *file)
{
    struct i2cpt_adapter *a;
    char spec[200];
    size_t i;

    for (model = 0; strcmp(guest_name, models[model]); model++) {
        if (model == MODELS - 1) {
            fprintf(stderr, "vm-faults: no model %s\n", guest_name);
            exit(2);
        }
    }
    board_begin(&board, guest_name, file);
    plug(spec);
    a = open_spec(spec, LONG);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        run_row(a, &rows[i]);
    }
    i2cpt_adapter_unref(a);
    run_deadline(spec);
    board_tell(&board, "unplug");
    board_wait_gone(&board);
    run_unplug();
    board_end(&board);
}

/* SMBus hosts: nothing of theirs can be troubled but by an address. */
static void run_bus(const char *bus, uint16_t absent)
{
    static const struct expected stub = HIDDEN(EREMOTEIO),
                                 i801_write = HIDDEN(ENXIO),
                                 i801_read = {ENXIO, ADDRESS, 0};
    int is_stub = strcmp(guest_name, "i801") != 0;
    struct i2cpt_adapter *a;
    char spec[200];

    snprintf(spec, sizeof(spec), "i2c-dev,device=/dev/i2c-%s", bus);
    a = open_spec(spec, LONG);
    judge("address NACK, write", transfer(a, absent, 2, 0),
          is_stub ? &stub : &i801_write);
    judge("address NACK, read", transfer(a, absent, 0, 1),
          is_stub ? &stub : &i801_read);
    i2cpt_adapter_unref(a);
}

int main(int argc, char **argv)
{
    if (argc == 3) {
        guest_name = argv[1];
        run_board(argv[2]);
    } else if (argc == 5 && !strcmp(argv[1], "--bus")) {
        guest_name = argv[2];
        run_bus(argv[3], (uint16_t)strtoul(argv[4], NULL, 0));
    } else {
        fprintf(stderr, "usage: vm-faults MODEL BOARD | --bus NAME N ABSENT\n");
        return 2;
    }
    return guest_failed != 0;
}
