/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of a value change dump, and its declarations: which codes are SCL,
 * SDA and the lines; IEEE 1364, 18.2. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/text-in.h"
#include "importers/import-vcd.h"

/* -------------------------------------------------------------------- words */

int import_vcd_bad(const struct vcd_dump *d, const char *what)
{
    return tool_text_error(d->text, d->at ? d->at : d->text->buf, d->fault,
                           "%s", what);
}

int import_vcd_next_word(struct vcd_dump *d)
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

int import_vcd_skip_to_end(struct vcd_dump *d)
{
    int rc;

    while ((rc = import_vcd_next_word(d)) > 0 && strcmp(d->word, "$end")) {
    }
    return rc;
}

/* ------------------------------------------------------------------- header */

/* "1", "10 ns", "100us": up to the unit; ticks per second. */
static int read_timescale(struct vcd_dump *d)
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

    int rc = import_vcd_next_word(d);
    if (rc > 0 && tool_text_number(&p, 10, 100, &count) && !*p) {
        rc = import_vcd_next_word(d);
        p = d->word;
    }
    for (size_t i = 0; rc > 0 && i < sizeof(units) / sizeof(units[0]); i++) {
        if (!strcmp(p, units[i].unit) &&
            (count == 1 || count == 10 || count == 100)) {
            /* "10 s" is slower than any I2C */
            d->hz = units[i].hz / count;
        }
    }
    return rc < 0 || d->hz
               ? rc
               : import_vcd_bad(d, "no $timescale; accepted is 1, 10 or 100 "
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

/* A name that has "scl" in it may be a line's; then it is SCL only where
 * nothing else is. */
static int take_var(struct vcd_dump *d, struct vcd_wire *w,
                    const struct vcd_var *v, const char *asked,
                    const char *part)
{
    bool of_line = !asked && import_vcd_lines_mean(&d->lines, v);
    uint64_t bit = 0;

    if (asked ? import_vcd_var_match(v, asked, &bit) != VCD_BIT
              : v->size != 1 || !holds(v->name, part)) {
        return 0;
    }
    if (!v->fits) {
        return import_vcd_bad(
            d, "a name of more than 100 bytes, or its code of more "
               "than 31");
    }
    if (*w->id && of_line != w->of_line) {
        if (of_line) {
            return 0;
        }
    } else if (*w->id && (strcmp(w->id, v->id) || w->bit != bit)) {
        return import_vcd_bad(
            d, "more than one wire of this kind; --scl NAME and --sda "
               "NAME choose, with its scope where need be: dut.NAME");
    }
    strcpy(w->id, v->id);
    w->bit = bit;
    w->of_line = of_line;
    return 0;
}

static int read_var(struct vcd_dump *d)
{
    const struct convert_options *o = &d->convert->options;
    struct vcd_var v = {.fits = true};
    const char *p = d->word, *wrong;
    char why[VCD_LINES_WHY];
    int rc = import_vcd_next_word(d); /* TYPE */

    rc = rc > 0 ? import_vcd_next_word(d) : rc;
    if (rc > 0 && (!tool_text_number(&p, 10, UINT32_MAX, &v.size) || *p)) {
        return import_vcd_bad(d, "no size of a $var; accepted is a number");
    }
    rc = rc > 0 ? import_vcd_next_word(d) : rc;
    v.fits = strlen(d->word) <= VCD_ID_MAX;
    snprintf(v.id, sizeof(v.id), "%.*s", VCD_ID_MAX, d->word);
    rc = rc > 0 ? import_vcd_next_word(d) : rc;
    v.fits = v.fits && strlen(d->word) <= VCD_NAME_MAX;
    snprintf(v.name, sizeof(v.name), "%.*s", VCD_NAME_MAX, d->word);
    while (rc > 0 && (rc = import_vcd_next_word(d)) > 0 &&
           strcmp(d->word, "$end")) {
        size_t len = strlen(v.range);
        snprintf(v.range + len, sizeof(v.range) - len, "%.63s", d->word);
    }
    if (rc < 1) {
        return rc < 0 ? rc : import_vcd_bad(d, "the file ends in a $var");
    }
    import_vcd_var_finish(&v, &d->scope);
    import_vcd_names_add(&d->names, &v);
    wrong = import_vcd_lines_var(&d->lines, &v, why);
    rc = wrong ? import_vcd_bad(d, wrong)
               : take_var(d, &d->scl, &v, o->scl, "scl");
    rc = rc ? rc : take_var(d, &d->sda, &v, o->sda, "sda");
    return rc ? rc : 1;
}

/* "$scope module NAME $end" */
static int read_scope(struct vcd_dump *d)
{
    int rc = import_vcd_next_word(d);

    rc = rc > 0 ? import_vcd_next_word(d) : rc;
    if (rc > 0) {
        import_vcd_scope_enter(&d->scope, d->word);
    }
    return rc;
}

static int check_found(struct vcd_dump *d)
{
    const char *missing = !*d->scl.id ? "SCL" : !*d->sda.id ? "SDA" : NULL;
    const char *option = !*d->scl.id ? "scl" : "sda", *file = d->text->name;
    char there[VCD_NAMES_TEXT];
    int rc;

    if (missing) {
        return tool_convert_error(
            d->fault, EINVAL,
            "%s: no wire for %s; accepted is a name with %s, or --%s NAME, "
            "--%s 'VECTOR[BIT]'; there are: %s",
            file, missing, option, option, option,
            import_vcd_names_text(&d->names, there));
    }
    rc = import_vcd_lines_found(&d->lines, file, &d->names, d->fault);
    rc = rc ? rc
            : import_vcd_lines_other(&d->lines, file, d->scl.id, d->scl.bit,
                                     "SCL", d->fault);
    return rc ? rc
              : import_vcd_lines_other(&d->lines, file, d->sda.id, d->sda.bit,
                                       "SDA", d->fault);
}

int import_vcd_header(struct vcd_dump *d)
{
    int rc;

    while ((rc = import_vcd_next_word(d)) > 0 &&
           strcmp(d->word, "$enddefinitions")) {
        if (!strcmp(d->word, "$timescale")) {
            rc = read_timescale(d);
        } else if (!strcmp(d->word, "$var")) {
            rc = read_var(d);
        } else if (!strcmp(d->word, "$scope")) {
            rc = read_scope(d);
        } else if (!strcmp(d->word, "$upscope")) {
            import_vcd_scope_leave(&d->scope);
        } else if (!strcmp(d->word, "$comment")) {
            rc = import_vcd_skip_to_end(d);
        }
        if (rc < 0) {
            return rc;
        }
    }
    if (rc < 0) {
        return rc;
    }
    if (!rc || !d->hz) {
        return tool_convert_error(d->fault, EINVAL, "%s: %s", d->text->name,
                                  !rc ? "no VCD: no $enddefinitions in it"
                                      : "no $timescale in it");
    }
    return check_found(d);
}
