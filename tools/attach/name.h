/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of buses: symbolic links in /run/libi2cpt to their nodes. */
#ifndef ATTACH_NAME_H
#define ATTACH_NAME_H

#include <stdbool.h>
#include <sys/types.h>

#define ATTACH_NAME_FOLDER "/run/libi2cpt"
#define ATTACH_NAME_MAX    64

struct attach_name {
    const char *folder, *name; /* borrowed; NULL: there is none */
    dev_t device;
    ino_t inode; /* of the link that was made; its number may be used again */
    unsigned bus;
};

/* "i2c-" and a digit, as the kernel calls its buses. */
bool attach_name_of_bus(const char *name);
/* A name is letters, digits and "._-", begins with none of these, and is not a
 * bus's, which detach would take it for. */
bool attach_name_good(const char *name);
/* Makes the link, in the place of one whose bus is gone. 0; or -EEXIST where
 * another bus has the name, or another negative errno. */
int attach_name_make(struct attach_name *n, const char *folder,
                     const char *name, unsigned bus);
/* Removes it, where it is still the one that was made. */
void attach_name_remove(struct attach_name *n);
/* The bus of a name, or -ENOENT. */
int attach_name_bus(const char *folder, const char *name);

#endif
