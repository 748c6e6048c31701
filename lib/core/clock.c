/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The clock that deadlines are of. */
#include <errno.h>
#include <time.h>

#include "core/clock.h"

uint64_t i2cpt_now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void i2cpt_sleep_until(uint64_t until_ns)
{
    struct timespec ts = {(time_t)(until_ns / 1000000000u),
                          (long)(until_ns % 1000000000u)};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) ==
           EINTR) {
    }
}
