/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One GPIO line of this machine that is watched for edges, through libgpiod:
 * chip-line.c hides whether that is 1.x or 2.x. Levels are those of the wire.
 * Functions return negative codes of errno.
 */
#ifndef I2CPT_GPIO_CHIP_LINE_H
#define I2CPT_GPIO_CHIP_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GPIO_PATH_MAX  64u /* of "/dev/gpiochip0" */
#define GPIO_EDGES_MAX 16u
#define GPIO_USER_MAX  33u /* the kernel's bound, and a NUL */

struct gpio_chip_line;

struct gpio_edge {
    bool level; /* behind it */
    uint64_t stamp_ns;
};

/* The chip's path and the offset of the line of that name; -ENOENT. */
int gpio_chip_line_find(const char *name, char path[GPIO_PATH_MAX],
                        unsigned *offset);
/* How many lines the chip has; 0 where that cannot be asked for. */
unsigned gpio_chip_lines(const char *path);
/* Why the kernel may refuse a line that the chip has as if there were none, for
 * a person; NULL: it does not. */
extern const char *const gpio_chip_line_unknown;
/* What the program or driver that has the line calls itself; -ENOENT. */
int gpio_chip_line_user(const char *path, unsigned offset,
                        char user[GPIO_USER_MAX]);
/* Edges are kept from here on. */
int gpio_chip_line_open(const char *path, unsigned offset,
                        struct gpio_chip_line **out);
void gpio_chip_line_close(struct gpio_chip_line *l);
/* Readable while there are edges. */
int gpio_chip_line_fd(struct gpio_chip_line *l);
int gpio_chip_line_level(struct gpio_chip_line *l); /* 0, 1 */
/* Those that are there, at most GPIO_EDGES_MAX, oldest first; it waits where
 * there is none. How many. */
int gpio_chip_line_read(struct gpio_chip_line *l, struct gpio_edge *edges);

#endif
