/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vm-usb MODEL BOARD: in a guest, plug in a virtual USB adapter (usb-board.c)
 * and run on it what needs no more than an adapter (vm-suite, vm-counts). Then,
 * with i2c-tiny-usb, unplugging and opening again. TAP.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vm-guest.h"

#define LONG ",timeout-ms=5000"

static struct board board;

static void run(const char *format, const char *with)
{
    char command[300];

    snprintf(command, sizeof(command), format, guest_name, with);
    guest_failed += system(command) != 0;
}

static void run_chips(struct i2cpt_adapter *a)
{
    uint8_t in[8] = {0};

    report(!get(a, 0x49, 0, in, 2) && !memcmp(in, "\x1a\xc0", 2),
           "sensor after a repeated START");
    report(!get(a, 0x1d, 6, in, 5) && !memcmp(in, "\1\2\3\4\5", 5) &&
               !get(a, 0x1d, 6, in, 3) && !memcmp(in, "\6\7\x08", 3),
           "FIFO: nothing lost or read twice");
    report(put(a, 0x1e, "\1\2\3\4", 4) < 0 && !put(a, 0x1e, "\1\2", 2),
           "a chip that refuses the third byte");
    report(!put(a, 0x1f, "\1\2", 2), "clock stretching");
}

static void run_unplug(void)
{
    char spec[200], old[200];
    struct i2cpt_adapter *a, *b;
    int ret;

    report(board_plug(&board, old), "plugged again: %s", old);
    a = open_spec(old, LONG);
    ret = put(a, 0x48, "\1\2", 2);
    report(!ret, "a transfer before%s%s", ret ? " | " : "",
           ret ? guest_fault.text : "");
    board_tell(&board, "unplug");
    ret = put(a, 0x48, "\1\2", 2);
    report(ret == -ENODEV, "unplugged between two | %s %s",
           ret ? i2cpt_error_name(ret) : "done", guest_fault.text);
    ret = put(a, 0x48, "\1\2", 2);
    report(ret == -ENODEV, "and from then on | %s",
           ret ? i2cpt_error_name(ret) : "done");
    report(board_wait_gone(&board), "the kernel lets go of it");

    board_plug(&board, spec);
    b = open_spec(spec, LONG);
    report(!put(b, 0x48, "\1\2", 2) && put(a, 0x48, "\1\2", 2) == -ENODEV,
           "opened again beside the old handle");
    i2cpt_adapter_unref(a);
    board_tell(&board, "trouble unplug 0 1");
    ret = put(b, 0x48, "\1\2", 2);
    report(ret == -ENODEV, "unplugged during one | %s %s",
           ret ? i2cpt_error_name(ret) : "done", guest_fault.text);
    report(board_wait_gone(&board), "the kernel lets go of it again");
    i2cpt_adapter_unref(b);
}

int main(int argc, char **argv)
{
    static const char before[] = "i2c-dev,device=/dev/i2c-";
    struct i2cpt_adapter *a;
    char spec[200];
    int tiny;

    if (argc != 3) {
        fprintf(stderr, "usage: vm-usb MODEL BOARD\n");
        return 2;
    }
    guest_name = argv[1];
    tiny = !strcmp(guest_name, "tiny");
    board_begin(&board, guest_name, argv[2]);
    report(board_plug(&board, spec) && !strncmp(spec, before, strlen(before)),
           "plugged: %s", spec);
    run(tiny ? "vm-suite %s %s 0x48 0x20 smbus=0x0c lm75:lm75"
             : "vm-suite %s %s 0x48 0x20 smbus=0x0c",
        spec + strlen(before));
    a = open_spec(spec, LONG);
    run_chips(a);
    i2cpt_adapter_unref(a);
    /* block reads of an SMBus chip need a repeated START */
    run(strcmp(guest_name, "osif") ? "vm-counts %s %s 0x48 0x0b"
                                   : "vm-counts %s %s 0x48",
        spec);
    board_tell(&board, "unplug");
    /* or the next one would be taken to be there before it is */
    report(board_wait_gone(&board), "unplugged while nobody has it open");
    if (tiny) {
        run_unplug();
    }
    board_end(&board);
    return guest_failed != 0;
}
