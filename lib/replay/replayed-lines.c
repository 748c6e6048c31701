/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lines of a trace: its `irq` events are read when it is opened, and a
 * thread delivers those whose time comes between two transfers.
 */
#include "replay/replayed-lines.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/deadline-thread.h"
#include "core/fault.h"
#include "core/log.h"
#include "i2cpt-trace.h"
#include "lines/lines.h"
#include "replay/line-events.h"
#include "trace/irq.h"

struct replayed_lines {
    struct trace_match *m;
    struct i2cpt_lines *lines;
    struct i2cpt_timer *timer;
    struct i2cpt_trace_reader *reader; /* for what a message says */
    pthread_mutex_t lock;              /* all below, and `lines` behind it */
    struct replay_events events;
    char *to_tell; /* a message, when the lock has been given up */
    uint64_t stalled_line, stalled_for;
    char stalled[256];
};

/* --------------------------------------------------------------- the events */

static uint64_t position(const struct trace_seq *seq)
{
    return seq && !seq->rounds ? seq->pos : UINT64_MAX;
}

/* In a call of the bus, or before there are any. */
static uint64_t asked(void *user, const struct replay_need *need)
{
    struct replayed_lines *r = user;
    const struct trace_source *s = &r->m->source;
    const struct trace_script *script = need->request;

    if (script) {
        return script->asked;
    }
    return position(s->mode == TRACE_STRICT ? &s->all
                                            : s->by_address[need->address]);
}

static void deliver(void *user, unsigned number, bool level, uint64_t now_ns)
{
    struct replayed_lines *r = user;

    lines_set(r->lines, number, level, now_ns);
}

/* The text of a line of the trace; g_free()d by the caller. */
static char *line_text(struct replayed_lines *r, uint64_t offset)
{
    const struct i2cpt_trace_line *line;
    char text[160];

    trace_reader_seek(r->reader, offset);
    if (i2cpt_trace_reader_next(r->reader, &line, NULL) != 1) {
        return g_strdup("");
    }
    i2cpt_trace_line_format(line, text, sizeof(text));
    return g_strdup(text);
}

static void stalled(void *user, const struct replay_change *c,
                    const struct replay_need *missing)
{
    struct replayed_lines *r = user;
    g_autofree char *text = line_text(r, missing->offset);
    char what[sizeof(r->stalled)];

    snprintf(what, sizeof(what),
             "%s:%" G_GUINT64_FORMAT ": irq %s %d is held back: no transfer "
             "comes, and line %" G_GUINT64_FORMAT " was not asked for: %s",
             trace_reader_name(r->reader), c->line,
             lines_name(r->lines, c->number), c->level, missing->line, text);
    if (!r->stalled_line) {
        r->stalled_line = c->line;
        r->stalled_for = missing->line;
        memcpy(r->stalled, what, sizeof(what));
    }
    g_free(r->to_tell);
    r->to_tell = g_strdup(what);
}

static void run_locked(struct replayed_lines *r, uint64_t now_ns)
{
    i2cpt_timer_set(r->timer, replay_events_run(&r->events, now_ns));
}

static void time_has_come(void *user)
{
    struct replayed_lines *r = user;
    char *to_tell;

    pthread_mutex_lock(&r->lock);
    run_locked(r, i2cpt_now_ns());
    to_tell = r->to_tell;
    r->to_tell = NULL;
    pthread_mutex_unlock(&r->lock);
    if (to_tell) {
        i2cpt_log(I2CPT_LOG_WARNING, "%s", to_tell);
        g_free(to_tell);
    }
}

static uint64_t now_ns(void *user)
{
    return i2cpt_now_ns();
}

void replay_lines_asked(struct replayed_lines *r)
{
    uint64_t now;

    if (!r) {
        return;
    }
    pthread_mutex_lock(&r->lock);
    /* one time for both: none is held for too long right now, or nobody here
     * would tell it */
    now = i2cpt_now_ns();
    replay_events_asked(&r->events, now);
    run_locked(r, now);
    pthread_mutex_unlock(&r->lock);
}

/* ------------------------------------------------------- reading the trace */

/* Of the pass over the trace. */
struct pass {
    struct replayed_lines *r;
    uint64_t counts[TRACE_ADDRESSES]; /* transfers so far; [0] strict */
    GArray *open;   /* of struct replay_need, not used yet: of each sequence
                     * its last, lookup: the last of all */
    GHashTable *at; /* sequence (lookup: 0) + 1: where it is in `open`, + 1 */
    uint64_t place, end_ns;              /* of the last transfer */
    GPtrArray *scripts[TRACE_ADDRESSES]; /* lookup, where they were needed */
    bool known[LINES_MAX];
    bool level[LINES_MAX];
    bool unnamed; /* one was, which has been told */
};

/* Of each address the last transfer since the last change counts, since they
 * are in order. */
static void note_transfer(struct pass *p, const struct i2cpt_trace_line *line)
{
    const struct i2cpt_trace_transfer *t = &line->transfer;
    bool strict = p->r->m->mode == TRACE_STRICT;
    uint32_t address =
        strict ? 0 : trace_address_index(t->msgs[0].addr, t->msgs[0].flags);
    struct replay_need need = {.address = address,
                               .index = p->counts[address]++,
                               .line = line->line,
                               .offset = line->offset};
    gpointer key =
        GUINT_TO_POINTER(p->r->m->mode == TRACE_LOOKUP ? 1 : address + 1);
    guint at;

    if (trace_is_own(t)) {
        return;
    }
    p->place++;
    p->end_ns = line->stamp_ns + t->duration_ns;
    at = GPOINTER_TO_UINT(g_hash_table_lookup(p->at, key));
    if (at) { /* the one before it goes without saying */
        g_array_index(p->open, struct replay_need, at - 1) = need;
        return;
    }
    g_array_append_val(p->open, need);
    g_hash_table_insert(p->at, key, GUINT_TO_POINTER(p->open->len));
}

/* Of a sequence, by the number of a transfer, what it is an answer of. */
static GPtrArray *scripts_of(const struct trace_seq *seq)
{
    GPtrArray *scripts = g_ptr_array_new();
    guint i, k;

    g_ptr_array_set_size(scripts, (gint)seq->n);
    for (i = 0; i < seq->scripts->len; i++) {
        struct trace_script *s = g_ptr_array_index(seq->scripts, i);

        for (k = 0; k < s->n; k++) {
            scripts->pdata[replay_script_at(s, k)] = s;
        }
    }
    return scripts;
}

/* NULL only where the file was changed while it was opened. */
static const struct trace_script *script_of(struct pass *p,
                                            const struct replay_need *need)
{
    const struct trace_seq *seq = p->r->m->source.by_address[need->address];
    GPtrArray **scripts = &p->scripts[need->address];

    if (!seq || need->index >= seq->n) {
        return NULL;
    }
    if (!*scripts) {
        *scripts = scripts_of(seq);
    }
    return g_ptr_array_index(*scripts, need->index);
}

static void take_needs(struct pass *p, struct replay_change *c)
{
    struct replay_events *e = &p->r->events;
    struct trace_match *m = p->r->m;
    guint i;

    c->first_need = e->needs->len;
    for (i = 0; i < p->open->len; i++) {
        struct replay_need need = g_array_index(p->open, struct replay_need, i);

        if (m->mode == TRACE_LOOKUP) {
            need.request = script_of(p, &need);
        }
        g_array_append_val(e->needs, need);
    }
    c->n_needs = e->needs->len - c->first_need;
    g_array_set_size(p->open, 0);
    g_hash_table_remove_all(p->at);
}

static void tell_unnamed(struct pass *p, uint64_t line, const char *name)
{
    if (!p->unnamed) {
        p->unnamed = true;
        i2cpt_log(I2CPT_LOG_WARNING,
                  "%s:%" G_GUINT64_FORMAT ": irq %s: \"lines\" in the header "
                  "does not name it; what it does not name is not replayed",
                  trace_reader_name(p->r->reader), line, name);
    }
}

/* A line's first one at stamp 0, before any transfer, is its level then. */
static void note_change(struct pass *p, const struct i2cpt_trace_line *line,
                        const struct i2cpt_trace_irq *irq)
{
    struct replayed_lines *r = p->r;
    struct replay_change c = {.level = irq->level,
                              .stamp_ns = line->stamp_ns,
                              .line = line->line,
                              .place = p->place};
    int number = lines_find(r->lines, irq->name);

    if (number < 0) {
        tell_unnamed(p, line->line, irq->name);
        return;
    }
    if (p->known[number] && p->level[number] == c.level) {
        return;
    }
    c.number = (unsigned)number;
    if (!p->known[number]) {
        bool first = !line->stamp_ns && !p->place;

        lines_set(r->lines, c.number, first ? c.level : !c.level, 0);
        lines_set_at_opening(r->lines, c.number,
                             lines_level(r->lines, c.number));
        p->known[number] = true;
        if (first) {
            p->level[number] = c.level;
            return;
        }
    }
    p->level[number] = c.level;
    c.gap_ns = line->stamp_ns - MIN(line->stamp_ns, p->end_ns);
    take_needs(p, &c);
    g_array_append_val(r->events.changes, c);
}

static bool is_ours(const struct trace_source *s, int32_t bus)
{
    return bus == (int32_t)s->bus || (bus < 0 && !s->bus);
}

/* A bad line ends it: the replay finds it too, when its turn comes. */
static void read_events(struct replayed_lines *r)
{
    struct pass *p = g_new0(struct pass, 1);
    const struct i2cpt_trace_line *line;
    struct i2cpt_trace_irq irq = {.size = sizeof(irq)};
    uint32_t i;

    p->r = r;
    p->open = g_array_new(FALSE, FALSE, sizeof(struct replay_need));
    p->at = g_hash_table_new(NULL, NULL);
    while (i2cpt_trace_reader_next(r->reader, &line, NULL) == 1) {
        if (line->kind == I2CPT_TRACE_TRANSFER &&
            is_ours(&r->m->source, line->transfer.bus)) {
            note_transfer(p, line);
        } else if (i2cpt_trace_irq_is(line, &irq) == 1 &&
                   is_ours(&r->m->source, irq.bus)) {
            note_change(p, line, &irq);
        }
    }
    for (i = 0; i < TRACE_ADDRESSES; i++) {
        if (p->scripts[i]) {
            g_ptr_array_unref(p->scripts[i]);
        }
    }
    g_hash_table_unref(p->at);
    g_array_unref(p->open);
    g_free(p);
}

static int add_names(struct replayed_lines *r, const char *names,
                     struct i2cpt_fault *fault)
{
    char *name;
    int ret = 0;

    while (ret >= 0 && (name = trace_lines_next(&names))) {
        ret = lines_add(r->lines, name, false);
        if (ret < 0) {
            i2cpt_fault_text(fault, EINVAL, "%.4096s: lines: '%.64s': %s",
                             trace_reader_name(r->m->source.reader), name,
                             ret == -EEXIST   ? "it is there twice"
                             : ret == -ENOSPC ? "more than 32 lines"
                                              : "a name has 1 to 31 letters, "
                                                "digits, '_' and '-'");
        }
        g_free(name);
    }
    return ret < 0 ? -EINVAL : 0;
}

int replay_lines_open(struct trace_match *m, bool recorded, uint32_t stall_ms,
                      struct replayed_lines **out, struct i2cpt_fault *fault)
{
    struct replayed_lines *r;
    int ret;

    *out = NULL;
    if (!m->source.lines) {
        return 0;
    }
    if (!trace_reader_seekable(m->source.reader)) {
        i2cpt_log(I2CPT_LOG_WARNING,
                  "%s: a pipe, which strict order does not read ahead: its "
                  "lines are not replayed",
                  trace_reader_name(m->source.reader));
        return 0;
    }
    r = g_new0(struct replayed_lines, 1);
    r->m = m;
    r->lines = lines_new();
    replay_events_init(&r->events);
    pthread_mutex_init(&r->lock, NULL);
    r->timer = i2cpt_timer_new(time_has_come, now_ns, r);
    ret = add_names(r, m->source.lines, fault);
    ret = ret ? ret : trace_reader_again(m->source.reader, &r->reader, fault);
    if (ret) {
        replay_lines_close(r);
        return ret;
    }
    r->events.by_request = m->mode == TRACE_LOOKUP;
    r->events.recorded = recorded;
    r->events.stall_ns = (uint64_t)stall_ms * 1000000u;
    r->events.asked = asked;
    r->events.deliver = deliver;
    r->events.stalled = stalled;
    r->events.user = r;
    read_events(r);
    pthread_mutex_lock(&r->lock);
    replay_events_begin(&r->events, i2cpt_now_ns());
    run_locked(r, i2cpt_now_ns());
    pthread_mutex_unlock(&r->lock);
    *out = r;
    return 0;
}

void replay_lines_close(struct replayed_lines *r)
{
    if (!r) {
        return;
    }
    i2cpt_timer_free(r->timer, false);
    i2cpt_trace_reader_free(r->reader);
    replay_events_clear(&r->events);
    g_free(r->to_tell);
    pthread_mutex_destroy(&r->lock);
    lines_free(r->lines);
    g_free(r);
}

struct i2cpt_lines *replay_lines_get(struct replayed_lines *r)
{
    return r ? r->lines : NULL;
}

/* Each line by itself, of those that the header names. */
static void count_lines(const struct replayed_lines *r,
                        struct i2cpt_trace_line_count *lines)
{
    guint i;

    for (i = 0; i < lines_count(r->lines); i++) {
        g_strlcpy(lines[i].name, lines_name(r->lines, i),
                  sizeof(lines[i].name));
    }
    for (i = 0; i < r->events.changes->len; i++) {
        const struct replay_change *c =
            &g_array_index(r->events.changes, struct replay_change, i);

        if (replay_events_state(&r->events, i) == CHANGE_DELIVERED) {
            lines[c->number].changes++;
        } else {
            lines[c->number].changes_left++;
        }
    }
}

static void name_held(const struct replayed_lines *r,
                      struct i2cpt_trace_verdict *v)
{
    const struct replay_need *missing;
    const struct replay_change *c = replay_events_held(&r->events, &missing);

    if (c) {
        v->held_line = c->line;
        v->held_for = missing->line;
    }
}

G_STATIC_ASSERT(G_N_ELEMENTS(((struct i2cpt_trace_verdict *)0)->lines) ==
                LINES_MAX);

void replay_lines_verdict(struct replayed_lines *r,
                          struct i2cpt_trace_verdict *v)
{
    if (!r) {
        return;
    }
    pthread_mutex_lock(&r->lock);
    v->changes = r->events.delivered;
    v->changes_left = r->events.changes->len - r->events.delivered;
    v->stalls = r->events.stalls;
    v->stalled_line = r->stalled_line;
    v->stalled_for = r->stalled_for;
    memcpy(v->stalled, r->stalled, sizeof(v->stalled));
    name_held(r, v);
    count_lines(r, v->lines);
    pthread_mutex_unlock(&r->lock);
}
