/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attach: an adapter for the kernel's drivers and all programs. */
#include <stdlib.h>

#include "attach/attach.h"
#include "nodes/name.h"
#include "common/tool.h"

#define DEVICES_MAX 112 /* as many as a bus has addresses */

struct asked {
    const char *spec;
    struct attach_config config;
    struct attach_device devices[DEVICES_MAX];
};

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

/* What is wrong with the words is said first, whoever and wherever one is; an
 * adapter is opened where it can be attached. */
static int attach(const struct asked *what)
{
    struct i2cpt_options *o = NULL;
    struct i2cpt_adapter *a = NULL;
    struct i2cpt_fault fault;
    int ret = i2cpt_options_parse(what->spec, &o, &fault);

    if (!ret && (bounded(o) || attach_possible())) {
        i2cpt_options_free(o);
        return TOOL_BROKEN;
    }
    ret = ret ? ret : i2cpt_adapter_open_options(o, &a, &fault);
    i2cpt_options_free(o);
    if (ret) {
        return tool_fault(ret, &fault);
    }
    ret = attach_run(a, &what->config);
    i2cpt_adapter_unref(a);
    return ret;
}

static void add_device(const struct verb *verb, struct asked *what,
                       const char *text)
{
    if (what->config.n_devices == DEVICES_MAX) {
        tool_usage(verb, "--new-device %s: there are %d already", text,
                   DEVICES_MAX);
    }
    if (attach_device_parse(text, &what->devices[what->config.n_devices])) {
        tool_usage(verb,
                   "--new-device %s: accepted is TYPE@ADDRESS, lm75@0x48: a "
                   "driver's name of at most %d letters, digits, _ and -, and "
                   "0x08 to 0x77",
                   text, ATTACH_TYPE_MAX);
    }
    what->config.n_devices++;
}

static void set_name(const struct verb *verb, struct asked *what,
                     const char *name)
{
    if (!node_name_good(name)) {
        tool_usage(verb,
                   "--name %s: accepted are at most %d letters, digits and "
                   "._-, of which a letter or digit is the first, and no i2c-N",
                   name, NODE_NAME_MAX);
    }
    what->config.name = name;
}

static int run(const struct verb *verb, int argc, char **argv)
{
    static const struct option options[] = {
        {"adapter", required_argument, NULL, 'a'},
        {"adopt", required_argument, NULL, 'A'},
        {"name", required_argument, NULL, 'n'},
        {"new-device", required_argument, NULL, 'd'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    struct asked what = {0};
    int letter;

    what.config.devices = what.devices;
    while ((letter = tool_option(verb, argc, argv, ":a:h", options)) != -1) {
        if (letter == 'a') {
            what.spec = optarg;
        } else if (letter == 'n') {
            set_name(verb, &what, optarg);
        } else if (letter == 'A') {
            what.config.adopt = optarg;
        } else {
            add_device(verb, &what, optarg);
        }
    }
    tool_no_operand(verb, argc, argv);
    if (!what.spec) {
        tool_usage(verb, "attach needs -a ADAPTER");
    }
    if (what.config.name && what.config.adopt) {
        tool_usage(verb,
                   "--adopt %s: the bus keeps the name that it has, "
                   "--name %s is for a new one",
                   what.config.adopt, what.config.name);
    }
    return attach(&what);
}

const struct verb verb_attach = {
    .name = "attach",
    .synopsis = "-a ADAPTER [--name NAME|--adopt NAME|i2c-N] "
                "[--new-device TYPE@ADDRESS]...",
    .about = "Give the kernel an adapter, /dev/i2c-N for its drivers and all",
    .help =
        "  -a, --adapter SPEC  what to give, BACKEND[,KEY=VALUE]...\n"
        "  --name NAME         a link to the node, /run/libi2cpt/NAME; a bus "
        "of that\n"
        "                      name whose process was killed is adopted\n"
        "  --adopt NAME|i2c-N  be the adapter of such a bus, and of no new "
        "one\n"
        "  --new-device TYPE@ADDRESS  a device for a driver of the kernel, as "
        "by\n"
        "                      new_device; may be repeated\n"
        "\n"
        "Needs root and the kernel's modules vhci-hcd, i2c-tiny-usb and, for\n"
        "programs, i2c-dev. Prints /dev/i2c-N, the number that the kernel\n"
        "gave, and runs until interrupted.\n"
        "\n"
        "Example:\n"
        "  modprobe -a vhci-hcd i2c-tiny-usb i2c-dev\n"
        "  i2cpt-replay attach -a trace,file=session.i2ct --new-device "
        "lm75@0x48\n",
    .run = run,
};
