/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keeper's door: a socket in the folder of names, ".port-N" by the port of
 * vhci_hcd. No bus's name begins so. None but its owner, root, may knock.
 */
#ifndef KEEPER_DOOR_H
#define KEEPER_DOOR_H

#include <sys/types.h>

struct keeper_door {
    const char *folder; /* borrowed */
    unsigned port;
    dev_t device;
    ino_t inode; /* the next keeper at this port makes one of the same name */
};

/* A listening socket in the place of what is there, or a negative errno. */
int keeper_door_open(struct keeper_door *d, const char *folder, unsigned port);
/* Of a listening socket that somebody else has opened. */
int keeper_door_known(struct keeper_door *d, const char *folder, unsigned port);
/* Removes the socket's file where it is still that one. */
void keeper_door_remove(const struct keeper_door *d);

/* A connection to the keeper of that port; or -ENOENT where there is none,
 * -EAGAIN where it has callers enough and takes none, or another negative
 * errno. Never waits. */
int keeper_door_knock(const char *folder, unsigned port);

#endif
