/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is written once for all that have descriptors to poll. */
#include "core/descriptors.h"

#include <errno.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <unistd.h>

int i2cpt_poll_add(int poll_fd, int fd)
{
    struct epoll_event event = {.events = EPOLLIN};

    return fd < 0 || epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

void i2cpt_event_signal(int fd)
{
    uint64_t one = 1;

    if (fd >= 0 && write(fd, &one, sizeof(one)) < 0) {
        /* the counter is at its limit, so it is readable all the same */
    }
}

void i2cpt_event_clear(int fd)
{
    uint64_t count;

    if (fd >= 0 && read(fd, &count, sizeof(count)) < 0) {
        /* EAGAIN: nobody had signalled */
    }
}
