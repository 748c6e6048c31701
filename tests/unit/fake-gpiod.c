/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The functions of libgpiod that gpio/chip-line.c calls, of the interface that
 * this build has. */
#include "fake-gpiod.h"

#include <errno.h>
#include <gpiod.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

#define LINES 5u
#define COUNT (LINES + 1u) /* the last one the kernel refuses as if none */
#define NAMED 1u
#define TAKEN 3u
#define MUTE  4u
#define TAKER "a program\n"

struct event {
    int level;
    uint64_t stamp_ns;
};

struct gpiod_chip {
    int unused;
};

static struct line {
    bool open, early, again; /* edges: once it is open, each time they are read
                              */
    int level, fds[2];       /* events go through a pipe */
} all[LINES];
static struct gpiod_chip the_chip;
static unsigned chips_open;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The level, and the edge that told of it, in one. */
static void set_level(unsigned offset, bool level, const struct event *e)
{
    pthread_mutex_lock(&lock);
    all[offset].level = level;
    if (e && all[offset].open && write(all[offset].fds[1], e, sizeof(*e)) < 0) {
        abort();
    }
    pthread_mutex_unlock(&lock);
}

static int get_level(unsigned offset)
{
    int level;

    pthread_mutex_lock(&lock);
    level = all[offset].level;
    pthread_mutex_unlock(&lock);
    return level;
}

void fake_gpiod_edge(unsigned offset, bool level, uint64_t stamp_ns)
{
    set_level(offset, level, &(struct event){level, stamp_ns});
}

void fake_gpiod_short_edge(unsigned offset, bool level, uint64_t stamp_ns)
{
    set_level(offset, !level, &(struct event){level, stamp_ns});
}

void fake_gpiod_level(unsigned offset, bool level)
{
    set_level(offset, level, NULL);
}

void fake_gpiod_unplug(unsigned offset)
{
    if (write(all[offset].fds[1], "x", 1) < 0) {
        abort();
    }
}

void fake_gpiod_early_edges(unsigned offset, bool without_end)
{
    all[offset].early = true;
    all[offset].again = without_end;
}

unsigned fake_gpiod_open_count(void)
{
    unsigned n = chips_open, i;

    for (i = 0; i < LINES; i++) {
        n += all[i].open;
    }
    return n;
}

/* There and back. */
static void pulse(unsigned offset)
{
    const struct event there_and_back[] = {{1, 1}, {0, 2}};

    if (write(all[offset].fds[1], there_and_back, sizeof(there_and_back)) < 0) {
        abort();
    }
}

static int open_line(unsigned offset)
{
    errno = offset == MUTE ? ENXIO : offset < LINES ? EBUSY : EINVAL;
    if (offset >= LINES || offset == TAKEN || offset == MUTE ||
        all[offset].open || pipe(all[offset].fds)) {
        return -1;
    }
    all[offset].open = true;
    if (all[offset].early) {
        pulse(offset);
    }
    return 0;
}

static void close_line(unsigned offset)
{
    close(all[offset].fds[0]);
    close(all[offset].fds[1]);
    all[offset].open = false;
}

static int read_events(unsigned offset, struct event *events, unsigned n)
{
    ssize_t got = read(all[offset].fds[0], events, n * sizeof(*events));

    if (all[offset].again) {
        pulse(offset);
    }
    if (got >= 0 && (size_t)got % sizeof(*events)) {
        errno = ENODEV;
        return -1;
    }
    return got < 0 ? -1 : (int)((size_t)got / sizeof(*events));
}

struct gpiod_chip *gpiod_chip_open(const char *path)
{
    if (strcmp(path, "/dev/gpiochip7")) {
        errno = ENOENT;
        return NULL;
    }
    chips_open++;
    return &the_chip;
}

void gpiod_chip_close(struct gpiod_chip *chip)
{
    chips_open--;
}

#ifdef I2CPT_GPIOD_2

struct gpiod_chip_info {
    int unused;
};

struct gpiod_chip_info *gpiod_chip_get_info(struct gpiod_chip *chip)
{
    return calloc(1, sizeof(struct gpiod_chip_info));
}

void gpiod_chip_info_free(struct gpiod_chip_info *info)
{
    free(info);
}

size_t gpiod_chip_info_get_num_lines(struct gpiod_chip_info *info)
{
    return COUNT;
}

struct gpiod_line_info {
    unsigned offset;
};

struct gpiod_line_info *gpiod_chip_get_line_info(struct gpiod_chip *chip,
                                                 unsigned int offset)
{
    struct gpiod_line_info *info = calloc(1, sizeof(*info));

    info->offset = offset;
    return info;
}

void gpiod_line_info_free(struct gpiod_line_info *info)
{
    free(info);
}

const char *gpiod_line_info_get_consumer(struct gpiod_line_info *info)
{
    return info->offset == TAKEN ? TAKER : NULL;
}

struct gpiod_line_settings {
    bool input, both;
};
struct gpiod_line_config {
    unsigned offset;
};
struct gpiod_request_config {
    int unused;
};
struct gpiod_line_request {
    unsigned offset;
};
struct gpiod_edge_event {
    struct event event;
};
struct gpiod_edge_event_buffer {
    size_t size;
    struct gpiod_edge_event events[];
};

int gpiod_chip_get_line_offset_from_name(struct gpiod_chip *chip,
                                         const char *name)
{
    errno = ENOENT;
    return strcmp(name, "sensor-int") ? -1 : (int)NAMED;
}

struct gpiod_line_settings *gpiod_line_settings_new(void)
{
    return calloc(1, sizeof(struct gpiod_line_settings));
}

void gpiod_line_settings_free(struct gpiod_line_settings *s)
{
    free(s);
}

int gpiod_line_settings_set_direction(struct gpiod_line_settings *s,
                                      enum gpiod_line_direction direction)
{
    s->input = direction == GPIOD_LINE_DIRECTION_INPUT;
    return 0;
}

int gpiod_line_settings_set_edge_detection(struct gpiod_line_settings *s,
                                           enum gpiod_line_edge edge)
{
    s->both = edge == GPIOD_LINE_EDGE_BOTH;
    return 0;
}

struct gpiod_line_config *gpiod_line_config_new(void)
{
    return calloc(1, sizeof(struct gpiod_line_config));
}

void gpiod_line_config_free(struct gpiod_line_config *c)
{
    free(c);
}

int gpiod_line_config_add_line_settings(struct gpiod_line_config *c,
                                        const unsigned int *offsets, size_t n,
                                        struct gpiod_line_settings *s)
{
    if (n != 1 || !s->input || !s->both) {
        abort();
    }
    c->offset = offsets[0];
    return 0;
}

struct gpiod_request_config *gpiod_request_config_new(void)
{
    return calloc(1, sizeof(struct gpiod_request_config));
}

void gpiod_request_config_free(struct gpiod_request_config *c)
{
    free(c);
}

void gpiod_request_config_set_consumer(struct gpiod_request_config *c,
                                       const char *consumer)
{
}

void gpiod_request_config_set_event_buffer_size(struct gpiod_request_config *c,
                                                size_t size)
{
}

struct gpiod_line_request *gpiod_chip_request_lines(
    struct gpiod_chip *chip, struct gpiod_request_config *config,
    struct gpiod_line_config *lines)
{
    struct gpiod_line_request *r;

    if (open_line(lines->offset)) {
        return NULL;
    }
    r = calloc(1, sizeof(*r));
    r->offset = lines->offset;
    return r;
}

void gpiod_line_request_release(struct gpiod_line_request *r)
{
    close_line(r->offset);
    free(r);
}

int gpiod_line_request_get_fd(struct gpiod_line_request *r)
{
    return all[r->offset].fds[0];
}

enum gpiod_line_value gpiod_line_request_get_value(struct gpiod_line_request *r,
                                                   unsigned int offset)
{
    return get_level(offset) ? GPIOD_LINE_VALUE_ACTIVE
                             : GPIOD_LINE_VALUE_INACTIVE;
}

struct gpiod_edge_event_buffer *gpiod_edge_event_buffer_new(size_t capacity)
{
    return calloc(1, sizeof(struct gpiod_edge_event_buffer) +
                         capacity * sizeof(struct gpiod_edge_event));
}

void gpiod_edge_event_buffer_free(struct gpiod_edge_event_buffer *b)
{
    free(b);
}

int gpiod_line_request_read_edge_events(struct gpiod_line_request *r,
                                        struct gpiod_edge_event_buffer *b,
                                        size_t max)
{
    return read_events(r->offset, &b->events[0].event, (unsigned)max);
}

struct gpiod_edge_event *gpiod_edge_event_buffer_get_event(
    struct gpiod_edge_event_buffer *b, unsigned long index)
{
    return &b->events[index];
}

enum gpiod_edge_event_type gpiod_edge_event_get_event_type(
    struct gpiod_edge_event *e)
{
    return e->event.level ? GPIOD_EDGE_EVENT_RISING_EDGE
                          : GPIOD_EDGE_EVENT_FALLING_EDGE;
}

uint64_t gpiod_edge_event_get_timestamp_ns(struct gpiod_edge_event *e)
{
    return e->event.stamp_ns;
}

#else

struct gpiod_line {
    unsigned offset;
};

static struct gpiod_line lines[LINES];

int gpiod_ctxless_find_line(const char *name, char *chip, size_t size,
                            unsigned int *offset)
{
    if (strcmp(name, "sensor-int") || size < sizeof("gpiochip7")) {
        return 0;
    }
    strcpy(chip, "gpiochip7");
    *offset = NAMED;
    return 1;
}

unsigned int gpiod_chip_num_lines(struct gpiod_chip *chip)
{
    return COUNT;
}

struct gpiod_line *gpiod_chip_get_line(struct gpiod_chip *chip,
                                       unsigned int offset)
{
    errno = EINVAL;
    if (offset >= LINES) {
        return NULL;
    }
    lines[offset].offset = offset;
    return &lines[offset];
}

const char *gpiod_line_consumer(struct gpiod_line *line)
{
    return line->offset == TAKEN ? TAKER : NULL;
}

int gpiod_line_request_both_edges_events(struct gpiod_line *line,
                                         const char *consumer)
{
    return open_line(line->offset);
}

void gpiod_line_release(struct gpiod_line *line)
{
    close_line(line->offset);
}

int gpiod_line_event_get_fd(struct gpiod_line *line)
{
    return all[line->offset].fds[0];
}

int gpiod_line_get_value(struct gpiod_line *line)
{
    return get_level(line->offset);
}

int gpiod_line_event_read_multiple(struct gpiod_line *line,
                                   struct gpiod_line_event *out,
                                   unsigned int max)
{
    struct event events[16];
    int n = read_events(line->offset, events, max < 16 ? max : 16), i;

    for (i = 0; i < n; i++) {
        out[i].event_type = events[i].level ? GPIOD_LINE_EVENT_RISING_EDGE
                                            : GPIOD_LINE_EVENT_FALLING_EDGE;
        out[i].ts.tv_sec = (time_t)(events[i].stamp_ns / 1000000000u);
        out[i].ts.tv_nsec = (long)(events[i].stamp_ns % 1000000000u);
    }
    return n;
}

#endif
