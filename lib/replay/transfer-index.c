/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one pass over a whole trace tells: where each address has its
 * transfers, and how many there are. */
#include <errno.h>
#include <string.h>

#include "core/fault.h"
#include "i2cpt-trace.h"
#include "replay/compare-transfer.h"
#include "replay/lookup.h"

static struct trace_seq *seq_of(struct trace_source *s, uint32_t address)
{
    struct trace_seq **seq = &s->by_address[address];

    if (!*seq) {
        *seq = g_new0(struct trace_seq, 1);
        (*seq)->wrote = (*seq)->mux = TRACE_HASH_START;
        if (s->mode == TRACE_LOOKUP) {
            replay_lookup_init(*seq);
        }
    }
    return *seq;
}

static int seq_add(struct trace_seq *seq, uint64_t offset)
{
    uint64_t cap = seq->cap ? seq->cap + seq->cap / 2 : 16;
    uint64_t *offsets;

    if (seq->n == seq->cap) {
        offsets = g_try_realloc_n(seq->offsets, cap, sizeof(*offsets));
        if (!offsets) {
            return -ENOMEM;
        }
        seq->offsets = offsets;
        seq->cap = cap;
    }
    seq->offsets[seq->n++] = offset;
    return 0;
}

enum { KNOWN = 1, ANSWERS = 2 };

static void note_addresses(struct trace_source *s,
                           const struct i2cpt_trace_transfer *t)
{
    uint32_t i, fault_msg = replay_walk_fault_msg(t);
    bool refused = replay_walk_is_refused(t);

    for (i = 0; i < t->n; i++) {
        s->known[trace_address_index(t->msgs[i].addr, t->msgs[i].flags)] |=
            refused || i > fault_msg ? KNOWN : KNOWN | ANSWERS;
    }
}

/* What it switched multiplexers to. */
static void note_channels(struct trace_source *s,
                          const struct i2cpt_trace_transfer *t)
{
    uint32_t i;

    for (i = 0; !t->code && i < t->n; i++) {
        const struct i2cpt_trace_msg *m = &t->msgs[i];

        replay_mux_wrote(&s->mux, m->addr, m->flags, m->bytes, m->len,
                         m->kinds != NULL);
    }
}

static int add_transfer(struct trace_source *s, GHashTable *scripts,
                        const struct i2cpt_trace_line *line,
                        struct i2cpt_fault *fault)
{
    const struct i2cpt_trace_transfer *t = &line->transfer;
    uint32_t index = trace_address_index(t->msgs[0].addr, t->msgs[0].flags);
    struct trace_seq *seq = seq_of(s, index);

    note_addresses(s, t);
    if (seq_add(seq, line->offset)) {
        return i2cpt_fault_text(fault, ENOMEM, "no memory for an index");
    }
    seq->count += !trace_is_own(t);
    if (scripts) {
        replay_mux_enter(&s->mux, seq, index);
        replay_lookup_add(seq, scripts, t, seq->n - 1);
        note_channels(s, t);
    }
    return 0;
}

int replay_source_index(struct trace_source *s, struct i2cpt_fault *fault)
{
    GHashTable *scripts = NULL;
    uint32_t i;
    int ret;

    s->by_address = g_new0(struct trace_seq *, TRACE_ADDRESSES);
    if (s->mode == TRACE_LOOKUP) {
        scripts = g_hash_table_new(g_int64_hash, g_int64_equal);
    }
    while ((ret = replay_source_read(s, s->reader, &s->slots[0], UINT64_MAX,
                                     fault)) == 1) {
        ret = add_transfer(s, scripts, &s->slots[0].line, fault);
        if (ret) {
            break;
        }
    }
    s->truncated = !i2cpt_trace_reader_complete(s->reader);
    s->all_known = s->can_count = true;
    for (i = 0; i < TRACE_ADDRESSES; i++) {
        if (s->by_address[i]) {
            s->by_address[i]->wrote = s->by_address[i]->mux = TRACE_HASH_START;
        }
    }
    replay_mux_rewind(&s->mux);
    if (scripts) {
        g_hash_table_unref(scripts);
    }
    return ret;
}

/* One pass over the whole file, for what strict order does not know. */
static int survey(struct trace_source *s, uint64_t *count,
                  struct i2cpt_fault *fault)
{
    struct i2cpt_trace_reader *r;
    struct trace_slot slot;
    int ret = trace_reader_again(s->reader, &r, fault);

    if (ret) {
        return ret;
    }
    memset(&slot, 0, sizeof(slot));
    *count = 0;
    while ((ret = replay_source_read(s, r, &slot, UINT64_MAX, fault)) == 1) {
        note_addresses(s, &slot.line.transfer);
        *count += !trace_is_own(&slot.line.transfer);
    }
    if (!ret) {
        s->truncated = !i2cpt_trace_reader_complete(r);
        s->all_known = true;
    }
    trace_slot_clear(&slot);
    i2cpt_trace_reader_free(r);
    return ret;
}

void replay_source_lines(struct trace_source *s, uint64_t index,
                         uint64_t *lines, uint32_t n)
{
    struct i2cpt_trace_reader *r;
    struct trace_slot slot;
    uint32_t found = 0;
    uint64_t i;

    if (!trace_reader_seekable(s->reader) ||
        trace_reader_again(s->reader, &r, NULL)) {
        return;
    }
    memset(&slot, 0, sizeof(slot));
    for (i = 0;
         found < n && replay_source_read(s, r, &slot, UINT64_MAX, NULL) == 1;
         i++) {
        if (i >= index && !trace_is_own(&slot.line.transfer)) {
            lines[found++] = slot.line.line;
        }
    }
    trace_slot_clear(&slot);
    i2cpt_trace_reader_free(r);
}

int replay_source_knows(struct trace_source *s, uint16_t addr, uint16_t flags)
{
    uint64_t count;

    if (!s->all_known) {
        if (!trace_reader_seekable(s->reader)) {
            return -1;
        }
        /* a bad line further down: what stands before it is known */
        survey(s, &count, NULL);
        s->all_known = true;
    }
    return s->known[trace_address_index(addr, flags)] != 0;
}

bool replay_source_answers(const struct trace_source *s, uint16_t addr,
                           uint16_t flags)
{
    return s->known[trace_address_index(addr, flags)] & ANSWERS;
}

static int count_strict(struct trace_source *s, uint64_t *count,
                        struct i2cpt_fault *fault)
{
    if (s->ended && !s->rewound) {
        *count = s->all.count;
        return 0;
    }
    if (!s->can_count) {
        *count = I2CPT_TRACE_UNKNOWN;
        return 0;
    }
    return survey(s, count, fault);
}

int replay_source_count(struct trace_source *s, uint64_t *count,
                        struct i2cpt_fault *fault)
{
    uint32_t i;

    if (s->mode == TRACE_STRICT) {
        return count_strict(s, count, fault);
    }
    *count = 0;
    for (i = 0; i < TRACE_ADDRESSES; i++) {
        *count += s->by_address[i] ? s->by_address[i]->count : 0;
    }
    return 0;
}

int replay_source_read(struct trace_source *s, struct i2cpt_trace_reader *r,
                       struct trace_slot *slot, uint64_t deadline_ns,
                       struct i2cpt_fault *fault)
{
    int ret;

    do {
        ret = trace_reader_read(r, slot, deadline_ns, fault);
    } while (ret == 1 && (slot->line.kind != I2CPT_TRACE_TRANSFER ||
                          (slot->line.transfer.bus != (int32_t)s->bus &&
                           (slot->line.transfer.bus >= 0 || s->bus))));
    return ret;
}
