/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two open-drain lines, the queue of events, and every edge kept. */
#include <glib.h>

#include "wire.h"

#define MAX_LISTENERS 16

struct listener {
    void (*edge)(void *user, enum wire_line line, bool level);
    void *user;
};

struct line {
    struct wire *w;
    enum wire_line name;
    uint64_t low, high; /* masks of drivers */
    bool level;
    bool rising; /* released, the pull-up is at it */
    bool risen;  /* ... and has done it */
    bool fight;
    struct wire_event rise;
};

struct wire {
    uint64_t now_ns;
    uint64_t order;
    struct wire_event *queue; /* by time and order */
    unsigned rise_ns;
    struct line lines[WIRE_LINES];
    unsigned n_drivers, n_listeners, fights;
    struct listener listeners[MAX_LISTENERS];
    bool settling;
    GArray *edges;
};

/* ------------------------------------------------------------------- events */

uint64_t wire_now(const struct wire *w)
{
    return w->now_ns;
}

void wire_cancel(struct wire *w, struct wire_event *ev)
{
    struct wire_event **at = &w->queue;

    if (!ev->queued) {
        return;
    }
    while (*at != ev) {
        at = &(*at)->next;
    }
    *at = ev->next;
    ev->queued = false;
}

void wire_at(struct wire *w, struct wire_event *ev, uint64_t at_ns)
{
    struct wire_event **at = &w->queue;

    wire_cancel(w, ev);
    if (at_ns == WIRE_FOREVER) {
        return;
    }
    ev->at_ns = MAX(at_ns, w->now_ns);
    ev->order = w->order++;
    while (*at && (*at)->at_ns <= ev->at_ns) {
        at = &(*at)->next;
    }
    ev->next = *at;
    *at = ev;
    ev->queued = true;
}

bool wire_step(struct wire *w, uint64_t until_ns)
{
    struct wire_event *ev = w->queue;

    if (!ev || ev->at_ns > until_ns) {
        w->now_ns = MAX(w->now_ns, until_ns);
        return false;
    }
    w->queue = ev->next;
    ev->queued = false;
    w->now_ns = ev->at_ns;
    ev->fn(ev->user);
    return true;
}

void wire_run(struct wire *w, uint64_t until_ns)
{
    while (wire_step(w, until_ns)) {
    }
}

/* -------------------------------------------------------------------- lines */

/* What the drivers make of it now; a pull-up takes its time. */
static bool wanted(struct line *l)
{
    if (l->low) {
        l->rising = l->risen = false;
        wire_cancel(l->w, &l->rise);
        return false;
    }
    if (l->high || l->level || l->risen || !l->w->rise_ns) {
        l->rising = l->risen = false;
        wire_cancel(l->w, &l->rise);
        return true;
    }
    if (!l->rising) {
        l->rising = true;
        wire_at(l->w, &l->rise, l->w->now_ns + l->w->rise_ns);
    }
    return false;
}

static void tell(struct line *l)
{
    struct wire *w = l->w;
    struct wire_edge edge = {w->now_ns, l->name, l->level};
    unsigned i;

    g_array_append_val(w->edges, edge);
    for (i = 0; i < w->n_listeners; i++) {
        w->listeners[i].edge(w->listeners[i].user, l->name, edge.level);
    }
}

static void settle(struct wire *w)
{
    struct line *l;
    bool changed;

    if (w->settling) {
        return;
    }
    w->settling = true;
    do {
        changed = false;
        for (l = w->lines; l < w->lines + WIRE_LINES; l++) {
            if (wanted(l) != l->level) {
                l->level = !l->level;
                tell(l);
                changed = true;
            }
        }
    } while (changed);
    w->settling = false;
}

static void risen(void *user)
{
    struct line *l = user;

    l->risen = true;
    settle(l->w);
}

void wire_drive(struct wire *w, unsigned driver, enum wire_line line,
                enum wire_drive drive)
{
    struct line *l = &w->lines[line];
    uint64_t bit = (uint64_t)1 << driver;

    l->low = drive == WIRE_LOW ? l->low | bit : l->low & ~bit;
    l->high = drive == WIRE_HIGH ? l->high | bit : l->high & ~bit;
    if (l->low && l->high && !l->fight) {
        w->fights++;
    }
    l->fight = l->low && l->high;
    settle(w);
}

bool wire_level(const struct wire *w, enum wire_line line)
{
    return w->lines[line].level;
}

unsigned wire_driver(struct wire *w)
{
    g_assert(w->n_drivers < 64);
    return w->n_drivers++;
}

void wire_listen(struct wire *w,
                 void (*edge)(void *user, enum wire_line line, bool level),
                 void *user)
{
    g_assert(w->n_listeners < MAX_LISTENERS);
    w->listeners[w->n_listeners++] = (struct listener){edge, user};
}

unsigned wire_fights(const struct wire *w)
{
    return w->fights;
}

const struct wire_edge *wire_edges(const struct wire *w, size_t *n)
{
    *n = w->edges->len;
    return &g_array_index(w->edges, struct wire_edge, 0);
}

void wire_forget(struct wire *w)
{
    g_array_set_size(w->edges, 0);
}

struct wire *wire_new(unsigned rise_ns)
{
    struct wire *w = g_new0(struct wire, 1);
    unsigned i;

    w->rise_ns = rise_ns;
    w->edges = g_array_new(FALSE, FALSE, sizeof(struct wire_edge));
    for (i = 0; i < WIRE_LINES; i++) {
        w->lines[i] = (struct line){.w = w, .name = i, .level = true};
        w->lines[i].rise =
            (struct wire_event){.fn = risen, .user = &w->lines[i]};
    }
    return w;
}

void wire_free(struct wire *w)
{
    if (w) {
        g_array_free(w->edges, TRUE);
        g_free(w);
    }
}
