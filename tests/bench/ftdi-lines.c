/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an input line on a dongle's pin costs the transfers beside it. */
#include <stdio.h>

#include "core/backend.h"
#include "bench.h"
#include "ftdi-way.h"
#include "core/deadline-thread.h"

/* The back end's default, and what its transfers may lose by it. */
#define POLL_US 10000u
#define LEAST   0.98

/* One pin of each port, so that both are asked for. */
#define PINS 0x0840u

static const struct ftdi_shape shapes[] = {
    {"write register, 1 byte", 2, 0},   {"read register, 2 bytes", 1, 2},
    {"read register, 32 bytes", 1, 32}, {"read register, 256 bytes", 1, 256},
    {"write 256 bytes", 257, 0},
};
static const uint32_t frequencies_hz[] = {100000, 400000, 1000000};
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* How transfers follow each other. */
enum follow { ONE_BY_ONE, AT_ONCE, NOW_AND_THEN, FOLLOWS };
static const char *const follows[] = {"one by one", "at once", "now and then"};

static uint64_t elapsed_ns(const struct ftdi_way *way, enum follow follow,
                           uint32_t hz, const struct ftdi_shape *shape,
                           unsigned n)
{
    return follow == NOW_AND_THEN
               ? ftdi_way_answer_ns(way, hz, shape, POLL_US, n)
               : ftdi_way_cost(way, hz, follow == AT_ONCE, follow == AT_ONCE,
                               shape, n)
                     .elapsed_ns;
}

/* Of the time with a line, that without one. */
static double ratio(const struct ftdi_way *way, enum follow follow, uint32_t hz,
                    const struct ftdi_shape *shape, unsigned n)
{
    struct ftdi_way with = *way;
    uint64_t without_ns = elapsed_ns(way, follow, hz, shape, n);

    with.lines = PINS;
    with.line_poll_us = POLL_US;
    return (double)without_ns / (double)elapsed_ns(&with, follow, hz, shape, n);
}

static double print_way(const struct ftdi_way *way, unsigned n)
{
    double least = 1;

    printf("\n%-24s  %9s", way->name, "frequency");
    for (int follow = 0; follow < FOLLOWS; follow++) {
        printf("  %12s", follows[follow]);
    }
    for (size_t row = 0; row < COUNT(shapes) * COUNT(frequencies_hz); row++) {
        const struct ftdi_shape *shape = &shapes[row / COUNT(frequencies_hz)];
        uint32_t hz = frequencies_hz[row % COUNT(frequencies_hz)];

        printf("\n%-24s  %5u kHz", shape->name, hz / 1000);
        for (int follow = 0; follow < FOLLOWS; follow++) {
            double is = ratio(way, (enum follow)follow, hz, shape, n);

            printf("  %12.4f", is);
            least = is < least ? is : least;
        }
    }
    printf("\n");
    return least;
}

static double line_overhead(bool quick)
{
    static const struct ftdi_way ways[] = {
        {"FT232H packed", MPSSE_FT232H, MPSSE_PACKED, MPSSE_SET_BITS},
        {"FT2232H bytewise", MPSSE_FT2232H, MPSSE_BYTEWISE, MPSSE_SET_BITS},
    };
    double least = 1, is;

    printf("Time of transfers without a line over that with one, "
           "line-poll-us=%u\n",
           POLL_US);
    for (size_t w = 0; w < COUNT(ways); w++) {
        is = print_way(&ways[w], quick ? 40 : 400);
        least = is < least ? is : least;
    }
    if (!quick && least < LEAST) {
        bench_fail("a line costs more than %.0f %%: %.4f", 100 * (1 - LEAST),
                   least);
    }
    return least;
}

const struct bench bench_ftdi_line_overhead = {
    .name = "ftdi-line-overhead",
    .about = "time of transfers without an input line over that with one on "
             "the virtual dongle's pins, the least of a table, in simulated "
             "time",
    .unit = "ratio",
    .run = line_overhead,
};
