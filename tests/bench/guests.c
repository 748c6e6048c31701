/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs the benchmarks that have guests, which are scripts: what they print, and
 * the value, which is their last line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static double run_script(const char *command, bool quick)
{
    char line[2048], last[256] = "";
    FILE *pipe;

    snprintf(line, sizeof(line), "%s%s", command, quick ? " --quick" : "");
    pipe = popen(line, "r");
    if (!pipe) {
        bench_fail("cannot run a script");
    }
    while (fgets(line, sizeof(last), pipe)) {
        fputs(last, stdout);
        strcpy(last, line);
    }
    if (pclose(pipe)) {
        bench_fail("the guest's script failed");
    }
    return strtod(last, NULL);
}

#ifdef GUEST_RATE
static double run_guest_rate(bool quick)
{
    return run_script(GUEST_RATE, quick);
}

const struct bench bench_guest_rate = {
    .name = "guest-rate",
    .about = "register reads of a bare-metal guest, of a stub over tmp105",
    .unit = "ratio",
    .run = run_guest_rate,
};
#endif

#ifdef GUEST_STALL
static double run_guest_stall(bool quick)
{
    return run_script(GUEST_STALL, quick);
}

const struct bench bench_guest_stall = {
    .name = "guest-stall",
    .about = "a guest's loop during a slow transfer, over nrf51-twi",
    .unit = "ratio",
    .run = run_guest_stall,
};
#endif

#ifdef VHOST_RATE
static double run_vhost_rate(bool quick)
{
    return run_script(VHOST_RATE, quick);
}

const struct bench bench_vhost_rate = {
    .name = "vhost-rate",
    .about = "register reads of a Linux guest, over virtio over QEMU's EEPROM",
    .unit = "ratio",
    .run = run_vhost_rate,
};
#endif
