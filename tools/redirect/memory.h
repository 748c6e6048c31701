/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory of a task of PROGRAM. */
#ifndef REDIRECT_MEMORY_H
#define REDIRECT_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* All of it: 0, -EFAULT where it is not there, -EPERM where it may not be
 * looked at, -ESRCH where the task is gone. */
int redirect_memory_read(pid_t tid, uint64_t at, void *to, size_t size);
int redirect_memory_write(pid_t tid, uint64_t at, const void *from,
                          size_t size);
/* A string with its end; -ENAMETOOLONG where it is longer. */
int redirect_memory_read_string(pid_t tid, uint64_t at, char *to, size_t size);

/* What lies around an address, read at once: what a call points to lies mostly
 * close together, on a stack, and each look into another task costs as much as
 * a third of a transfer. */
struct memory_window {
    pid_t tid;
    uint64_t at;
    size_t size; /* 0: nothing could be read */
    uint8_t bytes[4096];
};
/* The page that `at` is in. */
void redirect_memory_window_open(struct memory_window *w, pid_t tid,
                                 uint64_t at);
/* redirect_memory_read() of the same task, out of the window where it is in
 * there. */
int redirect_memory_window_read(const struct memory_window *w, uint64_t at,
                                void *to, size_t size);

#endif
