/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes of lines in a trace, on their way. */
#include "replay/line-events.h"

void replay_events_init(struct replay_events *e)
{
    e->changes = g_array_new(FALSE, TRUE, sizeof(struct replay_change));
    e->needs = g_array_new(FALSE, TRUE, sizeof(struct replay_need));
}

void replay_events_clear(struct replay_events *e)
{
    g_array_unref(e->changes);
    g_array_unref(e->needs);
}

static struct replay_change *change_at(const struct replay_events *e, guint i)
{
    return i < e->changes->len
               ? &g_array_index(e->changes, struct replay_change, i)
               : NULL;
}

static const struct replay_need *need_at(const struct replay_events *e, guint i)
{
    return &g_array_index(e->needs, struct replay_need, i);
}

/* The first of its transfers that has not been asked for; NULL: they all were.
 * By request there is one: its predecessor's, asked for since the change before
 * it was released. */
static const struct replay_need *missing(const struct replay_events *e,
                                         const struct replay_change *c)
{
    guint i;

    for (i = c->first_need; i < c->first_need + c->n_needs; i++) {
        const struct replay_need *need = need_at(e, i);
        uint64_t asked = e->asked(e->user, need);

        if (asked <= (e->by_request ? e->asked_before : need->index)) {
            return need;
        }
    }
    return NULL;
}

/* The next change becomes the first that is held. */
static void move_on(struct replay_events *e)
{
    const struct replay_change *c = change_at(e, e->released);

    e->told = false;
    if (e->by_request && c && c->n_needs) {
        e->asked_before = e->asked(e->user, need_at(e, c->first_need));
    }
}

static void release(struct replay_events *e, uint64_t now_ns)
{
    struct replay_change *c;

    while ((c = change_at(e, e->released)) && !(e->missing = missing(e, c))) {
        c->released_ns = now_ns;
        e->released++;
        move_on(e);
    }
}

static uint64_t due_ns(const struct replay_events *e,
                       const struct replay_change *c)
{
    uint64_t due = c->released_ns + (e->recorded ? c->gap_ns : 0);
    uint64_t gap;

    if (e->last[c->number].any && e->last[c->number].place == c->place) {
        gap = c->stamp_ns - MIN(c->stamp_ns, e->last[c->number].stamp_ns);
        due = MAX(due, e->last[c->number].at_ns + MIN(gap, REPLAY_CHANGE_NS));
    }
    return due;
}

static void deliver(struct replay_events *e, const struct replay_change *c,
                    uint64_t now_ns)
{
    e->last[c->number].any = true;
    e->last[c->number].at_ns = now_ns;
    e->last[c->number].stamp_ns = c->stamp_ns;
    e->last[c->number].place = c->place;
    e->delivered++;
    e->deliver(e->user, c->number, c->level, now_ns);
}

void replay_events_begin(struct replay_events *e, uint64_t now_ns)
{
    move_on(e);
    release(e, now_ns);
}

void replay_events_asked(struct replay_events *e, uint64_t now_ns)
{
    e->any = true;
    e->last_ns = now_ns;
    release(e, now_ns);
}

/* Whether the first that is held is held for too long: when that is looked at
 * again. */
static uint64_t run_stall(struct replay_events *e, uint64_t now_ns)
{
    const struct replay_change *c = change_at(e, e->released);

    if (!c || !e->any || e->told || !e->stall_ns) {
        return UINT64_MAX;
    }
    if (now_ns < e->last_ns + e->stall_ns) {
        return e->last_ns + e->stall_ns;
    }
    e->told = true;
    e->stalls++;
    e->stalled(e->user, c, e->missing);
    return UINT64_MAX;
}

uint64_t replay_events_run(struct replay_events *e, uint64_t now_ns)
{
    uint64_t stall_ns = run_stall(e, now_ns), due = UINT64_MAX;

    while (e->delivered < e->released) {
        const struct replay_change *c = change_at(e, e->delivered);

        due = due_ns(e, c);
        if (now_ns < due) {
            return MIN(due, stall_ns);
        }
        deliver(e, c, now_ns);
    }
    return stall_ns;
}

const struct replay_change *replay_events_held(
    const struct replay_events *e, const struct replay_need **missing)
{
    *missing = e->missing;
    return change_at(e, e->released);
}

enum replay_change_state replay_events_state(const struct replay_events *e,
                                             guint index)
{
    return index < e->delivered  ? CHANGE_DELIVERED
           : index < e->released ? CHANGE_RELEASED
                                 : CHANGE_HELD;
}
