/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Handles on buses. */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "bus/adapter-lines.h"
#include "bus/bus.h"
#include "core/fault.h"
#include "core/log.h"
#include "core/options.h"
#include "core/wake.h"
#include "i2cpt-trace.h"

static struct i2cpt_adapter *adapter_new(struct i2cpt_bus *bus,
                                         const char *name)
{
    struct i2cpt_adapter *a = g_new0(struct i2cpt_adapter, 1);

    atomic_init(&a->refs, 1);
    a->bus = bus;
    a->generation = atomic_load(&bus_fork_generation);
    a->name = g_strdup(name ? name : bus->identity);
    a->timer_ns = UINT64_MAX;
    return a;
}

int i2cpt_adapter_open_options(const struct i2cpt_options *o,
                               struct i2cpt_adapter **out,
                               struct i2cpt_fault *fault)
{
    if (!o || !out) {
        return i2cpt_fault_null(fault, "options or out");
    }

    struct i2cpt_bus *bus = NULL;
    int ret;

    *out = NULL;
    i2cpt_fault_clear(fault);
    if (!i2cpt_options_ops(o)) {
        return i2cpt_fault_text(fault, EINVAL, "no backend= given");
    }
    ret = bus_opened_get(o, &bus, fault);
    if (ret) {
        return ret;
    }
    *out = adapter_new(bus, i2cpt_options_string(o, "name"));
    return 0;
}

int bus_adapter_again(struct i2cpt_adapter *a, struct i2cpt_adapter **out)
{
    if (adapter_forked(a)) {
        return -EPERM;
    }
    bus_opened_again(a->bus);
    *out = adapter_new(a->bus, a->name);
    (*out)->client = a->client;
    return 0;
}

int i2cpt_adapter_as_client(struct i2cpt_adapter *a, uint32_t client,
                            struct i2cpt_adapter **out)
{
    if (!a || !out) {
        return -EINVAL;
    }
    if (adapter_forked(a)) {
        return -EPERM;
    }
    if (!client) {
        return -EINVAL;
    }
    bus_adapter_again(a, out);
    (*out)->client = client;
    return 0;
}

struct i2cpt_adapter *i2cpt_adapter_ref(struct i2cpt_adapter *a)
{
    if (!a) {
        return NULL;
    }
    atomic_fetch_add(&a->refs, 1);
    return a;
}

/* Running requests of this handle may end; nothing new of it begins. */
static void settle_locked(struct i2cpt_adapter *a)
{
    struct i2cpt_bus *bus = a->bus;
    struct i2cpt_request *r;

    for (r = a->requests; r; r = r->next) {
        while (r->state == REQUEST_PENDING && r->job->state == JOB_RUNNING &&
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
        bus_requests_drop_locked(a);
        pthread_mutex_unlock(&a->bus->lock);
        bus_lines_forget(a);
        bus_opened_put(a->bus);
    }
    i2cpt_wake_free(a->wake, adapter_forked(a));
    bus_lines_free(a);
    g_free(a->name);
    g_free(a);
}

const char *i2cpt_adapter_name(const struct i2cpt_adapter *a)
{
    if (!a) {
        return NULL;
    }
    return a->name;
}

uint32_t i2cpt_adapter_functionality(const struct i2cpt_adapter *a)
{
    if (!a) {
        return 0;
    }
    return a->bus->info.functionality;
}

uint32_t i2cpt_adapter_frequency_hz(const struct i2cpt_adapter *a)
{
    if (!a) {
        return 0;
    }
    return a->bus->info.frequency_hz;
}

int i2cpt_adapter_has_stream(const struct i2cpt_adapter *a)
{
    if (!a) {
        return 0;
    }
    return bus_has_stream(a->bus);
}

uint32_t bus_adapter_timeout_ms(const struct i2cpt_adapter *a)
{
    return a->bus->timeout_ms;
}

bool bus_adapter_tells_phase(const struct i2cpt_adapter *a)
{
    return a->bus->info.tells_phase;
}

bool bus_adapter_hides_phase(const struct i2cpt_adapter *a)
{
    return a->bus->info.hides_phase;
}

bool bus_adapter_is_instant(struct i2cpt_adapter *a)
{
    return a->bus->instant;
}

/*
 * Recorder calls count as calls on the backend: wait until nobody is in one.
 * False where one does not come back. What they write to may be a FIFO, so the
 * lock is given up for them, as for calls.
 */
static bool enter_recorder(struct i2cpt_bus *bus)
{
    bool enter;

    pthread_mutex_lock(&bus->lock);
    while (bus->busy &&
           bus_wait_locked(bus, bus->running ? bus_expiry(bus, bus->running)
                                             : bus_deadline(bus, 0))) {
    }
    if (bus->instant && !bus->busy) {
        return true;
    }
    enter = !bus->busy;
    bus->busy = true;
    pthread_mutex_unlock(&bus->lock);
    return enter;
}

static void leave_recorder(struct i2cpt_bus *bus)
{
    if (!bus->instant) {
        pthread_mutex_lock(&bus->lock);
        bus->busy = false;
        pthread_cond_broadcast(&bus->done);
        if (bus->head) {
            pthread_cond_signal(&bus->work);
        }
    }
    pthread_mutex_unlock(&bus->lock);
}

static int still_busy(struct i2cpt_bus *bus, struct i2cpt_fault *fault)
{
    return i2cpt_fault_text(fault, EBUSY,
                            "%s: an earlier request is still in the host",
                            bus->identity);
}

int i2cpt_adapter_claim(struct i2cpt_adapter *a, uint16_t addr, uint16_t flags,
                        struct i2cpt_fault *fault)
{
    if (!a) {
        return i2cpt_fault_null(fault, "a");
    }

    struct i2cpt_bus *bus = a->bus;
    bool tenbit = flags & I2CPT_CLIENT_TEN;

    i2cpt_fault_clear(fault);
    if (adapter_forked(a)) {
        return i2cpt_fault_set(fault, EPERM, I2CPT_PHASE_UNKNOWN, -1, -1);
    }
    if (flags & ~(I2CPT_CLIENT_TEN | I2CPT_CLAIM_FORCE) ||
        addr > (tenbit ? 0x3ff : 0x7f)) {
        return i2cpt_fault_text(
            fault, EINVAL,
            "address 0x%02x, flags 0x%x: accepted is 0x00 to 0x7f, or with "
            "I2CPT_CLIENT_TEN to 0x3ff, and I2CPT_CLAIM_FORCE",
            addr, flags);
    }
    return bus->ops->claim ? bus->ops->claim(bus->priv, addr, tenbit,
                                             flags & I2CPT_CLAIM_FORCE, fault)
                           : 0;
}

void bus_adapter_took(struct i2cpt_adapter *a, const void *owner, uint32_t n)
{
    struct i2cpt_bus *bus = a->bus;

    if (!bus->ops->took || adapter_forked(a)) {
        return;
    }
    if (enter_recorder(bus)) {
        bus->ops->took(bus->priv, owner, n);
        leave_recorder(bus);
    } else {
        i2cpt_log(
            I2CPT_LOG_WARNING,
            "%s: still busy at the deadline: that only %u of the bytes of "
            "a read were taken is not recorded",
            bus->identity, n);
    }
}

int bus_adapter_flush(struct i2cpt_adapter *a)
{
    struct i2cpt_bus *bus = a->bus;
    int ret = -EBUSY;

    if (adapter_forked(a)) {
        return -EPERM;
    }
    if (!bus->ops->flush) {
        return 0;
    }
    if (enter_recorder(bus)) {
        ret = bus->ops->flush(bus->priv);
        leave_recorder(bus);
    }
    return ret;
}

int i2cpt_trace_record_flush(struct i2cpt_adapter *a)
{
    if (!a) {
        return -EINVAL;
    }
    return bus_adapter_flush(a);
}

int i2cpt_trace_record_end(struct i2cpt_adapter *a, struct i2cpt_fault *fault)
{
    if (!a) {
        return i2cpt_fault_null(fault, "a");
    }

    struct i2cpt_bus *bus = a->bus;
    int ret;

    i2cpt_fault_clear(fault);
    if (adapter_forked(a)) {
        return i2cpt_fault_set(fault, EPERM, I2CPT_PHASE_UNKNOWN, -1, -1);
    }
    if (!bus->ops->end_record) {
        return 0;
    }
    if (!enter_recorder(bus)) {
        return still_busy(bus, fault);
    }
    ret = bus->ops->end_record(bus->priv, fault);
    leave_recorder(bus);
    return ret;
}

int i2cpt_trace_record_event(struct i2cpt_adapter *a, const char *kind,
                             const char *text, struct i2cpt_fault *fault)
{
    if (!a || !kind || !text) {
        return i2cpt_fault_null(fault, "a, kind or text");
    }

    struct i2cpt_bus *bus = a->bus;
    int ret;

    i2cpt_fault_clear(fault);
    if (adapter_forked(a)) {
        return i2cpt_fault_set(fault, EPERM, I2CPT_PHASE_UNKNOWN, -1, -1);
    }
    if (!bus->ops->event) {
        return 0;
    }
    if (!enter_recorder(bus)) {
        return still_busy(bus, fault);
    }
    ret = bus->ops->event(bus->priv, kind, text, fault);
    leave_recorder(bus);
    return ret;
}

/* Whether a handle of today's is on a recording. */
static int check_recording(const struct i2cpt_adapter *a,
                           struct i2cpt_fault *fault)
{
    i2cpt_fault_clear(fault);
    if (adapter_forked(a)) {
        return i2cpt_fault_set(fault, EPERM, I2CPT_PHASE_UNKNOWN, -1, -1);
    }
    return a->bus->ops->verdict ? 0
                                : i2cpt_fault_text(fault, EOPNOTSUPP,
                                                   "%.4096s: no trace backend",
                                                   a->bus->identity);
}

int i2cpt_trace_adapter_verdict(struct i2cpt_adapter *a,
                                struct i2cpt_trace_verdict *out,
                                struct i2cpt_fault *fault)
{
    if (!a || !out) {
        return i2cpt_fault_null(fault, "a or out");
    }

    struct i2cpt_bus *bus = a->bus;
    int ret = check_recording(a, fault);

    if (ret) {
        return ret;
    }
    if (!enter_recorder(bus)) {
        return still_busy(bus, fault);
    }
    ret = bus->ops->verdict(bus->priv, out, fault);
    leave_recorder(bus);
    return ret;
}

int i2cpt_trace_adapter_tell_verdict(struct i2cpt_adapter *a,
                                     struct i2cpt_fault *fault)
{
    if (!a) {
        return i2cpt_fault_null(fault, "a");
    }

    struct i2cpt_bus *bus = a->bus;
    int ret = check_recording(a, fault);

    if (ret) {
        return ret;
    }
    pthread_mutex_lock(&bus->lock);
    if (!bus->verdict_as) {
        bus->verdict_as = g_strdup(a->name);
    }
    pthread_mutex_unlock(&bus->lock);
    return 0;
}
