/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one parser of trace lines. A line ends with a newline that is there in
 * the buffer: no production accepts it, so nothing needs a bounds check.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "trace/irq.h"
#include "trace/parse.h"

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
        return trace_parse_fail(s, p, "expected digits after the point");
    }
    if (is_digit(*p)) {
        return trace_parse_fail(s, p, "more than nine digits after the point");
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

static int expect_space(struct parser *s, const char *before)
{
    if (*s->p != ' ') {
        return trace_parse_fail(s, s->p, "expected one space before %s",
                                before);
    }
    s->p++;
    return 0;
}

/* --------------------------------------------------------------- transfers */

static int parse_bus(struct parser *s, int32_t *bus)
{
    uint64_t value;
    int ret = parse_dec(s, "the number of a bus", I2CPT_TRACE_BUS_MAX, &value);

    if (!ret && !skip_word(s, ": ")) {
        ret = trace_parse_fail(s, s->p, "expected \": \" after the bus");
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
        ret = trace_parse_msg(s, t->n);
        if (ret) {
            return ret;
        }
        t->n++;
        if (s->p[0] != ' ' || s->p[1] == '!' || s->p[1] == '%') {
            break;
        }
        if (t->n == I2CPT_TRANSFER_MAX) {
            return trace_parse_fail(s, s->p, "more than %u messages",
                                    I2CPT_TRANSFER_MAX);
        }
        s->p++;
    }
    t->msgs = s->slot->msgs;
    if (!ret && s->p[0] == ' ' && s->p[1] == '!') {
        s->p += 2;
        ret = expect_space(s, "the name of an error");
        ret = ret ? ret : trace_parse_fault(s, t);
    }
    if (!ret && *s->p == ' ') {
        ret = trace_parse_words(s, t);
    }
    if (!ret && *s->p != '\n') {
        ret = trace_parse_fail(s, s->p, "unexpected text behind the transfer");
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
        return trace_parse_fail(
            s, text + ok,
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

/* `irq` is known: what follows it has to be as it should. */
static int check_irq(struct parser *s, const char *text, const char *end)
{
    struct i2cpt_trace_irq irq;
    size_t at;
    const char *why = trace_irq_parse(text, (size_t)(end - text), &irq, &at);

    return why ? trace_parse_fail(s, text + at, "%s", why) : 0;
}

static int parse_event(struct parser *s, const char *end)
{
    const char *p = s->p;
    int ret;

    while (g_ascii_isalpha(*p) || (p > s->p && *p == '-')) {
        p++;
    }
    if (p == s->p) {
        return trace_parse_fail(
            s, p, "expected +DURATION of a transfer, or an event");
    }
    if (*p != ' ') {
        return trace_parse_fail(
            s, p, "expected a space and text after the event's kind");
    }
    if ((size_t)(p - s->p) > TRACE_KEY_MAX) {
        return trace_parse_fail(
            s, s->p, "the event's kind is longer than %u bytes", TRACE_KEY_MAX);
    }
    ret = keep_text(s, I2CPT_TRACE_EVENT, (size_t)(p - s->p), p + 1, end);
    return !ret && !strcmp(s->slot->line.key, TRACE_IRQ)
               ? check_irq(s, p + 1, end)
               : ret;
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
        ret = trace_parse_fail(s, s->p, "unexpected text behind end");
    }
    return ret;
}

/* "bus: N SPEC", from N on. */
static int parse_bus_header(struct parser *s, const char *text)
{
    struct i2cpt_trace_line *line = &s->slot->line;
    uint64_t number;
    int ret;

    s->p = text;
    ret = parse_dec(s, "the number of a bus", I2CPT_TRACE_BUS_MAX, &number);
    if (ret) {
        return ret;
    }
    if (*s->p != ' ' && *s->p != '\n') {
        return trace_parse_fail(s, s->p,
                                "expected a space after the bus's number");
    }
    line->bus = (int32_t)number;
    line->spec = line->text + (s->p - text) + (*s->p == ' ');
    return 0;
}

static int parse_header(struct parser *s, const char *end, bool headers)
{
    const char *p = s->p;
    int ret;

    while (g_ascii_isalpha(*p) ||
           (p > s->p && (is_digit(*p) || *p == '-' || *p == '_'))) {
        p++;
    }
    if (p == s->p || p[0] != ':' || p[1] != ' ') {
        return trace_parse_fail(
            s, s->p, "neither a comment, a header, a stamp nor an end");
    }
    if (!headers) {
        return trace_parse_fail(s, s->p,
                                "headers stand before the first transfer");
    }
    if ((size_t)(p - s->p) > TRACE_KEY_MAX) {
        return trace_parse_fail(
            s, s->p, "the header's key is longer than %u bytes", TRACE_KEY_MAX);
    }
    ret = keep_text(s, I2CPT_TRACE_HEADER, (size_t)(p - s->p), p + 2, end);
    return !ret && !strcmp(s->slot->line.key, "bus")
               ? parse_bus_header(s, p + 2)
               : ret;
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
    slot->line.bus = -1;
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
