/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A bus: one opened backend, its owner while a stream is open, and one call
 * on it. Nobody else is in the backend meanwhile.
 */
#include <errno.h>
#include <glib.h>
#include <time.h>

#include "bus/bus.h"
#include "core/clock.h"
#include "core/fault.h"
#include "core/functionality.h"
#include "core/msg-flags.h"
#include "core/options.h"
#include "core/pointer-bytes.h"
#include "core/recv-len.h"
#include "core/threads.h"
#include "guard/guard.h"
#include "lines/chosen.h"
#include "lines/lines.h"
#include "record/recorder.h"
#include "smbus/smbus-map.h"

uint64_t bus_deadline(struct i2cpt_bus *bus, uint32_t timeout_ms)
{
    return i2cpt_now_ns() +
           (uint64_t)(timeout_ms ? timeout_ms : bus->timeout_ms) * 1000000u;
}

/* When a caller stops waiting for a job. */
uint64_t bus_expiry(const struct i2cpt_bus *bus, const struct job *job)
{
    bool grace =
        job->state == JOB_RUNNING && !(bus->ops->flags & I2CPT_OPS_OUTLIVES);

    return job->call.deadline_ns > UINT64_MAX - I2CPT_GRACE_NS
               ? UINT64_MAX
               : job->call.deadline_ns + (grace ? I2CPT_GRACE_NS : 0);
}

/* The worker is in the host with a job that nobody waits for any more. */
static bool stuck_locked(struct i2cpt_bus *bus)
{
    return bus->running && bus->running->abandoned &&
           i2cpt_now_ns() >= bus_expiry(bus, bus->running);
}

int bus_check_locked(struct i2cpt_bus *bus, enum i2cpt_op op,
                     struct i2cpt_fault *fault)
{
    if (bus->dead) {
        return i2cpt_fault_text(fault, ENODEV,
                                "%s: the adapter is gone; open it again",
                                bus->identity);
    }
    /* a stream's STOP waits behind what is stuck: without it the bus would be
     * the stream's for ever */
    if (op != I2CPT_OP_STREAM_STOP && stuck_locked(bus)) {
        return i2cpt_fault_text(fault, EBUSY,
                                "%s: an earlier request is still in the host",
                                bus->identity);
    }
    return 0;
}

/* Whether a call of `owner` could begin this instant, past nobody. */
bool bus_idle_for_locked(struct i2cpt_bus *bus, const void *owner)
{
    if (bus->busy) {
        return false;
    }
    return bus->owner ? bus->owner == owner : !bus->head;
}

/* -------------------------------------------------------------- execution */

static int needs(struct i2cpt_bus *bus, uint32_t func,
                 struct i2cpt_fault *fault)
{
    if (bus->info.functionality & func) {
        return 0;
    }
    return i2cpt_fault_text(fault, EOPNOTSUPP, "%s: the adapter lacks %s",
                            bus->identity, i2cpt_functionality_name(func));
}

int bus_check_functionality(struct i2cpt_bus *bus,
                            const struct i2cpt_call *call,
                            struct i2cpt_fault *fault)
{
    const struct i2cpt_msg_flag *f;
    uint16_t flags = 0;
    size_t i;
    int ret = 0;

    for (i = 0; i < call->n; i++) {
        flags |= call->msgs[i].flags;
    }
    /* RECV_LEN is the backend's to refuse, or smbus-map's */
    flags &= (uint16_t) ~(I2CPT_M_RD | I2CPT_M_RECV_LEN);
    for (f = i2cpt_msg_flags; flags && !ret && f->flag; f++) {
        if (flags & f->flag) {
            ret = needs(bus, f->functionality, fault);
        }
    }
    return ret;
}

static int try_transfer(struct i2cpt_bus *bus, struct i2cpt_xfer *x)
{
    size_t i;

    for (i = 0; i < x->n; i++) {
        x->msgs[i].actual = 0;
    }
    return bus->info.functionality & I2CPT_FUNC_I2C
               ? bus->ops->transfer(bus->priv, x)
               : smbus_map_transfer(bus->ops, bus->priv,
                                    bus->info.functionality, x);
}

static int execute_transfer(struct i2cpt_bus *bus, struct i2cpt_call *call,
                            struct i2cpt_fault *fault)
{
    struct i2cpt_xfer x = {
        call->msgs, call->n, call->deadline_ns, call->marks, fault, call->owner,
    };
    uint32_t left = bus->ops->flags & I2CPT_OPS_RETRIES ? 0 : bus->retries;
    uint8_t asked[I2CPT_TRANSFER_MAX];
    int ret = bus_check_functionality(bus, call, fault);

    if (ret) {
        return ret;
    }
    if (left) {
        i2cpt_recv_len_keep(x.msgs, x.n, asked);
    }
    for (;; left--) {
        ret = try_transfer(bus, &x);
        if (ret != -EAGAIN || !left || i2cpt_now_ns() >= x.deadline_ns) {
            return ret;
        }
        i2cpt_recv_len_put_back(x.msgs, x.n, asked);
        i2cpt_fault_clear(fault);
    }
}

/* Backends leave the command as it was where it fails. */
static int execute_smbus(struct i2cpt_bus *bus, struct i2cpt_call *call,
                         struct i2cpt_fault *fault)
{
    uint32_t left = bus->ops->flags & I2CPT_OPS_RETRIES ? 0 : bus->retries;
    int ret;

    if (!bus->ops->smbus) {
        return -EOPNOTSUPP;
    }
    call->smbus->owner = call->owner;
    for (;;) {
        ret = bus->ops->smbus(bus->priv, call->smbus, call->deadline_ns,
                              call->marks, fault);
        if (ret != -EAGAIN || !left || i2cpt_now_ns() >= call->deadline_ns) {
            return ret;
        }
        left--;
        i2cpt_fault_clear(fault);
    }
}

static int execute_pointer(struct i2cpt_bus *bus, struct i2cpt_call *call,
                           struct i2cpt_fault *fault)
{
    if (!bus->ops->stream_pointer) {
        return i2cpt_pointer_by_bytes(bus->ops, bus->priv, call->addr,
                                      call->pointer, call->n_pointer,
                                      &call->byte, fault);
    }
    return bus->ops->stream_pointer(bus->priv, call->addr, call->pointer,
                                    call->n_pointer, call->deadline_ns,
                                    &call->byte, fault);
}

/* With no lock held, by the one who set `busy` (or an instant bus's lock). */
int bus_execute(struct i2cpt_bus *bus, struct i2cpt_call *call,
                struct i2cpt_fault *fault)
{
    const struct i2cpt_ops *ops = bus->ops;
    uint64_t deadline = call->deadline_ns;
    int ret;

    if (ops->whose) {
        ops->whose(bus->priv, call->client);
    }
    switch (call->op) {
    case I2CPT_OP_TRANSFER:
        ret = execute_transfer(bus, call, fault);
        break;
    case I2CPT_OP_SMBUS:
        ret = execute_smbus(bus, call, fault);
        break;
    case I2CPT_OP_STREAM_START:
        ret = ops->stream_start(bus->priv, call->addr, call->flags, deadline,
                                fault);
        break;
    case I2CPT_OP_STREAM_POINTER:
        ret = execute_pointer(bus, call, fault);
        break;
    case I2CPT_OP_STREAM_WRITE:
        ret = ops->stream_write(bus->priv, call->byte, deadline, fault);
        break;
    case I2CPT_OP_STREAM_READ:
        ret = ops->stream_read(bus->priv, &call->byte, deadline, fault);
        break;
    default:
        ret = ops->stream_stop(bus->priv, deadline, fault);
        break;
    }
    if (ret < 0 && !fault->code) {
        fault->code = -ret;
    }
    return ret;
}

/* Bookkeeping behind a call, before anybody else may begin one. */
void bus_after_locked(struct i2cpt_bus *bus, const struct i2cpt_call *call,
                      int result)
{
    if (call->op == I2CPT_OP_STREAM_STOP) {
        bus->owner = NULL;
    }
    if (result == -ENODEV) {
        bus->dead = true;
        bus->owner = NULL;
    }
    if (bus->head) {
        pthread_cond_signal(&bus->work);
    }
}

bool bus_has_stream(const struct i2cpt_bus *bus)
{
    return bus->ops->stream_start && !bus->info.no_stream;
}

/* What can be said of a START before the bus is anybody's. */
static int check_start(struct i2cpt_bus *bus, const struct i2cpt_call *call,
                       struct i2cpt_fault *fault)
{
    uint16_t max = call->flags & I2CPT_M_TEN ? 0x3ff : 0x7f;

    if (!bus_has_stream(bus)) {
        return i2cpt_fault_text(fault, EOPNOTSUPP,
                                "%s: cannot send single bytes", bus->identity);
    }
    if (call->addr > max) {
        return i2cpt_fault_text(fault, EINVAL,
                                "address 0x%02x: accepted is 0x00 to 0x%02x",
                                call->addr, max);
    }
    if (call->op == I2CPT_OP_STREAM_POINTER &&
        call->deadline_ns != UINT64_MAX &&
        i2cpt_now_ns() >= call->deadline_ns) {
        return i2cpt_fault_set(fault, ETIMEDOUT, I2CPT_PHASE_UNKNOWN, -1, -1);
    }
    return call->flags & I2CPT_M_TEN ? needs(bus, I2CPT_FUNC_10BIT_ADDR, fault)
                                     : 0;
}

/*
 * Before a call: a stream's START takes the bus. What follows one that never
 * got it (its deadline passed in the queue) must not reach the wire. Returns 0
 * to go on, 1 where there is nothing to do, or an error.
 */
int bus_begin_locked(struct i2cpt_bus *bus, const struct i2cpt_call *call,
                     struct i2cpt_fault *fault)
{
    if (call->op == I2CPT_OP_STREAM_START ||
        call->op == I2CPT_OP_STREAM_POINTER) {
        int ret = check_start(bus, call, fault);

        bus->owner = ret ? bus->owner : call->owner;
        return ret;
    }
    if (call->op < I2CPT_OP_STREAM_START ||
        (bus->owner && bus->owner == call->owner)) {
        return 0;
    }
    if (call->op == I2CPT_OP_STREAM_STOP) {
        return 1;
    }
    return i2cpt_fault_text(fault, ECANCELED, "%s: no stream is open",
                            bus->identity);
}

/* ------------------------------------------------------------ open, close */

void bus_free(struct i2cpt_bus *bus)
{
    struct job *job;

    while ((job = bus->head)) {
        bus_dequeue_locked(bus, job);
        g_free(job);
    }
    lines_chosen_leave(bus->chosen);
    bus_tell_verdict(bus);
    bus->ops->close(bus->priv);
    lines_chosen_free(bus->chosen);
    pthread_cond_destroy(&bus->work);
    pthread_cond_destroy(&bus->done);
    pthread_mutex_destroy(&bus->lock);
    i2cpt_options_free(bus->options);
    g_free(bus->identity);
    g_free(bus->verdict_as);
    g_free(bus);
}

/* Wait for `done` until then; false when the time has passed. */
bool bus_wait_locked(struct i2cpt_bus *bus, uint64_t until_ns)
{
    return i2cpt_cond_wait_until(&bus->done, &bus->lock, until_ns);
}

static int choose_lines(struct i2cpt_bus *bus, const struct i2cpt_options *o,
                        struct i2cpt_fault *fault)
{
    int ret;

    lines_opened(bus->info.lines);
    ret = lines_chosen_new(o, bus->info.lines, &bus->chosen, fault);
    if (bus->chosen) {
        bus->info.lines = lines_chosen_get(bus->chosen);
        lines_opened(bus->info.lines);
    }
    return ret;
}

static uint32_t choose_timeout_ms(const struct i2cpt_bus *bus,
                                  const struct i2cpt_options *o)
{
    return bus->info.timeout_ms && !i2cpt_options_has(o, "timeout-ms")
               ? bus->info.timeout_ms
               : (uint32_t)i2cpt_options_number(o, "timeout-ms");
}

/* Takes over `identity`, also when it fails. */
int bus_new(const struct i2cpt_options *o, char *identity,
            struct i2cpt_bus **out, struct i2cpt_fault *fault)
{
    const char *record = i2cpt_options_string(o, "record");
    struct i2cpt_bus *bus = g_new0(struct i2cpt_bus, 1);
    int ret;

    bus->ops = i2cpt_options_ops(o);
    ret = bus->ops->open(o, &bus->priv, &bus->info, fault);
    if (ret) {
        goto free_bus;
    }
    ret = choose_lines(bus, o, fault);
    if (ret) {
        goto close_backend;
    }
    if (record) {
        ret = record_wrap(o, record, &bus->info, &bus->ops, &bus->priv, fault);
        if (ret) {
            goto close_backend;
        }
    }
    ret = guard_wrap(o, &bus->info, &bus->ops, &bus->priv, fault);
    if (ret) {
        goto close_backend;
    }
    i2cpt_options_copy(o, &bus->options);
    bus->identity = identity;
    bus->timeout_ms = choose_timeout_ms(bus, o);
    bus->retries = (uint32_t)i2cpt_options_number(o, "retries");
    bus->instant = bus->ops->instant && bus->ops->instant(bus->priv);
    pthread_mutex_init(&bus->lock, NULL);
    i2cpt_cond_init(&bus->work);
    i2cpt_cond_init(&bus->done);
    *out = bus;
    return 0;

close_backend:
    lines_chosen_leave(bus->chosen);
    bus->ops->close(bus->priv);
    lines_chosen_free(bus->chosen);
free_bus:
    g_free(bus);
    g_free(identity);
    return ret;
}

/* The last handle is gone. A worker that is stuck in the host keeps the bus
 * and closes it when it comes back. */
void bus_close(struct i2cpt_bus *bus)
{
    bool join, detach;

    pthread_mutex_lock(&bus->lock);
    while (bus->busy && bus->running) {
        if (!bus_wait_locked(bus, bus_expiry(bus, bus->running))) {
            break;
        }
    }
    bus->closing = true;
    join = bus->worker_started && !bus->busy;
    detach = bus->worker_started && bus->busy;
    if (detach) {
        bus->worker_started = false;
        pthread_detach(bus->worker);
    }
    pthread_cond_signal(&bus->work);
    pthread_mutex_unlock(&bus->lock);
    if (detach) {
        return;
    }
    if (join) {
        pthread_join(bus->worker, NULL);
    }
    bus_free(bus);
}
