/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A transfer as the trace events of one bus make it, message by message. */
#include "importers/import-ftrace-bus.h"

/* `len` bytes of which `n` are known; the others are redacted ones. */
int import_ftrace_keep(struct ftrace_buses *b, struct ftrace_bus *bus,
                       const uint8_t *bytes, uint32_t n, uint32_t len,
                       struct i2cpt_fault *fault)
{
    if (bus->cap - bus->len < len) {
        size_t cap = (bus->len + len) * 2;
        uint8_t *more = g_try_realloc(bus->bytes, cap);
        bus->bytes = more ? more : bus->bytes;
        uint8_t *kinds = g_try_realloc(bus->kinds, cap);
        bus->kinds = kinds ? kinds : bus->kinds;
        if (!more || !kinds) {
            return tool_convert_error(fault, ENOMEM,
                                      "no memory for a transfer");
        }
        bus->cap = cap;
    }
    if (n) {
        memcpy(bus->bytes + bus->len, bytes, n);
        memset(bus->kinds + bus->len, 0, n);
    }
    if (len > n) {
        memset(bus->bytes + bus->len + n, 0xff, len - n);
        memset(bus->kinds + bus->len + n, I2CPT_TRACE_REDACTED, len - n);
    }
    b->unknown += len - n;
    bus->len += len;
    return 0;
}

struct ftrace_message *import_ftrace_add_message(struct ftrace_bus *bus,
                                                 uint16_t addr, uint16_t flags,
                                                 uint32_t len)
{
    struct ftrace_message *m = &bus->msgs[bus->n++];

    *m = (struct ftrace_message){
        .addr = addr, .flags = flags, .len = len, .start = bus->len};
    return m;
}

int import_ftrace_emit(struct ftrace_buses *b, struct ftrace_bus *bus,
                       uint64_t stamp_ns, int64_t begin_ns, int64_t end_ns,
                       int32_t code, int32_t fault_msg, const char **why,
                       struct i2cpt_fault *fault)
{
    struct i2cpt_trace_line line = {
        .size = sizeof(line),
        .kind = I2CPT_TRACE_TRANSFER,
        .stamp_ns = stamp_ns,
        .transfer = {.bus = bus->number,
                     .n = bus->n,
                     .msgs = b->msgs,
                     .code = code,
                     .fault_msg = fault_msg,
                     .fault_byte = -1},
    };
    int32_t only = b->convert->options.bus;

    if (import_span(begin_ns, end_ns, &line.transfer.duration_ns, why)) {
        return -EINVAL;
    }
    for (uint32_t i = 0; i < bus->n; i++) {
        const struct ftrace_message *m = &bus->msgs[i];
        b->msgs[i] = (struct i2cpt_trace_msg){
            .addr = m->addr, .flags = m->flags, .len = m->len, .n_bytes = m->n};
        if (m->n) {
            b->msgs[i].bytes = bus->bytes + m->start;
            b->msgs[i].kinds = bus->kinds + m->start;
        }
    }
    if (only >= 0) {
        line.transfer.bus = -1;
    }
    return only >= 0 && only != bus->number
               ? 0
               : b->convert->line(b->convert->user, &line, fault);
}
