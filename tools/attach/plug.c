/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plugging in, and adopting. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "attach/plug.h"
#include "attach/which.h"
#include "common/tool.h"
#include "keeper/call.h"
#include "keeper/door.h"
#include "keeper/process.h"
#include "nodes/name.h"
#include "nodes/node.h"
#include "usbip/vhci.h"

#define PEER_SECONDS 10 /* for the rest of a packet, and to take one */

/* ---------------------------------------------------------------- a new one */

static int plug_in(struct attach_plug *p)
{
    const struct timeval patience = {.tv_sec = PEER_SECONDS};
    int fd;

    p->device_id = (uint32_t)getpid();
    fd = usbip_plug_anywhere(USBIP_FULL_SPEED, p->device_id, &p->port);
    if (fd == -EBUSY) {
        tool_complain("attach: vhci_hcd has no free port: detach another one, "
                      "or give the module more (vhci_hcd.num_controllers)");
    } else if (fd < 0) {
        tool_complain("attach: vhci_hcd: %s", strerror(-fd));
    } else {
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    }
    return fd;
}

/* The keeper has the device from here on; who fails before lets go of it. */
static int give_to_keeper(struct attach_plug *p, int kernel, const char *name,
                          uint32_t functionality)
{
    struct keeper_door at;
    int door = keeper_door_open(&at, NODE_NAME_FOLDER, p->port), ret;

    if (door < 0) {
        tool_complain("attach: " NODE_NAME_FOLDER ": %s", strerror(-door));
        return -1;
    }
    p->fd = keeper_start(kernel, door, p->port, p->device_id);
    close(door);
    ret = p->fd < 0 ? p->fd : keeper_call_first(p->fd, name, functionality);
    if (!ret) {
        return 0;
    }
    tool_complain("attach: its keeper does not start: %s", strerror(-ret));
    if (p->fd >= 0) {
        close(p->fd);
    }
    keeper_door_remove(&at);
    return -1;
}

static int make_new(struct attach_plug *p, const char *name,
                    uint32_t functionality)
{
    int kernel = plug_in(p), ret;

    if (kernel < 0) {
        return -1;
    }
    p->bus = -1;
    ret = give_to_keeper(p, kernel, name ? name : "", functionality);
    close(kernel);
    return ret;
}

/* --------------------------------------------------- one that has been left */

/* The bus of a USB device: -EBUSY where a process has it. */
static int adopt(struct attach_plug *p, int bus, const char *usb_id,
                 const char *name, uint32_t functionality)
{
    int port = usbip_port(usb_id);

    p->fd = port < 0 ? port
                     : keeper_call_adopt(NODE_NAME_FOLDER, (unsigned)port, name,
                                         functionality);
    p->bus = bus;
    return p->fd < 0 ? p->fd : 0;
}

static int adopt_this(struct attach_plug *p, const char *what,
                      uint32_t functionality)
{
    char id[32];
    int bus = attach_which("attach", what, id, sizeof(id)), ret;

    if (bus < 0) {
        return -1;
    }
    ret = adopt(p, bus, id, node_name_good(what) ? what : "", functionality);
    if (ret == -EBUSY) {
        tool_complain("--adopt %s: a process has it, and lives", what);
    } else if (ret == -EPROTO) {
        tool_complain("--adopt %s: its keeper is of another version of "
                      "i2cpt-replay; detach it",
                      what);
    } else if (ret) {
        tool_complain("--adopt %s: its keeper does not answer: %s", what,
                      strerror(-ret));
    }
    return ret;
}

/* Whether there was one; a name whose bus is another's by now is as none. */
static bool adopt_by_name(struct attach_plug *p, const char *name,
                          uint32_t functionality)
{
    int bus = node_name_bus(NODE_NAME_FOLDER, name);
    char id[32];

    return bus >= 0 && !node_usb((unsigned)bus, id, sizeof(id)) &&
           !adopt(p, bus, id, name, functionality);
}

/* ------------------------------------------------------------------- either */

int attach_plug(struct attach_plug *p, const struct attach_config *config,
                uint32_t functionality)
{
    if (config->adopt) {
        return adopt_this(p, config->adopt, functionality);
    }
    if (config->name && adopt_by_name(p, config->name, functionality)) {
        return 0;
    }
    return make_new(p, config->name, functionality);
}

bool attach_plug_has_name(unsigned bus, const char *name)
{
    char id[32];
    int port = node_usb(bus, id, sizeof(id)) ? -1 : usbip_port(id);

    return port >= 0 && keeper_call_has(NODE_NAME_FOLDER, (unsigned)port, name);
}
