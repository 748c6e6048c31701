/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clients of a socket that is served: a thread each. */
#ifndef SERVE_CLIENTS_H
#define SERVE_CLIENTS_H

#include "common/tool.h"

struct serve_clients;

/* Until the client hangs up, or fd is shut down. The handle is borrowed. */
typedef void (*serve_client_fn)(struct i2cpt_adapter *a, int fd);

/* At most `max` at a time; with `marks` each has its number, its coming and its
 * going in the adapter's recording. NULL where there are no descriptors left.
 * Keeps no reference of `a`. */
struct serve_clients *verb_serve_clients_new(struct i2cpt_adapter *a,
                                             serve_client_fn serve,
                                             unsigned max, bool marks);
/* Readable when a client has gone: then verb_serve_clients_reap(). */
int verb_serve_clients_fd(const struct serve_clients *clients);
/* Take in the next one. False where there is no room for it now: it waits, and
 * is to be asked for again when another one has gone. */
bool verb_serve_clients_accept(struct serve_clients *clients, int listener);
/* Returns how many there are yet. */
unsigned verb_serve_clients_reap(struct serve_clients *clients);
/* No more requests of them: what they have asked for ends, and so do they. */
void verb_serve_clients_hang_up(struct serve_clients *clients);
/* With none left. */
void verb_serve_clients_free(struct serve_clients *clients);

#endif
