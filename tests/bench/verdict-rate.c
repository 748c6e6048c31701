/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long the verdict of match=lookup takes by the transfers of the trace,
 * half of which were not asked for: as much a transfer however many there are.
 */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "i2cpt-trace.h"
#include "replay.h"

#define ADDRESS 0x50

static void write_trace(const char *path, uint32_t n)
{
    FILE *to = fopen(path, "we");

    if (!to) {
        bench_fail("cannot write %s", path);
    }
    fputs("i2cpt-trace 1\nadapter: benchmark\n", to);
    for (uint32_t i = 0; i < n; i++) {
        fprintf(to, "%u.0 +0.000310 w2@0x%02x %02x %02x r1 = 00\n", i, ADDRESS,
                i >> 8 & 0xff, i & 0xff);
    }
    fprintf(to, "end %u\n", n);
    if (fclose(to)) {
        bench_fail("cannot write %s", path);
    }
}

static void ask_half(struct i2cpt_adapter *a, uint32_t n)
{
    for (uint32_t i = 0; i < n; i += 2) {
        uint8_t out[] = {(uint8_t)(i >> 8), (uint8_t)i}, in;
        struct i2cpt_msg msgs[] = {
            {.addr = ADDRESS, .len = 2, .buf = out},
            {.addr = ADDRESS, .flags = I2CPT_M_RD, .len = 1, .buf = &in},
        };
        struct i2cpt_fault fault;

        bench_check("replay", i2cpt_transfer(a, msgs, 2, &fault), &fault);
    }
}

static void verdicts(void *user, uint32_t n)
{
    struct i2cpt_trace_verdict v = {.size = sizeof(v)};
    struct i2cpt_fault fault;

    bench_check("verdict", i2cpt_trace_adapter_verdict(user, &v, &fault),
                &fault);
    if (v.remaining != n / 2 || v.next_lines[0] != 4) {
        bench_fail("%" PRIu64 " of %u remain, the first in line %" PRIu64,
                   v.remaining, n, v.next_lines[0]);
    }
}

static double run(bool quick)
{
    uint32_t n = quick ? 1000 : 60000;
    char *folder = bench_make_folder(), path[4096];
    struct i2cpt_adapter *a;

    snprintf(path, sizeof(path), "%s/verdict.i2ct", folder);
    write_trace(path, n);
    a = replay_open(path, "lookup");
    ask_half(a, n);
    uint64_t ns = bench_fastest_ns(quick ? 1 : BENCH_ROUNDS, verdicts, a, n);
    i2cpt_adapter_unref(a);
    unlink(path);
    bench_remove_folder(folder);
    return n * 1e3 / (double)ns;
}

const struct bench bench_verdict_rate = {
    .name = "verdict-rate",
    .about = "the verdict of match=lookup over 60 000 transfers, half of them "
             "left over, in millions a second",
    .unit = "million/s",
    .run = run,
};
