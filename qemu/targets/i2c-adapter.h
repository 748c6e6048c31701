/* SPDX-License-Identifier: GPL-2.0-or-later */
/* i2c-adapter: a host adapter by name, for several devices. */
#ifndef I2C_ADAPTER_H
#define I2C_ADAPTER_H

#include "hw/i2c/i2c.h"

#include "targets/host-adapter.h"

#define TYPE_I2C_ADAPTER "i2c-adapter"
OBJECT_DECLARE_SIMPLE_TYPE(I2CAdapter, I2C_ADAPTER)

struct I2CAdapter {
    DeviceState parent_obj;

    PassthroughConfig config;
    I2CPT_CHAR_FRONTEND chr;
    char *verdict; /* the property */
    HostAdapter host;
    Notifier exit;
};

#endif
