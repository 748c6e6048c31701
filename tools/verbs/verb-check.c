/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check: whether a trace is one, and whole. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/tool.h"

struct verdict {
    const char *path, *word;
    uint64_t transfers, last; /* line that could be read */
    struct i2cpt_fault fault;
};

static void print_json(const struct verdict *v)
{
    struct json j = {.to = stdout};

    json_open(&j, NULL, '{');
    json_string(&j, "trace", v->path);
    json_string(&j, "verdict", v->word);
    json_uint(&j, "transfers", v->transfers);
    json_uint(&j, "lines", v->last);
    if (v->fault.code) {
        json_string(&j, "error", v->fault.text);
    }
    json_close(&j, '}');
}

static void print(const struct verdict *v)
{
    printf("%s: %s", v->path, v->word);
    if (!strcmp(v->word, "truncated")) {
        printf(" after line %" PRIu64 ", %" PRIu64 " transfers readable",
               v->last, v->transfers);
    } else if (!v->fault.code) {
        printf(", %" PRIu64 " transfers", v->transfers);
    }
    putchar('\n');
}

static int check(struct verdict *v, struct i2cpt_trace_reader *reader)
{
    struct tool_progress progress = {.what = "lines"};
    const struct i2cpt_trace_line *line;
    int rc;

    while ((rc = i2cpt_trace_reader_next(reader, &line, &v->fault)) > 0) {
        v->last = line->line;
        tool_progress_step(&progress);
    }
    tool_progress_clear(&progress);
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
            "Exit status: 0 whole, 1 truncated or bad, 3 cannot be opened.\n\n"
            "Example:\n"
            "  i2cpt-replay check session.i2ct\n",
    .run = run,
};
