/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FTDI_WAYS_H
#define FTDI_WAYS_H

#include "rig.h"

/* Every way that the same transfers are tried; first those with the default
 * edges, and of these first an FT232H's, that see their own bits. */
static const struct {
    enum mpsse_chip chip;
    enum mpsse_encoding encoding;
    enum mpsse_stretching stretching;
    enum mpsse_edges edges;
} ways[] = {
    {MPSSE_FT232H, MPSSE_PACKED, MPSSE_STRETCH_OFF, MPSSE_SET_BITS},
    {MPSSE_FT232H, MPSSE_BYTEWISE, MPSSE_STRETCH_OFF, MPSSE_SET_BITS},
    {MPSSE_FT232H, MPSSE_BYTEWISE, MPSSE_STRETCH_GPIO, MPSSE_SET_BITS},
    {MPSSE_FT232H, MPSSE_BYTEWISE, MPSSE_STRETCH_ADAPTIVE, MPSSE_SET_BITS},
    {MPSSE_FT2232H, MPSSE_BYTEWISE, MPSSE_STRETCH_OFF, MPSSE_SET_BITS},
    {MPSSE_FT2232H, MPSSE_BYTEWISE, MPSSE_STRETCH_ADAPTIVE, MPSSE_SET_BITS},
    {MPSSE_FT2232H, MPSSE_BYTEWISE, MPSSE_STRETCH_GPIO, MPSSE_SET_BITS},
    {MPSSE_FT4232H, MPSSE_BYTEWISE, MPSSE_STRETCH_OFF, MPSSE_SET_BITS},
    {MPSSE_FT4232H, MPSSE_BYTEWISE, MPSSE_STRETCH_ADAPTIVE, MPSSE_SET_BITS},
    {MPSSE_FT4232H, MPSSE_BYTEWISE, MPSSE_STRETCH_GPIO, MPSSE_SET_BITS},
    {MPSSE_FT232H, MPSSE_PACKED, MPSSE_STRETCH_OFF, MPSSE_SHIFTED},
    {MPSSE_FT232H, MPSSE_BYTEWISE, MPSSE_STRETCH_OFF, MPSSE_SHIFTED},
    {MPSSE_FT232H, MPSSE_BYTEWISE, MPSSE_STRETCH_GPIO, MPSSE_SHIFTED},
    {MPSSE_FT232H, MPSSE_BYTEWISE, MPSSE_STRETCH_ADAPTIVE, MPSSE_SHIFTED},
    {MPSSE_FT2232H, MPSSE_BYTEWISE, MPSSE_STRETCH_OFF, MPSSE_SHIFTED},
    {MPSSE_FT2232H, MPSSE_BYTEWISE, MPSSE_STRETCH_ADAPTIVE, MPSSE_SHIFTED},
    {MPSSE_FT2232H, MPSSE_BYTEWISE, MPSSE_STRETCH_GPIO, MPSSE_SHIFTED},
};
static const uint32_t frequencies[] = {400000, 100000, 1000000,
                                       10000,  83000,  100001};
#define WAYS        ((int)G_N_ELEMENTS(ways))
#define FREQUENCIES ((int)G_N_ELEMENTS(frequencies))
/* Where time is short: those of one chip. */
#define SOME_WAYS       (rig_is_slow() ? 4 : WAYS)
#define DEFAULT_WAYS    10 /* edges=set-bits */
#define OPEN_DRAIN_WAYS 4  /* ... of an FT232H */
#define SEEING_WAYS     3  /* ... and read their own bits back */

/*
 * What silicon does with a clocked command while SCL is an input is not known.
 * With shifted edges its time has to pass; the default edges must not ask for
 * it, so there the model does one of two things that would be fatal.
 */
static inline enum vchip_input_clock input_clock_of(int way, int frequency)
{
    return ways[way].edges == MPSSE_SHIFTED ? VCHIP_PASSES
           : (way + frequency) % 2          ? VCHIP_NONE
                                            : VCHIP_DRIVES;
}

static inline struct rig_config config_of(int way, int frequency, bool batch)
{
    return (struct rig_config){.chip = ways[way].chip,
                               .encoding = ways[way].encoding,
                               .stretching = ways[way].stretching,
                               .edges = ways[way].edges,
                               .frequency_hz = frequencies[frequency],
                               .input_clock = input_clock_of(way, frequency),
                               .batch = batch};
}

/* Every way with every frequency, batch off and on; where time is short, each
 * way and batch with one of the frequencies. */
#define ALL_CONFIGS (WAYS * 2 * (rig_is_slow() ? 1 : FREQUENCIES))

static inline struct rig_config nth_of(int i, int n)
{
    int way = i % n, batch = i / n % 2;

    return config_of(
        way, rig_is_slow() ? (way + 3 * batch) % FREQUENCIES : i / n / 2,
        batch);
}

static inline struct rig_config nth_config(int i)
{
    return nth_of(i, WAYS);
}

/* Those of the default edges once more, with the other kind of chip. */
#define OTHER_CONFIGS (rig_is_slow() ? 0 : DEFAULT_WAYS * 2 * FREQUENCIES)

static inline struct rig_config nth_other(int i)
{
    struct rig_config config = nth_of(i, DEFAULT_WAYS);

    config.input_clock =
        config.input_clock == VCHIP_NONE ? VCHIP_DRIVES : VCHIP_NONE;
    return config;
}

#endif
