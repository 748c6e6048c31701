/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the redirect at the system call costs: a transfer over one by the shim,
 * and what a program does that is none of ours with the redirect over without.
 * One run has both sides of each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "programs.h"

#define SECCOMP "--redirect=seccomp"
#define SOURCES 40

static double run(bool quick)
{
    struct pair p;

    programs_commands(&p, SECCOMP, "--redirect=preload", "transfers /dev/i2c-0",
                      quick ? 10 : 400);
    return programs_ratio(&p, "a transfer of w1+r2", quick ? 1 : 20);
}

/* A small tree for make. */
static void fill(const char *folder)
{
    char path[PATH_MAX];
    FILE *file;

    for (int i = 0; i <= SOURCES; i++) {
        snprintf(path, sizeof(path), i < SOURCES ? "%s/f%d.c" : "%s/Makefile",
                 folder, i);
        file = fopen(path, "w");
        if (!file) {
            bench_fail("%s cannot be written", path);
        }
        if (i < SOURCES) {
            fprintf(file,
                    "#include <stdio.h>\n#include <stdlib.h>\n"
                    "int f%d(void) { return puts(\"\"); }\n",
                    i);
        } else {
            fputs("all: $(patsubst %.c,%.o,$(wildcard *.c))\n", file);
        }
        fclose(file);
    }
}

static void whole_programs(bool quick)
{
    char *folder = bench_make_folder(), what[PATH_MAX];
    struct pair p;

    programs_commands(&p, SECCOMP, NULL, "programs", quick ? 1 : 8);
    programs_ratio(&p, "/bin/true, 200 of them by eights", quick ? 1 : 5);
    fill(folder);
    snprintf(what, sizeof(what), "make %s", folder);
    programs_commands(&p, SECCOMP, NULL, what, 1);
    programs_ratio(&p, "make -j2 of 40 files", quick ? 1 : 3);
    bench_remove_folder(folder);
}

static double run_syscall(bool quick)
{
    static const struct {
        const char *what, *name;
        unsigned n;
    } calls[] = {
        {"opens", "open() and close() of another path", 500},
        {"absent", "open() of a path that is not there", 500},
        {"stats", "stat()", 500},
        {"fstats", "fstat()", 500},
        {"reads", "read() of another descriptor", 500},
    };
    struct pair p;

    whole_programs(quick);
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        programs_commands(&p, SECCOMP, NULL, calls[i].what,
                          quick ? 10 : calls[i].n);
        programs_ratio(&p, calls[i].name, quick ? 1 : 20);
    }
    /* what the kernel adds for any filter is none of ours */
    programs_beside(&p, SECCOMP, "reads", "allowed", quick ? 10 : 500);
    return programs_ratio(&p, "read(), over an allow-all filter",
                          quick ? 1 : 20);
}

const struct bench bench_redirect_overhead = {
    .name = "redirect-overhead",
    .about = "a program's transfer with the redirect at the system call over "
             "one by the shim",
    .unit = "times",
    .run = run,
};

const struct bench bench_redirect_syscall = {
    .name = "redirect-syscall",
    .about = "read() of another descriptor with the redirect at the system "
             "call over one under a filter that allows all; a table of calls "
             "and programs over those without",
    .unit = "times",
    .run = run_syscall,
};
