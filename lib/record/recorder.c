/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * record=: an adapter around an adapter, which hands everything on and writes
 * down what was asked and what came of it. What a native SMBus command was on
 * the wire is written as messages, and so is what a stream did byte by byte.
 */
#include <errno.h>
#include <string.h>

#include "core/fault.h"
#include "core/key.h"
#include "core/options.h"
#include "lines/lines.h"
#include "record/irqs.h"
#include "record/recorder.h"
#include "record/redact.h"
#include "smbus/protocols.h"
#include "smbus/smbus-msgs.h"
#include "trace/headers.h"
#include "trace/irq.h"
#include "trace/line.h"

struct recorder {
    struct i2cpt_ops ops; /* ours, with what the inner one has */
    const struct i2cpt_ops *inner;
    void *priv; /* the inner one's */
    struct record_lines *lines;
    struct record_irqs *irqs; /* NULL: the adapter has no lines */
    struct redact *redact;    /* NULL: nothing is */
    bool stops;               /* with the recording */
    struct record now;

    /*
     * A stream.
     *   IDLE  -> OPEN   START
     *   OPEN  -> ENDED  a NACK or another fault: the line is written
     *   ENDED -> OPEN   repeated START: a line of its own
     *   any   -> IDLE   STOP
     */
    enum { STREAM_IDLE, STREAM_OPEN, STREAM_ENDED } stream;
    uint32_t before; /* messages in earlier lines, since the first START */
};

/* ---------------------------------------------------------------- messages */

/* What is asked: before the call, which overwrites a block's buf[0]. */
static void note_request(struct recorder *rec, const struct i2cpt_msg *msgs,
                         size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        const struct i2cpt_msg *m = &msgs[i];
        uint32_t len = m->flags & I2CPT_M_RECV_LEN ? m->buf[0] : m->len;

        record_msg(&rec->now, m->addr, m->flags, len);
    }
}

static void note_data(struct recorder *rec, const struct i2cpt_msg *msgs,
                      size_t n)
{
    struct record *r = &rec->now;
    size_t i;

    for (i = 0; i < n && !r->too_long; i++) {
        bool read = msgs[i].flags & I2CPT_M_RD;
        uint32_t len = read ? MIN(msgs[i].actual, msgs[i].len) : msgs[i].len;

        record_data(r, (guint)i, msgs[i].buf, len);
    }
}

/* record-failure=stop: nothing happens that cannot be recorded. */
static int may_go_on(struct recorder *rec, struct i2cpt_fault *fault)
{
    return rec->stops ? record_lines_failed(rec->lines, fault) : 0;
}

static void hide(struct recorder *rec)
{
    struct record *r = &rec->now;
    guint i;

    for (i = 0; i < r->msgs->len && !r->too_long; i++) {
        struct i2cpt_trace_msg *m =
            &g_array_index(r->msgs, struct i2cpt_trace_msg, i);

        m->bytes = r->bytes->data + g_array_index(r->starts, guint, i);
        record_hide(r, i, record_redact_from(rec->redact, m));
    }
}

/* What the caller shall be told: that it went well only where that stands in
 * the file (or may be missing there). */
static int finish(struct recorder *rec, int ret,
                  const struct i2cpt_fault *ended, struct i2cpt_fault *fault)
{
    struct record *r = &rec->now;
    int failed;

    if (ret) {
        i2cpt_fault_copy(&r->fault, ended);
        r->fault.code = -ret;
        r->guess = false;
    }
    if (rec->redact) {
        hide(rec);
    }
    record_irqs_before_line(rec->irqs);
    record_lines_put(rec->lines, r);
    record_irqs_end(rec->irqs);
    failed = may_go_on(rec, fault);
    return failed ? failed : ret;
}

static int too_long(struct i2cpt_fault *fault)
{
    return i2cpt_fault_text(fault, EMSGSIZE,
                            "too long to be recorded: a transfer has at most "
                            "%u bytes and %u messages in a trace",
                            RECORD_MAX, I2CPT_TRANSFER_MAX);
}

/* What no line can hold is refused before it is on the wire: done and not
 * written, it would end the recording for everybody. */
static int check_length(const struct i2cpt_xfer *x)
{
    size_t bytes = 0, i;

    for (i = 0; i < x->n; i++) {
        bytes += x->msgs[i].len;
    }
    return bytes > RECORD_MAX ? too_long(x->fault) : 0;
}

static int transfer(void *priv, struct i2cpt_xfer *x)
{
    struct recorder *rec = priv;
    int ret = may_go_on(rec, x->fault);

    ret = ret ? ret : check_length(x);
    if (ret) {
        return ret;
    }
    record_reset(&rec->now, x->marks);
    rec->now.owner = x->owner;
    note_request(rec, x->msgs, x->n);
    record_irqs_begin(rec->irqs);
    ret = rec->inner->transfer(rec->priv, x);
    note_data(rec, x->msgs, x->n);
    return finish(rec, ret, x->fault, x->fault);
}

/* ------------------------------------------------------------ SMBus commands
 */

/* What a read brought, back into the messages that it was on the wire. */
static void fill_read(const struct i2cpt_smbus_call *call,
                      struct i2cpt_smbus_msgs *m)
{
    struct i2cpt_msg *r = &m->msgs[m->n - 1];
    bool i2c_block = smbus_is_i2c_block(i2cpt_smbus_protocol(call->protocol));
    bool pec = smbus_has_pec(call->protocol, call->flags);
    uint32_t len = r->len - pec;
    uint8_t crc = 0;

    if (r->flags & I2CPT_M_RECV_LEN) {
        len = 1 + MIN(call->block[0], I2CPT_SMBUS_BLOCK_MAX);
    }
    memcpy(r->buf, call->block + i2c_block, len);
    r->actual = len;
    if (pec) { /* the host has checked it and kept it to itself */
        if (m->n > 1) {
            crc = smbus_pec_msg(crc, &m->msgs[0], m->msgs[0].len);
        }
        r->buf[r->actual++] = smbus_pec_msg(crc, r, len);
    }
}

static int smbus(void *priv, struct i2cpt_smbus_call *call,
                 uint64_t deadline_ns, uint32_t marks,
                 struct i2cpt_fault *fault)
{
    struct recorder *rec = priv;
    struct i2cpt_smbus_msgs m;
    int ret = may_go_on(rec, fault);

    if (ret) {
        return ret;
    }
    record_reset(&rec->now, marks);
    rec->now.owner = call->owner;
    smbus_to_msgs(call, &m);
    note_request(rec, m.msgs, m.n);
    record_irqs_begin(rec->irqs);
    ret = rec->inner->smbus(rec->priv, call, deadline_ns, marks, fault);
    if (!ret && m.msgs[m.n - 1].flags & I2CPT_M_RD && m.msgs[m.n - 1].len) {
        fill_read(call, &m);
    }
    note_data(rec, m.msgs, m.n);
    return finish(rec, ret, fault, fault);
}

/* ------------------------------------------------------------------ streams */

/* The line of a stream ends: by a fault here, or by STOP. */
static int end_line(struct recorder *rec, int ret, struct i2cpt_fault *fault,
                    int phase, int byte)
{
    struct i2cpt_fault f;

    i2cpt_fault_clear(&f);
    if (ret) {
        f.phase = fault->phase ? fault->phase : phase;
        if (ret == -ENXIO || ret == -EIO || fault->msg >= 0) {
            /* it is this event's own */
            f.msg = phase == I2CPT_PHASE_STOP ? -1
                                              : (int32_t)rec->now.msgs->len - 1;
            f.byte = byte;
        }
    }
    rec->before += rec->now.msgs->len;
    rec->stream = STREAM_ENDED;
    return finish(rec, ret, &f, fault);
}

static int stream_start(void *priv, uint16_t addr, uint16_t flags,
                        uint64_t deadline_ns, struct i2cpt_fault *fault)
{
    struct recorder *rec = priv;
    int ret = may_go_on(rec, fault);

    if (ret) {
        return ret;
    }
    if (rec->stream != STREAM_OPEN) {
        record_reset(&rec->now, 0);
        rec->before = rec->stream == STREAM_IDLE ? 0 : rec->before;
        rec->stream = STREAM_OPEN;
        record_irqs_begin(rec->irqs);
    }
    if (rec->now.msgs->len >= I2CPT_TRANSFER_MAX) {
        return too_long(fault);
    }
    ret = rec->inner->stream_start(rec->priv, addr, flags, deadline_ns, fault);
    record_msg(&rec->now, addr, flags & (I2CPT_M_RD | I2CPT_M_TEN), 0);
    if (ret) {
        ret = end_line(
            rec, ret, fault,
            ret == -ENXIO ? I2CPT_PHASE_ADDRESS : I2CPT_PHASE_UNKNOWN, -1);
    }
    return ret;
}

/* A byte of the message that is open, in its direction. */
static bool is_recorded(struct recorder *rec, uint16_t direction)
{
    return rec->stream == STREAM_OPEN && rec->now.msgs->len &&
           (record_last(&rec->now)->flags & I2CPT_M_RD) == direction;
}

/* A message has at most I2CPT_MSG_MAX bytes, a transfer as many as its line. */
static bool is_full(struct recorder *rec)
{
    return rec->stream == STREAM_OPEN && rec->now.msgs->len &&
           (record_last(&rec->now)->len >= I2CPT_MSG_MAX ||
            rec->now.bytes->len >= RECORD_MAX);
}

static int stream_write(void *priv, uint8_t byte, uint64_t deadline_ns,
                        struct i2cpt_fault *fault)
{
    struct recorder *rec = priv;
    int ret;

    if (is_full(rec)) {
        return too_long(fault);
    }
    ret = rec->inner->stream_write(rec->priv, byte, deadline_ns, fault);
    if (is_recorded(rec, 0)) {
        record_byte(&rec->now, byte);
        record_last(&rec->now)->len++;
        if (ret) {
            ret = end_line(rec, ret, fault,
                           ret == -EIO ? I2CPT_PHASE_DATA : I2CPT_PHASE_UNKNOWN,
                           (int)record_last(&rec->now)->len - 1);
        }
    }
    return ret;
}

static int stream_read(void *priv, uint8_t *byte, uint64_t deadline_ns,
                       struct i2cpt_fault *fault)
{
    struct recorder *rec = priv;
    int ret;

    if (is_full(rec)) {
        return too_long(fault);
    }
    ret = rec->inner->stream_read(rec->priv, byte, deadline_ns, fault);
    if (is_recorded(rec, I2CPT_M_RD)) {
        record_last(&rec->now)->len++;
        if (!ret) {
            record_byte(&rec->now, *byte);
        } else {
            ret = end_line(rec, ret, fault,
                           ret == -EIO ? I2CPT_PHASE_DATA : I2CPT_PHASE_UNKNOWN,
                           (int)record_last(&rec->now)->len - 1);
        }
    }
    return ret;
}

/* A byte that nobody asked for: it is there, and not known. */
static void note_unknown_read(struct recorder *rec, uint16_t addr)
{
    record_reset(&rec->now, 0);
    record_msg(&rec->now, addr, I2CPT_M_RD, 1);
    record_byte(&rec->now, 0xff);
    record_hide(&rec->now, 0, 0);
    rec->stream = STREAM_OPEN;
    record_irqs_begin(rec->irqs);
}

static int stream_pointer(void *priv, uint16_t addr, const uint8_t *bytes,
                          size_t n, uint64_t deadline_ns, uint8_t *byte,
                          struct i2cpt_fault *fault)
{
    struct recorder *rec = priv;
    int ret = may_go_on(rec, fault);
    size_t i;

    if (ret) {
        return ret;
    }
    if (rec->stream != STREAM_OPEN) {
        record_reset(&rec->now, 0);
        rec->before = rec->stream == STREAM_IDLE ? 0 : rec->before;
        rec->stream = STREAM_OPEN;
        record_irqs_begin(rec->irqs);
    }
    if (rec->now.msgs->len + 2 > I2CPT_TRANSFER_MAX) {
        return too_long(fault);
    }
    ret = rec->inner->stream_pointer(rec->priv, addr, bytes, n, deadline_ns,
                                     byte, fault);
    record_msg(&rec->now, addr, 0, (uint32_t)n);
    for (i = 0; i < n; i++) {
        record_byte(&rec->now, bytes[i]);
    }
    if (!ret) {
        record_msg(&rec->now, addr, I2CPT_M_RD, 0);
        return 0;
    }
    if (ret == -EIO) {
        /* else the link failed, and who knows what was on the wire */
        bool refused = fault->phase == I2CPT_PHASE_DATA;
        int failed = end_line(rec, ret, fault, I2CPT_PHASE_DATA,
                              fault->byte < (int32_t)n ? fault->byte : -1);

        if (refused) {
            note_unknown_read(rec, addr);
        }
        return failed;
    }
    return end_line(rec, ret, fault,
                    ret == -ENXIO ? I2CPT_PHASE_ADDRESS : I2CPT_PHASE_UNKNOWN,
                    -1);
}

static int stream_stop(void *priv, uint64_t deadline_ns,
                       struct i2cpt_fault *fault)
{
    struct recorder *rec = priv;
    int ret = rec->inner->stream_stop(rec->priv, deadline_ns, fault);

    if (rec->stream == STREAM_OPEN) {
        struct i2cpt_trace_msg *last = record_last(&rec->now);

        if (last->flags & I2CPT_M_RD && !last->len) {
            /* the wire has clocked one, which nobody took */
            last->len = 1;
            rec->now.mark |= I2CPT_TRACE_TOOK;
        }
        ret = end_line(rec, ret, fault, I2CPT_PHASE_STOP, -1);
    }
    rec->stream = STREAM_IDLE;
    return ret;
}

/* ------------------------------------------------------------- handed on */

static bool instant(void *priv)
{
    struct recorder *rec = priv;

    return rec->inner->instant && rec->inner->instant(rec->priv) &&
           !record_lines_may_wait(rec->lines);
}

static void took(void *priv, const void *owner, uint32_t n)
{
    struct recorder *rec = priv;

    record_lines_took(rec->lines, owner, n);
    if (rec->inner->took) {
        rec->inner->took(rec->priv, owner, n);
    }
}

static void whose(void *priv, uint32_t client)
{
    struct recorder *rec = priv;

    rec->now.client = client;
}

static int event(void *priv, const char *kind, const char *text,
                 struct i2cpt_fault *fault)
{
    struct recorder *rec = priv;

    return record_lines_event(rec->lines, kind, text, fault);
}

/* Those that wait for no transfer: not in the middle of a stream's. */
static void let_irqs_go(struct recorder *rec)
{
    if (rec->stream != STREAM_OPEN) {
        record_irqs_end(rec->irqs);
    }
}

static int flush(void *priv)
{
    struct recorder *rec = priv;

    int inner = rec->inner->flush ? rec->inner->flush(rec->priv) : 0;

    let_irqs_go(rec);
    int ret = record_lines_flush(rec->lines);

    return ret ? ret : inner;
}

static int end_record(void *priv, struct i2cpt_fault *fault)
{
    struct recorder *rec = priv;

    int ret;

    let_irqs_go(rec);
    ret = record_lines_end(rec->lines, fault);

    return ret || !rec->inner->end_record
               ? ret
               : rec->inner->end_record(rec->priv, fault);
}

static int verdict(void *priv, struct i2cpt_trace_verdict *out,
                   struct i2cpt_fault *fault)
{
    struct recorder *rec = priv;

    return rec->inner->verdict(rec->priv, out, fault);
}

static int claim(void *priv, uint16_t addr, bool tenbit, bool force,
                 struct i2cpt_fault *fault)
{
    struct recorder *rec = priv;

    return rec->inner->claim(rec->priv, addr, tenbit, force, fault);
}

static void close_recorder(void *priv)
{
    struct recorder *rec = priv;

    record_irqs_free(rec->irqs);
    record_lines_close(rec->lines, rec->now.bus);
    record_redact_free(rec->redact);
    record_clear(&rec->now);
    rec->inner->close(rec->priv);
    g_free(rec);
}

/* ----------------------------------------------------------------- opening */

/* The adapter without what belongs to this machine or session alone: no paths
 * of files, no host names, no serial numbers. */
static char *describe_adapter(const struct i2cpt_options *o)
{
    static const char *const keep[] = {
        "device",   "vendor", "product", "interface", "frequency",
        "encoding", "batch",  "force",   "chips",     "match"};
    GString *s = g_string_new(i2cpt_options_ops(o)->name);
    const struct i2cpt_key *key;
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(keep); i++) {
        for (key = i2cpt_options_ops(o)->keys; key && key->name; key++) {
            if (!strcmp(key->name, keep[i]) && i2cpt_options_has(o, keep[i])) {
                g_string_append_printf(s, ",%s=%s", keep[i],
                                       i2cpt_options_string(o, keep[i]));
            }
        }
    }
    return g_string_free(s, FALSE);
}

/* "key", or of one of several buses "key-N". */
static int write_header(struct record_lines *lines, const char *key,
                        int32_t bus, const char *text,
                        struct i2cpt_fault *fault)
{
    char name[TRACE_HEADER_NAME];

    trace_header_name(name, sizeof(name), key, bus);
    return record_lines_header(lines, name, text, fault);
}

static int write_line_names(struct record_lines *lines, int32_t bus,
                            const struct i2cpt_lines *of_adapter,
                            struct i2cpt_fault *fault)
{
    g_autoptr(GString) names = g_string_new(NULL);
    unsigned i;

    for (i = 0; i < lines_count(of_adapter); i++) {
        g_string_append_printf(names, "%s%s", i ? " " : "",
                               lines_name(of_adapter, i));
    }
    return names->len ? write_header(lines, TRACE_LINES, bus, names->str, fault)
                      : 0;
}

static int write_headers(struct record_lines *lines, int32_t bus,
                         const struct i2cpt_options *o,
                         const struct i2cpt_bus_info *info,
                         struct i2cpt_fault *fault)
{
    g_autofree char *adapter = describe_adapter(o), *of_bus = NULL;
    const char *name = i2cpt_options_string(o, "name");
    char text[32];
    int ret;

    if (trace_text_check(adapter, strlen(adapter)) != strlen(adapter)) {
        g_free(adapter);
        adapter = g_strdup(i2cpt_options_ops(o)->name);
    }
    if (bus >= 0) {
        of_bus = g_strdup_printf("%d %s", bus, adapter);
    }
    ret = record_lines_header(lines, of_bus ? "bus" : "adapter",
                              of_bus ? of_bus : adapter, fault);
    if (!ret && name && *name &&
        trace_text_check(name, strlen(name)) == strlen(name)) {
        ret = write_header(lines, "name", bus, name, fault);
    }
    if (!ret && bus < 0 && i2cpt_options_has(o, "record-seen-as")) {
        ret = record_lines_header(
            lines, "seen-as", i2cpt_options_string(o, "record-seen-as"), fault);
    }
    g_snprintf(text, sizeof(text), "0x%08x", info->functionality);
    ret = ret ? ret : write_header(lines, "functionality", bus, text, fault);
    if (!ret && info->frequency_hz) {
        g_snprintf(text, sizeof(text), "%u", info->frequency_hz);
        ret = write_header(lines, "frequency", bus, text, fault);
    }
    if (!ret && i2cpt_options_number(o, "restarts") == RESTARTS_ANY) {
        ret = write_header(lines, "restarts", bus, "any", fault);
    }
    return ret ? ret : write_line_names(lines, bus, info->lines, fault);
}

/* Our table: what the inner one lacks, we lack. */
static void make_ops(struct recorder *rec)
{
    const struct i2cpt_ops *inner = rec->inner;

    rec->ops = (struct i2cpt_ops){
        .name = inner->name,
        .help = inner->help,
        .flags = inner->flags,
        .keys = inner->keys,
        .close = close_recorder,
        .transfer = inner->transfer ? transfer : NULL,
        .smbus = inner->smbus ? smbus : NULL,
        .instant = instant,
        .took = took,
        .whose = whose,
        .event = event,
        .flush = flush,
        .end_record = end_record,
        .verdict = inner->verdict ? verdict : NULL,
        .claim = inner->claim ? claim : NULL,
    };
    if (inner->stream_start) {
        rec->ops.stream_start = stream_start;
        rec->ops.stream_write = stream_write;
        rec->ops.stream_read = stream_read;
        rec->ops.stream_stop = stream_stop;
        rec->ops.stream_pointer = inner->stream_pointer ? stream_pointer : NULL;
    }
}

static int32_t bus_of(const struct i2cpt_options *o)
{
    return i2cpt_options_has(o, "record-bus")
               ? (int32_t)i2cpt_options_number(o, "record-bus")
               : -1;
}

static int open_lines(const struct i2cpt_options *o, const char *path,
                      const struct i2cpt_bus_info *info,
                      struct record_lines **out, struct i2cpt_fault *fault)
{
    bool headers;
    uint32_t flags =
        (i2cpt_options_number(o, "record-append") ? RECORD_APPEND : 0) |
        (i2cpt_options_number(o, "record-empty") ? RECORD_EMPTY : 0);
    int ret = record_lines_open(path, flags, bus_of(o), out, &headers, fault);

    if (!ret && headers) {
        ret = write_headers(*out, bus_of(o), o, info, fault);
        if (ret) {
            record_lines_close(*out, bus_of(o));
        }
    }
    if (ret && fault) {
        i2cpt_fault_prefix(fault, "record=");
    }
    return ret;
}

static struct record_irqs *listen_to(struct recorder *rec,
                                     struct i2cpt_lines *lines)
{
    g_autofree char *names = record_lines_names(rec->lines, rec->now.bus);

    return record_irqs_new(lines, rec->lines, rec->now.bus, names);
}

int record_wrap(const struct i2cpt_options *o, const char *path,
                const struct i2cpt_bus_info *info, const struct i2cpt_ops **ops,
                void **priv, struct i2cpt_fault *fault)
{
    const char *hidden = i2cpt_options_string(o, "record-redact");
    struct redact *redact = NULL;
    struct record_lines *lines;
    struct recorder *rec;
    int ret = hidden ? record_redact_parse(hidden, &redact, fault) : 0;

    ret = ret ? ret : open_lines(o, path, info, &lines, fault);
    if (ret) {
        record_redact_free(redact);
        return ret;
    }
    rec = g_new0(struct recorder, 1);
    rec->inner = *ops;
    rec->priv = *priv;
    rec->lines = lines;
    rec->redact = redact;
    rec->stops = i2cpt_options_number(o, "record-failure");
    record_init(&rec->now);
    rec->now.bus = bus_of(o);
    make_ops(rec);
    rec->irqs = listen_to(rec, info->lines);
    *ops = &rec->ops;
    *priv = rec;
    return 0;
}
