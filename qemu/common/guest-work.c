/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the guest's program has done: by a plugin's counters, or by thread. */
#include "qemu/osdep.h"
#include "common/compat.h"
#include "hw/core/cpu.h"
#include "qemu/bswap.h"

#include <pthread.h>
#include <time.h>

#include "common/guest-work.h"

/* A CPU that ends between two looks at it does not exist: none is unplugged. */
uint64_t i2cpt_guest_cpu_ns(void)
{
    CPUState *cpu = qemu_get_cpu(0);
    struct timespec time;
    clockid_t clock;

    if (!cpu || !cpu->thread ||
        pthread_getcpuclockid(cpu->thread->thread, &clock) != 0 ||
        clock_gettime(clock, &time) != 0) {
        return 0;
    }
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

bool i2cpt_guest_is_halted(void)
{
    CPUState *cpu = qemu_get_cpu(0);

    return cpu && qatomic_read(&cpu->halted);
}

#ifdef I2CPT_PLUGIN

#include "qemu/qemu-plugin.h"

/* xpsr, as gdb numbers the registers of an M-profile CPU */
#define REG_XPSR       25
#define EXCEPTION_MASK 0x1ff

/* An interrupt handler's instructions count so many times less. */
#define HANDLER_SHARE 16

static qemu_plugin_id_t plugin_id;
static bool is_plugin; /* not where the early library alone was loaded */

#if QEMU_PLUGIN_VERSION >= 2
/* 9.0: a counter for each vCPU. */
static struct qemu_plugin_scoreboard *counters;

static void begin_counting(void)
{
    counters = qemu_plugin_scoreboard_new(sizeof(uint64_t));
}

static void count(struct qemu_plugin_tb *tb, uint64_t weight)
{
    qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(
        tb, QEMU_PLUGIN_INLINE_ADD_U64, qemu_plugin_scoreboard_u64(counters),
        weight * qemu_plugin_tb_n_insns(tb));
}

static uint64_t counted(void)
{
    return qemu_plugin_u64_sum(qemu_plugin_scoreboard_u64(counters));
}
#else
/* One for all: two vCPUs that add at once may lose one of the two. */
static uint64_t counter;

static void begin_counting(void)
{
}

static void count(struct qemu_plugin_tb *tb, uint64_t weight)
{
    qemu_plugin_register_vcpu_tb_exec_inline(
        tb, QEMU_PLUGIN_INLINE_ADD_U64, &counter,
        weight * qemu_plugin_tb_n_insns(tb));
}

static uint64_t counted(void)
{
    return qatomic_read(&counter);
}
#endif

uint64_t i2cpt_guest_instructions(void)
{
    return counted() / HANDLER_SHARE;
}

/* A block is translated for the mode that the CPU is in. */
static bool is_in_handler(void)
{
    CPUState *cpu = current_cpu;
    g_autoptr(GByteArray) value = g_byte_array_new();

    return cpu &&
           CPU_GET_CLASS(cpu)->gdb_read_register(cpu, value, REG_XPSR) == 4 &&
           (ldl_le_p(value->data) & EXCEPTION_MASK) != 0;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    count(tb, is_in_handler() ? 1 : HANDLER_SHARE);
}

bool i2cpt_count_instructions(void)
{
    static bool counting;

    if (!tcg_enabled() || !is_plugin) {
        return false;
    }
    if (!counting) {
        counting = true;
        begin_counting();
        qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, translated);
    }
    return true;
}

void i2cpt_set_plugin_id(uint64_t id)
{
    plugin_id = id;
    is_plugin = true;
}

#else /* in QEMU's own tree */

bool i2cpt_count_instructions(void)
{
    return false;
}

uint64_t i2cpt_guest_instructions(void)
{
    return 0;
}

#endif
