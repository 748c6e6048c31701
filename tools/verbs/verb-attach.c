/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attach: an adapter for the kernel's drivers and all programs. */
#include <stdlib.h>

#include "attach/attach.h"
#include "common/tool.h"

#define TEXT_(x) #x
#define TEXT(x)  TEXT_(x)

/* The kernel's driver gives a message up after 2 s, and cannot be told. */
static int bounded(const struct i2cpt_options *o)
{
    const char *timeout_ms = i2cpt_options_get(o, "timeout-ms");

    if (timeout_ms && strtoul(timeout_ms, NULL, 0) > ATTACH_TIMEOUT_MS_MAX) {
        tool_complain("timeout-ms=%s: attach accepts at most %u, since the "
                      "kernel's driver waits for 2 s",
                      timeout_ms, ATTACH_TIMEOUT_MS_MAX);
        return -1;
    }
    return 0;
}

static int attach(const char *spec)
{
    struct i2cpt_options *o = NULL;
    struct i2cpt_adapter *a = NULL;
    struct i2cpt_fault fault;
    int ret = i2cpt_options_parse(spec, &o, &fault);

    if (!ret && bounded(o)) {
        i2cpt_options_free(o);
        return TOOL_BROKEN;
    }
    ret = ret ? ret : i2cpt_adapter_open_options(o, &a, &fault);
    i2cpt_options_free(o);
    if (ret) {
        return tool_fault(ret, &fault);
    }
    ret = attach_run(a);
    i2cpt_adapter_unref(a);
    return ret;
}

static int run(const struct verb *verb, int argc, char **argv)
{
    static const struct option options[] = {
        {"adapter", required_argument, NULL, 'a'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    const char *spec = NULL;

    while (tool_option(verb, argc, argv, ":a:h", options) != -1) {
        spec = optarg;
    }
    tool_no_operand(verb, argc, argv);
    if (!spec) {
        tool_usage(verb, "attach needs -a ADAPTER");
    }
    return attach_possible() ? TOOL_BROKEN : attach(spec);
}

const struct verb verb_attach = {
    .name = "attach",
    .synopsis = "-a ADAPTER",
    .about = "Give the kernel an adapter, /dev/i2c-N for its drivers and all",
    .help =
        "  -a, --adapter SPEC  what to give, BACKEND[,KEY=VALUE]...\n"
        "\n"
        "Needs root and the kernel's modules vhci-hcd, i2c-tiny-usb and, for\n"
        "programs, i2c-dev. Prints /dev/i2c-N, the number that the kernel\n"
        "gave, and runs until interrupted.\n"
        "\n"
        "Example:\n"
        "  modprobe -a vhci-hcd i2c-tiny-usb i2c-dev\n"
        "  i2cpt-replay attach -a trace,file=session.i2ct\n",
    .run = run,
};
