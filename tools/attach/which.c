/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names and numbers to buses. */
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "attach/which.h"
#include "common/tool.h"
#include "nodes/name.h"
#include "nodes/node.h"

static int bus_of(const char *verb, const char *what)
{
    const char *number = what;
    unsigned bus;
    int end = 0, named;

    number += g_str_has_prefix(number, "/dev/") ? strlen("/dev/") : 0;
    if (node_name_of_bus(number) &&
        sscanf(number, "i2c-%9u%n", &bus, &end) == 1 && !number[end]) {
        return (int)bus;
    }
    named =
        node_name_good(what) ? node_name_bus(NODE_NAME_FOLDER, what) : -ENOENT;
    if (named < 0) {
        tool_complain("%s: %s is no name in " NODE_NAME_FOLDER " and no i2c-N",
                      verb, what);
    }
    return named;
}

int attach_which(const char *verb, const char *what, char *usb_id, size_t size)
{
    int bus = bus_of(verb, what);

    if (bus >= 0 && node_usb((unsigned)bus, usb_id, size)) {
        tool_complain("%s: i2c-%d was not attached by `i2cpt-replay attach`",
                      verb, bus);
        return -1;
    }
    return bus < 0 ? -1 : bus;
}
