/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Register blocks whose accesses come one at a time; see the header. */
#include "qemu/osdep.h"
#include "common/compat.h"
#include "hw/core/cpu.h"

#include "targets/controller-gate.h"

#define TYPE_I2C_GATE "i2c-controller-gate"
OBJECT_DECLARE_SIMPLE_TYPE(I2CGate, I2C_GATE)

/* One register block: what it was, and what stands in its place. */
typedef struct Block {
    I2CGate *gate;
    const MemoryRegionOps *ops;
    void *opaque;
    MemoryRegionOps gated;
} Block;

struct I2CGate {
    Object parent_obj;

    GPtrArray *blocks;
    bool inside;       /* an access is */
    bool away;         /* it has given the big lock up */
    bool own;          /* it is a virtual CPU's own */
    pthread_t thread;  /* that it is in */
    unsigned waiting;  /* CPUs before the gate */
    unsigned settling; /* who waits for it to be left goes first */
    QemuCond free;
    QemuCond back; /* the big lock has been taken again */
};

/* ------------------------------------------------------------ an access */

/* Attributes are not given by who does it for somebody else. */
static bool is_own(MemTxAttrs attrs)
{
    return !attrs.unspecified && !attrs.requester_id && qemu_in_vcpu_thread();
}

static bool enter(I2CGate *gate, MemTxAttrs attrs)
{
    if (gate->inside &&
        (pthread_equal(gate->thread, pthread_self()) || !is_own(attrs))) {
        return false;
    }
    while (gate->inside || (gate->settling && is_own(attrs))) {
        gate->waiting++;
        qemu_cond_wait_bql(&gate->free);
        gate->waiting--;
    }
    gate->inside = true;
    gate->thread = pthread_self();
    gate->own = is_own(attrs);
    return true;
}

static void let_next_in(I2CGate *gate)
{
    if (gate->waiting && !gate->settling) {
        qemu_cond_signal(&gate->free);
    }
}

static void leave(I2CGate *gate)
{
    gate->inside = false;
    let_next_in(gate);
}

static MemTxResult read_block(Block *block, hwaddr addr, uint64_t *data,
                              unsigned size, MemTxAttrs attrs)
{
    if (block->ops->read) {
        *data = block->ops->read(block->opaque, addr, size);
        return MEMTX_OK;
    }
    return block->ops->read_with_attrs(block->opaque, addr, data, size, attrs);
}

static MemTxResult gated_read(void *opaque, hwaddr addr, uint64_t *data,
                              unsigned size, MemTxAttrs attrs)
{
    Block *block = opaque;
    MemTxResult result;

    *data = 0;
    if (!enter(block->gate, attrs)) {
        return MEMTX_ACCESS_ERROR;
    }
    result = read_block(block, addr, data, size, attrs);
    leave(block->gate);
    return result;
}

static MemTxResult gated_write(void *opaque, hwaddr addr, uint64_t data,
                               unsigned size, MemTxAttrs attrs)
{
    Block *block = opaque;
    MemTxResult result = MEMTX_OK;

    if (!enter(block->gate, attrs)) {
        return MEMTX_ACCESS_ERROR;
    }
    if (block->ops->write) {
        block->ops->write(block->opaque, addr, data, size);
    } else {
        result = block->ops->write_with_attrs(block->opaque, addr, data, size,
                                              attrs);
    }
    leave(block->gate);
    return result;
}

static bool gated_accepts(void *opaque, hwaddr addr, unsigned size,
                          bool is_write, MemTxAttrs attrs)
{
    Block *block = opaque;

    return block->ops->valid.accepts(block->opaque, addr, size, is_write,
                                     attrs);
}

uint64_t i2c_gate_peek(MemoryRegion *registers, hwaddr offset, unsigned size)
{
    const MemoryRegionOps *ops = registers->ops;
    void *opaque = registers->opaque;

    if (ops->read_with_attrs == gated_read) {
        ops = ((Block *)registers->opaque)->ops;
        opaque = ((Block *)registers->opaque)->opaque;
    }
    return ops->read(opaque, offset, size);
}

/* ---------------------------------------------------------- the big lock */

bool i2c_gate_leave(I2CGate *gate)
{
    if (!gate || !gate->inside || gate->away || !gate->own ||
        !pthread_equal(gate->thread, pthread_self()) || icount_enabled()) {
        return false;
    }
    gate->away = true;
    bql_unlock();
    return true;
}

void i2c_gate_return(I2CGate *gate)
{
    bql_lock();
    gate->away = false;
    qemu_cond_broadcast(&gate->back);
}

bool i2c_gate_is_left(const I2CGate *gate)
{
    return gate && gate->away;
}

/*
 * Who comes meanwhile, the CPU that was away with its next access first of all,
 * waits before the gate: the big lock knows no order.
 */
void i2c_gate_settle(I2CGate *gate)
{
    if (!i2c_gate_is_left(gate)) {
        return;
    }
    gate->settling++;
    while (gate->away) {
        qemu_cond_wait_bql(&gate->back);
    }
    gate->settling--;
    if (!gate->inside) {
        let_next_in(gate);
    }
}

/* ------------------------------------------------------------- making it */

/*
 * The guard that QEMU has for re-entry refuses other CPUs too; the gate has
 * taken its place. It is the controller's, so that other blocks of it are not
 * guarded less: all are gated.
 */
static void put_before(I2CGate *gate, MemoryRegion *mr)
{
    Block *block = g_new0(Block, 1);

    block->gate = gate;
    block->ops = mr->ops;
    block->opaque = mr->opaque;
    block->gated = *mr->ops;
    block->gated.read = NULL;
    block->gated.write = NULL;
    block->gated.read_with_attrs = gated_read;
    block->gated.write_with_attrs = gated_write;
    if (block->gated.valid.accepts) {
        block->gated.valid.accepts = gated_accepts;
    }
    g_ptr_array_add(gate->blocks, block);
    mr->disable_reentrancy_guard = true;
    mr->opaque = block;
    mr->ops = &block->gated;
}

static int look_at_child(Object *child, void *opaque)
{
    MemoryRegion *mr =
        (MemoryRegion *)object_dynamic_cast(child, TYPE_MEMORY_REGION);

    if (mr && mr->terminates && !mr->ram && !mr->rom_device && mr->ops) {
        put_before(opaque, mr);
    }
    return 0;
}

DeviceState *i2c_gate_controller(I2CBus *bus)
{
    DeviceState *controller = BUS(bus)->parent;

    while (controller &&
           object_dynamic_cast(OBJECT(controller), TYPE_I2C_SLAVE)) {
        controller = qdev_get_parent_bus(controller)->parent;
    }
    return controller;
}

I2CGate *i2c_gate_get(DeviceState *controller)
{
    Object *there =
        object_resolve_path_component(OBJECT(controller), TYPE_I2C_GATE);
    Object *gate;

    if (there) {
        return I2C_GATE(there);
    }
    gate = object_new(TYPE_I2C_GATE);
    object_child_foreach(OBJECT(controller), look_at_child, gate);
    if (I2C_GATE(gate)->blocks->len == 0) {
        object_unref(gate);
        return NULL;
    }
    object_property_add_child(OBJECT(controller), TYPE_I2C_GATE, gate);
    object_unref(gate);
    return I2C_GATE(gate);
}

static void i2c_gate_init(Object *obj)
{
    I2CGate *gate = I2C_GATE(obj);

    gate->blocks = g_ptr_array_new_with_free_func(g_free);
    qemu_cond_init(&gate->free);
    qemu_cond_init(&gate->back);
}

static void i2c_gate_finalize(Object *obj)
{
    I2CGate *gate = I2C_GATE(obj);

    qemu_cond_destroy(&gate->free);
    qemu_cond_destroy(&gate->back);
    g_ptr_array_free(gate->blocks, true);
}

static const TypeInfo i2c_gate_info = {
    .name = TYPE_I2C_GATE,
    .parent = TYPE_OBJECT,
    .instance_size = sizeof(I2CGate),
    .instance_init = i2c_gate_init,
    .instance_finalize = i2c_gate_finalize,
};

static void i2c_gate_register_types(void)
{
    type_register_static(&i2c_gate_info);
}

i2cpt_type_init(i2c_gate_register_types)
