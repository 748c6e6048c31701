/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How fast a trace answers in strict order: opening it, reading it, and one
 * i2cpt_transfer() of four bytes for each of its lines. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "replay.h"

static void replay(void *user, uint32_t n)
{
    struct i2cpt_adapter *adapter = replay_open(user, "strict");

    replay_ask(adapter, 0, n);
    i2cpt_adapter_unref(adapter);
}

static double run(bool quick)
{
    uint32_t n = bench_work(quick, 1000000);
    char *folder = bench_make_folder();
    char path[4096];

    snprintf(path, sizeof(path), "%s/rate.i2ct", folder);
    FILE *file = fopen(path, "we");
    if (!file) {
        bench_fail("cannot write %s", path);
    }
    replay_write_trace(file, n);
    if (fclose(file)) {
        bench_fail("cannot write %s", path);
    }
    uint64_t ns = bench_fastest_ns(bench_rounds(quick), replay, path, n);
    unlink(path);
    bench_remove_folder(folder);
    return n * 1e3 / (double)ns;
}

const struct bench bench_replay_rate = {
    .name = "replay-rate",
    .about = "strict replay of transfers of 4 bytes, parsing included, in "
             "millions a second",
    .unit = "million/s",
    .run = run,
    .step = "line",
    .per_round = 1,
};
