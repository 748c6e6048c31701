/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lines of a peer, and a thread that hears of them while no request is
 * under way. Who makes a request has the connection meanwhile, and takes what
 * comes of lines before its reply.
 */
#ifndef I2CPT_PEER_LINES_H
#define I2CPT_PEER_LINES_H

#include "remote/wire.h"

struct i2cpt_lines;
struct peer_lines;

/*
 * Called in the thread, which has the connection: when `fd` was readable, or
 * `wait_ms` have passed, or after a kick. It waits for no peer, and says what
 * to look at next: a descriptor or -1, and for how long (-1: no end).
 */
struct peer_watch {
    int fd, wait_ms;
};
typedef struct peer_watch (*peer_idle_fn)(void *user);

/* Those of `w`, at its levels. *out is NULL where there are none; all below
 * take that. */
int remote_lines_new(const struct wire_welcome *w, peer_idle_fn idle,
                     void *user, struct peer_lines **out);
/* The thread has ended when this returns. */
void remote_lines_free(struct peer_lines *p);
struct i2cpt_lines *remote_lines_get(struct peer_lines *p);
/* Have the connection, and give it back. */
void remote_lines_hold(struct peer_lines *p);
void remote_lines_let_go(struct peer_lines *p);
/* The thread looks anew: the connection is another one, or none. */
void remote_lines_kick(struct peer_lines *p);
/* A peer that has come back has the lines that it had. */
bool remote_lines_are(struct peer_lines *p, const struct wire_welcome *w);
/* ... and their levels are these. */
void remote_lines_refresh(struct peer_lines *p, const struct wire_welcome *w);
/* One LINE frame: 0 or -EPROTO. */
int remote_lines_take(struct peer_lines *p, struct wire_in *in);

#endif
