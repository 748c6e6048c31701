/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptors that are polled: an epoll of others, an eventfd that is readable
 * or not. */
#ifndef I2CPT_DESCRIPTORS_H
#define I2CPT_DESCRIPTORS_H

/* Have `poll_fd` readable when `fd` is. `fd` may be what a failed call has
 * returned, with errno as it left it. 0 or -errno. */
int i2cpt_poll_add(int poll_fd, int fd);
/* Make an eventfd readable; and not readable. -1: there is none. */
void i2cpt_event_signal(int fd);
void i2cpt_event_clear(int fd);

#endif
