/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether what a guest asked of a recording was what is recorded, for whoever
 * looks at QEMU's end: the library says it when the last user of the adapter
 * goes. Of a guest that has never run nothing is said, so that what is wrong on
 * the command line has its one line. Other adapters have no verdict, and all
 * here is harmless.
 */
#ifndef I2C_REPLAY_VERDICT_H
#define I2C_REPLAY_VERDICT_H

#include "qemu/queue.h"

#include "i2cpt.h"

#define REPLAY_VERDICT_HELP                                                    \
    "what a replay that has failed is: a warning (tell, the default), QEMU's " \
    "exit status too (fail), nothing (off)"

typedef struct ReplayVerdict {
    struct i2cpt_adapter *adapter; /* whoever has this in it holds it */
    VMChangeStateEntry *entry;
    bool fails; /* QEMU's exit status too */
    QLIST_ENTRY(ReplayVerdict) next;
} ReplayVerdict;

/*
 * `property` is verdict=, NULL where it was not given. False, with an error
 * that names it, where it cannot be had.
 */
bool replay_verdict_begin(ReplayVerdict *v, struct i2cpt_adapter *adapter,
                          const char *property, Error **errp);
/* Before the adapter is let go of; harmless where it has not begun. */
void replay_verdict_end(ReplayVerdict *v);

#endif
