/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connection to the keeper: its messages answered one by one. */
#ifndef ATTACH_LINK_H
#define ATTACH_LINK_H

#include "attach/transfers.h"

/* Waits for one packet and answers it. 0; or -ENODEV where the kernel has let
 * go of the device, -EPIPE where the keeper is no more: close it. */
int attach_link_next(int fd, struct attach_transfers *t);

#endif
