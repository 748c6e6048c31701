/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of buses: symbolic links in /run/libi2cpt to their nodes. */
#ifndef NODES_NAME_H
#define NODES_NAME_H

#include <stdbool.h>
#include <sys/types.h>

#define NODE_NAME_FOLDER "/run/libi2cpt"
#define NODE_NAME_LOCK   ".lock" /* a file in it, which stays */
#define NODE_NAME_MAX    64

struct node_name {
    char name[NODE_NAME_MAX + 1]; /* "": there is none */
    dev_t device;
    ino_t inode; /* of the link that was made; its number may be used again */
    unsigned bus;
};

/* "i2c-" and a digit, as the kernel calls its buses. */
bool node_name_of_bus(const char *name);
/* A name is letters, digits and "._-", begins with none of these, and is not a
 * bus's, which detach would take it for. */
bool node_name_good(const char *name);
/* Makes the link; one that is there gives way unless it is `taken`, which is
 * asked of a link to another bus, without the lock. 0; or -EEXIST where another
 * bus has the name, or what is there is no link to a bus; or another negative
 * errno. Of several at once one gets it. */
int node_name_make(struct node_name *n, const char *folder, const char *name,
                   unsigned bus, bool (*taken)(unsigned bus, const char *name));
/* Removes it, where it is still the one that was made. */
void node_name_remove(struct node_name *n, const char *folder);
/* The bus of a name, or -ENOENT. */
int node_name_bus(const char *folder, const char *name);

/* What is made and removed in the folder, which is made too where it is not
 * there, one after another: a descriptor to be closed, or a negative errno.
 * Nobody is waited for with it. */
int node_name_lock(const char *folder);

#endif
