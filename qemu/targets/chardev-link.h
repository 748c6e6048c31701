/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A chardev's bytes at a socket of this process
 *
 * The library speaks the remote protocol at a descriptor. A thread of its own
 * carries the bytes between that and the chardev, whose handlers run in the
 * thread's context: the virtual CPU that waits for an answer has the big lock,
 * and the main loop stands as long.
 */
#ifndef I2C_CHARDEV_LINK_H
#define I2C_CHARDEV_LINK_H

#include "chardev/char-fe.h"

typedef struct ChardevLink ChardevLink;

/* From a bottom half: somebody has connected, or has gone. */
typedef void ChardevLinkChanged(void *opaque);

/*
 * NULL with an error where the chardev is of a kind that only the main loop
 * serves. `chr` stays the caller's, until the link is freed.
 */
ChardevLink *chardev_link_new(I2CPT_CHAR_FRONTEND *chr,
                              ChardevLinkChanged *changed, void *opaque,
                              Error **errp);
/* Under the big lock, as new(). */
void chardev_link_free(ChardevLink *link);

/*
 * The socket of a peer that has connected since the last call, for close(); -1
 * where there is none. It ends when the peer goes; where it is closed first,
 * the peer is hung up on.
 */
int chardev_link_take(ChardevLink *link);

#endif
