/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Handles, and the registry of the buses that they share. */
#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "bus.h"
#include "i2cpt-trace.h"
#include "recorder.h"

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

/* A later opening begins anew; whoever still has it gets ENODEV. */
void adapter_bus_is_dead(struct i2cpt_bus *bus)
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

static struct i2cpt_adapter *adapter_new(struct i2cpt_bus *bus,
                                         const struct i2cpt_options *o)
{
    const char *name = i2cpt_options_string(o, "name");
    struct i2cpt_adapter *a = g_new0(struct i2cpt_adapter, 1);

    atomic_init(&a->refs, 1);
    a->bus = bus;
    a->generation = atomic_load(&i2cpt_fork_generation);
    a->name = g_strdup(name ? name : bus->identity);
    a->poll_fd = a->event_fd = a->timer_fd = -1;
    a->timer_ns = UINT64_MAX;
    return a;
}

int i2cpt_adapter_open_options(const struct i2cpt_options *o,
                               struct i2cpt_adapter **out,
                               struct i2cpt_fault *fault)
{
    struct i2cpt_bus *bus = NULL;
    int ret;

    *out = NULL;
    i2cpt_fault_clear(fault);
    if (!i2cpt_options_ops(o)) {
        return i2cpt_fault_text(fault, EINVAL, "no backend= given");
    }
    pthread_once(&fork_once, watch_forks);
    pthread_mutex_lock(&registry_lock);
    ret = get_bus_locked(o, &bus, fault);
    pthread_mutex_unlock(&registry_lock);
    if (ret) {
        return ret;
    }
    *out = adapter_new(bus, o);
    return 0;
}

int i2cpt_adapter_open(const char *spec, struct i2cpt_adapter **out,
                       struct i2cpt_fault *fault)
{
    struct i2cpt_options *o;
    int ret;

    *out = NULL;
    ret = i2cpt_options_parse(spec, &o, fault);
    if (ret) {
        return ret;
    }
    ret = i2cpt_adapter_open_options(o, out, fault);
    i2cpt_options_free(o);
    return ret;
}

struct i2cpt_adapter *i2cpt_adapter_ref(struct i2cpt_adapter *a)
{
    atomic_fetch_add(&a->refs, 1);
    return a;
}

static void put_bus(struct i2cpt_bus *bus)
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

static void close_fds(struct i2cpt_adapter *a)
{
    int fds[] = {a->timer_fd, a->event_fd, a->poll_fd};
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(fds); i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
}

/* Running requests of this handle may end; nothing new of it begins. */
static void settle_locked(struct i2cpt_adapter *a)
{
    struct i2cpt_bus *bus = a->bus;
    struct i2cpt_request *r;

    for (r = a->requests; r; r = r->next) {
        while (!r->complete && r->job->state == JOB_RUNNING &&
               bus_wait_locked(bus, bus_expiry(bus, r->job))) {
        }
    }
}

void i2cpt_adapter_unref(struct i2cpt_adapter *a)
{
    if (!a || atomic_fetch_sub(&a->refs, 1) != 1) {
        return;
    }
    if (!adapter_forked(a)) {
        pthread_mutex_lock(&a->bus->lock);
        settle_locked(a);
        requests_drop_locked(a);
        pthread_mutex_unlock(&a->bus->lock);
        put_bus(a->bus);
    }
    close_fds(a);
    g_free(a->name);
    g_free(a);
}

const char *i2cpt_adapter_name(const struct i2cpt_adapter *a)
{
    return a->name;
}

uint32_t i2cpt_adapter_functionality(const struct i2cpt_adapter *a)
{
    return a->bus->info.functionality;
}

uint32_t i2cpt_adapter_frequency_hz(const struct i2cpt_adapter *a)
{
    return a->bus->info.frequency_hz;
}

int i2cpt_adapter_has_stream(const struct i2cpt_adapter *a)
{
    return a->bus->ops->stream_start && !a->bus->info.no_stream;
}

uint32_t i2cpt_adapter_timeout_ms(const struct i2cpt_adapter *a)
{
    return a->bus->timeout_ms;
}

bool i2cpt_adapter_tells_phase(const struct i2cpt_adapter *a)
{
    return a->bus->info.tells_phase;
}

bool i2cpt_adapter_hides_phase(const struct i2cpt_adapter *a)
{
    return a->bus->info.hides_phase;
}

bool i2cpt_adapter_is_instant(struct i2cpt_adapter *a)
{
    return a->bus->instant;
}

static int watch(int poll_fd, int fd)
{
    struct epoll_event event = {.events = EPOLLIN};

    return fd < 0 || epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int make_fds_locked(struct i2cpt_adapter *a)
{
    int ret;

    a->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    a->event_fd = eventfd(a->complete ? 1 : 0, EFD_CLOEXEC | EFD_NONBLOCK);
    a->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    ret = a->poll_fd < 0 ? -errno : watch(a->poll_fd, a->event_fd);
    if (!ret) {
        ret = watch(a->poll_fd, a->timer_fd);
    }
    if (ret) {
        close_fds(a);
        a->poll_fd = a->event_fd = a->timer_fd = -1;
        return ret;
    }
    requests_expire_locked(a);
    return 0;
}

int i2cpt_adapter_fd(struct i2cpt_adapter *a)
{
    int ret = 0;

    if (adapter_forked(a)) {
        return -EPERM;
    }
    pthread_mutex_lock(&a->bus->lock);
    if (a->poll_fd < 0) {
        ret = make_fds_locked(a);
    }
    ret = ret ? ret : a->poll_fd;
    pthread_mutex_unlock(&a->bus->lock);
    return ret;
}

/* Recorder calls count as calls on the backend: wait until nobody is in one. */
static void lock_idle(struct i2cpt_bus *bus)
{
    pthread_mutex_lock(&bus->lock);
    while (bus->busy &&
           bus_wait_locked(bus, bus->running ? bus_expiry(bus, bus->running)
                                             : bus_deadline(bus, 0))) {
    }
}

void i2cpt_adapter_took(struct i2cpt_adapter *a, const void *owner, uint32_t n)
{
    struct i2cpt_bus *bus = a->bus;

    if (!bus->ops->took || adapter_forked(a)) {
        return;
    }
    lock_idle(bus);
    if (!bus->busy) {
        bus->ops->took(bus->priv, owner, n);
    }
    pthread_mutex_unlock(&bus->lock);
}

int i2cpt_adapter_flush(struct i2cpt_adapter *a)
{
    struct i2cpt_bus *bus = a->bus;
    int ret = 0;

    if (!bus->ops->flush || adapter_forked(a)) {
        return 0;
    }
    lock_idle(bus);
    if (!bus->busy) {
        ret = bus->ops->flush(bus->priv);
    }
    pthread_mutex_unlock(&bus->lock);
    return ret;
}

int i2cpt_trace_record_flush(struct i2cpt_adapter *a)
{
    return i2cpt_adapter_flush(a);
}

int i2cpt_trace_record_end(struct i2cpt_adapter *a, struct i2cpt_fault *fault)
{
    struct i2cpt_bus *bus = a->bus;
    int ret = 0;

    i2cpt_fault_clear(fault);
    if (!bus->ops->end_record || adapter_forked(a)) {
        return 0;
    }
    lock_idle(bus);
    if (!bus->busy) {
        ret = bus->ops->end_record(bus->priv, fault);
    }
    pthread_mutex_unlock(&bus->lock);
    return ret;
}

int i2cpt_trace_adapter_verdict(struct i2cpt_adapter *a,
                                struct i2cpt_trace_verdict *out,
                                struct i2cpt_fault *fault)
{
    struct i2cpt_bus *bus = a->bus;
    int ret = -EBUSY;

    i2cpt_fault_clear(fault);
    if (adapter_forked(a)) {
        return i2cpt_fault_set(fault, EPERM, I2CPT_PHASE_UNKNOWN, -1, -1);
    }
    if (!bus->ops->verdict) {
        return i2cpt_fault_text(fault, EOPNOTSUPP, "%.120s: no trace backend",
                                bus->identity);
    }
    lock_idle(bus);
    if (!bus->busy) {
        ret = bus->ops->verdict(bus->priv, out, fault);
    }
    pthread_mutex_unlock(&bus->lock);
    return ret;
}
