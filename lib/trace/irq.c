/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes of an input line as the text of an event. */
#include "trace/irq.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "core/key.h"
#include "lines/lines.h"
#include "trace/line.h"

/* "i2c-N: " at the beginning: how long that is, or 0. */
static size_t parse_bus(const char *text, const char *end, int32_t *bus)
{
    const char *p = text + strlen("i2c-"), *first = p;
    uint64_t value = 0;

    if (end - text < 4 || memcmp(text, "i2c-", 4) != 0) {
        return 0;
    }
    while (p < end && g_ascii_isdigit(*p) && value <= I2CPT_TRACE_BUS_MAX) {
        value = value * 10 + (uint64_t)(*p++ - '0');
    }
    if (p == first || value > I2CPT_TRACE_BUS_MAX || end - p < 2 ||
        p[0] != ':' || p[1] != ' ') {
        return 0;
    }
    *bus = (int32_t)value;
    return (size_t)(p + 2 - text);
}

const char *trace_irq_parse(const char *text, size_t len,
                            struct i2cpt_trace_irq *out, size_t *at)
{
    const char *end = text + len, *name, *p;

    *out = (struct i2cpt_trace_irq){.size = sizeof(*out), .bus = -1};
    name = p = text + parse_bus(text, end, &out->bus);
    while (p < end && *p != ' ' && (size_t)(p - name) < LINES_NAME_MAX) {
        out->name[p - name] = *p;
        p++;
    }
    *at = (size_t)(name - text);
    if (!i2cpt_line_name_is_good(out->name) || (p < end && *p != ' ')) {
        return "expected [i2c-N: ]NAME LEVEL; a line's name has 1 to 31 "
               "letters, digits, '_' and '-'";
    }
    *at = (size_t)(p - text);
    if (end - p != 2 || (p[1] != '0' && p[1] != '1')) {
        return "expected a space and the level, 0 or 1, after the line's name";
    }
    out->level = p[1] - '0';
    return NULL;
}

void trace_irq_format(const struct i2cpt_trace_irq *irq,
                      char text[TRACE_IRQ_TEXT])
{
    if (irq->bus < 0) {
        g_snprintf(text, TRACE_IRQ_TEXT, "%s %d", irq->name, irq->level);
    } else {
        g_snprintf(text, TRACE_IRQ_TEXT, "i2c-%d: %s %d", irq->bus, irq->name,
                   irq->level);
    }
}

int i2cpt_trace_irq_is(const struct i2cpt_trace_line *line,
                       struct i2cpt_trace_irq *out)
{
    struct i2cpt_trace_irq irq;
    uint32_t size;
    size_t at;

    if (!line || !out || !i2cpt_size_is_possible(out->size, sizeof(irq))) {
        return -EINVAL;
    }
    if (line->kind != I2CPT_TRACE_EVENT || !line->key || !line->text ||
        strcmp(line->key, TRACE_IRQ) != 0) {
        return 0;
    }
    if (trace_irq_parse(line->text, strlen(line->text), &irq, &at)) {
        return -EINVAL;
    }
    size = out->size;
    *out = irq;
    out->size = size;
    return 1;
}

char *trace_lines_next(const char **text)
{
    size_t len;
    char *name;

    *text += strspn(*text, " ");
    len = strcspn(*text, " ");
    name = len ? g_strndup(*text, len) : NULL;
    *text += len;
    return name;
}
