/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nRF51 TWI master, over the stub that QEMU's -M microbit has at its place
 *
 *     -device nrf51-twi[,instance=0|1][,poll-wait-us=50]
 *             [,count-instructions=on]
 *
 * with an I2C bus named twi0 or twi1. The engine has registers and states;
 * here are the memory region, the interrupt, the virtual time and the bus.
 */
#include "qemu/osdep.h"
#include "common/compat.h"
#include "hw/i2c/i2c.h"
#include "qapi/error.h"
#include "migration/vmstate.h"
#include "qemu/log.h"
#include "qemu/module.h"
#include "qemu/timer.h"

#include "common/guest-work.h"
#include "common/i2c-async.h"
#include "controllers/nrf51-soc.h"
#include "controllers/nrf51-twi-clock.h"
#include "controllers/nrf51-twi-engine.h"

#ifdef I2CPT_PLUGIN
/* QEMU's trace points cannot be added to from outside. */
#define trace_nrf51_twi_read(instance, offset, value)  ((void)0)
#define trace_nrf51_twi_write(instance, offset, value) ((void)0)
#define trace_nrf51_twi_answer(instance, result, byte) ((void)0)
#define trace_nrf51_twi_irq(instance, level)           ((void)0)
#else
#include "trace.h"
#endif

#define TYPE_NRF51_TWI "nrf51-twi"
OBJECT_DECLARE_SIMPLE_TYPE(Nrf51TwiDevice, NRF51_TWI)

#define INSTANCES        2
#define POLL_WAIT_MAX_US 100000

/* A vCPU that lags behind is looked at again after so long, then longer. */
#define LAG_NS       (20 * SCALE_US)
#define LAG_DOUBLING 5

/* The host bounds each request by its own deadline; this is a second net. */
#define HOST_WAIT_US (1000 * 1000)

struct Nrf51TwiDevice {
    SysBusDevice parent_obj;

    MemoryRegion mmio;
    qemu_irq irq;
    Nrf51TwiEngine engine;
    I2CAsyncController controller;
    QEMUTimer *timer;
    Nrf51TwiClock clock;
    int64_t timer_ns;  /* what the timer is set to, -1: it is not */
    unsigned int lags; /* times that the guest's work was not done by then */
    uint8_t instance;
    uint32_t poll_wait_us;
    bool count_instructions;
};

static const struct {
    hwaddr base;
    int irq;
} places[INSTANCES] = {
    {0x40003000, 3},
    {0x40004000, 4},
};

/* Time */

static Nrf51TwiNow time_now(const Nrf51TwiDevice *s)
{
    Nrf51TwiNow now = {
        .virtual_ns = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL),
        .halted = i2cpt_guest_is_halted(),
    };

    if (s->clock.kind == NRF51_TWI_WORK_INSTRUCTIONS) {
        now.work = i2cpt_guest_instructions();
    } else if (s->clock.kind == NRF51_TWI_WORK_CPU_TIME) {
        now.work = i2cpt_guest_cpu_ns();
    }
    return now;
}

static void set_timer(Nrf51TwiDevice *s, int64_t when_ns)
{
    if (when_ns == s->timer_ns) {
        return;
    }
    s->timer_ns = when_ns;
    if (when_ns < 0) {
        timer_del(s->timer);
    } else {
        timer_mod(s->timer, when_ns);
    }
}

/*
 * The virtual clock can be waited for; whether the work is done, is seen then.
 */
static void update_timer(Nrf51TwiDevice *s)
{
    if (!s->clock.armed) {
        set_timer(s, -1);
    } else if (s->lags == 0) {
        set_timer(s, s->clock.due_ns);
    }
}

/* If the time on the wire is over, let the engine go on. */
static void collect_time(Nrf51TwiDevice *s)
{
    Nrf51TwiNow now;

    if (s->clock.armed) {
        now = time_now(s);
        if (nrf51_twi_clock_left_ns(&s->clock, &now) <= 0) {
            nrf51_twi_clock_disarm(&s->clock);
            nrf51_twi_engine_elapsed(&s->engine);
        }
    }
    update_timer(s);
}

/* The guest has not done its work yet: look again, soon at first. */
static void follow_guest(Nrf51TwiDevice *s)
{
    Nrf51TwiNow now = time_now(s);
    int64_t left_ns = nrf51_twi_clock_left_ns(&s->clock, &now);
    int64_t lag_ns = LAG_NS << MIN(s->lags, LAG_DOUBLING);

    s->lags++;
    set_timer(s, now.virtual_ns + MAX(left_ns, lag_ns));
}

static void wire_timer(void *opaque)
{
    Nrf51TwiDevice *s = opaque;

    s->timer_ns = -1;
    collect_time(s);
    if (s->clock.armed && s->timer_ns <= time_now(s).virtual_ns) {
        follow_guest(s);
    }
}

/*
 * A guest that polls an event: while it sits in its read, neither timer nor
 * bottom half can run, so wait here for what is under way, and take it.
 *
 * What is left of the time is slept without the big lock. A vCPU that gives it
 * back only for the few instructions of its loop takes it again before the
 * main loop has woken up, and a monitor then waits for tenths of a second.
 * Whatever the main loop does meanwhile to this device it does as it would
 * between two reads.
 */
static void poll_wait(Nrf51TwiDevice *s)
{
    int64_t begin_us, left_us, wire_us = 0;
    Nrf51TwiNow now;

    if (s->poll_wait_us == 0 || icount_enabled() || !runstate_is_running()) {
        return;
    }
    begin_us = g_get_monotonic_time();
    if (s->engine.target_busy) {
        i2c_async_wait(&s->controller, s->poll_wait_us);
    }
    left_us = begin_us + s->poll_wait_us - g_get_monotonic_time();
    if (s->clock.armed) {
        now = time_now(s);
        wire_us = nrf51_twi_clock_left_ns(&s->clock, &now) / SCALE_US + 1;
    }
    if (wire_us > 0 || s->engine.target_busy) {
        bql_unlock();
        g_usleep(MAX(MIN(wire_us, left_us), 1));
        bql_lock();
    }
    if (s->clock.armed) {
        nrf51_twi_clock_waited(&s->clock,
                               (g_get_monotonic_time() - begin_us) * SCALE_US);
    }
}

/* Between the engine and the bus */

static const Nrf51TwiAnswer answers[] = {
    [I2C_ASYNC_ACK] = NRF51_TWI_ACK,
    [I2C_ASYNC_NACK_ADDRESS] = NRF51_TWI_NACK_ADDRESS,
    [I2C_ASYNC_NACK_DATA] = NRF51_TWI_NACK_DATA,
};

static void target_answered(Nrf51TwiDevice *s, I2CAsyncResult result,
                            uint8_t byte)
{
    trace_nrf51_twi_answer(s->instance, result, byte);
    nrf51_twi_engine_answer(&s->engine, answers[result], byte);
    update_timer(s);
}

static void target_done(void *opaque, I2CAsyncResult result, uint8_t byte)
{
    target_answered(opaque, result, byte);
}

/* With -icount the answer must not depend on how fast the host is. */
static void operation_begun(Nrf51TwiDevice *s, I2CAsyncResult result,
                            uint8_t byte)
{
    if (result != I2C_ASYNC_PENDING) {
        target_answered(s, result, byte);
    } else if (icount_enabled()) {
        i2c_async_wait(&s->controller, HOST_WAIT_US);
    }
}

static void engine_start(void *opaque, uint8_t address, bool is_read)
{
    Nrf51TwiDevice *s = opaque;

    operation_begun(s, i2c_async_start(&s->controller, address, is_read), 0);
}

static void engine_send(void *opaque, uint8_t byte)
{
    Nrf51TwiDevice *s = opaque;

    operation_begun(s, i2c_async_send(&s->controller, byte), 0);
}

static void engine_recv(void *opaque)
{
    Nrf51TwiDevice *s = opaque;
    uint8_t byte = 0xff;
    I2CAsyncResult result = i2c_async_recv(&s->controller, &byte);

    operation_begun(s, result, byte);
}

static void engine_stop(void *opaque)
{
    Nrf51TwiDevice *s = opaque;

    operation_begun(s, i2c_async_stop(&s->controller), 0);
}

static void engine_cancel(void *opaque)
{
    Nrf51TwiDevice *s = opaque;

    nrf51_twi_clock_disarm(&s->clock);
    i2c_async_cancel(&s->controller);
}

static void engine_arm(void *opaque, int64_t wire_ns)
{
    Nrf51TwiDevice *s = opaque;
    Nrf51TwiNow now = time_now(s);

    s->lags = 0;
    nrf51_twi_clock_arm(&s->clock, &now, wire_ns);
}

static void engine_irq(void *opaque, bool level)
{
    Nrf51TwiDevice *s = opaque;

    trace_nrf51_twi_irq(s->instance, level);
    qemu_set_irq(s->irq, level);
}

static const Nrf51TwiOps engine_ops = {
    .start = engine_start,
    .send = engine_send,
    .recv = engine_recv,
    .stop = engine_stop,
    .cancel = engine_cancel,
    .arm = engine_arm,
    .irq = engine_irq,
};

/* Registers */

static bool is_known(Nrf51TwiDevice *s, hwaddr offset)
{
    if (nrf51_twi_engine_has_register(offset)) {
        return true;
    }
    qemu_log_mask(LOG_GUEST_ERROR,
                  "nrf51-twi%u: no register at offset 0x%" HWADDR_PRIx "\n",
                  s->instance, offset);
    return false;
}

static bool is_event(hwaddr offset)
{
    return offset >= NRF51_TWI_EVENTS && offset < NRF51_TWI_SHORTS;
}

/* The guest looks at an event: time for what is over, patience if it polls. */
static void event_read(Nrf51TwiDevice *s, hwaddr offset)
{
    bool polls =
        nrf51_twi_clock_look(&s->clock, (offset - NRF51_TWI_EVENTS) / 4);

    if (!nrf51_twi_engine_in_flight(&s->engine)) {
        return;
    }
    if (polls && !nrf51_twi_engine_read(&s->engine, offset)) {
        poll_wait(s);
    }
    collect_time(s);
}

static uint64_t mmio_read(void *opaque, hwaddr offset, unsigned int size)
{
    Nrf51TwiDevice *s = opaque;
    uint32_t value;

    if (!is_known(s, offset)) {
        return 0;
    }
    if (is_event(offset)) {
        event_read(s, offset);
    }
    value = nrf51_twi_engine_read(&s->engine, offset);
    update_timer(s);
    trace_nrf51_twi_read(s->instance, offset, value);
    return value;
}

static void mmio_write(void *opaque, hwaddr offset, uint64_t value,
                       unsigned int size)
{
    Nrf51TwiDevice *s = opaque;

    if (!is_known(s, offset)) {
        return;
    }
    trace_nrf51_twi_write(s->instance, offset, value);
    nrf51_twi_engine_write(&s->engine, offset, value);
    update_timer(s);
}

static const MemoryRegionOps mmio_ops = {
    .read = mmio_read,
    .write = mmio_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .impl.min_access_size = 4,
    .impl.max_access_size = 4,
};

/* Life */

/* What is with the host ends before the machine counts as stopped. */
static void vm_state_changed(void *opaque, bool running, RunState state)
{
    Nrf51TwiDevice *s = opaque;

    if (!running) {
        i2c_async_wait(&s->controller, HOST_WAIT_US);
    }
}

static void nrf51_twi_reset_hold(Object *obj I2CPT_RESET_TYPE)
{
    Nrf51TwiDevice *s = NRF51_TWI(obj);

    nrf51_twi_engine_reset(&s->engine);
    update_timer(s);
}

static bool is_taken(MemoryRegion *container, hwaddr base)
{
    MemoryRegionSection section = memory_region_find(container, base, 4);
    bool taken;

    if (!section.mr) {
        return false;
    }
    taken = object_dynamic_cast(memory_region_owner(section.mr),
                                TYPE_NRF51_TWI) != NULL;
    memory_region_unref(section.mr);
    return taken;
}

static bool plug_into_soc(Nrf51TwiDevice *s, Error **errp)
{
    hwaddr base = places[s->instance].base;
    Object *soc = nrf51_soc_find(DEVICE(s), errp);

    if (!soc) {
        return false;
    }
    if (is_taken(nrf51_soc_memory(soc), base)) {
        error_setg(errp,
                   "nrf51-twi: property 'instance': %u is there already, each "
                   "of 0 and 1 can be once",
                   s->instance);
        return false;
    }
    nrf51_soc_plug(soc, SYS_BUS_DEVICE(s), base, places[s->instance].irq);
    return true;
}

static Nrf51TwiWork kind_of_work(const Nrf51TwiDevice *s)
{
    if (icount_enabled()) {
        return NRF51_TWI_WORK_NONE;
    }
    return s->count_instructions && i2cpt_count_instructions()
               ? NRF51_TWI_WORK_INSTRUCTIONS
               : NRF51_TWI_WORK_CPU_TIME;
}

static void nrf51_twi_realize(DeviceState *dev, Error **errp)
{
    Nrf51TwiDevice *s = NRF51_TWI(dev);
    g_autofree char *bus_name = NULL;

    if (s->instance >= INSTANCES) {
        error_setg(errp, "nrf51-twi: property 'instance': %u is not 0 or 1",
                   s->instance);
        return;
    }
    if (s->poll_wait_us > POLL_WAIT_MAX_US) {
        error_setg(errp,
                   "nrf51-twi: property 'poll-wait-us': %u is not 0 to %d",
                   s->poll_wait_us, POLL_WAIT_MAX_US);
        return;
    }
    if (!plug_into_soc(s, errp)) {
        return;
    }
    s->clock.kind = kind_of_work(s);
    bus_name = g_strdup_printf("twi%u", s->instance);
    i2c_async_init(&s->controller, i2c_init_bus(dev, bus_name), target_done, s);
    s->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, wire_timer, s);
    s->timer_ns = -1;
    qemu_add_vm_change_state_handler(vm_state_changed, s);
}

static void nrf51_twi_init(Object *obj)
{
    Nrf51TwiDevice *s = NRF51_TWI(obj);

    memory_region_init_io(&s->mmio, obj, &mmio_ops, s, TYPE_NRF51_TWI,
                          NRF51_TWI_SIZE);
    sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->mmio);
    sysbus_init_irq(SYS_BUS_DEVICE(obj), &s->irq);
    nrf51_twi_engine_init(&s->engine, &engine_ops, s);
}

static I2CPT_CONST Property nrf51_twi_properties[] = {
    DEFINE_PROP_UINT8("instance", Nrf51TwiDevice, instance, 0),
    DEFINE_PROP_UINT32("poll-wait-us", Nrf51TwiDevice, poll_wait_us, 50),
    DEFINE_PROP_BOOL("count-instructions", Nrf51TwiDevice, count_instructions,
                     true),
    I2CPT_END_OF_PROPERTIES};

/* A byte under way is partly on a host's bus and cannot migrate. */
static const VMStateDescription nrf51_twi_vmstate = {
    .name = TYPE_NRF51_TWI,
    .unmigratable = 1,
};

static void nrf51_twi_class_init(ObjectClass *klass, I2CPT_CLASS_DATA *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    dc->desc = "nRF51 two-wire interface (I2C), for -M microbit";
    dc->realize = nrf51_twi_realize;
    dc->vmsd = &nrf51_twi_vmstate;
    dc->user_creatable = true;
    dc->hotpluggable = false;
    rc->phases.hold = nrf51_twi_reset_hold;
    device_class_set_props(dc, nrf51_twi_properties);
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
}

static const TypeInfo nrf51_twi_info = {
    .name = TYPE_NRF51_TWI,
    .parent = TYPE_SYS_BUS_DEVICE,
    .instance_size = sizeof(Nrf51TwiDevice),
    .instance_init = nrf51_twi_init,
    .class_init = nrf51_twi_class_init,
};

static void nrf51_twi_register_types(void)
{
    type_register_static(&nrf51_twi_info);
    nrf51_soc_allow(TYPE_NRF51_TWI);
}

i2cpt_type_init(nrf51_twi_register_types)
