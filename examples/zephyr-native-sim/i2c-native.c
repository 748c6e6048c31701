/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Zephyr's half: an I2C controller of native_sim whose targets are on the
 * adapter that the device tree names, or that the command line does
 * (--i2c-adapter=SPEC). Not compiled in this tree: README.md.
 */
#define DT_DRV_COMPAT i2cpt_native_i2c

#include <zephyr/device.h>
#include <zephyr/drivers/i2c.h>
#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>

#include <cmdline.h>
#include <posix_native_task.h>

#include "native-i2c-bottom.h"

LOG_MODULE_REGISTER(i2c_native, CONFIG_I2C_LOG_LEVEL);

/* A transfer of more messages is refused. */
#define MESSAGES_MAX CONFIG_I2C_I2CPT_MESSAGES

struct native_config {
    const char *adapter;
};

struct native_data {
    struct k_mutex lock;
    void *bus;
    uint32_t config;
    struct native_i2c_message messages[MESSAGES_MAX];
};

static const char *adapter_option;

static int native_configure(const struct device *dev, uint32_t config)
{
    struct native_data *data = dev->data;

    /* The bus's speed is the adapter's. */
    if (!(config & I2C_MODE_CONTROLLER)) {
        return -ENOTSUP;
    }
    data->config = config;
    return 0;
}

static int native_get_config(const struct device *dev, uint32_t *config)
{
    struct native_data *data = dev->data;

    *config = data->config;
    return 0;
}

static uint32_t flags_of(uint8_t flags)
{
    return (flags & I2C_MSG_READ ? NATIVE_I2C_READ : 0) |
           (flags & I2C_MSG_STOP ? NATIVE_I2C_STOP : 0) |
           (flags & I2C_MSG_RESTART ? NATIVE_I2C_RESTART : 0) |
           (flags & I2C_MSG_ADDR_10_BITS ? NATIVE_I2C_TEN_BITS : 0);
}

/* Drivers know of -EIO; the rest is for who looks at the log. */
static int error_of(int result)
{
    switch (result) {
    case NATIVE_I2C_DONE:
        return 0;
    case NATIVE_I2C_BUSY:
        return -EBUSY;
    case NATIVE_I2C_TIMED_OUT:
        return -ETIMEDOUT;
    case NATIVE_I2C_UNSUPPORTED:
        return -ENOTSUP;
    default:
        return -EIO;
    }
}

static int native_transfer(const struct device *dev, struct i2c_msg *msgs,
                           uint8_t num_msgs, uint16_t addr)
{
    struct native_data *data = dev->data;
    int result;

    if (num_msgs > MESSAGES_MAX) {
        LOG_ERR("%u messages, at most %d", num_msgs, MESSAGES_MAX);
        return -EINVAL;
    }
    k_mutex_lock(&data->lock, K_FOREVER);
    for (uint8_t i = 0; i < num_msgs; i++) {
        data->messages[i].buf = msgs[i].buf;
        data->messages[i].len = msgs[i].len;
        data->messages[i].flags = flags_of(msgs[i].flags);
    }
    result = native_i2c_transfer(data->bus, addr, data->messages, num_msgs);
    k_mutex_unlock(&data->lock);
    LOG_DBG("0x%02x: %u messages, result %d", addr, num_msgs, result);
    return error_of(result);
}

static int native_init(const struct device *dev)
{
    const struct native_config *config = dev->config;
    struct native_data *data = dev->data;

    k_mutex_init(&data->lock);
    data->config = I2C_MODE_CONTROLLER | I2C_SPEED_SET(I2C_SPEED_STANDARD);
    data->bus =
        native_i2c_open(adapter_option ? adapter_option : config->adapter);
    return data->bus ? 0 : -ENODEV;
}

static DEVICE_API(i2c, native_api) = {
    .configure = native_configure,
    .get_config = native_get_config,
    .transfer = native_transfer,
};

#define NATIVE_I2C_DEFINE(n)                                          \
    static const struct native_config native_config_##n = {           \
        .adapter = DT_INST_PROP(n, adapter),                          \
    };                                                                \
    static struct native_data native_data_##n;                        \
    I2C_DEVICE_DT_INST_DEFINE(n, native_init, NULL, &native_data_##n, \
                              &native_config_##n, POST_KERNEL,        \
                              CONFIG_I2C_INIT_PRIORITY, &native_api);

DT_INST_FOREACH_STATUS_OKAY(NATIVE_I2C_DEFINE)

static void add_options(void)
{
    static struct args_struct_t options[] = {
        {.option = "i2c-adapter",
         .name = "SPEC",
         .type = 's',
         .dest = (void *)&adapter_option,
         .descript = "The adapter of every i2cpt,native-i2c, instead of the "
                     "device tree's"},
        ARG_TABLE_ENDMARKER,
    };

    native_add_command_line_opts(options);
}

NATIVE_TASK(add_options, PRE_BOOT_1, 10);

static void close_buses(void)
{
#define NATIVE_I2C_CLOSE(n)                    \
    if (native_data_##n.bus) {                 \
        native_i2c_close(native_data_##n.bus); \
    }
    DT_INST_FOREACH_STATUS_OKAY(NATIVE_I2C_CLOSE)
}

/* A recording gets its last line at the end. */
NATIVE_TASK(close_buses, ON_EXIT, 10);
