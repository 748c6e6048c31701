/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the preloaded shim. */
#ifndef PRELOAD_SHIM_H
#define PRELOAD_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
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

int shim_real_close(int fd);
int shim_real_fcntl(int fd, int command, int arg);

/* link.c: 0 or -errno */
int shim_link_ask(struct iovec *out, int n_out, struct iovec *in, int n_in,
                  size_t *got, int *fd);
/* What a call returns then; sets errno where that is -1. */
int64_t shim_link_finish(int ret, const struct preload_reply *reply);

/* files.c */
/* Whether this descriptor is an open file of ours; its token. */
bool shim_file_token(int fd, struct preload_token *token);
/* The same, quickly where it cannot be. */
bool shim_file_is_ours(int fd, struct preload_token *token);
int shim_file_open(unsigned bus, int flags); /* descriptor, or -1 and errno */
/* As read(2) and write(2) of one of ours. */
ssize_t shim_file_read(const struct preload_token *token, void *buf,
                       size_t count);
ssize_t shim_file_write(const struct preload_token *token, const void *buf,
                        size_t count);

/* streams.c: NULL and errno where it cannot be. */
FILE *shim_stream_new(int fd, const char *mode);
int shim_stream_flags(const char *mode); /* of open(2) */

/* paths.c */
/* What the environment said when PROGRAM began; NULL: nothing. */
const char *shim_path_environment(const char *name);
/* /dev/i2c-N of a redirected bus, by whatever spelling from the folder `dir`
 * or the working one (AT_FDCWD): N, else -1. */
int shim_path_bus(int dir, const char *path);
bool shim_path_has_bus(unsigned bus);
int shim_path_nth_bus(unsigned n); /* of the redirected, from 0; -1: none */
/* The path to use instead: the same, or one in the tree, written to buf. */
const char *shim_path_map(int dir, const char *path, char *buf, size_t size);
/* walk.c: where symbolic links lead, the last one as well. */
int shim_path_walk(int dir, const char *path);
/* A bus whose name says nothing of it: by its number where there is a real one,
 * opened as `fd`; else (-1) by where a link leads. */
int shim_path_behind(int dir, const char *path, int fd);
/* In place: what PROGRAM shall see instead of a path in the tree. */
void shim_path_unmap(char *path);

#endif
