/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ftdi-check: what a real dongle does where FTDI's documents are silent. */
#include <stdio.h>

#include "common/tool.h"

static void print_line(const char *text, void *user)
{
    puts(text);
}

static int run(const struct verb *verb, int argc, char **argv)
{
    static const struct option options[] = {
        {"adapter", required_argument, NULL, 'a'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    struct i2cpt_fault fault = {0};
    const char *spec = NULL;

    while (tool_option(verb, argc, argv, ":a:h", options) != -1) {
        spec = optarg;
    }
    tool_no_operand(verb, argc, argv);
    if (!spec) {
        tool_usage(verb, "ftdi-check needs -a ADAPTER");
    }
    int rc = i2cpt_examine(spec, print_line, NULL, &fault);
    return rc ? tool_fault(rc, &fault) : TOOL_FINE;
}

const struct verb verb_ftdi_check = {
    .name = "ftdi-check",
    .synopsis = "-a ADAPTER",
    .about = "Find out what a real dongle does with edges=shifted",
    .help = "  -a, --adapter SPEC  the dongle, ftdi[,KEY=VALUE]...\n"
            "\n"
            "The bus has to be idle, with pull-ups, and should have no chips\n"
            "on it that matter. Nobody here has a dongle: the line that is\n"
            "printed is worth being sent to the authors.\n"
            "\n"
            "Example:\n"
            "  i2cpt-replay ftdi-check -a ftdi,frequency=400k\n",
    .run = run,
};
