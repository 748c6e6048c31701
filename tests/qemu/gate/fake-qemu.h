/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * As much of QEMU as qemu/targets/controller-gate.c needs, with a big lock
 * whose order the test decides. The headers beside this one stand for QEMU's of
 * their names.
 */
#ifndef FAKE_QEMU_H
#define FAKE_QEMU_H

#include <glib.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t hwaddr;
typedef unsigned MemTxResult;
enum { MEMTX_OK, MEMTX_ACCESS_ERROR };
typedef struct MemTxAttrs {
    bool unspecified;
    unsigned requester_id;
} MemTxAttrs;

typedef struct Object Object;
struct Object {
    void *gate; /* the one child that is added here */
    void *region;
};
typedef Object DeviceState;
typedef struct BusState {
    DeviceState *parent;
} BusState;
typedef struct I2CBus I2CBus;

typedef struct MemoryRegionOps {
    uint64_t (*read)(void *opaque, hwaddr addr, unsigned size);
    void (*write)(void *opaque, hwaddr addr, uint64_t data, unsigned size);
    MemTxResult (*read_with_attrs)(void *opaque, hwaddr addr, uint64_t *data,
                                   unsigned size, MemTxAttrs attrs);
    MemTxResult (*write_with_attrs)(void *opaque, hwaddr addr, uint64_t data,
                                    unsigned size, MemTxAttrs attrs);
    struct {
        bool (*accepts)(void *opaque, hwaddr addr, unsigned size, bool is_write,
                        MemTxAttrs attrs);
    } valid;
} MemoryRegionOps;
typedef struct MemoryRegion {
    const MemoryRegionOps *ops;
    void *opaque;
    bool terminates, ram, rom_device, disable_reentrancy_guard;
} MemoryRegion;

/* ------------------------------------------- the lock, which fake-lock.c has
 */

typedef struct QemuCond {
    int unused;
} QemuCond;

void bql_lock(void);
void bql_unlock(void);
void qemu_cond_wait_bql(QemuCond *cond);
void qemu_cond_signal(QemuCond *cond);
void qemu_cond_broadcast(QemuCond *cond);
bool qemu_in_vcpu_thread(void);
static inline void qemu_cond_init(QemuCond *cond)
{
    (void)cond;
}
static inline void qemu_cond_destroy(QemuCond *cond)
{
    (void)cond;
}
static inline bool icount_enabled(void)
{
    return false;
}

/* --------------------------------------------------------- objects, two kinds
 */

#define TYPE_OBJECT        "object"
#define TYPE_MEMORY_REGION "memory-region"
#define TYPE_I2C_SLAVE     "i2c-slave"
#define OBJECT(o)          ((Object *)(o))
#define BUS(b)             ((BusState *)(b))
#define OBJECT_DECLARE_SIMPLE_TYPE(Type, NAME) \
    typedef struct Type Type;                  \
    static inline Type *NAME(void *object)     \
    {                                          \
        return object;                         \
    }

typedef struct TypeInfo {
    const char *name, *parent;
    size_t instance_size;
    void (*instance_init)(Object *obj);
    void (*instance_finalize)(Object *obj);
} TypeInfo;

extern const TypeInfo *fake_type; /* the one that was registered */

static inline void type_register_static(const TypeInfo *info)
{
    fake_type = info;
}
#define i2cpt_type_init(function)                                  \
    static void __attribute__((constructor)) fake_##function(void) \
    {                                                              \
        function();                                                \
    }

static inline void *object_new(const char *type)
{
    Object *object = g_malloc0(fake_type->instance_size);

    (void)type;
    fake_type->instance_init(object);
    return object;
}
static inline void object_unref(void *object)
{
    (void)object; /* the controller has it */
}
static inline void *object_dynamic_cast(Object *object, const char *type)
{
    return g_str_equal(type, TYPE_MEMORY_REGION) ? object : NULL;
}
static inline void *object_resolve_path_component(Object *parent,
                                                  const char *part)
{
    (void)part;
    return parent->gate;
}
static inline void object_property_add_child(Object *parent, const char *name,
                                             void *child)
{
    (void)name;
    parent->gate = child;
}
static inline int object_child_foreach(Object *object,
                                       int (*fn)(Object *child, void *opaque),
                                       void *opaque)
{
    return fn(object->region, opaque);
}
static inline BusState *qdev_get_parent_bus(DeviceState *device)
{
    (void)device;
    return NULL;
}

#endif
