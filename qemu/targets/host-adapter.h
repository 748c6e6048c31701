/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An adapter of the library as devices have it: opened as properties say, or
 * across a chardev, where whoever is at its other end comes and goes
 *
 * Each peer of a chardev is an adapter of its own, which is opened in a thread
 * and then takes the place of the one before. Until the first one has come
 * there is an adapter at which nobody answers; that of a peer that has gone
 * says the same by itself.
 */
#ifndef I2C_HOST_ADAPTER_H
#define I2C_HOST_ADAPTER_H

#include "qemu/notify.h"
#include "qemu/thread.h"

#include "i2cpt.h"
#include "targets/chardev-link.h"
#include "targets/passthrough-config.h"
#include "targets/replay-verdict.h"

typedef struct HostAdapter {
    struct i2cpt_adapter *adapter; /* the present one; NULL: closed */
    NotifierList changed;          /* it is another one */
    ReplayVerdict verdict;

    PassthroughConfig *config;
    ChardevLink *link; /* NULL without chardev= */
    char *label;       /* of the chardev */

    /* A peer that is being asked what it is. */
    bool opening, again; /* another one has come meanwhile */
    int fd;
    struct i2cpt_options *options;
    QemuThread thread;
    QEMUBH *ready;
    struct i2cpt_adapter *fresh; /* what has come of it, or why not */
    struct i2cpt_fault fault;
} HostAdapter;

/*
 * All under the big lock. `config`, and `chr` where it has a chardev, have to
 * stay; `verdict` is that property. False with an error that names the one that
 * is wrong.
 */
bool host_adapter_open(HostAdapter *h, PassthroughConfig *config,
                       I2CPT_CHAR_FRONTEND *chr, const char *verdict,
                       Error **errp);
/* Harmless where it is not open. */
void host_adapter_close(HostAdapter *h);

#endif
