/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A FUSE mount that stands in no folder: its files are there for those who have
 * the descriptor of its root. */
#ifndef REDIRECT_FUSE_MOUNT_H
#define REDIRECT_FUSE_MOUNT_H

struct fuse_mount {
    int server; /* requests are read from it, answers written */
    int root;   /* O_PATH */
};

/* 0, or -errno and what it was that failed. */
int redirect_fuse_mount_new(struct fuse_mount *out, const char **what);
/* A control message of one descriptor: 0 or -errno; a descriptor or -errno. */
int redirect_fuse_mount_send_fd(int socket, int fd);
int redirect_fuse_mount_receive_fd(int socket);

#endif
