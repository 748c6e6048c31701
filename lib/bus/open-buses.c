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

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static GPtrArray *registry; /* of struct i2cpt_bus, those that can be shared */
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;
atomic_uint i2cpt_fork_generation;

static void forked(void)
{
    atomic_fetch_add(&i2cpt_fork_generation, 1);
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

void open_buses_forget_dead(struct i2cpt_bus *bus)
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
        fault, EINVAL, "%s=%.60s: %.60s is already open with %s%s%.60s", key,
        i2cpt_options_string(o, key), bus->identity, theirs ? key : "no ",
        theirs ? "=" : key, theirs ? theirs : "");
}

/* No adapter of this process records onto what another one reads. */
static int check_files_locked(const struct i2cpt_options *o,
                              struct i2cpt_fault *fault)
{
    int ret = i2cpt_options_clash(o, o, fault);
    guint i;

    for (i = 0; !ret && registry && i < registry->len; i++) {
        struct i2cpt_bus *bus = g_ptr_array_index(registry, i);

        ret = i2cpt_options_clash(o, bus->options, fault);
        ret = ret ? ret : i2cpt_options_clash(bus->options, o, fault);
    }
    return ret;
}

static int get_bus_locked(const struct i2cpt_options *o, struct i2cpt_bus **out,
                          struct i2cpt_fault *fault)
{
    const struct i2cpt_ops *ops = i2cpt_options_ops(o);
    char *identity = NULL;
    int ret;

    if (ops->identify) {
        ret = ops->identify(o, &identity, fault);
        if (ret) {
            return ret;
        }
    }
    *out = identity ? find_bus_locked(identity) : NULL;
    if (*out) {
        g_free(identity);
        return share_bus_locked(*out, o, fault);
    }
    ret = check_files_locked(o, fault);
    if (ret) {
        g_free(identity);
        return ret;
    }
    ret = bus_new(o, identity ? identity : g_strdup(ops->name), out, fault);
    if (ret) {
        return ret;
    }
    (*out)->handles = 1;
    if (ops->identify && identity) {
        if (!registry) {
            registry = g_ptr_array_new();
        }
        g_ptr_array_add(registry, *out);
    }
    return 0;
}

int open_buses_get(const struct i2cpt_options *o, struct i2cpt_bus **out,
                   struct i2cpt_fault *fault)
{
    int ret;

    pthread_once(&fork_once, watch_forks);
    pthread_mutex_lock(&registry_lock);
    ret = get_bus_locked(o, out, fault);
    pthread_mutex_unlock(&registry_lock);
    return ret;
}

void open_buses_put(struct i2cpt_bus *bus)
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
