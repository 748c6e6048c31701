/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a replay's memory grows with the trace: resident memory between
 * transfer 1 million and 20 million, the trace fed through a FIFO by another
 * process. */
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "replay.h"

/* The kernel's exact count (statm may lag behind). */
static long resident_kib(void)
{
    char line[256];
    long kib = -1;
    FILE *file = fopen("/proc/self/smaps_rollup", "re");

    if (!file) {
        bench_fail("no /proc/self/smaps_rollup");
    }
    while (kib < 0 && fgets(line, sizeof(line), file)) {
        sscanf(line, "Rss: %ld kB", &kib);
    }
    fclose(file);
    return kib;
}

static pid_t feed(const char *path, uint64_t n)
{
    pid_t pid = fork();

    if (pid < 0) {
        bench_fail("cannot fork");
    }
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        FILE *to = fopen(path, "we");
        if (!to) {
            _exit(1);
        }
        replay_write_trace(to, n);
        _exit(fclose(to) ? 1 : 0);
    }
    return pid;
}

static double run(bool quick)
{
    uint64_t first = quick ? 1000 : 1000000, last = 20 * first;
    char *folder = bench_make_folder();
    char path[4096];
    int status;

    snprintf(path, sizeof(path), "%s/fifo", folder);
    if (mkfifo(path, 0600)) {
        bench_fail("cannot make %s", path);
    }
    pid_t feeder = feed(path, last);
    struct i2cpt_adapter *adapter = replay_open(path, "strict");
    replay_ask(adapter, 0, first);
    long before = resident_kib();
    replay_ask(adapter, first, last);
    long after = resident_kib();
    i2cpt_adapter_unref(adapter);
    waitpid(feeder, &status, 0);
    unlink(path);
    bench_remove_folder(folder);
    return (double)(after - before);
}

const struct bench bench_replay_memory = {
    .name = "replay-memory",
    .about = "growth of resident memory from transfer 1 M to 20 M of a "
             "replay, in KiB",
    .unit = "KiB",
    .run = run,
};
