/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Wakes by Linux's own descriptors: an epoll of an eventfd and a timerfd. */
#include "core/wake.h"

#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

struct i2cpt_wake {
    int poll_fd, event_fd, timer_fd;
};

/* `fd` may be what a failed call has returned. */
static int add(int poll_fd, int fd)
{
    struct epoll_event event = {.events = EPOLLIN};

    return fd < 0 || epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

struct i2cpt_wake *i2cpt_wake_new(void)
{
    struct i2cpt_wake *wake = g_new0(struct i2cpt_wake, 1);
    int why;

    wake->event_fd = wake->timer_fd = -1;
    wake->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (wake->poll_fd >= 0) {
        wake->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    }
    if (wake->event_fd >= 0) {
        wake->timer_fd =
            timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    }
    if (wake->timer_fd < 0 || add(wake->poll_fd, wake->event_fd) ||
        add(wake->poll_fd, wake->timer_fd)) {
        why = errno;
        i2cpt_wake_free(wake, 0);
        errno = why;
        return NULL;
    }
    return wake;
}

void i2cpt_wake_free(struct i2cpt_wake *wake, int forked)
{
    int *fd;

    if (!wake) {
        return;
    }
    for (fd = &wake->poll_fd; fd <= &wake->timer_fd; fd++) {
        if (*fd >= 0) {
            close(*fd);
        }
    }
    g_free(wake);
}

int i2cpt_wake_fd(const struct i2cpt_wake *wake)
{
    return wake->poll_fd;
}

void i2cpt_wake_signal(struct i2cpt_wake *wake)
{
    uint64_t one = 1;

    if (wake && write(wake->event_fd, &one, sizeof(one)) < 0) {
        /* the counter is at its limit, so it is readable all the same */
    }
}

void i2cpt_wake_clear(struct i2cpt_wake *wake)
{
    uint64_t count;

    if (wake && read(wake->event_fd, &count, sizeof(count)) < 0) {
        /* EAGAIN: nobody had signalled */
    }
}

void i2cpt_wake_at(struct i2cpt_wake *wake, uint64_t when_ns)
{
    struct itimerspec its = {0};

    if (!wake) {
        return;
    }
    if (when_ns != UINT64_MAX) {
        its.it_value.tv_sec = (time_t)(when_ns / 1000000000u);
        its.it_value.tv_nsec = (long)(when_ns % 1000000000u);
    }
    /* later than a time_t of 32 bits can say: not at all */
    if ((uint64_t)its.it_value.tv_sec != when_ns / 1000000000u) {
        its = (struct itimerspec){0};
    }
    timerfd_settime(wake->timer_fd, TFD_TIMER_ABSTIME, &its, NULL);
}

void i2cpt_wake_wait(struct i2cpt_wake *wake, int timeout_ms)
{
    struct pollfd p = {.fd = wake->event_fd, .events = POLLIN};

    poll(&p, 1, timeout_ms);
}

int i2cpt_wake_look_at(struct i2cpt_wake *wake, struct i2cpt_wake *other)
{
    return add(wake->poll_fd, other->poll_fd);
}
