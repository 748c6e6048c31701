/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * attach, from plugging in to unplugging:
 *
 *   plugged    the kernel asks the device who it is; no bus yet
 *   making     there is a bus, with its name; devices are made on it
 *   attached   its number has been told
 *   leaving    a signal has come, and a program holds the node: the bus goes
 *              when that has closed it, or at the second signal
 *   unplugged  the kernel takes the bus away
 *
 * A bus that was adopted begins at making. The keeper answers the kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/attach.h"
#include "attach/link.h"
#include "attach/plug.h"
#include "attach/transfers.h"
#include "common/tool.h"
#include "core/clock.h"
#include "keeper/call.h"
#include "keeper/tiny.h"
#include "nodes/holders.h"
#include "nodes/name.h"
#include "nodes/node.h"
#include "usbip/vhci.h"

#define DRIVER     "i2c-tiny-usb"
#define LOOK_MS    20    /* between looks at what the kernel has made */
#define HOLDERS_MS 200   /* and at who holds the node */
#define APPEAR_MS  20000 /* for the kernel to make a bus, or to take it away */

struct attach {
    struct attach_plug plug;
    struct attach_transfers *transfers;
    int bus; /* -1: not yet */
    const struct attach_config *config;
    struct attach_devices *making; /* NULL: not now */
    int made_fd;                   /* readable when they are made; or -1 */
    bool leaving;
    uint64_t look_ns; /* leaving: when to look again who holds the node */
};

static int stop_pipe[2];

static void stop(int sig)
{
    char c = 0;

    (void)sig;
    if (write(stop_pipe[1], &c, 1) < 0) {
        /* full: it has been told already */
    }
}

static uint64_t in_ms(unsigned ms)
{
    return i2cpt_now_ns() + ms * UINT64_C(1000000);
}

static bool is_past(uint64_t when_ns)
{
    return i2cpt_now_ns() > when_ns;
}

int attach_possible(void)
{
    if (geteuid()) {
        tool_complain("attach: needs root, which the kernel asks of who plugs "
                      "in a device");
        return -1;
    }
    if (access("/sys/devices/platform/vhci_hcd.0", F_OK)) {
        tool_complain("attach: the kernel's virtual USB host controller is "
                      "not there: modprobe vhci-hcd");
        return -1;
    }
    if (!node_driver(DRIVER)) {
        tool_complain(
            "attach: the kernel's driver is not there: modprobe " DRIVER);
        return -1;
    }
    return 0;
}

/* ------------------------------------------------------------- plugging in */

/* All that was asked for is there. */
static void tell(struct attach *s)
{
    printf("/dev/i2c-%d\n", s->bus);
    fflush(stdout);
    if (!node_has_device((unsigned)s->bus)) {
        tool_complain("attach: bus %d is for drivers alone; programs need the "
                      "module i2c-dev: modprobe i2c-dev",
                      s->bus);
    }
}

static int make_devices(struct attach *s, const char *usb_id)
{
    s->made_fd =
        attach_devices_make(usb_id, (unsigned)s->bus, s->config->devices,
                            s->config->n_devices, &s->making);
    if (s->made_fd < 0) {
        tool_complain("attach: %s", strerror(-s->made_fd));
        return -1;
    }
    return 0;
}

static int devices_made(struct attach *s)
{
    const struct attach_device *d;
    unsigned which;
    int ret = attach_devices_end(s->making, &which);

    s->making = NULL;
    s->made_fd = -1;
    if (ret) {
        d = &s->config->devices[which];
        tool_complain("--new-device %s@0x%02x: %s", d->type, d->addr,
                      strerror(-ret));
        return -1;
    }
    tell(s);
    return 0;
}

static int make_name(struct attach *s)
{
    const char *name = s->config->name;
    struct node_name link;
    int ret;

    if (!name) {
        return 0;
    }
    ret = node_name_make(&link, NODE_NAME_FOLDER, name, (unsigned)s->bus,
                         attach_plug_has_name);
    if (ret == -EEXIST) {
        tool_complain("--name %s: " NODE_NAME_FOLDER "/%s is there already",
                      name, name);
    } else if (ret) {
        tool_complain("--name %s: " NODE_NAME_FOLDER ": %s", name,
                      strerror(-ret));
    }
    return ret ? ret : keeper_call_named(s->plug.fd, &link);
}

/* Whether there is a bus by now, and what is to be made of it: not 0, where
 * that fails. */
static int look(struct attach *s)
{
    char id[32];
    int bus;

    if (usbip_bus_id(s->plug.port, s->plug.device_id, id, sizeof(id))) {
        return 0;
    }
    bus = node_bus(id);
    if (bus < 0) {
        return 0;
    }
    s->bus = bus;
    return make_name(s) ? -1 : make_devices(s, id);
}

/* The bus is there, and so are its name and its devices, unless others are
 * asked for. */
static int take_over(struct attach *s)
{
    char id[32];

    s->bus = s->plug.bus;
    if (node_usb((unsigned)s->bus, id, sizeof(id))) {
        tool_complain("attach: i2c-%d has just been detached", s->bus);
        return -1;
    }
    return make_devices(s, id);
}

/* ------------------------------------------------------------------ leaving */

/* Whether it is time to go: i2c_del_adapter() would wait in the kernel for who
 * holds the node, and nothing could be plugged in there meanwhile. */
static bool nobody_left(struct attach *s)
{
    g_autofree char *holders =
        s->bus < 0 ? NULL : node_holders((unsigned)s->bus);

    if (holders && !s->leaving) {
        tool_complain("attach: /dev/i2c-%d is held open by %s; it goes when "
                      "that is closed, or at a second signal",
                      s->bus, holders);
    }
    return !holders;
}

/* The same, not at each packet, of which a driver may send many. */
static bool left_by_now(struct attach *s)
{
    if (!s->leaving || !is_past(s->look_ns)) {
        return false;
    }
    s->look_ns = in_ms(HOLDERS_MS);
    return nobody_left(s);
}

/* True: go. */
static bool signalled(struct attach *s)
{
    char c;
    bool second = s->leaving;

    if (read(stop_pipe[0], &c, 1) != 1) {
        return false;
    }
    if (second || nobody_left(s)) {
        return true;
    }
    s->leaving = true;
    return false;
}

/* It hangs up when all of it is gone: 0, or -1 with a line on stderr. */
static int wait_for_keeper(struct attach *s, uint64_t until_ns)
{
    struct pollfd p = {s->plug.fd, 0, 0};

    while (!(poll(&p, 1, LOOK_MS) > 0 && p.revents)) {
        if (is_past(until_ns)) {
            tool_complain("attach: its keeper (i2cpt-keeper) does not end; it "
                          "may be stopped");
            return -1;
        }
    }
    return 0;
}

static int unplug(struct attach *s)
{
    uint64_t until_ns = in_ms(APPEAR_MS);
    g_autofree char *holders = NULL;
    unsigned which;
    int ret;

    keeper_call_leave(s->plug.fd);
    ret = wait_for_keeper(s, until_ns);
    close(s->plug.fd);
    if (s->making) { /* its driver's transfers fail from now on */
        attach_devices_end(s->making, &which);
    }
    if (s->bus < 0 || ret) {
        return ret;
    }
    holders = node_holders((unsigned)s->bus);
    while (!holders && node_exists((unsigned)s->bus) && !is_past(until_ns)) {
        poll(NULL, 0, LOOK_MS);
    }
    return 0;
}

/* ----------------------------------------------------------------- the loop */

static int wait_ms(const struct attach *s)
{
    return s->bus < 0 ? LOOK_MS : s->leaving ? HOLDERS_MS : -1;
}

/* The keeper's next packet; or how it ends. */
static int hear(struct attach *s, int *status)
{
    int ret = attach_link_next(s->plug.fd, s->transfers);

    if (ret == -ENODEV) {
        tool_complain("attach: it was detached");
        *status = s->bus < 0 || s->making ? TOOL_BROKEN : TOOL_FINE;
    } else if (ret) {
        tool_complain("attach: its keeper was killed, and so it is unplugged");
        *status = TOOL_BROKEN;
    }
    return ret;
}

static int serve(struct attach *s)
{
    uint64_t until_ns = in_ms(APPEAR_MS);
    int status;

    if (s->plug.bus >= 0 && take_over(s)) {
        return TOOL_BROKEN;
    }
    for (;;) {
        struct pollfd fds[] = {{stop_pipe[0], POLLIN, 0},
                               {s->plug.fd, POLLIN, 0},
                               {s->made_fd, POLLIN, 0}};
        int n = poll(fds, 3, wait_ms(s));

        if (n > 0 && fds[0].revents && signalled(s)) {
            return TOOL_FINE;
        }
        if (n > 0 && fds[1].revents && hear(s, &status)) {
            return status;
        }
        if (n > 0 && fds[2].revents && devices_made(s)) {
            return TOOL_BROKEN;
        }
        if (s->bus < 0 && look(s)) {
            return TOOL_BROKEN;
        }
        if (s->bus < 0 && is_past(until_ns)) {
            tool_complain("attach: the kernel made no bus of it: see dmesg");
            return TOOL_BROKEN;
        }
        if (left_by_now(s)) {
            return TOOL_FINE;
        }
    }
}

/* Under nohup a hang-up is ignored. */
static void listen_to_signals(void)
{
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    if (signal(SIGHUP, stop) == SIG_IGN) {
        signal(SIGHUP, SIG_IGN);
    }
    signal(SIGPIPE, SIG_IGN); /* who read the node's name may be gone */
}

static int attach(struct attach *s, uint32_t functionality)
{
    int ret;

    if (pipe2(stop_pipe, O_CLOEXEC | O_NONBLOCK)) {
        tool_complain("pipe: %s", strerror(errno));
        return TOOL_BROKEN;
    }
    listen_to_signals();
    if (attach_plug(&s->plug, s->config, functionality)) {
        return TOOL_BROKEN;
    }
    ret = serve(s);
    return unplug(s) && !ret ? TOOL_BROKEN : ret;
}

int attach_run(struct i2cpt_adapter *a, const struct attach_config *config)
{
    struct attach s = {.bus = -1, .config = config, .made_fd = -1};
    struct i2cpt_fault fault;
    int ret = attach_transfers_new(a, &s.transfers, &fault);

    if (ret) {
        return tool_fault(ret, &fault);
    }
    ret = attach(&s, keeper_tiny_functionality(i2cpt_adapter_functionality(a)));
    attach_transfers_free(s.transfers);
    return ret;
}
