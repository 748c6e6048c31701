/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys line.NAME= and line.NAME.active-low=, and lines that are what they
 * say. */
#include "lines/chosen.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "config.h"
#include "core/backend.h"
#include "core/clock.h"
#include "core/fault.h"
#include "core/options.h"
#include "gpio/watch.h"
#include "lines/lines.h"

/* Where one of ours comes from. */
struct source {
    bool own;      /* one of the back end's; else a GPIO line */
    unsigned line; /* which */
    bool active_low;
};

struct chosen_lines {
    struct i2cpt_lines *lines;
    struct source sources[LINES_MAX];
    struct i2cpt_lines *own;
    struct lines_listener follows; /* the back end's own */
    struct gpio_watch *gpio;       /* NULL: none of the machine's */
};

static void source_changed(struct chosen_lines *c, bool own, unsigned line,
                           bool level, uint64_t stamp_ns)
{
    unsigned i;

    for (i = 0; i < lines_count(c->lines); i++) {
        const struct source *s = &c->sources[i];

        if (s->own == own && s->line == line) {
            lines_set(c->lines, i, level != s->active_low, stamp_ns);
        }
    }
}

static void own_changed(unsigned line, bool level, uint64_t stamp_ns,
                        void *user)
{
    source_changed(user, true, line, level, stamp_ns);
}

#ifdef I2CPT_HAVE_GPIOD
#define GPIO_SOURCES "gpiochipN/OFFSET, or the name of a GPIO line"

static void gpio_changed(unsigned number, bool level, uint64_t stamp_ns,
                         void *user)
{
    source_changed(user, false, number, level, stamp_ns);
}

static int add_gpio(struct chosen_lines *c, const char *key, const char *source,
                    struct i2cpt_fault *fault)
{
    if (!c->gpio) {
        c->gpio = gpio_watch_new(gpio_changed, c);
    }
    return gpio_watch_add(c->gpio, key, source, fault);
}

static int start_gpio(struct chosen_lines *c, struct i2cpt_fault *fault)
{
    int ret = c->gpio ? gpio_watch_start(c->gpio) : 0;

    return ret ? i2cpt_fault_set(fault, -ret, I2CPT_PHASE_UNKNOWN, -1, -1) : 0;
}

static void end_gpio(struct chosen_lines *c)
{
    gpio_watch_free(c->gpio);
    c->gpio = NULL;
}
#else
#define GPIO_SOURCES ""

static int add_gpio(struct chosen_lines *c, const char *key, const char *source,
                    struct i2cpt_fault *fault)
{
    return -ENODATA;
}

static int start_gpio(struct chosen_lines *c, struct i2cpt_fault *fault)
{
    return 0;
}

static void end_gpio(struct chosen_lines *c)
{
}
#endif

static char *name_own(const struct i2cpt_ops *ops,
                      const struct i2cpt_lines *own)
{
    GString *s = g_string_new(ops->own_lines);
    unsigned i;

    for (i = 0; !ops->own_lines && i < lines_count(own); i++) {
        g_string_append_printf(s, "%s%s:%s", i ? ", " : "", ops->name,
                               lines_name(own, i));
    }
    return g_string_free(s, FALSE);
}

static int no_source(const struct i2cpt_options *o,
                     const struct i2cpt_lines *own, const char *key,
                     bool meant_own, struct i2cpt_fault *fault)
{
    const char *backend = i2cpt_options_ops(o)->name;
    const char *source = i2cpt_options_string(o, key);
    g_autofree char *names = name_own(i2cpt_options_ops(o), own);

    if (!*names && (meant_own || !*GPIO_SOURCES)) {
        return i2cpt_fault_text(
            fault, EINVAL,
            "%s=%.4096s: this %s adapter has no lines of its "
            "own%s",
            key, source, backend,
            *GPIO_SOURCES ? "" : ", and this build no libgpiod");
    }
    return i2cpt_fault_text(
        fault, EINVAL, "%s=%.4096s: there is no such line; accepted is %s%s%s",
        key, source, names, *names && *GPIO_SOURCES ? ", " : "", GPIO_SOURCES);
}

const char *lines_chosen_own_name(const char *backend, const char *source,
                                  const char *name)
{
    size_t n = strlen(backend);

    if (strncmp(source, backend, n)) {
        return NULL;
    }
    return !source[n] ? name : source[n] == ':' ? source + n + 1 : NULL;
}

static bool is_active_low(const struct i2cpt_options *o, const char *name)
{
    g_autofree char *key = g_strdup_printf("line.%s.active-low", name);

    return i2cpt_options_number(o, key);
}

static int add(struct chosen_lines *c, const struct i2cpt_options *o,
               const char *name, bool own, unsigned line)
{
    int number = lines_add(c->lines, name, false);

    if (number >= 0) {
        c->sources[number] = (struct source){
            .own = own, .line = line, .active_low = is_active_low(o, name)};
    }
    return MIN(number, 0);
}

static int add_source(struct chosen_lines *c, const struct i2cpt_options *o,
                      const char *key, const char *name,
                      struct i2cpt_fault *fault)
{
    const char *source = i2cpt_options_string(o, key);
    const char *wanted =
        lines_chosen_own_name(i2cpt_options_ops(o)->name, source, name);
    int line;

    if (lines_count(c->lines) == LINES_MAX) {
        return i2cpt_fault_text(fault, EINVAL,
                                "%s=%.4096s: accepted are %u lines", key,
                                source, LINES_MAX);
    }
    line =
        wanted ? lines_find(c->own, wanted) : add_gpio(c, key, source, fault);
    if (line == (wanted ? -ENOENT : -ENODATA)) {
        return no_source(o, c->own, key, wanted != NULL, fault);
    }
    return line < 0 ? line : add(c, o, name, wanted != NULL, (unsigned)line);
}

/* Each line.NAME= that was given; how many. */
static int add_given(struct chosen_lines *c, const struct i2cpt_options *o,
                     unsigned *count, struct i2cpt_fault *fault)
{
    char name[LINE_NAME_MAX + 1];
    const char *key;
    int ret = 0;
    size_t i;

    *count = 0;
    for (i = 0; !ret && (key = i2cpt_options_given(o, i)); i++) {
        if (i2cpt_line_key_source(key, name)) {
            ret = add_source(c, o, key, name, fault);
            ++*count;
        }
    }
    return ret;
}

/* Those keys that turn a line round have one to turn; how many they are. */
static int check_turned(struct chosen_lines *c, const struct i2cpt_options *o,
                        unsigned *count, struct i2cpt_fault *fault)
{
    char name[LINE_NAME_MAX + 1];
    const char *key;
    size_t i;

    *count = 0;
    for (i = 0; (key = i2cpt_options_given(o, i)); i++) {
        if (!i2cpt_line_key_active_low(key, name)) {
            continue;
        }
        ++*count;
        if (lines_find(c->lines, name) < 0) {
            return i2cpt_fault_text(
                fault, EINVAL,
                "%s=%s: the adapter has no line %s; accepted is "
                "a line of line.%s=SOURCE, or without any such key one of the "
                "back end's own",
                key, i2cpt_options_string(o, key), name, name);
        }
    }
    return 0;
}

static int choose(struct chosen_lines *c, const struct i2cpt_options *o,
                  bool *anything, struct i2cpt_fault *fault)
{
    unsigned given, turned, i;
    int ret = add_given(c, o, &given, fault);

    for (i = 0; !ret && !given && i < lines_count(c->own); i++) {
        ret = add(c, o, lines_name(c->own, i), true, i);
    }
    ret = ret ? ret : check_turned(c, o, &turned, fault);
    *anything = !ret && (given || turned);
    return ret;
}

static void follow_own(struct chosen_lines *c)
{
    unsigned i;

    for (i = 0; i < lines_count(c->lines); i++) {
        const struct source *s = &c->sources[i];

        if (s->own) {
            lines_set_at_opening(c->lines, i,
                                 lines_level_at_opening(c->own, s->line) !=
                                     s->active_low);
        }
    }
    lines_follow(c->own, &c->follows, i2cpt_now_ns());
}

int lines_chosen_new(const struct i2cpt_options *o, struct i2cpt_lines *own,
                     struct chosen_lines **out, struct i2cpt_fault *fault)
{
    struct chosen_lines *c = g_new0(struct chosen_lines, 1);
    bool anything;
    int ret;

    *out = NULL;
    c->lines = lines_new();
    c->own = own;
    c->follows = (struct lines_listener){own_changed, c, NULL};
    ret = choose(c, o, &anything, fault);
    ret = ret ? ret : start_gpio(c, fault);
    if (!anything || ret) {
        end_gpio(c);
        c->own = NULL;
        lines_chosen_free(c);
        return ret;
    }
    if (own) {
        follow_own(c);
    }
    *out = c;
    return 0;
}

struct i2cpt_lines *lines_chosen_get(struct chosen_lines *c)
{
    return c->lines;
}

void lines_chosen_leave(struct chosen_lines *c)
{
    if (c) {
        end_gpio(c);
    }
    if (c && c->own) {
        lines_forget(c->own, &c->follows);
        c->own = NULL;
    }
}

void lines_chosen_free(struct chosen_lines *c)
{
    if (c) {
        lines_free(c->lines);
        g_free(c);
    }
}
