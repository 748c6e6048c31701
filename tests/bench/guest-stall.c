/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs guest-stall/guest-stall.py, which has the guests and what it measures.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static double run(bool quick)
{
    char line[256], last[sizeof(line)] = "";
    FILE *pipe = popen(quick ? GUEST_STALL " --quick" : GUEST_STALL, "r");

    if (!pipe) {
        bench_fail("cannot run guest-stall.py");
    }
    while (fgets(line, sizeof(line), pipe)) {
        fputs(last, stdout);
        strcpy(last, line);
    }
    if (pclose(pipe)) {
        bench_fail("guest-stall.py failed");
    }
    return strtod(last, NULL);
}

const struct bench bench_guest_stall = {
    .name = "guest-stall",
    .about = "a guest's loop during a slow transfer, over nrf51-twi",
    .unit = "ratio",
    .run = run,
};
