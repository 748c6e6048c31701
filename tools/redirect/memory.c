/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A task's memory through process_vm_readv(2), which needs that we might trace
 * it: the same user, or a right to. */
#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "redirect/memory.h"

/* Addresses of a task are not ours: they only look like pointers. */
static struct iovec remote(uint64_t at, size_t size)
{
    return (struct iovec){(void *)(uintptr_t)at, size};
}

/* The call takes what it gets, up to a page that is not there. */
static int finish(ssize_t n, size_t size)
{
    if (n < 0) {
        return -errno;
    }
    return (size_t)n == size ? 0 : -EFAULT;
}

int redirect_memory_read(pid_t tid, uint64_t at, void *to, size_t size)
{
    struct iovec in = {to, size}, from = remote(at, size);

    return size ? finish(process_vm_readv(tid, &in, 1, &from, 1, 0), size) : 0;
}

int redirect_memory_write(pid_t tid, uint64_t at, const void *from, size_t size)
{
    struct iovec out = {(void *)from, size}, to = remote(at, size);

    return size ? finish(process_vm_writev(tid, &out, 1, &to, 1, 0), size) : 0;
}

void redirect_memory_window_open(struct memory_window *w, pid_t tid,
                                 uint64_t at)
{
    w->tid = tid;
    w->at = at - at % sizeof(w->bytes); /* a page has as many, or more */
    w->size = redirect_memory_read(tid, w->at, w->bytes, sizeof(w->bytes))
                  ? 0
                  : sizeof(w->bytes);
}

int redirect_memory_window_read(const struct memory_window *w, uint64_t at,
                                void *to, size_t size)
{
    if (at >= w->at && size <= w->size && at - w->at <= w->size - size) {
        memcpy(to, w->bytes + (at - w->at), size);
        return 0;
    }
    return redirect_memory_read(w->tid, at, to, size);
}

int redirect_memory_read_string(pid_t tid, uint64_t at, char *to, size_t size)
{
    enum { PAGE = 4096 };
    size_t first = PAGE - at % PAGE;
    struct iovec in = {to, size}, from[2];
    ssize_t n;

    /* often the page behind it is not there, which costs the first one only
     * where both are one vector */
    first = first < size ? first : size;
    from[0] = remote(at, first);
    from[1] = remote(at + first, size - first);
    n = process_vm_readv(tid, &in, 1, from, size > first ? 2 : 1, 0);
    if (n <= 0) {
        return n ? -errno : -EFAULT;
    }
    if (memchr(to, 0, (size_t)n)) {
        return 0;
    }
    return (size_t)n == size ? -ENAMETOOLONG : -EFAULT;
}
