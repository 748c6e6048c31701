/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A GPIO line through libgpiod, of either of its interfaces: 1.x, as Debian 12
 * has it, and 2.x, as Debian 13 does. */
#include "gpio/chip-line.h"

#include <errno.h>
#include <glib.h>
#include <gpiod.h>

#include "config.h"

#define CONSUMER "libi2cpt"

/* An errno that says nothing is none. */
static int failed(void)
{
    return errno > 0 ? -errno : -EIO;
}

/* It goes into a line for a person, and any program chose it. */
static void keep_name(char user[GPIO_USER_MAX], const char *name)
{
    char *c;

    g_strlcpy(user, name ? name : "", GPIO_USER_MAX);
    for (c = user; *c; c++) {
        *c = g_ascii_isprint(*c) ? *c : '?';
    }
}

#ifdef I2CPT_GPIOD_2

#define KERNEL_KEEPS 1024u /* edges, where we are slow */
#define CHIPS_MAX    256u  /* that are looked through for a name */

struct gpio_chip_line {
    unsigned offset;
    struct gpiod_line_request *request;
    struct gpiod_edge_event_buffer *buffer;
};

static int find_in(const char *path, const char *name, unsigned *offset)
{
    struct gpiod_chip *chip = gpiod_chip_open(path);
    int at;

    if (!chip) {
        return failed();
    }
    at = gpiod_chip_get_line_offset_from_name(chip, name);
    gpiod_chip_close(chip);
    *offset = (unsigned)at;
    return at < 0 ? -ENOENT : 0;
}

int gpio_chip_line_find(const char *name, char path[GPIO_PATH_MAX],
                        unsigned *offset)
{
    unsigned i;
    int ret = -ENOENT;

    for (i = 0; ret && i < CHIPS_MAX; i++) {
        g_snprintf(path, GPIO_PATH_MAX, "/dev/gpiochip%u", i);
        ret = find_in(path, name, offset);
    }
    return ret ? -ENOENT : 0;
}

const char *const gpio_chip_line_unknown = NULL;

unsigned gpio_chip_lines(const char *path)
{
    struct gpiod_chip *chip = gpiod_chip_open(path);
    struct gpiod_chip_info *info = chip ? gpiod_chip_get_info(chip) : NULL;
    size_t n = info ? gpiod_chip_info_get_num_lines(info) : 0;

    if (info) {
        gpiod_chip_info_free(info);
    }
    if (chip) {
        gpiod_chip_close(chip);
    }
    return (unsigned)n;
}

int gpio_chip_line_user(const char *path, unsigned offset,
                        char user[GPIO_USER_MAX])
{
    struct gpiod_chip *chip = gpiod_chip_open(path);
    struct gpiod_line_info *info =
        chip ? gpiod_chip_get_line_info(chip, offset) : NULL;

    keep_name(user, info ? gpiod_line_info_get_consumer(info) : NULL);
    if (info) {
        gpiod_line_info_free(info);
    }
    if (chip) {
        gpiod_chip_close(chip);
    }
    return *user ? 0 : -ENOENT;
}

static struct gpiod_line_request *request_edges(struct gpiod_chip *chip,
                                                unsigned offset)
{
    struct gpiod_line_settings *settings = gpiod_line_settings_new();
    struct gpiod_line_config *lines = gpiod_line_config_new();
    struct gpiod_request_config *config = gpiod_request_config_new();
    struct gpiod_line_request *request = NULL;

    errno = ENOMEM;
    if (settings && lines && config) {
        gpiod_line_settings_set_direction(settings, GPIOD_LINE_DIRECTION_INPUT);
        gpiod_line_settings_set_edge_detection(settings, GPIOD_LINE_EDGE_BOTH);
        gpiod_request_config_set_consumer(config, CONSUMER);
        gpiod_request_config_set_event_buffer_size(config, KERNEL_KEEPS);
        if (!gpiod_line_config_add_line_settings(lines, &offset, 1, settings)) {
            request = gpiod_chip_request_lines(chip, config, lines);
        }
    }
    gpiod_request_config_free(config);
    gpiod_line_config_free(lines);
    gpiod_line_settings_free(settings);
    return request;
}

int gpio_chip_line_open(const char *path, unsigned offset,
                        struct gpio_chip_line **out)
{
    struct gpiod_chip *chip = gpiod_chip_open(path);
    struct gpio_chip_line *l;
    int ret;

    if (!chip) {
        return failed();
    }
    l = g_new0(struct gpio_chip_line, 1);
    l->offset = offset;
    l->request = request_edges(chip, offset);
    ret = l->request ? 0 : failed();
    gpiod_chip_close(chip);
    if (!ret) {
        l->buffer = gpiod_edge_event_buffer_new(GPIO_EDGES_MAX);
        ret = l->buffer ? 0 : -ENOMEM;
    }
    if (ret) {
        gpio_chip_line_close(l);
        return ret;
    }
    *out = l;
    return 0;
}

void gpio_chip_line_close(struct gpio_chip_line *l)
{
    if (l->buffer) {
        gpiod_edge_event_buffer_free(l->buffer);
    }
    if (l->request) {
        gpiod_line_request_release(l->request);
    }
    g_free(l);
}

int gpio_chip_line_fd(struct gpio_chip_line *l)
{
    return gpiod_line_request_get_fd(l->request);
}

int gpio_chip_line_level(struct gpio_chip_line *l)
{
    enum gpiod_line_value value =
        gpiod_line_request_get_value(l->request, l->offset);

    return value == GPIOD_LINE_VALUE_ERROR ? failed()
                                           : value == GPIOD_LINE_VALUE_ACTIVE;
}

int gpio_chip_line_read(struct gpio_chip_line *l, struct gpio_edge *edges)
{
    int n = gpiod_line_request_read_edge_events(l->request, l->buffer,
                                                GPIO_EDGES_MAX);
    int i;

    for (i = 0; i < n; i++) {
        struct gpiod_edge_event *event =
            gpiod_edge_event_buffer_get_event(l->buffer, (unsigned long)i);

        edges[i].level = gpiod_edge_event_get_event_type(event) ==
                         GPIOD_EDGE_EVENT_RISING_EDGE;
        edges[i].stamp_ns = gpiod_edge_event_get_timestamp_ns(event);
    }
    return n < 0 ? failed() : n;
}

#else

struct gpio_chip_line {
    struct gpiod_chip *chip;
    struct gpiod_line *line;
    bool requested;
};

int gpio_chip_line_find(const char *name, char path[GPIO_PATH_MAX],
                        unsigned *offset)
{
    char chip[GPIO_PATH_MAX - 5];

    if (gpiod_ctxless_find_line(name, chip, sizeof(chip), offset) != 1) {
        return -ENOENT;
    }
    g_snprintf(path, GPIO_PATH_MAX, "/dev/%s", chip);
    return 0;
}

const char *const gpio_chip_line_unknown =
    "this build has libgpiod 1, which a kernel without the first GPIO "
    "interface (CONFIG_GPIO_CDEV_V1) answers so; one with libgpiod 2 works";

unsigned gpio_chip_lines(const char *path)
{
    struct gpiod_chip *chip = gpiod_chip_open(path);
    unsigned n = chip ? gpiod_chip_num_lines(chip) : 0;

    if (chip) {
        gpiod_chip_close(chip);
    }
    return n;
}

int gpio_chip_line_user(const char *path, unsigned offset,
                        char user[GPIO_USER_MAX])
{
    struct gpiod_chip *chip = gpiod_chip_open(path);
    struct gpiod_line *line = chip ? gpiod_chip_get_line(chip, offset) : NULL;

    keep_name(user, line ? gpiod_line_consumer(line) : NULL);
    if (chip) {
        gpiod_chip_close(chip);
    }
    return *user ? 0 : -ENOENT;
}

int gpio_chip_line_open(const char *path, unsigned offset,
                        struct gpio_chip_line **out)
{
    struct gpio_chip_line *l = g_new0(struct gpio_chip_line, 1);
    int ret = 0;

    l->chip = gpiod_chip_open(path);
    if (l->chip) {
        l->line = gpiod_chip_get_line(l->chip, offset);
    }
    l->requested =
        l->line && !gpiod_line_request_both_edges_events(l->line, CONSUMER);
    if (!l->requested) {
        ret = failed();
        gpio_chip_line_close(l);
        return ret;
    }
    *out = l;
    return 0;
}

void gpio_chip_line_close(struct gpio_chip_line *l)
{
    if (l->requested) {
        gpiod_line_release(l->line);
    }
    if (l->chip) {
        gpiod_chip_close(l->chip);
    }
    g_free(l);
}

int gpio_chip_line_fd(struct gpio_chip_line *l)
{
    return gpiod_line_event_get_fd(l->line);
}

int gpio_chip_line_level(struct gpio_chip_line *l)
{
    int value = gpiod_line_get_value(l->line);

    return value < 0 ? failed() : value != 0;
}

int gpio_chip_line_read(struct gpio_chip_line *l, struct gpio_edge *edges)
{
    struct gpiod_line_event events[GPIO_EDGES_MAX];
    int n = gpiod_line_event_read_multiple(l->line, events, GPIO_EDGES_MAX);
    int i;

    for (i = 0; i < n; i++) {
        edges[i].level = events[i].event_type == GPIOD_LINE_EVENT_RISING_EDGE;
        edges[i].stamp_ns = (uint64_t)events[i].ts.tv_sec * 1000000000u +
                            (uint64_t)events[i].ts.tv_nsec;
    }
    return n < 0 ? failed() : n;
}

#endif
