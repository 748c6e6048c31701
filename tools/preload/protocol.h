/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the preloaded shim in PROGRAM and the i2cpt-replay that owns the
 * adapters. Both are of one build and on one machine, so structs travel as
 * they are; but the owner believes nothing that it has not checked.
 *
 * PROGRAM's open file of /dev/i2c-N is a socket that listens, and whose name,
 * which no other has, is the token. So the kernel itself keeps track of dup,
 * fork, exec and close-on-exec, and every copy can be told from other
 * descriptors, which looking at changes nothing of. Whatever reads or writes it
 * past the shim fails with ENOTCONN: a descriptor that took or gave bytes would
 * lose or make up a transfer. The owner has a connection to it that nobody
 * accepts, and sees a hang-up when the last copy is closed. Requests go over a
 * connection that each thread of PROGRAM has for itself (SOCK_SEQPACKET, one
 * packet a request and one a reply).
 */
#ifndef PRELOAD_PROTOCOL_H
#define PRELOAD_PROTOCOL_H

#include <stdint.h>

/* Environment of PROGRAM. */
#define ENV_SOCKET "I2CPT_PRELOAD_SOCKET" /* where the owner listens */
#define ENV_BUSES  "I2CPT_PRELOAD_BUSES"  /* "0:3", the redirected N */
#define ENV_TREE   "I2CPT_PRELOAD_TREE"   /* has dev/ and sys/ in it */

#define PRELOAD_MAGIC "i2cpt-preload 2"
/* A folder in the tree: the shim was loaded somewhere. */
#define PRELOAD_LOADED "loaded"

/* The longest packet: 42 messages of 8192 bytes, Linux's own limits. */
enum {
    PRELOAD_MSGS_MAX = 42,
    PRELOAD_MSG_MAX = 8192,
    PRELOAD_PACKET_MAX = 512 * 1024,
};

struct preload_token {
    char magic[16]; /* PRELOAD_MAGIC */
    uint32_t file;  /* the owner's name for the open file */
    uint32_t bus;
    uint32_t flags; /* of open(): O_ACCMODE and what F_GETFL says */
    uint32_t owner; /* which, as names of sockets are for all */
};

enum preload_op {
    PRELOAD_OPEN = 1, /* bus, arg: flags; the reply brings a descriptor */
    PRELOAD_IOCTL,    /* request, arg; data of I2C_RDWR and I2C_SMBUS */
    PRELOAD_READ,     /* arg bytes */
    PRELOAD_WRITE,    /* data */
};

struct preload_request {
    uint32_t op;
    uint32_t file; /* PRELOAD_OPEN: the bus */
    uint32_t request;
    uint32_t n; /* I2C_RDWR: messages */
    uint64_t arg;
};

/* Behind the request of I2C_RDWR: n of these, then in their order the buffers
 * of those that are written or have RECV_LEN. */
struct preload_msg {
    uint16_t addr, flags, len, unused;
};

/* Behind the request of I2C_SMBUS, and behind its reply. */
struct preload_smbus {
    uint8_t read_write, command, has_data, unused;
    uint32_t size;
    uint8_t block[34];
};

/* `result` as the call shall return it, or -errno. Behind it: what was read;
 * I2C_RDWR: the buffers of all reads, whole. */
struct preload_reply {
    int64_t result;
};

#endif
