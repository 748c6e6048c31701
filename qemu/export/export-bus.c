/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transfers of the host's on an emulated bus, between those of the guest. */
#include "qemu/osdep.h"
#include "common/compat.h"
#include "qemu/thread.h"
#include "qemu/timer.h"

#include "common/i2c-async.h"
#include "export/export-bus.h"
#include "targets/controller-gate.h"
#include "targets/controller.h"

#define LOOK_MS 1 /* at a bus that is not free */
#define MS      1000000u

/* clang-format off */
/*
 * The transfer (`state`, under `lock`; one at a time, as the library calls):
 *
 *   IDLE    -> WAITING  the library asks for one: the bottom half is scheduled
 *   WAITING -> WAITING  the bus is not free: STOP or the timer looks again
 *   WAITING -> RUNNING  the bus is free, in the bottom half or in the STOP
 *   WAITING -> IDLE     its deadline has passed, or QEMU ends
 *   RUNNING -> DONE     all of it has been made, or it was refused
 *   DONE    -> IDLE     the library's thread has the result
 */
/* clang-format on */
enum state { IDLE, WAITING, RUNNING, DONE };

struct ExportBus {
    I2CSlave *device; /* the one that exports */
    I2CBus *bus;
    const I2CControllerKind *kind;
    I2CGate *gate; /* NULL: nobody gives the big lock up in there */
    QEMUBH *bh;
    QEMUTimer *timer;
    bool resetting; /* under the big lock, as all above */

    QemuMutex lock;
    QemuCond changed;
    enum state state;
    struct i2cpt_backend_xfer *x;
    int result;
    bool looked, waits; /* at the bus, for this transfer; in vain */
    bool shut;
    ExportCounters counters;
};

/* ------------------------------------------------- one transfer on the bus */

static int refuse(struct i2cpt_backend_xfer *x, int code, int phase, size_t msg,
                  int32_t byte)
{
    return i2cpt_backend_fail(x->fault, code, phase, (int32_t)msg, byte, NULL);
}

static int write_message(I2CBus *bus, struct i2cpt_backend_xfer *x, size_t i)
{
    struct i2cpt_msg *m = i2cpt_backend_msg(x, i);

    for (; m->actual < m->len; m->actual++) {
        if (i2c_send(bus, m->buf[m->actual])) {
            return refuse(x, EIO, I2CPT_PHASE_DATA, i, (int32_t)m->actual);
        }
    }
    return 0;
}

static int read_message(I2CBus *bus, struct i2cpt_backend_xfer *x, size_t i)
{
    struct i2cpt_msg *m = i2cpt_backend_msg(x, i);
    bool block = m->flags & I2CPT_M_RECV_LEN;
    uint32_t want = block ? m->buf[0] : m->len;
    int ret = 0;

    for (; !ret && m->actual < want; m->actual++) {
        m->buf[m->actual] = i2c_recv(bus);
        if (block && !m->actual) {
            /* at most m->len, which has room for the bytes besides */
            if (!m->buf[0] || m->buf[0] > m->len - want) {
                ret = refuse(x, EPROTO, I2CPT_PHASE_DATA, i, 0);
            }
            want += m->buf[0];
        }
    }
    i2c_nack(bus);
    return ret;
}

/*
 * Its library's own passthrough, in the middle of what the guest does: that
 * chip has another adapter already.
 */
static int refuse_async(struct i2cpt_backend_xfer *x, uint16_t address)
{
    char text[100];

    snprintf(text, sizeof(text),
             "0x%02x is a host's target behind a controller that waits for it, "
             "and not exported",
             address);
    return i2cpt_backend_fail(x->fault, EBUSY, I2CPT_PHASE_UNKNOWN, -1, -1,
                              text);
}

/*
 * QEMU's core looks for a target at the first START of a transaction alone, so
 * that another address begins a new one.
 */
static int make_message(ExportBus *eb, struct i2cpt_backend_xfer *x, size_t i)
{
    struct i2cpt_msg *m = i2cpt_backend_msg(x, i);
    bool read = m->flags & I2CPT_M_RD;

    if (i && i2cpt_backend_msg(x, i - 1)->addr != m->addr) {
        i2c_end_transfer(eb->bus);
    }
    if (eb->kind->waits && i2c_async_find_target(eb->bus, (uint8_t)m->addr)) {
        return refuse_async(x, m->addr);
    }
    if (i2c_start_transfer(eb->bus, (uint8_t)m->addr, read)) {
        return refuse(x, ENXIO, I2CPT_PHASE_ADDRESS, i, -1);
    }
    return read ? read_message(eb->bus, x, i) : write_message(eb->bus, x, i);
}

static int make_transfer(ExportBus *eb, struct i2cpt_backend_xfer *x)
{
    size_t i;
    int ret = 0;

    eb->bus->broadcast = false; /* of a START that nobody took */
    for (i = 0; !ret && i < x->n; i++) {
        ret = make_message(eb, x, i);
    }
    i2c_end_transfer(eb->bus);
    return ret;
}

/* -------------------------------------------------- when the bus is free */

/* What is saved or loaded must not change under it. */
static bool devices_may_change(void)
{
    return !runstate_check(RUN_STATE_SAVE_VM) &&
           !runstate_check(RUN_STATE_RESTORE_VM) &&
           !runstate_check(RUN_STATE_INMIGRATE) &&
           !runstate_check(RUN_STATE_FINISH_MIGRATE) &&
           !runstate_check(RUN_STATE_POSTMIGRATE);
}

static struct i2cpt_backend_xfer *take(ExportBus *eb)
{
    struct i2cpt_backend_xfer *x = NULL;

    qemu_mutex_lock(&eb->lock);
    if (eb->state == WAITING) {
        eb->state = RUNNING;
        x = eb->x;
    }
    qemu_mutex_unlock(&eb->lock);
    return x;
}

static void make_waiting(ExportBus *eb)
{
    struct i2cpt_backend_xfer *x = take(eb);
    int result;

    if (!x) {
        return;
    }
    result = make_transfer(eb, x);
    qemu_mutex_lock(&eb->lock);
    eb->result = result;
    eb->state = DONE;
    eb->counters.transfers++;
    qemu_cond_broadcast(&eb->changed);
    qemu_mutex_unlock(&eb->lock);
}

static bool is_waiting(ExportBus *eb)
{
    bool waiting;

    qemu_mutex_lock(&eb->lock);
    waiting = eb->state == WAITING;
    eb->looked = true;
    qemu_mutex_unlock(&eb->lock);
    return waiting;
}

static void note_waiting(ExportBus *eb)
{
    qemu_mutex_lock(&eb->lock);
    eb->counters.waited += !eb->waits;
    eb->waits = true;
    qemu_mutex_unlock(&eb->lock);
}

static I2CNode *own_node(ExportBus *eb)
{
    I2CNode *node;

    QLIST_FOREACH(node, &eb->bus->current_devs, next)
    {
        if (node->elt == eb->device) {
            break;
        }
    }
    return node;
}

/*
 * Behind the targets that are spoken to, so that their bytes are read, and that
 * at STOP they have all gone. A controller that forgets the STOP leaves a
 * target that takes itself off, and ours must not be what remains.
 */
static void listen_for_stop(ExportBus *eb)
{
    I2CNode *node, *last = QLIST_FIRST(&eb->bus->current_devs);

    if (!last || eb->kind->forgets_stop || own_node(eb)) {
        return;
    }
    while (QLIST_NEXT(last, next)) {
        last = QLIST_NEXT(last, next);
    }
    node = g_new0(I2CNode, 1);
    node->elt = eb->device;
    QLIST_INSERT_AFTER(last, node, next);
}

/* A virtual CPU is in the middle of a walk along the core's list. */
static bool is_left(ExportBus *eb)
{
    return eb->gate && i2c_gate_is_left(eb->gate);
}

static void look_at_bus(void *opaque)
{
    ExportBus *eb = opaque;

    if (!is_waiting(eb)) {
        return;
    }
    if (!is_left(eb) && !eb->resetting && devices_may_change() &&
        !i2c_bus_busy(eb->bus)) {
        make_waiting(eb);
        return;
    }
    note_waiting(eb);
    if (!is_left(eb)) {
        listen_for_stop(eb);
    }
    timer_mod(eb->timer, qemu_clock_get_ms(QEMU_CLOCK_REALTIME) + LOOK_MS);
}

/*
 * We are called out of the core's walk along its list, in which our node is the
 * last one: the list is empty while we use the bus, and then as it was.
 */
void export_bus_event(ExportBus *eb, enum i2c_event event)
{
    I2CNode *node = event == I2C_FINISH ? own_node(eb) : NULL;

    if (!node || eb->resetting || !devices_may_change()) {
        return;
    }
    QLIST_REMOVE(node, next);
    if (!i2c_bus_busy(eb->bus)) {
        make_waiting(eb);
    }
    QLIST_INSERT_HEAD(&eb->bus->current_devs, node, next);
}

/*
 * QEMU's core keeps its list over a reset, and the next transfer would go to
 * the target of before.
 */
void export_bus_reset_hold(ExportBus *eb)
{
    i2c_gate_settle(eb->gate);
    i2c_end_transfer(eb->bus);
}

void export_bus_reset_enter(ExportBus *eb)
{
    eb->resetting = true;
}

void export_bus_reset_exit(ExportBus *eb)
{
    eb->resetting = false;
}

/* ------------------------------------------------ the library's own thread */

static int export_bus_open(void *user, const struct i2cpt_options *options,
                           void **instance, struct i2cpt_backend_info *info,
                           struct i2cpt_fault *fault)
{
    *instance = user;
    info->flags = I2CPT_BACKEND_NO_STREAM | I2CPT_BACKEND_TELLS_PHASE;
    info->functionality = I2CPT_FUNC_I2C | I2CPT_FUNC_SMBUS_EMUL_ALL |
                          I2CPT_FUNC_SMBUS_READ_BLOCK_DATA |
                          I2CPT_FUNC_SMBUS_BLOCK_PROC_CALL;
    return 0;
}

/* Whole milliseconds, rounded up; 0 when it is past. */
static int left_ms(uint64_t until_ns)
{
    uint64_t now = i2cpt_backend_now_ns();

    return until_ns > now ? (int)MIN((until_ns - now + MS - 1) / MS, INT_MAX)
                          : 0;
}

static int too_late(ExportBus *eb, struct i2cpt_fault *fault)
{
    eb->counters.given_up++;
    if (eb->shut) {
        return i2cpt_backend_fail(fault, ENODEV, I2CPT_PHASE_UNKNOWN, -1, -1,
                                  "QEMU ends");
    }
    if (!eb->looked) {
        return i2cpt_backend_fail(fault, ETIMEDOUT, I2CPT_PHASE_UNKNOWN, -1, -1,
                                  "QEMU did not come to it");
    }
    return i2cpt_backend_fail(fault, EBUSY, I2CPT_PHASE_UNKNOWN, -1, -1,
                              "the guest holds the bus, or its devices are "
                              "being saved");
}

/*
 * Some time before its deadline, so that the reason is told and not only that
 * time is over.
 */
static uint64_t give_up_ns(uint64_t deadline_ns)
{
    uint64_t now = i2cpt_backend_now_ns();

    return deadline_ns > now ? deadline_ns - (deadline_ns - now) / 8 : 0;
}

/* One that has begun is waited for: it uses our buffers. */
static int export_bus_transfer(void *instance, struct i2cpt_backend_xfer *x)
{
    uint64_t until_ns = give_up_ns(x->deadline_ns);
    ExportBus *eb = instance;
    int ms, ret;

    qemu_mutex_lock(&eb->lock);
    eb->x = x;
    eb->looked = eb->waits = false;
    eb->state = WAITING;
    qemu_bh_schedule(eb->bh);
    while (eb->state == WAITING && !eb->shut && (ms = left_ms(until_ns)) > 0) {
        qemu_cond_timedwait(&eb->changed, &eb->lock, ms);
    }
    while (eb->state == RUNNING) {
        qemu_cond_wait(&eb->changed, &eb->lock);
    }
    ret = eb->state == DONE ? eb->result : too_late(eb, x->fault);
    eb->state = IDLE;
    qemu_mutex_unlock(&eb->lock);
    return ret;
}

const struct i2cpt_backend_ops export_bus_ops = {
    .size = sizeof(export_bus_ops),
    .flags = I2CPT_BACKEND_OUTLIVES, /* a target may take its time */
    .name = "i2c-export",
    .help = "an emulated bus",
    .open = export_bus_open,
    .transfer = export_bus_transfer,
};

static I2CGate *gate_of(I2CBus *bus)
{
    DeviceState *controller = i2c_gate_controller(bus);

    return controller && i2c_controller_is_gateable(controller)
               ? i2c_gate_get(controller)
               : NULL;
}

ExportBus *export_bus_new(I2CSlave *device)
{
    ExportBus *eb = g_new0(ExportBus, 1);

    eb->device = device;
    eb->bus = I2C_BUS(qdev_get_parent_bus(DEVICE(device)));
    eb->kind = i2c_controller_kind(eb->bus);
    eb->gate = gate_of(eb->bus);
    eb->bh = qemu_bh_new(look_at_bus, eb);
    eb->timer = timer_new_ms(QEMU_CLOCK_REALTIME, look_at_bus, eb);
    qemu_mutex_init(&eb->lock);
    qemu_cond_init(&eb->changed);
    return eb;
}

ExportCounters export_bus_counters(ExportBus *eb)
{
    ExportCounters counters;

    qemu_mutex_lock(&eb->lock);
    counters = eb->counters;
    qemu_mutex_unlock(&eb->lock);
    return counters;
}

void export_bus_shut(ExportBus *eb)
{
    qemu_mutex_lock(&eb->lock);
    eb->shut = true;
    qemu_cond_broadcast(&eb->changed);
    qemu_mutex_unlock(&eb->lock);
    i2c_gate_settle(eb->gate);
}

/* Our node goes with us; nothing walks along the list here. */
static void leave_list(ExportBus *eb)
{
    I2CNode *node = own_node(eb);

    if (node) {
        QLIST_REMOVE(node, next);
        g_free(node);
    }
}

void export_bus_free(ExportBus *eb)
{
    i2c_gate_settle(eb->gate);
    leave_list(eb);
    qemu_bh_delete(eb->bh);
    timer_free(eb->timer);
    qemu_mutex_destroy(&eb->lock);
    qemu_cond_destroy(&eb->changed);
    g_free(eb);
}
