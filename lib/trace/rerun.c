/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recorded transfers as requests, and whether one ended the same way again. */
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "core/fault.h"
#include "i2cpt-trace.h"

static size_t buffer_size(const struct i2cpt_trace_msg *m)
{
    return m->flags & I2CPT_M_RECV_LEN ? I2CPT_SMBUS3_BLOCK_MAX + m->len
                                       : m->len;
}

int i2cpt_trace_request(const struct i2cpt_trace_transfer *t,
                        struct i2cpt_msg **out, size_t *n)
{
    if (!t || !out || !n) {
        return -EINVAL;
    }

    size_t size = t->n * sizeof(struct i2cpt_msg);
    struct i2cpt_msg *msgs;
    uint8_t *buf;
    uint32_t i;

    for (i = 0; i < t->n; i++) {
        size += buffer_size(&t->msgs[i]);
    }
    msgs = g_try_malloc0(size);
    if (!msgs) {
        return -ENOMEM;
    }
    buf = (uint8_t *)(msgs + t->n);
    for (i = 0; i < t->n; i++) {
        const struct i2cpt_trace_msg *m = &t->msgs[i];

        msgs[i].addr = m->addr;
        msgs[i].flags = m->flags;
        msgs[i].len = (uint32_t)buffer_size(m);
        msgs[i].buf = buf;
        if (m->flags & I2CPT_M_RECV_LEN) {
            buf[0] = (uint8_t)m->len;
        } else if (!(m->flags & I2CPT_M_RD) && m->len) {
            memcpy(buf, m->bytes, m->len);
        }
        buf += msgs[i].len;
    }
    *out = msgs;
    *n = t->n;
    return 0;
}

/* --------------------------------------------------------------- compare */

static int differ_result(int expected, int got, char *text, size_t size)
{
    const char *a = expected ? i2cpt_error_name(expected) : "success";
    const char *b = got ? i2cpt_error_name(got) : "success";

    snprintf(text, size, "expected %s, got %s", a ? a : "another error",
             b ? b : "another error");
    return 0;
}

static int differ_where(const char *what, int expected, int got, char *text,
                        size_t size)
{
    snprintf(text, size, "expected the fault at %s %d, got %s %d", what,
             expected, what, got);
    return 0;
}

static int compare_fault(const struct i2cpt_trace_transfer *t, int result,
                         const struct i2cpt_fault *fault, char *text,
                         size_t size)
{
    static const char *const phases[] = {"unknown", "address", "data", "stop"};

    if (t->code != -result) {
        return differ_result(t->code, -result, text, size);
    }
    if (!t->code || !fault) {
        return 1;
    }
    if (t->phase && fault->phase && t->phase != fault->phase) {
        snprintf(text, size, "expected the fault in the %s phase, got %s",
                 phases[t->phase & 3], phases[fault->phase & 3]);
        return 0;
    }
    if (t->fault_msg >= 0 && fault->msg >= 0 && t->fault_msg != fault->msg) {
        return differ_where("message", t->fault_msg, fault->msg, text, size);
    }
    if (t->fault_byte >= 0 && fault->byte >= 0 &&
        t->fault_byte != fault->byte) {
        return differ_where("byte", t->fault_byte, fault->byte, text, size);
    }
    return 1;
}

static int compare_read(uint32_t index, const struct i2cpt_trace_msg *m,
                        const struct i2cpt_msg *got, char *text, size_t size)
{
    uint32_t i;

    for (i = 0; i < m->n_bytes && i < got->actual; i++) {
        if (m->kinds && m->kinds[i]) {
            continue;
        }
        if (m->bytes[i] != got->buf[i]) {
            snprintf(text, size, "message %u, byte %u: expected %02x, got %02x",
                     index, i, m->bytes[i], got->buf[i]);
            return 0;
        }
    }
    if (m->n_bytes != got->actual) {
        snprintf(text, size, "message %u: expected %u byte%s, got %u", index,
                 m->n_bytes, i2cpt_fault_s(m->n_bytes), got->actual);
        return 0;
    }
    return 1;
}

int i2cpt_trace_compare(const struct i2cpt_trace_transfer *t,
                        const struct i2cpt_msg *msgs, size_t n, int result,
                        const struct i2cpt_fault *fault, char *text,
                        size_t size)
{
    if (!t || !msgs || (!text && size)) {
        return -EINVAL;
    }

    uint32_t i;

    if (n != t->n) {
        snprintf(text, size, "expected %u messages, got %zu", t->n, n);
        return 0;
    }
    if (!compare_fault(t, result, fault, text, size)) {
        return 0;
    }
    /* Few hosts hand out what came before a failure. */
    for (i = 0; i < t->n && !t->code; i++) {
        if (t->msgs[i].flags & I2CPT_M_RD &&
            !compare_read(i, &t->msgs[i], &msgs[i], text, size)) {
            return 0;
        }
    }
    return 1;
}
