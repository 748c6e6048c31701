/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Wakes where there is no epoll: a pipe that has a byte in it while something
 * is up, and a thread for the time. */
#include "core/wake.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/deadline-thread.h"
#include "core/threads.h"

struct i2cpt_wake {
    int fds[2]; /* to poll, to write */
    struct i2cpt_timer *timer;
    pthread_mutex_t lock; /* all below; one's own before those of who looks */
    pthread_cond_t changed;
    bool signalled, due;
    uint64_t when_ns;           /* or UINT64_MAX */
    unsigned others;            /* that it looks at and that are readable */
    bool byte;                  /* in the pipe */
    struct i2cpt_wake *looker;  /* the first who looks at it */
    struct i2cpt_wake *sibling; /* the next who looks at the same */
    struct i2cpt_wake *looks_at;
};

static void update_locked(struct i2cpt_wake *wake);

static void other_has_changed(struct i2cpt_wake *wake, bool readable)
{
    pthread_mutex_lock(&wake->lock);
    wake->others += readable ? 1 : -1;
    update_locked(wake);
    pthread_mutex_unlock(&wake->lock);
}

/* One byte or none: neither call can wait, or find the pipe full. */
static void update_locked(struct i2cpt_wake *wake)
{
    bool readable = wake->signalled || wake->due || wake->others;
    struct i2cpt_wake *looker;
    char byte = 0;
    ssize_t n;

    if (readable == wake->byte) {
        return;
    }
    do {
        n = readable ? write(wake->fds[1], &byte, 1)
                     : read(wake->fds[0], &byte, 1);
    } while (n < 0 && errno == EINTR);
    wake->byte = readable;
    for (looker = wake->looker; looker; looker = looker->sibling) {
        other_has_changed(looker, readable);
    }
}

static void time_has_come(void *user)
{
    struct i2cpt_wake *wake = user;

    pthread_mutex_lock(&wake->lock);
    wake->due = wake->when_ns <= i2cpt_now_ns(); /* it may be another by now */
    update_locked(wake);
    pthread_mutex_unlock(&wake->lock);
}

static uint64_t now_ns(void *user)
{
    return i2cpt_now_ns();
}

static int make_pipe(int fds[2])
{
    int i;

    if (pipe(fds)) {
        return -1;
    }
    for (i = 0; i < 2; i++) {
        fcntl(fds[i], F_SETFD, FD_CLOEXEC);
        fcntl(fds[i], F_SETFL, O_NONBLOCK);
    }
    return 0;
}

struct i2cpt_wake *i2cpt_wake_new(void)
{
    struct i2cpt_wake *wake = g_new0(struct i2cpt_wake, 1);

    if (make_pipe(wake->fds)) {
        g_free(wake);
        return NULL;
    }
    pthread_mutex_init(&wake->lock, NULL);
    i2cpt_cond_init(&wake->changed);
    wake->when_ns = UINT64_MAX;
    wake->timer = i2cpt_timer_new(time_has_come, now_ns, wake);
    return wake;
}

/* From then on the other tells it nothing. */
static void look_away(struct i2cpt_wake *wake)
{
    struct i2cpt_wake **at;

    pthread_mutex_lock(&wake->looks_at->lock);
    for (at = &wake->looks_at->looker; *at != wake; at = &(*at)->sibling) {
    }
    *at = wake->sibling;
    pthread_mutex_unlock(&wake->looks_at->lock);
}

void i2cpt_wake_free(struct i2cpt_wake *wake, int forked)
{
    if (!wake) {
        return;
    }
    i2cpt_timer_free(wake->timer, forked);
    if (!forked) { /* there, another thread may have held the lock */
        if (wake->looks_at) {
            look_away(wake);
        }
        pthread_mutex_destroy(&wake->lock);
        pthread_cond_destroy(&wake->changed);
    }
    close(wake->fds[0]);
    close(wake->fds[1]);
    g_free(wake);
}

int i2cpt_wake_fd(const struct i2cpt_wake *wake)
{
    return wake->fds[0];
}

static void set(struct i2cpt_wake *wake, bool signalled)
{
    if (!wake) {
        return;
    }
    pthread_mutex_lock(&wake->lock);
    wake->signalled = signalled;
    update_locked(wake);
    pthread_cond_broadcast(&wake->changed);
    pthread_mutex_unlock(&wake->lock);
}

void i2cpt_wake_signal(struct i2cpt_wake *wake)
{
    set(wake, true);
}

void i2cpt_wake_clear(struct i2cpt_wake *wake)
{
    set(wake, false);
}

void i2cpt_wake_at(struct i2cpt_wake *wake, uint64_t when_ns)
{
    if (!wake) {
        return;
    }
    pthread_mutex_lock(&wake->lock);
    wake->when_ns = when_ns;
    wake->due = when_ns <= i2cpt_now_ns();
    update_locked(wake);
    i2cpt_timer_set(wake->timer, wake->due ? UINT64_MAX : when_ns);
    pthread_mutex_unlock(&wake->lock);
}

void i2cpt_wake_wait(struct i2cpt_wake *wake, int timeout_ms)
{
    uint64_t until_ns = i2cpt_now_ns() + (uint64_t)timeout_ms * 1000000u;

    pthread_mutex_lock(&wake->lock);
    while (!wake->signalled &&
           i2cpt_cond_wait_until(&wake->changed, &wake->lock, until_ns)) {
    }
    pthread_mutex_unlock(&wake->lock);
}

int i2cpt_wake_look_at(struct i2cpt_wake *wake, struct i2cpt_wake *other)
{
    pthread_mutex_lock(&other->lock);
    wake->looks_at = other;
    wake->sibling = other->looker;
    other->looker = wake;
    if (other->byte) {
        other_has_changed(wake, true);
    }
    pthread_mutex_unlock(&other->lock);
    return 0;
}
