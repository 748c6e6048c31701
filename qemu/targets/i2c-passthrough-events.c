/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's bus events, from controllers that wait and those that do not. */
#include "qemu/osdep.h"
#include "common/compat.h"

#include "targets/controller.h"
#include "targets/i2c-passthrough.h"

/* ------------------------------------------------------------ two forms */

static void async_complete(void *user, int answer, uint8_t byte);

/* The rest of QEMU need not wait for what an event waits for. */
static void blocks(void *user, int begins)
{
    I2CPassthrough *s = user;

    if (begins) {
        s->away = s->in_event;
        if (s->away && !i2c_gate_leave(s->gate)) {
            s->away = false;
        }
    } else if (s->away) {
        i2c_gate_return(s->gate);
        s->away = false;
    }
}

static int new_passthrough(I2CPassthrough *s, bool async,
                           struct i2cpt_passthrough **out,
                           struct i2cpt_fault *fault)
{
    struct i2cpt_hooks hooks = {
        .size = sizeof(hooks),
        .user = s,
        .complete = async ? async_complete : NULL,
        .blocks = async ? NULL : blocks,
    };

    return i2cpt_passthrough_new(s->adapter, s->policy, &hooks, out, fault);
}

static void async_readable(void *opaque)
{
    I2CPassthrough *s = opaque;

    i2cpt_passthrough_dispatch(s->pt);
}

uint64_t i2c_passthrough_counter(I2CPassthrough *s, size_t index)
{
    uint64_t now = s->pt ? i2cpt_passthrough_counter(s->pt, index) : 0;

    return index == I2CPT_COUNT_LONGEST_WAIT_US ? MAX(s->counted[index], now)
                                                : s->counted[index] + now;
}

/* Counters only grow, so they outlive the passthrough that counted. */
void i2c_passthrough_free(I2CPassthrough *s)
{
    size_t i;

    if (!s->pt) {
        return;
    }
    if (s->async) {
        qemu_set_fd_handler(i2cpt_passthrough_fd(s->pt), NULL, NULL, NULL);
    }
    i2cpt_passthrough_drain(s->pt);
    for (i = 0; i < I2CPT_COUNTERS; i++) {
        s->counted[i] = i2c_passthrough_counter(s, i);
    }
    i2cpt_passthrough_free(g_steal_pointer(&s->pt));
    s->open = false;
}

struct i2cpt_adapter *i2c_passthrough_adapter(I2CPassthrough *s)
{
    return s->named ? s->named->host.adapter : s->own.adapter;
}

int i2c_passthrough_new(I2CPassthrough *s, struct i2cpt_fault *fault)
{
    s->adapter = i2cpt_adapter_ref(i2c_passthrough_adapter(s));
    return new_passthrough(s, false, &s->pt, fault);
}

/*
 * Called at each START. One device hangs on one controller, so the form changes
 * at most once; the adapter, where a chardev's peer has come anew. False where
 * it is closed, cannot do what the policy wants, or memory is short.
 */
static bool take_form(I2CPassthrough *s, bool async)
{
    struct i2cpt_adapter *before = s->adapter;
    struct i2cpt_adapter *now = i2c_passthrough_adapter(s);
    struct i2cpt_passthrough *pt;

    if (!s->pt || !now || (s->async == async && before == now)) {
        return s->pt && now;
    }
    s->adapter = i2cpt_adapter_ref(now);
    if (new_passthrough(s, async, &pt, NULL)) {
        s->adapter = before;
        i2cpt_adapter_unref(now);
        return false;
    }
    i2c_passthrough_free(s);
    i2cpt_adapter_unref(before);
    s->pt = pt;
    s->async = async;
    if (async) {
        qemu_set_fd_handler(i2cpt_passthrough_fd(pt), async_readable, NULL, s);
    }
    return true;
}

/* ------------------------------------- QEMU's I2C core: calls that block */

static void blocking_stop(I2CPassthrough *s)
{
    if (s->pt && s->open) {
        s->open = false;
        i2cpt_passthrough_stop(s->pt);
    }
}

I2CNode *i2c_passthrough_node(I2CPassthrough *s)
{
    I2CBus *bus = I2C_BUS(qdev_get_parent_bus(DEVICE(s)));
    I2CNode *node;

    QLIST_FOREACH(node, &bus->current_devs, next)
    {
        if (node->elt == I2C_SLAVE(s)) {
            break;
        }
    }
    return node;
}

/*
 * STOP, which the controller will not say: whoever is addressed next has to be
 * looked for. We are called out of the core's walk along its list, which goes
 * on from our node, so that one is kept until the next time.
 */
static void leave_bus(I2CPassthrough *s)
{
    I2CBus *bus = I2C_BUS(qdev_get_parent_bus(DEVICE(s)));
    I2CNode *node = i2c_passthrough_node(s);

    blocking_stop(s);
    if (node) {
        QLIST_REMOVE(node, next);
        g_free(s->left);
        s->left = node;
    }
    if (QLIST_EMPTY(&bus->current_devs)) {
        bus->broadcast = false;
    }
}

/*
 * A START in a transfer that was given up, for which the core has not looked
 * for the target: it is done here as it does it.
 */
static int start_afresh(I2CPassthrough *s, int address, enum i2c_event event)
{
    I2CBus *bus = I2C_BUS(qdev_get_parent_bus(DEVICE(s)));
    I2CSlave *target;
    int refused;

    leave_bus(s);
    if (!QLIST_EMPTY(&bus->current_devs) ||
        !i2c_scan_bus(bus, address, false, &bus->current_devs)) {
        return -1;
    }
    target = QLIST_FIRST(&bus->current_devs)->elt;
    refused = I2C_SLAVE_GET_CLASS(target)->event(target, event);
    if (refused) {
        i2c_end_transfer(bus);
    }
    return refused;
}

static int blocking_start(I2CPassthrough *s, uint16_t flags)
{
    if (!take_form(s, false)) {
        return -1;
    }
    s->open = true;
    return i2cpt_passthrough_start(s->pt, s->matched, flags, 0) == I2CPT_ACK
               ? 0
               : -1;
}

static int guest_event(I2CPassthrough *s, enum i2c_event event)
{
    int address;

    if (s->open && s->forgets_stop &&
        (event == I2C_START_RECV || event == I2C_START_SEND)) {
        address =
            i2c_controller_address(I2C_BUS(qdev_get_parent_bus(DEVICE(s))));
        if (address > 0) {
            return start_afresh(s, address, event);
        }
    }
    switch (event) {
    case I2C_START_RECV:
        return blocking_start(s, I2CPT_M_RD);
    case I2C_START_SEND:
        return blocking_start(s, 0);
    case I2C_START_SEND_ASYNC:
        return -1; /* no send_async: its sender is never told of a failure */
    case I2C_FINISH:
        blocking_stop(s);
        return 0;
    case I2C_NACK:
        if (s->pt && s->open) {
            i2cpt_passthrough_nack(s->pt);
        }
        return 0;
    }
    return -1;
}

/*
 * Registers are gated while an event has given the big lock up; who gets at the
 * bus by another way is refused.
 */
static bool begin_event(I2CPassthrough *s)
{
    if (i2c_gate_is_left(s->gate)) {
        return false;
    }
    s->in_event = true;
    return true;
}

/* What it has done to a line, the guest sees as it goes on. */
static void end_event(I2CPassthrough *s)
{
    s->in_event = false;
    host_lines_settle();
}

static void log_event(I2CPassthrough *s, enum i2c_event event, int refused)
{
    static const char *const names[] = {
        [I2C_START_RECV] = "START, read",
        [I2C_START_SEND] = "START, write",
        [I2C_START_SEND_ASYNC] = "START, asynchronous write",
        [I2C_FINISH] = "STOP",
        [I2C_NACK] = "last byte read",
    };

    i2c_passthrough_log(s, "0x%02x %s%s", s->matched, names[event],
                        refused ? ": NACK" : "");
}

static int i2c_passthrough_event(I2CSlave *i2c, enum i2c_event event)
{
    I2CPassthrough *s = I2C_PASSTHROUGH(i2c);
    int refused;

    if (!begin_event(s)) {
        return -1;
    }
    refused = guest_event(s, event);
    end_event(s);
    log_event(s, event, refused);
    return refused;
}

static int i2c_passthrough_send(I2CSlave *i2c, uint8_t byte)
{
    I2CPassthrough *s = I2C_PASSTHROUGH(i2c);
    bool taken = false;

    if (!begin_event(s)) {
        return -1;
    }
    if (s->pt && s->open) {
        taken = i2cpt_passthrough_write(s->pt, byte) == I2CPT_ACK;
    }
    if (!taken && s->forgets_stop) {
        leave_bus(s);
    }
    end_event(s);
    i2c_passthrough_log(s, "0x%02x write %02x%s", s->matched, byte,
                        taken ? "" : ": NACK");
    return taken ? 0 : -1;
}

static uint8_t i2c_passthrough_recv(I2CSlave *i2c)
{
    I2CPassthrough *s = I2C_PASSTHROUGH(i2c);
    uint8_t byte = 0xff;

    if (!begin_event(s)) {
        return 0xff;
    }
    if (s->pt && s->open && i2cpt_passthrough_read(s->pt, &byte) != I2CPT_ACK) {
        byte = 0xff;
    }
    end_event(s);
    i2c_passthrough_log(s, "0x%02x read %02x", s->matched, byte);
    return byte;
}

/* ---------------------------------- controllers that wait for an answer */

/*
 * Which refusal it was: what was seen on the wire, else what follows from the
 * operation.
 */
static I2CAsyncResult refusal(I2CPassthrough *s)
{
    struct i2cpt_fault fault;

    i2cpt_passthrough_fault(s->pt, &fault);
    switch (fault.phase) {
    case I2CPT_PHASE_ADDRESS:
        return I2C_ASYNC_NACK_ADDRESS;
    case I2CPT_PHASE_DATA:
        return I2C_ASYNC_NACK_DATA;
    default:
        return s->refusal;
    }
}

/* Lines first: who is told of the end sees what it has done to them. */
static I2CAsyncResult async_result(I2CPassthrough *s, int answer)
{
    host_lines_settle();
    switch (answer) {
    case I2CPT_ACK:
        return I2C_ASYNC_ACK;
    case I2CPT_PENDING:
        return I2C_ASYNC_PENDING;
    default:
        return refusal(s);
    }
}

static void async_complete(void *user, int answer, uint8_t byte)
{
    I2CPassthrough *s = user;

    i2c_passthrough_log(s, "answer %s %02x",
                        answer == I2CPT_ACK ? "ACK" : "NACK", byte);
    s->done(s->done_opaque, async_result(s, answer), byte);
}

static I2CAsyncResult async_start(I2CAsyncTarget *target, uint8_t address,
                                  bool is_read, I2CAsyncDone *done,
                                  void *opaque)
{
    I2CPassthrough *s = I2C_PASSTHROUGH(target);

    s->refusal = I2C_ASYNC_NACK_ADDRESS;
    if (!take_form(s, true)) {
        return s->refusal;
    }
    i2c_passthrough_log(s, "0x%02x START, %s", address,
                        is_read ? "read" : "write");
    s->done = done;
    s->done_opaque = opaque;
    s->open = true;
    return async_result(s, i2cpt_passthrough_start(
                               s->pt, address, is_read ? I2CPT_M_RD : 0, 0));
}

static I2CAsyncResult async_send(I2CAsyncTarget *target, uint8_t byte)
{
    I2CPassthrough *s = I2C_PASSTHROUGH(target);

    s->refusal = I2C_ASYNC_NACK_DATA;
    if (!s->pt || !s->open) {
        return s->refusal;
    }
    return async_result(s, i2cpt_passthrough_write(s->pt, byte));
}

static I2CAsyncResult async_recv(I2CAsyncTarget *target, uint8_t *byte)
{
    I2CPassthrough *s = I2C_PASSTHROUGH(target);

    *byte = 0xff;
    s->refusal = I2C_ASYNC_NACK_ADDRESS;
    if (!s->pt || !s->open) {
        return s->refusal;
    }
    return async_result(s, i2cpt_passthrough_read(s->pt, byte));
}

static I2CAsyncResult async_stop(I2CAsyncTarget *target)
{
    I2CPassthrough *s = I2C_PASSTHROUGH(target);

    s->refusal = I2C_ASYNC_NACK_ADDRESS;
    if (!s->pt || !s->open) {
        return I2C_ASYNC_ACK;
    }
    s->open = false;
    return async_result(s, i2cpt_passthrough_stop(s->pt));
}

static bool async_wait(I2CAsyncTarget *target, int64_t timeout_us)
{
    I2CPassthrough *s = I2C_PASSTHROUGH(target);

    if (!s->pt || !s->async) {
        return true;
    }
    return i2cpt_passthrough_wait(s->pt, MIN(timeout_us, UINT32_MAX)) == 0;
}

static void async_cancel(I2CAsyncTarget *target)
{
    I2CPassthrough *s = I2C_PASSTHROUGH(target);

    s->open = false;
    if (s->pt) {
        i2cpt_passthrough_reset(s->pt);
    }
}

void i2c_passthrough_events_init(I2CSlaveClass *sc)
{
    sc->event = i2c_passthrough_event;
    sc->send = i2c_passthrough_send;
    sc->recv = i2c_passthrough_recv;
}

void i2c_passthrough_async_init(I2CAsyncTargetClass *ac)
{
    ac->start = async_start;
    ac->send = async_send;
    ac->recv = async_recv;
    ac->stop = async_stop;
    ac->wait = async_wait;
    ac->cancel = async_cancel;
}
