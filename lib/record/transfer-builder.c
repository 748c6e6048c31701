/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A transfer in the making. */
#include <string.h>

#include "core/clock.h"
#include "core/fault.h"
#include "record/recorder.h"

void record_init(struct record *r)
{
    memset(r, 0, sizeof(*r));
    r->msgs = g_array_new(FALSE, TRUE, sizeof(struct i2cpt_trace_msg));
    r->starts = g_array_new(FALSE, FALSE, sizeof(guint));
    r->bytes = g_byte_array_sized_new(64); /* its data is never NULL */
    r->kinds = g_byte_array_sized_new(64);
    r->bus = -1;
}

void record_clear(struct record *r)
{
    g_array_unref(r->msgs);
    g_array_unref(r->starts);
    g_byte_array_unref(r->bytes);
    g_byte_array_unref(r->kinds);
}

void record_reset(struct record *r, uint32_t marks)
{
    /* their memory stays; by hand, since this is done for every transfer */
    r->msgs->len = r->starts->len = r->bytes->len = r->kinds->len = 0;
    r->began_ns = i2cpt_now_ns();
    r->mark = (marks & I2CPT_MARK_PROBE ? I2CPT_TRACE_PROBE : 0) |
              (marks & I2CPT_MARK_RESEND ? I2CPT_TRACE_RESEND : 0) |
              (marks & I2CPT_MARK_CONTINUE ? I2CPT_TRACE_CONTINUE : 0) |
              (marks & I2CPT_MARK_RESTART ? I2CPT_TRACE_RESTART : 0);
    r->guess = marks & I2CPT_MARK_TOOK_FOLLOWS;
    r->owner = NULL;
    r->too_long = false;
    i2cpt_fault_clear(&r->fault);
}

struct i2cpt_trace_msg *record_last(struct record *r)
{
    return &g_array_index(r->msgs, struct i2cpt_trace_msg, r->msgs->len - 1);
}

void record_msg(struct record *r, uint16_t addr, uint16_t flags, uint32_t len)
{
    struct i2cpt_trace_msg m = {.addr = addr, .flags = flags, .len = len};

    if (r->msgs->len == I2CPT_TRANSFER_MAX) {
        r->too_long = true;
        return;
    }
    g_array_append_val(r->msgs, m);
    g_array_append_val(r->starts, r->bytes->len);
}

void record_data(struct record *r, guint i, const uint8_t *bytes, uint32_t n)
{
    if (r->too_long || n > RECORD_MAX - r->bytes->len) {
        r->too_long = true;
        return;
    }
    g_array_index(r->starts, guint, i) = r->bytes->len;
    g_array_index(r->msgs, struct i2cpt_trace_msg, i).n_bytes = n;
    if (n) {
        g_byte_array_append(r->bytes, bytes, n);
    }
}

void record_byte(struct record *r, uint8_t byte)
{
    if (r->too_long || r->bytes->len == RECORD_MAX) {
        r->too_long = true;
        return;
    }
    g_byte_array_append(r->bytes, &byte, 1);
    record_last(r)->n_bytes++;
}

void record_hide(struct record *r, guint i, uint32_t from)
{
    const struct i2cpt_trace_msg *m =
        &g_array_index(r->msgs, struct i2cpt_trace_msg, i);

    if (from >= m->n_bytes) {
        return;
    }
    if (!r->kinds->len) {
        g_byte_array_set_size(r->kinds, r->bytes->len);
        memset(r->kinds->data, 0, r->bytes->len);
    }
    memset(r->kinds->data + g_array_index(r->starts, guint, i) + from,
           I2CPT_TRACE_REDACTED, m->n_bytes - from);
}
