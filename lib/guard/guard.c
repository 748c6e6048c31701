/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * allow= and allow-writes=: an adapter around an adapter, which hands on what
 * is allowed and refuses the rest (EACCES) before it is recorded or on the
 * wire. It is below everything that can be asked of a bus, so there is no way
 * around it.
 */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "core/fault.h"
#include "core/key.h"
#include "core/options.h"
#include "guard/guard.h"
#include "smbus/smbus-msgs.h"

/* Without these nobody asks for what allow-writes= refuses. */
#define FUNC_OF_WRITES                                                      \
    (I2CPT_FUNC_PROTOCOL_MANGLING | I2CPT_FUNC_NOSTART |                    \
     I2CPT_FUNC_SMBUS_QUICK | I2CPT_FUNC_SMBUS_WRITE_BYTE |                 \
     I2CPT_FUNC_SMBUS_WRITE_BYTE_DATA | I2CPT_FUNC_SMBUS_WRITE_WORD_DATA |  \
     I2CPT_FUNC_SMBUS_WRITE_BLOCK_DATA | I2CPT_FUNC_SMBUS_WRITE_I2C_BLOCK | \
     I2CPT_FUNC_SMBUS_PROC_CALL | I2CPT_FUNC_SMBUS_BLOCK_PROC_CALL)

struct guard {
    struct i2cpt_ops ops; /* ours, with what the inner one has */
    const struct i2cpt_ops *inner;
    void *priv;  /* the inner one's */
    char *allow; /* NULL: all addresses */
    uint8_t seven[128];
    uint8_t ten[1024];
    uint32_t pointer; /* bytes of the longest write; 0: all writes are */
    bool refused;     /* the stream's last START: its bytes go nowhere */
    uint32_t client;  /* who asks */
};

/* ------------------------------------------------------------------- rules */

static int check_address(const struct guard *g, uint16_t addr, bool ten,
                         struct i2cpt_fault *fault)
{
    if (!g->allow || (ten ? g->ten[addr & 0x3ff] : g->seven[addr & 0x7f])) {
        return 0;
    }
    return i2cpt_fault_text(fault, EACCES, "0x%02x%s: allowed is %.160s", addr,
                            ten ? "/10" : "", g->allow);
}

static bool is_read_of(const struct i2cpt_msg *r, const struct i2cpt_msg *w)
{
    return r->flags & I2CPT_M_RD && r->addr == w->addr &&
           !((r->flags ^ w->flags) & I2CPT_M_TEN);
}

/* What a write may be where only reads are wanted: short, and right before a
 * read of the same target. */
static int check_write(const struct guard *g, const struct i2cpt_msg *m,
                       size_t left, struct i2cpt_fault *fault)
{
    if (m->flags & ~(I2CPT_M_RD | I2CPT_M_TEN | I2CPT_M_RECV_LEN)) {
        return i2cpt_fault_text(fault, EACCES,
                                "0x%02x: where only reads are allowed, message "
                                "flags 0x%04x are not",
                                m->addr, m->flags);
    }
    if (m->flags & I2CPT_M_RD ||
        (m->len && m->len <= g->pointer && left && is_read_of(m + 1, m))) {
        return 0;
    }
    return i2cpt_fault_text(
        fault, EACCES,
        "0x%02x: a write of %u byte%s%s; allowed are reads, "
        "and joined to one a write of at most %u",
        m->addr, m->len, i2cpt_fault_s(m->len),
        left && is_read_of(m + 1, m) ? "" : " alone", g->pointer);
}

static int check(const struct guard *g, const struct i2cpt_msg *msgs, size_t n,
                 struct i2cpt_fault *fault)
{
    size_t i;
    int ret = 0;

    for (i = 0; !ret && i < n; i++) {
        ret =
            check_address(g, msgs[i].addr, msgs[i].flags & I2CPT_M_TEN, fault);
        if (!ret && g->pointer) {
            ret = check_write(g, &msgs[i], n - i - 1, fault);
        }
    }
    return ret;
}

/* A recording has what was refused too, as an event: it was not on the wire. */
static int refuse(struct guard *g, int ret, const struct i2cpt_fault *fault)
{
    char text[sizeof(fault->text) + 24];
    struct i2cpt_fault unsaid;

    if (ret && g->inner->event) {
        g_snprintf(text, sizeof(text), "client-%u %s", g->client, fault->text);
        g->inner->event(g->priv, "refused", text, &unsaid);
    }
    return ret;
}

/* ------------------------------------------------------------------- calls */

static int transfer(void *priv, struct i2cpt_xfer *x)
{
    struct guard *g = priv;
    int ret = refuse(g, check(g, x->msgs, x->n, x->fault), x->fault);

    return ret ? ret : g->inner->transfer(g->priv, x);
}

/* What is refused is said by transfer(), when its turn has come. */
static bool begin(void *priv, struct i2cpt_xfer *x)
{
    struct guard *g = priv;
    struct i2cpt_fault unsaid;

    return !check(g, x->msgs, x->n, &unsaid) && g->inner->begin(g->priv, x);
}

static int collect(void *priv, struct i2cpt_xfer *x)
{
    struct guard *g = priv;

    return g->inner->collect(g->priv, x);
}

static int smbus(void *priv, struct i2cpt_smbus_call *call,
                 uint64_t deadline_ns, uint32_t marks,
                 struct i2cpt_fault *fault)
{
    struct guard *g = priv;
    struct i2cpt_smbus_msgs m;
    int ret;

    smbus_to_msgs(call, &m);
    ret = refuse(g, check(g, m.msgs, m.n, fault), fault);
    return ret ? ret
               : g->inner->smbus(g->priv, call, deadline_ns, marks, fault);
}

static int stream_start(void *priv, uint16_t addr, uint16_t flags,
                        uint64_t deadline_ns, struct i2cpt_fault *fault)
{
    struct guard *g = priv;
    int ret = check_address(g, addr, flags & I2CPT_M_TEN, fault);

    g->refused = refuse(g, ret, fault);
    return ret ? ret
               : g->inner->stream_start(g->priv, addr, flags, deadline_ns,
                                        fault);
}

static int behind_refused(struct i2cpt_fault *fault)
{
    return i2cpt_fault_text(fault, EACCES, "the START was refused");
}

static int stream_write(void *priv, uint8_t byte, uint64_t deadline_ns,
                        struct i2cpt_fault *fault)
{
    struct guard *g = priv;

    return g->refused
               ? behind_refused(fault)
               : g->inner->stream_write(g->priv, byte, deadline_ns, fault);
}

static int stream_read(void *priv, uint8_t *byte, uint64_t deadline_ns,
                       struct i2cpt_fault *fault)
{
    struct guard *g = priv;

    return g->refused
               ? behind_refused(fault)
               : g->inner->stream_read(g->priv, byte, deadline_ns, fault);
}

static int stream_stop(void *priv, uint64_t deadline_ns,
                       struct i2cpt_fault *fault)
{
    struct guard *g = priv;

    g->refused = false;
    return g->inner->stream_stop(g->priv, deadline_ns, fault);
}

static int stream_pointer(void *priv, uint16_t addr, const uint8_t *bytes,
                          size_t n, uint64_t deadline_ns, uint8_t *byte,
                          struct i2cpt_fault *fault)
{
    struct guard *g = priv;
    int ret = check_address(g, addr, false, fault);

    g->refused = refuse(g, ret, fault);
    return ret ? ret
               : g->inner->stream_pointer(g->priv, addr, bytes, n, deadline_ns,
                                          byte, fault);
}

/* ------------------------------------------------------------- handed on */

static bool instant(void *priv)
{
    struct guard *g = priv;

    return g->inner->instant && g->inner->instant(g->priv);
}

static void took(void *priv, const void *owner, uint32_t n)
{
    struct guard *g = priv;

    g->inner->took(g->priv, owner, n);
}

static void whose(void *priv, uint32_t client)
{
    struct guard *g = priv;

    g->client = client;
    g->inner->whose(g->priv, client);
}

static int event(void *priv, const char *kind, const char *text,
                 struct i2cpt_fault *fault)
{
    struct guard *g = priv;

    return g->inner->event(g->priv, kind, text, fault);
}

static int flush(void *priv)
{
    struct guard *g = priv;

    return g->inner->flush(g->priv);
}

static int end_record(void *priv, struct i2cpt_fault *fault)
{
    struct guard *g = priv;

    return g->inner->end_record(g->priv, fault);
}

static int verdict(void *priv, struct i2cpt_trace_verdict *out,
                   struct i2cpt_fault *fault)
{
    struct guard *g = priv;

    return g->inner->verdict(g->priv, out, fault);
}

static int claim(void *priv, uint16_t addr, bool tenbit, bool force,
                 struct i2cpt_fault *fault)
{
    struct guard *g = priv;

    return g->inner->claim(g->priv, addr, tenbit, force, fault);
}

static void close_guard(void *priv)
{
    struct guard *g = priv;

    g->inner->close(g->priv);
    g_free(g->allow);
    g_free(g);
}

/* ----------------------------------------------------------------- opening */

/* Our table: what the inner one lacks, we lack. */
static void make_ops(struct guard *g)
{
    const struct i2cpt_ops *inner = g->inner;

    g->ops = (struct i2cpt_ops){
        .name = inner->name,
        .help = inner->help,
        .flags = inner->flags,
        .keys = inner->keys,
        .close = close_guard,
        .transfer = inner->transfer ? transfer : NULL,
        .begin = inner->begin ? begin : NULL,
        .collect = inner->collect ? collect : NULL,
        .smbus = inner->smbus ? smbus : NULL,
        .instant = instant,
        .took = inner->took ? took : NULL,
        .whose = inner->whose ? whose : NULL,
        .event = inner->event ? event : NULL,
        .flush = inner->flush ? flush : NULL,
        .end_record = inner->end_record ? end_record : NULL,
        .verdict = inner->verdict ? verdict : NULL,
        .claim = inner->claim ? claim : NULL,
    };
    if (inner->stream_start && !g->pointer) {
        g->ops.stream_start = stream_start;
        g->ops.stream_write = stream_write;
        g->ops.stream_read = stream_read;
        g->ops.stream_stop = stream_stop;
        g->ops.stream_pointer = inner->stream_pointer ? stream_pointer : NULL;
    }
}

/* "0x48:0x50-0x57:0x150/10" */
static int parse_allow(struct guard *g, const char *text,
                       struct i2cpt_fault *fault)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", 0);
    uint64_t first, last;
    size_t i;

    for (i = 0; parts[i]; i++) {
        char *slash = strchr(parts[i], '/');
        bool ten = slash && !strcmp(slash, "/10");

        if (ten) {
            *slash = 0;
        }
        if (i2cpt_parse_range(parts[i], ten ? 0x3ff : 0x7f, &first, &last)) {
            return i2cpt_fault_text(
                fault, EINVAL,
                "allow=%.4096s: '%.4096s' is not an address or range; accepted "
                "are "
                "0x00 to 0x7f, and of ten bits 0x000/10 to 0x3ff/10, joined by "
                "':', such as 0x0e:0x50-0x57:0x150-0x157/10",
                text, parts[i]);
        }
        memset((ten ? g->ten : g->seven) + first, 1, last - first + 1);
    }
    return 0;
}

int guard_wrap(const struct i2cpt_options *o, struct i2cpt_bus_info *info,
               const struct i2cpt_ops **ops, void **priv,
               struct i2cpt_fault *fault)
{
    const char *allow = i2cpt_options_string(o, "allow");
    uint32_t pointer = (uint32_t)i2cpt_options_number(o, "allow-writes");
    struct guard *g;
    int ret;

    if (!allow && pointer == WRITES_ALL) {
        return 0;
    }
    g = g_new0(struct guard, 1);
    ret = allow ? parse_allow(g, allow, fault) : 0;
    if (ret) {
        g_free(g);
        return ret;
    }
    g->allow = g_strdup(allow);
    g->pointer = pointer;
    g->inner = *ops;
    g->priv = *priv;
    make_ops(g);
    if (pointer) {
        info->functionality &= ~FUNC_OF_WRITES;
        info->no_stream = true;
    }
    *ops = &g->ops;
    *priv = g;
    return 0;
}
