/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "recorder.h"

/* What may wait behind a read that was a guess. */
#define HELD_LINES 64u
#define HELD_BYTES 65536u
/* Bytes of one transfer: their text has to fit a line. */
#define RECORD_MAX (I2CPT_TRACE_LINE_MAX / 3 - 65536u)

/* A transfer that waits; its messages and bytes follow it in one piece. */
struct held {
    struct i2cpt_trace_line line;
    size_t size;
    bool guess;
};

struct record_lines {
    struct i2cpt_trace_writer *writer;
    uint64_t base_ns; /* monotonic time of stamp 0 */
    GQueue held;      /* of struct held, the first is a guess */
    size_t held_bytes;
    int failed;
};

/* --------------------------------------------------- a transfer in the making
 */

void record_init(struct record *r)
{
    memset(r, 0, sizeof(*r));
    r->msgs = g_array_new(FALSE, TRUE, sizeof(struct i2cpt_trace_msg));
    r->starts = g_array_new(FALSE, FALSE, sizeof(guint));
    r->bytes = g_byte_array_new();
}

void record_clear(struct record *r)
{
    g_array_unref(r->msgs);
    g_array_unref(r->starts);
    g_byte_array_unref(r->bytes);
}

void record_reset(struct record *r, uint32_t marks)
{
    g_array_set_size(r->msgs, 0);
    g_array_set_size(r->starts, 0);
    g_byte_array_set_size(r->bytes, 0);
    r->began_ns = i2cpt_now_ns();
    r->mark = (marks & I2CPT_MARK_PROBE ? I2CPT_TRACE_PROBE : 0) |
              (marks & I2CPT_MARK_RESEND ? I2CPT_TRACE_RESEND : 0) |
              (marks & I2CPT_MARK_CONTINUE ? I2CPT_TRACE_CONTINUE : 0);
    r->guess = marks & I2CPT_MARK_TOOK_FOLLOWS;
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

/* ------------------------------------------------------------------ writing */

static void stop_recording(struct record_lines *l, int ret,
                           const struct i2cpt_fault *fault)
{
    if (!l->failed) {
        l->failed = ret;
        i2cpt_log(I2CPT_LOG_ERROR, "record=%s", fault->text);
    }
}

static void write_line(struct record_lines *l,
                       const struct i2cpt_trace_line *line)
{
    struct i2cpt_fault fault;
    int ret = l->failed ? 0 : i2cpt_trace_writer_line(l->writer, line, &fault);

    if (ret) {
        stop_recording(l, ret, &fault);
    }
}

static void write_held(struct record_lines *l)
{
    struct held *h;

    while ((h = g_queue_pop_head(&l->held))) {
        write_line(l, &h->line);
        g_free(h);
    }
    l->held_bytes = 0;
}

static void hold(struct record_lines *l, const struct i2cpt_trace_line *line,
                 const struct record *r)
{
    size_t msgs = r->msgs->len * sizeof(struct i2cpt_trace_msg), i;
    size_t size = sizeof(struct held) + msgs + r->bytes->len;
    struct i2cpt_trace_msg *copy;
    struct held *h;

    if (l->held.length >= HELD_LINES || size > HELD_BYTES - l->held_bytes) {
        write_held(l);
        write_line(l, line);
        return;
    }
    h = g_malloc(size); /* bounded above */
    h->line = *line;
    h->guess = r->guess;
    copy = (struct i2cpt_trace_msg *)(h + 1);
    memcpy(copy, line->transfer.msgs, msgs);
    if (r->bytes->len) {
        memcpy(copy + r->msgs->len, r->bytes->data, r->bytes->len);
    }
    for (i = 0; i < r->msgs->len; i++) {
        copy[i].bytes = (uint8_t *)(copy + r->msgs->len) +
                        g_array_index(r->starts, guint, i);
    }
    h->line.transfer.msgs = copy;
    g_queue_push_tail(&l->held, h);
    l->held_bytes += size;
}

void record_lines_put(struct record_lines *l, struct record *r)
{
    uint64_t now = i2cpt_now_ns();
    struct i2cpt_trace_msg *msgs = (struct i2cpt_trace_msg *)r->msgs->data;
    struct i2cpt_trace_line line = {
        .kind = I2CPT_TRACE_TRANSFER,
        .stamp_ns = (r->began_ns - l->base_ns) / 1000 * 1000,
        .transfer = {.duration_ns = (now - r->began_ns) / 1000 * 1000,
                     .bus = -1,
                     .n = r->msgs->len,
                     .mark = r->mark,
                     .msgs = msgs,
                     .code = r->fault.code,
                     .phase = r->fault.phase,
                     .fault_msg = r->fault.msg,
                     .fault_byte = r->fault.byte}};
    struct i2cpt_fault fault;
    guint i;

    if (r->too_long) {
        stop_recording(l,
                       i2cpt_fault_text(&fault, EMSGSIZE,
                                        "a transfer is too long for a line; "
                                        "recording stopped"),
                       &fault);
        return;
    }
    for (i = 0; i < r->msgs->len; i++) {
        msgs[i].bytes = r->bytes->data + g_array_index(r->starts, guint, i);
    }
    if (line.transfer.fault_msg >= (int64_t)line.transfer.n) {
        line.transfer.fault_msg = line.transfer.fault_byte = -1;
    }
    if (r->guess) {
        write_held(l); /* whatever waited is told no more */
    }
    if (r->guess || l->held.length) {
        hold(l, &line, r);
    } else {
        write_line(l, &line);
    }
}

void record_lines_took(struct record_lines *l, uint32_t n)
{
    struct held *h = g_queue_peek_head(&l->held);
    const struct i2cpt_trace_msg *last;

    if (h && h->guess) {
        last = &h->line.transfer.msgs[h->line.transfer.n - 1];
        if (n < last->n_bytes) {
            h->line.transfer.mark |= I2CPT_TRACE_TOOK;
            h->line.transfer.took = n;
        }
    }
    write_held(l);
}

int record_lines_flush(struct record_lines *l)
{
    write_held(l);
    return l->failed;
}

int record_lines_open(const char *path, struct record_lines **out,
                      struct i2cpt_fault *fault)
{
    struct i2cpt_trace_writer *writer;
    int ret = i2cpt_trace_writer_open(path, 0, &writer, fault);

    if (ret) {
        return ret;
    }
    *out = g_new0(struct record_lines, 1);
    (*out)->writer = writer;
    (*out)->base_ns = i2cpt_now_ns();
    g_queue_init(&(*out)->held);
    return 0;
}

void record_lines_close(struct record_lines *l)
{
    struct i2cpt_fault fault;
    int ret;

    write_held(l);
    ret = l->failed ? 0 : i2cpt_trace_writer_end(l->writer, &fault);
    if (ret) {
        stop_recording(l, ret, &fault);
    }
    i2cpt_trace_writer_free(l->writer);
    g_free(l);
}

struct i2cpt_trace_writer *record_lines_writer(struct record_lines *l)
{
    return l->writer;
}
