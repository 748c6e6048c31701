/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs of shim-client.c, beside this program in the build tree. The runs
 * alternate, the fastest of each counts. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "programs.h"

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

static void command(char *out, size_t size, const char *options,
                    const char *what, unsigned n)
{
    char tool[PATH_MAX], client[PATH_MAX];

    beside(tool, sizeof(tool), "../../tools/i2cpt-replay");
    beside(client, sizeof(client), "shim-client");
    if (options) {
        snprintf(out, size, "%s run %s -a stub,chips=0x48 -- %s %s %u", tool,
                 options, client, what, n);
    } else {
        snprintf(out, size, "%s %s %u", client, what, n);
    }
}

void programs_commands(struct pair *p, const char *ours, const char *bare,
                       const char *what, unsigned n)
{
    command(p->ours, sizeof(p->ours), ours, what, n);
    command(p->bare, sizeof(p->bare), bare, what, n);
}

void programs_beside(struct pair *p, const char *options, const char *what,
                     const char *bare, unsigned n)
{
    command(p->ours, sizeof(p->ours), options, what, n);
    command(p->bare, sizeof(p->bare), NULL, bare, n);
}

/* The number that a command prints. */
static double number_of(const char *text)
{
    FILE *pipe = popen(text, "r");
    double value = -1;

    if (!pipe || fscanf(pipe, "%lf", &value) != 1 || pclose(pipe)) {
        bench_fail("this failed: %s", text);
    }
    return value;
}

double programs_ratio(const struct pair *p, const char *what, unsigned runs)
{
    double ours = -1, bare = -1, ns;

    for (unsigned i = 0; i < runs; i++) {
        ns = number_of(p->bare);
        bare = bare < 0 || ns < bare ? ns : bare;
        ns = number_of(p->ours);
        ours = ours < 0 || ns < ours ? ns : ours;
    }
    printf("%-40s %9.1f ns  beside %9.1f ns  ratio %.3f\n", what, ours, bare,
           ours / bare);
    return ours / bare;
}
