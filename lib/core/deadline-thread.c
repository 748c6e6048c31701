/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One deadline and a thread that waits for it, for embedders without timers. */
#include <glib.h>
#include <signal.h>
#include <time.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/threads.h"
#include "i2cpt.h"
#include "core/deadline-thread.h"

struct i2cpt_timer {
    i2cpt_timer_fn fire;
    uint64_t (*now)(void *user);
    void *user;
    pthread_mutex_t lock; /* all below */
    pthread_cond_t changed;
    pthread_t thread;
    bool started, ending;
    uint64_t when_ns; /* UINT64_MAX: none */
};

struct i2cpt_timer *i2cpt_timer_new(i2cpt_timer_fn fire,
                                    uint64_t (*now)(void *user), void *user)
{
    struct i2cpt_timer *timer = g_new0(struct i2cpt_timer, 1);

    timer->fire = fire;
    timer->now = now;
    timer->user = user;
    timer->when_ns = UINT64_MAX;
    pthread_mutex_init(&timer->lock, NULL);
    i2cpt_cond_init(&timer->changed);
    return timer;
}

/* The embedder's clock may be another one than the condition's. */
static void wait_locked(struct i2cpt_timer *timer, uint64_t left_ns)
{
    i2cpt_cond_wait_until(&timer->changed, &timer->lock,
                          i2cpt_now_ns() + left_ns);
}

static void *timer_main(void *arg)
{
    struct i2cpt_timer *timer = arg;
    uint64_t when, now;

    pthread_mutex_lock(&timer->lock);
    while (!timer->ending) {
        when = timer->when_ns;
        if (when == UINT64_MAX) {
            pthread_cond_wait(&timer->changed, &timer->lock);
            continue;
        }
        pthread_mutex_unlock(&timer->lock);
        now = timer->now(timer->user);
        pthread_mutex_lock(&timer->lock);
        if (timer->ending || timer->when_ns != when) {
            continue;
        }
        if (now < when) {
            wait_locked(timer, when - now);
            continue;
        }
        timer->when_ns = UINT64_MAX;
        pthread_mutex_unlock(&timer->lock);
        timer->fire(timer->user);
        pthread_mutex_lock(&timer->lock);
    }
    pthread_mutex_unlock(&timer->lock);
    return NULL;
}

void i2cpt_timer_set(struct i2cpt_timer *timer, uint64_t when_ns)
{
    pthread_mutex_lock(&timer->lock);
    timer->when_ns = when_ns;
    if (timer->started) {
        pthread_cond_signal(&timer->changed);
    } else if (when_ns != UINT64_MAX) {
        timer->started = !i2cpt_thread_start(&timer->thread, timer_main, timer);
        if (!timer->started) {
            i2cpt_log(I2CPT_LOG_ERROR, "no thread for the timer");
        }
    }
    pthread_mutex_unlock(&timer->lock);
}

void i2cpt_timer_free(struct i2cpt_timer *timer, bool forked)
{
    if (!timer || forked) {
        g_free(timer);
        return;
    }
    pthread_mutex_lock(&timer->lock);
    timer->ending = true;
    pthread_cond_signal(&timer->changed);
    pthread_mutex_unlock(&timer->lock);
    if (timer->started) {
        pthread_join(timer->thread, NULL);
    }
    pthread_cond_destroy(&timer->changed);
    pthread_mutex_destroy(&timer->lock);
    g_free(timer);
}
