/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one parser of trace lines. A line ends with a newline that is there in
 * the buffer: no production accepts it, so nothing needs a bounds check.
 */
#include <errno.h>
#include <glib.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "trace-line.h"

/* Value of a hexadecimal digit + 1; 0: none. */
/* clang-format off */
static const uint8_t hex[256] = {
    ['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5,
    ['5'] = 6, ['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10,
    ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};
/* clang-format on */

struct parser {
    struct trace_slot *slot;
    const char *begin, *p;
    size_t used; /* of slot->data */
    struct trace_error *error;
};

static inline bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

/* 16 and above: no digit. */
static inline unsigned hex_of(char c)
{
    return (unsigned)hex[(unsigned char)c] - 1;
}

__attribute__((format(printf, 3, 4), cold)) static int fail(struct parser *s,
                                                            const char *at,
                                                            const char *format,
                                                            ...)
{
    va_list ap;

    s->error->column = (size_t)(at - s->begin);
    va_start(ap, format);
    vsnprintf(s->error->text, sizeof(s->error->text), format, ap);
    va_end(ap);
    return -EINVAL;
}

/* ------------------------------------------------------------ small parts */

/* A decimal number of at most `max`. */
static int parse_dec(struct parser *s, const char *what, uint64_t max,
                     uint64_t *out)
{
    const char *p = s->p;
    uint64_t value = 0;

    if (!is_digit(*p)) {
        return fail(s, p, "expected %s", what);
    }
    do {
        value = value * 10 + (uint64_t)(*p++ - '0');
        if (value > max) {
            return fail(s, s->p, "%s is above %" G_GUINT64_FORMAT, what, max);
        }
    } while (is_digit(*p));
    s->p = p;
    *out = value;
    return 0;
}

static int parse_fraction(struct parser *s, uint64_t *ns)
{
    static const uint32_t scale[] = {
        0, 100000000, 10000000, 1000000, 100000, 10000, 1000, 100, 10, 1};
    const char *p = s->p, *first = p;
    uint32_t part = 0;

    while (is_digit(*p) && p - first < 9) {
        part = part * 10 + (uint32_t)(*p++ - '0');
    }
    if (p == first) {
        return fail(s, p, "expected digits after the point");
    }
    if (is_digit(*p)) {
        return fail(s, p, "more than nine digits after the point");
    }
    *ns += (uint64_t)part * scale[p - first];
    s->p = p;
    return 0;
}

static int parse_stamp(struct parser *s, uint64_t *ns)
{
    uint64_t seconds;
    int ret = parse_dec(s, "seconds", TRACE_STAMP_MAX, &seconds);

    if (ret) {
        return ret;
    }
    *ns = seconds * 1000000000u;
    if (*s->p != '.') {
        return 0;
    }
    s->p++;
    return parse_fraction(s, ns);
}

static bool skip_word(struct parser *s, const char *word)
{
    size_t i;

    for (i = 0; word[i]; i++) {
        if (s->p[i] != word[i]) {
            return false;
        }
    }
    s->p += i;
    return true;
}

static int expect_space(struct parser *s, const char *before)
{
    if (*s->p != ' ') {
        return fail(s, s->p, "expected one space before %s", before);
    }
    s->p++;
    return 0;
}

/* --------------------------------------------------------------- messages */

/* "@0x48", "@0x3ff/10"; nothing: the address of the message before. */
static int parse_address(struct parser *s, uint32_t index,
                         struct i2cpt_trace_msg *m)
{
    const char *at = s->p;
    unsigned value = 0, digits = 0;

    if (*s->p != '@') {
        if (!index) {
            return fail(s, at, "the first message needs an address, @0x48");
        }
        m->addr = m[-1].addr;
        m->flags |= m[-1].flags & I2CPT_M_TEN;
        return 0;
    }
    if (!skip_word(s, "@0x")) {
        return fail(s, at, "an address is written @0x48");
    }
    for (; hex_of(*s->p) < 16 && digits < 4; s->p++, digits++) {
        value = value * 16 + hex_of(*s->p);
    }
    if (!digits || digits > 3) {
        return fail(s, at, "an address has one to three hexadecimal digits");
    }
    if (skip_word(s, "/10")) {
        m->flags |= I2CPT_M_TEN;
    }
    if (value > (m->flags & I2CPT_M_TEN ? 0x3ffu : 0x7fu)) {
        return fail(s, at, "address 0x%x is above %s", value,
                    m->flags & I2CPT_M_TEN ? "0x3ff"
                                           : "0x7f (ten-bit ones end in /10)");
    }
    m->addr = (uint16_t)value;
    return 0;
}

static void mark_byte(struct parser *s, struct i2cpt_trace_msg *m, size_t at,
                      uint8_t kind)
{
    struct trace_slot *slot = s->slot;

    if (!slot->special) {
        slot->special = true;
        memset(slot->kinds, 0, slot->data_cap);
    }
    m->kinds = slot->kinds + (m->bytes - slot->data);
    slot->kinds[at] = kind;
}

/* Bytes, each after one space, at most `max`; stops before what is none. */
static int parse_bytes(struct parser *s, struct i2cpt_trace_msg *m, size_t max)
{
    uint8_t *data = s->slot->data;
    size_t used = s->used, end = used + max;
    const char *p = s->p;

    m->bytes = data + used;
    while (p[0] == ' ') {
        unsigned high = hex_of(p[1]), low;

        if (high >= 16) {
            if (p[1] != '?') {
                break;
            }
            if (p[2] != '?') {
                return fail(s, p + 2, "a redacted byte is written ??");
            }
            low = 0;
        } else {
            low = hex_of(p[2]);
            if (low >= 16) {
                return fail(s, p + 2, "a byte has two hexadecimal digits");
            }
        }
        if (used == end) {
            return fail(s, p + 1, "more bytes than the %zu that fit here", max);
        }
        if (high >= 16) {
            data[used] = 0xff;
            mark_byte(s, m, used, I2CPT_TRACE_REDACTED);
        } else {
            data[used] = (uint8_t)(high << 4 | low);
        }
        p += 3;
        if (*p == '~' && high < 16) {
            mark_byte(s, m, used, I2CPT_TRACE_VOLATILE);
            p++;
        }
        used++;
        if (*p != ' ' && *p != '\n') {
            return fail(s, p, "expected a space after the byte");
        }
    }
    m->n_bytes = (uint32_t)(used - s->used);
    s->used = used;
    s->p = p;
    return 0;
}

static int parse_flags(struct parser *s, struct i2cpt_trace_msg *m)
{
    for (;; s->p++) {
        uint16_t flag;

        switch (*s->p) {
        case 'w':
            return 0;
        case 'r':
            m->flags |= I2CPT_M_RD;
            return 0;
        case 'i':
            flag = I2CPT_M_IGNORE_NAK;
            break;
        case 'n':
            flag = I2CPT_M_NO_RD_ACK;
            break;
        case 'p':
            flag = I2CPT_M_STOP;
            break;
        case 's':
            flag = I2CPT_M_NOSTART;
            break;
        case 't':
            flag = I2CPT_M_REV_DIR_ADDR;
            break;
        default:
            return fail(s, s->p, "expected a message, as w1 or r2");
        }
        if (m->flags & flag) {
            return fail(s, s->p, "flag %c stands there twice", *s->p);
        }
        m->flags |= flag;
    }
}

static int parse_write(struct parser *s, uint32_t index,
                       struct i2cpt_trace_msg *m)
{
    const char *at;
    int ret = parse_address(s, index, m);

    if (ret) {
        return ret;
    }
    at = s->p;
    ret = parse_bytes(s, m, m->len);
    if (!ret && m->n_bytes != m->len) {
        return fail(s, at, "w%u needs %u bytes, %u are there", m->len, m->len,
                    m->n_bytes);
    }
    return ret;
}

static int parse_read(struct parser *s, uint32_t index,
                      struct i2cpt_trace_msg *m)
{
    int ret = parse_address(s, index, m);

    m->bytes = s->slot->data + s->used;
    if (ret || s->p[0] != ' ' || s->p[1] != '=') {
        return ret;
    }
    s->p += 2;
    if (*s->p != ' ' && *s->p != '\n') {
        return fail(s, s->p, "expected a space after =");
    }
    return parse_bytes(s, m,
                       m->flags & I2CPT_M_RECV_LEN ? TRACE_BLOCK_MAX : m->len);
}

static int parse_msg(struct parser *s, uint32_t index)
{
    struct i2cpt_trace_msg *m;
    uint64_t len;
    int ret = trace_slot_reserve_msg(s->slot, index);

    if (ret) {
        return ret;
    }
    m = &s->slot->msgs[index];
    memset(m, 0, sizeof(*m));
    ret = parse_flags(s, m);
    if (ret) {
        return ret;
    }
    s->p++;
    if (m->flags & I2CPT_M_RD && *s->p == '?') {
        s->p++;
        m->flags |= I2CPT_M_RECV_LEN;
        m->len = skip_word(s, "+1") ? 2 : 1;
        return parse_read(s, index, m);
    }
    ret = parse_dec(s, "the length of the message", I2CPT_MSG_MAX, &len);
    if (ret) {
        return ret;
    }
    m->len = (uint32_t)len;
    return m->flags & I2CPT_M_RD ? parse_read(s, index, m)
                                 : parse_write(s, index, m);
}

/* ------------------------------------------------------ fault and %words */

static int parse_errno(struct parser *s, int32_t *code)
{
    const char *at = s->p;
    char name[16];
    size_t len = 0;
    uint64_t number;
    int ret;

    if (at[0] == 'E' && is_digit(at[1])) {
        s->p++;
        ret = parse_dec(s, "the error number", TRACE_ERRNO_MAX, &number);
        if (!ret && !number) {
            ret = fail(s, at, "0 is no error");
        }
        *code = ret ? 0 : (int32_t)number;
        return ret;
    }
    while ((*s->p >= 'A' && *s->p <= 'Z') || is_digit(*s->p)) {
        if (len == sizeof(name) - 1) {
            return fail(s, at, "unknown error name");
        }
        name[len++] = *s->p++;
    }
    name[len] = 0;
    if (!len) {
        return fail(s, at, "expected the name of an error, as ENXIO");
    }
    *code = i2cpt_error_from_name(name);
    if (*code < 0) {
        return fail(s, at, "unknown error name %s", name);
    }
    return 0;
}

static int parse_phase(struct parser *s, int32_t *phase)
{
    if (skip_word(s, "address")) {
        *phase = I2CPT_PHASE_ADDRESS;
    } else if (skip_word(s, "data")) {
        *phase = I2CPT_PHASE_DATA;
    } else if (skip_word(s, "stop")) {
        *phase = I2CPT_PHASE_STOP;
    } else {
        return fail(s, s->p, "a phase is address, data or stop");
    }
    return 0;
}

/* Behind " ! ". */
static int parse_fault(struct parser *s, struct i2cpt_trace_transfer *t)
{
    uint64_t value;
    const char *at;
    int ret = parse_errno(s, &t->code);

    if (!ret && skip_word(s, " phase=")) {
        ret = parse_phase(s, &t->phase);
    }
    if (!ret && skip_word(s, " msg=")) {
        at = s->p;
        ret = parse_dec(s, "the index of a message", INT32_MAX, &value);
        if (!ret && value >= t->n) {
            ret = fail(s, at, "there is no message %u", (unsigned)value);
        }
        t->fault_msg = ret ? -1 : (int32_t)value;
    }
    if (!ret && skip_word(s, " byte=")) {
        ret = parse_dec(s, "the index of a byte", I2CPT_MSG_MAX, &value);
        t->fault_byte = ret ? -1 : (int32_t)value;
    }
    return ret;
}

static int parse_took(struct parser *s, struct i2cpt_trace_transfer *t)
{
    const struct i2cpt_trace_msg *last = &s->slot->msgs[t->n - 1];
    const char *at = s->p;
    uint64_t value;
    int ret = parse_dec(s, "how many bytes were taken", I2CPT_MSG_MAX, &value);

    if (ret) {
        return ret;
    }
    if (!(last->flags & I2CPT_M_RD)) {
        return fail(s, at,
                    "%%took belongs to a read, the last message is none");
    }
    if (value >
        (last->flags & I2CPT_M_RECV_LEN ? TRACE_BLOCK_MAX : last->len)) {
        return fail(s, at, "more bytes taken than were asked for");
    }
    t->mark |= I2CPT_TRACE_TOOK;
    t->took = (uint32_t)value;
    return 0;
}

/* Words we do not know are kept as they are. */
static int keep_word(struct parser *s, const char *word, size_t *used)
{
    size_t len = (size_t)(s->p - word);

    if (len < 2) {
        return fail(s, word, "expected a word after %%");
    }
    if (*used + len + 1 > TRACE_WORDS_MAX) {
        return fail(s, word, "more than %u bytes of words", TRACE_WORDS_MAX);
    }
    if (*used) {
        s->slot->words[(*used)++] = ' ';
    }
    memcpy(s->slot->words + *used, word, len);
    *used += len;
    s->slot->words[*used] = 0;
    return 0;
}

static bool ends_word(const struct parser *s)
{
    return *s->p == ' ' || *s->p == '\n';
}

/* Each " %word" up to the end of the line. */
static int parse_words(struct parser *s, struct i2cpt_trace_transfer *t)
{
    size_t used = 0;
    int ret = 0;

    while (!ret && s->p[0] == ' ' && s->p[1] == '%') {
        const char *word = ++s->p;

        if (skip_word(s, "%probe") && ends_word(s)) {
            t->mark |= I2CPT_TRACE_PROBE;
            continue;
        }
        s->p = word;
        if (skip_word(s, "%resend") && ends_word(s)) {
            t->mark |= I2CPT_TRACE_RESEND;
            continue;
        }
        s->p = word;
        if (skip_word(s, "%continue") && ends_word(s)) {
            t->mark |= I2CPT_TRACE_CONTINUE;
            continue;
        }
        s->p = word;
        if (skip_word(s, "%took-")) {
            ret = parse_took(s, t);
            continue;
        }
        while (*s->p > 0x20 && *s->p < 0x7f) {
            s->p++;
        }
        ret = keep_word(s, word, &used);
    }
    t->words = used ? s->slot->words : NULL;
    return ret;
}

/* --------------------------------------------------------------- transfers */

static int parse_bus(struct parser *s, int32_t *bus)
{
    uint64_t value;
    int ret = parse_dec(s, "the number of a bus", I2CPT_TRACE_BUS_MAX, &value);

    if (!ret && !skip_word(s, ": ")) {
        ret = fail(s, s->p, "expected \": \" after the bus");
    }
    *bus = ret ? -1 : (int32_t)value;
    return ret;
}

/* Behind the "+". */
static int parse_transfer(struct parser *s)
{
    struct i2cpt_trace_transfer *t = &s->slot->line.transfer;
    int ret = parse_stamp(s, &t->duration_ns);

    s->slot->line.kind = I2CPT_TRACE_TRANSFER;
    t->bus = -1;
    t->n = 0;
    t->mark = t->took = 0;
    t->code = t->phase = 0;
    t->fault_msg = t->fault_byte = -1;
    t->words = NULL;
    ret = ret ? ret : expect_space(s, "the first message");
    if (!ret && skip_word(s, "i2c-")) {
        ret = parse_bus(s, &t->bus);
    }
    while (!ret) {
        ret = parse_msg(s, t->n);
        if (ret) {
            return ret;
        }
        t->n++;
        if (s->p[0] != ' ' || s->p[1] == '!' || s->p[1] == '%') {
            break;
        }
        if (t->n == I2CPT_TRANSFER_MAX) {
            return fail(s, s->p, "more than %u messages", I2CPT_TRANSFER_MAX);
        }
        s->p++;
    }
    t->msgs = s->slot->msgs;
    if (!ret && s->p[0] == ' ' && s->p[1] == '!') {
        s->p += 2;
        ret = expect_space(s, "the name of an error");
        ret = ret ? ret : parse_fault(s, t);
    }
    if (!ret && *s->p == ' ') {
        ret = parse_words(s, t);
    }
    if (!ret && *s->p != '\n') {
        ret = fail(s, s->p, "unexpected text behind the transfer");
    }
    return ret;
}

/* --------------------------------------------------------- lines with text */

/* Key and text into the slot; key_len 0: no key. */
static int keep_text(struct parser *s, int kind, size_t key_len,
                     const char *text, const char *end)
{
    struct trace_slot *slot = s->slot;
    size_t len = (size_t)(end - text), ok = trace_text_check(text, len);
    int ret;

    if (ok != len) {
        return fail(s, text + ok,
                    "not UTF-8, or a control character (only TAB is allowed)");
    }
    ret = trace_slot_reserve_text(slot, key_len + len + 2);
    if (ret) {
        return ret;
    }
    memcpy(slot->text, s->p, key_len);
    slot->text[key_len] = 0;
    memcpy(slot->text + key_len + 1, text, len);
    slot->text[key_len + 1 + len] = 0;
    slot->line.kind = kind;
    slot->line.key = key_len ? slot->text : NULL;
    slot->line.text = slot->text + key_len + 1;
    return 0;
}

static int parse_event(struct parser *s, const char *end)
{
    const char *p = s->p;

    while (g_ascii_isalpha(*p) || (p > s->p && *p == '-')) {
        p++;
    }
    if (p == s->p) {
        return fail(s, p, "expected +DURATION of a transfer, or an event");
    }
    if (*p != ' ') {
        return fail(s, p, "expected a space and text after the event's kind");
    }
    if ((size_t)(p - s->p) > TRACE_KEY_MAX) {
        return fail(s, s->p, "the event's kind is longer than %u bytes",
                    TRACE_KEY_MAX);
    }
    return keep_text(s, I2CPT_TRACE_EVENT, (size_t)(p - s->p), p + 1, end);
}

static int parse_stamped(struct parser *s, const char *end)
{
    int ret = parse_stamp(s, &s->slot->line.stamp_ns);

    ret = ret ? ret : expect_space(s, "what happened");
    if (ret) {
        return ret;
    }
    if (*s->p == '+') {
        s->p++;
        return parse_transfer(s);
    }
    return parse_event(s, end);
}

static int parse_end(struct parser *s)
{
    int ret = parse_dec(s, "the number of transfers", TRACE_COUNT_MAX,
                        &s->slot->line.count);

    s->slot->line.kind = I2CPT_TRACE_END;
    if (!ret && *s->p != '\n') {
        ret = fail(s, s->p, "unexpected text behind end");
    }
    return ret;
}

static int parse_header(struct parser *s, const char *end, bool headers)
{
    const char *p = s->p;

    while (g_ascii_isalpha(*p) ||
           (p > s->p && (is_digit(*p) || *p == '-' || *p == '_'))) {
        p++;
    }
    if (p == s->p || p[0] != ':' || p[1] != ' ') {
        return fail(s, s->p, "neither a comment, a header, a stamp nor an end");
    }
    if (!headers) {
        return fail(s, s->p, "headers stand before the first transfer");
    }
    if ((size_t)(p - s->p) > TRACE_KEY_MAX) {
        return fail(s, s->p, "the header's key is longer than %u bytes",
                    TRACE_KEY_MAX);
    }
    return keep_text(s, I2CPT_TRACE_HEADER, (size_t)(p - s->p), p + 2, end);
}

int trace_parse_line(struct trace_slot *slot, const char *p, size_t len,
                     bool headers, struct trace_error *error)
{
    struct parser s = {slot, p, p, 0, error};
    int ret = trace_slot_reserve_data(slot, len / 3 + 1);

    if (ret) {
        return ret;
    }
    slot->special = false;
    if (is_digit(*p)) {
        return parse_stamped(&s, p + len);
    }
    if (!len) {
        slot->line.kind = I2CPT_TRACE_BLANK;
        return 0;
    }
    if (*p == '#') {
        return keep_text(&s, I2CPT_TRACE_COMMENT, 0, p + 1, p + len);
    }
    if (skip_word(&s, "end ")) {
        return parse_end(&s);
    }
    return parse_header(&s, p + len, headers);
}
