/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an adapter's process says to a keeper, and hears from it. */
#ifndef KEEPER_CALL_H
#define KEEPER_CALL_H

#include <stdint.h>

#include "nodes/name.h"

/* To the keeper that one has started: the name that its bus shall have ("":
 * none), and to be its adapter. 0 or a negative errno. */
int keeper_call_first(int fd, const char *name, uint32_t functionality);
/* To that of a port: the same, where the bus has this name ("": whichever it
 * has). The connection; or -EBUSY where another process has it, -ENOENT where
 * there is no such keeper, -EPROTO where it is of another version, or another
 * negative errno. */
int keeper_call_adopt(const char *folder, unsigned port, const char *name,
                      uint32_t functionality);
/* Whether the bus of that port has this name: false too where there is no
 * keeper. Who does not answer may well have it. */
bool keeper_call_has(const char *folder, unsigned port, const char *name);

/* What its bus's link is; and that it shall go. 0 or a negative errno. */
int keeper_call_named(int fd, const struct node_name *name);
int keeper_call_leave(int fd);

#endif
