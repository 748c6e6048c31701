/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events of each bus to transfers. Messages come between #0 and their result,
 * under the adapter's lock; an SMBus command that the kernel makes out of
 * messages has them between its own begin and result, and then they count.
 */
#include <errno.h>
#include <string.h>

#include "importers/import-ftrace-bus.h"

#define BUSES_MAX 1024
#define DMA_SAFE  0x0200u /* I2C_M_DMA_SAFE says nothing of the wire */
#define BLOCK_MAX 257

static void free_bus(gpointer data)
{
    struct ftrace_bus *bus = data;

    g_free(bus->bytes);
    g_free(bus->kinds);
    g_free(bus);
}

struct ftrace_buses *import_ftrace_buses_new(struct convert *c)
{
    struct ftrace_buses *b = g_try_new0(struct ftrace_buses, 1);

    if (b) {
        b->convert = c;
        b->all = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL,
                                       free_bus);
    }
    return b;
}

void import_ftrace_buses_free(struct ftrace_buses *b)
{
    if (b) {
        g_hash_table_unref(b->all);
        g_free(b);
    }
}

static int get_bus(struct ftrace_buses *b, int32_t number,
                   struct ftrace_bus **out, const char **why,
                   struct i2cpt_fault *fault)
{
    *out = g_hash_table_lookup(b->all, GINT_TO_POINTER(number));
    if (*out) {
        return 0;
    }
    if (g_hash_table_size(b->all) == BUSES_MAX) {
        *why = "more than 1024 buses";
        return -EINVAL;
    }
    *out = g_try_new0(struct ftrace_bus, 1);
    if (!*out) {
        return tool_convert_error(fault, ENOMEM, "no memory for a bus");
    }
    (*out)->number = number;
    g_hash_table_insert(b->all, GINT_TO_POINTER(number), *out);
    return 0;
}

/* ----------------------------------------------------------------- messages */

static int on_message(struct ftrace_buses *b, struct ftrace_bus *bus,
                      const struct ftrace_event *e, const char **why,
                      struct i2cpt_fault *fault)
{
    uint16_t flags = e->flags & (uint16_t) ~(FTRACE_CLIENT_PEC | DMA_SAFE);
    bool read = e->kind == FTRACE_I2C_READ;

    if (flags & ~I2CPT_M_ALL || read != !!(flags & I2CPT_M_RD) ||
        (flags & I2CPT_M_RECV_LEN && !read)) {
        *why = "f= has flags that this event or a trace does not have";
        return -EINVAL;
    }
    if (!e->msg) {
        b->torn += bus->n > 0;
        bus->n = 0;
        bus->len = 0;
        bus->begin_ns = e->at_ns;
        if (import_stamp(&b->clock, e->at_ns, &bus->stamp_ns, why)) {
            return -EINVAL;
        }
    } else if (e->msg != bus->n) {
        b->torn += bus->n > 0; /* its beginning or middle is missing */
        bus->n = 0;
        return 0;
    }
    uint32_t len = flags & I2CPT_M_RECV_LEN ? (e->len > 1 ? 2 : 1) : e->len;
    struct ftrace_message *m =
        import_ftrace_add_message(bus, e->addr, flags, len);
    m->n = read ? 0 : len;
    return read ? 0 : import_ftrace_keep(b, bus, e->bytes, e->n, len, fault);
}

static int on_reply(struct ftrace_buses *b, struct ftrace_bus *bus,
                    const struct ftrace_event *e, const char **why,
                    struct i2cpt_fault *fault)
{
    struct ftrace_message *m = e->msg < bus->n ? &bus->msgs[e->msg] : NULL;

    if (!m) {
        return 0; /* of a transfer whose beginning is missing */
    }
    if (!(m->flags & I2CPT_M_RD) || m->replied ||
        e->len > (m->flags & I2CPT_M_RECV_LEN ? BLOCK_MAX : m->len)) {
        *why = "a reply that its read did not ask for";
        return -EINVAL;
    }
    m->replied = true;
    m->n = e->len;
    m->start = bus->len;
    return import_ftrace_keep(b, bus, e->bytes, e->n, e->len, fault);
}

/* Reads that were not replied to, though all went well: not enabled, or lost.
 */
static int fill_replies(struct ftrace_buses *b, struct ftrace_bus *bus,
                        struct i2cpt_fault *fault)
{
    int rc = 0;

    for (uint32_t i = 0; i < bus->n && !rc; i++) {
        struct ftrace_message *m = &bus->msgs[i];
        if (m->flags & I2CPT_M_RD && !m->replied) {
            m->start = bus->len;
            m->n = m->len;
            rc = import_ftrace_keep(b, bus, NULL, 0, m->len, fault);
        }
    }
    return rc;
}

static int on_result(struct ftrace_buses *b, struct ftrace_bus *bus,
                     const struct ftrace_event *e, const char **why,
                     struct i2cpt_fault *fault)
{
    bool few = e->result >= 0 && (uint32_t)e->result < e->msg;
    int rc = 0;

    bus->made = bus->command;
    if (!bus->n || e->msg != bus->n) {
        b->torn++;
        bus->n = 0;
        return 0;
    }
    if (e->result >= 0 && !few) {
        rc = fill_replies(b, bus, fault);
    }
    if (!rc) {
        rc = import_ftrace_emit(b, bus, bus->stamp_ns, bus->begin_ns, e->at_ns,
                                few             ? EREMOTEIO
                                : e->result < 0 ? -e->result
                                                : 0,
                                few ? e->result : -1, why, fault);
    }
    bus->n = 0;
    return rc;
}

int import_ftrace_event(struct ftrace_buses *b, const struct ftrace_event *e,
                        const char **why, struct i2cpt_fault *fault)
{
    struct ftrace_bus *bus;

    int rc = get_bus(b, e->bus, &bus, why, fault);
    if (rc) {
        return rc;
    }
    switch (e->kind) {
    case FTRACE_I2C_WRITE:
    case FTRACE_I2C_READ:
        return on_message(b, bus, e, why, fault);
    case FTRACE_I2C_REPLY:
        return on_reply(b, bus, e, why, fault);
    case FTRACE_I2C_RESULT:
        return on_result(b, bus, e, why, fault);
    case FTRACE_SMBUS_WRITE:
    case FTRACE_SMBUS_READ:
        return import_ftrace_smbus_begin(b, bus, e, why);
    case FTRACE_SMBUS_REPLY:
        import_ftrace_smbus_reply(bus, e);
        return 0;
    default:
        return import_ftrace_smbus_end(b, bus, e, why, fault);
    }
}

void import_ftrace_buses_end(struct ftrace_buses *b)
{
    struct convert *c = b->convert;
    GHashTableIter all;
    gpointer bus;

    g_hash_table_iter_init(&all, b->all);
    while (g_hash_table_iter_next(&all, NULL, &bus)) {
        b->unfinished += ((struct ftrace_bus *)bus)->n ||
                         ((struct ftrace_bus *)bus)->command;
    }
    tool_convert_note(c, b->torn, "transfer",
                      "left out: its beginning or end is not in the file");
    tool_convert_note(c, b->unfinished, "transfer",
                      "under way where the file ends, left out");
    tool_convert_note(c, b->broken, "SMBus command",
                      "left out: its data are not in the file");
    tool_convert_note(
        c, b->unknown, "byte",
        "not in the file (the kernel prints 64 of a message): ??");
}
