/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A descriptor for other people's poll loops that is readable while something
 * is up. */
#ifndef I2CPT_WAKE_H
#define I2CPT_WAKE_H

#include <stdint.h>

/*
 * Readable while it is signalled, while a time that was set has passed, or
 * while another wake that it looks at is. It is level-triggered: nobody reads
 * the descriptor. Any thread may signal, clear and set; NULL does nothing.
 * wake-epoll.c has it where there are epoll, eventfd and timerfd, wake-pipe.c
 * with a pipe and a thread for the time.
 */
struct i2cpt_wake;

/* NULL with errno where the process has no descriptor left. */
struct i2cpt_wake *i2cpt_wake_new(void);
/* Those that look at it have gone before. `forked`: its threads are in another
 * process. */
void i2cpt_wake_free(struct i2cpt_wake *wake, int forked);
int i2cpt_wake_fd(const struct i2cpt_wake *wake);
void i2cpt_wake_signal(struct i2cpt_wake *wake);
void i2cpt_wake_clear(struct i2cpt_wake *wake);
/* From this time of CLOCK_MONOTONIC on; UINT64_MAX: not. */
void i2cpt_wake_at(struct i2cpt_wake *wake, uint64_t when_ns);
/* Until it is signalled, at most so long; others that it looks at do not
 * count, nor does its time. */
void i2cpt_wake_wait(struct i2cpt_wake *wake, int timeout_ms);
/* Once, before the other is used by several threads. 0 or -errno. */
int i2cpt_wake_look_at(struct i2cpt_wake *wake, struct i2cpt_wake *other);

#endif
