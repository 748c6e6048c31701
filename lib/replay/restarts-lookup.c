/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * match=lookup where repeated STARTs got lost. Parts of a recorded transfer are
 * looked up like transfers of their own, with the write in front of them as
 * their context; they share what is used up with the whole one. What was
 * recorded in parts answers one request part by part.
 */
#include "core/fault.h"
#include "replay/match.h"

/* Messages `from` to `from + n` of a script's transfers. */
struct trace_part {
    struct trace_script *script;
    uint32_t from, n;
    bool last;        /* to the transfer's end */
    bool vague;       /* has to be tried: volatile bytes, a fault */
    uint64_t place;   /* of one that is not */
    uint64_t context; /* of one that begins with a read: hash of the write */
};

/* ---------------------------------------------------------------- indexing */

/* Hash of the last write in front of message `from`, or what the whole has. */
static uint64_t context_of(const struct trace_script *script,
                           const struct i2cpt_trace_transfer *t, uint32_t from)
{
    while (from--) {
        const struct i2cpt_trace_msg *m = &t->msgs[from];

        if (!(m->flags & I2CPT_M_RD) && m->len) {
            return m->kinds ? 0
                            : replay_hash(TRACE_HASH_START, m->bytes, m->len);
        }
    }
    return script->context;
}

static void add_part(GArray *parts, struct trace_script *script,
                     const struct i2cpt_trace_transfer *t, uint32_t from,
                     uint32_t n)
{
    bool read_first = t->msgs[from].flags & I2CPT_M_RD;
    struct trace_part p = {.script = script,
                           .from = from,
                           .n = n,
                           .last = from + n == t->n,
                           .vague = t->code != 0};
    uint64_t shape = replay_lookup_part(script, t->msgs + from, n, &p.vague);

    p.context = read_first ? context_of(script, t, from) : 0;
    p.vague = p.vague || (read_first && !p.context);
    p.place = replay_lookup_place(shape, read_first, p.context);
    g_array_append_val(parts, p);
}

static void add_parts(GArray *parts, struct trace_script *script,
                      const struct i2cpt_trace_transfer *t)
{
    uint32_t k;

    for (k = 1; k < t->n; k++) {
        if (!replay_view_can_cut(t, k)) {
            continue;
        }
        add_part(parts, script, t, 0, k);
        add_part(parts, script, t, k, t->n - k);
        if (t->n - k > 1) {
            add_part(parts, script, t, k, 1);
        }
    }
}

/* Of all scripts of the sequence, when they are first needed. */
static const GArray *parts_of(struct trace_match *m)
{
    struct trace_seq *seq = m->seq;
    line_t line;
    guint i;

    if (seq->parts) {
        return seq->parts;
    }
    seq->parts = g_array_new(FALSE, FALSE, sizeof(struct trace_part));
    for (i = 0; i < seq->scripts->len; i++) {
        struct trace_script *script = g_ptr_array_index(seq->scripts, i);

        if (!script->probe && match_get(m, script->first, &line, NULL) == 1) {
            add_parts(seq->parts, script, &line->transfer);
        }
    }
    return seq->parts;
}

/* ------------------------------------------------------------------- parts */

static bool may_split(const struct trace_match *m)
{
    return m->source.any || m->seq->open;
}

static bool is_used_up(const struct trace_script *script)
{
    return script->next >= script->n;
}

/* The view is that part of the transfer whose turn it is. */
static bool view_part(struct trace_match *m, const struct trace_part *p)
{
    const struct i2cpt_trace_transfer *t;
    line_t line;

    m->script = p->script;
    m->seq->pos = replay_script_pos(p->script);
    if (match_get(m, m->seq->pos, &line, NULL) != 1) {
        return false;
    }
    t = &line->transfer;
    if (p->from && !replay_view_can_cut(t, p->from)) {
        return false;
    }
    replay_view_begin(&m->view, line, m->seq->pos, p->from);
    return !m->view.broken && (p->last || replay_view_cut(&m->view, p->n));
}

static int lookup_part(struct trace_match *m, struct i2cpt_xfer *x, bool fresh,
                       int *result)
{
    bool read_first = x->msgs[0].flags & I2CPT_M_RD;
    uint64_t place = replay_lookup_place(
        replay_lookup_shape(m->seq, x->msgs, x->n), read_first, m->seq->wrote);
    const GArray *parts;
    guint i;
    int served = 0;

    if (!may_split(m) && !(x->marks & I2CPT_MARK_SPLIT)) {
        return 0;
    }
    parts = parts_of(m);
    for (i = 0; i < parts->len && !served; i++) {
        const struct trace_part *p =
            &g_array_index(parts, struct trace_part, i);

        if (p->n != x->n || fresh == is_used_up(p->script) ||
            !replay_script_is_open(p->script, m->seq) ||
            (p->vague ? read_first && p->context && p->context != m->seq->wrote
                      : p->place != place) ||
            !view_part(m, p)) {
            continue;
        }
        m->viewing = true;
        served = replay_match_try(m, x, &m->view.line, m->view.last, result);
        m->viewing = false;
    }
    return served;
}

/* ------------------------------------------------------------------- pairs */

/* Where a lookup stands, so that it can be taken back. */
struct stand {
    struct trace_seq seq;
    guint next, rounds;
};

static void note_writes(struct trace_match *m, const struct i2cpt_msg *msgs,
                        size_t n)
{
    uint16_t addr = msgs[0].addr;

    while (n--) {
        if (!(msgs[n].flags & I2CPT_M_RD) && msgs[n].len &&
            msgs[n].addr == addr) {
            replay_lookup_wrote(m->seq, msgs[n].buf, msgs[n].len);
            return;
        }
    }
}

bool replay_restarts_may_join_next(struct trace_match *m, uint64_t index)
{
    line_t line, next;

    return match_get(m, index, &line, NULL) == 1 &&
           replay_restarts_may_join(m, &line->transfer,
                                    match_get(m, index + 1, &next, NULL) == 1
                                        ? &next->transfer
                                        : NULL);
}

/* The first k messages out of one transfer, the rest out of others. */
static int lookup_pair(struct trace_match *m, struct i2cpt_xfer *x, size_t k,
                       int *result)
{
    struct i2cpt_xfer head = *x, tail = *x;
    GPtrArray *outer = m->ranked, *ranked = g_ptr_array_new();
    struct stand stand = {.seq = *m->seq};
    int served = 0;
    line_t line;
    guint i;

    head.n = k;
    head.marks = 0;
    tail.msgs += k;
    tail.n -= k;
    replay_lookup_rank(m->seq, head.msgs[0].flags & I2CPT_M_RD,
                       replay_lookup_shape(m->seq, head.msgs, k), ranked);
    for (i = 0; i < ranked->len && !served; i++) {
        struct trace_script *script = g_ptr_array_index(ranked, i);

        stand.next = script->next;
        stand.rounds = script->rounds;
        m->script = script;
        m->seq->pos = replay_script_pos(script);
        if (!replay_restarts_may_join_next(m, m->seq->pos) ||
            match_get(m, m->seq->pos, &line, NULL) != 1 ||
            !replay_match_try(m, &head, line, m->seq->pos, result)) {
            continue;
        }
        note_writes(m, head.msgs, k);
        m->ranked = g_ptr_array_new();
        served = !*result && replay_match_lookup(m, &tail, &line, result) == 1;
        g_ptr_array_unref(m->ranked);
        m->ranked = outer;
        if (!served) {
            i2cpt_fault_clear(x->fault);
            *m->seq = stand.seq;
            script->next = stand.next;
            script->rounds = stand.rounds;
        }
    }
    g_ptr_array_unref(ranked);
    if (served) {
        m->joined++;
        if (*result && x->fault->msg >= 0) {
            x->fault->msg += (int32_t)k;
        }
    }
    return served;
}

static int restarts_lookup(struct trace_match *m, struct i2cpt_xfer *x,
                           bool fresh, int *result)
{
    int served = lookup_part(m, x, fresh, result);
    size_t k;

    for (k = x->n - 1; !served && fresh && k; k--) {
        served = lookup_pair(m, x, k, result);
    }
    return served;
}

/* ------------------------------------------------------------ all requests */

/* Try scripts in the order of their rank. Parts, and several in one, come
 * behind those that are not used up. */
static int try_ranked(struct trace_match *m, struct i2cpt_xfer *x, line_t *line,
                      int *result)
{
    GPtrArray *ranked = m->ranked;
    bool parts = false;
    guint i;
    int ret;

    replay_lookup_rank(m->seq, x->msgs[0].flags & I2CPT_M_RD,
                       replay_lookup_shape(m->seq, x->msgs, x->n), ranked);
    for (i = 0; i < ranked->len; i++) {
        struct trace_script *script = g_ptr_array_index(ranked, i);

        if (!parts && (script->next == script->n || script->probe)) {
            parts = true;
            if (restarts_lookup(m, x, true, result)) {
                return 1;
            }
        }
        m->script = script;
        m->seq->pos = replay_script_pos(script);
        ret = replay_match_find_head(m, x->msgs[0].addr, x->msgs[0].flags, line,
                                     x->fault);
        if (ret < 0) {
            return ret;
        }
        if (ret && replay_match_try(m, x, *line, m->seq->pos, result)) {
            return 1;
        }
    }
    return (!parts && restarts_lookup(m, x, true, result)) ||
           restarts_lookup(m, x, false, result);
}

int replay_match_lookup(struct trace_match *m, struct i2cpt_xfer *x,
                        line_t *line, int *result)
{
    int ret = try_ranked(m, x, line, result);
    size_t i;

    if (ret != 1) {
        return ret;
    }
    m->seq->open = x->marks & I2CPT_MARK_SPLIT;
    if (*result) {
        return 1;
    }
    note_writes(m, x->msgs, x->n);
    for (i = 0; i < x->n; i++) {
        replay_mux_wrote(&m->source.mux, x->msgs[i].addr, x->msgs[i].flags,
                         x->msgs[i].buf, x->msgs[i].len, false);
    }
    return 1;
}

/* ------------------------------------------------------------ byte by byte */

/* The rest of a transfer that begins as the stream did. (Its beginning needs
 * nothing: the whole transfer begins like that, and may be left at STOP.) */
bool replay_restarts_enter(struct trace_match *m, bool fresh, line_t *line,
                           enum walk_answer *answer)
{
    const struct trace_asked *first =
        &g_array_index(m->history.msgs, struct trace_asked, 0);
    bool read_first = first->flags & I2CPT_M_RD;
    const GArray *parts;
    guint i;

    if (!may_split(m)) {
        return false;
    }
    parts = parts_of(m);
    for (i = 0; i < parts->len; i++) {
        const struct trace_part *p =
            &g_array_index(parts, struct trace_part, i);

        if (!p->from || !p->last || fresh == is_used_up(p->script) ||
            !replay_script_is_open(p->script, m->seq) ||
            (read_first && p->context && p->context != m->seq->wrote) ||
            !view_part(m, p)) {
            continue;
        }
        *answer =
            replay_history_walk(&m->history, &m->view.line.transfer, &m->walk);
        if (*answer == WALK_FIT || *answer == WALK_FAULT) {
            m->at = m->view.last;
            m->own = false;
            m->viewing = true;
            *line = &m->view.line;
            return true;
        }
    }
    return false;
}
