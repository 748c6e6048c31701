/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between import-ftrace-bus.c, which has the messages of each bus, and
 * import-ftrace-smbus.c, which makes messages of SMBus commands. */
#ifndef IMPORT_FTRACE_BUS_H
#define IMPORT_FTRACE_BUS_H

#include <glib.h>

#include "importers/import-ftrace.h"

#define FTRACE_CLIENT_PEC 0x0004u /* Linux's I2C_CLIENT_PEC, in f= of all */

struct ftrace_message {
    uint16_t addr, flags;
    uint32_t len, n;
    size_t start; /* in the bus's bytes */
    bool replied;
};

struct ftrace_bus {
    int32_t number;
    uint32_t n;
    struct ftrace_message msgs[I2CPT_TRANSFER_MAX];
    uint8_t *bytes, *kinds;
    size_t len, cap;
    uint64_t stamp_ns;
    int64_t begin_ns;
    /* the SMBus command that goes on */
    bool command, made; /* made: of messages, which were written */
    struct ftrace_event smbus;
    uint8_t out[40], in[40];
    uint32_t n_out, n_in;
    bool replied;
    uint64_t smbus_stamp_ns;
    int64_t smbus_begin_ns;
};

struct ftrace_buses {
    struct convert *convert;
    struct import_clock clock;
    GHashTable *all; /* number -> struct ftrace_bus */
    struct i2cpt_trace_msg msgs[I2CPT_TRANSFER_MAX];
    uint64_t torn, unknown, broken, unfinished;
};

struct ftrace_message *import_ftrace_add_message(struct ftrace_bus *bus,
                                                 uint16_t addr, uint16_t flags,
                                                 uint32_t len);
/* `len` bytes of the last message, of which `n` are known; the others are
 * redacted ones. */
int import_ftrace_keep(struct ftrace_buses *b, struct ftrace_bus *bus,
                       const uint8_t *bytes, uint32_t n, uint32_t len,
                       struct i2cpt_fault *fault);
/* A line of the trace: the messages of the bus. */
int import_ftrace_emit(struct ftrace_buses *b, struct ftrace_bus *bus,
                       uint64_t stamp_ns, int64_t begin_ns, int64_t end_ns,
                       int32_t code, int32_t fault_msg, const char **why,
                       struct i2cpt_fault *fault);

/* smbus_write and smbus_read, smbus_reply, smbus_result. */
int import_ftrace_smbus_begin(struct ftrace_buses *b, struct ftrace_bus *bus,
                              const struct ftrace_event *e, const char **why);
void import_ftrace_smbus_reply(struct ftrace_bus *bus,
                               const struct ftrace_event *e);
int import_ftrace_smbus_end(struct ftrace_buses *b, struct ftrace_bus *bus,
                            const struct ftrace_event *e, const char **why,
                            struct i2cpt_fault *fault);

#endif
