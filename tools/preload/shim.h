/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the preloaded shim. */
#ifndef PRELOAD_SHIM_H
#define PRELOAD_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "preload/protocol.h"

#define SHIM_EXPORT __attribute__((visibility("default")))

/* The next definition of a function, looked up once. */
void *shim_next(const char *name);
#define NEXT(type, name)                                          \
    ((type) __extension__({                                       \
        static void *found_;                                      \
        void *next_ = __atomic_load_n(&found_, __ATOMIC_RELAXED); \
        if (!next_) {                                             \
            next_ = shim_next(name);                              \
            __atomic_store_n(&found_, next_, __ATOMIC_RELAXED);   \
        }                                                         \
        next_;                                                    \
    }))

int real_close(int fd);
int real_fcntl(int fd, int command, int arg);

/* link.c: 0 or -errno */
int link_ask(struct iovec *out, int n_out, struct iovec *in, int n_in,
             size_t *got, int *fd);
/* What a call returns then; sets errno where that is -1. */
int64_t link_finish(int ret, const struct preload_reply *reply);

/* files.c */
/* Whether this descriptor is an open file of ours; its token. */
bool file_token(int fd, struct preload_token *token);
int file_open(unsigned bus, int flags); /* descriptor, or -1 and errno */

/* paths.c */
/* /dev/i2c-N of a redirected bus: N, else -1. */
int path_bus(const char *path);
int path_nth_bus(unsigned n); /* of the redirected, from 0; -1: none */
/* The path to use instead: the same, or one in the tree, written to buf. */
const char *path_map(const char *path, char *buf, size_t size);
/* In place: what PROGRAM shall see instead of a path in the tree. */
void path_unmap(char *path);

#endif
