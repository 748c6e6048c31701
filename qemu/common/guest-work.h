/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far the guest's program has come
 *
 * Time on the host, and QEMU's virtual clock with it, passes also while the
 * thread of a virtual CPU is off its processor. A device that must not be
 * ahead of the guest's program asks here.
 */
#ifndef GUEST_WORK_H
#define GUEST_WORK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Begin to count instructions, of all vCPUs together; true where that can be:
 * in a plugin (-plugin) and under TCG. Once is enough, more does no harm. To be
 * called before the guest runs, from realize(): what is translated already is
 * not counted. Costs every block of the guest an addition.
 */
bool i2cpt_count_instructions(void);

/*
 * Instructions of the blocks that the guest has begun since; of those in an
 * exception handler a sixteenth. Interrupts come by the host's clock: what a
 * busy host has made late comes all at once, between any two instructions of
 * the program, and is no progress of that. Any thread.
 */
uint64_t i2cpt_guest_instructions(void);

/* Processor time of the thread of vCPU 0. Under the big lock. */
uint64_t i2cpt_guest_cpu_ns(void);

/* vCPU 0 waits for an interrupt. Under the big lock. */
bool i2cpt_guest_is_halted(void);

#ifdef I2CPT_PLUGIN
/* The id that QEMU gave to this plugin. */
void i2cpt_set_plugin_id(uint64_t id);
#endif

#endif
