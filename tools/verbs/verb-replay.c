/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replay: on a PROGRAM or on an adapter. */
#include <string.h>

#include "common/output.h"
#include "common/tool.h"
#include "program/with-program.h"

static void check_timing(const struct verb *verb, const char *text)
{
    if (strcmp(text, "off") && strcmp(text, "recorded")) {
        tool_usage(verb, "--timing=%s: accepted is off or recorded", text);
    }
}

/* What is written is nothing that is read. */
static void check_files(const struct verb *verb, const struct replay_options *r,
                        const char *trace, const char *spec)
{
    static const char *const read[] = {"file", "load"};
    struct i2cpt_fault fault;
    struct i2cpt_options *o = NULL;
    int rc = tool_output_check("--report", r->report, trace, &fault);

    if (!rc && spec && !i2cpt_options_parse(spec, &o, NULL)) {
        const char *record = i2cpt_options_get(o, "record");

        rc = tool_output_check("record=", record, trace, &fault);
        rc = rc ? rc : tool_output_check("--report", r->report, record, &fault);
        for (size_t i = 0; !rc && i < 2; i++) {
            rc = tool_output_check("--report", r->report,
                                   i2cpt_options_get(o, read[i]), &fault);
        }
    }
    i2cpt_options_free(o);
    if (rc) {
        tool_usage(verb, "%s", fault.text);
    }
}

static void set_option(const struct verb *verb, struct replay_options *r,
                       const char **spec, int letter)
{
    switch (letter) {
    case 'a':
        *spec = optarg;
        break;
    case 'b':
        r->bus =
            (uint32_t)tool_number(verb, "--bus", optarg, I2CPT_TRACE_BUS_MAX);
        r->bus_given = true;
        break;
    case 't':
        check_timing(verb, optarg);
        r->timing = optarg;
        break;
    case 'm':
        r->match = optarg;
        break;
    case 'x':
        r->mux = optarg;
        break;
    case 'e':
        r->end = optarg;
        break;
    case 'r':
        r->report = optarg;
        break;
    default:
        program_buses_program_option(&r->program, verb, letter, optarg);
        break;
    }
}

static int run(const struct verb *verb, int argc, char **argv)
{
    static const struct option options[] = {
        {"adapter", required_argument, NULL, 'a'},
        {"bus", required_argument, NULL, 'b'},
        {"timing", required_argument, NULL, 't'},
        {"match", required_argument, NULL, 'm'},
        {"mux", required_argument, NULL, 'x'},
        {"end", required_argument, NULL, 'e'},
        {"report", required_argument, NULL, 'r'},
        BUSES_OPTIONS,
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    struct replay_options r = {0};
    const char *spec = NULL;
    int letter;

    tool_look_for_program(argv);
    while ((letter = tool_option(verb, argc, argv, ":a:h", options)) != -1) {
        set_option(verb, &r, &spec, letter);
    }
    if (!spec && optind + 1 < argc) {
        tool_has_program();
    }
    if (optind < argc) {
        check_files(verb, &r, argv[optind], spec);
    }
    if (!spec && optind + 1 < argc) {
        r.trace = argv[optind];
        r.argv = argv + optind + 1;
        return program_replay(&r);
    }
    r.trace = tool_operand(verb, argc, argv, "a TRACE");
    if (!spec) {
        tool_usage(verb, "replay needs -a ADAPTER, or a PROGRAM");
    }
    if (r.match || r.mux || r.end) {
        tool_usage(verb, "--match, --mux and --end go with a PROGRAM");
    }
    return program_replay_on_adapter(&r, spec);
}

const struct verb verb_replay = {
    .name = "replay",
    .synopsis = "TRACE -a ADAPTER | TRACE [OPTION...] -- PROGRAM [ARG...]",
    .about = "Run a trace again on an adapter, or answer a PROGRAM from it",
    .help =
        "  -a, --adapter ADAPTER  make the transfers on it and compare\n"
        "  --bus N                -a: of a trace of several buses, that one "
        "(default 0);\n"
        "                         PROGRAM: it sees the trace as /dev/i2c-N\n"
        "                         (default: as it was recorded)\n"
        "  --timing off|recorded  as fast as it goes, or not before its "
        "time\n"
        "  --match M              per-address, strict or lookup\n"
        "  --mux ADDRESS[:...]    lookup: multiplexers; what was last written "
        "to them\n"
        "                         is part of every other request\n"
        "  --end E                behind the last transfer: error, hold, "
        "loop\n"
        "  --report FILE          the verdict as JSON\n"
        "  --redirect FORM        auto, seccomp or preload: how PROGRAM is led "
        "to us\n"
        "  --gpiochip M           lines of the buses as /dev/gpiochipM and the "
        "next\n"
        "  --allow-io-uring       it opens past seccomp, so there is none "
        "without this\n\n"
        "-a: every transfer that does not end as the recorded one is told on "
        "the\n"
        "standard output, both below each other. Exit status: 0 none, 1 some, "
        "3 adapter\n"
        "or file error.\n"
        "PROGRAM: its own status, or 125 where it was 0 and requests differed "
        "from the\n"
        "trace or transfers were left over; the first of both are told on "
        "stderr, with\n"
        "what stands around them in the trace.\n\n"
        "Example:\n"
        "  i2cpt-replay replay lm75.i2ct -a i2c-dev,device=/dev/i2c-1\n"
        "  i2cpt-replay replay lm75.i2ct --bus 1 -- i2cget -y 1 0x48 0 w\n",
    .run = run,
};
