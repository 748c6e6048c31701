/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A trace once more on an adapter. What a recorded transfer asked for, and
 * whether it ended the same, are the library's to say. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tool.h"
#include "with-program.h"

struct replay {
    const char *path;
    struct i2cpt_trace_reader *reader;
    struct i2cpt_adapter *adapter;
    bool keep_time;
    int32_t bus;
    struct timespec began;
    uint64_t transfers, differences, other_buses;
    struct tool_progress progress;
};

/* Not before the transfer's time in the recording. */
static void wait_until(const struct replay *r, uint64_t stamp_ns)
{
    struct timespec when = r->began;

    when.tv_sec += (time_t)(stamp_ns / 1000000000);
    when.tv_nsec += (long)(stamp_ns % 1000000000);
    if (when.tv_nsec >= 1000000000) {
        when.tv_nsec -= 1000000000;
        when.tv_sec++;
    }
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL) ==
           EINTR) {
    }
}

static int do_transfer(struct replay *r, const struct i2cpt_trace_line *line)
{
    struct i2cpt_fault fault = {0};
    struct i2cpt_msg *msgs;
    size_t n;
    char text[512];

    int rc = i2cpt_trace_request(&line->transfer, &msgs, &n);
    if (rc < 0) {
        return tool_fault(rc, &fault);
    }
    if (r->keep_time) {
        wait_until(r, line->stamp_ns);
    }
    rc = i2cpt_transfer(r->adapter, msgs, n, &fault);
    if (!i2cpt_trace_compare(&line->transfer, msgs, n, rc, &fault, text,
                             sizeof(text))) {
        tool_progress_clear(&r->progress);
        printf("%s:%" PRIu64 ": %s\n", r->path, line->line, text);
        r->differences++;
    }
    i2cpt_free(msgs);
    r->transfers++;
    return rc == -ENODEV || rc == -EPERM ? tool_fault(rc, &fault) : TOOL_FINE;
}

static int do_trace(struct replay *r)
{
    struct i2cpt_fault fault = {0};
    const struct i2cpt_trace_line *line;
    int rc, status = TOOL_FINE;

    while (status == TOOL_FINE &&
           (rc = i2cpt_trace_reader_next(r->reader, &line, &fault)) != 0) {
        if (rc < 0) {
            tool_progress_clear(&r->progress);
            return tool_fault(rc, &fault);
        }
        if (line->kind != I2CPT_TRACE_TRANSFER) {
            continue;
        }
        /* Transfers without a prefix are those of bus 0. */
        int32_t bus = line->transfer.bus < 0 ? 0 : line->transfer.bus;
        if (bus != r->bus) {
            r->other_buses++;
            continue;
        }
        status = do_transfer(r, line);
        tool_progress_step(&r->progress);
    }
    tool_progress_clear(&r->progress);
    return status;
}

static int replay(struct replay *r)
{
    clock_gettime(CLOCK_MONOTONIC, &r->began);
    int status = do_trace(r);
    if (status != TOOL_FINE) {
        return status;
    }
    printf("%s: %" PRIu64 " transfers, %" PRIu64 " differ\n", r->path,
           r->transfers, r->differences);
    if (r->other_buses) {
        tool_complain("%" PRIu64 " transfers of other buses than %" PRId32
                      " were left out (--bus)",
                      r->other_buses, r->bus);
    }
    if (!i2cpt_trace_reader_complete(r->reader)) {
        tool_complain("%s: truncated, no `end` line", r->path);
    }
    return r->differences ? TOOL_DIFFERS : TOOL_FINE;
}

static int replay_on(struct replay *r, const char *spec)
{
    struct i2cpt_fault fault = {0};

    int rc = i2cpt_trace_reader_open(r->path, &r->reader, &fault);
    if (rc < 0) {
        return tool_fault(rc, &fault);
    }
    rc = i2cpt_adapter_open(spec, &r->adapter, &fault);
    if (rc < 0) {
        i2cpt_trace_reader_free(r->reader);
        return tool_fault(rc, &fault);
    }
    int status = replay(r);
    i2cpt_adapter_unref(r->adapter);
    i2cpt_trace_reader_free(r->reader);
    return status;
}

static int32_t parse_bus(const struct verb *verb, const char *text)
{
    char *end;

    errno = 0;
    long bus = strtol(text, &end, 10);
    if (errno || end == text || *end || bus < 0 || bus > I2CPT_TRACE_BUS_MAX) {
        tool_usage(verb, "--bus=%s: accepted is a number from 0 to %d", text,
                   I2CPT_TRACE_BUS_MAX);
    }
    return (int32_t)bus;
}

static bool parse_timing(const struct verb *verb, const char *text)
{
    if (strcmp(text, "off") && strcmp(text, "recorded")) {
        tool_usage(verb, "--timing=%s: accepted is off or recorded", text);
    }
    return !strcmp(text, "recorded");
}

static int run(const struct verb *verb, int argc, char **argv)
{
    static const struct option options[] = {
        {"adapter", required_argument, NULL, 'a'},
        {"bus", required_argument, NULL, 'b'},
        {"timing", required_argument, NULL, 't'},
        {"match", required_argument, NULL, 'm'},
        {"end", required_argument, NULL, 'e'},
        {"report", required_argument, NULL, 'r'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    struct replay r = {.progress = {.what = "transfers"}};
    struct replay_options to_program = {0};
    const char *spec = NULL;
    int letter;

    while ((letter = tool_option(verb, argc, argv, ":a:h", options)) != -1) {
        switch (letter) {
        case 'a':
            spec = optarg;
            break;
        case 'b':
            r.bus = parse_bus(verb, optarg);
            break;
        case 't':
            r.keep_time = parse_timing(verb, optarg);
            to_program.timing = optarg;
            break;
        case 'm':
            to_program.match = optarg;
            break;
        case 'e':
            to_program.end = optarg;
            break;
        case 'r':
            to_program.report = optarg;
            break;
        }
    }
    if (!spec && optind + 1 < argc) {
        to_program.trace = argv[optind];
        to_program.bus = (uint32_t)r.bus;
        to_program.argv = argv + optind + 1;
        return replay_program(&to_program);
    }
    r.path = tool_operand(verb, argc, argv, "a TRACE");
    if (!spec) {
        tool_usage(verb, "replay needs -a ADAPTER, or a PROGRAM");
    }
    if (to_program.match || to_program.end || to_program.report) {
        tool_usage(verb, "--match, --end and --report go with a PROGRAM");
    }
    return replay_on(&r, spec);
}

const struct verb verb_replay = {
    .name = "replay",
    .synopsis = "TRACE -a ADAPTER | TRACE [OPTION...] -- PROGRAM [ARG...]",
    .about = "Run a trace again on an adapter, or answer a PROGRAM from it",
    .help =
        "  -a, --adapter ADAPTER  make the transfers on it and compare\n"
        "  --bus N                -a: of a trace of several buses, that "
        "one (default 0);\n"
        "                         PROGRAM: it sees the trace as /dev/i2c-N\n"
        "  --timing off|recorded  as fast as it goes, or not before its "
        "time\n"
        "  --match M              per-address, strict or lookup\n"
        "  --end E                behind the last transfer: error, hold, "
        "loop\n"
        "  --report FILE          the verdict as JSON\n\n"
        "-a: every transfer that does not end as the recorded one is a "
        "line on the\n"
        "standard output. Exit status: 0 none, 1 some, 3 adapter or file "
        "error.\n"
        "PROGRAM: its own status, or 125 where it was 0 and requests "
        "differed from the\n"
        "trace or transfers were left over.\n\n"
        "Example:\n"
        "  i2cpt-replay replay lm75.i2ct -a i2c-dev,device=/dev/i2c-1\n"
        "  i2cpt-replay replay lm75.i2ct --bus 1 -- i2cget -y 1 0x48 0 "
        "w\n",
    .run = run,
};
