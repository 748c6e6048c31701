/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a peer is reached: by a socket's path, by a command whose standard
 * streams it has, or over a socket that the caller has connected. What a
 * command has become when the connection to it was closed is seen to here as
 * well.
 */
#ifndef I2CPT_REMOTE_REACH_H
#define I2CPT_REMOTE_REACH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct i2cpt_fault;

struct reach {
    char *socket, *command; /* one of them, or none */
    int handed_fd;          /* of fd=, while it is opened; */
    char handed[24];        /* its name */
    pid_t child;            /* of the command, or 0 */
    pid_t leaving;          /* the one before, told to end; or 0 */
};

/* The texts are copied. */
void remote_reach_init(struct reach *r, const char *socket, const char *command,
                       int handed_fd);
/* For good: a command that has not gone by itself, its input having ended, is
 * told to, then made to. */
void remote_reach_clear(struct reach *r);
/* What it is called in messages. */
const char *remote_reach_name(const struct reach *r);
/* A descriptor that the caller closes, or what is wrong. */
int remote_reach(struct reach *r, uint64_t until_ns, struct i2cpt_fault *fault);
/* The connection is closed: a command goes by itself. One that has not by
 * `until_ns` is told to, and looked after later. */
void remote_reach_leave(struct reach *r, uint64_t until_ns);

#endif
