/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of vm-suite: one adapter, the library on one side of it and
 * somebody else on the other. */
#ifndef VM_SUITE_H
#define VM_SUITE_H

#include <stddef.h>
#include <stdint.h>

#include "i2cpt.h"

extern const char *adapter_name;
extern int bus;
extern struct i2cpt_adapter *adapter;
extern int failed, unsupported, same; /* rows */

void report(int ok, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What either side came to: bytes in hex, an errno, or "unsupported". */
struct outcome {
    char text[400];
};

void say_bytes(struct outcome *o, const uint8_t *bytes, size_t n);
void say_error(struct outcome *o, int error);

/* vm-other.c: i2c-tools, where one has the protocol: run `command`. A tool's
 * errno is what strace saw of its last transfer. `word`: it prints words. */
void run_tool(struct outcome *o, const char *command, int word);

/* Where none has: the kernel's ioctl, with nothing of the library's. `data` is
 * a union i2c_smbus_data, as bytes, and comes back. */
void run_ioctl(struct outcome *o, uint16_t addr, uint32_t protocol,
               uint8_t command, int pec, const uint8_t *data);

/* vm-rows.c: every protocol. `smbus` is a chip that knows SMBus's own
 * protocols, or the same as `present`. */
void run_rows(uint16_t present, uint16_t absent, uint16_t smbus);

#endif
