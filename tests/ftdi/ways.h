/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FTDI_WAYS_H
#define FTDI_WAYS_H

#include "rig.h"

/* Every way that the same transfers are tried. */
static const struct {
    enum mpsse_chip chip;
    enum mpsse_encoding encoding;
    enum mpsse_stretching stretching;
} ways[] = {
    {MPSSE_FT232H, MPSSE_PACKED, MPSSE_STRETCH_OFF},
    {MPSSE_FT232H, MPSSE_PACKED, MPSSE_STRETCH_ADAPTIVE},
    {MPSSE_FT232H, MPSSE_BYTEWISE, MPSSE_STRETCH_OFF},
    {MPSSE_FT232H, MPSSE_BYTEWISE, MPSSE_STRETCH_ADAPTIVE},
    {MPSSE_FT232H, MPSSE_BYTEWISE, MPSSE_STRETCH_GPIO},
    {MPSSE_FT2232H, MPSSE_BYTEWISE, MPSSE_STRETCH_OFF},
    {MPSSE_FT2232H, MPSSE_BYTEWISE, MPSSE_STRETCH_ADAPTIVE},
    {MPSSE_FT2232H, MPSSE_BYTEWISE, MPSSE_STRETCH_GPIO},
    {MPSSE_FT4232H, MPSSE_BYTEWISE, MPSSE_STRETCH_OFF},
    {MPSSE_FT4232H, MPSSE_BYTEWISE, MPSSE_STRETCH_ADAPTIVE},
    {MPSSE_FT4232H, MPSSE_BYTEWISE, MPSSE_STRETCH_GPIO},
};
static const uint32_t frequencies[] = {400000, 100000, 1000000,
                                       10000,  83000,  100001};
#define WAYS        ((int)G_N_ELEMENTS(ways))
#define FREQUENCIES ((int)G_N_ELEMENTS(frequencies))
/* Where time is short: those of one chip. */
#define SOME_WAYS (rig_is_slow() ? 5 : WAYS)

static inline struct rig_config config_of(int way, int frequency, bool batch)
{
    return (struct rig_config){.chip = ways[way].chip,
                               .encoding = ways[way].encoding,
                               .stretching = ways[way].stretching,
                               .frequency_hz = frequencies[frequency],
                               .batch = batch};
}

/* Every way with every frequency, batch off and on; where time is short, each
 * way and batch with one of the frequencies. */
#define ALL_CONFIGS (WAYS * 2 * (rig_is_slow() ? 1 : FREQUENCIES))

static inline struct rig_config nth_config(int i)
{
    int way = i % WAYS, batch = i / WAYS % 2;

    return config_of(
        way, rig_is_slow() ? (way + 3 * batch) % FREQUENCIES : i / WAYS / 2,
        batch);
}

#endif
