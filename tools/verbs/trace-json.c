/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of a trace's line as JSON. */
#include "verbs/trace-json.h"

#include "core/msg-flags.h"

const char *verb_json_phase(int32_t phase)
{
    static const char *const names[] = {NULL, "address", "data", "stop"};

    return names[phase & 3];
}

/* The indices of bytes of one kind, where there are any. */
static void put_kind(struct json *j, const char *key,
                     const struct i2cpt_trace_msg *m, uint8_t kind)
{
    bool any = false;

    for (uint32_t i = 0; m->kinds && i < m->n_bytes; i++) {
        if (m->kinds[i] & kind) {
            if (!any) {
                tool_json_open(j, key, '[');
                any = true;
            }
            tool_json_uint(j, NULL, i);
        }
    }
    if (any) {
        tool_json_close(j, ']');
    }
}

static void put_flags(struct json *j, const struct i2cpt_trace_msg *m)
{
    const struct i2cpt_msg_flag *f;

    for (f = i2cpt_msg_flags; f->flag; f++) {
        if (m->flags & f->flag) {
            tool_json_bool(j, f->key, true);
        }
    }
}

static void put_message(struct json *j, const struct i2cpt_trace_msg *m)
{
    tool_json_open(j, NULL, '{');
    tool_json_uint(j, "address", m->addr);
    tool_json_bool(j, "read", m->flags & I2CPT_M_RD);
    tool_json_uint(j, "length", m->len);
    put_flags(j, m);
    tool_json_open(j, "bytes", '[');
    for (uint32_t i = 0; i < m->n_bytes; i++) {
        tool_json_uint(j, NULL, m->bytes[i]);
    }
    tool_json_close(j, ']');
    put_kind(j, "volatile", m, I2CPT_TRACE_VOLATILE);
    put_kind(j, "redacted", m, I2CPT_TRACE_REDACTED);
    tool_json_close(j, '}');
}

static void put_fault(struct json *j, const struct i2cpt_trace_transfer *t)
{
    const char *name = i2cpt_error_name(t->code);

    tool_json_open(j, "fault", '{');
    tool_json_string(j, "error", name ? name : "other");
    tool_json_int(j, "errno", t->code);
    if (verb_json_phase(t->phase)) {
        tool_json_string(j, "phase", verb_json_phase(t->phase));
    }
    if (t->fault_msg >= 0) {
        tool_json_int(j, "message", t->fault_msg);
    }
    if (t->fault_byte >= 0) {
        tool_json_int(j, "byte", t->fault_byte);
    }
    tool_json_close(j, '}');
}

static void put_transfer(struct json *j, const struct i2cpt_trace_transfer *t)
{
    static const struct {
        uint32_t mark;
        const char *key;
    } marks[] = {
        {I2CPT_TRACE_PROBE, "probe"},
        {I2CPT_TRACE_RESEND, "resend"},
        {I2CPT_TRACE_CONTINUE, "continue"},
        {I2CPT_TRACE_RESTART, "restart"},
    };

    tool_json_seconds(j, "duration", t->duration_ns);
    if (t->bus >= 0) {
        tool_json_int(j, "bus", t->bus);
    }
    tool_json_open(j, "messages", '[');
    for (uint32_t i = 0; i < t->n; i++) {
        put_message(j, &t->msgs[i]);
    }
    tool_json_close(j, ']');
    if (t->code) {
        put_fault(j, t);
    }
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (t->mark & marks[i].mark) {
            tool_json_bool(j, marks[i].key, true);
        }
    }
    if (t->mark & I2CPT_TRACE_TOOK) {
        tool_json_uint(j, "took", t->took);
    }
    if (t->words) {
        tool_json_string(j, "words", t->words);
    }
}

void verb_json_line(struct json *j, const struct i2cpt_trace_line *line)
{
    static const char *const kinds[] = {
        [I2CPT_TRACE_HEADER] = "header",
        [I2CPT_TRACE_TRANSFER] = "transfer",
        [I2CPT_TRACE_EVENT] = "event",
    };
    bool transfer = line->kind == I2CPT_TRACE_TRANSFER;
    bool header = line->kind == I2CPT_TRACE_HEADER;

    if (!transfer && !header && line->kind != I2CPT_TRACE_EVENT) {
        return;
    }
    tool_json_open(j, NULL, '{');
    tool_json_uint(j, "line", line->line);
    tool_json_string(j, "kind", kinds[line->kind]);
    if (!header) {
        tool_json_seconds(j, "time", line->stamp_ns);
    }
    if (transfer) {
        put_transfer(j, &line->transfer);
    } else {
        tool_json_string(j, "key", line->key);
        tool_json_string(j, "text", line->text);
    }
    tool_json_close(j, '}');
}
