/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Transfers of a trace by their place in it. Strict order reads along and keeps
 * two of them; the other modes know where in the file each address has its own.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/backend.h"
#include "core/fault.h"
#include "core/key.h"
#include "i2cpt-trace.h"
#include "replay/lookup.h"
#include "trace/irq.h"

/* ------------------------------------------------------------- transfers */

static int break_for_ever(struct trace_source *s,
                          const struct i2cpt_fault *fault)
{
    s->broken = true;
    i2cpt_fault_copy(&s->why, fault);
    return -fault->code;
}

/* The one to give up: the transfer before the wanted one is still in use. */
static struct trace_slot *pick_slot(struct trace_source *s,
                                    const struct trace_seq *seq)
{
    struct trace_slot *a = &s->slots[0], *b = &s->slots[1];

    if (!a->valid || a->owner != seq) {
        return a;
    }
    if (!b->valid || b->owner != seq) {
        return b;
    }
    return a->index < b->index ? a : b;
}

static int load_next(struct trace_source *s, struct trace_slot *slot,
                     struct i2cpt_fault *fault)
{
    struct i2cpt_fault why;
    int ret;

    if (s->ended) {
        return 0;
    }
    slot->valid = false;
    i2cpt_fault_clear(&why);
    ret = replay_source_read(s, s->reader, slot, s->deadline_ns, &why);
    if (ret == 1) {
        slot->index = s->read++;
        s->all.count += !s->rewound && !trace_is_own(&slot->line.transfer);
        return 1;
    }
    if (!ret) {
        s->ended = true;
        s->truncated = !i2cpt_trace_reader_complete(s->reader);
        return 0;
    }
    if (fault) {
        i2cpt_fault_copy(fault, &why);
    }
    return ret == -ETIMEDOUT ? ret : break_for_ever(s, &why);
}

static int load_at(struct trace_source *s, struct trace_slot *slot,
                   struct trace_seq *seq, uint64_t index,
                   struct i2cpt_fault *fault)
{
    struct i2cpt_fault why;
    int ret;

    if (index >= seq->n) {
        return 0;
    }
    slot->valid = false;
    i2cpt_fault_clear(&why);
    trace_reader_seek(s->reader, seq->offsets[index]);
    ret = trace_reader_read(s->reader, slot, UINT64_MAX, &why);
    if (ret == 1 && slot->line.kind == I2CPT_TRACE_TRANSFER) {
        slot->index = index;
        return 1;
    }
    if (ret >= 0 || ret == -EINVAL) {
        i2cpt_fault_text(&why, EINVAL, "%.4096s: was changed while it was open",
                         trace_reader_name(s->reader));
    }
    if (fault) {
        i2cpt_fault_copy(fault, &why);
    }
    return ret == -ENOMEM ? ret : break_for_ever(s, &why);
}

int replay_source_get(struct trace_source *s, struct trace_seq *seq,
                      uint64_t index, const struct i2cpt_trace_line **out,
                      struct i2cpt_fault *fault)
{
    struct trace_slot *slot;
    int i, ret;

    for (i = 0; i < 2; i++) {
        slot = &s->slots[i];
        if (slot->index == index && slot->valid && slot->owner == seq) {
            *out = &slot->line;
            return 1;
        }
    }
    if (s->broken) {
        if (fault) {
            i2cpt_fault_copy(fault, &s->why);
        }
        return -s->why.code;
    }
    slot = pick_slot(s, seq);
    if (seq->offsets) {
        ret = load_at(s, slot, seq, index, fault);
    } else {
        ret = index == s->read ? load_next(s, slot, fault) : 0;
    }
    if (ret == 1) {
        slot->valid = true;
        slot->owner = seq;
        *out = &slot->line;
    }
    return ret;
}

uint64_t replay_source_oldest(const struct trace_source *s)
{
    const struct trace_slot *a = &s->slots[0], *b = &s->slots[1];

    if (a->valid && b->valid) {
        return MIN(a->index, b->index);
    }
    return a->valid ? a->index : b->valid ? b->index : s->read;
}

void replay_source_rewind(struct trace_source *s, struct trace_seq *seq)
{
    seq->pos = 0;
    seq->cut = 0;
    seq->rounds++;
    if (!seq->offsets) {
        trace_reader_seek(s->reader, s->first);
        s->slots[0].valid = s->slots[1].valid = false;
        s->read = 0;
        s->ended = false;
        s->rewound = true;
    }
}

uint64_t replay_source_line(struct trace_source *s,
                            const struct i2cpt_trace_line *line)
{
    /* after a seek the reader does not know its lines */
    return s->mode == TRACE_STRICT && !s->rewound
               ? line->line
               : trace_reader_line_at(s->reader, line->offset);
}

struct trace_seq *replay_source_seq(struct trace_source *s, uint16_t addr,
                                    uint16_t flags)
{
    uint32_t index = trace_address_index(addr, flags);
    struct trace_seq *seq;

    if (s->mode == TRACE_STRICT) {
        return &s->all;
    }
    seq = s->by_address[index];
    if (seq) {
        replay_mux_enter(&s->mux, seq, index);
    }
    return seq;
}

/* ---------------------------------------------------------------- opening */

static int bad_header(struct trace_source *s,
                      const struct i2cpt_trace_line *line, const char *accepts,
                      struct i2cpt_fault *fault)
{
    return i2cpt_fault_text(fault, EINVAL,
                            "%.4096s:%" G_GUINT64_FORMAT ":%zu: %s: %.4096s: "
                            "accepted is %s",
                            trace_reader_name(s->reader), line->line,
                            strlen(line->key) + 3, line->key, line->text,
                            accepts);
}

static bool is_ours(const struct trace_source *s,
                    const struct i2cpt_trace_line *line, const char *key)
{
    int32_t bus = -1;

    return i2cpt_trace_header_is(line, key, &bus) &&
           (bus < 0 || (uint32_t)bus == s->bus);
}

static int take_header(struct trace_source *s,
                       const struct i2cpt_trace_line *line,
                       struct i2cpt_bus_info *info, struct i2cpt_fault *fault)
{
    uint64_t value;

    if (is_ours(s, line, "functionality")) {
        if (i2cpt_parse_uint(line->text, UINT32_MAX, &value)) {
            return bad_header(s, line, "0 to 0xffffffff", fault);
        }
        info->functionality = (uint32_t)value;
    } else if (is_ours(s, line, "frequency")) {
        if (i2cpt_parse_uint(line->text, UINT32_MAX, &value)) {
            return bad_header(s, line, "a number of Hz", fault);
        }
        info->frequency_hz = (uint32_t)value;
    } else if (is_ours(s, line, "restarts")) {
        s->lost = !strcmp(line->text, "any");
    } else if (is_ours(s, line, TRACE_LINES)) {
        g_free(s->lines);
        s->lines = g_strdup(line->text);
    }
    return 0;
}

/* Headers, up to the first line that is none; go back to it if we can, else
 * keep it. */
static int read_headers(struct trace_source *s, struct i2cpt_bus_info *info,
                        struct i2cpt_fault *fault)
{
    struct trace_slot *slot = &s->slots[0];
    int ret;

    s->first = trace_reader_offset(s->reader);
    while ((ret = trace_reader_read(s->reader, slot, UINT64_MAX, fault)) == 1) {
        if (slot->line.kind == I2CPT_TRACE_HEADER) {
            ret = take_header(s, &slot->line, info, fault);
            if (ret) {
                return ret;
            }
        } else if (slot->line.kind != I2CPT_TRACE_COMMENT &&
                   slot->line.kind != I2CPT_TRACE_BLANK) {
            break;
        }
        s->first = trace_reader_offset(s->reader);
    }
    return ret;
}

/* Strict: what read_headers() has read of the first transfer counts. */
static void keep_first(struct trace_source *s)
{
    struct trace_slot *slot = &s->slots[0];
    const struct i2cpt_trace_transfer *t = &slot->line.transfer;

    if (slot->line.kind != I2CPT_TRACE_TRANSFER ||
        (t->bus != (int32_t)s->bus && (t->bus >= 0 || s->bus))) {
        return;
    }
    slot->valid = true;
    slot->owner = &s->all;
    slot->index = s->read++;
    s->all.count = !trace_is_own(t);
}

static int prepare(struct trace_source *s, int have_line, bool truncated_ok,
                   struct i2cpt_fault *fault)
{
    int ret = 0;

    if (s->mode != TRACE_STRICT) {
        trace_reader_seek(s->reader, s->first);
        trace_reader_recount(s->reader);
        ret = replay_source_index(s, fault);
    } else if (have_line) {
        keep_first(s);
    }
    if (!ret && s->mode == TRACE_STRICT) {
        s->can_count = trace_reader_seekable(s->reader);
        s->truncated = s->can_count && !trace_reader_ends(s->reader);
    }
    if (!ret && s->truncated && !truncated_ok) {
        ret = i2cpt_fault_text(fault, EINVAL,
                               "%.4096s: truncated, its last line is no "
                               "\"end N\"; truncated=accept replays what there "
                               "is",
                               trace_reader_name(s->reader));
    }
    return ret;
}

int replay_source_open(struct trace_source *s, const char *path,
                       enum trace_mode mode, const uint8_t *mux, uint32_t bus,
                       bool truncated_ok, struct i2cpt_bus_info *info,
                       struct i2cpt_fault *fault)
{
    int ret;

    memset(s, 0, sizeof(*s));
    s->mode = mode;
    s->bus = bus;
    s->deadline_ns = UINT64_MAX;
    s->all.wrote = TRACE_HASH_START;
    replay_mux_init(&s->mux, mux);
    ret = i2cpt_trace_reader_open(path, &s->reader, fault);
    if (!ret && mode != TRACE_STRICT &&
        (!trace_reader_seekable(s->reader) ||
         trace_reader_is_small(s->reader))) {
        ret = trace_reader_load(s->reader, fault);
    }
    ret = ret ? ret : read_headers(s, info, fault);
    ret = ret < 0 ? ret : prepare(s, ret, truncated_ok, fault);
    if (ret) {
        replay_source_close(s);
    }
    return ret;
}

static void seq_free(struct trace_seq *seq)
{
    if (seq) {
        replay_lookup_clear(seq);
        g_free(seq->offsets);
        g_free(seq);
    }
}

void replay_source_close(struct trace_source *s)
{
    uint32_t i;

    for (i = 0; s->by_address && i < TRACE_ADDRESSES; i++) {
        seq_free(s->by_address[i]);
    }
    g_free(s->by_address);
    replay_mux_clear(&s->mux);
    g_free(s->lines);
    trace_slot_clear(&s->slots[0]);
    trace_slot_clear(&s->slots[1]);
    i2cpt_trace_reader_free(s->reader);
    memset(s, 0, sizeof(*s));
}
