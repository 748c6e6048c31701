/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which changes of a trace's lines were told, and which one waits for what. */
#include "program/line-verdict.h"

struct line {
    uint32_t bus;
    struct i2cpt_trace_line_count count;
};

static void add_counts(struct line_verdict *v, uint32_t number,
                       const struct i2cpt_trace_verdict *one)
{
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(one->lines) && *one->lines[i].name; i++) {
        struct line line = {.bus = number, .count = one->lines[i]};

        if (!v->lines) {
            v->lines = g_array_new(FALSE, FALSE, sizeof(struct line));
        }
        g_array_append_val(v->lines, line);
    }
}

/* Of several buses the one whose line of the trace comes first. */
static bool comes_first(uint64_t line, uint64_t before)
{
    return line && (!before || line < before);
}

void program_lines_add(struct line_verdict *v, struct i2cpt_trace_verdict *all,
                       uint32_t number, const struct i2cpt_trace_verdict *one)
{
    all->changes += one->changes;
    all->changes_left += one->changes_left;
    all->stalls += one->stalls;
    if (comes_first(one->stalled_line, all->stalled_line)) {
        all->stalled_line = one->stalled_line;
        all->stalled_for = one->stalled_for;
        g_strlcpy(all->stalled, one->stalled, sizeof(all->stalled));
    }
    if (comes_first(one->held_line, all->held_line)) {
        all->held_line = one->held_line;
        all->held_for = one->held_for;
    }
    add_counts(v, number, one);
}

void program_lines_report(const struct line_verdict *v,
                          const struct i2cpt_trace_verdict *all, struct json *j)
{
    guint i;

    tool_json_uint(j, "changes", all->changes);
    tool_json_uint(j, "changes_left", all->changes_left);
    tool_json_uint(j, "held_line", all->held_line);
    tool_json_uint(j, "held_for", all->held_for);
    tool_json_uint(j, "stalls", all->stalls);
    tool_json_uint(j, "stalled_line", all->stalled_line);
    tool_json_uint(j, "stalled_for", all->stalled_for);
    tool_json_string(j, "stalled", all->stalled);
    tool_json_open(j, "lines", '[');
    for (i = 0; v->lines && i < v->lines->len; i++) {
        const struct line *line = &g_array_index(v->lines, struct line, i);

        tool_json_open(j, NULL, '{');
        tool_json_uint(j, "bus", line->bus);
        tool_json_string(j, "name", line->count.name);
        tool_json_uint(j, "changes", line->count.changes);
        tool_json_uint(j, "changes_left", line->count.changes_left);
        tool_json_close(j, '}');
    }
    tool_json_close(j, ']');
}

void program_lines_clear(struct line_verdict *v)
{
    if (v->lines) {
        g_array_unref(v->lines);
    }
}
