/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One source for QEMU 7.2 to 11
 *
 * A device's file has the shape
 *
 *     #include "qemu/osdep.h"         // always first
 *     #include "common/compat.h"      // brings what moved between releases
 *     #include "hw/i2c/i2c.h"         // what stayed where it was
 *
 *     static I2CPT_CONST Property foo_properties[] = {
 *         DEFINE_PROP_UINT8("address", Foo, address, 0),
 *         I2CPT_END_OF_PROPERTIES
 *     };
 *
 *     static void foo_reset_hold(Object *obj I2CPT_RESET_TYPE)
 *     static void foo_class_init(ObjectClass *klass, I2CPT_CLASS_DATA *data)
 *
 *     static const TypeInfo foo_info = {
 *         ...
 *         .interfaces = (I2CPT_IFACE_CONST InterfaceInfo[]) { ... { } },
 *     };
 *
 *     static void foo_register_types(void)
 *     {
 *         type_register_static(&foo_info);
 *     }
 *
 *     i2cpt_type_init(foo_register_types)
 *
 * and its name in qemu_sources in meson.build: nothing else lists it. In a
 * QEMU tree i2cpt_type_init() is type_init(). In the plugin the function runs
 * from qemu_plugin_install(), that is when QEMU's own types exist and before
 * the machine does, so that it may call
 * machine_class_allow_dynamic_sysbus_dev(), guarded by I2CPT_PLUGIN. All
 * files are compiled with the settings of an arm-softmmu device, so that
 * hw/arm/ headers can be included; a module is the same for every target.
 */
#ifndef I2CPT_QEMU_COMPAT_H
#define I2CPT_QEMU_COMPAT_H

/* From this release on. QEMU_VERSION_* come with qemu/osdep.h. */
#define I2CPT_QEMU_FROM(major, minor) \
    (QEMU_VERSION_MAJOR > (major) ||  \
     (QEMU_VERSION_MAJOR == (major) && QEMU_VERSION_MINOR >= (minor)))

#include "qom/object.h"
#include "qemu/main-loop.h"

/* Headers that moved: 10.0 sysemu/ and qapi/qmp/, 11.0 hw/. */
#if I2CPT_QEMU_FROM(11, 0)
#include "hw/core/qdev.h"
#include "hw/core/qdev-properties.h"
#include "hw/core/sysbus.h"
#include "hw/core/irq.h"
#include "hw/core/boards.h"
#include "hw/core/resettable.h"
#else
#include "hw/qdev-core.h"
#include "hw/qdev-properties.h"
#include "hw/sysbus.h"
#include "hw/irq.h"
#include "hw/boards.h"
#include "hw/resettable.h"
#endif

#if I2CPT_QEMU_FROM(10, 0)
#include "system/system.h"
#include "system/runstate.h"
#include "system/runstate-action.h"
#include "system/cpu-timers.h"
#include "system/cpus.h"
#include "system/tcg.h"
#else
#include "sysemu/sysemu.h"
#include "sysemu/runstate.h"
#include "sysemu/runstate-action.h"
#include "sysemu/cpu-timers.h"
#include "sysemu/cpus.h"
#include "sysemu/tcg.h"
#endif

#if I2CPT_QEMU_FROM(10, 0)
#include "qobject/qbool.h"
#include "qobject/qdict.h"
#include "qobject/qnum.h"
#include "qobject/qstring.h"
#else
#include "qapi/qmp/qbool.h"
#include "qapi/qmp/qdict.h"
#include "qapi/qmp/qnum.h"
#include "qapi/qmp/qstring.h"
#endif

#if I2CPT_QEMU_FROM(11, 0)
#include "hw/core/qdev-properties-system.h"
#else
#include "hw/qdev-properties-system.h"
#endif

#if I2CPT_QEMU_FROM(10, 1)
#include "exec/icount.h"
#endif

#if I2CPT_QEMU_FROM(10, 1)
#include "system/memory.h"
#else
#include "exec/memory.h"
#endif

/* 9.0: the big lock got its name. */
#if !I2CPT_QEMU_FROM(9, 0)
#define bql_locked()             qemu_mutex_iothread_locked()
#define bql_lock()               qemu_mutex_lock_iothread()
#define bql_unlock()             qemu_mutex_unlock_iothread()
#define qemu_cond_wait_bql(cond) qemu_cond_wait_iothread(cond)
#endif

/*
 * 9.1: the hold and exit phases are told which reset it is. The argument goes
 * with the comma: declare `fn(Object *obj I2CPT_RESET_TYPE)`.
 */
#if I2CPT_QEMU_FROM(9, 1)
#define I2CPT_RESET_TYPE , ResetType reset_type
#else
#define I2CPT_RESET_TYPE
#endif

/* 9.2: properties are const; 10.0: arrays of them are counted, not ended. */
#if I2CPT_QEMU_FROM(9, 2)
#define I2CPT_CONST const
#else
#define I2CPT_CONST
#endif
#if I2CPT_QEMU_FROM(10, 0)
#define I2CPT_END_OF_PROPERTIES
#else
#define I2CPT_END_OF_PROPERTIES DEFINE_PROP_END_OF_LIST()
#endif

/* 10.1: class_init's data and the list of interfaces are const. */
#if I2CPT_QEMU_FROM(10, 1)
#define I2CPT_CLASS_DATA  const void
#define I2CPT_IFACE_CONST const
#else
#define I2CPT_CLASS_DATA void
#define I2CPT_IFACE_CONST
#endif

/* 10.2: a chardev's other end got its name, and opening one may fail. */
#if I2CPT_QEMU_FROM(10, 2)
#define I2CPT_CHAR_FRONTEND              CharFrontend
#define i2cpt_chr_open_fd(chr, fd, errp) qemu_chr_open_fd(chr, fd, fd, errp)
#else
#define I2CPT_CHAR_FRONTEND              CharBackend
#define i2cpt_chr_open_fd(chr, fd, errp) (qemu_chr_open_fd(chr, fd, fd), true)
#endif

#ifdef I2CPT_PLUGIN
struct i2cpt_type_init {
    void (*fn)(void);
    struct i2cpt_type_init *next;
};

/* Called by constructors only, before any thread. */
void i2cpt_add_type_init(struct i2cpt_type_init *init);
void i2cpt_run_type_inits(void);

#define i2cpt_type_init(function)                                       \
    static void __attribute__((constructor)) i2cpt_add_##function(void) \
    {                                                                   \
        static struct i2cpt_type_init init = {.fn = function};          \
        i2cpt_add_type_init(&init);                                     \
    }
#else
#define i2cpt_type_init(function) type_init(function)
#endif

#endif
