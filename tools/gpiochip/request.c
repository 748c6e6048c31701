/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests: lines that somebody has, and the edges that they saw. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "gpiochip/gpiochip-private.h"

struct gpiochip_request *gpiochip_request_empty(struct gpiochip *c,
                                                enum gpiochip_kind kind,
                                                const char *consumer,
                                                unsigned capacity)
{
    struct gpiochip_request *r = g_new0(struct gpiochip_request, 1);

    r->chip = c;
    r->kind = kind;
    /* which may come without an end; gpiod_request_commit() of
     * drivers/gpio/gpiolib.c has "?" where it is empty */
    if (*consumer) {
        memcpy(r->consumer, consumer, sizeof(r->consumer) - 1);
    } else {
        r->consumer[0] = '?';
    }
    r->capacity = capacity;
    r->events = g_new0(struct gpio_v2_line_event, capacity ? capacity : 1);
    return r;
}

/* A chip without outputs says EIO (gpiod_direction_output_raw_commit() of
 * drivers/gpio/gpiolib.c). */
int gpiochip_request_take(struct gpiochip_request *r, uint32_t offset,
                          const struct gpiochip_wish *wish)
{
    struct gpiochip_line *line = gpiochip_line(r->chip, offset);

    if (!line) {
        return -EINVAL;
    }
    if (line->request) {
        return -EBUSY;
    }
    if (wish->flags & GPIO_V2_LINE_FLAG_OUTPUT) {
        return -EIO;
    }
    line->request = r;
    line->index = r->n;
    line->flags = wish->flags;
    line->debounce_us = wish->debounce_us;
    r->lines[r->n++].line = offset;
    return 0;
}

void gpiochip_request_free(struct gpiochip_request *r)
{
    unsigned i;

    for (i = 0; i < r->n; i++) {
        struct gpiochip_line *line = gpiochip_request_line(r, i);

        line->request = NULL;
        line->flags = 0;
        line->debounce_us = 0;
    }
    g_free(r->events);
    g_free(r);
}

struct gpiochip_line *gpiochip_request_line(const struct gpiochip_request *r,
                                            unsigned index)
{
    return &r->chip->lines[r->lines[index].line];
}

static bool is_turned(const struct gpiochip_line *line)
{
    return line->flags & GPIO_V2_LINE_FLAG_ACTIVE_LOW;
}

bool gpiochip_request_level(const struct gpiochip_request *r, unsigned index)
{
    const struct gpiochip_line *line = gpiochip_request_line(r, index);

    return line->level != is_turned(line);
}

/* ------------------------------------------------------------------ events */

static uint64_t ns_of(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void put(struct gpiochip_request *r, const struct gpio_v2_line_event *e)
{
    if (r->count == r->capacity) {
        if (r->kind != GPIOCHIP_V2) {
            return;
        }
        r->first = (r->first + 1) % r->capacity;
        r->count--;
    }
    r->events[(r->first + r->count++) % r->capacity] = *e;
    if (r->event) {
        r->event(r->user);
    }
}

void gpiochip_request_edge(struct gpiochip_request *r, unsigned index,
                           bool level, uint64_t stamp_ns)
{
    const struct gpiochip_line *line = gpiochip_request_line(r, index);
    bool rises = level != is_turned(line);
    struct gpio_v2_line_event e = {.timestamp_ns = stamp_ns,
                                   .offset = r->lines[index].line,
                                   .id = rises
                                             ? GPIO_V2_LINE_EVENT_RISING_EDGE
                                             : GPIO_V2_LINE_EVENT_FALLING_EDGE};

    if (!(line->flags & (rises ? GPIO_V2_LINE_FLAG_EDGE_RISING
                               : GPIO_V2_LINE_FLAG_EDGE_FALLING))) {
        return;
    }
    if (line->flags & GPIO_V2_LINE_FLAG_EVENT_CLOCK_REALTIME) {
        e.timestamp_ns += ns_of(CLOCK_REALTIME) - ns_of(CLOCK_MONOTONIC);
    }
    e.seqno = ++r->seqno;
    e.line_seqno = ++r->lines[index].seqno;
    put(r, &e);
}

void gpiochip_request_watch(struct gpiochip_request *r, gpiochip_event_fn event,
                            void *user)
{
    r->event = event;
    r->user = user;
}

bool gpiochip_request_has_events(const struct gpiochip_request *r)
{
    return r->kind != GPIOCHIP_V1_HANDLE;
}

bool gpiochip_request_readable(const struct gpiochip_request *r)
{
    return r->count;
}
