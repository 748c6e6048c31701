/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of an adapter, as a handle on it sees them. */
#include "bus/adapter-lines.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "bus/bus.h"
#include "core/threads.h"
#include "core/wake.h"
#include "i2cpt-lines.h"
#include "lines/lines.h"

#define CHANGES_MAX 4096u

struct change {
    unsigned line;
    bool level;
    uint64_t stamp_ns;
};

/*
 * Changes on their way to a handle, from its first watch to its end.
 *
 *   OFF     -> WATCHED  a watch with a function: from here on changes wait
 *   WATCHED -> WATCHED  another one: what waits is dropped
 *   WATCHED -> TELLING  a dispatch takes one and calls the function; other
 *                       dispatches, within it too, leave the rest to this one
 *   TELLING -> WATCHED  nothing waits any more
 *   WATCHED, TELLING -> OFF  a watch with NULL; outside of the function it
 *                       returns when the function has
 */
struct adapter_lines {
    struct lines_listener listener;
    struct i2cpt_wake *wake; /* signalled while something waits */
    pthread_mutex_t lock;    /* all below; behind that of the lines */
    pthread_cond_t told;
    i2cpt_line_changed_fn changed; /* NULL: OFF */
    void *user;
    bool telling;
    pthread_t teller;
    GArray *waiting; /* of struct change, oldest first */
    guint next;      /* of them: those before it were told */
    bool levels[LINES_MAX];
    bool last_told[LINES_MAX];
};

static struct i2cpt_lines *lines_of(const struct i2cpt_adapter *a)
{
    return a->bus->info.lines;
}

int i2cpt_adapter_lines(struct i2cpt_adapter *a)
{
    if (!a) {
        return -EINVAL;
    }
    return adapter_forked(a) ? -EPERM : (int)lines_count(lines_of(a));
}

const char *i2cpt_adapter_line_name(struct i2cpt_adapter *a, unsigned line)
{
    if (!a) {
        return NULL;
    }
    return adapter_forked(a) ? NULL : lines_name(lines_of(a), line);
}

int i2cpt_adapter_line_find(struct i2cpt_adapter *a, const char *name)
{
    if (!a || !name) {
        return -EINVAL;
    }
    return adapter_forked(a) ? -EPERM : lines_find(lines_of(a), name);
}

int i2cpt_adapter_line_level(struct i2cpt_adapter *a, unsigned line)
{
    if (!a) {
        return -EINVAL;
    }
    if (adapter_forked(a)) {
        return -EPERM;
    }
    return line < lines_count(lines_of(a)) ? lines_level(lines_of(a), line)
                                           : -EINVAL;
}

int i2cpt_adapter_line_level_at_opening(struct i2cpt_adapter *a, unsigned line)
{
    if (!a) {
        return -EINVAL;
    }
    if (adapter_forked(a)) {
        return -EPERM;
    }
    return line < lines_count(lines_of(a))
               ? lines_level_at_opening(lines_of(a), line)
               : -EINVAL;
}

/* Too many wait: of each line the latest is left, where it is another level
 * than was told last. */
static void merge_locked(struct adapter_lines *l)
{
    guint last[LINES_MAX] = {0}, left = 0, i;
    struct change *c = &g_array_index(l->waiting, struct change, 0);

    for (i = 0; i < l->waiting->len; i++) {
        last[c[i].line] = i;
    }
    for (i = 0; i < l->waiting->len; i++) {
        if (i == last[c[i].line] && c[i].level != l->last_told[c[i].line]) {
            c[left++] = c[i];
        }
    }
    g_array_set_size(l->waiting, left);
}

/* One more has room: those that were told give it, before any is lost. */
static void make_room_locked(struct adapter_lines *l)
{
    if (l->waiting->len < CHANGES_MAX) {
        return;
    }
    g_array_remove_range(l->waiting, 0, l->next);
    l->next = 0;
    if (l->waiting->len == CHANGES_MAX) {
        merge_locked(l);
    }
}

static void on_change(unsigned line, bool level, uint64_t stamp_ns, void *user)
{
    struct adapter_lines *l = user;
    struct change c = {line, level, stamp_ns};

    pthread_mutex_lock(&l->lock);
    l->levels[line] = level;
    if (l->changed) {
        make_room_locked(l);
        g_array_append_val(l->waiting, c);
        i2cpt_wake_signal(l->wake);
    }
    pthread_mutex_unlock(&l->lock);
}

static void free_lines(struct adapter_lines *l)
{
    i2cpt_wake_free(l->wake, false);
    g_array_unref(l->waiting);
    pthread_cond_destroy(&l->told);
    pthread_mutex_destroy(&l->lock);
    g_free(l);
}

static int new_lines(struct i2cpt_adapter *a, struct adapter_lines **out)
{
    struct adapter_lines *l;
    struct i2cpt_wake *wake;
    int ret = i2cpt_adapter_fd(a);

    if (ret < 0) {
        return ret;
    }
    wake = i2cpt_wake_new();
    if (!wake) {
        return -errno;
    }
    ret = i2cpt_wake_look_at(a->wake, wake);
    if (ret) {
        i2cpt_wake_free(wake, false);
        return ret;
    }
    l = g_new0(struct adapter_lines, 1);
    l->wake = wake;
    l->waiting = g_array_new(FALSE, FALSE, sizeof(struct change));
    l->listener = (struct lines_listener){on_change, l, NULL};
    pthread_mutex_init(&l->lock, NULL);
    i2cpt_cond_init(&l->told);
    *out = l;
    return 0;
}

static bool telling_elsewhere_locked(const struct adapter_lines *l)
{
    return l->telling && !pthread_equal(l->teller, pthread_self());
}

/* The function is not running any more, or this is called from within it. */
static void set_changed(struct adapter_lines *l, i2cpt_line_changed_fn changed,
                        void *user)
{
    pthread_mutex_lock(&l->lock);
    l->changed = NULL;
    while (telling_elsewhere_locked(l)) {
        i2cpt_cond_wait_until(&l->told, &l->lock, UINT64_MAX);
    }
    l->changed = changed;
    l->user = user;
    g_array_set_size(l->waiting, 0);
    l->next = 0;
    memcpy(l->last_told, l->levels, sizeof(l->levels));
    i2cpt_wake_clear(l->wake);
    pthread_mutex_unlock(&l->lock);
}

int i2cpt_adapter_watch_lines(struct i2cpt_adapter *a,
                              i2cpt_line_changed_fn changed, void *user)
{
    struct adapter_lines *l;
    int ret;

    if (!a) {
        return -EINVAL;
    }
    if (adapter_forked(a)) {
        return -EPERM;
    }
    if (!lines_count(lines_of(a))) {
        return -EOPNOTSUPP;
    }
    l = atomic_load(&a->lines);
    if (!l && changed) {
        ret = new_lines(a, &l);
        if (ret) {
            return ret;
        }
        lines_listen(lines_of(a), &l->listener, l->levels);
        atomic_store(&a->lines, l);
    }
    if (l) {
        set_changed(l, changed, user);
    }
    return 0;
}

/* The oldest; false where there is none. */
static bool take_locked(struct adapter_lines *l, struct change *out)
{
    if (!l->changed || l->next == l->waiting->len) {
        return false;
    }
    *out = g_array_index(l->waiting, struct change, l->next);
    l->next++;
    l->last_told[out->line] = out->level;
    if (l->next == l->waiting->len) {
        g_array_set_size(l->waiting, 0);
        l->next = 0;
        i2cpt_wake_clear(l->wake);
    }
    return true;
}

static int tell_locked(struct i2cpt_adapter *a, struct adapter_lines *l)
{
    i2cpt_line_changed_fn changed;
    struct change c;
    void *user;
    int count = 0;

    while (take_locked(l, &c)) {
        changed = l->changed;
        user = l->user;
        pthread_mutex_unlock(&l->lock);
        changed(a, c.line, c.level, c.stamp_ns, user);
        pthread_mutex_lock(&l->lock);
        count++;
    }
    return count;
}

int bus_lines_dispatch(struct i2cpt_adapter *a)
{
    struct adapter_lines *l = atomic_load(&a->lines);
    int count = 0;

    if (!l) {
        return 0;
    }
    pthread_mutex_lock(&l->lock);
    if (!l->telling) {
        l->telling = true;
        l->teller = pthread_self();
        count = tell_locked(a, l);
        l->telling = false;
        pthread_cond_broadcast(&l->told);
    }
    pthread_mutex_unlock(&l->lock);
    return count;
}

void bus_lines_forget(struct i2cpt_adapter *a)
{
    struct adapter_lines *l = atomic_load(&a->lines);

    if (l) {
        lines_forget(lines_of(a), &l->listener);
    }
}

void bus_lines_free(struct i2cpt_adapter *a)
{
    struct adapter_lines *l = atomic_load(&a->lines);

    if (l && adapter_forked(a)) { /* another thread may have had its lock */
        i2cpt_wake_free(l->wake, true);
        g_array_unref(l->waiting);
        g_free(l);
    } else if (l) {
        free_lines(l);
    }
}
