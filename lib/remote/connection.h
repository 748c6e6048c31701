/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The connection to a peer, and one request at a time over it:
 *
 *   out = remote_connection_begin(c, type);   its body is put into `out`
 *   ret = remote_connection_ask(c, deadline_ns, &in, &result, fault);
 *   ...                                       the answer is taken from `in`
 *   return remote_connection_end(c, ret);
 *
 * From begin to end nobody else reads from the connection: what the peer says
 * of its lines meanwhile is taken on the way.
 */
#ifndef I2CPT_REMOTE_CONNECTION_H
#define I2CPT_REMOTE_CONNECTION_H

#include "remote/wire.h"

struct connection;

struct connection_options {
    const char *socket, *command; /* one of them, copied; or */
    int handed_fd;                /* a socket of the caller's */
    uint32_t connect_timeout_ms;
    bool reconnect;
};

struct connection *remote_connection_new(const struct connection_options *o);
/* Connect, and be welcomed: 0 or what is wrong. */
int remote_connection_open(struct connection *c, struct i2cpt_fault *fault);
void remote_connection_free(struct connection *c);

/* Once it is open; the lines are NULL where it has none. */
const struct wire_welcome *remote_connection_peer(const struct connection *c);
struct i2cpt_lines *remote_connection_lines(struct connection *c);

struct wire_out *remote_connection_begin(struct connection *c,
                                         enum wire_type type);
/* Send what was begun, and receive its reply: 0 with the peer's *result, and
 * what it gives back in `in`; or a negative errno, and the fault says why. */
int remote_connection_ask(struct connection *c, uint64_t deadline_ns,
                          struct wire_in *in, int *result,
                          struct i2cpt_fault *fault);
/* Returns `ret`. */
int remote_connection_end(struct connection *c, int ret);

/* What cannot be a reply came (-EPROTO), or the peer is gone (-EPIPE): what to
 * say of the request. */
int remote_connection_gone(struct connection *c, int why, uint64_t deadline_ns,
                           struct i2cpt_fault *fault);
int remote_connection_too_large(struct connection *c,
                                struct i2cpt_fault *fault);
/* Of the request that was begun: it opens a stream or goes on with one, or ends
 * it. */
void remote_connection_streams(struct connection *c, bool open);
/* A frame with one number that nobody answers, if there is a connection. */
void remote_connection_tell(struct connection *c, enum wire_type type,
                            uint32_t n);

#endif
