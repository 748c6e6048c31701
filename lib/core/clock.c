/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The clock that deadlines are of. */
#include <time.h>

#include "core/clock.h"

uint64_t i2cpt_now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}
