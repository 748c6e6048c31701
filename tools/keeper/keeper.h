/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keeper: a small process that owns the kernel's end of what was attached,
 * so that the death of an adapter's process is no unplugging. It knows the USB
 * device and no back end. Messages go to the adapter's process; where there is
 * none, or it does not answer in time, they fail at once, and no task of the
 * kernel's waits for anybody. Another process may take the place of the first.
 */
#ifndef KEEPER_KEEPER_H
#define KEEPER_KEEPER_H

#include <stdint.h>

#include "keeper/door.h"

/* The word by which the program is its own keeper; its descriptors are 3, 4
 * and 5: the kernel's, the door, the adapter's process. */
#define KEEPER_WORD   "attach-keeper"
#define KEEPER_KERNEL 3
#define KEEPER_DOOR   4
#define KEEPER_CALLER 5

/* How long an adapter's process may take for a message: the kernel's driver
 * gives it up after 2 s, and would wait for ever for that to be confirmed. */
#define KEEPER_PATIENCE_MS 1900
/* How long who has started the keeper may be silent, stopped perhaps. */
#define KEEPER_FIRST_MS 10000
/* How long one may be missing where nobody holds the node: enough for who
 * starts it again. With a holder there is no end to it, for the kernel's own
 * unplugging would wait for the holder and block the hub. */
#define KEEPER_ORPHAN_MS 60000

struct keeper_config {
    int kernel, door, caller; /* descriptors; the caller is first to adopt */
    struct keeper_door at;
    uint32_t device_id; /* as the port has it */
    int patience_ms, first_ms, orphan_ms;
};

/* Until it is over; the descriptors are closed. */
void keeper_run(const struct keeper_config *config);

/* A handler of signals: adopted or not, there is no use in waiting for another
 * process. Who has it decides by itself. */
void keeper_go(int sig);

/* KEEPER_WORD PORT DEVICE-ID: an exit status. */
int keeper_main(int argc, char **argv);

#endif
