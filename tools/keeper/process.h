/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting a keeper. */
#ifndef KEEPER_PROCESS_H
#define KEEPER_PROCESS_H

#include <stdint.h>

/* One that has these descriptors too, the kernel's socket and the door's, for
 * what is plugged in at `port`: the connection to it, or a negative errno. The
 * descriptors stay the caller's. */
int keeper_start(int kernel, int door, unsigned port, uint32_t device_id);

#endif
