/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The recorder is the library's (record=); here are the transfers to make. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/output.h"
#include "common/tool.h"
#include "program/with-program.h"

static volatile sig_atomic_t caught;

static void catch (int number)
{
    caught = number;
}

/* No SA_RESTART: a read of the transfers that waits shall come back. */
static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = catch};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* A target that does not answer is part of the recording; these end it. */
static bool ends_recording(int rc)
{
    return rc == -ENODEV || rc == -EPERM || rc == -ENOMEM || rc == -EINVAL ||
           rc == -EOPNOTSUPP;
}

static int do_line(struct i2cpt_adapter *adapter, const char *text,
                   const char *path, unsigned long number)
{
    struct i2cpt_fault fault = {0};
    struct i2cpt_msg *msgs;
    size_t n;
    char line[sizeof(fault.text) + 64];

    int rc = i2cpt_transfer_parse(text, &msgs, &n, &fault);
    if (rc < 0) {
        i2cpt_fault_describe(&fault, line, sizeof(line));
        tool_complain("%s:%lu: %s", path, number, line);
        return TOOL_BROKEN;
    }
    rc = i2cpt_transfer(adapter, msgs, n, &fault);
    i2cpt_free(msgs);
    if (rc < 0 && i2cpt_trace_record_flush(adapter) < 0) {
        return TOOL_BROKEN; /* the log has said why */
    }
    if (rc < 0) {
        i2cpt_fault_describe(&fault, line, sizeof(line));
        tool_complain("%s:%lu: %s", path, number, line);
        return ends_recording(rc) ? TOOL_BROKEN : TOOL_FINE;
    }
    return TOOL_FINE;
}

static bool is_transfer(const char *text)
{
    const char *word = text + strspn(text, " \t\r\n");

    return *word && *word != '#';
}

static int do_lines(struct i2cpt_adapter *adapter, const char *path, FILE *from,
                    bool *some)
{
    struct tool_progress progress = {.what = "transfers"};
    char *text = NULL;
    size_t size = 0;
    int status = TOOL_FINE;

    for (unsigned long number = 1; status == TOOL_FINE && !caught; number++) {
        errno = 0;
        ssize_t length = getline(&text, &size, from);
        if (length < 0) {
            if (!caught && !feof(from)) {
                tool_complain("%s: %s", path, strerror(errno));
                status = TOOL_BROKEN;
            }
            break;
        }
        if (length > 0 && text[length - 1] == '\n') {
            text[length - 1] = 0;
        }
        if (is_transfer(text)) {
            status = do_line(adapter, text, path, number);
            *some = true;
            tool_progress_step(&progress);
        }
    }
    tool_progress_clear(&progress);
    free(text);
    return status;
}

static int open_adapter(const char *spec, const struct recording *recording,
                        struct i2cpt_adapter **adapter)
{
    struct i2cpt_fault fault = {0};
    struct i2cpt_options *options;

    int rc = i2cpt_options_parse(spec, &options, &fault);
    if (rc < 0) {
        return tool_fault(rc, &fault);
    }
    rc = program_recording_set(recording, -1, false, options, &fault);
    if (rc == 0) {
        rc = i2cpt_adapter_open_options(options, adapter, &fault);
    }
    i2cpt_options_free(options);
    return rc < 0 ? tool_fault(rc, &fault) : TOOL_FINE;
}

/* The transfers first: without them no older trace is to be replaced. */
static int open_and_record(const char *spec, const struct recording *recording,
                           const char *path)
{
    bool is_stdin = !strcmp(path, "-");
    FILE *from = is_stdin ? stdin : fopen(path, "re");
    struct i2cpt_adapter *adapter;
    bool some = false;

    if (!from) {
        tool_complain("%s: %s", path, strerror(errno));
        return TOOL_BROKEN;
    }
    int status = open_adapter(spec, recording, &adapter);
    if (status == TOOL_FINE) {
        status = do_lines(adapter, is_stdin ? "stdin" : path, from, &some);
        if (status == TOOL_FINE &&
            program_recording_end(recording, adapter,
                                  some ? NULL : "no transfer was made")) {
            status = TOOL_BROKEN;
        }
        i2cpt_adapter_unref(adapter); /* which ends what has begun, too */
    }
    if (!is_stdin) {
        fclose(from);
    }
    return status;
}

static int record_transfers(const char *spec, const struct recording *recording,
                            const char *transfers)
{
    catch_signals();
    int status = open_and_record(spec, recording, transfers);
    if (!caught && status == TOOL_FINE && program_recording_merge(recording)) {
        status = TOOL_DIFFERS;
    }
    if (caught) {
        signal(caught, SIG_DFL);
        raise(caught);
    }
    return status;
}

/* -o says it all; a record= of an adapter would only be replaced. */
static void refuse_record(const struct verb *verb, const char *spec)
{
    struct i2cpt_options *options;

    if (i2cpt_options_parse(spec, &options, NULL)) {
        return;
    }
    bool has = i2cpt_options_get(options, "record");
    i2cpt_options_free(options);
    if (has) {
        tool_usage(verb, "-o already names the trace: leave record= out of -a");
    }
}

/* The earlier recording is read when the later one has been written. */
static void check_merge(const struct verb *verb, const struct recording *r)
{
    struct i2cpt_fault fault;

    if (!r->merge) {
        return;
    }
    if (r->append) {
        tool_usage(verb, "--merge compares whole recordings: not with "
                         "--append");
    }
    if (access(r->merge, R_OK)) {
        tool_usage(verb, "--merge %s: %s", r->merge, strerror(errno));
    }
    if (tool_output_check("-o", r->path, r->merge, &fault)) {
        tool_usage(verb, "--merge %s: would be replaced by -o %s", r->merge,
                   r->path);
    }
}

/* What the words of the command line say. */
struct words {
    struct recording recording;
    struct buses *buses;
    const char *spec, *transfers;
};

static void set_option(const struct verb *verb, struct words *w, int letter)
{
    switch (letter) {
    case 'o':
        w->recording.path = optarg;
        break;
    case 'p':
        w->recording.append = true;
        break;
    case 'm':
        w->recording.merge = optarg;
        break;
    case 'r':
        program_recording_redact(&w->recording, optarg);
        break;
    case 't':
        w->transfers = optarg;
        break;
    default:
        w->spec = letter == 'a' ? optarg : w->spec;
        program_buses_option(w->buses, verb, letter, optarg);
        break;
    }
}

static int run(const struct verb *verb, int argc, char **argv)
{
    static const struct option options[] = {
        {"adapter", required_argument, NULL, 'a'},
        {"append", no_argument, NULL, 'p'},
        {"bus", required_argument, NULL, 'b'},
        {"merge", required_argument, NULL, 'm'},
        {"output", required_argument, NULL, 'o'},
        {"redact", required_argument, NULL, 'r'},
        {"transfers", required_argument, NULL, 't'},
        BUSES_OPTIONS,
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    struct words w = {.buses = program_buses_new()};
    struct i2cpt_fault fault;
    int letter;

    tool_look_for_program(argv);
    while ((letter = tool_option(verb, argc, argv, "+:a:o:h", options)) != -1) {
        set_option(verb, &w, letter);
    }
    if (optind < argc) {
        tool_has_program();
    }
    if (!w.recording.path || (w.transfers != NULL) == (optind < argc)) {
        tool_usage(verb, "record needs -o TRACE, -a ADAPTER and either "
                         "--transfers or a PROGRAM");
    }
    check_merge(verb, &w.recording);
    if (tool_output_check("-o", w.recording.path, w.transfers, &fault)) {
        tool_usage(verb, "%s", fault.text);
    }
    program_buses_finish(w.buses, verb);
    if (w.spec) {
        refuse_record(verb, w.spec);
    }
    if (optind < argc) {
        return program_record(w.buses, &w.recording, argv + optind);
    }
    program_buses_free(w.buses);
    if (!w.spec) {
        tool_usage(verb, "record --transfers needs -a ADAPTER");
    }
    return record_transfers(w.spec, &w.recording, w.transfers);
}

const struct verb verb_record = {
    .name = "record",
    .synopsis = "-o TRACE -a ADAPTER [OPTION...] --transfers FILE|- | -- "
                "PROGRAM [ARG...]",
    .about = "Write what goes over an adapter to a trace",
    .help =
        "  -o, --output TRACE    the trace to write; an existing one is "
        "replaced\n"
        "                        when the first transfer is made\n"
        "  -a, --adapter ADAPTER as `list` names them\n"
        "  --transfers FILE|-    transfers in i2ctransfer's own syntax, one a "
        "line;\n"
        "                        blank lines and lines with # are skipped\n"
        "  --bus N               PROGRAM sees the adapter as /dev/i2c-N "
        "(default 0)\n"
        "  --bus N=ADAPTER       several, instead of -a; may be repeated\n"
        "  --redirect FORM       auto, seccomp or preload: how it is led to "
        "us\n"
        "  --gpiochip M          lines of the buses as /dev/gpiochipM and the "
        "next\n"
        "  --allow-io-uring      it opens past seccomp, so there is none "
        "without this\n"
        "  --append              go on with TRACE, whole or truncated\n"
        "  --redact ADDR[:REG]   write ?? for the data of this address, or of "
        "this\n"
        "                        register of it; may be repeated\n"
        "  --merge OLD           afterwards mark with ~ what differs from an "
        "earlier\n"
        "                        recording of the same session\n\n"
        "With PROGRAM the exit status is its own, or 125 where we failed.\n"
        "A transfer that the target refuses is recorded as such and reported "
        "here;\n"
        "the recording goes on, and the exit status is 0. Where nothing more "
        "can be\n"
        "recorded (a full disk), every further transfer of PROGRAM fails.\n\n"
        "Example:\n"
        "  echo 'w1@0x48 0x00 r2' |\n"
        "      i2cpt-replay record -o lm75.i2ct -a i2c-dev,device=/dev/i2c-1 "
        "--transfers -\n"
        "  i2cpt-replay record -o lm75.i2ct -a i2c-dev,device=/dev/i2c-1 "
        "--bus 1 --\n"
        "      i2cget -y 1 0x48 0 w\n",
    .run = run,
};
