/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The thread that looks at pins, and what becomes of what is seen. */
#include "ftdi/line-poll.h"

#include <errno.h>
#include <glib.h>
#include <pthread.h>

#include "core/clock.h"
#include "core/fault.h"
#include "core/log.h"
#include "core/threads.h"
#include "ftdi/line-pins.h"
#include "lines/lines.h"

/*
 * Whether anybody looks, under the lock:
 *
 *   POLLING -> POLLING  a frame of somebody's, or the thread's own, has looked:
 *                       the thread's turn is poll_ns later
 *   POLLING -> POLLING  a look of the thread's failed, and the engine was got
 *                       back: likewise, with a warning for the first such
 *   POLLING -> GONE     somebody's call or the thread's said ENODEV: levels
 *                       stay as they are, with a warning
 *   POLLING -> ENDED    mpsse_lines_free()
 *   GONE    -> ENDED    likewise
 */
enum poll_state { POLLING, GONE, ENDED };

struct mpsse_lines {
    struct mpsse_bus *bus;
    struct i2cpt_lines *lines;
    unsigned pin_of[MPSSE_LINE_PINS]; /* by the line's number */
    uint64_t poll_ns, timeout_ns;
    char *name;
    bool running;
    pthread_t thread;

    pthread_mutex_t lock; /* whose it is may call the bus; all below */
    pthread_cond_t changed;
    enum poll_state state;
    bool failing;
    uint64_t looked_ns; /* when there was a look last */
    uint64_t stamp_ns;  /* of what was told last */
    uint16_t pins;
};

/* In any call on the bus, and so under the lock. */
static void seen(uint16_t pins, uint64_t stamp_ns, void *user)
{
    struct mpsse_lines *l = user;
    unsigned i;

    l->looked_ns = i2cpt_now_ns();
    l->stamp_ns = MAX(l->stamp_ns, stamp_ns);
    l->pins = pins;
    for (i = 0; i < lines_count(l->lines); i++) {
        lines_set(l->lines, i, pins >> l->pin_of[i] & 1, l->stamp_ns);
    }
}

void mpsse_lines_enter(struct mpsse_lines *l)
{
    if (l) {
        pthread_mutex_lock(&l->lock);
    }
}

static void check_gone_locked(struct mpsse_lines *l, int result)
{
    if (result == -ENODEV && l->state == POLLING) {
        l->state = GONE;
        pthread_cond_signal(&l->changed);
    }
}

void mpsse_lines_leave(struct mpsse_lines *l, int result)
{
    if (l) {
        check_gone_locked(l, result);
        pthread_mutex_unlock(&l->lock);
    }
}

struct i2cpt_lines *mpsse_lines_get(struct mpsse_lines *l)
{
    return l ? l->lines : NULL;
}

/* Without the lock, since whose log it is may call the adapter. */
static void warn_locked(struct mpsse_lines *l, int error, const char *what)
{
    pthread_mutex_unlock(&l->lock);
    i2cpt_log(I2CPT_LOG_WARNING, "%s: %s; %s", l->name, g_strerror(-error),
              what);
    pthread_mutex_lock(&l->lock);
}

static void look_locked(struct mpsse_lines *l)
{
    struct i2cpt_fault fault;
    int ret = mpsse_bus_look(l->bus, l->timeout_ns, &fault);
    bool first = ret && !l->failing;

    l->failing = ret != 0;
    l->looked_ns = i2cpt_now_ns();
    check_gone_locked(l, ret);
    if (first && l->state == POLLING) {
        warn_locked(l, ret, "its lines cannot be looked at");
    }
}

static void *poll_main(void *arg)
{
    struct mpsse_lines *l = arg;
    uint64_t due_ns;

    pthread_mutex_lock(&l->lock);
    while (l->state == POLLING) {
        due_ns = l->looked_ns + l->poll_ns;
        if (i2cpt_now_ns() >= due_ns) {
            look_locked(l);
        } else {
            i2cpt_cond_wait_until(&l->changed, &l->lock, due_ns);
        }
    }
    if (l->state == GONE) {
        warn_locked(l, -ENODEV, "its lines stay as they are");
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

static void add_lines(struct mpsse_lines *l, uint16_t pins)
{
    char name[MPSSE_PIN_NAME_SIZE];
    unsigned pin;
    int line;

    for (pin = 0; pin < MPSSE_LINE_PINS; pin++) {
        if (pins >> pin & 1) {
            mpsse_pin_name(pin, name);
            line = lines_add(l->lines, name, l->pins >> pin & 1);
            l->pin_of[line] = pin;
        }
    }
}

int mpsse_lines_new(struct mpsse_bus *bus, const struct mpsse_lines_config *c,
                    uint64_t open_ns, struct mpsse_lines **out,
                    struct i2cpt_fault *fault)
{
    struct mpsse_lines *l = g_new0(struct mpsse_lines, 1);
    int ret;

    l->bus = bus;
    l->lines = lines_new();
    l->poll_ns = c->poll_us * (uint64_t)1000;
    l->timeout_ns = c->timeout_ms * (uint64_t)1000000;
    l->name = g_strdup(c->name);
    pthread_mutex_init(&l->lock, NULL);
    i2cpt_cond_init(&l->changed);
    mpsse_bus_on_look(bus, seen, l);
    ret = mpsse_bus_look(bus, open_ns, fault);
    if (!ret) {
        add_lines(l, c->pins);
        ret = i2cpt_thread_start(&l->thread, poll_main, l);
        l->running = !ret;
        if (ret) {
            i2cpt_fault_set(fault, -ret, I2CPT_PHASE_UNKNOWN, -1, -1);
        }
    }
    if (ret) {
        mpsse_lines_free(l);
        return ret;
    }
    *out = l;
    return 0;
}

void mpsse_lines_free(struct mpsse_lines *l)
{
    if (!l) {
        return;
    }
    if (l->running) {
        pthread_mutex_lock(&l->lock);
        l->state = ENDED;
        pthread_cond_signal(&l->changed);
        pthread_mutex_unlock(&l->lock);
        pthread_join(l->thread, NULL);
    }
    mpsse_bus_on_look(l->bus, NULL, NULL);
    pthread_cond_destroy(&l->changed);
    pthread_mutex_destroy(&l->lock);
    lines_free(l->lines);
    g_free(l->name);
    g_free(l);
}
