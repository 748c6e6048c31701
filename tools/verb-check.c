/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "tool.h"

/* -EINVAL is the reader's word for a file that is no trace. */
static int unreadable(const char *path, int rc, const struct i2cpt_fault *fault)
{
    tool_fault(rc, fault);
    if (rc != -EINVAL) {
        return TOOL_BROKEN;
    }
    printf("%s: bad\n", path);
    return TOOL_DIFFERS;
}

static int check(const char *path, struct i2cpt_trace_reader *reader)
{
    struct tool_progress progress = {.what = "lines"};
    struct i2cpt_fault fault = {0};
    const struct i2cpt_trace_line *line;
    uint64_t last = 1;
    int rc;

    while ((rc = i2cpt_trace_reader_next(reader, &line, &fault)) > 0) {
        last = line->line;
        tool_progress_step(&progress);
    }
    tool_progress_clear(&progress);
    if (rc < 0) {
        return unreadable(path, rc, &fault);
    }
    uint64_t n = i2cpt_trace_reader_transfers(reader);
    if (!i2cpt_trace_reader_complete(reader)) {
        printf("%s: truncated after line %" PRIu64 ", %" PRIu64
               " transfers readable\n",
               path, last, n);
        return TOOL_DIFFERS;
    }
    printf("%s: whole, %" PRIu64 " transfers\n", path, n);
    return TOOL_FINE;
}

static int run(const struct verb *verb, int argc, char **argv)
{
    struct i2cpt_trace_reader *reader;
    struct i2cpt_fault fault = {0};
    const char *path;

    int rc = tool_open_trace(verb, argc, argv, &path, &reader, &fault);
    if (rc < 0) {
        return unreadable(path, rc, &fault);
    }
    int status = check(path, reader);
    i2cpt_trace_reader_free(reader);
    return status;
}

const struct verb verb_check = {
    .name = "check",
    .synopsis = "TRACE",
    .about = "Say whether a trace is whole, truncated or bad",
    .help = "TRACE may be - for the standard input.\n\n"
            "  whole      every line can be read and `end N` counts right\n"
            "  truncated  readable, but the recorder did not come to its end\n"
            "  bad        a line is no line of a trace; which, and why\n\n"
            "Exit status: 0 whole, 1 truncated or bad, 3 cannot be opened.\n\n"
            "Example:\n"
            "  i2cpt-replay check session.i2ct\n",
    .run = run,
};
