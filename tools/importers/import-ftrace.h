/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between import-ftrace.c, which takes lines apart, and import-ftrace-bus.c,
 * which puts their events together. */
#ifndef IMPORT_FTRACE_H
#define IMPORT_FTRACE_H

#include "importers/import.h"

#define FTRACE_DATA_MAX 65536 /* struct i2c_msg has 16 bits for a length */

enum ftrace_kind {
    FTRACE_I2C_WRITE,
    FTRACE_I2C_READ,
    FTRACE_I2C_REPLY,
    FTRACE_I2C_RESULT,
    FTRACE_SMBUS_WRITE,
    FTRACE_SMBUS_READ,
    FTRACE_SMBUS_REPLY,
    FTRACE_SMBUS_RESULT,
};

struct ftrace_event {
    enum ftrace_kind kind;
    int64_t at_ns;
    int32_t bus;
    uint32_t msg; /* #N; of I2C_RESULT how many there are */
    uint16_t addr, flags;
    uint32_t len; /* l= */
    uint32_t n;   /* bytes that are printed, at most len */
    const uint8_t *bytes;
    int32_t result; /* ret= and res= */
    uint8_t command;
    /* NULL: I2C_BLOCK_BROKEN, of which nobody knows what was on the wire */
    const struct i2cpt_smbus_protocol_info *protocol;
    bool read; /* of SMBUS_RESULT: rd */
};

struct ftrace_buses;

struct ftrace_buses *import_ftrace_buses_new(struct convert *c);
void import_ftrace_buses_free(struct ftrace_buses *b);
/* As import_wire_event(). */
int import_ftrace_event(struct ftrace_buses *b, const struct ftrace_event *e,
                        const char **why, struct i2cpt_fault *fault);
void import_ftrace_buses_end(struct ftrace_buses *b);

#endif
