/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device's side of USB/IP: the kernel's requests answered one by one. */
#ifndef KEEPER_SESSION_H
#define KEEPER_SESSION_H

#include "keeper/tiny.h"

/* Waits for one packet and answers it. 0; or -1 where the kernel has let go of
 * the device, or what came is no USB/IP: close the socket. */
int keeper_session_next(int fd, struct keeper_tiny *t);

#endif
