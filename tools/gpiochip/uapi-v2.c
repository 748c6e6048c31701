/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Structs of version 2: what they ask for, checked in the kernel's order
 * (drivers/gpio/gpiolib-cdev.c). */
#include <errno.h>
#include <string.h>

#include "gpiochip/gpiochip-private.h"

#define BIAS                                                             \
    (GPIO_V2_LINE_FLAG_BIAS_PULL_UP | GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN | \
     GPIO_V2_LINE_FLAG_BIAS_DISABLED)
#define DIRECTION (GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_OUTPUT)
#define DRIVE     (GPIO_V2_LINE_FLAG_OPEN_DRAIN | GPIO_V2_LINE_FLAG_OPEN_SOURCE)
#define EDGE      (GPIO_V2_LINE_FLAG_EDGE_RISING | GPIO_V2_LINE_FLAG_EDGE_FALLING)
#ifndef GPIO_V2_LINE_FLAG_EVENT_CLOCK_HTE /* since 5.19 */
#define GPIO_V2_LINE_FLAG_EVENT_CLOCK_HTE (1ULL << 12)
#endif

static bool is_zero(const void *p, size_t size)
{
    const uint8_t *byte = p;
    size_t i;

    for (i = 0; i < size && !byte[i]; i++) {
    }
    return i == size;
}

static bool has_several(uint64_t flags, uint64_t of)
{
    flags &= of;
    return flags & (flags - 1);
}

int gpiochip_v2_check(uint64_t flags)
{
    const uint64_t known = GPIO_V2_LINE_FLAG_ACTIVE_LOW | DIRECTION | DRIVE |
                           EDGE | GPIO_V2_LINE_FLAG_EVENT_CLOCK_REALTIME |
                           GPIO_V2_LINE_FLAG_EVENT_CLOCK_HTE | BIAS;

    if (flags & ~known) {
        return -EINVAL;
    }
    if (flags & GPIO_V2_LINE_FLAG_EVENT_CLOCK_HTE) {
        return -EOPNOTSUPP; /* a kernel without such hardware */
    }
    if (has_several(flags, DIRECTION) || has_several(flags, DRIVE) ||
        has_several(flags, BIAS) ||
        (flags & EDGE && !(flags & GPIO_V2_LINE_FLAG_INPUT)) ||
        (flags & DRIVE && !(flags & GPIO_V2_LINE_FLAG_OUTPUT)) ||
        (flags & BIAS && !(flags & DIRECTION))) {
        return -EINVAL;
    }
    return 0;
}

/* ------------------------------------------------------------------ config */

/* The first attribute of this kind that is about line `index`, or NULL. */
static const struct gpio_v2_line_attribute *attribute(
    const struct gpio_v2_line_config *config, unsigned index, uint32_t id)
{
    for (unsigned i = 0; i < config->num_attrs; i++) {
        if (config->attrs[i].attr.id == id &&
            config->attrs[i].mask & 1ULL << index) {
            return &config->attrs[i].attr;
        }
    }
    return NULL;
}

static struct gpiochip_wish wish(const struct gpio_v2_line_config *config,
                                 unsigned index)
{
    const struct gpio_v2_line_attribute
        *flags = attribute(config, index, GPIO_V2_LINE_ATTR_ID_FLAGS),
        *debounce = attribute(config, index, GPIO_V2_LINE_ATTR_ID_DEBOUNCE);

    return (struct gpiochip_wish){flags ? flags->flags : config->flags,
                                  debounce ? debounce->debounce_period_us : 0};
}

static int check_config(const struct gpio_v2_line_config *config, unsigned n)
{
    int ret = 0;

    if (config->num_attrs > GPIO_V2_LINE_NUM_ATTRS_MAX ||
        !is_zero(config->padding, sizeof(config->padding))) {
        return -EINVAL;
    }
    for (unsigned i = 0; !ret && i < n; i++) {
        uint64_t flags = wish(config, i).flags;

        ret = gpiochip_v2_check(flags);
        if (!ret && attribute(config, i, GPIO_V2_LINE_ATTR_ID_DEBOUNCE) &&
            !(flags & GPIO_V2_LINE_FLAG_INPUT)) {
            ret = -EINVAL;
        }
    }
    return ret;
}

static unsigned capacity(const struct gpio_v2_line_request *wanted)
{
    unsigned n = wanted->event_buffer_size;

    return !n ? wanted->num_lines * 16 : n < EVENTS_MAX ? n : EVENTS_MAX;
}

int gpiochip_v2_request(struct gpiochip *c,
                        const struct gpio_v2_line_request *wanted,
                        struct gpiochip_request **out)
{
    struct gpiochip_request *r;
    int ret;

    if (!wanted->num_lines || wanted->num_lines > GPIO_V2_LINES_MAX ||
        !is_zero(wanted->padding, sizeof(wanted->padding))) {
        return -EINVAL;
    }
    ret = check_config(&wanted->config, wanted->num_lines);
    if (ret) {
        return ret;
    }
    r = gpiochip_request_empty(c, GPIOCHIP_V2, wanted->consumer,
                               capacity(wanted));
    for (unsigned i = 0; !ret && i < wanted->num_lines; i++) {
        struct gpiochip_wish w = wish(&wanted->config, i);

        ret = gpiochip_request_take(r, wanted->offsets[i], &w);
    }
    if (ret) {
        gpiochip_request_free(r);
        return ret;
    }
    *out = r;
    return 0;
}

/* A line whose direction is not said stays as it is. */
static int set_config(struct gpiochip_request *r,
                      const struct gpio_v2_line_config *config)
{
    int ret = check_config(config, r->n);

    for (unsigned i = 0; !ret && i < r->n; i++) {
        struct gpiochip_wish w = wish(config, i);
        struct gpiochip_line *line = gpiochip_request_line(r, i);

        if (w.flags & GPIO_V2_LINE_FLAG_OUTPUT) {
            ret = -EIO;
        } else if (w.flags & GPIO_V2_LINE_FLAG_INPUT) {
            line->flags = w.flags;
            line->debounce_us = w.debounce_us;
        }
    }
    return ret;
}

/* ------------------------------------------------------------------ values */

/* Of this request's lines. */
static uint64_t masked(const struct gpiochip_request *r, uint64_t mask)
{
    return r->n < 64 ? mask & ((1ULL << r->n) - 1) : mask;
}

static int get_values(const struct gpiochip_request *r,
                      struct gpio_v2_line_values *values)
{
    uint64_t mask = masked(r, values->mask);

    if (!mask) {
        return -EINVAL;
    }
    values->bits = 0;
    for (unsigned i = 0; i < r->n; i++) {
        if (mask & 1ULL << i && gpiochip_request_level(r, i)) {
            values->bits |= 1ULL << i;
        }
    }
    return 0;
}

int gpiochip_v2_ioctl(struct gpiochip_request *r, uint32_t code, void *data)
{
    const struct gpio_v2_line_values *values = data;

    switch (code) {
    case GPIO_V2_LINE_GET_VALUES_IOCTL:
        return get_values(r, data);
    case GPIO_V2_LINE_SET_VALUES_IOCTL: /* inputs */
        return masked(r, values->mask) ? -EPERM : -EINVAL;
    case GPIO_V2_LINE_SET_CONFIG_IOCTL:
        return set_config(r, data);
    default:
        return -EINVAL;
    }
}

/* -------------------------------------------------------------------- info */

int gpiochip_v2_info(struct gpiochip *c, struct gpio_v2_line_info *info)
{
    uint32_t offset = info->offset;
    const struct gpiochip_line *line = gpiochip_line(c, offset);

    if (!is_zero(info->padding, sizeof(info->padding)) || !line) {
        return -EINVAL;
    }
    memset(info, 0, sizeof(*info));
    info->offset = offset;
    g_strlcpy(info->name, line->name, sizeof(info->name));
    info->flags = line->flags | GPIO_V2_LINE_FLAG_INPUT;
    if (line->request) {
        info->flags |= GPIO_V2_LINE_FLAG_USED;
        g_strlcpy(info->consumer, line->request->consumer,
                  sizeof(info->consumer));
    }
    if (line->debounce_us) {
        info->num_attrs = 1;
        info->attrs[0].id = GPIO_V2_LINE_ATTR_ID_DEBOUNCE;
        info->attrs[0].debounce_period_us = line->debounce_us;
    }
    return 0;
}

size_t gpiochip_v2_read(struct gpiochip_request *r, void *to, size_t size)
{
    uint8_t *at = to;
    size_t len = 0;

    while (r->count && size - len >= sizeof(*r->events)) {
        memcpy(at + len, &r->events[r->first], sizeof(*r->events));
        len += sizeof(*r->events);
        r->first = (r->first + 1) % r->capacity;
        r->count--;
    }
    return len;
}
