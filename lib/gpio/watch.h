/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GPIO lines of this machine, and a thread that tells what they do. */
#ifndef I2CPT_GPIO_WATCH_H
#define I2CPT_GPIO_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "i2cpt.h"

#define GPIO_LINES_MAX 32u

struct gpio_watch;

/* In the watch's thread, one after the other; stamps do not go back. */
typedef void (*gpio_changed_fn)(unsigned number, bool level, uint64_t stamp_ns,
                                void *user);

struct gpio_watch *gpio_watch_new(gpio_changed_fn changed, void *user);
/* Before it starts: `source` is gpiochipN/OFFSET, or the name of a line, also
 * as gpio:NAME. Its number, from 0 on; -ENODATA where it is neither; or another
 * negative errno with a line in `fault` that begins with `key`. */
int gpio_watch_add(struct gpio_watch *w, const char *key, const char *source,
                   struct i2cpt_fault *fault);
/* Tells the level of each, then what changes. 0 or a negative errno. */
int gpio_watch_start(struct gpio_watch *w);
/* Nothing is told any more when this returns. NULL is allowed. */
void gpio_watch_free(struct gpio_watch *w);

#endif
