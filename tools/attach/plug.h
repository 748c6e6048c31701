/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How an adapter comes to a keeper: a new one, or one that another process has
 * left. */
#ifndef ATTACH_PLUG_H
#define ATTACH_PLUG_H

#include <stdint.h>

#include "attach/attach.h"

struct attach_plug {
    int fd; /* the connection to the keeper */
    /* of a device that has just been plugged in; usbip_bus_id() */
    unsigned port;
    uint32_t device_id;
    int bus; /* of one that was adopted; or -1: the kernel is about to make it
              */
};

/* What `config` asks for: 0, or -1 with a line on stderr. */
int attach_plug(struct attach_plug *p, const struct attach_config *config,
                uint32_t functionality);
/* node_name_make()'s: whether a bus has the name by right. */
bool attach_plug_has_name(unsigned bus, const char *name);

#endif
