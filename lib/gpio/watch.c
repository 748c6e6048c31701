/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GPIO lines that one thread watches for edges. */
#include "gpio/watch.h"

#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>

#include "core/clock.h"
#include "core/fault.h"
#include "core/key.h"
#include "core/log.h"
#include "core/threads.h"
#include "core/wake.h"
#include "gpio/chip-line.h"

#define CHIP       "gpiochip"
#define OFFSET_MAX 65535u
/* Of edges, at the most, before the first level counts: who opens a clock does
 * not wait for its end. */
#define FIRST_READS 64
/* So long behind a level that was looked at its edge may come: an interrupt's
 * thread is late, or asks an expander across a bus. */
#define ON_ITS_WAY_NS UINT64_C(100000000)
/* Kernels before 6.6 wake nobody when a chip goes; who asks anew hears of it.
 */
#define ASK_ANEW_MS 1000

struct watched {
    struct gpio_chip_line *line;
    char name[GPIO_PATH_MAX + 16]; /* for a person; no two are the same */
    bool level;                    /* told last, */
    bool looked; /* from a look at it, when: its edge may be on its way */
    uint64_t looked_ns;
    bool gone;
};

struct gpio_watch {
    gpio_changed_fn changed;
    void *user;
    struct watched lines[GPIO_LINES_MAX];
    unsigned n;
    struct i2cpt_wake *ending;
    atomic_bool ends;
    bool running;
    pthread_t thread;
    uint64_t last_ns; /* of the thread, once it runs */
};

struct gpio_watch *gpio_watch_new(gpio_changed_fn changed, void *user)
{
    struct gpio_watch *w = g_new0(struct gpio_watch, 1);

    w->changed = changed;
    w->user = user;
    atomic_init(&w->ends, false);
    return w;
}

/* gpiochipN/OFFSET, also with /dev/ in front. */
static bool is_offset(const char *source, char path[GPIO_PATH_MAX],
                      unsigned *offset)
{
    const char *chip = g_str_has_prefix(source, "/dev/") ? source + 5 : source;
    const char *slash = strchr(chip, '/');
    g_autofree char *number = NULL;
    uint64_t n;

    if (!slash || !g_str_has_prefix(chip, CHIP)) {
        return false;
    }
    number =
        g_strndup(chip + strlen(CHIP), (gsize)(slash - chip) - strlen(CHIP));
    if (i2cpt_parse_uint(number, OFFSET_MAX, &n) ||
        !g_ascii_isdigit(slash[1])) {
        return false;
    }
    g_snprintf(path, GPIO_PATH_MAX, "/dev/" CHIP "%u", (unsigned)n);
    if (i2cpt_parse_uint(slash + 1, OFFSET_MAX, &n)) {
        return false;
    }
    *offset = (unsigned)n;
    return true;
}

/* Why a line cannot be had, in words that help. */
static int refused(int ret, const char *key, const char *source,
                   const char *path, unsigned offset, struct i2cpt_fault *fault)
{
    char user[GPIO_USER_MAX];
    unsigned n = ret == -EINVAL ? gpio_chip_lines(path) : 0;

    if (n && offset >= n) {
        return i2cpt_fault_text(fault, EINVAL,
                                "%s=%.4096s: %s has no line %u; accepted is 0 "
                                "to %u",
                                key, source, path, offset, n - 1);
    }
    if (n && gpio_chip_line_unknown) {
        return i2cpt_fault_text(fault, EINVAL, "%s=%.4096s: %s, line %u: %s",
                                key, source, path, offset,
                                gpio_chip_line_unknown);
    }
    if (ret == -EBUSY && !gpio_chip_line_user(path, offset, user)) {
        return i2cpt_fault_text(fault, EBUSY,
                                "%s=%.4096s: %s, line %u: in use by %s", key,
                                source, path, offset, user);
    }
    return i2cpt_fault_text(fault, -ret, "%s=%.4096s: %s, line %u: %s%s", key,
                            source, path, offset, g_strerror(-ret),
                            ret == -ENXIO || ret == -ENODEV
                                ? "; accepted is a line that makes interrupts"
                                : "");
}

static int find_added(const struct gpio_watch *w, const char *name)
{
    unsigned i;

    for (i = 0; i < w->n && strcmp(w->lines[i].name, name); i++) {
    }
    return i < w->n ? (int)i : -ENOENT;
}

int gpio_watch_add(struct gpio_watch *w, const char *key, const char *source,
                   struct i2cpt_fault *fault)
{
    const char *name = g_str_has_prefix(source, "gpio:") ? source + 5 : source;
    struct watched *l = &w->lines[w->n];
    char path[GPIO_PATH_MAX], known[sizeof(l->name)];
    unsigned offset;
    int ret = 0;

    if (!is_offset(source, path, &offset)) {
        ret = gpio_chip_line_find(name, path, &offset);
    }
    if (ret) {
        return -ENODATA;
    }
    g_snprintf(known, sizeof(known), "%s/%u", path, offset);
    ret = find_added(w, known);
    if (ret >= 0) {
        return ret;
    }
    if (w->n == GPIO_LINES_MAX) {
        return i2cpt_fault_text(fault, EINVAL,
                                "%s=%.4096s: accepted are %u lines", key,
                                source, GPIO_LINES_MAX);
    }
    ret = gpio_chip_line_open(path, offset, &l->line);
    if (ret) {
        return refused(ret, key, source, path, offset, fault);
    }
    g_strlcpy(l->name, known, sizeof(l->name));
    return (int)w->n++;
}

/* Kernels before 5.7 have another clock for edges, which is far ahead. */
static void tell(struct gpio_watch *w, unsigned i, bool level,
                 uint64_t stamp_ns)
{
    w->lines[i].level = level;
    w->last_ns = MAX(w->last_ns, MIN(stamp_ns, i2cpt_now_ns()));
    w->changed(i, level, w->last_ns, w->user);
}

static bool has_edges(struct gpio_chip_line *line)
{
    struct pollfd p = {.fd = gpio_chip_line_fd(line), .events = POLLIN};

    return poll(&p, 1, 0) == 1;
}

/* The edge that a look at the level was ahead of. */
static bool is_known(const struct watched *l, const struct gpio_edge *edge)
{
    uint64_t stamp_ns = MIN(edge->stamp_ns, i2cpt_now_ns());

    return l->looked && edge->level == l->level &&
           stamp_ns <= l->looked_ns + ON_ITS_WAY_NS;
}

/* Where an edge is to the level that was told, the one between is missing: the
 * kernel dropped it, having more than it keeps, or there and back was too short
 * for it to make two of it. */
static void take_edges(struct gpio_watch *w, unsigned i,
                       const struct gpio_edge *edges, int n)
{
    struct watched *l = &w->lines[i];
    int e;

    for (e = 0; e < n; e++) {
        bool known = is_known(l, &edges[e]);

        if (!known && edges[e].level == l->level) {
            tell(w, i, !edges[e].level, edges[e].stamp_ns);
        }
        if (!known) {
            tell(w, i, edges[e].level, edges[e].stamp_ns);
        }
        l->looked = false;
    }
}

static void tell_looked(struct gpio_watch *w, unsigned i, bool level)
{
    w->lines[i].looked_ns = i2cpt_now_ns();
    tell(w, i, level, w->lines[i].looked_ns);
    w->lines[i].looked = true;
}

/* The level is the truth: what it is when nothing more is to be read. */
static void look_at_level(struct gpio_watch *w, unsigned i)
{
    struct watched *l = &w->lines[i];
    int level = gpio_chip_line_level(l->line);

    if (level >= 0 && level != l->level && !has_edges(l->line)) {
        tell_looked(w, i, level);
    }
}

static void read_edges(struct gpio_watch *w, unsigned i)
{
    struct gpio_edge edges[GPIO_EDGES_MAX];
    struct watched *l = &w->lines[i];
    int n = gpio_chip_line_read(l->line, edges);

    if (n < 0 && n != -EINTR && n != -EAGAIN) {
        i2cpt_log(I2CPT_LOG_WARNING, "%s: %s; the line stays as it is", l->name,
                  g_strerror(-n));
        l->gone = true;
        return;
    }
    take_edges(w, i, edges, MAX(n, 0));
    look_at_level(w, i);
}

static void *watch_all(void *arg)
{
    struct gpio_watch *w = arg;
    struct pollfd fds[GPIO_LINES_MAX + 1];
    unsigned i;

    while (!atomic_load(&w->ends)) {
        for (i = 0; i < w->n; i++) {
            fds[i].fd =
                w->lines[i].gone ? -1 : gpio_chip_line_fd(w->lines[i].line);
            fds[i].events = POLLIN;
            fds[i].revents = 0;
        }
        fds[w->n] = (struct pollfd){i2cpt_wake_fd(w->ending), POLLIN, 0};
        poll(fds, w->n + 1, ASK_ANEW_MS);
        for (i = 0; i < w->n; i++) {
            if (fds[i].revents) {
                read_edges(w, i);
            }
        }
    }
    return NULL;
}

/* Edges from before the level was read are in it. */
static int first_level(struct gpio_chip_line *line)
{
    struct gpio_edge edges[GPIO_EDGES_MAX];
    int level = gpio_chip_line_level(line), left;

    for (left = FIRST_READS; level >= 0 && left && has_edges(line); left--) {
        level = gpio_chip_line_read(line, edges);
        level = level < 0 ? level : gpio_chip_line_level(line);
    }
    return level;
}

int gpio_watch_start(struct gpio_watch *w)
{
    unsigned i;
    int ret = 0;

    for (i = 0; i < w->n; i++) {
        ret = first_level(w->lines[i].line);
        if (ret < 0) {
            return ret;
        }
        tell_looked(w, i, ret);
    }
    w->ending = i2cpt_wake_new();
    if (!w->ending) {
        return -errno;
    }
    ret = i2cpt_thread_start(&w->thread, watch_all, w);
    w->running = !ret;
    return ret;
}

void gpio_watch_free(struct gpio_watch *w)
{
    unsigned i;

    if (!w) {
        return;
    }
    if (w->running) {
        atomic_store(&w->ends, true);
        i2cpt_wake_signal(w->ending);
        pthread_join(w->thread, NULL);
    }
    for (i = 0; i < w->n; i++) {
        gpio_chip_line_close(w->lines[i].line);
    }
    i2cpt_wake_free(w->ending, false);
    g_free(w);
}
