/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check: whether a trace is one, and whole. */
#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"
#include "common/tool.h"
#include "verbs/mux-hint.h"

#define MUXES_MAX   8
#define UNNAMED_MAX 8

/* The first `irq` of a name that the header's "lines" does not have. */
struct unnamed {
    struct i2cpt_trace_irq irq;
    uint64_t line;
};

struct verdict {
    const char *path, *word;
    uint64_t transfers, last; /* line that could be read */
    struct i2cpt_fault fault;
    struct mux_found muxes[MUXES_MAX];
    size_t n_muxes;
    struct unnamed unnamed[UNNAMED_MAX];
    size_t n_unnamed;
};

static void json_mux(struct json *j, const struct mux_found *m)
{
    tool_json_open(j, NULL, '{');
    if (m->bus >= 0) {
        tool_json_int(j, "bus", m->bus);
    }
    tool_json_uint(j, "address", m->addr);
    tool_json_uint(j, "line", m->line);
    tool_json_uint(j, "other", m->other);
    tool_json_close(j, '}');
}

static void json_unnamed(struct json *j, const struct unnamed *u)
{
    tool_json_open(j, NULL, '{');
    if (u->irq.bus >= 0) {
        tool_json_int(j, "bus", u->irq.bus);
    }
    tool_json_string(j, "irq", u->irq.name);
    tool_json_uint(j, "line", u->line);
    tool_json_close(j, '}');
}

static void print_json(const struct verdict *v)
{
    struct json j = {.to = stdout};

    tool_json_open(&j, NULL, '{');
    tool_json_string(&j, "trace", v->path);
    tool_json_string(&j, "verdict", v->word);
    tool_json_uint(&j, "transfers", v->transfers);
    tool_json_uint(&j, "lines", v->last);
    if (v->fault.code) {
        tool_json_string(&j, "error", v->fault.text);
    }
    if (v->n_muxes) {
        tool_json_open(&j, "muxes", '[');
    }
    for (size_t i = 0; i < v->n_muxes; i++) {
        json_mux(&j, &v->muxes[i]);
    }
    if (v->n_muxes) {
        tool_json_close(&j, ']');
    }
    if (v->n_unnamed) {
        tool_json_open(&j, "unnamed", '[');
    }
    for (size_t i = 0; i < v->n_unnamed; i++) {
        json_unnamed(&j, &v->unnamed[i]);
    }
    if (v->n_unnamed) {
        tool_json_close(&j, ']');
    }
    tool_json_close(&j, '}');
}

/* Nothing is wrong with the trace, but with looking things up in it. */
static void print_mux(const char *path, const struct mux_found *m)
{
    char bus[24] = "";

    if (m->bus >= 0) {
        snprintf(bus, sizeof(bus), " of i2c-%" PRId32, m->bus);
    }
    printf(
        "%s: line %" PRIu64 " asks as line %" PRIu64
        " does and is answered otherwise, which what was written to 0x%02x%s "
        "in between explains: if that is a multiplexer, match=lookup needs "
        "mux=0x%02x\n",
        path, m->other, m->line, m->addr, bus, m->addr);
}

static void print_unnamed(const char *path, const struct unnamed *u)
{
    char bus[24] = "";

    if (u->irq.bus >= 0) {
        snprintf(bus, sizeof(bus), "-%" PRId32, u->irq.bus);
    }
    printf("%s:%" PRIu64 ": irq %s: \"lines%s\" in the header does not name "
           "it, so it is not replayed\n",
           path, u->line, u->irq.name, bus);
}

static void print(const struct verdict *v)
{
    g_autofree char *path = tool_text_plain(v->path);

    printf("%s: %s", path, v->word);
    if (!strcmp(v->word, "truncated")) {
        printf(" after line %" PRIu64 ", %" PRIu64 " transfer%s readable",
               v->last, v->transfers, tool_text_s(v->transfers));
    } else if (!v->fault.code) {
        printf(", %" PRIu64 " transfer%s", v->transfers,
               tool_text_s(v->transfers));
    }
    putchar('\n');
    for (size_t i = 0; i < v->n_muxes; i++) {
        print_mux(path, &v->muxes[i]);
    }
    for (size_t i = 0; i < v->n_unnamed; i++) {
        print_unnamed(path, &v->unnamed[i]);
    }
}

/* "NAME" of every bus or "N NAME" of one, for each that a header names. */
static void note_names(GHashTable *named, const struct i2cpt_trace_line *line)
{
    g_auto(GStrv) names = NULL;
    int32_t bus;

    if (!i2cpt_trace_header_is(line, "lines", &bus)) {
        return;
    }
    names = g_strsplit(line->text, " ", -1);
    for (char **name = names; *name; name++) {
        g_hash_table_add(named, bus < 0 ? g_strdup(*name)
                                        : g_strdup_printf("%d %s", bus, *name));
    }
}

static void note_irq(struct verdict *v, GHashTable *named,
                     const struct i2cpt_trace_line *line)
{
    struct i2cpt_trace_irq irq = {.size = sizeof(irq)};
    g_autofree char *of_bus = NULL;

    if (i2cpt_trace_irq_is(line, &irq) != 1) {
        return;
    }
    of_bus = g_strdup_printf("%d %s", MAX(irq.bus, 0), irq.name);
    if (g_hash_table_contains(named, irq.name) ||
        g_hash_table_contains(named, of_bus)) {
        return;
    }
    g_hash_table_add(named, g_steal_pointer(&of_bus)); /* said once */
    if (v->n_unnamed < UNNAMED_MAX) {
        v->unnamed[v->n_unnamed++] = (struct unnamed){irq, line->line};
    }
}

static int check(struct verdict *v, struct i2cpt_trace_reader *reader)
{
    struct tool_progress progress = {.what = "lines"};
    const struct i2cpt_trace_line *line;
    struct mux_hint *hint = verb_mux_hint_new();
    GHashTable *named =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    int rc;

    while ((rc = i2cpt_trace_reader_next(reader, &line, &v->fault)) > 0) {
        v->last = line->line;
        if (line->kind == I2CPT_TRACE_TRANSFER) {
            verb_mux_hint_add(hint, &line->transfer, line->line);
        }
        note_names(named, line);
        note_irq(v, named, line);
        tool_progress_step(&progress);
    }
    tool_progress_clear(&progress);
    v->n_muxes = rc ? 0 : verb_mux_hint_find(hint, v->muxes, MUXES_MAX);
    v->n_unnamed = rc ? 0 : v->n_unnamed;
    verb_mux_hint_free(hint);
    g_hash_table_unref(named);
    v->transfers = i2cpt_trace_reader_transfers(reader);
    v->word = i2cpt_trace_reader_complete(reader) ? "whole" : "truncated";
    return rc;
}

static int run(const struct verb *verb, int argc, char **argv)
{
    struct i2cpt_trace_reader *reader;
    struct verdict v = {.last = 1};
    bool json = false;

    int rc =
        tool_open_trace(verb, argc, argv, &json, &v.path, &reader, &v.fault);
    if (rc == 0) {
        rc = check(&v, reader);
        i2cpt_trace_reader_free(reader);
    }
    if (rc < 0) {
        tool_fault(rc, &v.fault);
        if (rc != -EINVAL) { /* the reader's word for what is no trace */
            return TOOL_BROKEN;
        }
        v.word = "bad";
    }
    (json ? print_json : print)(&v);
    return strcmp(v.word, "whole") ? TOOL_DIFFERS : TOOL_FINE;
}

const struct verb verb_check = {
    .name = "check",
    .synopsis = "[--json] TRACE",
    .about = "Say whether a trace is whole, truncated or bad",
    .help = "  --json  the verdict as one JSON document\n\n"
            "TRACE may be - for the standard input.\n\n"
            "  whole      every line can be read and `end N` counts right\n"
            "  truncated  readable, but the recorder did not come to its end\n"
            "  bad        a line is no line of a trace; which, and why\n\n"
            "Where one request has several answers, and what was written to "
            "another\n"
            "address explains which, that address is named: a multiplexer, for "
            "replay\n"
            "--match lookup --mux. So is the first irq of each name that the "
            "header does\n"
            "not name.\n\n"
            "Exit status: 0 whole, 1 truncated or bad, 3 cannot be opened.\n\n"
            "Example:\n"
            "  i2cpt-replay check session.i2ct\n",
    .run = run,
};
