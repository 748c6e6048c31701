/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests byte by byte: every event narrows down what it can have been. */
#include <errno.h>
#include <string.h>

#include "core/fault.h"
#include "replay/match.h"

static int stream_differs(struct trace_match *m, line_t expected,
                          const char *event, struct i2cpt_fault *fault)
{
    struct trace_text asked = {NULL, 0, 0, false};
    int ret;

    replay_history_format(&m->history, &asked);
    trace_text_add(&asked, event, strlen(event));
    ret = replay_match_mismatch(m, expected, &asked, fault);
    g_free(asked.buf);
    replay_match_move_back(m);
    replay_match_stay(m);
    m->state = MATCH_LOST;
    return ret;
}

static int lost(struct i2cpt_fault *fault)
{
    return i2cpt_fault_text(fault, I2CPT_EMISMATCH,
                            "the rest of a transfer that differs from the "
                            "trace");
}

/* The recorded fault happened: the item is over. */
static int stream_fault(struct trace_match *m, line_t line,
                        struct i2cpt_fault *fault)
{
    const struct i2cpt_trace_transfer *t = &line->transfer;

    replay_match_consume(m, m->at, m->own, line, m->walk.bi);
    m->state = MATCH_REFUSED;
    return i2cpt_fault_set(fault, t->code, t->phase, t->fault_msg,
                           t->fault_byte);
}

static int settle(struct trace_match *m, line_t line, enum walk_answer answer,
                  struct i2cpt_fault *fault)
{
    if (answer == WALK_FAULT) {
        return stream_fault(m, line, fault);
    }
    m->state = MATCH_WALK;
    return 0;
}

/* ----------------------------------------------------------------- in order */

/* What is walked on; what was got before may have been given up since. */
static int current(struct trace_match *m, line_t *line,
                   struct i2cpt_fault *fault)
{
    int ret;

    if (m->viewing && m->at == m->view.last) {
        *line = &m->view.line;
        return 0;
    }
    if (m->seq->cut && m->at == m->seq->pos) {
        *line = &m->left.line;
        return 0;
    }
    ret = match_get(m, m->at, line, fault);
    if (ret == 1) {
        return 0;
    }
    m->state = MATCH_LOST;
    return ret ? ret : lost(fault);
}

/* After a mismatch: further on is one that begins like this. */
static bool moves_on(struct trace_match *m, bool stop, line_t *line,
                     enum walk_answer *answer)
{
    const struct trace_asked *first =
        &g_array_index(m->history.msgs, struct trace_asked, 0);

    if (!replay_match_move_on_stream(m, stop) ||
        replay_match_find_head(m, first->addr, first->flags, line, NULL) != 1) {
        (void)current(m, line, NULL);
        return false;
    }
    m->viewing = false;
    m->at = m->seq->pos;
    m->own = false;
    *answer = replay_history_walk(&m->history, &(*line)->transfer, &m->walk);
    return true;
}

/* Walk what was asked so far on the item at seq->pos. */
static int enter(struct trace_match *m, line_t line, struct i2cpt_fault *fault)
{
    enum walk_answer answer =
        replay_history_walk(&m->history, &line->transfer, &m->walk);

    m->at = m->seq->pos;
    m->own = trace_is_own(&line->transfer);
    if (answer == WALK_DIFF || answer == WALK_SHORT) {
        const struct trace_asked *first =
            &g_array_index(m->history.msgs, struct trace_asked, 0);

        if (replay_match_is_absent(m, first->addr, first->flags)) {
            m->state = MATCH_REFUSED;
            return replay_match_absent(m, fault);
        }
        if (!moves_on(m, false, &line, &answer)) {
            return stream_differs(m, line, "", fault);
        }
    }
    return settle(m, line, answer, fault);
}

/*
 * The item that the START belongs to, or with `past` the one behind the %probe
 * that answered it.
 */
static int enter_in_order(struct trace_match *m, bool past,
                          struct i2cpt_fault *fault)
{
    const struct trace_asked *first =
        &g_array_index(m->history.msgs, struct trace_asked, 0);
    uint64_t passed = 0;
    enum walk_answer answer;
    line_t line;
    int ret;

    for (;;) {
        ret =
            replay_match_find_head(m, first->addr, first->flags, &line, fault);
        if (ret == 1 && m->seq->pos < passed) {
            ret = 0; /* end=hold came back to a probe */
        }
        if (ret < 0) {
            m->state = MATCH_LOST;
            return ret;
        }
        if (!ret ||
            !match_same_first(&line->transfer, first->addr, first->flags)) {
            if (replay_match_is_absent(m, first->addr, first->flags)) {
                m->state = MATCH_REFUSED;
                return replay_match_absent(m, fault);
            }
            m->at = m->seq->pos;
            return ret && moves_on(m, false, &line, &answer)
                       ? settle(m, line, answer, fault)
                       : stream_differs(m, ret ? line : NULL, "", fault);
        }
        if (!(line->transfer.mark & I2CPT_TRACE_PROBE)) {
            return enter(m, line, fault);
        }
        if (replay_walk_is_refused(&line->transfer)) {
            m->state = MATCH_REFUSED;
            return replay_match_refused(m, line, fault);
        }
        if (!past && !(first->flags & I2CPT_M_RD)) {
            m->state = MATCH_PROBED;
            return 0;
        }
        passed = ++m->seq->pos;
    }
}

/* ---------------------------------------------------------------- by lookup */

/* Walk what was asked so far on the transfer whose turn it is in a script. */
static bool walk_script(struct trace_match *m, struct trace_script *script,
                        line_t *line, enum walk_answer *answer)
{
    const struct trace_asked *first =
        &g_array_index(m->history.msgs, struct trace_asked, 0);

    m->script = script;
    m->seq->pos = replay_script_pos(script);
    if (replay_match_find_head(m, first->addr, first->flags, line, NULL) != 1) {
        return false;
    }
    *answer = replay_history_walk(&m->history, &(*line)->transfer, &m->walk);
    m->at = m->seq->pos;
    m->own = trace_is_own(&(*line)->transfer);
    return *answer == WALK_FIT || *answer == WALK_FAULT;
}

/*
 * Another transfer that begins the same way. One that refuses what was just
 * asked is taken only where its turn has come, or no other is left.
 */
static bool find_by_lookup(struct trace_match *m, line_t *line,
                           enum walk_answer *answer)
{
    const struct trace_asked *first =
        &g_array_index(m->history.msgs, struct trace_asked, 0);
    struct trace_script *refuses = NULL;
    bool parts = false;
    guint i;

    m->viewing = false;
    replay_lookup_rank(m->seq, first->flags & I2CPT_M_RD, 0, m->ranked);
    for (i = 0; i < m->ranked->len; i++) {
        struct trace_script *script = g_ptr_array_index(m->ranked, i);
        bool unused = script->next < script->n;

        if (!parts && (!unused || script->probe)) {
            parts = true;
            if (replay_restarts_enter(m, true, line, answer)) {
                return true;
            }
        }
        if (walk_script(m, script, line, answer)) {
            if (*answer == WALK_FIT || (!i && unused)) {
                return true;
            }
            refuses = refuses ? refuses : script;
        }
    }
    return (!parts && replay_restarts_enter(m, true, line, answer)) ||
           (refuses && walk_script(m, refuses, line, answer)) ||
           replay_restarts_enter(m, false, line, answer);
}

static int enter_by_lookup(struct trace_match *m, line_t expected,
                           const char *event, struct i2cpt_fault *fault)
{
    enum walk_answer answer;
    line_t line;

    return find_by_lookup(m, &line, &answer)
               ? settle(m, line, answer, fault)
               : stream_differs(m, expected, event, fault);
}

/* ------------------------------------------------------------------ events */

static int first_start(struct trace_match *m, uint16_t addr, uint16_t flags,
                       struct i2cpt_fault *fault)
{
    replay_match_settle_guess(m);
    m->duration_ns = 0;
    m->script = NULL;
    m->viewing = m->moved = false;
    replay_history_reset(&m->history);
    replay_history_start(&m->history, addr, flags);
    m->seq = replay_source_seq(&m->source, addr, flags);
    if (!m->seq) {
        m->state = MATCH_REFUSED;
        return replay_match_absent(m, fault);
    }
    return m->mode == TRACE_LOOKUP ? enter_by_lookup(m, NULL, "", fault)
                                   : enter_in_order(m, false, fault);
}

/* The answer of the walk to an event that the history has already. */
static int answer_event(struct trace_match *m, line_t line,
                        enum walk_answer answer, struct i2cpt_fault *fault)
{
    if (answer == WALK_FIT) {
        return 0;
    }
    if (answer == WALK_FAULT) {
        return stream_fault(m, line, fault);
    }
    if (m->mode == TRACE_LOOKUP) {
        return enter_by_lookup(m, line, "", fault);
    }
    return answer == WALK_DIFF && moves_on(m, false, &line, &answer)
               ? settle(m, line, answer, fault)
               : stream_differs(m, line, "", fault);
}

static void note_write(struct trace_match *m);
static bool ends_here(struct trace_match *m, line_t *line);

/* Lookup: what was asked for ends at this repeated START, and the trace has its
 * rest as a transfer of its own. */
static bool joins_by_lookup(struct trace_match *m, line_t *line,
                            enum walk_answer *answer)
{
    GArray *msgs = m->history.msgs;
    struct trace_asked next =
        g_array_index(msgs, struct trace_asked, msgs->len - 1);

    if (m->history.cut || msgs->len < 2) {
        return false;
    }
    g_array_set_size(msgs, msgs->len - 1);
    m->viewing = false;
    if (!ends_here(m, line) || !replay_restarts_may_join_next(m, m->at)) {
        g_array_append_val(msgs, next);
        return false;
    }
    replay_match_consume(m, m->at, m->own, *line, m->walk.bi);
    note_write(m);
    m->joined++;
    replay_history_reset(&m->history);
    replay_history_start(&m->history, next.addr, next.flags);
    return find_by_lookup(m, line, answer);
}

static int repeated_start(struct trace_match *m, uint16_t addr, uint16_t flags,
                          struct i2cpt_fault *fault)
{
    struct trace_walk before = m->walk;
    enum walk_answer answer;
    line_t line, expected;
    int ret = current(m, &line, fault);

    if (ret) {
        return ret;
    }
    expected = line;
    answer = replay_walk_start(&line->transfer, &m->walk, addr, flags);
    if (answer != WALK_DIFF) {
        return answer_event(m, line, answer, fault);
    }
    if (m->mode == TRACE_LOOKUP) {
        return find_by_lookup(m, &line, &answer) ||
                       joins_by_lookup(m, &line, &answer)
                   ? settle(m, line, answer, fault)
                   : stream_differs(m, expected, "", fault);
    }
    m->walk = before;
    if (replay_restarts_join(m, &line)) {
        answer = replay_walk_start(&line->transfer, &m->walk, addr, flags);
    }
    return answer_event(m, line, answer, fault);
}

int replay_match_start(struct trace_match *m, uint16_t addr, uint16_t flags,
                       struct i2cpt_fault *fault)
{
    flags &= I2CPT_M_RD | I2CPT_M_TEN;
    switch (m->state) {
    case MATCH_IDLE:
    case MATCH_REFUSED:
        return first_start(m, addr, flags, fault);
    case MATCH_LOST:
        return lost(fault);
    case MATCH_PROBED:
        replay_history_start(&m->history, addr, flags);
        return enter_in_order(m, true, fault);
    default:
        replay_history_start(&m->history, addr, flags);
        return repeated_start(m, addr, flags, fault);
    }
}

/* Whether the message that is open goes in this direction. */
static bool is_open(const struct trace_match *m, uint16_t direction)
{
    const GArray *msgs = m->history.msgs;

    return m->state == MATCH_LOST || m->state == MATCH_REFUSED ||
           (m->state != MATCH_IDLE && msgs->len &&
            (g_array_index(msgs, struct trace_asked, msgs->len - 1).flags &
             I2CPT_M_RD) == direction);
}

static int wrong_direction(struct i2cpt_fault *fault)
{
    return i2cpt_fault_text(fault, EINVAL,
                            "a byte against the direction of its message");
}

int replay_match_write(struct trace_match *m, uint8_t byte,
                       struct i2cpt_fault *fault)
{
    line_t line;
    int ret;

    if (!is_open(m, 0)) {
        return wrong_direction(fault);
    }
    switch (m->state) {
    case MATCH_REFUSED:
        return i2cpt_fault_set(fault, EIO, I2CPT_PHASE_DATA, -1, -1);
    case MATCH_LOST:
        return lost(fault);
    case MATCH_PROBED:
        replay_history_write(&m->history, byte);
        return enter_in_order(m, true, fault);
    default:
        replay_history_write(&m->history, byte);
        ret = current(m, &line, fault);
        return ret ? ret
                   : answer_event(
                         m, line,
                         replay_walk_write(&line->transfer, &m->walk, &byte, 1),
                         fault);
    }
}

/* The read goes on in the transfer that repeats it, or reads on. */
static bool read_on(struct trace_match *m, line_t *line)
{
    const struct trace_asked *first =
        &g_array_index(m->history.msgs, struct trace_asked, 0);
    const struct i2cpt_trace_transfer *t;
    line_t next;

    if (m->walk.mi + 1 != (*line)->transfer.n ||
        !replay_match_follows(m, m->at,
                              I2CPT_TRACE_RESEND | I2CPT_TRACE_CONTINUE,
                              first->addr, first->flags, &next)) {
        return false;
    }
    t = &next->transfer;
    if (t->mark & I2CPT_TRACE_PROBE ||
        !(t->msgs[t->n - 1].flags & I2CPT_M_RD)) {
        return false;
    }
    m->at++;
    m->walk.mi = t->n - 1;
    if (t->mark & I2CPT_TRACE_CONTINUE) {
        m->walk.bi = 0;
    }
    *line = next;
    return true;
}

int replay_match_read(struct trace_match *m, uint8_t *byte,
                      struct i2cpt_fault *fault)
{
    enum walk_answer answer;
    line_t line;
    int ret;

    *byte = 0xff;
    if (!is_open(m, I2CPT_M_RD)) {
        return wrong_direction(fault);
    }
    if (m->state != MATCH_WALK) {
        return m->state == MATCH_LOST
                   ? lost(fault)
                   : i2cpt_fault_set(fault, EIO, I2CPT_PHASE_DATA, -1, -1);
    }
    replay_history_read(&m->history);
    ret = current(m, &line, fault);
    if (ret) {
        return ret;
    }
    do {
        answer = replay_walk_read(&line->transfer, &m->walk,
                                  walk_taken(&line->transfer, m->walk.mi), byte,
                                  &m->redacted);
    } while (answer == WALK_SHORT && read_on(m, &line));
    if (answer != WALK_SHORT) {
        return answer_event(m, line, answer, fault);
    }
    /* another one that has more; its last byte is still to be read */
    if (m->mode == TRACE_LOOKUP) {
        ret = enter_by_lookup(m, line, "", fault);
    } else {
        ret = moves_on(m, false, &line, &answer)
                  ? settle(m, line, answer, fault)
                  : stream_differs(m, line, "", fault);
    }
    if (!ret && !current(m, &line, fault)) {
        m->walk.bi--;
        replay_walk_read(&line->transfer, &m->walk,
                         walk_taken(&line->transfer, m->walk.mi), byte,
                         &m->redacted);
    }
    return ret;
}

static void note_write(struct trace_match *m)
{
    const struct trace_asked *first =
        &g_array_index(m->history.msgs, struct trace_asked, 0);
    guint i;

    for (i = 0; m->mode == TRACE_LOOKUP && i < m->history.msgs->len; i++) {
        const struct trace_asked *a =
            &g_array_index(m->history.msgs, struct trace_asked, i);
        const uint8_t *bytes = m->history.bytes->data + a->start;

        replay_mux_wrote(&m->source.mux, a->addr, a->flags, bytes, a->n, false);
        if (!(a->flags & I2CPT_M_RD) && a->addr == first->addr) {
            replay_lookup_wrote(m->seq, bytes, a->n);
        }
    }
}

/* Lookup: one that ends here, where the one at hand goes on. */
static bool ends_here(struct trace_match *m, line_t *line)
{
    const struct trace_asked *first =
        &g_array_index(m->history.msgs, struct trace_asked, 0);
    guint i;

    replay_lookup_rank(m->seq, first->flags & I2CPT_M_RD, 0, m->ranked);
    for (i = 0; i < m->ranked->len; i++) {
        m->script = g_ptr_array_index(m->ranked, i);
        m->seq->pos = replay_script_pos(m->script);
        if (replay_match_find_head(m, first->addr, first->flags, line, NULL) ==
                1 &&
            replay_history_walk(&m->history, &(*line)->transfer, &m->walk) ==
                WALK_FIT &&
            replay_walk_stop(&(*line)->transfer, &m->walk) != WALK_DIFF) {
            m->at = m->seq->pos;
            m->own = trace_is_own(&(*line)->transfer);
            return true;
        }
    }
    return false;
}

/* The same; else the one at hand stays. */
static bool ends_as_whole(struct trace_match *m, line_t *line)
{
    struct trace_walk walk = m->walk;
    struct trace_script *script = m->script;
    uint64_t at = m->at;
    bool viewing = m->viewing, own = m->own;

    m->viewing = false;
    if (ends_here(m, line)) {
        return true;
    }
    m->walk = walk;
    m->script = script;
    m->seq->pos = m->at = at;
    m->viewing = viewing;
    m->own = own;
    (void)current(m, line, NULL);
    return false;
}

static int stop_walk(struct trace_match *m, struct i2cpt_fault *fault)
{
    enum walk_answer answer;
    line_t line;
    int ret = current(m, &line, fault);

    if (ret) {
        return ret;
    }
    answer = replay_walk_stop(&line->transfer, &m->walk);
    if (answer == WALK_DIFF && m->mode == TRACE_LOOKUP &&
        ends_as_whole(m, &line)) {
        answer = replay_walk_stop(&line->transfer, &m->walk);
    }
    if (answer == WALK_DIFF && replay_restarts_split(m, &line)) {
        answer = WALK_FIT;
    }
    if (answer == WALK_DIFF && moves_on(m, true, &line, &answer)) {
        answer = replay_walk_stop(&line->transfer, &m->walk);
    }
    if (answer == WALK_DIFF) {
        return stream_differs(m, line, " and STOP", fault);
    }
    if (answer == WALK_FAULT) {
        return stream_fault(m, line, fault);
    }
    replay_match_consume(m, m->at, m->own, line, m->walk.bi);
    note_write(m);
    return 0;
}

/* START and STOP: a poll. A %probe of either form is one too, where the guest's
 * own does not follow it. */
static bool was_poll(struct trace_match *m, line_t *line)
{
    const struct trace_asked *first =
        &g_array_index(m->history.msgs, struct trace_asked, 0);
    uint64_t probe = m->seq->pos;
    bool quick, own;

    if (match_get(m, probe, line, NULL) != 1) {
        return false;
    }
    quick = replay_match_is_quick_write(&(*line)->transfer);
    own = !quick && match_get(m, probe + 1, line, NULL) == 1 &&
          !trace_is_own(&(*line)->transfer) &&
          match_same_first(&(*line)->transfer, first->addr, first->flags) &&
          replay_match_is_quick_write(&(*line)->transfer);
    return !own && match_get(m, probe, line, NULL) == 1;
}

int replay_match_stop(struct trace_match *m, struct i2cpt_fault *fault)
{
    line_t line;
    int ret = 0;

    if (m->state == MATCH_PROBED) {
        if (was_poll(m, &line)) {
            replay_match_consume(m, m->seq->pos, true, line, 0);
            m->state = MATCH_IDLE;
            return 0;
        }
        ret = enter_in_order(m, true, fault);
    }
    if (m->state == MATCH_WALK) {
        ret = stop_walk(m, fault);
    }
    m->viewing = false;
    m->state = MATCH_IDLE;
    return ret;
}
