/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A value change dump of two wires, as a trace: START and STOP, and bits, are
 * edges of SCL and SDA; UM10204, 3.1.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/text-in.h"
#include "importers/import.h"

#define NAME_MAX_LEN 100
#define ID_MAX       31 /* bytes of an identifier code; two are usual */

/* One of the two: a wire, or a bit of a vector. */
struct wire {
    char name[NAME_MAX_LEN + 1];
    char id[ID_MAX + 1];
    uint64_t bit; /* from the right */
    bool level, was;
};

struct dump {
    struct convert *convert;
    struct text_in *text;
    struct i2cpt_fault *fault;
    struct import_wire *bus;
    const char *at; /* in the line */
    char word[256]; /* the last one; ours are shorter */
    size_t length;  /* of all of it */
    uint64_t hz;    /* 0: no $timescale yet */
    uint64_t time;  /* of the values that are being read */
    bool timed, begun;
    struct wire scl, sda;

    /*
     * What the wires are doing. A bit counts when SCL falls behind it, for
     * where SDA moves before that it was none, but the way to a START or STOP.
     */
    bool open;     /* behind a START */
    bool address;  /* the byte is one */
    bool bit;      /* that SCL's rise has shown */
    bool is_bit;   /* there is one, SCL being high */
    unsigned bits; /* of the byte, the ninth is its ACK */
    unsigned byte;
    uint64_t cut, unknown;
};

/* -------------------------------------------------------------------- words */

static int bad(const struct dump *d, const char *what)
{
    return tool_text_error(d->text, d->at ? d->at : d->text->buf, d->fault,
                           "%s", what);
}

/* The next word of the file, which may be lines away; 1, 0 at the end. */
static int next_word(struct dump *d)
{
    size_t n;

    while (!d->at || !*(d->at += strspn(d->at, " \t"))) {
        int rc = tool_text_next(d->text, d->fault);
        if (rc < 1) {
            return rc;
        }
        d->at = d->text->buf;
    }
    n = strcspn(d->at, " \t");
    /* a wide vector that is none of ours may be as long as it likes */
    snprintf(d->word, sizeof(d->word), "%.*s",
             (int)(n < sizeof(d->word) ? n : sizeof(d->word) - 1), d->at);
    d->at += n;
    d->length = n;
    return 1;
}

static int skip_to_end(struct dump *d)
{
    int rc;

    while ((rc = next_word(d)) > 0 && strcmp(d->word, "$end")) {
    }
    return rc;
}

/* ------------------------------------------------------------------- header */

/* "1", "10 ns", "100us": up to the unit; ticks per second. */
static int read_timescale(struct dump *d)
{
    static const struct {
        const char *unit;
        uint64_t hz;
    } units[] = {{"s", 1},
                 {"ms", 1000},
                 {"us", 1000000},
                 {"ns", 1000000000},
                 {"ps", UINT64_C(1000000000000)},
                 {"fs", UINT64_C(1000000000000000)}};
    uint64_t count = 0;
    const char *p = d->word;

    int rc = next_word(d);
    if (rc > 0 && tool_text_number(&p, 10, 100, &count) && !*p) {
        rc = next_word(d);
        p = d->word;
    }
    for (size_t i = 0; rc > 0 && i < sizeof(units) / sizeof(units[0]); i++) {
        if (!strcmp(p, units[i].unit) &&
            (count == 1 || count == 10 || count == 100)) {
            /* "10 s" is slower than any I2C */
            d->hz = units[i].hz / count;
        }
    }
    return rc < 0 || d->hz ? rc
                           : bad(d, "no $timescale; accepted is 1, 10 or 100 "
                                    "and ms, us, ns, ps or fs");
}

static bool holds(const char *text, const char *part)
{
    for (; *text; text++) {
        if (!strncasecmp(text, part, strlen(part))) {
            return true;
        }
    }
    return false;
}

/* TYPE SIZE ID NAME [RANGE] of a $var. */
struct var {
    uint64_t size, low; /* bits, and the number of the last one */
    char id[ID_MAX + 1], name[NAME_MAX_LEN + 1];
    bool fits; /* ID and NAME were short enough */
    char range[64];
};

/* Which bit of it `asked` names: "NAME", "NAME[5]"; false: none. */
static bool names_bit(const struct var *v, const char *asked, uint64_t *bit)
{
    size_t len = strlen(v->name);
    const char *p = asked + len;
    uint64_t index;

    *bit = 0;
    if (strncmp(asked, v->name, len)) {
        return false;
    }
    if (v->size == 1 && (!*p || !strcmp(p, v->range))) {
        return true;
    }
    if (!tool_text_take(&p, "[") || !tool_text_number(&p, 10, 65535, &index) ||
        strcmp(p, "]") || index < v->low || index - v->low >= v->size) {
        return false;
    }
    *bit = index - v->low;
    return true;
}

static int take_var(struct dump *d, struct wire *w, const struct var *v,
                    const char *asked, const char *part)
{
    uint64_t bit = 0;

    if (asked ? !names_bit(v, asked, &bit)
              : v->size != 1 || !holds(v->name, part)) {
        return 0;
    }
    if (!v->fits) {
        return bad(d, "a name of more than 100 bytes, or its code of more "
                      "than 31");
    }
    if (*w->id && (strcmp(w->id, v->id) || w->bit != bit)) {
        return bad(d, "more than one wire of this kind; --scl NAME and --sda "
                      "NAME choose");
    }
    strcpy(w->name, v->name);
    strcpy(w->id, v->id);
    w->bit = bit;
    return 0;
}

/* "[7:0]", "[0:7]", "[5]", also behind the name without a blank. */
static void read_range(struct var *v)
{
    uint64_t a, b;
    char *glued = strchr(v->name, '[');
    const char *p;

    if (glued && v->size > 1 && !*v->range) {
        snprintf(v->range, sizeof(v->range), "%s", glued);
        *glued = 0;
    }
    p = v->range;
    if (tool_text_take(&p, "[") && tool_text_number(&p, 10, 65535, &a) &&
        tool_text_take(&p, ":") && tool_text_number(&p, 10, 65535, &b)) {
        v->low = a < b ? a : b;
    }
}

static int read_var(struct dump *d)
{
    const struct convert_options *o = &d->convert->options;
    struct var v = {.fits = true};
    const char *p = d->word;
    int rc = next_word(d); /* TYPE */

    rc = rc > 0 ? next_word(d) : rc;
    if (rc > 0 && (!tool_text_number(&p, 10, UINT32_MAX, &v.size) || *p)) {
        return bad(d, "no size of a $var; accepted is a number");
    }
    rc = rc > 0 ? next_word(d) : rc;
    v.fits = strlen(d->word) <= ID_MAX;
    snprintf(v.id, sizeof(v.id), "%.*s", ID_MAX, d->word);
    rc = rc > 0 ? next_word(d) : rc;
    v.fits = v.fits && strlen(d->word) <= NAME_MAX_LEN;
    snprintf(v.name, sizeof(v.name), "%.*s", NAME_MAX_LEN, d->word);
    while (rc > 0 && (rc = next_word(d)) > 0 && strcmp(d->word, "$end")) {
        size_t len = strlen(v.range);
        snprintf(v.range + len, sizeof(v.range) - len, "%.63s", d->word);
    }
    if (rc < 1) {
        return rc < 0 ? rc : bad(d, "the file ends in a $var");
    }
    read_range(&v);
    rc = take_var(d, &d->scl, &v, o->scl, "scl");
    rc = rc ? rc : take_var(d, &d->sda, &v, o->sda, "sda");
    return rc ? rc : 1;
}

static int read_header(struct dump *d)
{
    int rc;

    while ((rc = next_word(d)) > 0 && strcmp(d->word, "$enddefinitions")) {
        if (!strcmp(d->word, "$timescale")) {
            rc = read_timescale(d);
        } else if (!strcmp(d->word, "$var")) {
            rc = read_var(d);
        } else if (!strcmp(d->word, "$comment")) {
            rc = skip_to_end(d);
        }
        if (rc < 0) {
            return rc;
        }
    }
    if (rc < 0) {
        return rc;
    }
    if (!rc || !d->hz || !*d->scl.id || !*d->sda.id) {
        return tool_convert_error(
            d->fault, EINVAL, "%s: %s", d->text->name,
            !rc           ? "no VCD: no $enddefinitions in it"
            : !d->hz      ? "no $timescale in it"
            : !*d->scl.id ? "no wire for SCL; accepted is a name with scl, or "
                            "--scl NAME, --scl 'VECTOR[BIT]'"
                          : "no wire for SDA; accepted is a name with sda, or "
                            "--sda NAME, --sda 'VECTOR[BIT]'");
    }
    return 0;
}

/* -------------------------------------------------------------------- edges */

static int64_t now_ns(const struct dump *d)
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

static int put(struct dump *d, enum import_kind kind, unsigned value)
{
    struct import_event e = {
        .kind = kind,
        .value = (uint8_t)(kind == IMPORT_ADDRESS ? value >> 1 : value),
        .read = value & 1,
        .at_ns = now_ns(d)};
    const char *why = NULL;
    int rc = import_wire_event(d->bus, &e, &why, d->fault);

    return rc && why ? bad(d, why) : rc;
}

/* SDA moves while SCL is high: START or STOP, wherever in a byte. */
static int on_condition(struct dump *d)
{
    bool stop = d->sda.level;

    d->cut += d->open && d->bits > 0;
    d->open = d->address = !stop;
    d->is_bit = false;
    d->bits = d->byte = 0;
    return put(d, stop ? IMPORT_STOP : IMPORT_START, 0);
}

/* A bit that stayed one. */
static int on_bit(struct dump *d)
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

/* All values of one time are known. Where both wires move at once, SDA does so
 * while SCL is low. */
static int on_time(struct dump *d)
{
    bool high = d->scl.was && d->scl.level;
    int rc = 0;

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

/* What is released is pulled up; of what is not known the same is said. */
static void take_level(struct dump *d, struct wire *w, char value)
{
    static const char low[] = "0lL", high[] = "1hHzZ";

    w->level = !strchr(low, value);
    d->unknown += d->timed && w->level && !strchr(high, value);
}

static void take_value(struct dump *d, const char *id, char scl, char sda)
{
    if (!strcmp(d->scl.id, id)) {
        take_level(d, &d->scl, scl);
    }
    if (!strcmp(d->sda.id, id)) {
        take_level(d, &d->sda, sda);
    }
}

static int take_time(struct dump *d)
{
    const char *p = d->word + 1;
    uint64_t time;
    int rc;

    if (!tool_text_number(&p, 10, INT64_MAX, &time) || *p) {
        return bad(d, "no time; accepted is # and a number");
    }
    if (d->timed && time < d->time) {
        return bad(d, "a time before the one before it");
    }
    if (d->timed && time == d->time) {
        return 0;
    }
    rc = d->timed ? on_time(d) : 0;
    d->timed = true;
    d->time = time;
    return rc;
}

/* Digits of "b0101"; what is left out on the left is 0 for 0 and 1. */
static char vector_bit(const char *digits, size_t n, uint64_t bit)
{
    return bit < n || *digits != '1' ? digits[bit < n ? n - 1 - bit : 0] : '0';
}

/* "b0101 ID" */
static int take_vector(struct dump *d)
{
    size_t n = d->length - 1;
    const char *digits = d->at - n;
    char scl, sda;
    int rc;

    if (!n) {
        return bad(d, "no value; accepted is b and binary digits");
    }
    scl = vector_bit(digits, n, d->scl.bit);
    sda = vector_bit(digits, n, d->sda.bit);
    rc = next_word(d);
    if (rc > 0) {
        take_value(d, d->word, scl, sda);
    }
    return rc ? rc : bad(d, "the file ends in a vector's value");
}

static int take_word(struct dump *d)
{
    switch (*d->word) {
    case '#':
        return take_time(d);
    case '$':
        return strcmp(d->word, "$comment") ? 0 : skip_to_end(d);
    case 'b':
    case 'B':
        return take_vector(d);
    case 'r':
    case 'R':
    case 's':
    case 'S':
        return next_word(d);
    default:
        if (!strchr("01xXzZhHlLuUwW-", *d->word)) {
            return bad(d, "no value; accepted is 0, 1, x, z or b0101");
        }
        take_value(d, d->word + 1, *d->word, *d->word);
        return 0;
    }
}

static int read_values(struct dump *d)
{
    int rc;

    d->scl.level = d->sda.level = true;
    while ((rc = next_word(d)) > 0) {
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
    struct dump d = {
        .convert = c, .text = text, .fault = fault, .bus = import_wire_new(c)};
    const char *why = NULL;
    int rc = d.bus ? read_header(&d) : -ENOMEM;

    rc = rc ? rc : read_values(&d);
    rc = rc ? rc : import_wire_end(d.bus, &why, fault);
    if (!rc) {
        tool_convert_note(c, d.cut, "byte",
                          "cut short by a START or STOP: left out");
        tool_convert_note(c, d.unknown, "unknown value", "taken for high");
    }
    import_wire_free(d.bus);
    return rc && why ? bad(&d, why) : rc;
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
