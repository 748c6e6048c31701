/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keeper's messages to transfers. */
#include <errno.h>
#include <glib.h>

#include "attach/link.h"
#include "keeper/packets.h"

/* Whether it has been heard shows at the next packet: that it is gone, and
 * why. */
static void answer(int fd, struct attach_transfers *t,
                   const struct keeper_packet *p, uint8_t *data)
{
    const struct keeper_message m = {.first = p->first,
                                     .last = p->last,
                                     .addr = p->addr,
                                     .flags = p->flags,
                                     .data = data,
                                     .len = p->len};
    struct keeper_packet a = {.kind = KEEPER_ANSWER, .number = p->number};

    a.result = attach_transfers_message(t, &m);
    if (m.flags & I2CPT_M_RD && a.result >= 0) {
        a.carried = m.len;
    }
    keeper_send(fd, &a, data);
}

int attach_link_next(int fd, struct attach_transfers *t)
{
    g_autofree uint8_t *data = g_malloc0(KEEPER_MESSAGE_MAX);
    struct keeper_packet p;

    if (keeper_recv(fd, &p, data, KEEPER_MESSAGE_MAX, -1)) {
        return -EPIPE;
    }
    if (p.kind == KEEPER_GONE) {
        return -ENODEV;
    }
    if (p.kind != KEEPER_MESSAGE || p.len > KEEPER_MESSAGE_MAX ||
        p.carried != (p.flags & I2CPT_M_RD ? 0 : p.len)) {
        return -EPIPE;
    }
    answer(fd, t, &p, data);
    return 0;
}
