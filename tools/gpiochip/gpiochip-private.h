/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the parts of the chip: lines and who has them (chip.c), requests and
 * their events (request.c), and the structs of both versions (uapi-v1.c,
 * uapi-v2.c). */
#ifndef GPIOCHIP_PRIVATE_H
#define GPIOCHIP_PRIVATE_H

#include <glib.h>
#include <linux/gpio.h>

#include "gpiochip/gpiochip.h"

#define HELD_MAX   16u /* of a line: what a request keeps by default */
#define EVENTS_MAX (GPIO_V2_LINES_MAX * 16u)

struct gpiochip_line {
    char name[GPIO_MAX_NAME_SIZE];
    bool level;                       /* as PROGRAM sees it */
    bool last;                        /* with the changes that are held */
    unsigned held;                    /* how many */
    struct gpiochip_request *request; /* who has it, or NULL */
    unsigned index;                   /* in there */
    uint64_t flags;                   /* GPIO_V2_LINE_FLAG_ of that */
    uint32_t debounce_us;
};

struct gpiochip {
    char name[GPIO_MAX_NAME_SIZE], label[GPIO_MAX_NAME_SIZE];
    bool hold;
    unsigned n;
    struct gpiochip_line lines[GPIOCHIP_LINES_MAX];
    GArray *held; /* uint8_t: the lines of changes that are, in order */
};

enum gpiochip_kind { GPIOCHIP_V2, GPIOCHIP_V1_HANDLE, GPIOCHIP_V1_EVENT };

/*
 * A request has its lines from gpiochip_request_new() to _free(). Its events:
 *
 *   EMPTY -> SOME   an edge that it asked for; who watches is called
 *   SOME  -> FULL   `capacity` of them
 *   FULL  -> FULL   one more: version 2 drops the oldest, version 1 the new one
 *   SOME, FULL -> SOME, EMPTY   they are read
 */
struct gpiochip_request {
    struct gpiochip *chip;
    enum gpiochip_kind kind;
    bool compat;
    char consumer[GPIO_MAX_NAME_SIZE];
    unsigned n;
    struct {
        unsigned line;
        uint32_t seqno;
    } lines[GPIO_V2_LINES_MAX];
    uint32_t seqno;
    struct gpio_v2_line_event *events; /* a ring */
    unsigned capacity, first, count;
    gpiochip_event_fn event;
    void *user;
};

/* What is asked for a line, in either version. */
struct gpiochip_wish {
    uint64_t flags; /* GPIO_V2_LINE_FLAG_ */
    uint32_t debounce_us;
};

/* NULL: it has not so many. */
static inline struct gpiochip_line *gpiochip_line(struct gpiochip *c,
                                                  uint32_t offset)
{
    return offset < c->n ? &c->lines[offset] : NULL;
}

/* request.c */
struct gpiochip_request *gpiochip_request_empty(struct gpiochip *c,
                                                enum gpiochip_kind kind,
                                                const char *consumer,
                                                unsigned capacity);
/* One more line: 0 or -errno, and the caller frees the request. */
int gpiochip_request_take(struct gpiochip_request *r, uint32_t offset,
                          const struct gpiochip_wish *wish);
struct gpiochip_line *gpiochip_request_line(const struct gpiochip_request *r,
                                            unsigned index);
bool gpiochip_request_level(const struct gpiochip_request *r, unsigned index);
/* An edge to `level` of line `index`. */
void gpiochip_request_edge(struct gpiochip_request *r, unsigned index,
                           bool level, uint64_t stamp_ns);

/* uapi-v2.c: 0 or -errno */
int gpiochip_v2_info(struct gpiochip *c, struct gpio_v2_line_info *info);
int gpiochip_v2_request(struct gpiochip *c,
                        const struct gpio_v2_line_request *wanted,
                        struct gpiochip_request **out);
int gpiochip_v2_ioctl(struct gpiochip_request *r, uint32_t code, void *data);
size_t gpiochip_v2_read(struct gpiochip_request *r, void *to, size_t size);
/* Of one line. */
int gpiochip_v2_check(uint64_t flags);

/* uapi-v1.c */
int gpiochip_v1_info(struct gpiochip *c, struct gpioline_info *info);
int gpiochip_v1_handle(struct gpiochip *c,
                       const struct gpiohandle_request *wanted,
                       struct gpiochip_request **out);
int gpiochip_v1_event(struct gpiochip *c,
                      const struct gpioevent_request *wanted, bool compat,
                      struct gpiochip_request **out);
int gpiochip_v1_ioctl(struct gpiochip_request *r, uint32_t code, void *data);
size_t gpiochip_v1_event_size(const struct gpiochip_request *r);
size_t gpiochip_v1_read(struct gpiochip_request *r, void *to, size_t size);

#endif
