/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What it costs a program that its /dev/i2c-N is i2cpt-replay's by the shim: a
 * transfer beside a bare round trip between two processes, and an ioctl that is
 * none of ours with the shim loaded and without. */
#include "bench.h"
#include "programs.h"

#define RUNS    20
#define PRELOAD "--redirect=preload"

static double run_ioctl(bool quick)
{
    struct pair p;

    programs_commands(&p, PRELOAD, NULL, "ioctls", quick ? 100 : 2000);
    return programs_ratio(&p, "an unrelated ioctl", quick ? 1 : RUNS);
}

static double run(bool quick)
{
    struct pair p;

    programs_beside(&p, PRELOAD, "transfers /dev/i2c-0", "echo",
                    quick ? 10 : 200);
    double value = programs_ratio(&p, "a transfer of w1+r2", quick ? 1 : RUNS);
    run_ioctl(quick);
    return value;
}

const struct bench bench_shim_overhead = {
    .name = "shim-overhead",
    .about = "a program's transfer under i2cpt-replay over a bare round trip "
             "between two processes",
    .unit = "times",
    .run = run,
};

const struct bench bench_shim_ioctl = {
    .name = "shim-ioctl",
    .about = "an unrelated ioctl with the shim loaded over one without",
    .unit = "times",
    .run = run_ioctl,
};
