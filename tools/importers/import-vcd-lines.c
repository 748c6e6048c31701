/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signals of a value change dump as input lines of a trace. */
#include "importers/import-vcd-lines.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *asked_for(const struct vcd_lines *l, unsigned i)
{
    const struct convert_line *line = &l->options->lines[i];

    return line->signal ? line->signal : line->name;
}

/* ------------------------------------------------------------------- header */

bool import_vcd_lines_mean(const struct vcd_lines *l, const struct vcd_var *v)
{
    uint64_t bit;

    for (unsigned i = 0; i < l->options->n_lines; i++) {
        if (import_vcd_var_match(v, asked_for(l, i), &bit) == VCD_BIT) {
            return true;
        }
    }
    return false;
}

static const char *take_var(struct vcd_lines *l, unsigned i,
                            const struct vcd_var *v, char why[VCD_LINES_WHY])
{
    struct vcd_line *line = &l->lines[i];
    const char *name = l->options->lines[i].name;
    uint64_t bit;

    enum vcd_match match = import_vcd_var_match(v, asked_for(l, i), &bit);
    if (match == VCD_SEVERAL_BITS) {
        line->bits = v->size;
        line->low = v->low;
    }
    if (match != VCD_BIT) {
        return NULL;
    }
    if (!v->fits) {
        return "a name of more than 100 bytes, or its code of more than 31";
    }
    if (*line->id && (strcmp(line->id, v->id) || line->bit != bit)) {
        snprintf(why, VCD_LINES_WHY,
                 "--line %s=%s: more than one signal of this name; accepted is "
                 "one of them with its scope, as '%.200s' or '%.200s'",
                 name, asked_for(l, i), line->path, v->path);
        return why;
    }
    strcpy(line->id, v->id);
    strcpy(line->path, v->path);
    line->bit = bit;
    return NULL;
}

const char *import_vcd_lines_var(struct vcd_lines *l, const struct vcd_var *v,
                                 char why[VCD_LINES_WHY])
{
    const char *wrong = NULL;

    for (unsigned i = 0; !wrong && i < l->options->n_lines; i++) {
        wrong = take_var(l, i, v, why);
    }
    return wrong;
}

int import_vcd_lines_found(const struct vcd_lines *l, const char *file,
                           const struct vcd_names *names,
                           struct i2cpt_fault *fault)
{
    char text[VCD_NAMES_TEXT];

    for (unsigned i = 0; i < l->options->n_lines; i++) {
        const struct vcd_line *line = &l->lines[i];
        const char *name = l->options->lines[i].name, *asked = asked_for(l, i);

        if (*line->id) {
            continue;
        }
        if (line->bits) {
            return tool_convert_error(
                fault, EINVAL,
                "%s: --line %s=%s: a signal of %" PRIu64 " bits; accepted is "
                "one of them, --line '%s=%s[%" PRIu64 "]'",
                file, name, asked, line->bits, name, asked, line->low);
        }
        return tool_convert_error(
            fault, EINVAL, "%s: --line %s=%s: no such signal; there are: %s",
            file, name, asked, import_vcd_names_text(names, text));
    }
    return 0;
}

int import_vcd_lines_other(const struct vcd_lines *l, const char *file,
                           const char *id, uint64_t bit, const char *wire,
                           struct i2cpt_fault *fault)
{
    for (unsigned i = 0; i < l->options->n_lines; i++) {
        if (!strcmp(l->lines[i].id, id) && l->lines[i].bit == bit) {
            return tool_convert_error(
                fault, EINVAL,
                "%s: --line %s=%s: that signal is %s; accepted is another one",
                file, l->options->lines[i].name, asked_for(l, i), wire);
        }
    }
    return 0;
}

/* ------------------------------------------------------------------- values */

void import_vcd_lines_digits(struct vcd_lines *l, const char *digits, size_t n)
{
    for (unsigned i = 0; i < l->options->n_lines; i++) {
        l->lines[i].next = import_vcd_digit(digits, n, l->lines[i].bit);
    }
}

void import_vcd_lines_value(struct vcd_lines *l, const char *id)
{
    for (unsigned i = 0; i < l->options->n_lines; i++) {
        struct vcd_line *line = &l->lines[i];

        if (strcmp(line->id, id)) {
            continue;
        }
        line->value = line->next;
        if (!line->changed) {
            line->changed = true;
            l->order[l->n_order++] = (uint8_t)i;
        }
    }
}

/* What is not known is as it was. */
static bool active(struct vcd_lines *l, unsigned i)
{
    const struct vcd_line *line = &l->lines[i];
    enum vcd_level level = import_vcd_level(line->value);

    if (level == VCD_UNKNOWN) {
        l->unknown++;
        return line->level;
    }
    return (level == VCD_HIGH) != l->options->lines[i].active_low;
}

static int put(struct vcd_lines *l, struct import_wire *bus, unsigned i,
               int64_t at_ns, const char **why, struct i2cpt_fault *fault)
{
    return import_wire_irq(bus, l->options->lines[i].name, l->lines[i].level,
                           at_ns, why, fault);
}

static int begin(struct vcd_lines *l, struct import_wire *bus, int64_t at_ns,
                 const char **why, struct i2cpt_fault *fault)
{
    int rc = import_wire_name_lines(bus, fault);

    for (unsigned i = 0; !rc && i < l->options->n_lines; i++) {
        l->lines[i].level = active(l, i);
        l->lines[i].changed = false;
        rc = put(l, bus, i, at_ns, why, fault);
    }
    l->begun = true;
    l->n_order = 0;
    return rc;
}

int import_vcd_lines_settle(struct vcd_lines *l, struct import_wire *bus,
                            int64_t at_ns, const char **why,
                            struct i2cpt_fault *fault)
{
    int rc = 0;

    if (!l->begun) {
        return begin(l, bus, at_ns, why, fault);
    }
    for (unsigned k = 0; !rc && k < l->n_order; k++) {
        struct vcd_line *line = &l->lines[l->order[k]];
        bool was = line->level;

        line->changed = false;
        line->level = active(l, l->order[k]);
        if (line->level != was) {
            rc = put(l, bus, l->order[k], at_ns, why, fault);
        }
    }
    l->n_order = 0;
    return rc;
}
