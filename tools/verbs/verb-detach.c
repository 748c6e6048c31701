/* SPDX-License-Identifier: GPL-2.0-or-later */
/* detach: take away an adapter that attach has given the kernel. */
#include "attach/attach.h"
#include "common/tool.h"

static int run(const struct verb *verb, int argc, char **argv)
{
    static const struct option options[] = {
        {"force", no_argument, NULL, 'f'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    const char *what = NULL;
    bool force = false;

    while (tool_option(verb, argc, argv, ":h", options) != -1) {
        force = true;
    }
    if (optind < argc) {
        what = tool_operand(verb, argc, argv, "a name");
    }
    return attach_detach(what, force);
}

const struct verb verb_detach = {
    .name = "detach",
    .synopsis = "[--force] [NAME|i2c-N]",
    .about = "Take away what attach has given the kernel",
    .help = "  --force  though a program holds /dev/i2c-N open\n"
            "\n"
            "NAME is what attach --name has said; none is needed where one\n"
            "adapter is attached. Who holds the node open is named.\n"
            "\n"
            "Example:\n"
            "  i2cpt-replay detach i2c-3\n",
    .run = run,
};
