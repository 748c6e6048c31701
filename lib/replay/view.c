/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A stretch of recorded messages as if it were one transfer: what is left of
 * one, or several behind each other. Its bytes are copies, so that it stays
 * good while the source reads on.
 */
#include <string.h>

#include "replay/compare-transfer.h"
#include "replay/transfers.h"
#include "replay/view.h"

void replay_view_init(struct trace_view *v)
{
    memset(v, 0, sizeof(*v));
    v->msgs = g_array_new(FALSE, FALSE, sizeof(struct i2cpt_trace_msg));
    v->bytes = g_ptr_array_new_with_free_func(g_free);
}

void replay_view_clear(struct trace_view *v)
{
    if (v->msgs) {
        g_array_unref(v->msgs);
        g_ptr_array_unref(v->bytes);
    }
}

static const uint8_t *keep(struct trace_view *v, const uint8_t *bytes, guint n)
{
    uint8_t *copy = bytes && n ? g_try_malloc(n) : NULL;

    if (copy) {
        memcpy(copy, bytes, n);
        g_ptr_array_add(v->bytes, copy);
    }
    v->broken = v->broken || (bytes && n && !copy);
    return copy;
}

static void add_msgs(struct trace_view *v, const struct i2cpt_trace_transfer *t,
                     uint32_t from)
{
    uint32_t i;

    for (i = from; i < t->n; i++) {
        struct i2cpt_trace_msg msg = t->msgs[i];

        msg.bytes = keep(v, msg.bytes, msg.n_bytes);
        msg.kinds = keep(v, msg.kinds, msg.n_bytes);
        g_array_append_val(v->msgs, msg);
    }
}

/* The transfer `index` at its message `from` on goes behind what there is. */
static void append(struct trace_view *v, const struct i2cpt_trace_line *line,
                   uint64_t index, uint32_t from)
{
    const struct i2cpt_trace_transfer *t = &line->transfer;
    struct i2cpt_trace_transfer *all = &v->line.transfer;
    uint32_t before = v->msgs->len;

    add_msgs(v, t, from);
    all->n = v->msgs->len;
    all->msgs = (const struct i2cpt_trace_msg *)(void *)v->msgs->data;
    all->mark = (all->mark & ~I2CPT_TRACE_TOOK) | (t->mark & I2CPT_TRACE_TOOK);
    all->took = t->took;
    all->code = t->code;
    all->phase = t->phase;
    all->fault_byte = t->fault_byte;
    all->fault_msg =
        t->fault_msg >= 0 || (before && t->phase == I2CPT_PHASE_ADDRESS)
            ? (int32_t)(before + replay_walk_fault_msg(t) - from)
            : -1;
    v->last_counts = !trace_is_own(t);
    v->whole += v->last_counts;
    v->last = index;
    v->before = before;
}

void replay_view_begin(struct trace_view *v,
                       const struct i2cpt_trace_line *line, uint64_t index,
                       uint32_t from)
{
    g_array_set_size(v->msgs, 0);
    g_ptr_array_set_size(v->bytes, 0);
    v->line = *line;
    v->whole = v->before = v->rest = 0;
    v->joined = v->broken = false;
    v->cut = v->skipped = from;
    append(v, line, index, from);
}

void replay_view_join(struct trace_view *v, const struct i2cpt_trace_line *line,
                      uint64_t index)
{
    struct i2cpt_trace_transfer *t = &v->line.transfer;
    struct i2cpt_trace_msg *last =
        &g_array_index(v->msgs, struct i2cpt_trace_msg, v->msgs->len - 1);

    if (t->mark & I2CPT_TRACE_TOOK) { /* it is not the last any more */
        last->len = t->took;
        last->n_bytes = MIN(last->n_bytes, t->took);
    }
    t->duration_ns += line->transfer.duration_ns;
    v->joined = true;
    v->cut = 0;
    append(v, line, index, 0);
}

bool replay_view_can_cut(const struct i2cpt_trace_transfer *t, uint32_t n)
{
    const struct i2cpt_trace_msg *m = &t->msgs[n];

    return n && n < t->n && m->addr == t->msgs[0].addr &&
           !((m->flags ^ t->msgs[0].flags) & I2CPT_M_TEN) &&
           !(m->flags & I2CPT_M_NOSTART) && replay_walk_fault_msg(t) >= n;
}

bool replay_view_cut(struct trace_view *v, uint32_t n)
{
    struct i2cpt_trace_transfer *t = &v->line.transfer;

    if (n <= v->before || !replay_view_can_cut(t, n)) {
        return false;
    }
    v->rest = t->n - n;
    v->cut += n - v->before;
    v->whole -= v->last_counts;
    t->n = n;
    t->code = 0;
    t->mark &= ~I2CPT_TRACE_TOOK;
    t->duration_ns = 0; /* the rest will have taken it */
    return true;
}
