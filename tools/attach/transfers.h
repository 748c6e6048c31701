/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the messages that come one by one to the transfers that an adapter
 * makes. Writes are kept until the transfer's last message or a read is there,
 * since the driver tells its caller of the whole what it hears of any of its
 * messages. A read in the middle has to be answered before what follows is
 * known: an adapter with a byte stream goes on with a repeated START, on others
 * a STOP comes in between.
 */
#ifndef ATTACH_TRANSFERS_H
#define ATTACH_TRANSFERS_H

#include "keeper/tiny.h"
#include "i2cpt.h"

struct attach_transfers;

/* Keeps a reference of the adapter. 0; or a negative errno with a fault. */
int attach_transfers_new(struct i2cpt_adapter *a, struct attach_transfers **out,
                         struct i2cpt_fault *fault);
void attach_transfers_free(struct attach_transfers *t);

/* keeper_tiny's message(); `user` is the object. */
int attach_transfers_message(void *user, const struct keeper_message *m);
/* What has begun will not go on: STOP, where that is due. */
void attach_transfers_reset(struct attach_transfers *t);

#endif
