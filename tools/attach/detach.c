/* SPDX-License-Identifier: GPL-2.0-or-later */
/* detach: taking away what was attached, and who would mind. */
#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "attach/attach.h"
#include "attach/holders.h"
#include "attach/name.h"
#include "attach/node.h"
#include "common/tool.h"
#include "usbip/vhci.h"

#define LOOK_MS   20
#define LOOKS_MAX 1000 /* for the kernel to take it away */

/* The buses that were attached, "i2c-3, i2c-4"; NULL: none. */
static char *attached(void)
{
    GString *text = g_string_new(NULL);
    int bus = -1;

    while ((bus = attach_node_next((unsigned)(bus + 1))) >= 0) {
        g_string_append_printf(text, "%si2c-%d", text->len ? ", " : "", bus);
    }
    return g_string_free(text, !text->len);
}

static int the_only_one(void)
{
    g_autofree char *all = attached();

    if (!all) {
        tool_complain("detach: nothing is attached");
        return -1;
    }
    if (strchr(all, ',')) {
        tool_complain("detach: which one? Attached are %s", all);
        return -1;
    }
    return attach_node_next(0);
}

static int bus_of(const char *what)
{
    const char *number = what;
    unsigned bus;
    int end = 0, named;

    number += g_str_has_prefix(number, "/dev/") ? strlen("/dev/") : 0;
    if (attach_name_of_bus(number) &&
        sscanf(number, "i2c-%9u%n", &bus, &end) == 1 && !number[end]) {
        return (int)bus;
    }
    named = attach_name_good(what) ? attach_name_bus(ATTACH_NAME_FOLDER, what)
                                   : -ENOENT;
    if (named < 0) {
        tool_complain("detach: %s is no name in " ATTACH_NAME_FOLDER
                      " and no i2c-N",
                      what);
    }
    return named;
}

static int take_away(unsigned bus, const char *id, bool wait)
{
    int i, ret = usbip_unplug(id);

    if (ret) {
        tool_complain("detach: i2c-%u: %s", bus, strerror(-ret));
        return TOOL_BROKEN;
    }
    for (i = 0; wait && attach_node_exists(bus); i++) {
        if (i == LOOKS_MAX) {
            tool_complain("detach: i2c-%u is still there: a program that "
                          "cannot be seen from here holds it",
                          bus);
            return TOOL_BROKEN;
        }
        poll(NULL, 0, LOOK_MS);
    }
    return TOOL_FINE;
}

int attach_detach(const char *what, bool force)
{
    g_autofree char *holders = NULL;
    char id[32];
    int bus = what ? bus_of(what) : the_only_one();

    if (bus < 0) {
        return TOOL_BROKEN;
    }
    if (attach_node_usb((unsigned)bus, id, sizeof(id))) {
        tool_complain("detach: i2c-%d was not attached by `i2cpt-replay "
                      "attach`",
                      bus);
        return TOOL_BROKEN;
    }
    holders = attach_holders((unsigned)bus);
    if (holders && !force) {
        tool_complain("detach: /dev/i2c-%d is held open by %s; with --force "
                      "its transfers fail, and the kernel can neither attach "
                      "nor detach there until it is closed",
                      bus, holders);
        return TOOL_BROKEN;
    }
    return take_away((unsigned)bus, id, !holders);
}
