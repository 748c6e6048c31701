/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The GPIO chip that PROGRAM sees as /dev/gpiochipM: lines of an adapter, all
 * of them inputs, by the kernel's user interface (include/uapi/linux/gpio.h) in
 * both of its versions. What is refused, and how, is as in Linux'
 * drivers/gpio/gpiolib-cdev.c and Documentation/userspace-api/gpio/.
 *
 * It knows bytes of structs, and neither processes nor adapters. A chip and its
 * requests belong to one thread at a time.
 */
#ifndef GPIOCHIP_H
#define GPIOCHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gpiochip;
struct gpiochip_request;

#define GPIOCHIP_STRUCT_MAX 1024u /* bytes of any struct of an ioctl */
#define GPIOCHIP_LINES_MAX  64u

/*
 * A chip with these lines, level 0. `hold`: a change of a line that nobody has
 * requested waits until somebody does, as a recorded one comes when the
 * recording's turn is, and not when PROGRAM is ready to see it.
 */
struct gpiochip *gpiochip_new(const char *name, const char *label, bool hold);
/* After the requests. NULL is allowed. */
void gpiochip_free(struct gpiochip *c);
/* Before it is used: one more line. */
void gpiochip_add_line(struct gpiochip *c, const char *name, bool level);
/* A line has this level since stamp_ns of CLOCK_MONOTONIC. */
void gpiochip_changed(struct gpiochip *c, unsigned line, bool level,
                      uint64_t stamp_ns);

/* How many bytes the argument of an ioctl has, of a chip or of a request; 0: it
 * is none of these. At most GPIOCHIP_STRUCT_MAX. */
size_t gpiochip_ioctl_size(uint32_t code);
/* Whether it changes them. */
bool gpiochip_ioctl_gives(uint32_t code);
/* Whether it makes a request, and where its struct has the descriptor. */
bool gpiochip_makes_request(uint32_t code, size_t *fd_at);

/* An ioctl of the chip that makes no request; `data` comes in and goes out. 0
 * or -errno. */
int gpiochip_ioctl(struct gpiochip *c, uint32_t code, void *data);
/* One that makes a request. `compat`: by a program for 32-bit x86, whose events
 * of version 1 are shorter. 0 or -errno. */
int gpiochip_request_new(struct gpiochip *c, uint32_t code, const void *data,
                         bool compat, struct gpiochip_request **out);
void gpiochip_request_free(struct gpiochip_request *r);

/* Called when there is an event to be read. */
typedef void (*gpiochip_event_fn)(void *user);
void gpiochip_request_watch(struct gpiochip_request *r, gpiochip_event_fn event,
                            void *user);
int gpiochip_request_ioctl(struct gpiochip_request *r, uint32_t code,
                           void *data);
/* How many bytes were put into `to`; -EAGAIN: there is no event; -EINVAL: there
 * is no room for one, or the request has none ever. */
int gpiochip_request_read(struct gpiochip_request *r, void *to, size_t size);
/* Whether it has events to be read at all, and now. */
bool gpiochip_request_has_events(const struct gpiochip_request *r);
bool gpiochip_request_readable(const struct gpiochip_request *r);

#endif
