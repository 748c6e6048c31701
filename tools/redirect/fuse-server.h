/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files that PROGRAM has open instead of /dev/i2c-N and /dev/gpiochipM,
 * served in the owner's process: what is read, written and asked of them by
 * ioctl becomes the owner's. A transfer is made by the thread that took the
 * request, and another one waits for the next request by then, so that an open
 * never waits for a transfer.
 *
 * The kernel asks to interrupt a request when a signal comes: it is not heard.
 * The transfer ends as it would, and PROGRAM's call with it, so that none is
 * made twice.
 */
#ifndef REDIRECT_FUSE_SERVER_H
#define REDIRECT_FUSE_SERVER_H

#include <stdint.h>

struct owner;
struct fuse_server;

/* What the mount has: the names in its root, and their inode numbers. */
#define FUSE_SERVER_NODE  "i2c-%u" /* bus N */
#define FUSE_SERVER_CHIP  "gpiochip%u"
#define FUSE_SERVER_LINES "lines-%u" /* for requests to chip M */
#define FUSE_SERVER_DEV   "dev"      /* /dev with our nodes in it */
enum {
    FUSE_SERVER_INO_DEV = 2,
    FUSE_SERVER_INO_NODE = 0x100,       /* + N */
    FUSE_SERVER_INO_CHIP = 0x10000000,  /* + M */
    FUSE_SERVER_INO_LINES = 0x20000000, /* + M */
};

/* `fd` stays the caller's and has to outlive it. 0 or -errno. */
int redirect_fuse_server_new(struct fuse_server **out, struct owner *owner,
                             int fd);
void redirect_fuse_server_free(struct fuse_server *s);

#endif
