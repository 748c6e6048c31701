/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A thread that has one deadline. */
#ifndef I2CPT_TIMER_H
#define I2CPT_TIMER_H

#include <stdbool.h>
#include <stdint.h>

struct i2cpt_timer;
typedef void (*i2cpt_timer_fn)(void *user);
/* One deadline at a time; the thread is started by the first set. Its times
 * are of `now`. */
struct i2cpt_timer *i2cpt_timer_new(i2cpt_timer_fn fire,
                                    uint64_t (*now)(void *user), void *user);
void i2cpt_timer_set(struct i2cpt_timer *timer, uint64_t when_ns);
/* Joins; `forked`: there is no thread in this process. */
void i2cpt_timer_free(struct i2cpt_timer *timer, bool forked);

#endif
