/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What it costs a program that its /dev/i2c-N is i2cpt-replay's: a transfer
 * beside a bare round trip between two processes, and an ioctl that is none of
 * ours with the shim loaded and without. The runs alternate, the fastest of
 * each counts. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define RUNS 20

/* The folder of the build tree that a program of ours is in. */
static void beside(char *out, size_t size, const char *path)
{
    char self[PATH_MAX / 2];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

    if (n < 0) {
        bench_fail("/proc/self/exe cannot be read");
    }
    self[n] = 0;
    *strrchr(self, '/') = 0;
    snprintf(out, size, "%s/%s", self, path);
}

/* The number that a command prints. */
static double number_of(const char *command)
{
    FILE *pipe = popen(command, "r");
    double value = -1;

    if (!pipe || fscanf(pipe, "%lf", &value) != 1 || pclose(pipe)) {
        bench_fail("this failed: %s", command);
    }
    return value;
}

struct pair {
    char ours[3 * PATH_MAX], bare[2 * PATH_MAX];
};

static double ratio(const struct pair *p, const char *what, unsigned runs)
{
    double ours = -1, bare = -1, ns;

    for (unsigned i = 0; i < runs; i++) {
        ns = number_of(p->bare);
        bare = bare < 0 || ns < bare ? ns : bare;
        ns = number_of(p->ours);
        ours = ours < 0 || ns < ours ? ns : ours;
    }
    printf("%-40s %9.1f ns  bare %9.1f ns  ratio %.3f\n", what, ours, bare,
           ours / bare);
    return ours / bare;
}

static void commands(struct pair *p, const char *ours, const char *bare,
                     unsigned n)
{
    char tool[PATH_MAX], client[PATH_MAX];

    beside(tool, sizeof(tool), "../../tools/i2cpt-replay");
    beside(client, sizeof(client), "shim-client");
    snprintf(p->ours, sizeof(p->ours), "%s run -a stub,chips=0x48 -- %s %s %u",
             tool, client, ours, n);
    snprintf(p->bare, sizeof(p->bare), "%s %s %u", client, bare, n);
}

static double run_ioctl(bool quick)
{
    struct pair p;

    commands(&p, "ioctls", "ioctls", quick ? 100 : 2000);
    return ratio(&p, "an unrelated ioctl", quick ? 1 : RUNS);
}

static double run(bool quick)
{
    struct pair p;

    commands(&p, "transfers /dev/i2c-0", "echo", quick ? 10 : 200);
    double value = ratio(&p, "a transfer of w1+r2", quick ? 1 : RUNS);
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
