/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A back end behind the public table that answers as it is told, lies
 * included. */
#ifndef UNIT_TOLD_H
#define UNIT_TOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "i2cpt-backend.h"

/* What the back end does next, and what it was called with. */
struct told {
    int ret;
    uint32_t short_by; /* of the last message's actual */
    uint32_t beyond;   /* added to it */
    bool spoils_msgs;  /* lengths and pointers of its copies */
    bool spoils_fault; /* no NUL, no place */
    size_t in_len;     /* of smbus() */
    uint8_t count;     /* of RECV_LEN */
    uint32_t flags, functionality;
    bool fails_to_open;
    const char *lines; /* that open() names, "NAME+LEVEL=RESULT ..." */
};
extern struct told told;

struct told_saw {
    unsigned opened, closed, transfers, took;
    uint32_t marks, took_n;
    uint64_t owner, took_owner, deadline_ns;
    size_t n, msg_size, out_len, in_size;
    uint8_t out[40];
    char log[100];
    struct i2cpt_backend_lines *lines;
};
extern struct told_saw told_saw;

/* Given to the library as its user pointer, of which it makes sure. */
extern int told_user;

struct i2cpt_backend_ops told_table(void);
/* Nothing seen yet, and told to do well. */
void told_begin(void);
/* An adapter of it, with these keys. */
struct i2cpt_adapter *told_open(const char *with);

#endif
