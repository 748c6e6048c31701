/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replay with a PROGRAM, and its verdict. */
#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/output.h"
#include "owner/owner.h"
#include "program/line-verdict.h"
#include "program/program.h"
#include "common/text.h"
#include "program/with-program.h"

#define NEXT_MAX G_N_ELEMENTS(((struct i2cpt_trace_verdict *)0)->next_lines)

/* The verdicts of all buses taken together; what is said of the first mismatch
 * is that of the first bus that has one. */
struct verdict {
    struct i2cpt_trace_verdict all;
    struct line_verdict lines;
};

/* ------------------------------------------------------------------- buses */

static int set(struct i2cpt_options *o, const char *key, const char *value,
               struct i2cpt_fault *fault)
{
    return value ? i2cpt_options_set(o, key, value, fault) : 0;
}

/* The transfers of `traced` in the trace as PROGRAM's bus `seen`. */
static int add_bus(struct buses *buses, const struct replay_options *r,
                   uint32_t traced, uint32_t seen)
{
    struct i2cpt_fault fault;
    struct i2cpt_options *o;
    char number[16], *spec;
    int ret = i2cpt_options_new(&o);

    snprintf(number, sizeof(number), "%" PRIu32, traced);
    ret = ret ? ret : set(o, "backend", "trace", &fault);
    ret = ret ? ret : set(o, "file", r->trace, &fault);
    ret = ret ? ret : set(o, "match", r->match, &fault);
    ret = ret ? ret : set(o, "mux", r->mux, &fault);
    ret = ret ? ret : set(o, "end", r->end, &fault);
    ret = ret ? ret : set(o, "timing", r->timing, &fault);
    ret = ret ? ret : set(o, "truncated", "accept", &fault);
    ret = ret ? ret : set(o, "bus", traced ? number : NULL, &fault);
    if (ret) {
        tool_fault(ret, &fault);
    } else {
        spec = i2cpt_options_format(o);
        program_buses_add(buses, seen, spec);
        i2cpt_free(spec);
    }
    i2cpt_options_free(o);
    return ret;
}

static bool is_before_transfers(const struct i2cpt_trace_line *line)
{
    return line->kind == I2CPT_TRACE_HEADER ||
           line->kind == I2CPT_TRACE_COMMENT || line->kind == I2CPT_TRACE_BLANK;
}

/* PROGRAM sees the name that it saw when it was recorded: `name=`, or else the
 * backend. */
static void label_bus(struct buses *buses, uint32_t bus, const char *spec)
{
    g_autofree char *backend = g_strndup(spec, strcspn(spec, ","));

    program_buses_label(buses, bus, backend);
}

/* "name-N: NAME" of one of several. */
static void name_bus(struct buses *buses, const struct i2cpt_trace_line *line)
{
    int32_t bus;

    if (i2cpt_trace_header_is(line, "name", &bus) && bus >= 0) {
        program_buses_label(buses, (uint32_t)bus, line->text);
    }
}

/* "seen-as: N": as what it was recorded. */
static void take_number(const char *text, uint32_t *number)
{
    guint64 n;

    if (g_ascii_string_to_unsigned(text, 10, 0, OWNER_BUS_MAX, &n, NULL)) {
        *number = (uint32_t)n;
    }
}

/* A trace of several says so in its headers, "bus: N SPEC". */
static int add_buses(struct buses *buses, const struct replay_options *r)
{
    const struct i2cpt_trace_line *line;
    g_autofree char *spec = NULL, *name = NULL; /* of the only one */
    struct i2cpt_trace_reader *reader;
    struct i2cpt_fault fault;
    int ret = i2cpt_trace_reader_open(r->trace, &reader, &fault), told = 0;
    uint32_t seen = r->bus;

    if (ret) {
        return tool_fault(ret, &fault);
    }
    while (!told &&
           (ret = i2cpt_trace_reader_next(reader, &line, &fault)) == 1 &&
           is_before_transfers(line)) {
        if (line->kind != I2CPT_TRACE_HEADER) {
            continue;
        }
        if (line->bus >= 0) {
            told = add_bus(buses, r, (uint32_t)line->bus, (uint32_t)line->bus);
            label_bus(buses, (uint32_t)line->bus, line->spec);
        } else if (!strcmp(line->key, "seen-as") && !r->bus_given) {
            take_number(line->text, &seen);
        } else if (!strcmp(line->key, "adapter") && !spec) {
            spec = g_strdup(line->text);
        } else if (!strcmp(line->key, "name") && !name) {
            name = g_strdup(line->text);
        } else {
            name_bus(buses, line);
        }
    }
    i2cpt_trace_reader_free(reader);
    if (told) {
        return told;
    }
    if (ret < 0) {
        return tool_fault(ret, &fault);
    }
    if (!program_buses_count(buses)) {
        told = add_bus(buses, r, 0, seen);
        if (spec) {
            label_bus(buses, seen, spec);
        }
        if (name) {
            program_buses_label(buses, seen, name);
        }
    }
    return told;
}

/* ----------------------------------------------------------------- verdict */

static int by_line(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a - 1, y = *(const uint64_t *)b - 1;

    return x < y ? -1 : x > y; /* 0, none, comes last */
}

/* The first of both lists. */
static void add_lines(uint64_t *lines, const uint64_t *more)
{
    uint64_t both[2 * NEXT_MAX];

    memcpy(both, lines, sizeof(both) / 2);
    memcpy(both + NEXT_MAX, more, sizeof(both) / 2);
    qsort(both, 2 * NEXT_MAX, sizeof(both[0]), by_line);
    memcpy(lines, both, sizeof(both) / 2);
}

/* What differed on a bus, where none before it has anything of the kind. */
static void take_mismatch(struct i2cpt_trace_verdict *all,
                          const struct i2cpt_trace_verdict *one)
{
    memcpy(all->text, one->text, sizeof(all->text));
    memcpy(all->expected, one->expected, sizeof(all->expected));
    memcpy(all->actual, one->actual, sizeof(all->actual));
    all->mismatch_line = one->mismatch_line;
}

static void add_verdict(struct i2cpt_trace_verdict *all,
                        const struct i2cpt_trace_verdict *one)
{
    if (!all->mismatches) {
        take_mismatch(all, one);
    }
    all->consumed += one->consumed;
    all->remaining +=
        one->remaining == I2CPT_TRACE_UNKNOWN ? 0 : one->remaining;
    all->mismatches += one->mismatches;
    all->redacted += one->redacted;
    all->split += one->split;
    all->joined += one->joined;
    all->truncated |= one->truncated;
    add_lines(all->next_lines, one->next_lines);
    all->next_line = all->next_lines[0];
}

static int judge(struct buses *buses, struct verdict *v)
{
    struct i2cpt_trace_verdict one = {.size = sizeof(one)};
    struct i2cpt_fault fault;
    unsigned i;
    int ret;

    v->all.size = sizeof(v->all);
    for (i = 0; i < program_buses_count(buses); i++) {
        ret = i2cpt_trace_adapter_verdict(program_buses_adapter(buses, i), &one,
                                          &fault);
        if (ret) {
            return tool_fault(ret, &fault);
        }
        add_verdict(&v->all, &one);
        program_lines_add(&v->lines, &v->all, program_buses_number_of(buses, i),
                          &one);
    }
    return 0;
}

static const char *word(const struct i2cpt_trace_verdict *v)
{
    return v->mismatches ? "mismatch" : v->remaining ? "unconsumed" : "same";
}

/* False where there is nothing to say. */
static bool say(const struct replay_options *r,
                const struct i2cpt_trace_verdict *v,
                enum i2cpt_trace_verdict_part part)
{
    char text[I2CPT_FAULT_TEXT_SIZE];

    if (!i2cpt_trace_verdict_describe(v, part, text, sizeof(text))) {
        return false;
    }
    tool_complain("%s: %s", r->trace, text);
    return true;
}

/* Of the first mismatch both requests, and what stands there in the trace. */
static void show_mismatch(const struct replay_options *r,
                          const struct i2cpt_trace_verdict *v)
{
    bool reads_on = strstr(v->actual, " (") != NULL;

    if (v->mismatch_line) {
        tool_text_aligned(stderr, "  expected ", v->expected, "  got      ",
                          v->actual);
    }
    if (tool_text_around(stderr, r->trace, v->mismatch_line,
                         reads_on ? NULL : v->actual) &&
        (!r->match || strcmp(r->match, "lookup"))) {
        fputs("  (--match lookup answers by the request, in any order)\n",
              stderr);
    }
}

static void tell(const struct replay_options *r,
                 const struct i2cpt_trace_verdict *v)
{
    const uint64_t held[] = {v->held_for, v->held_line};

    if (say(r, v, I2CPT_VERDICT_MISMATCHES)) {
        show_mismatch(r, v);
    }
    if (say(r, v, I2CPT_VERDICT_REMAINING)) {
        tool_text_lines(stderr, r->trace, v->next_lines, NEXT_MAX);
    }
    if (say(r, v, I2CPT_VERDICT_HELD)) {
        tool_text_lines(stderr, r->trace, held, G_N_ELEMENTS(held));
    }
    say(r, v, I2CPT_VERDICT_STALLS);
    say(r, v, I2CPT_VERDICT_RESTARTS);
    say(r, v, I2CPT_VERDICT_REDACTED);
    say(r, v, I2CPT_VERDICT_TRUNCATED);
}

static void put_report(struct json *j, const struct replay_options *r,
                       const struct verdict *verdict,
                       const struct program_report *said, int status)
{
    const struct i2cpt_trace_verdict *v = &verdict->all;

    tool_json_open(j, NULL, '{');
    tool_json_string(j, "trace", r->trace);
    tool_json_string(j, "verdict", word(v));
    tool_json_int(j, "status", status);
    tool_json_uint(j, "consumed", v->consumed);
    tool_json_uint(j, "remaining", v->remaining);
    tool_json_open(j, "remaining_lines", '[');
    for (size_t i = 0; i < NEXT_MAX && v->next_lines[i]; i++) {
        tool_json_uint(j, NULL, v->next_lines[i]);
    }
    tool_json_close(j, ']');
    tool_json_uint(j, "mismatches", v->mismatches);
    tool_json_string(j, "first", v->text);
    if (v->mismatches) {
        tool_json_uint(j, "line", v->mismatch_line);
        tool_json_string(j, "expected", v->expected);
        tool_json_string(j, "actual", v->actual);
    }
    tool_json_uint(j, "redacted", v->redacted);
    tool_json_uint(j, "split", v->split);
    tool_json_uint(j, "joined", v->joined);
    tool_json_bool(j, "truncated", v->truncated);
    program_lines_report(&verdict->lines, v, j);
    if (said->form) {
        tool_json_string(j, "redirect", said->form);
    }
    tool_json_open(j, "notes", '[');
    for (guint i = 0; said->notes && i < said->notes->len; i++) {
        tool_json_string(j, NULL, g_ptr_array_index(said->notes, i));
    }
    tool_json_close(j, ']');
    tool_json_close(j, '}');
}

static int report(const struct replay_options *r, const struct verdict *v,
                  const struct program_report *said, int status)
{
    struct i2cpt_fault fault = {0};
    struct output out;
    struct json j = {0};
    int rc = tool_output_open(&out, r->report, &fault);

    if (!rc) {
        j.to = out.to;
        put_report(&j, r, v, said, status);
        rc = tool_output_close(&out, 0, &fault);
    }
    if (rc) {
        tool_fault(rc, &fault);
    }
    return rc ? PROGRAM_OURS : 0;
}

int program_replay(const struct replay_options *r)
{
    struct buses *buses = program_buses_new();
    struct program_report said = {0};
    struct verdict v = {0};
    int ret, status = PROGRAM_OURS;

    tool_memory_fails_with(PROGRAM_OURS);
    program_buses_set_program(buses, &r->program);
    ret = add_buses(buses, r);
    if (ret || program_buses_open(buses, NULL)) {
        goto out;
    }
    status =
        program_run(program_buses_owner(buses), &r->program, r->argv, &said);
    if (judge(buses, &v)) {
        status = PROGRAM_OURS;
        goto out;
    }
    tell(r, &v.all);
    if (!status && i2cpt_trace_verdict_failed(&v.all)) {
        status = PROGRAM_OURS;
    }
    ret = r->report ? report(r, &v, &said, status) : 0;
    status = ret && !status ? ret : status;
out:
    program_lines_clear(&v.lines);
    program_report_clear(&said);
    program_buses_free(buses);
    return status;
}
