/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a handle is still to be told of its adapter's lines. */
#ifndef I2CPT_BUS_ADAPTER_LINES_H
#define I2CPT_BUS_ADAPTER_LINES_H

struct i2cpt_adapter;

/* Tell it, in this thread: how many changes. No lock is held. */
int bus_lines_dispatch(struct i2cpt_adapter *a);
/* The last reference has gone: nothing comes any more, while the bus is still
 * there; and the memory, when nobody polls the handle's descriptor. */
void bus_lines_forget(struct i2cpt_adapter *a);
void bus_lines_free(struct i2cpt_adapter *a);

#endif
