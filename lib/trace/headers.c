/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Headers of a trace: "KEY", or "KEY-N" of bus N, and "bus: N SPEC". */
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "core/key.h"
#include "i2cpt-trace.h"
#include "trace/headers.h"

/* The digits that `text` begins with, up to one of `ends`; -1: there are none
 * such. */
static int32_t bus_number(const char *text, const char *ends)
{
    const char *p = text;
    int32_t bus = 0;

    while (g_ascii_isdigit(*p) && bus <= I2CPT_TRACE_BUS_MAX) {
        bus = bus * 10 + (*p++ - '0');
    }
    return p == text || bus > I2CPT_TRACE_BUS_MAX || (*p && !strchr(ends, *p))
               ? -1
               : bus;
}

int32_t trace_bus_of(const char *text)
{
    return bus_number(text, " ");
}

void trace_header_name(char *buf, size_t size, const char *key, int32_t bus)
{
    if (bus < 0) {
        snprintf(buf, size, "%s", key);
    } else {
        snprintf(buf, size, "%s-%d", key, (int)bus);
    }
}

int i2cpt_trace_header_is(const struct i2cpt_trace_line *line, const char *key,
                          int32_t *bus)
{
    if (!line || !key) {
        return 0;
    }

    size_t len = strlen(key);
    int32_t of = -1;

    if (line->kind != I2CPT_TRACE_HEADER || strncmp(line->key, key, len)) {
        return 0;
    }
    if (line->key[len]) {
        of = line->key[len] == '-' ? bus_number(line->key + len + 1, "") : -1;
        if (of < 0) {
            return 0;
        }
    }
    if (bus) {
        *bus = of;
    }
    return 1;
}

int i2cpt_trace_header_number(const struct i2cpt_trace_line *line,
                              const char *key, uint64_t max, int32_t *bus,
                              uint64_t *value)
{
    if (!line || !key || !value) {
        return -EINVAL;
    }
    if (!i2cpt_trace_header_is(line, key, bus)) {
        return 0;
    }
    return i2cpt_parse_uint(line->text, max, value) ? -EINVAL : 1;
}
