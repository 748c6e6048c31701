/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Threads without signals, and conditions on the clock of deadlines. */
#include <errno.h>
#include <time.h>

#include "core/threads.h"

void i2cpt_signals_block(sigset_t *before)
{
    sigset_t all;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, before);
}

void i2cpt_signals_restore(const sigset_t *before)
{
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

int i2cpt_thread_start(pthread_t *thread, void *(*run)(void *), void *arg)
{
    sigset_t before;
    int ret;

    i2cpt_signals_block(&before);
    ret = pthread_create(thread, NULL, run, arg);
    i2cpt_signals_restore(&before);
    return -ret;
}

void i2cpt_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attr;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
}

bool i2cpt_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock,
                           uint64_t until_ns)
{
    struct timespec until = {(time_t)(until_ns / 1000000000u),
                             (long)(until_ns % 1000000000u)};

    /* or later than a time_t of 32 bits can say */
    if (until_ns == UINT64_MAX ||
        (uint64_t)until.tv_sec != until_ns / 1000000000u) {
        return !pthread_cond_wait(cond, lock);
    }
    return pthread_cond_timedwait(cond, lock, &until) != ETIMEDOUT;
}
