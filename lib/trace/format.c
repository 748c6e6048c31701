/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of a trace as text, and whether what they say can be written. */
#include <errno.h>
#include <glib.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/fault.h"
#include "core/key.h"
#include "core/msg-flags.h"
#include "trace/headers.h"
#include "trace/irq.h"
#include "trace/line.h"

static bool grow(struct trace_text *t, size_t more)
{
    size_t cap = t->cap ? t->cap : 256;
    char *buf;

    while (cap < t->len + more) {
        cap *= 2;
    }
    buf = g_try_realloc(t->buf, cap);
    t->failed = !buf;
    if (buf) {
        t->buf = buf;
        t->cap = cap;
    }
    return buf;
}

static inline bool reserve(struct trace_text *t, size_t more)
{
    if (t->failed || more > I2CPT_TRACE_LINE_MAX - t->len) {
        t->failed = true;
        return false;
    }
    return t->len + more <= t->cap || grow(t, more);
}

static inline void add_char(struct trace_text *t, char c)
{
    if (reserve(t, 1)) {
        t->buf[t->len++] = c;
    }
}

void trace_text_add(struct trace_text *t, const char *text, size_t len)
{
    if (reserve(t, len)) {
        memcpy(t->buf + t->len, text, len);
        t->len += len;
    }
}

__attribute__((format(printf, 2, 3))) static void add(struct trace_text *t,
                                                      const char *format, ...)
{
    char text[96];
    va_list ap;
    int len;

    va_start(ap, format);
    len = vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    trace_text_add(t, text, (size_t)len);
}

static void add_string(struct trace_text *t, const char *text)
{
    trace_text_add(t, text, strlen(text));
}

/* What every line has is put together by hand: recording must cost little more
 * than writing does. At least `width` digits. */
static char *put_dec(char *p, uint64_t value, unsigned width)
{
    char text[24];
    size_t at = sizeof(text);

    do {
        text[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value || sizeof(text) - at < width);
    for (; at < sizeof(text); at++) {
        *p++ = text[at];
    }
    return p;
}

static char *put_two(char *p, uint32_t value)
{
    *p++ = (char)('0' + value / 10);
    *p++ = (char)('0' + value % 10);
    return p;
}

/* Three digits less than `rest` has where those are 0, as they mostly are. */
static char *put_fraction(char *p, uint32_t rest)
{
    uint32_t us = rest / 1000, ns = rest % 1000;

    p = put_two(p, us / 10000);
    p = put_two(p, us / 100 % 100);
    p = put_two(p, us % 100);
    return ns ? put_dec(p, ns, 3) : p;
}

#define STAMP_MAX 32 /* 20 digits, a point, 9 digits */

void trace_format_stamp(struct trace_text *t, uint64_t ns)
{
    uint64_t s = ns / 1000000000;
    uint32_t rest = (uint32_t)(ns - s * 1000000000);
    char *p;

    if (!reserve(t, STAMP_MAX)) {
        return;
    }
    p = t->buf + t->len;
    if (s < 10) { /* as durations are */
        *p++ = (char)('0' + s);
    } else {
        p = put_dec(p, s, 1);
    }
    *p++ = '.';
    p = put_fraction(p, rest);
    t->len = (size_t)(p - t->buf);
}

static const char digits[] = "0123456789abcdef";

static char *put_address(char *p, uint16_t addr, bool ten)
{
    *p++ = '@';
    *p++ = '0';
    *p++ = 'x';
    if (addr > 0xff) {
        *p++ = digits[addr >> 8 & 15];
    }
    *p++ = digits[addr >> 4 & 15];
    *p++ = digits[addr & 15];
    if (ten) {
        *p++ = '/';
        *p++ = '1';
        *p++ = '0';
    }
    return p;
}

static void format_bytes(struct trace_text *t, const struct i2cpt_trace_msg *m)
{
    uint32_t i;
    char *p;

    if (!reserve(t, (size_t)m->n_bytes * 4)) {
        return;
    }
    p = t->buf + t->len;
    for (i = 0; i < m->n_bytes; i++) {
        uint8_t kind = m->kinds ? m->kinds[i] : 0;

        *p++ = ' ';
        if (kind & I2CPT_TRACE_REDACTED) {
            *p++ = '?';
            *p++ = '?';
            continue;
        }
        *p++ = digits[m->bytes[i] >> 4];
        *p++ = digits[m->bytes[i] & 15];
        if (kind & I2CPT_TRACE_VOLATILE) {
            *p++ = '~';
        }
    }
    t->len = (size_t)(p - t->buf);
}

#define MSG_MAX 40 /* a space, 5 flags, r, 10 digits, the address, " =" */

void trace_format_msg(struct trace_text *t, const struct i2cpt_trace_msg *m,
                      bool address)
{
    const struct i2cpt_msg_flag *f;
    char *p;

    if (!reserve(t, MSG_MAX)) {
        return;
    }
    p = t->buf + t->len;
    *p++ = ' ';
    for (f = i2cpt_msg_flags; m->flags && f->flag; f++) {
        if (f->letter && m->flags & f->flag) {
            *p++ = f->letter;
        }
    }
    *p++ = m->flags & I2CPT_M_RD ? 'r' : 'w';
    if (m->flags & I2CPT_M_RECV_LEN) {
        *p++ = '?';
        if (m->len > 1) {
            *p++ = '+';
            *p++ = '1';
        }
    } else {
        p = put_dec(p, m->len, 1);
    }
    if (address) {
        p = put_address(p, m->addr, m->flags & I2CPT_M_TEN);
    }
    if (m->flags & I2CPT_M_RD && m->n_bytes) {
        *p++ = ' ';
        *p++ = '=';
    }
    t->len = (size_t)(p - t->buf);
    format_bytes(t, m);
}

static void format_fault(struct trace_text *t,
                         const struct i2cpt_trace_transfer *x)
{
    static const char *const phases[] = {"", " phase=address", " phase=data",
                                         " phase=stop"};
    const char *name = i2cpt_error_name(x->code);

    if (name) {
        add(t, " ! %s", name);
    } else {
        add(t, " ! E%d", x->code);
    }
    add_string(t, phases[x->phase & 3]);
    if (x->fault_msg >= 0) {
        add(t, " msg=%d", x->fault_msg);
    }
    if (x->fault_byte >= 0) {
        add(t, " byte=%d", x->fault_byte);
    }
}

void trace_format_transfer(struct trace_text *t,
                           const struct i2cpt_trace_transfer *x)
{
    uint32_t i;

    add_char(t, '+');
    trace_format_stamp(t, x->duration_ns);
    if (x->bus >= 0) {
        add(t, " i2c-%d:", x->bus);
    }
    for (i = 0; i < x->n; i++) {
        const struct i2cpt_trace_msg *m = &x->msgs[i];

        trace_format_msg(t, m,
                         !i || m->addr != m[-1].addr ||
                             (m->flags ^ m[-1].flags) & I2CPT_M_TEN);
    }
    if (x->code) {
        format_fault(t, x);
    }
    if (x->mark & I2CPT_TRACE_PROBE) {
        add_string(t, " %probe");
    }
    if (x->mark & I2CPT_TRACE_RESEND) {
        add_string(t, " %resend");
    }
    if (x->mark & I2CPT_TRACE_CONTINUE) {
        add_string(t, " %continue");
    }
    if (x->mark & I2CPT_TRACE_RESTART) {
        add_string(t, " %restart");
    }
    if (x->mark & I2CPT_TRACE_TOOK) {
        add(t, " %%took-%u", x->took);
    }
    if (x->words) {
        add_string(t, " ");
        add_string(t, x->words);
    }
}

/* ------------------------------------------------- what can be written */

static const char *msg_problem(const struct i2cpt_trace_msg *m)
{
    uint32_t most = m->flags & I2CPT_M_RECV_LEN ? TRACE_BLOCK_MAX : m->len;

    if (m->flags & ~I2CPT_M_ALL) {
        return "unknown message flags";
    }
    if (m->addr > (m->flags & I2CPT_M_TEN ? 0x3ff : 0x7f)) {
        return "address out of range";
    }
    if (m->len > I2CPT_MSG_MAX) {
        return "message too long";
    }
    if (m->flags & I2CPT_M_RECV_LEN &&
        (!(m->flags & I2CPT_M_RD) || !m->len || m->len > 2)) {
        return "r? is a read of 1, or with a PEC 2";
    }
    if (m->flags & I2CPT_M_RD ? m->n_bytes > most : m->n_bytes != m->len) {
        return "as many bytes as a write has, at most as many as a read asks";
    }
    return m->n_bytes && !m->bytes ? "no bytes given" : NULL;
}

/* The %words that are kept as they are: printable, one space between. */
static bool words_fit(const char *words)
{
    size_t i, len = strlen(words);

    for (i = 0; i < len; i++) {
        bool first = !i || words[i - 1] == ' ';

        if (first ? words[i] != '%' || words[i + 1] <= ' '
                  : words[i] < ' ' || words[i] > '~') {
            return false;
        }
    }
    return len && words[len - 1] != ' ' && len <= TRACE_WORDS_MAX;
}

static const char *transfer_problem(const struct i2cpt_trace_transfer *x)
{
    const struct i2cpt_trace_msg *last;
    const char *problem;
    uint32_t i;

    if (!x->n || x->n > I2CPT_TRANSFER_MAX || !x->msgs) {
        return "a transfer has 1 to 1024 messages";
    }
    for (i = 0; i < x->n; i++) {
        problem = msg_problem(&x->msgs[i]);
        if (problem) {
            return problem;
        }
    }
    if (x->bus < -1 || x->bus > I2CPT_TRACE_BUS_MAX) {
        return "bus number out of range";
    }
    if (x->code < 0 ||
        (x->code > TRACE_ERRNO_MAX && !i2cpt_error_name(x->code)) ||
        x->phase < 0 || x->phase > I2CPT_PHASE_STOP || x->fault_msg < -1 ||
        x->fault_msg >= (int64_t)x->n || x->fault_byte < -1 ||
        x->fault_byte > (int32_t)I2CPT_MSG_MAX) {
        return "fault out of range";
    }
    last = &x->msgs[x->n - 1];
    if (x->mark & I2CPT_TRACE_TOOK &&
        (!(last->flags & I2CPT_M_RD) ||
         x->took >
             (last->flags & I2CPT_M_RECV_LEN ? TRACE_BLOCK_MAX : last->len))) {
        return "took belongs to a read and is at most its length";
    }
    return x->words && !words_fit(x->words) ? "bad words" : NULL;
}

static const char *text_problem(const struct i2cpt_trace_line *line)
{
    size_t len = line->text ? strlen(line->text) : 0;

    if (!line->text || trace_text_check(line->text, len) != len) {
        return "text is UTF-8 without control characters";
    }
    if (line->kind == I2CPT_TRACE_HEADER &&
        (!line->key || !trace_is_key(line->key, strlen(line->key)))) {
        return "a header's key has letters, digits, - and _";
    }
    if (line->kind == I2CPT_TRACE_HEADER && !strcmp(line->key, "bus") &&
        trace_bus_of(line->text) < 0) {
        return "a bus header is N SPEC, N at most 1048575";
    }
    if (line->kind == I2CPT_TRACE_EVENT &&
        (!line->key || !trace_is_kind(line->key, strlen(line->key)))) {
        return "an event's kind has letters and hyphens";
    }
    if (line->kind == I2CPT_TRACE_EVENT && !strcmp(line->key, TRACE_IRQ)) {
        struct i2cpt_trace_irq irq;
        size_t at;

        return trace_irq_parse(line->text, strlen(line->text), &irq, &at);
    }
    return NULL;
}

static const char *line_problem(const struct i2cpt_trace_line *line)
{
    const uint64_t max_ns = (TRACE_STAMP_MAX + UINT64_C(1)) * 1000000000 - 1;

    switch (line->kind) {
    case I2CPT_TRACE_TRANSFER:
        if (line->stamp_ns > max_ns || line->transfer.duration_ns > max_ns) {
            return "stamp out of range";
        }
        return transfer_problem(&line->transfer);
    case I2CPT_TRACE_EVENT:
        if (line->stamp_ns > max_ns) {
            return "stamp out of range";
        }
        return text_problem(line);
    case I2CPT_TRACE_HEADER:
    case I2CPT_TRACE_COMMENT:
        return text_problem(line);
    case I2CPT_TRACE_BLANK:
        return NULL;
    case I2CPT_TRACE_END:
        return line->count > TRACE_COUNT_MAX ? "count out of range" : NULL;
    default:
        return "unknown kind of line";
    }
}

int trace_format_line(struct trace_text *t, const struct i2cpt_trace_line *line,
                      struct i2cpt_fault *fault)
{
    const char *problem = line_problem(line);

    if (problem) {
        return i2cpt_fault_text(fault, EINVAL, "cannot be written: %s",
                                problem);
    }
    switch (line->kind) {
    case I2CPT_TRACE_TRANSFER:
        trace_format_stamp(t, line->stamp_ns);
        add_char(t, ' ');
        trace_format_transfer(t, &line->transfer);
        break;
    case I2CPT_TRACE_EVENT:
        trace_format_stamp(t, line->stamp_ns);
        add_string(t, " ");
        add_string(t, line->key);
        add_string(t, " ");
        add_string(t, line->text);
        break;
    case I2CPT_TRACE_HEADER:
        add_string(t, line->key);
        add_string(t, ": ");
        add_string(t, line->text);
        break;
    case I2CPT_TRACE_COMMENT:
        add_string(t, "#");
        add_string(t, line->text);
        break;
    case I2CPT_TRACE_END:
        add(t, "end %" G_GUINT64_FORMAT, line->count);
        break;
    default:
        break;
    }
    if (t->failed || t->len >= I2CPT_TRACE_LINE_MAX) {
        return i2cpt_fault_text(fault, EMSGSIZE,
                                "a line of a trace has at most %u bytes",
                                I2CPT_TRACE_LINE_MAX);
    }
    return 0;
}

int trace_line_copy(const struct i2cpt_trace_line *line,
                    struct i2cpt_trace_line *out, struct i2cpt_fault *fault)
{
    if (!i2cpt_size_is_possible(line->size,
                                offsetof(struct i2cpt_trace_line, bus))) {
        return i2cpt_fault_text(fault, EINVAL,
                                "line: size %u: accepted is "
                                "sizeof(struct i2cpt_trace_line)",
                                (unsigned)line->size);
    }
    *out = (struct i2cpt_trace_line){.bus = -1};
    memcpy(out, line, MIN(line->size, sizeof(*out)));
    return 0;
}

int i2cpt_trace_line_format(const struct i2cpt_trace_line *line, char *buf,
                            size_t size)
{
    if (!line || (!buf && size)) {
        return -EINVAL;
    }

    struct trace_text t = {NULL, 0, 0, false};
    struct i2cpt_trace_line own;
    int ret = trace_line_copy(line, &own, NULL);

    if (!ret) {
        ret = trace_format_line(&t, &own, NULL);
    }
    if (!ret) {
        ret = (int)t.len;
        if (size) {
            size_t len = MIN(t.len, size - 1);

            memcpy(buf, t.buf ? t.buf : "", len);
            buf[len] = 0;
        }
    }
    g_free(t.buf);
    return ret;
}
