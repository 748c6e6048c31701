/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs guest-rate/guest-rate.py, which has the guest and what it measures. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static double run(bool quick)
{
    char line[256], last[sizeof(line)] = "";
    FILE *pipe = popen(quick ? GUEST_RATE " --quick" : GUEST_RATE, "r");

    if (!pipe) {
        bench_fail("cannot run guest-rate.py");
    }
    while (fgets(line, sizeof(line), pipe)) {
        fputs(last, stdout);
        strcpy(last, line);
    }
    if (pclose(pipe)) {
        bench_fail("guest-rate.py failed");
    }
    return strtod(last, NULL);
}

const struct bench bench_guest_rate = {
    .name = "guest-rate",
    .about = "register reads of a bare-metal guest, of a stub over tmp105",
    .unit = "ratio",
    .run = run,
};
