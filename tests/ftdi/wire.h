/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two open-drain lines with pull-ups, SCL and SDA, in simulated time: the queue
 * of events that makes the time go on, who drives what, every edge kept, and
 * those edges as VCD. One thread; nothing here waits for real time.
 */
#ifndef FTDI_WIRE_H
#define FTDI_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wire_line { WIRE_SCL, WIRE_SDA, WIRE_LINES, WIRE_NONE = WIRE_LINES };
enum wire_drive { WIRE_RELEASE, WIRE_LOW, WIRE_HIGH };

#define WIRE_FOREVER UINT64_MAX

struct wire;

/* A line that nobody drives is high `rise_ns` after the last one let go. */
struct wire *wire_new(unsigned rise_ns);
void wire_free(struct wire *w);

/* ------------------------------------------------------------------- events */

struct wire_event {
    void (*fn)(void *user);
    void *user;
    uint64_t at_ns; /* while queued */
    uint64_t order; /* of those at one time, the first asked for */
    struct wire_event *next;
    bool queued;
};

uint64_t wire_now(const struct wire *w);
/* Call ev->fn at that time (now, if it is past); an event that is queued
 * already moves. The caller keeps `ev` until it was called or cancelled. */
void wire_at(struct wire *w, struct wire_event *ev, uint64_t at_ns);
void wire_cancel(struct wire *w, struct wire_event *ev);
/* One event, if there is one until then, or else the clock goes there: whether
 * there was one. */
bool wire_step(struct wire *w, uint64_t until_ns);
void wire_run(struct wire *w, uint64_t until_ns);

/* -------------------------------------------------------------------- lines */

/* A new driver, which drives nothing yet; at most 64. */
unsigned wire_driver(struct wire *w);
void wire_drive(struct wire *w, unsigned driver, enum wire_line line,
                enum wire_drive drive);
bool wire_level(const struct wire *w, enum wire_line line);
/* Called at each edge, when the lines are as they are then. A listener may
 * drive: the edges that follow come after this one was told to all. */
void wire_listen(struct wire *w,
                 void (*edge)(void *user, enum wire_line line, bool level),
                 void *user);
/* How often one drove a line high that another held low: a short circuit. */
unsigned wire_fights(const struct wire *w);

/* ------------------------------------------------------- edges, VCD (vcd.c) */

struct wire_edge {
    uint64_t at_ns;
    enum wire_line line;
    bool level;
};

/* All edges since the beginning or the last wire_forget(). */
const struct wire_edge *wire_edges(const struct wire *w, size_t *n);
void wire_forget(struct wire *w);
/* Times without an edge that are longer than that are cut to it. 0 or a
 * negative errno. */
int wire_write_vcd(const struct wire *w, const char *path, uint64_t max_gap_ns);

#endif
