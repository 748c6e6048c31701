/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events of each bus to transfers. Messages come between #0 and their result,
 * under the adapter's lock; an SMBus command that the kernel makes out of
 * messages has them between its own begin and result, and then they count.
 */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "import-ftrace.h"

#define BUSES_MAX  1024
#define CLIENT_PEC 0x0004u /* Linux's I2C_CLIENT_PEC, in f= of either kind */
#define DMA_SAFE   0x0200u /* I2C_M_DMA_SAFE says nothing of the wire */
#define FLAGS                                                          \
    (I2CPT_M_RD | I2CPT_M_TEN | I2CPT_M_RECV_LEN | I2CPT_M_NO_RD_ACK | \
     I2CPT_M_IGNORE_NAK | I2CPT_M_REV_DIR_ADDR | I2CPT_M_NOSTART |     \
     I2CPT_M_STOP)
#define I2C_BLOCK_MAX 32 /* a read of unknown length that failed */
#define BLOCK_MAX     257

struct message {
    uint16_t addr, flags;
    uint32_t len, n;
    size_t start; /* in the bus's bytes */
    bool replied;
};

struct bus {
    int32_t number;
    uint32_t n;
    struct message msgs[I2CPT_TRANSFER_MAX];
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
    GHashTable *all; /* number -> struct bus */
    struct i2cpt_trace_msg msgs[I2CPT_TRANSFER_MAX];
    uint64_t torn, unknown, broken, unfinished;
};

static void free_bus(gpointer data)
{
    struct bus *bus = data;

    g_free(bus->bytes);
    g_free(bus->kinds);
    g_free(bus);
}

struct ftrace_buses *ftrace_buses_new(struct convert *c)
{
    struct ftrace_buses *b = g_try_new0(struct ftrace_buses, 1);

    if (b) {
        b->convert = c;
        b->all = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL,
                                       free_bus);
    }
    return b;
}

void ftrace_buses_free(struct ftrace_buses *b)
{
    if (b) {
        g_hash_table_unref(b->all);
        g_free(b);
    }
}

static int get_bus(struct ftrace_buses *b, int32_t number, struct bus **out,
                   const char **why, struct i2cpt_fault *fault)
{
    *out = g_hash_table_lookup(b->all, GINT_TO_POINTER(number));
    if (*out) {
        return 0;
    }
    if (g_hash_table_size(b->all) == BUSES_MAX) {
        *why = "more than 1024 buses";
        return -EINVAL;
    }
    *out = g_try_new0(struct bus, 1);
    if (!*out) {
        return convert_error(fault, ENOMEM, "no memory for a bus");
    }
    (*out)->number = number;
    g_hash_table_insert(b->all, GINT_TO_POINTER(number), *out);
    return 0;
}

/* ------------------------------------------------------------------ writing */

/* `len` bytes of which `n` are known; the others are redacted ones. */
static int keep(struct ftrace_buses *b, struct bus *bus, const uint8_t *bytes,
                uint32_t n, uint32_t len, struct i2cpt_fault *fault)
{
    if (bus->cap - bus->len < len) {
        size_t cap = (bus->len + len) * 2;
        uint8_t *more = g_try_realloc(bus->bytes, cap);
        bus->bytes = more ? more : bus->bytes;
        uint8_t *kinds = g_try_realloc(bus->kinds, cap);
        bus->kinds = kinds ? kinds : bus->kinds;
        if (!more || !kinds) {
            return convert_error(fault, ENOMEM, "no memory for a transfer");
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

static struct message *add_message(struct bus *bus, uint16_t addr,
                                   uint16_t flags, uint32_t len)
{
    struct message *m = &bus->msgs[bus->n++];

    *m = (struct message){
        .addr = addr, .flags = flags, .len = len, .start = bus->len};
    return m;
}

static int emit(struct ftrace_buses *b, struct bus *bus, uint64_t stamp_ns,
                int64_t begin_ns, int64_t end_ns, int32_t code,
                int32_t fault_msg, const char **why, struct i2cpt_fault *fault)
{
    struct i2cpt_trace_line line = {
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
        const struct message *m = &bus->msgs[i];
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

/* ----------------------------------------------------------------- messages */

static int on_message(struct ftrace_buses *b, struct bus *bus,
                      const struct ftrace_event *e, const char **why,
                      struct i2cpt_fault *fault)
{
    uint16_t flags = e->flags & (uint16_t) ~(CLIENT_PEC | DMA_SAFE);
    bool read = e->kind == FTRACE_I2C_READ;

    if (flags & ~FLAGS || read != !!(flags & I2CPT_M_RD) ||
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
    struct message *m = add_message(bus, e->addr, flags, len);
    m->n = read ? 0 : len;
    return read ? 0 : keep(b, bus, e->bytes, e->n, len, fault);
}

static int on_reply(struct ftrace_buses *b, struct bus *bus,
                    const struct ftrace_event *e, const char **why,
                    struct i2cpt_fault *fault)
{
    struct message *m = e->msg < bus->n ? &bus->msgs[e->msg] : NULL;

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
    return keep(b, bus, e->bytes, e->n, e->len, fault);
}

/* Reads that were not replied to, though all went well: not enabled, or lost.
 */
static int fill_replies(struct ftrace_buses *b, struct bus *bus,
                        struct i2cpt_fault *fault)
{
    int rc = 0;

    for (uint32_t i = 0; i < bus->n && !rc; i++) {
        struct message *m = &bus->msgs[i];
        if (m->flags & I2CPT_M_RD && !m->replied) {
            m->start = bus->len;
            m->n = m->len;
            rc = keep(b, bus, NULL, 0, m->len, fault);
        }
    }
    return rc;
}

static int on_result(struct ftrace_buses *b, struct bus *bus,
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
        rc = emit(b, bus, bus->stamp_ns, bus->begin_ns, e->at_ns,
                  few             ? EREMOTEIO
                  : e->result < 0 ? -e->result
                                  : 0,
                  few ? e->result : -1, why, fault);
    }
    bus->n = 0;
    return rc;
}

/* ---------------------------------------------------------- SMBus commands */

static int on_command(struct ftrace_buses *b, struct bus *bus,
                      const struct ftrace_event *e, const char **why)
{
    b->torn += bus->command;
    bus->command = true;
    bus->made = bus->replied = false;
    bus->smbus = *e;
    bus->smbus_begin_ns = e->at_ns;
    bus->n_out = e->n;
    bus->n_in = 0;
    if (e->n) {
        memcpy(bus->out, e->bytes, e->n);
    }
    if (e->flags & ~(I2CPT_M_TEN | CLIENT_PEC)) {
        *why = "f= has flags that a trace does not have; accepted is TEN (10) "
               "and PEC (4)";
        return -EINVAL;
    }
    return import_stamp(&b->clock, e->at_ns, &bus->smbus_stamp_ns, why);
}

static void on_answer(struct bus *bus, const struct ftrace_event *e)
{
    if (bus->command && e->protocol == bus->smbus.protocol) {
        bus->replied = true;
        bus->n_in = e->n;
        if (e->n) {
            memcpy(bus->in, e->bytes, e->n);
        }
    }
}

/* What is written: behind the command, how many bytes of `out`, from where.
 * Data that were not printed whole are not known, and that is -1. */
static int written(const struct bus *bus, bool read, uint32_t *from)
{
    int want = 0;

    *from = 0;
    switch (bus->smbus.protocol) {
    case FTRACE_BYTE_DATA:
        want = read ? 0 : 1;
        break;
    case FTRACE_WORD_DATA:
        want = read ? 0 : 2;
        break;
    case FTRACE_PROC_CALL:
        want = 2;
        break;
    case FTRACE_BLOCK_DATA:
    case FTRACE_I2C_BLOCK_DATA:
    case FTRACE_BLOCK_PROC_CALL:
        if (read && bus->smbus.protocol != FTRACE_BLOCK_PROC_CALL) {
            return 0;
        }
        /* the first of them is the count */
        want = bus->n_out ? bus->out[0] + 1 : 1;
        *from = bus->smbus.protocol == FTRACE_I2C_BLOCK_DATA;
        break;
    default:
        return 0;
    }
    return want == (int)bus->n_out ? want : -1;
}

/* How many bytes are asked for, without PEC; of blocks with a count, 1. */
static uint32_t asked(const struct bus *bus)
{
    switch (bus->smbus.protocol) {
    case FTRACE_QUICK:
        return 0;
    case FTRACE_WORD_DATA:
    case FTRACE_PROC_CALL:
        return 2;
    case FTRACE_I2C_BLOCK_DATA:
        return bus->replied && bus->n_in ? bus->n_in - 1 : I2C_BLOCK_MAX;
    default:
        return 1;
    }
}

static uint8_t pec(const struct bus *bus, uint8_t crc, const struct message *m)
{
    uint8_t address = (uint8_t)(m->addr << 1 | (m->flags & I2CPT_M_RD));

    crc = i2cpt_smbus_pec(crc, &address, 1);
    return m->n ? i2cpt_smbus_pec(crc, bus->bytes + m->start, m->n) : crc;
}

static int build_write(struct ftrace_buses *b, struct bus *bus, bool read,
                       bool has_pec, struct i2cpt_fault *fault)
{
    const struct ftrace_event *s = &bus->smbus;
    bool quick = s->protocol == FTRACE_QUICK;
    uint8_t all[sizeof(bus->out) + 2] = {s->command};
    uint32_t from, n = quick ? 0 : 1;
    int want = written(bus, read, &from);

    if (want > 0) {
        memcpy(all + 1, bus->out + from, (uint32_t)want - from);
        n += (uint32_t)want - from;
    }
    struct message *m =
        add_message(bus, s->addr, s->flags & I2CPT_M_TEN, n + has_pec);
    int rc = keep(b, bus, all, n, n, fault);
    m->n = n;
    if (!rc && has_pec) {
        uint8_t crc = pec(bus, 0, m);
        rc = keep(b, bus, &crc, 1, 1, fault);
        m->n++;
    }
    return rc;
}

/* `bus->in` has a count before what an I2C block read; nobody sent that. */
static int build_read(struct ftrace_buses *b, struct bus *bus, bool has_pec,
                      bool fine, struct i2cpt_fault *fault)
{
    const struct ftrace_event *s = &bus->smbus;
    bool counted = s->protocol == FTRACE_BLOCK_DATA ||
                   s->protocol == FTRACE_BLOCK_PROC_CALL;
    uint32_t skip = s->protocol == FTRACE_I2C_BLOCK_DATA && bus->n_in;
    uint32_t n = bus->n_in - skip, len = asked(bus);
    const struct message *before = bus->n ? &bus->msgs[bus->n - 1] : NULL;
    struct message *m =
        add_message(bus, s->addr,
                    (uint16_t)((s->flags & I2CPT_M_TEN) | I2CPT_M_RD |
                               (counted ? I2CPT_M_RECV_LEN : 0)),
                    len + has_pec);
    bool known = bus->replied && (counted ? n == bus->in[0] + 1u : n == len);

    if (!fine) {
        return 0;
    }
    uint32_t all = known ? n : len;
    int rc = keep(b, bus, bus->in + skip, known ? n : 0, all, fault);
    m->n = all;
    if (!rc && has_pec) {
        uint8_t crc = pec(bus, before ? pec(bus, 0, before) : 0, m);
        rc = keep(b, bus, &crc, known, 1, fault);
        m->n++;
    }
    return rc;
}

static int build(struct ftrace_buses *b, struct bus *bus, bool read, bool fine,
                 struct i2cpt_fault *fault)
{
    const struct ftrace_event *s = &bus->smbus;
    bool call = s->protocol == FTRACE_PROC_CALL ||
                s->protocol == FTRACE_BLOCK_PROC_CALL;
    bool bare = s->protocol == FTRACE_QUICK || s->protocol == FTRACE_BYTE;
    bool has_pec = s->flags & CLIENT_PEC && s->protocol != FTRACE_QUICK &&
                   s->protocol != FTRACE_I2C_BLOCK_DATA;
    int rc = 0;

    bus->n = 0;
    bus->len = 0;
    if (!read || call || !bare) {
        rc = build_write(b, bus, read, has_pec && !read && !call, fault);
    }
    if (!rc && (read || call)) {
        rc = build_read(b, bus, has_pec, fine, fault);
    }
    return rc;
}

static int on_done(struct ftrace_buses *b, struct bus *bus,
                   const struct ftrace_event *e, const char **why,
                   struct i2cpt_fault *fault)
{
    bool mine = bus->command && e->protocol == bus->smbus.protocol &&
                e->addr == bus->smbus.addr;
    uint32_t from;

    bus->command = false;
    if (!mine) {
        b->torn++;
        return 0;
    }
    if (bus->made) {
        return 0;
    }
    if (e->protocol == FTRACE_I2C_BLOCK_BROKEN ||
        written(bus, e->read, &from) < 0) {
        b->broken++;
        return 0;
    }
    int rc = build(b, bus, e->read, e->result >= 0, fault);
    if (!rc) {
        rc = emit(b, bus, bus->smbus_stamp_ns, bus->smbus_begin_ns, e->at_ns,
                  e->result < 0 ? -e->result : 0, -1, why, fault);
    }
    bus->n = 0;
    return rc;
}

int ftrace_event(struct ftrace_buses *b, const struct ftrace_event *e,
                 const char **why, struct i2cpt_fault *fault)
{
    struct bus *bus;

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
        return on_command(b, bus, e, why);
    case FTRACE_SMBUS_REPLY:
        on_answer(bus, e);
        return 0;
    default:
        return on_done(b, bus, e, why, fault);
    }
}

void ftrace_buses_end(struct ftrace_buses *b)
{
    struct convert *c = b->convert;
    GHashTableIter all;
    gpointer bus;

    g_hash_table_iter_init(&all, b->all);
    while (g_hash_table_iter_next(&all, NULL, &bus)) {
        b->unfinished += ((struct bus *)bus)->n || ((struct bus *)bus)->command;
    }
    convert_note(c, b->torn, "transfer",
                 "left out: its beginning or end is not in the file");
    convert_note(c, b->unfinished, "transfer",
                 "under way where the file ends, left out");
    convert_note(c, b->broken, "SMBus command",
                 "left out: its data are not in the file");
    convert_note(c, b->unknown, "byte",
                 "not in the file (the kernel prints 64 of a message): ??");
}
