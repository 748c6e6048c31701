/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the benchmarks share. One benchmark a file; i2cpt-bench.c lists them. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "i2cpt.h"

struct bench {
    const char *name;
    const char *about;
    const char *unit;
    /* The value, in `unit`. `quick`: only that it works, in a moment. */
    double (*run)(bool quick);
    /* What --instructions counts, "transfer", and how many of them one unit
     * of bench_work() is; NULL where that means nothing. */
    const char *step;
    unsigned per_round;
};

extern const struct bench bench_ftdi_efficiency, bench_ftdi_line_overhead,
    bench_ftdi_round_trips, bench_lookup_rate, bench_record_overhead,
    bench_shim_overhead, bench_shim_ioctl, bench_i2c_dev_overhead,
    bench_passthrough_overhead, bench_redirect_overhead, bench_redirect_syscall,
    bench_replay_memory, bench_guest_rate, bench_guest_stall, bench_replay_rate,
    bench_transfer_overhead, bench_verdict_rate, bench_vhost_rate;

/* Of rounds of the same work the fastest counts: what slowed down the others
 * was not ours. */
#define BENCH_ROUNDS 7

uint64_t bench_now_ns(void);

/* How much work a round has: `normal`, little with `quick`, or what --count
 * says. */
uint32_t bench_work(bool quick, uint32_t normal);
/* And how many rounds there are. */
int bench_rounds(bool quick);

/* A benchmark that cannot be run, or whose work went wrong, ends the program
 * with status 1 and a line. */
void bench_fail(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));
/* Fails with the fault's line where rc is negative. */
void bench_check(const char *what, int rc, const struct i2cpt_fault *fault);

/* The fastest of the rounds in nanoseconds; each calls work(user, n). */
uint64_t bench_fastest_ns(int rounds, void (*work)(void *user, uint32_t n),
                          void *user, uint32_t n);

/* Instructions of one step of `bench`, by valgrind. */
double bench_instructions(const struct bench *bench);

/* A new empty folder, and away with it. */
char *bench_make_folder(void);
void bench_remove_folder(char *folder);

#endif
