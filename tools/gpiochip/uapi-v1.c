/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Structs of version 1, which libgpiod 1 speaks: put as version 2 has them,
 * with the checks that the kernel makes (drivers/gpio/gpiolib-cdev.c). */
#include <errno.h>
#include <string.h>

#include "gpiochip/gpiochip-private.h"

static const struct {
    uint32_t v1, info;
    uint64_t v2;
} flags[] = {
    {GPIOHANDLE_REQUEST_INPUT, 0, GPIO_V2_LINE_FLAG_INPUT},
    {GPIOHANDLE_REQUEST_OUTPUT, GPIOLINE_FLAG_IS_OUT, GPIO_V2_LINE_FLAG_OUTPUT},
    {GPIOHANDLE_REQUEST_ACTIVE_LOW, GPIOLINE_FLAG_ACTIVE_LOW,
     GPIO_V2_LINE_FLAG_ACTIVE_LOW},
    {GPIOHANDLE_REQUEST_OPEN_DRAIN, GPIOLINE_FLAG_OPEN_DRAIN,
     GPIO_V2_LINE_FLAG_OPEN_DRAIN},
    {GPIOHANDLE_REQUEST_OPEN_SOURCE, GPIOLINE_FLAG_OPEN_SOURCE,
     GPIO_V2_LINE_FLAG_OPEN_SOURCE},
    {GPIOHANDLE_REQUEST_BIAS_PULL_UP, GPIOLINE_FLAG_BIAS_PULL_UP,
     GPIO_V2_LINE_FLAG_BIAS_PULL_UP},
    {GPIOHANDLE_REQUEST_BIAS_PULL_DOWN, GPIOLINE_FLAG_BIAS_PULL_DOWN,
     GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN},
    {GPIOHANDLE_REQUEST_BIAS_DISABLE, GPIOLINE_FLAG_BIAS_DISABLE,
     GPIO_V2_LINE_FLAG_BIAS_DISABLED},
    {0, GPIOLINE_FLAG_KERNEL, GPIO_V2_LINE_FLAG_USED},
};

/* 0 or -EINVAL; the rules are those of version 2. */
static int translate(uint32_t v1, uint64_t *v2)
{
    *v2 = 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(flags); i++) {
        if (v1 & flags[i].v1) {
            v1 &= ~flags[i].v1;
            *v2 |= flags[i].v2;
        }
    }
    return v1 ? -EINVAL : gpiochip_v2_check(*v2);
}

int gpiochip_v1_info(struct gpiochip *c, struct gpioline_info *info)
{
    struct gpio_v2_line_info v2 = {.offset = info->line_offset};
    int ret = gpiochip_v2_info(c, &v2);

    if (ret) {
        return ret;
    }
    memset(info, 0, sizeof(*info));
    info->line_offset = v2.offset;
    memcpy(info->name, v2.name, sizeof(info->name));
    memcpy(info->consumer, v2.consumer, sizeof(info->consumer));
    for (unsigned i = 0; i < G_N_ELEMENTS(flags); i++) {
        info->flags |= v2.flags & flags[i].v2 ? flags[i].info : 0;
    }
    return 0;
}

int gpiochip_v1_handle(struct gpiochip *c,
                       const struct gpiohandle_request *wanted,
                       struct gpiochip_request **out)
{
    struct gpiochip_wish wish = {0};
    struct gpiochip_request *r;
    int ret;

    if (!wanted->lines || wanted->lines > GPIOHANDLES_MAX) {
        return -EINVAL;
    }
    ret = translate(wanted->flags, &wish.flags);
    if (ret) {
        return ret;
    }
    r = gpiochip_request_empty(c, GPIOCHIP_V1_HANDLE, wanted->consumer_label,
                               0);
    for (unsigned i = 0; !ret && i < wanted->lines; i++) {
        ret = gpiochip_request_take(r, wanted->lineoffsets[i], &wish);
    }
    if (ret) {
        gpiochip_request_free(r);
        return ret;
    }
    *out = r;
    return 0;
}

/* The direction goes without saying. */
static int translate_event(const struct gpioevent_request *wanted, uint64_t *v2)
{
    const uint32_t edges = wanted->eventflags;

    if (edges & ~(uint32_t)GPIOEVENT_REQUEST_BOTH_EDGES ||
        wanted->handleflags &
            (GPIOHANDLE_REQUEST_OUTPUT | GPIOHANDLE_REQUEST_OPEN_DRAIN |
             GPIOHANDLE_REQUEST_OPEN_SOURCE) ||
        translate(wanted->handleflags | GPIOHANDLE_REQUEST_INPUT, v2)) {
        return -EINVAL;
    }
    *v2 |= edges & GPIOEVENT_REQUEST_RISING_EDGE ? GPIO_V2_LINE_FLAG_EDGE_RISING
                                                 : 0;
    *v2 |= edges & GPIOEVENT_REQUEST_FALLING_EDGE
               ? GPIO_V2_LINE_FLAG_EDGE_FALLING
               : 0;
    return 0;
}

int gpiochip_v1_event(struct gpiochip *c,
                      const struct gpioevent_request *wanted, bool compat,
                      struct gpiochip_request **out)
{
    struct gpiochip_wish wish = {0};
    struct gpiochip_request *r;
    int ret = translate_event(wanted, &wish.flags);

    if (ret) {
        return ret;
    }
    r = gpiochip_request_empty(c, GPIOCHIP_V1_EVENT, wanted->consumer_label,
                               16);
    r->compat = compat;
    ret = gpiochip_request_take(r, wanted->lineoffset, &wish);
    if (ret) {
        gpiochip_request_free(r);
        return ret;
    }
    *out = r;
    return 0;
}

static int get_values(const struct gpiochip_request *r,
                      struct gpiohandle_data *values)
{
    memset(values, 0, sizeof(*values));
    for (unsigned i = 0; i < r->n; i++) {
        values->values[i] = gpiochip_request_level(r, i);
    }
    return 0;
}

static int set_config(struct gpiochip_request *r,
                      const struct gpiohandle_config *config)
{
    uint64_t v2;
    int ret = translate(config->flags, &v2);

    if (ret || v2 & GPIO_V2_LINE_FLAG_OUTPUT) {
        return ret ? ret : -EIO;
    }
    for (unsigned i = 0; i < r->n; i++) {
        gpiochip_request_line(r, i)->flags = v2;
    }
    return 0;
}

int gpiochip_v1_ioctl(struct gpiochip_request *r, uint32_t code, void *data)
{
    bool handle = r->kind == GPIOCHIP_V1_HANDLE;

    if (code == GPIOHANDLE_GET_LINE_VALUES_IOCTL) {
        return get_values(r, data);
    }
    if (handle && code == GPIOHANDLE_SET_LINE_VALUES_IOCTL) {
        return -EPERM; /* inputs */
    }
    if (handle && code == GPIOHANDLE_SET_CONFIG_IOCTL) {
        return set_config(r, data);
    }
    return -EINVAL;
}

/* 64 bits are aligned to 4 bytes there, so nothing fills the end up. */
size_t gpiochip_v1_event_size(const struct gpiochip_request *r)
{
    return r->compat ? 12 : sizeof(struct gpioevent_data);
}

size_t gpiochip_v1_read(struct gpiochip_request *r, void *to, size_t size)
{
    size_t one = gpiochip_v1_event_size(r), len = 0;
    uint8_t *at = to;

    while (r->count && size - len >= one) {
        struct gpioevent_data e;

        memset(&e, 0, sizeof(e));
        e.timestamp = r->events[r->first].timestamp_ns;
        e.id = r->events[r->first].id;
        memcpy(at + len, &e, one);
        len += one;
        r->first = (r->first + 1) % r->capacity;
        r->count--;
    }
    return len;
}
