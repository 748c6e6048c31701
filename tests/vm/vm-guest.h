/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the test programs in a guest share: TAP, and the virtual USB adapter
 * (usb-board.c) that they start, plug and trouble. */
#ifndef VM_GUEST_H
#define VM_GUEST_H

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "i2cpt.h"

extern const char *guest_name;         /* the adapter's, begins each line */
extern int guest_failed;               /* cases */
extern struct i2cpt_fault guest_fault; /* of the last put(), get() */

void report(int ok, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

struct board {
    pid_t pid;
    FILE *to, *from;
    const char *prefix; /* of the kernel's name for the adapter */
    char answer[200];
};

/* Start it, not plugged in: "tiny", "osif" or "diolan", and a file of chips. */
void board_begin(struct board *b, const char *model, const char *file);
void board_end(struct board *b);
/* Say a line (usb-board.c has them) and wait until it is done; what came after
 * "ok". Anything else ends the test. */
const char *board_tell(struct board *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Wait until the kernel has it, or has let go of it: 1, or 0 where it did not.
 * `spec` has room for 200 bytes. */
int board_plug(struct board *b, char *spec);
int board_wait_gone(struct board *b);

/* Opening fails or ends the test. `more` begins with a comma or is empty. */
struct i2cpt_adapter *open_spec(const char *spec, const char *more);

int put(struct i2cpt_adapter *a, uint16_t addr, const char *bytes,
        uint32_t len);
int get(struct i2cpt_adapter *a, uint16_t addr, uint8_t reg, uint8_t *in,
        uint32_t len);

#endif
