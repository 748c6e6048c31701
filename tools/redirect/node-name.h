/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of nodes in /dev. */
#ifndef REDIRECT_NODE_NAME_H
#define REDIRECT_NODE_NAME_H

#include <stdint.h>

/* N of "i2c-N", as the kernel writes it; -1: it is none. */
int64_t redirect_node_bus(const char *name);
/* M of "gpiochipM"; and of the files for requests (fuse-server.h). */
int64_t redirect_node_chip(const char *name);
int64_t redirect_node_lines(const char *name);

#endif
