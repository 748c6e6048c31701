/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a path of PROGRAM leads: to a redirected bus, to what /dev and /sys say
 * of them, or elsewhere. It is followed as PROGRAM would: from its own root and
 * working folder, through symbolic links, and a device by its number. */
#ifndef REDIRECT_PLACES_H
#define REDIRECT_PLACES_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum place_kind {
    PLACE_ELSEWHERE, /* the kernel's own work */
    PLACE_NODE,      /* /dev/i2c-N of a redirected bus */
    PLACE_CHIP,      /* /dev/gpiochipM with lines of one */
    PLACE_OTHER_BUS, /* of one that is not */
    PLACE_DEV,       /* /dev */
    PLACE_SYS,       /* in the folder that stands for /sys */
    PLACE_BELOW_DEV, /* a real one, named by way of our /dev */
};

struct place {
    enum place_kind kind;
    uint32_t number;     /* of the bus, of the chip */
    char path[PATH_MAX]; /* SYS: in that folder; BELOW_DEV: the real path */
};

struct places {
    int fuse_root; /* O_PATH: our nodes, and our /dev */
    int tree;      /* O_PATH: the folder whose sys/ stands for /sys */
    const char *tree_path;
    const uint32_t *buses;
    unsigned n;
    const uint32_t *chips;
    unsigned n_chips, gpio_major;
    dev_t fuse_dev; /* st_dev of what is in fuse_root */
    dev_t dev_dev;  /* /dev itself */
    ino_t dev_ino;
    volatile bool has_nodes, has_dev; /* once one of ours was given out */
    volatile bool other_roots; /* some of PROGRAM may see others than we */
};

enum places_how {
    PLACES_FOLLOW = 1, /* a symbolic link at its end */
    /* look as well for what is not called i2c: devices by their numbers, links
     * to what only we have, /dev by other names */
    PLACES_NUMBER = 2,
};

bool redirect_places_has_chip(const struct places *p, uint32_t number);
bool redirect_places_has_bus(const struct places *p, uint32_t bus);
/* After fuse_root, tree and buses have been set. 0 or -errno. */
int redirect_places_init(struct places *p);
/* 0, or the -errno that the call shall have. */
int redirect_places_find(const struct places *p, pid_t tid, int folder,
                         const char *path, unsigned how, struct place *out);
/* Of an open descriptor: NODE, CHIP, DEV or ELSEWHERE. */
void redirect_places_find_open(const struct places *p, pid_t tid, int fd,
                               struct place *out);

#endif
