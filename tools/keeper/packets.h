/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the keeper and an adapter's process say to each other: one packet of a
 * SOCK_SEQPACKET socket each, in the machine's own byte order. A process of
 * another build may adopt what a keeper has: all packets begin with a version.
 */
#ifndef KEEPER_PACKETS_H
#define KEEPER_PACKETS_H

#include <stddef.h>
#include <stdint.h>

#include "nodes/name.h"

#define KEEPER_VERSION 1u

enum keeper_kind {
    /* to the keeper, by who has just connected */
    KEEPER_ASK = 1, /* name: whether the bus has that name; "": whichever */
    KEEPER_ADOPT,   /* the same, and to have it: functionality */
    /* its answer to these */
    KEEPER_WELCOME, /* to ADOPT: it has it now */
    KEEPER_FREE,    /* to ASK: nobody has it */
    KEEPER_BUSY,    /* a process has it */
    KEEPER_OTHER,   /* the bus has another name */
    /* from then on, to the keeper */
    KEEPER_NAMED,  /* name: the link, to be removed in the end */
    KEEPER_ANSWER, /* number, result; bytes of a read are carried */
    KEEPER_LEAVE,  /* unplug, and end */
    /* and from it */
    KEEPER_MESSAGE, /* number, first to len; bytes of a write are carried */
    KEEPER_GONE,    /* the kernel has let go of the device */
};

struct keeper_packet {
    uint32_t version; /* keeper_send() puts it there */
    uint32_t kind;
    uint32_t carried; /* bytes behind this head */
    uint32_t number;  /* of a message, and of its answer */
    int32_t result;   /* enum keeper_answer, or a negative errno */
    uint32_t functionality;
    uint8_t first, last;
    uint16_t addr, flags;
    uint32_t len;
    struct node_name name;
};

/* Never waits. 0; or a negative errno: who should have it is gone or does not
 * read. */
int keeper_send(int fd, const struct keeper_packet *p, const void *carried);
/* Waits up to `wait_ms`. 0; or -EPIPE where the other is gone, -ETIMEDOUT,
 * -EPROTO where it is of another version, or what came is no packet. */
int keeper_recv(int fd, struct keeper_packet *p, void *carried, size_t room,
                int wait_ms);

#endif
