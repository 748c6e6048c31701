/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libgpiod without GPIO: one chip, /dev/gpiochip7, with four lines, the second
 * of which is named "sensor-int", and the last of which is somebody else's. */
#ifndef FAKE_GPIOD_H
#define FAKE_GPIOD_H

#include <stdbool.h>
#include <stdint.h>

/* An edge to this level, at that time. */
void fake_gpiod_edge(unsigned offset, bool level, uint64_t stamp_ns);
/* Likewise, and by now it is back: an edge that the kernel had no room for. */
void fake_gpiod_short_edge(unsigned offset, bool level, uint64_t stamp_ns);
/* The level alone. */
void fake_gpiod_level(unsigned offset, bool level);
/* Edges there and back as soon as the line is open; or then and each time that
 * they are read. */
void fake_gpiod_early_edges(unsigned offset, bool without_end);
/* Reading from the line fails from now on, as where its chip has gone. */
void fake_gpiod_unplug(unsigned offset);
/* How many chips and lines are open. */
unsigned fake_gpiod_open_count(void);

#endif
