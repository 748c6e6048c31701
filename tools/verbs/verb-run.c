/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run: an adapter for PROGRAM, and no file. */
#include "program/buses.h"
#include "program/program.h"
#include "common/tool.h"

static int run(const struct verb *verb, int argc, char **argv)
{
    static const struct option options[] = {
        {"adapter", required_argument, NULL, 'a'},
        {"bus", required_argument, NULL, 'b'},
        BUSES_OPTIONS,
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    struct buses *buses = program_buses_new();
    struct program_report report = {0};
    int letter, ret;

    tool_has_program();
    while ((letter = tool_option(verb, argc, argv, "+:a:h", options)) != -1) {
        program_buses_option(buses, verb, letter, optarg);
    }
    if (!argv[optind]) {
        tool_usage(verb, "run needs a PROGRAM");
    }
    program_buses_finish(buses, verb);
    ret = program_buses_open(buses, NULL);
    if (!ret) {
        ret = program_run(program_buses_owner(buses),
                          program_buses_program(buses), argv + optind, &report);
        program_report_clear(&report);
    } else {
        ret = PROGRAM_OURS;
    }
    program_buses_free(buses);
    return ret;
}

const struct verb verb_run = {
    .name = "run",
    .synopsis = "-a ADAPTER [--bus N] -- PROGRAM [ARG...]",
    .about = "Give PROGRAM an adapter as /dev/i2c-N",
    .help = "  -a, --adapter SPEC  what to give, BACKEND[,KEY=VALUE]...\n"
            "  --bus N             as /dev/i2c-N (default 0)\n"
            "  --bus N=SPEC        several, instead of -a; may be repeated\n"
            "  --redirect FORM     auto, seccomp or preload: how it is led to "
            "us\n"
            "  --gpiochip M        lines of the buses as /dev/gpiochipM and "
            "the next\n"
            "  --allow-io-uring    it opens past seccomp, so there is none "
            "without this\n"
            "\n"
            "The exit status is PROGRAM's, 128+N for signal N, 126 and 127 as\n"
            "the shell has them, 125 where we failed.\n"
            "\n"
            "Example:\n"
            "  i2cpt-replay run -a stub,chips=0x48:0x50 -- i2cdetect -y 0\n",
    .run = run,
};
