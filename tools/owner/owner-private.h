/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the parts of the owner: open files and the loop that sees them closed
 * (owner.c), requests on them (owner-connection.c), and the folder that stands
 * for /dev and /sys (owner-tree.c). */
#ifndef OWNER_PRIVATE_H
#define OWNER_PRIVATE_H

#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "gpiochip/gpiochip.h"
#include "owner/devfile.h"
#include "owner/owner.h"

struct owner_bus {
    uint32_t number;
    const char *label;
    struct i2cpt_adapter *adapter;
};

struct owner_chip {
    struct owner *owner;
    uint32_t number, bus;
    struct i2cpt_adapter *adapter;
    int fd; /* readable while it has something to tell */
    struct gpiochip *chip;
};

/*
 * An open file of a bus, PROGRAM's; in `files` while it is OPEN.
 *
 *   (none) -> OPEN     owner_new_file(): it has an id
 *   (none) -> (none)   no such bus, or no room for one more
 *   OPEN   -> CLOSED   PROGRAM's last copy is gone, a thread is in a call on it
 *   OPEN   -> (freed)  likewise, and no thread is
 *   CLOSED -> (freed)  the last of those threads comes back
 *   OPEN   -> (freed)  the owner goes
 */
struct file {
    struct devfile dev;
    pthread_mutex_t lock;
    uint32_t id;
    int fd;         /* the shim: connected to PROGRAM's; or -1 */
    unsigned users; /* threads in a call on it, under the owner's lock */
    bool closed;
};

/*
 * The owner (`running`, `closing`, `interrupted`):
 *
 *   NEW     -> RUNNING      owner_start(): it listens, in a thread of its own
 *   NEW     -> (freed)      nothing was started, or not all of it
 *   RUNNING -> INTERRUPTED  a signal: nobody waits for files to be closed
 *   RUNNING, INTERRUPTED -> CLOSING  owner_free(): connections are shut down,
 *                           and no more are taken
 *   CLOSING -> (freed)      the last connection's thread has ended, and its own
 */
struct owner {
    GArray *buses;
    GPtrArray *chips; /* struct owner_chip */
    unsigned gpio_major;
    pthread_mutex_t dispatching; /* one at a time; before `gpio` */
    pthread_mutex_t gpio;        /* chips and their requests */
    char *dir, *path;
    int listener, wake[2]; /* wake: something for the main loop */
    int spare;             /* to refuse by when there are none left */
    int held;              /* the folder, locked while somebody uses it */
    uint32_t number;       /* its own, in names of sockets */
    bool running;
    pthread_t thread;

    pthread_mutex_t lock; /* all below */
    pthread_cond_t changed;
    GHashTable *files; /* by id */
    uint32_t next_id;
    unsigned connections;
    GList *sockets;  /* of connections, as GINT_TO_POINTER */
    unsigned others; /* open files of chips and of their lines */
    bool used, closing, looping;
    atomic_bool interrupted; /* set by a signal handler, in any thread */
};

/* owner-files.c */
struct owner_bus *owner_find_bus(struct owner *o, uint32_t number);
/* A new file of bus `number`. With `fd`, which it takes over, it is closed when
 * the other end is; with -1, by owner_close_file(). 0 or -errno. */
int owner_new_file(struct owner *o, uint32_t number, int fd, uint32_t *id);
/* PROGRAM's descriptor of a new file for the shim, opened with `flags`, or
 * -errno. */
int owner_open_file(struct owner *o, uint32_t number, uint32_t flags);
struct file *owner_take_file(struct owner *o, uint32_t id);
void owner_put_file(struct owner *o, struct file *f);
/* PROGRAM has no copy left. */
void owner_close_file(struct owner *o, uint32_t id);
void owner_free_file(struct file *f);
/* Have the main loop look at its files anew. */
void owner_wake_loop(struct owner *o);

/* owner-chips.c */
struct owner_chip *owner_find_chip(struct owner *o, uint32_t number);
/* What the lines of the bus have to tell, if it has some, is told behind this.
 */
void owner_dispatch_lines(struct owner *o, uint32_t bus);
/* Watch them; 0 or -errno. And no longer. */
int owner_watch_chips(struct owner *o);
void owner_free_chips(struct owner *o);
/* A file of a chip or of its lines is open; is closed. */
void owner_opened_other(struct owner *o);
void owner_closed_other(struct owner *o);

/* owner-connection.c: PROGRAM knocks. */
void owner_accept(struct owner *o);

/* owner-tree.c: below o->dir. */
int owner_make_tree(struct owner *o);
/* Folders whose owners were killed, and whom nobody holds any more. */
void owner_sweep_trees(void);

#endif
