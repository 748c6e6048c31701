/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The chip: its lines, their changes, and which part answers an ioctl. */
#include <errno.h>
#include <string.h>

#include "core/clock.h"
#include "gpiochip/gpiochip-private.h"

struct gpiochip *gpiochip_new(const char *name, const char *label, bool hold)
{
    struct gpiochip *c = g_new0(struct gpiochip, 1);

    g_strlcpy(c->name, name, sizeof(c->name));
    g_strlcpy(c->label, label, sizeof(c->label));
    c->hold = hold;
    c->held = g_array_new(FALSE, FALSE, sizeof(uint8_t));
    return c;
}

void gpiochip_free(struct gpiochip *c)
{
    if (c) {
        g_array_unref(c->held);
        g_free(c);
    }
}

void gpiochip_add_line(struct gpiochip *c, const char *name, bool level)
{
    if (c->n < GPIOCHIP_LINES_MAX) {
        struct gpiochip_line *line = &c->lines[c->n++];

        g_strlcpy(line->name, name, sizeof(line->name));
        line->level = line->last = level;
    }
}

/* ----------------------------------------------------------------- changes */

static void tell(struct gpiochip_line *line, bool level, uint64_t stamp_ns)
{
    line->level = level;
    if (line->request) {
        gpiochip_request_edge(line->request, line->index, level, stamp_ns);
    }
}

static void forget_oldest(struct gpiochip *c, uint8_t line)
{
    guint i = 0;

    while (g_array_index(c->held, uint8_t, i) != line) {
        i++;
    }
    g_array_remove_index(c->held, i);
    c->lines[line].held--;
}

/* Two that belong together are left out where there are too many. */
static void hold(struct gpiochip *c, uint8_t line)
{
    g_array_append_val(c->held, line);
    if (++c->lines[line].held > HELD_MAX) {
        forget_oldest(c, line);
        forget_oldest(c, line);
    }
}

void gpiochip_changed(struct gpiochip *c, unsigned offset, bool level,
                      uint64_t stamp_ns)
{
    struct gpiochip_line *line = gpiochip_line(c, offset);

    if (!line || line->last == level) {
        return;
    }
    line->last = level;
    if (c->hold && !line->request) {
        hold(c, (uint8_t)offset);
    } else {
        tell(line, level, stamp_ns);
    }
}

/* Changes that were held for the lines of a request. */
static void release(struct gpiochip *c, struct gpiochip_request *r)
{
    uint64_t now_ns = i2cpt_now_ns();
    guint i = 0;

    while (i < c->held->len) {
        struct gpiochip_line *line =
            &c->lines[g_array_index(c->held, uint8_t, i)];

        if (line->request == r) {
            g_array_remove_index(c->held, i);
            line->held--;
            tell(line, !line->level, now_ns);
        } else {
            i++;
        }
    }
}

/* ------------------------------------------------------------------ ioctls */

size_t gpiochip_ioctl_size(uint32_t code)
{
    switch (code) {
    case GPIO_GET_CHIPINFO_IOCTL:
    case GPIO_GET_LINEINFO_IOCTL:
    case GPIO_GET_LINEHANDLE_IOCTL:
    case GPIO_GET_LINEEVENT_IOCTL:
    case GPIOHANDLE_GET_LINE_VALUES_IOCTL:
    case GPIOHANDLE_SET_LINE_VALUES_IOCTL:
    case GPIOHANDLE_SET_CONFIG_IOCTL:
    case GPIO_V2_GET_LINEINFO_IOCTL:
    case GPIO_V2_GET_LINE_IOCTL:
    case GPIO_V2_LINE_SET_CONFIG_IOCTL:
    case GPIO_V2_LINE_GET_VALUES_IOCTL:
    case GPIO_V2_LINE_SET_VALUES_IOCTL:
        return _IOC_SIZE(code);
    default:
        return 0;
    }
}
G_STATIC_ASSERT(sizeof(struct gpio_v2_line_request) <= GPIOCHIP_STRUCT_MAX);

bool gpiochip_ioctl_gives(uint32_t code)
{
    return code != GPIOHANDLE_SET_LINE_VALUES_IOCTL &&
           code != GPIOHANDLE_SET_CONFIG_IOCTL &&
           code != GPIO_V2_LINE_SET_CONFIG_IOCTL &&
           code != GPIO_V2_LINE_SET_VALUES_IOCTL;
}

bool gpiochip_makes_request(uint32_t code, size_t *fd_at)
{
    switch (code) {
    case GPIO_V2_GET_LINE_IOCTL:
        *fd_at = offsetof(struct gpio_v2_line_request, fd);
        return true;
    case GPIO_GET_LINEHANDLE_IOCTL:
        *fd_at = offsetof(struct gpiohandle_request, fd);
        return true;
    case GPIO_GET_LINEEVENT_IOCTL:
        *fd_at = offsetof(struct gpioevent_request, fd);
        return true;
    default:
        return false;
    }
}

static int info(struct gpiochip *c, struct gpiochip_info *to)
{
    memset(to, 0, sizeof(*to));
    g_strlcpy(to->name, c->name, sizeof(to->name));
    g_strlcpy(to->label, c->label, sizeof(to->label));
    to->lines = c->n;
    return 0;
}

int gpiochip_ioctl(struct gpiochip *c, uint32_t code, void *data)
{
    switch (code) {
    case GPIO_GET_CHIPINFO_IOCTL:
        return info(c, data);
    case GPIO_V2_GET_LINEINFO_IOCTL:
        return gpiochip_v2_info(c, data);
    case GPIO_GET_LINEINFO_IOCTL:
        return gpiochip_v1_info(c, data);
    default:
        return -EINVAL;
    }
}

int gpiochip_request_new(struct gpiochip *c, uint32_t code, const void *data,
                         bool compat, struct gpiochip_request **out)
{
    int ret = -EINVAL;

    switch (code) {
    case GPIO_V2_GET_LINE_IOCTL:
        ret = gpiochip_v2_request(c, data, out);
        break;
    case GPIO_GET_LINEHANDLE_IOCTL:
        ret = gpiochip_v1_handle(c, data, out);
        break;
    case GPIO_GET_LINEEVENT_IOCTL:
        ret = gpiochip_v1_event(c, data, compat, out);
        break;
    default:
        break;
    }
    if (!ret) {
        release(c, *out);
    }
    return ret;
}

int gpiochip_request_read(struct gpiochip_request *r, void *to, size_t size)
{
    size_t one = r->kind == GPIOCHIP_V2 ? sizeof(struct gpio_v2_line_event)
                                        : gpiochip_v1_event_size(r);

    if (!gpiochip_request_has_events(r) || size < one) {
        return -EINVAL;
    }
    if (!r->count) {
        return -EAGAIN;
    }
    return (int)(r->kind == GPIOCHIP_V2 ? gpiochip_v2_read(r, to, size)
                                        : gpiochip_v1_read(r, to, size));
}

int gpiochip_request_ioctl(struct gpiochip_request *r, uint32_t code,
                           void *data)
{
    return r->kind == GPIOCHIP_V2 ? gpiochip_v2_ioctl(r, code, data)
                                  : gpiochip_v1_ioctl(r, code, data);
}
