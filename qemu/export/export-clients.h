/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Those who have connected to an export: a thread each. Under the big lock. */
#ifndef I2C_EXPORT_CLIENTS_H
#define I2C_EXPORT_CLIENTS_H

#include "i2cpt-trace.h"

typedef struct ExportClients ExportClients;

/*
 * Take up to `max` at a time from the socket `listener`; the next one waits
 * until one has gone. Adapter and descriptor stay the caller's.
 */
ExportClients *export_clients_new(struct i2cpt_adapter *adapter, int listener,
                                  unsigned max);
/*
 * Hang up on all of them and wait for their threads, whose transfers must come
 * to an end by themselves.
 */
void export_clients_free(ExportClients *clients);

#endif
