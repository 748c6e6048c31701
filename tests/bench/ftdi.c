/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What I2C costs on a dongle: USB round trips and bytes, and how much of the
 * time the wire is in use. */
#include <stdio.h>

#include "core/backend.h"
#include "bench.h"
#include "ftdi-way.h"
#include "core/deadline-thread.h"

static const struct ftdi_way ways[] = {
    {"FT232H packed", MPSSE_FT232H, MPSSE_PACKED, MPSSE_SET_BITS},
    {"FT232H bytewise", MPSSE_FT232H, MPSSE_BYTEWISE, MPSSE_SET_BITS},
    {"FT2232H bytewise", MPSSE_FT2232H, MPSSE_BYTEWISE, MPSSE_SET_BITS},
    {"FT232H packed", MPSSE_FT232H, MPSSE_PACKED, MPSSE_SHIFTED},
    {"FT232H bytewise", MPSSE_FT232H, MPSSE_BYTEWISE, MPSSE_SHIFTED},
    {"FT2232H bytewise", MPSSE_FT2232H, MPSSE_BYTEWISE, MPSSE_SHIFTED},
};
static const char *const edges[] = {"set-bits", "shifted"};
static const struct ftdi_shape shapes[] = {
    {"write register, 1 byte", 2, 0},   {"read register, 2 bytes", 1, 2},
    {"read register, 32 bytes", 1, 32}, {"read register, 256 bytes", 1, 256},
    {"write 256 bytes", 257, 0},
};
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
enum { PACKED, PACKED_SHIFTED = 3 };
enum { READ_2 = 1, READ_32 = 2, READ_256 = 3 };

/* -------------------------------------------------------------- round trips */

/*
 * A message is a round trip, with batch a transfer is. Packed bytes cost little
 * more than themselves; what comes on top are the conditions, at most so many
 * bytes for a message. Where pins are set for each of their times, eight times
 * more at 400 kHz.
 */
static const unsigned condition_bytes[] = {40 + 8 * 3, 40};

static double allowed(const struct ftdi_way *way, const struct ftdi_cost *cost)
{
    return 1.2 * cost->i2c_bytes + condition_bytes[way->edges] * cost->messages;
}

static void check(const struct ftdi_way *way, const struct ftdi_shape *shape,
                  bool batch, const struct ftdi_cost *cost)
{
    if (cost->round_trips != (batch ? 1 : cost->messages)) {
        bench_fail("%s, %s: %u round trips", way->name, shape->name,
                   cost->round_trips);
    }
    if (way->encoding == MPSSE_PACKED &&
        (double)cost->out_bytes > allowed(way, cost)) {
        bench_fail("%s, %s: %llu bytes out, more than %.1f", way->name,
                   shape->name, (unsigned long long)cost->out_bytes,
                   allowed(way, cost));
    }
}

static void print_cost(const struct ftdi_way *way,
                       const struct ftdi_shape *shape, bool batch,
                       const struct ftdi_cost *cost)
{
    char most[16] = "";

    if (way->encoding == MPSSE_PACKED) {
        snprintf(most, sizeof(most), "%.1f", allowed(way, cost));
    }
    printf("%-16s  %-8s  %-24s  %-5s  %8u  %9u  %11u  %6llu  %7s  %6llu  "
           "%8.2f\n",
           way->name, edges[way->edges], shape->name, batch ? "on" : "off",
           cost->messages, cost->i2c_bytes, cost->round_trips,
           (unsigned long long)cost->out_bytes, most,
           (unsigned long long)cost->in_bytes,
           (double)cost->out_bytes / cost->i2c_bytes);
}

/* How long the times of conditions are depends on the frequency. With shifted
 * edges it is only what SCL has to stay low beyond the engine's own half of a
 * clock; where that is nothing, 40 bytes are enough for two messages too. */
static void print_by_frequency(const struct ftdi_way *way)
{
    static const uint32_t frequencies_hz[] = {100000, 250000, 400000, 1000000};
    const uint32_t no_fill_hz = 250000;
    struct ftdi_cost cost = {0};

    printf("\nOUT by frequency, %s, edges=%s\n%-24s  %-5s  %7s", way->name,
           edges[way->edges], "transfer", "batch", "1.2+40");
    for (size_t f = 0; f < COUNT(frequencies_hz); f++) {
        printf("  %4u kHz", frequencies_hz[f] / 1000);
    }
    for (size_t row = 0; row < 2 * COUNT(shapes); row++) {
        const struct ftdi_shape *shape = &shapes[row / 2];
        double most = 0;

        for (size_t f = 0; f < COUNT(frequencies_hz); f++) {
            cost =
                ftdi_way_cost(way, frequencies_hz[f], row % 2, false, shape, 1);
            most = 1.2 * cost.i2c_bytes + condition_bytes[MPSSE_SHIFTED];
            if (!f) {
                printf("\n%-24s  %-5s  %7.1f", shape->name,
                       row % 2 ? "on" : "off", most);
            }
            printf("  %8llu", (unsigned long long)cost.out_bytes);
            if (way->edges == MPSSE_SHIFTED &&
                frequencies_hz[f] == no_fill_hz &&
                (double)cost.out_bytes > most) {
                bench_fail("%s: more than %.1f bytes out", shape->name, most);
            }
        }
    }
    printf("\n");
}

static double round_trips(bool quick)
{
    struct ftdi_cost cost;
    double value = 0;

    printf("At 400 kHz; allowed: 1.2 a byte and %u (shifted: %u) a message\n"
           "%-16s  %-8s  %-24s  %-5s  %8s  %9s  %11s  %6s  %7s  %6s  %8s\n",
           condition_bytes[MPSSE_SET_BITS], condition_bytes[MPSSE_SHIFTED],
           "chip, encoding", "edges", "transfer", "batch", "messages",
           "I2C bytes", "round trips", "OUT", "allowed", "IN", "OUT/byte");
    for (size_t w = 0; w < COUNT(ways); w++) {
        for (size_t s = 0; s < COUNT(shapes); s++) {
            for (int batch = 0; batch < 2; batch++) {
                cost = ftdi_way_cost(&ways[w], 400000, batch, false, &shapes[s],
                                     1);
                print_cost(&ways[w], &shapes[s], batch, &cost);
                check(&ways[w], &shapes[s], batch, &cost);
                if (w == PACKED && s == READ_32 && !batch) {
                    value = cost.round_trips;
                }
            }
        }
    }
    print_by_frequency(&ways[PACKED]);
    print_by_frequency(&ways[PACKED_SHIFTED]);
    return value;
}

const struct bench bench_ftdi_round_trips = {
    .name = "ftdi-round-trips",
    .about = "USB round trips and bytes of transfers on a dongle; the value "
             "is a register read of 32 bytes",
    .unit = "round-trips",
    .run = round_trips,
};

/* --------------------------------------------------------------- efficiency */

static double percent(const struct ftdi_way *way, uint32_t frequency_hz,
                      bool batch, bool pipelined, size_t shape, unsigned n)
{
    struct ftdi_cost cost =
        ftdi_way_cost(way, frequency_hz, batch, pipelined, &shapes[shape], n);

    return 100.0 * (double)cost.wire_ns / (double)cost.elapsed_ns;
}

/* Two things that make little of the wire, and how much each is to make of it
 * at 400 kHz: a transfer that waits for the one before, and one that is
 * submitted while others are under way. */
static const struct {
    size_t shape;
    bool batch, pipelined;
    double least;
} aims[] = {
    {READ_256, false, false, 90},
    {READ_256, true, false, 95},
    {READ_2, true, true, 80},
};

static void check_aims(size_t shape, bool batch, bool pipelined, double value)
{
    for (size_t i = 0; i < COUNT(aims); i++) {
        if (aims[i].shape == shape && aims[i].batch == batch &&
            aims[i].pipelined == pipelined && value < aims[i].least) {
            bench_fail("%s at 400 kHz: %.1f %%, less than %.0f",
                       shapes[shape].name, value, aims[i].least);
        }
    }
}

static double print_efficiency(const struct ftdi_way *ftdi_way, unsigned n)
{
    static const uint32_t frequencies_hz[] = {100000, 400000, 1000000};
    static const size_t reads[] = {READ_2, READ_32, READ_256};
    double is, value = 0;

    printf("Wire time over elapsed time, %s, edges=%s, %u transfers, in %%\n"
           "%-24s  %9s  %21s  %21s\n%-24s  %9s  %9s  %10s  %9s  %10s\n",
           ftdi_way->name, edges[ftdi_way->edges], n, "", "",
           "one after the other", "submitted at once", "transfer", "frequency",
           "batch=off", "batch=on", "batch=off", "batch=on");
    for (size_t row = 0; row < COUNT(reads) * COUNT(frequencies_hz); row++) {
        size_t shape = reads[row / COUNT(frequencies_hz)];
        uint32_t hz = frequencies_hz[row % COUNT(frequencies_hz)];

        printf("%-24s  %5u kHz", shapes[shape].name, hz / 1000);
        for (int way = 0; way < 4; way++) {
            is = percent(ftdi_way, hz, way % 2, way / 2, shape, n);
            printf("  %*.1f", way % 2 ? 10 : 9, is);
            if (hz == 400000) {
                check_aims(shape, way % 2, way / 2, is);
                value = !way && shape == READ_256 ? is : value;
            }
        }
        printf("\n");
    }
    return value;
}

static double efficiency(bool quick)
{
    unsigned n = quick ? 30 : 100;
    double value = print_efficiency(&ways[PACKED], n);

    printf("\n");
    print_efficiency(&ways[PACKED_SHIFTED], n);
    return value;
}

const struct bench bench_ftdi_efficiency = {
    .name = "ftdi-efficiency",
    .about = "wire time over elapsed time on a dongle, in simulated time; the "
             "value is a read of 256 bytes at 400 kHz",
    .unit = "%",
    .run = efficiency,
};
