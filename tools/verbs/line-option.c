/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which signals of a capture are input lines, in the words of an adapter's keys
 * line.NAME= and line.NAME.active-low=. */
#include "verbs/line-option.h"

#include <string.h>

#define ACTIVE_LOW ".active-low"

/* What the library takes for a line's name in an `irq` is one. */
static bool take_name(char *name, size_t size, const char *text, size_t n)
{
    struct i2cpt_trace_line line = {
        .size = sizeof(line), .kind = I2CPT_TRACE_EVENT, .key = "irq"};
    struct i2cpt_trace_irq irq = {.size = sizeof(irq)};
    char event[64];

    if (n >= size) {
        return false;
    }
    memcpy(name, text, n);
    name[n] = 0;
    snprintf(event, sizeof(event), "%s 0", name);
    line.text = event;
    return i2cpt_trace_irq_is(&line, &irq) == 1 && !strcmp(irq.name, name);
}

/* The line of this name, which may be a new one. */
static struct convert_line *line_of(const struct verb *verb,
                                    struct convert_options *o, const char *text,
                                    size_t n)
{
    struct convert_line line = {0};

    if (!take_name(line.name, sizeof(line.name), text, n)) {
        tool_usage(verb,
                   "--line %s: '%.*s' is no line's name, of 1 to 31 letters, "
                   "digits, '_' and '-'; accepted are NAME, NAME=SIGNAL and "
                   "NAME" ACTIVE_LOW "=on",
                   text, (int)n, text);
    }
    for (unsigned i = 0; i < o->n_lines; i++) {
        if (!strcmp(o->lines[i].name, line.name)) {
            return &o->lines[i];
        }
    }
    if (o->n_lines == CONVERT_LINES_MAX) {
        tool_usage(verb, "--line %s: more than %u lines; accepted are 1 to %u",
                   text, CONVERT_LINES_MAX, CONVERT_LINES_MAX);
    }
    o->lines[o->n_lines] = line;
    return &o->lines[o->n_lines++];
}

/* A line is named once, and is turned round once. */
static void once(const struct verb *verb, const char *text, bool *given)
{
    if (*given) {
        tool_usage(verb,
                   "--line %s: a second one for this name; accepted is "
                   "one",
                   text);
    }
    *given = true;
}

void verb_line_option(const struct verb *verb, struct convert_options *o,
                      const char *text)
{
    const size_t ends = strlen(ACTIVE_LOW);
    const char *value = strchr(text, '=');
    size_t n = value ? (size_t)(value - text) : strlen(text);
    bool turn = n > ends && !strncmp(text + n - ends, ACTIVE_LOW, ends);
    struct convert_line *line = line_of(verb, o, text, turn ? n - ends : n);

    if (!turn) {
        once(verb, text, &line->named);
        if (value && !value[1]) {
            tool_usage(verb, "--line %s: no signal; accepted is NAME=SIGNAL",
                       text);
        }
        line->signal = value ? value + 1 : NULL;
        return;
    }
    once(verb, text, &line->turned);
    if (!value || (strcmp(value, "=on") && strcmp(value, "=off"))) {
        tool_usage(verb, "--line %s: accepted is %.*s=on or =off", text, (int)n,
                   text);
    }
    line->active_low = !strcmp(value, "=on");
}
