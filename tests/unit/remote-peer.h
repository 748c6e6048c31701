/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Both ends of a remote adapter, in one process. */
#ifndef REMOTE_PEER_H
#define REMOTE_PEER_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/backend.h"
#include "bus/calls.h"
#include "remote/wire.h"

/* A server at a socket: the adapter, or a script of bytes to send. */
struct server {
    char dir[32], path[64], spec[128];
    int listener, clients, results[4];
    struct i2cpt_adapter *adapter; /* NULL: a liar */
    struct i2cpt_adapter *other;   /* for the second client, or NULL */
    struct wire_out lies;          /* sent after the welcome */
    /* or what speaks to a client until it goes */
    void (*talk)(void *user, int fd);
    void *user;
    /* deaf: takes nothing after the welcome; then_silent, then_odd: the second
     * client is told nothing, something that is no welcome */
    bool no_welcome, hang_up, deaf, then_silent, then_odd;
    atomic_int accepted;
    uint16_t version; /* 0: ours */
    uint32_t reply_to;
    pthread_t thread;
};
/* In a folder of its own, with the adapter `spec`, or NULL for a liar; it ends
 * after so many clients. */
void server_start(struct server *s, const char *spec, int clients);
/* Again at the same path, after its thread has ended. */
void server_listen(struct server *s, int clients);
void server_end(struct server *s);

/* A client of it, with `more` keys (",a=b" or ""). */
struct i2cpt_adapter *server_client(struct server *s, const char *more);

/* `n` bytes from register `reg` on. */
int remote_read(struct i2cpt_adapter *a, uint16_t addr, uint8_t reg,
                uint8_t *in, uint32_t n, struct i2cpt_fault *fault);
/* One call of a stream; `value` is an address or a byte, `out`, or NULL, takes
 * the byte that was read. */
int remote_op(struct i2cpt_adapter *a, enum i2cpt_op o, uint8_t value,
              uint8_t *out);

#endif
