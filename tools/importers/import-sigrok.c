/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `sigrok-cli -P i2c -A i2c` prints: a line for each annotation of the i2c
 * decoder, with --protocol-decoder-samplenum after the samples that it spans.
 *
 *     i2c-1: Start
 *     2186-2196 i2c-1: Address write: 48
 *     i2c-1: ACK
 *
 * or what PulseView exports, with the row's name and in any order:
 *
 *     2186-2196 I²C: Address/data: Address write: 48
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "importers/import.h"
#include "common/text-in.h"

#define DECODER "i2c-"
#define PULSEVIEW \
    "I\xc2\xb2"   \
    "C"
#define SAMPLE_MAX (UINT64_C(1) << 62)

/* One line that counts. */
struct row {
    uint64_t begin, line;
    struct import_event event;
};

struct annotations {
    struct convert *convert;
    struct text_in *text;
    struct import_wire *wire;
    struct i2cpt_fault *fault;
    const char *decoder; /* --name, or NULL: the first one */
    char first[32];
    uint64_t begin;
    uint64_t others, samples;
    bool started;     /* an address is due */
    bool ten;         /* and was the first byte of two */
    struct row *rows; /* of PulseView, which have an order of their own */
    size_t n, room;
};

struct annotation {
    const char *text;
    struct import_event event;
    bool value; /* a hexadecimal byte stands behind it */
};

static const struct annotation annotations[] = {
    {"Start repeat", {.kind = IMPORT_START}, false},
    {"Start", {.kind = IMPORT_START}, false},
    {"Stop", {.kind = IMPORT_STOP}, false},
    {"ACK", {.kind = IMPORT_ACK}, false},
    {"NACK", {.kind = IMPORT_NACK}, false},
    {"Address read: ", {.kind = IMPORT_ADDRESS, .read = true}, true},
    {"Address write: ", {.kind = IMPORT_ADDRESS}, true},
    {"Data read: ", {.kind = IMPORT_BYTE}, true},
    {"Data write: ", {.kind = IMPORT_BYTE}, true},
};

static bool is_ignored(const char *text)
{
    return !strcmp(text, "0") || !strcmp(text, "1") || !strcmp(text, "Read") ||
           !strcmp(text, "Write");
}

/* In nanoseconds, or 0 where the rate is not known. */
static int64_t sample_time(const struct annotations *a, uint64_t sample)
{
    uint64_t hz = a->convert->options.sample_rate_hz;

    if (!hz) {
        return 0;
    }
    uint64_t seconds = sample / hz, rest = sample % hz;
    if (seconds > UINT64_C(9000000000)) {
        return INT64_MAX;
    }
    /* above 10 GHz the product would not fit */
    rest = hz > UINT64_C(10000000000) ? rest / (hz / 1000000000)
                                      : rest * 1000000000 / hz;
    return (int64_t)(seconds * 1000000000 + rest);
}

/* "BEGIN-END ", which may be missing. */
static int take_samples(struct annotations *a, const char **p)
{
    uint64_t begin, end;
    const char *at = *p;

    if (*at < '0' || *at > '9') {
        return 0;
    }
    if (!tool_text_number(&at, 10, SAMPLE_MAX, &begin) ||
        !tool_text_take(&at, "-") ||
        !tool_text_number(&at, 10, SAMPLE_MAX, &end) ||
        !tool_text_take(&at, " ")) {
        return tool_text_error(a->text, at, a->fault,
                               "no samples; accepted is BEGIN-END and a space");
    }
    a->samples++;
    a->begin = begin;
    *p = at;
    return 0;
}

/* "i2c-1: ": 1 where it is the decoder whose lines are taken. */
static int take_decoder(struct annotations *a, const char **p)
{
    const char *end = strstr(*p, ": ");
    size_t len = end ? (size_t)(end - *p) : 0;

    if (!len || (memchr(*p, ' ', len) && !a->samples)) {
        return tool_text_error(a->text, *p, a->fault,
                               "no annotation; accepted is as i2c-1: Start");
    }
    if (!a->decoder && len < sizeof(a->first) &&
        (!strncmp(*p, DECODER, strlen(DECODER)) ||
         !strncmp(*p, PULSEVIEW, strlen(PULSEVIEW)))) {
        memcpy(a->first, *p, len);
        a->decoder = a->first;
    }
    if (!a->decoder || strlen(a->decoder) != len ||
        strncmp(*p, a->decoder, len)) {
        a->others++;
        return 0;
    }
    *p = end + 2;
    return 1;
}

/* What stands at *p, behind the name of a row as PulseView has it. */
static const struct annotation *find_annotation(const char **p)
{
    const size_t n = sizeof(annotations) / sizeof(annotations[0]);
    const char *at = *p, *next;

    for (;;) {
        for (size_t i = 0; i < n; i++) {
            if (tool_text_take(&at, annotations[i].text)) {
                *p = at;
                return &annotations[i];
            }
        }
        next = strstr(at, ": ");
        if (!next) {
            return NULL;
        }
        at = next + 2;
    }
}

static bool is_ignored_row(const char *text)
{
    const char *last = strrchr(text, ':');

    return is_ignored(text) || !strncmp(text, "Warnings: ", 10) ||
           (last && last[1] == ' ' && is_ignored(last + 2));
}

/* Of 10 bits, recent decoders call both bytes an address, the first with R/W;
 * and of a read the first byte of data, for want of a second. */
static int take_address(struct annotations *a, const char *at, uint64_t value,
                        struct import_event *e)
{
    bool first = a->started;

    a->started = false;
    bool second = !first && a->ten;

    a->ten = first && value >= 0xf0 && value <= 0xf7;
    if (second) {
        e->kind = IMPORT_BYTE;
    } else if (a->ten && (value & 1) == e->read) {
        value >>= 1;
    } else if (value > 0x7f) {
        return tool_text_error(a->text, at, a->fault,
                               "'%.20s'; accepted is 00 to 7f (shifted)", at);
    }
    e->value = (uint8_t)value;
    return 0;
}

static int put_event(struct annotations *a, const char *p,
                     const struct import_event *e)
{
    const char *why = NULL;
    int rc = import_wire_event(a->wire, e, &why, a->fault);

    return rc && why ? tool_text_error(a->text, p, a->fault, "%s", why) : rc;
}

static int keep_row(struct annotations *a, const struct row *row)
{
    if (a->n == a->room) {
        size_t room = a->room ? a->room * 2 : 1024;
        struct row *rows = realloc(a->rows, room * sizeof(*rows));
        if (!rows) {
            return tool_convert_error(a->fault, ENOMEM,
                                      "no memory for the rows");
        }
        a->rows = rows;
        a->room = room;
    }
    a->rows[a->n++] = *row;
    return 0;
}

static int take_event(struct annotations *a, const char *p)
{
    const char *at = p;
    const struct annotation *found = find_annotation(&at);
    struct row row = {.begin = a->begin, .line = a->text->line};
    uint64_t value = 0;

    if (!found || is_ignored_row(p)) {
        return is_ignored_row(p)
                   ? 0
                   : tool_text_error(
                         a->text, p, a->fault,
                         "'%.40s'; accepted is Start, Start repeat, "
                         "Address read/write, Data read/write, ACK, "
                         "NACK or Stop",
                         p);
    }
    row.event = found->event;
    const char *digits = at;
    if (found->value && !tool_text_number(&at, 16, 0xff, &value)) {
        return tool_text_error(
            a->text, at, a->fault, "'%.20s'; accepted is 00 to %s", at,
            row.event.kind == IMPORT_ADDRESS ? "7f (shifted)" : "ff");
    }
    if (*at) {
        return tool_text_error(a->text, at, a->fault, "'%.20s' behind the end",
                               at);
    }
    row.event.value = (uint8_t)value;
    row.event.at_ns = sample_time(a, a->begin);
    if (!strncmp(a->decoder, PULSEVIEW, strlen(PULSEVIEW))) {
        return keep_row(a, &row);
    }
    a->started |= row.event.kind == IMPORT_START;
    int rc = row.event.kind == IMPORT_ADDRESS
                 ? take_address(a, digits, value, &row.event)
                 : 0;
    return rc ? rc : put_event(a, p, &row.event);
}

static int by_begin(const void *x, const void *y)
{
    const struct row *a = x, *b = y;

    return a->begin != b->begin ? (a->begin < b->begin ? -1 : 1)
           : a->line < b->line  ? -1
                                : 1;
}

static int put_rows(struct annotations *a)
{
    int rc = 0;

    if (a->n) {
        qsort(a->rows, a->n, sizeof(a->rows[0]), by_begin);
    }
    for (size_t i = 0; !rc && i < a->n; i++) {
        struct import_event *e = &a->rows[i].event;

        a->text->line = a->rows[i].line;
        a->started |= e->kind == IMPORT_START;
        if (e->kind == IMPORT_ADDRESS) {
            rc = take_address(a, a->text->buf, e->value, e);
        }
        rc = rc ? rc : put_event(a, a->text->buf, e);
    }
    return rc;
}

static int read_line(struct annotations *a)
{
    const char *p = a->text->buf;

    if (!*p) {
        return 0;
    }
    int rc = take_samples(a, &p);
    if (!rc) {
        rc = take_decoder(a, &p);
    }
    return rc > 0 ? take_event(a, p) : rc;
}

int import_sigrok(struct convert *c, struct text_in *text,
                  struct i2cpt_fault *fault)
{
    struct annotations a = {.convert = c,
                            .text = text,
                            .fault = fault,
                            .decoder = c->options.name,
                            .wire = import_wire_new(c)};
    int rc = a.wire ? 0 : -ENOMEM;

    while (!rc && (rc = tool_text_next(text, fault)) > 0) {
        rc = read_line(&a);
    }
    rc = rc ? rc : put_rows(&a);
    if (!rc) {
        const char *why = NULL;
        rc = import_wire_end(a.wire, &why, fault);
        rc = why ? tool_text_error(text, text->buf, fault, "%s", why) : rc;
        tool_convert_note(c, a.others, "line", "of other decoders left out");
        if (a.samples && !c->options.sample_rate_hz) {
            c->note(c, "all stamps are 0: --sample-rate tells what the "
                       "sample numbers are");
        }
    }
    import_wire_free(a.wire);
    free(a.rows);
    return rc;
}

static bool is_sigrok(const char *head)
{
    uint64_t sample;

    if (tool_text_number(&head, 10, SAMPLE_MAX, &sample) &&
        !(tool_text_take(&head, "-") &&
          tool_text_number(&head, 10, SAMPLE_MAX, &sample) &&
          tool_text_take(&head, " "))) {
        return false;
    }
    if (tool_text_take(&head, PULSEVIEW)) {
        return tool_text_take(&head, ": ");
    }
    return tool_text_take(&head, DECODER) &&
           tool_text_number(&head, 10, 999, &sample) &&
           tool_text_take(&head, ": ");
}

const struct convert_format import_format_sigrok = {
    .name = "sigrok",
    .about = "annotations that sigrok-cli's i2c decoder prints",
    .suffix = ".sigrok",
    .probe = is_sigrok,
    .looks_for = "i2c-1: Start, Address write: 48, ... as sigrok-cli -P "
                 "i2c -A i2c=addr-data or PulseView export them",
    .import = import_sigrok,
};
