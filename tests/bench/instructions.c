/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What one step of a benchmark costs in instructions: the program runs itself
 * under valgrind's callgrind, which counts in bench_fastest_ns() only, with few
 * steps and with many: the difference has no warming up in it. The count is of
 * this build and this processor's code paths, and does not depend on what else
 * the machine does.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define FEW  2000u
#define MANY 12000u

static _Noreturn void run_valgrind(const char *name, uint32_t steps, int err)
{
    char count[16], self[4096];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

    self[len < 0 ? 0 : len] = 0;
    snprintf(count, sizeof(count), "%" PRIu32, steps);
    dup2(err, STDERR_FILENO);
    if (!freopen("/dev/null", "w", stdout)) {
        _exit(126);
    }
    execlp("valgrind", "valgrind", "--tool=callgrind",
           "--callgrind-out-file=/dev/null",
           "--toggle-collect=bench_fastest_ns", self, "--count", count, name,
           (char *)NULL);
    _exit(errno == ENOENT ? 127 : 126);
}

/* The last number of callgrind's line "==PID== Collected : N". */
static uint64_t read_collected(FILE *from)
{
    char line[512];
    uint64_t collected = 0;

    while (fgets(line, sizeof(line), from)) {
        const char *found = strstr(line, "Collected : ");
        if (found) {
            collected = strtoull(found + strlen("Collected : "), NULL, 10);
        }
    }
    return collected;
}

static uint64_t count(const char *name, uint32_t steps)
{
    int ends[2], status;

    if (pipe(ends)) {
        bench_fail("cannot make a pipe: %s", strerror(errno));
    }
    pid_t child = fork();
    if (!child) {
        run_valgrind(name, steps, ends[1]);
    }
    close(ends[1]);
    FILE *from = fdopen(ends[0], "r");
    uint64_t collected = from ? read_collected(from) : 0;
    if (from) {
        fclose(from);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0) {
        bench_fail("cannot run valgrind: %s", strerror(errno));
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
        bench_fail("valgrind is not installed, and counts the instructions");
    }
    if (status || !collected) {
        bench_fail("valgrind has counted nothing (status %d)", status);
    }
    return collected;
}

double bench_instructions(const struct bench *bench)
{
    if (!bench->step) {
        bench_fail("%s: its instructions are not counted; it has no steps",
                   bench->name);
    }
    uint64_t few = count(bench->name, FEW), many = count(bench->name, MANY);
    if (many <= few) {
        bench_fail("%s: %u steps take no more instructions than %u",
                   bench->name, MANY, FEW);
    }
    return (double)(many - few) / (MANY - FEW) / bench->per_round;
}
