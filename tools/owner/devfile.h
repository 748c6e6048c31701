/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One open file of /dev/i2c-N as the kernel's i2c-dev has it (Linux
 * Documentation/i2c/dev-interface.rst, drivers/i2c/i2c-dev.c): what it keeps,
 * what it refuses, what it returns; over any adapter.
 */
#ifndef DEVFILE_H
#define DEVFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "i2cpt.h"
#include "preload/protocol.h"

struct devfile {
    struct i2cpt_adapter *adapter; /* borrowed */
    uint32_t bus;
    uint16_t address;
    bool ten, pec;
};

/*
 * A packet of PROGRAM's, `len` bytes: all that it says is checked here. The
 * reply, with its result, is written to `out`, which has PRELOAD_PACKET_MAX
 * bytes; returns its length.
 */
size_t owner_devfile_handle(struct devfile *file, const uint8_t *packet,
                            size_t len, uint8_t *out);

#endif
