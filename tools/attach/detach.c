/* SPDX-License-Identifier: GPL-2.0-or-later */
/* detach: taking away what was attached, and who would mind. */
#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attach/attach.h"
#include "attach/which.h"
#include "nodes/name.h"
#include "nodes/node.h"
#include "common/tool.h"
#include "keeper/door.h"
#include "nodes/holders.h"
#include "usbip/vhci.h"

#define LOOK_MS   20
#define LOOKS_MAX 1000 /* for the kernel to take it away */

/* The buses that were attached, "i2c-3, i2c-4"; NULL: none. */
static char *attached(void)
{
    GString *text = g_string_new(NULL);
    int bus = -1;

    while ((bus = node_next((unsigned)(bus + 1))) >= 0) {
        g_string_append_printf(text, "%si2c-%d", text->len ? ", " : "", bus);
    }
    return g_string_free(text, !text->len);
}

/* NULL, with a line on stderr: there is none, or more of them. */
static char *the_only_one(void)
{
    char *all = attached();

    if (all && !strchr(all, ',')) {
        return all;
    }
    if (all) {
        tool_complain("detach: which one? Attached are %s", all);
    } else {
        tool_complain("detach: nothing is attached");
    }
    g_free(all);
    return NULL;
}

/* Whom the kernel has told, and who removes the name before it ends. */
static bool has_keeper(int port)
{
    int keeper = keeper_door_knock(NODE_NAME_FOLDER, (unsigned)port);

    if (keeper >= 0) {
        close(keeper);
    }
    return keeper >= 0 || keeper == -EAGAIN;
}

static int still_there(unsigned bus, int port)
{
    if (has_keeper(port)) {
        tool_complain("detach: i2c-%u: its keeper (i2cpt-keeper) does not end; "
                      "it may be stopped",
                      bus);
    } else {
        tool_complain("detach: i2c-%u is still there: a program that "
                      "cannot be seen from here holds it",
                      bus);
    }
    return TOOL_BROKEN;
}

/* The bus is waited for where nobody holds it. */
static int take_away(unsigned bus, const char *id, bool wait)
{
    int port = usbip_port(id), i, ret = usbip_unplug(id);

    if (ret) {
        tool_complain("detach: i2c-%u: %s", bus, strerror(-ret));
        return TOOL_BROKEN;
    }
    for (i = 0; has_keeper(port) || (wait && node_exists(bus)); i++) {
        if (i == LOOKS_MAX) {
            return still_there(bus, port);
        }
        poll(NULL, 0, LOOK_MS);
    }
    return TOOL_FINE;
}

int attach_detach(const char *what, bool force)
{
    g_autofree char *holders = NULL;
    char id[32];
    g_autofree char *only = NULL;
    int bus;

    if (!what) {
        what = only = the_only_one();
    }
    bus = what ? attach_which("detach", what, id, sizeof(id)) : -1;
    if (bus < 0) {
        return TOOL_BROKEN;
    }
    holders = node_holders((unsigned)bus);
    if (holders && !force) {
        tool_complain("detach: /dev/i2c-%d is held open by %s; with --force "
                      "its transfers fail, and the kernel can neither attach "
                      "nor detach there until it is closed",
                      bus, holders);
        return TOOL_BROKEN;
    }
    return take_away((unsigned)bus, id, !holders);
}
