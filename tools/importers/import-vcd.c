/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A value change dump of two wires, as a trace: START and STOP, and bits, are
 * edges of SCL and SDA; UM10204, 3.1.
 */
#include "importers/import-vcd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/text-in.h"

/* -------------------------------------------------------------------- edges */

static int64_t now_ns(const struct vcd_dump *d)
{
    uint64_t seconds = d->time / d->hz, rest = d->time % d->hz;

    if (seconds > UINT64_C(9000000000)) {
        return INT64_MAX;
    }
    /* above 10 GHz the product would not fit */
    rest = d->hz > UINT64_C(10000000000) ? rest / (d->hz / 1000000000)
                                         : rest * 1000000000 / d->hz;
    return (int64_t)(seconds * 1000000000 + rest);
}

static int put(struct vcd_dump *d, enum import_kind kind, unsigned value)
{
    struct import_event e = {
        .kind = kind,
        .value = (uint8_t)(kind == IMPORT_ADDRESS ? value >> 1 : value),
        .read = value & 1,
        .at_ns = now_ns(d)};
    const char *why = NULL;
    int rc = import_wire_event(d->bus, &e, &why, d->fault);

    return rc && why ? import_vcd_bad(d, why) : rc;
}

/* SDA moves while SCL is high: START or STOP, wherever in a byte. */
static int on_condition(struct vcd_dump *d)
{
    bool stop = d->sda.level;

    d->cut += d->open && d->bits > 0;
    d->open = d->address = !stop;
    d->is_bit = false;
    d->bits = d->byte = 0;
    return put(d, stop ? IMPORT_STOP : IMPORT_START, 0);
}

/* A bit that stayed one. */
static int on_bit(struct vcd_dump *d)
{
    int rc = 0;

    d->is_bit = false;
    if (!d->open) {
        return 0;
    }
    if (++d->bits < 9) {
        d->byte = d->byte << 1 | d->bit;
        return 0;
    }
    rc = put(d, d->address ? IMPORT_ADDRESS : IMPORT_BYTE, d->byte);
    rc = rc ? rc : put(d, d->bit ? IMPORT_NACK : IMPORT_ACK, 0);
    d->address = false;
    d->bits = d->byte = 0;
    return rc;
}

/* A line that changes as a transfer begins does so before it, for it may be
 * why; and as one ends, within it. */
static int on_lines(struct vcd_dump *d)
{
    const char *why = NULL;
    int rc;

    if (!d->convert->options.n_lines) {
        return 0;
    }
    rc = import_vcd_lines_settle(&d->lines, d->bus, now_ns(d), &why, d->fault);
    return rc && why ? import_vcd_bad(d, why) : rc;
}

/* All values of one time are known. Where both wires move at once, SDA does so
 * while SCL is low. */
static int on_time(struct vcd_dump *d)
{
    bool high = d->scl.was && d->scl.level;
    int rc = on_lines(d);

    if (rc) {
        return rc;
    }
    if (!d->begun) { /* that is how it was, and no edge */
        d->begun = true;
    } else if (high && d->sda.was != d->sda.level) {
        rc = on_condition(d);
    } else if (d->scl.was && !d->scl.level && d->is_bit) {
        rc = on_bit(d);
    } else if (!d->scl.was && d->scl.level) {
        d->is_bit = true;
        d->bit = d->sda.level;
    }
    d->scl.was = d->scl.level;
    d->sda.was = d->sda.level;
    return rc;
}

/* ------------------------------------------------------------------- values */

/* Of what is not known the same is said as of what is released. */
static void take_level(struct vcd_dump *d, struct vcd_wire *w, const char *id)
{
    if (!strcmp(w->id, id)) {
        enum vcd_level level = import_vcd_level(w->next);

        w->level = level != VCD_LOW;
        d->unknown += d->timed && level == VCD_UNKNOWN;
    }
}

/* A value, and then whose it is, which may be lines away. */
static void take_digits(struct vcd_dump *d, const char *digits, size_t n)
{
    d->scl.next = import_vcd_digit(digits, n, d->scl.bit);
    d->sda.next = import_vcd_digit(digits, n, d->sda.bit);
    import_vcd_lines_digits(&d->lines, digits, n);
}

static void take_value(struct vcd_dump *d, const char *id)
{
    take_level(d, &d->scl, id);
    take_level(d, &d->sda, id);
    import_vcd_lines_value(&d->lines, id);
}

static int take_time(struct vcd_dump *d)
{
    const char *p = d->word + 1;
    uint64_t time;
    int rc;

    if (!tool_text_number(&p, 10, INT64_MAX, &time) || *p) {
        return import_vcd_bad(d, "no time; accepted is # and a number");
    }
    if (d->timed && time < d->time) {
        return import_vcd_bad(d, "a time before the one before it");
    }
    if (d->timed && time == d->time) {
        return 0;
    }
    rc = d->timed ? on_time(d) : 0;
    d->timed = true;
    d->time = time;
    return rc;
}

/* "b0101 ID" */
static int take_vector(struct vcd_dump *d)
{
    size_t n = d->length - 1;
    int rc;

    if (!n) {
        return import_vcd_bad(d, "no value; accepted is b and binary digits");
    }
    take_digits(d, d->at - n, n);
    rc = import_vcd_next_word(d);
    if (rc > 0) {
        take_value(d, d->word);
    }
    return rc ? rc : import_vcd_bad(d, "the file ends in a vector's value");
}

static int take_word(struct vcd_dump *d)
{
    switch (*d->word) {
    case '#':
        return take_time(d);
    case '$':
        return strcmp(d->word, "$comment") ? 0 : import_vcd_skip_to_end(d);
    case 'b':
    case 'B':
        return take_vector(d);
    case 'r':
    case 'R':
    case 's':
    case 'S':
        return import_vcd_next_word(d);
    default:
        if (!strchr("01xXzZhHlLuUwW-", *d->word)) {
            return import_vcd_bad(d,
                                  "no value; accepted is 0, 1, x, z or b0101");
        }
        take_digits(d, d->word, 1);
        take_value(d, d->word + 1);
        return 0;
    }
}

static int read_values(struct vcd_dump *d)
{
    int rc;

    d->scl.level = d->sda.level = true;
    while ((rc = import_vcd_next_word(d)) > 0) {
        rc = take_word(d);
        if (rc < 0) {
            return rc;
        }
    }
    rc = rc ? rc : on_time(d);
    return rc;
}

int import_vcd(struct convert *c, struct text_in *text,
               struct i2cpt_fault *fault)
{
    struct vcd_dump d = {.convert = c,
                         .text = text,
                         .fault = fault,
                         .bus = import_wire_new(c),
                         .lines = {.options = &c->options}};
    const char *why = NULL;
    int rc = d.bus ? import_vcd_header(&d) : -ENOMEM;

    rc = rc ? rc : read_values(&d);
    rc = rc ? rc : import_wire_end(d.bus, &why, fault);
    if (!rc) {
        tool_convert_note(c, d.cut, "byte",
                          "cut short by a START or STOP: left out");
        tool_convert_note(c, d.unknown, "unknown value", "taken for high");
        tool_convert_note(c, d.lines.unknown, "unknown level",
                          "of a line: taken for what it was, at first for "
                          "inactive");
    }
    import_wire_free(d.bus);
    return rc && why ? import_vcd_bad(&d, why) : rc;
}

bool import_vcd_is_one(const char *head)
{
    static const char *const words[] = {"$date",      "$version", "$comment",
                                        "$timescale", "$scope",   "$var"};

    head += strspn(head, " \t\r\n");
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!strncmp(head, words[i], strlen(words[i]))) {
            return true;
        }
    }
    return false;
}
