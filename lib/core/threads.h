/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Threads of the library, which take no signals, and waiting with a bound. */
#ifndef I2CPT_THREADS_H
#define I2CPT_THREADS_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* Block all signals in this thread, and so in those that it starts: for
 * libraries that start threads of their own. */
void i2cpt_signals_block(sigset_t *before);
void i2cpt_signals_restore(const sigset_t *before);
/* A thread with all signals blocked; 0 or a negative errno. */
int i2cpt_thread_start(pthread_t *thread, void *(*run)(void *), void *arg);

/* Conditions are waited for by CLOCK_MONOTONIC, as deadlines are. */
void i2cpt_cond_init(pthread_cond_t *cond);
/* Wait until then (UINT64_MAX: for ever); false when the time has passed. */
bool i2cpt_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock,
                           uint64_t until_ns);

#endif
