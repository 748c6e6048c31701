/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `sigrok-cli -P i2c -A i2c` prints: a line for each annotation of the i2c
 * decoder, with --protocol-decoder-samplenum after the samples that it spans.
 *
 *     i2c-1: Start
 *     2186-2196 i2c-1: Address write: 48
 *     i2c-1: ACK
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "importers/import.h"
#include "common/text-in.h"

#define DECODER    "i2c-"
#define SAMPLE_MAX (UINT64_C(1) << 62)

struct annotations {
    struct convert *convert;
    struct text_in *text;
    struct import_wire *wire;
    struct i2cpt_fault *fault;
    const char *decoder; /* --name, or NULL: the first one */
    char first[32];
    int64_t at_ns;
    uint64_t others, samples;
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
    uint64_t step = a->convert->options.sample_step;

    if (!hz) {
        return 0;
    }
    step = step ? step : 1;
    sample = sample > UINT64_MAX / step ? UINT64_MAX : sample * step;
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
    if (!text_number(&at, 10, SAMPLE_MAX, &begin) || !text_take(&at, "-") ||
        !text_number(&at, 10, SAMPLE_MAX, &end) || !text_take(&at, " ")) {
        return text_error(a->text, at, a->fault,
                          "no samples; accepted is BEGIN-END and a space");
    }
    a->samples++;
    a->at_ns = sample_time(a, begin);
    *p = at;
    return 0;
}

/* "i2c-1: ": 1 where it is the decoder whose lines are taken. */
static int take_decoder(struct annotations *a, const char **p)
{
    const char *end = strstr(*p, ": ");
    size_t len = end ? (size_t)(end - *p) : 0;

    if (!len || memchr(*p, ' ', len)) {
        return text_error(a->text, *p, a->fault,
                          "no annotation; accepted is as i2c-1: Start");
    }
    if (!a->decoder && len < sizeof(a->first) &&
        !strncmp(*p, DECODER, strlen(DECODER))) {
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

static int take_event(struct annotations *a, const char *p)
{
    const size_t n = sizeof(annotations) / sizeof(annotations[0]);
    const struct annotation *found = annotations;
    const char *at = p, *why = NULL;
    struct import_event e;
    uint64_t value = 0;

    while (found < annotations + n && !text_take(&at, found->text)) {
        found++;
    }
    if (found == annotations + n) {
        return is_ignored(p)
                   ? 0
                   : text_error(a->text, p, a->fault,
                                "'%.40s'; accepted is Start, Start repeat, "
                                "Address read/write, Data read/write, ACK, "
                                "NACK or Stop",
                                p);
    }
    e = found->event;
    uint64_t most = e.kind == IMPORT_ADDRESS ? 0x7f : 0xff;
    if (found->value && !text_number(&at, 16, most, &value)) {
        return text_error(a->text, at, a->fault,
                          "'%.20s'; accepted is 00 to %02" PRIx64 "%s", at,
                          most, e.kind == IMPORT_ADDRESS ? " (shifted)" : "");
    }
    if (*at) {
        return text_error(a->text, at, a->fault, "'%.20s' behind the end", at);
    }
    e.value = (uint8_t)value;
    e.at_ns = a->at_ns;
    int rc = import_wire_event(a->wire, &e, &why, a->fault);
    return rc && why ? text_error(a->text, p, a->fault, "%s", why) : rc;
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

    while (!rc && (rc = text_next(text, fault)) > 0) {
        rc = read_line(&a);
    }
    if (!rc) {
        const char *why = NULL;
        rc = import_wire_end(a.wire, &why, fault);
        rc = why ? text_error(text, text->buf, fault, "%s", why) : rc;
        convert_note(c, a.others, "line", "of other decoders left out");
        if (a.samples && !c->options.sample_rate_hz) {
            c->note(c, "all stamps are 0: --sample-rate tells what the "
                       "sample numbers are");
        }
    }
    import_wire_free(a.wire);
    return rc;
}

static bool is_sigrok(const char *head)
{
    uint64_t sample;

    if (text_number(&head, 10, SAMPLE_MAX, &sample) &&
        !(text_take(&head, "-") &&
          text_number(&head, 10, SAMPLE_MAX, &sample) &&
          text_take(&head, " "))) {
        return false;
    }
    return text_take(&head, DECODER) && text_number(&head, 10, 999, &sample) &&
           text_take(&head, ": ");
}

const struct convert_format format_sigrok = {
    .name = "sigrok",
    .about = "annotations that sigrok-cli's i2c decoder prints",
    .suffix = ".sigrok",
    .probe = is_sigrok,
    .import = import_sigrok,
};
