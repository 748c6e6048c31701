/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The buses that are open in this process, so that two openings of one physical
 * adapter share it; and what becomes of them all around a fork(). */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "bus/bus.h"
#include "core/fault.h"
#include "core/options.h"
#include "record/recorder.h"

/* An opening that is under way: it may take as long as a peer or a bus does. */
struct opening {
    struct opening *next;
    const char *identity; /* NULL: shared with nobody */
    const struct i2cpt_options *options;
};

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static GPtrArray *registry; /* of struct i2cpt_bus, those that can be shared */
static struct opening *openings; /* under way, with no lock held */
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER; /* one has ended */
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;
atomic_uint bus_fork_generation;

static void forked(void)
{
    atomic_fetch_add(&bus_fork_generation, 1);
}

/* The parent's buses and its registry are nothing to the child; nobody must
 * hold the lock while it is born, or it could open nothing. */
static void before_fork(void)
{
    pthread_mutex_lock(&registry_lock);
    record_lines_before_fork();
}

static void after_fork_parent(void)
{
    record_lines_after_fork(false);
    pthread_mutex_unlock(&registry_lock);
}

static void after_fork_child(void)
{
    forked();
    registry = NULL;
    openings = NULL;
    opened = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
    record_lines_after_fork(true);
    pthread_mutex_unlock(&registry_lock);
}

static void watch_forks(void)
{
    pthread_atfork(before_fork, after_fork_parent, after_fork_child);
}

static struct i2cpt_bus *find_bus_locked(const char *identity)
{
    guint i;

    for (i = 0; registry && i < registry->len; i++) {
        struct i2cpt_bus *bus = g_ptr_array_index(registry, i);

        if (!strcmp(bus->identity, identity)) {
            return bus;
        }
    }
    return NULL;
}

static void forget_bus_locked(struct i2cpt_bus *bus)
{
    if (registry) {
        g_ptr_array_remove_fast(registry, bus);
        if (!registry->len) {
            g_ptr_array_unref(registry);
            registry = NULL;
        }
    }
}

void bus_opened_forget_dead(struct i2cpt_bus *bus)
{
    pthread_mutex_lock(&registry_lock);
    forget_bus_locked(bus);
    pthread_mutex_unlock(&registry_lock);
}

static int share_bus_locked(struct i2cpt_bus *bus,
                            const struct i2cpt_options *o,
                            struct i2cpt_fault *fault)
{
    const char *key = i2cpt_options_differ(bus->options, o);
    const char *theirs;

    if (!key) {
        bus->handles++;
        return 0;
    }
    theirs = i2cpt_options_string(bus->options, key);
    return i2cpt_fault_text(
        fault, EINVAL, "%s=%.4096s: %.4096s is already open with %s%s%.4096s",
        key, i2cpt_options_string(o, key), bus->identity, theirs ? key : "no ",
        theirs ? "=" : key, theirs ? theirs : "");
}

static int check_pair(const struct i2cpt_options *a,
                      const struct i2cpt_options *b, struct i2cpt_fault *fault)
{
    int ret = i2cpt_options_clash(a, b, fault);

    return ret ? ret : i2cpt_options_clash(b, a, fault);
}

/* No adapter of this process records onto what another one reads. */
static int check_files_locked(const struct i2cpt_options *o,
                              struct i2cpt_fault *fault)
{
    int ret = i2cpt_options_clash(o, o, fault);
    const struct opening *other;
    guint i;

    for (i = 0; !ret && registry && i < registry->len; i++) {
        struct i2cpt_bus *bus = g_ptr_array_index(registry, i);

        ret = check_pair(o, bus->options, fault);
    }
    for (other = openings; !ret && other; other = other->next) {
        ret = check_pair(o, other->options, fault);
    }
    return ret;
}

static bool is_opening_locked(const char *identity)
{
    const struct opening *o = openings;

    while (o && g_strcmp0(o->identity, identity)) {
        o = o->next;
    }
    return o;
}

static void end_opening_locked(struct opening *opening)
{
    struct opening **at = &openings;

    while (*at && *at != opening) {
        at = &(*at)->next;
    }
    if (*at) { /* not so in the child of a fork */
        *at = opening->next;
    }
    pthread_cond_broadcast(&opened);
}

/* The lock is given up for the time that the backend takes. `identity` may be
 * NULL. */
static int open_bus_locked(const struct i2cpt_options *o, const char *identity,
                           struct i2cpt_bus **out, struct i2cpt_fault *fault)
{
    const char *name = identity ? identity : i2cpt_options_ops(o)->name;
    struct opening opening = {openings, identity, o};
    int ret;

    openings = &opening;
    pthread_mutex_unlock(&registry_lock);
    ret = bus_new(o, g_strdup(name), out, fault);
    pthread_mutex_lock(&registry_lock);
    end_opening_locked(&opening);
    if (ret) {
        return ret;
    }
    (*out)->handles = 1;
    if (identity) {
        if (!registry) {
            registry = g_ptr_array_new();
        }
        g_ptr_array_add(registry, *out);
    }
    return 0;
}

static int get_bus_locked(const struct i2cpt_options *o, const char *identity,
                          struct i2cpt_bus **out, struct i2cpt_fault *fault)
{
    int ret;

    /* it is shared then, or its fault was another's */
    while (identity && is_opening_locked(identity)) {
        pthread_cond_wait(&opened, &registry_lock);
    }
    *out = identity ? find_bus_locked(identity) : NULL;
    if (*out) {
        return share_bus_locked(*out, o, fault);
    }
    ret = check_files_locked(o, fault);
    return ret ? ret : open_bus_locked(o, identity, out, fault);
}

int bus_opened_get(const struct i2cpt_options *o, struct i2cpt_bus **out,
                   struct i2cpt_fault *fault)
{
    const struct i2cpt_ops *ops = i2cpt_options_ops(o);
    g_autofree char *identity = NULL;
    int ret = ops->identify ? ops->identify(o, &identity, fault) : 0;

    if (ret) {
        return ret;
    }
    pthread_once(&fork_once, watch_forks);
    pthread_mutex_lock(&registry_lock);
    ret = get_bus_locked(o, identity, out, fault);
    pthread_mutex_unlock(&registry_lock);
    return ret;
}

void bus_opened_again(struct i2cpt_bus *bus)
{
    pthread_mutex_lock(&registry_lock);
    bus->handles++;
    pthread_mutex_unlock(&registry_lock);
}

void bus_opened_put(struct i2cpt_bus *bus)
{
    bool last;

    pthread_mutex_lock(&registry_lock);
    last = !--bus->handles;
    if (last) {
        forget_bus_locked(bus);
    }
    pthread_mutex_unlock(&registry_lock);
    if (last) {
        bus_close(bus);
    }
}
