/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which change of a line is due: the rules of docs/trace-format.md, "Lines,
 * replayed", without threads and clocks. Times are the caller's.
 */
#ifndef I2CPT_REPLAY_LINE_EVENTS_H
#define I2CPT_REPLAY_LINE_EVENTS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "lines/lines.h"

/* Two changes of one line that stand at one place are at least so far apart,
 * or as far as they were recorded: whoever looks at levels sees both. */
#define REPLAY_CHANGE_NS 1000000u

/*
 * A change, in the order of the trace.
 *
 *   HELD     -> RELEASED   what stands before it has been asked for
 *   HELD     -> HELD       no transfer came for so long: it is told once
 *   RELEASED -> DELIVERED  the one before it is, and its time has come
 */
enum replay_change_state { CHANGE_HELD, CHANGE_RELEASED, CHANGE_DELIVERED };

/* A transfer that has to be asked for. */
struct replay_need {
    uint32_t address;    /* its sequence; strict: 0 */
    uint64_t index;      /* its number there */
    uint64_t line;       /* of the trace */
    uint64_t offset;     /* ... where that is */
    const void *request; /* lookup: what its request is known by */
};

struct replay_change {
    unsigned number; /* of lines/lines.h */
    bool level;
    uint64_t stamp_ns;
    uint64_t gap_ns; /* since the transfer before it ended, or the beginning */
    uint64_t line;   /* of the trace */
    uint64_t place;  /* the same for those with no transfer between them */
    guint first_need, n_needs; /* beside those of the changes before it */
    uint64_t released_ns;
};

struct replay_events {
    GArray *changes, *needs;
    bool by_request;   /* match=lookup */
    bool recorded;     /* timing=recorded */
    uint64_t stall_ns; /* 0: never */
    /* How many of its sequence were asked for, or with `by_request` how often
     * this request was; called in _begin() and _asked() alone. */
    uint64_t (*asked)(void *user, const struct replay_need *need);
    void (*deliver)(void *user, unsigned number, bool level, uint64_t now_ns);
    void (*stalled)(void *user, const struct replay_change *change,
                    const struct replay_need *missing);
    void *user;

    guint released, delivered;         /* so many of the changes are */
    const struct replay_need *missing; /* of the first that is held */
    bool told;                         /* that it is */
    uint64_t asked_before; /* by_request: when that one became the first */
    bool any;              /* a transfer has come, the last one at: */
    uint64_t last_ns;
    struct {
        bool any;
        uint64_t at_ns, stamp_ns, place;
    } last[LINES_MAX]; /* what was delivered of each line */
    uint64_t stalls;
};

void replay_events_init(struct replay_events *e);
void replay_events_clear(struct replay_events *e);
/* All changes are there. */
void replay_events_begin(struct replay_events *e, uint64_t now_ns);
/* A transfer has been asked for, whatever came of it. */
void replay_events_asked(struct replay_events *e, uint64_t now_ns);
/* Do what is due by now; when to call it again, UINT64_MAX: not by itself. */
uint64_t replay_events_run(struct replay_events *e, uint64_t now_ns);
/* The first that waits for a transfer, and for which; NULL: none does. */
const struct replay_change *replay_events_held(
    const struct replay_events *e, const struct replay_need **missing);
enum replay_change_state replay_events_state(const struct replay_events *e,
                                             guint index);

#endif
