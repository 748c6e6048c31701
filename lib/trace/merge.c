/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two recordings of one session: what differs between them is volatile. */
#include <errno.h>
#include <glib.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "core/fault.h"
#include "trace/line.h"

struct merge {
    struct i2cpt_trace_reader *earlier, *later;
    struct i2cpt_trace_writer *out;
    GByteArray *kinds;
    struct i2cpt_trace_msg *msgs; /* I2CPT_TRANSFER_MAX of them */
    int marked;
};

typedef const struct i2cpt_trace_transfer *transfer_t;

/* ------------------------------------------------------------------- shape */

static uint8_t kind_of(const struct i2cpt_trace_msg *m, uint32_t i)
{
    return m->kinds ? m->kinds[i] : 0;
}

/* The first byte of a write says what the rest is about. */
static bool same_register(const struct i2cpt_trace_msg *a,
                          const struct i2cpt_trace_msg *b)
{
    if (a->flags & (I2CPT_M_RD | I2CPT_M_NOSTART) || !a->n_bytes ||
        kind_of(a, 0) || kind_of(b, 0)) {
        return true;
    }
    return a->bytes[0] == b->bytes[0];
}

static bool same_place(int32_t a, int32_t b)
{
    return a < 0 || b < 0 || a == b;
}

static bool same_shape(transfer_t a, transfer_t b)
{
    uint32_t i;

    if (a->n != b->n || a->bus != b->bus || a->mark != b->mark ||
        a->took != b->took || a->code != b->code ||
        (a->phase && b->phase && a->phase != b->phase) ||
        !same_place(a->fault_msg, b->fault_msg) ||
        !same_place(a->fault_byte, b->fault_byte)) {
        return false;
    }
    for (i = 0; i < a->n; i++) {
        const struct i2cpt_trace_msg *m = &a->msgs[i], *n = &b->msgs[i];

        if (m->addr != n->addr || m->flags != n->flags || m->len != n->len ||
            m->n_bytes != n->n_bytes || !same_register(m, n)) {
            return false;
        }
    }
    return true;
}

/* "NAME:LINE: +0.000310 w1@0x48 00 r2 = 1a c0", or that it is at its end. */
static void describe(char *text, size_t size, struct i2cpt_trace_reader *r,
                     const struct i2cpt_trace_line *line)
{
    struct trace_text t = {NULL, 0, 0, false};
    g_autofree char *base = g_path_get_basename(trace_reader_name(r));
    const char *words;

    if (!line) {
        snprintf(text, size, "%.255s is at its end", base);
        return;
    }
    trace_format_transfer(&t, &line->transfer);
    words = memchr(t.buf, ' ', t.len);
    snprintf(text, size, "%.255s:%" G_GUINT64_FORMAT " has%.*s", base,
             line->line, (int)MIN(t.len - (size_t)(words - t.buf), 52), words);
    g_free(t.buf);
}

static int other_session(struct merge *m, const struct i2cpt_trace_line *a,
                         const struct i2cpt_trace_line *b,
                         struct i2cpt_fault *fault)
{
    char of_a[384], of_b[384];

    describe(of_a, sizeof(of_a), m->earlier, a);
    describe(of_b, sizeof(of_b), m->later, b);
    return i2cpt_fault_text(fault, EINVAL, "another session: %s, %s", of_b,
                            of_a);
}

/* ----------------------------------------------------------------- merging */

static void merge_bytes(struct merge *m, const struct i2cpt_trace_msg *a,
                        const struct i2cpt_trace_msg *b)
{
    uint32_t i;

    for (i = 0; i < b->n_bytes; i++) {
        uint8_t kind = kind_of(a, i) | kind_of(b, i);

        if (!kind && a->bytes[i] != b->bytes[i]) {
            kind = I2CPT_TRACE_VOLATILE;
            m->marked += m->marked < INT_MAX;
        }
        if (kind & I2CPT_TRACE_REDACTED) {
            kind = I2CPT_TRACE_REDACTED;
        }
        g_byte_array_append(m->kinds, &kind, 1);
    }
}

static int write_both(struct merge *m, transfer_t a,
                      const struct i2cpt_trace_line *later,
                      struct i2cpt_fault *fault)
{
    struct i2cpt_trace_line line = *later;
    const uint8_t *kinds;
    uint32_t i;

    g_byte_array_set_size(m->kinds, 0);
    for (i = 0; i < a->n; i++) {
        merge_bytes(m, &a->msgs[i], &later->transfer.msgs[i]);
    }
    kinds = m->kinds->data;
    for (i = 0; i < a->n; i++) {
        m->msgs[i] = later->transfer.msgs[i];
        m->msgs[i].kinds = m->msgs[i].n_bytes ? kinds : NULL;
        kinds += m->msgs[i].n_bytes;
    }
    line.transfer.msgs = m->msgs;
    return i2cpt_trace_writer_line(m->out, &line, fault);
}

/* 1 and the next transfer; what else stands there goes to `copy_to`. */
static int next_transfer(struct i2cpt_trace_reader *r,
                         struct i2cpt_trace_writer *copy_to,
                         const struct i2cpt_trace_line **line,
                         struct i2cpt_fault *fault)
{
    int ret;

    while ((ret = i2cpt_trace_reader_next(r, line, fault)) == 1 &&
           (*line)->kind != I2CPT_TRACE_TRANSFER) {
        if (copy_to && (*line)->kind != I2CPT_TRACE_END) {
            ret = i2cpt_trace_writer_line(copy_to, *line, fault);
            if (ret) {
                return ret;
            }
        }
    }
    return ret;
}

static int merge_all(struct merge *m, struct i2cpt_fault *fault)
{
    const struct i2cpt_trace_line *a, *b;
    int of_a, of_b, ret = 0;

    do {
        of_a = next_transfer(m->earlier, NULL, &a, fault);
        of_b = of_a < 0 ? 0 : next_transfer(m->later, m->out, &b, fault);
        if (of_a < 0 || of_b < 0) {
            return MIN(of_a, of_b);
        }
        if (of_a != of_b || (of_a && !same_shape(&a->transfer, &b->transfer))) {
            return other_session(m, of_a ? a : NULL, of_b ? b : NULL, fault);
        }
        if (of_a) {
            ret = write_both(m, &a->transfer, b, fault);
        }
    } while (of_a && !ret);
    return ret ? ret : i2cpt_trace_writer_end(m->out, fault);
}

int i2cpt_trace_merge(const char *earlier, const char *later, const char *out,
                      struct i2cpt_fault *fault)
{
    if (!earlier || !later || !out) {
        return i2cpt_fault_null(fault, "earlier, later or out");
    }

    struct merge m = {.marked = 0};
    int ret;

    m.msgs = g_try_new(struct i2cpt_trace_msg, I2CPT_TRANSFER_MAX);
    if (!m.msgs) {
        return i2cpt_fault_text(fault, ENOMEM, "no memory for a line");
    }
    m.kinds = g_byte_array_sized_new(64); /* its data is never NULL */
    ret = i2cpt_trace_reader_open(earlier, &m.earlier, fault);
    ret = ret ? ret : i2cpt_trace_reader_open(later, &m.later, fault);
    ret = ret ? ret
              : i2cpt_trace_writer_open(out, I2CPT_TRACE_WRITER_ON_END, &m.out,
                                        fault);
    ret = ret ? ret : merge_all(&m, fault);
    i2cpt_trace_writer_free(m.out);
    i2cpt_trace_reader_free(m.later);
    i2cpt_trace_reader_free(m.earlier);
    g_byte_array_unref(m.kinds);
    g_free(m.msgs);
    return ret ? ret : m.marked;
}
