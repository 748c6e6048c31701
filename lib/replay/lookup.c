/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * match=lookup: which recorded transfers have the same request. The key is the
 * request itself, the channels that multiplexers have open, and, where it
 * begins with a read, the last write to the address before it, which is what
 * set the chip's register pointer.
 */
#include <string.h>

#include "i2cpt-trace.h"
#include "replay/compare-transfer.h"
#include "replay/lookup.h"

uint64_t replay_hash(uint64_t hash, const uint8_t *bytes, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        hash = (hash ^ bytes[i]) * 1099511628211u; /* FNV-1a */
    }
    return hash;
}

static uint64_t hash_number(uint64_t hash, uint64_t number)
{
    return replay_hash(hash, (const uint8_t *)&number, sizeof(number));
}

static bool is_wild(const struct i2cpt_trace_msg *m)
{
    return m->kinds && !(m->flags & I2CPT_M_RD);
}

/* Addresses, directions, written bytes. */
static uint64_t hash_part(uint64_t hash, uint16_t addr, uint16_t flags,
                          const uint8_t *bytes, uint32_t len)
{
    hash = hash_number(hash, addr);
    hash = hash_number(hash, flags & (I2CPT_M_RD | I2CPT_M_TEN));
    if (flags & I2CPT_M_RD) {
        return hash;
    }
    return replay_hash(hash_number(hash, len), bytes, len);
}

uint64_t replay_lookup_shape(const struct trace_seq *seq,
                             const struct i2cpt_msg *msgs, size_t n)
{
    uint64_t hash = TRACE_HASH_START;
    size_t i;

    for (i = 0; i < n; i++) {
        hash = hash_part(hash, msgs[i].addr, msgs[i].flags, msgs[i].buf,
                         msgs[i].len);
    }
    return hash_number(hash, seq->mux);
}

bool replay_script_is_open(const struct trace_script *s,
                           const struct trace_seq *seq)
{
    return s->mux == TRACE_MUX_ANY || s->mux == seq->mux;
}

uint64_t replay_lookup_part(const struct trace_script *script,
                            const struct i2cpt_trace_msg *msgs, uint32_t n,
                            bool *vague)
{
    uint64_t hash = TRACE_HASH_START;
    uint32_t i;

    for (i = 0; i < n; i++) {
        *vague = *vague || is_wild(&msgs[i]);
        hash = hash_part(hash, msgs[i].addr, msgs[i].flags, msgs[i].bytes,
                         msgs[i].len);
    }
    *vague = *vague || script->mux == TRACE_MUX_ANY;
    return hash_number(hash, script->mux);
}

static struct trace_script *script_new(uint64_t key)
{
    struct trace_script *s = g_new0(struct trace_script, 1);

    s->key = key;
    s->shape = TRACE_HASH_START;
    return s;
}

static void script_free(gpointer p)
{
    struct trace_script *s = p;

    if (s->more) {
        g_array_unref(s->more);
    }
    g_free(s);
}

static void script_append(struct trace_script *s, uint64_t pos)
{
    if (!s->n++) {
        s->first = pos;
        return;
    }
    if (!s->more) {
        s->more = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    }
    g_array_append_val(s->more, pos);
}

/* ----------------------------------------------------------------- places */

/* Open addressing, so that a look costs one cache line; several of one place
 * stand in several slots. */
struct trace_places {
    struct {
        uint64_t place;
        struct trace_script *script; /* NULL: free */
    } * slots;
    size_t mask, used;
};

static size_t slot_of(const struct trace_places *p, uint64_t place)
{
    return (place ^ place >> 32) & p->mask;
}

static void places_insert(struct trace_places *p, uint64_t place,
                          struct trace_script *s)
{
    size_t i = slot_of(p, place);

    while (p->slots[i].script) {
        i = (i + 1) & p->mask;
    }
    p->slots[i].place = place;
    p->slots[i].script = s;
    p->used++;
}

static bool places_grow(struct trace_places *p)
{
    struct trace_places old = *p;
    size_t i;

    p->mask = 2 * old.mask + 1;
    p->slots = g_try_malloc0_n(p->mask + 1, sizeof(*p->slots));
    if (!p->slots) {
        *p = old;
        return false;
    }
    p->used = 0;
    for (i = 0; old.slots && i <= old.mask; i++) {
        if (old.slots[i].script) {
            places_insert(p, old.slots[i].place, old.slots[i].script);
        }
    }
    g_free(old.slots);
    return true;
}

/* False where there is no memory for it. One slot has to stay free. */
static bool places_add(struct trace_places *p, uint64_t place,
                       struct trace_script *s)
{
    bool full = !p->slots || p->used >= p->mask;

    if ((!p->slots || 2 * p->used >= p->mask) && !places_grow(p) && full) {
        return false;
    }
    places_insert(p, place, s);
    return true;
}

void replay_lookup_init(struct trace_seq *seq)
{
    seq->scripts = g_ptr_array_new_with_free_func(script_free);
    seq->places = g_new0(struct trace_places, 1);
    seq->places->mask = 7;
    seq->vague = g_ptr_array_new();
}

void replay_lookup_clear(struct trace_seq *seq)
{
    if (seq->scripts) {
        g_free(seq->places->slots);
        g_free(seq->places);
        g_ptr_array_unref(seq->vague);
        g_ptr_array_unref(seq->scripts);
    }
    if (seq->parts) {
        g_array_unref(seq->parts);
    }
}

/* What a request that begins with a read reads depends on the write before. */
uint64_t replay_lookup_place(uint64_t shape, bool read_first, uint64_t wrote)
{
    return read_first ? hash_number(shape, wrote) : shape;
}

static void put_in_place(struct trace_seq *seq, struct trace_script *s,
                         bool read_first)
{
    bool vague = s->wild || (read_first && !s->context);

    /* where memory is short, looked through one by one, like the vague ones */
    if (vague ||
        !places_add(seq->places,
                    replay_lookup_place(s->shape, read_first, s->context), s)) {
        g_ptr_array_add(seq->vague, s);
    }
}

/* ------------------------------------------------------------------- keys */

static uint64_t key_of(const struct trace_seq *seq,
                       const struct i2cpt_trace_transfer *t, bool *wild,
                       uint64_t *shape)
{
    uint64_t hash = TRACE_HASH_START;
    uint32_t i;

    /* may be but the beginning of what was asked for */
    *wild = t->code || seq->mux == TRACE_MUX_ANY;
    for (i = 0; i < t->n; i++) {
        const struct i2cpt_trace_msg *m = &t->msgs[i];

        *wild = *wild || is_wild(m);
        hash = hash_part(hash, m->addr, m->flags, m->bytes, m->len);
    }
    *shape = hash = hash_number(hash, seq->mux);
    for (i = 0; i < t->n; i++) {
        if (t->msgs[i].flags & I2CPT_M_RD) {
            hash = hash_number(hash, walk_taken(t, i));
        }
        if (is_wild(&t->msgs[i])) {
            hash = replay_hash(hash, t->msgs[i].kinds, t->msgs[i].n_bytes);
        }
    }
    if (t->msgs[0].flags & I2CPT_M_RD) {
        hash = hash_number(hash, seq->wrote);
    }
    return hash_number(hash, (uint64_t)(uintptr_t)seq);
}

void replay_lookup_wrote(struct trace_seq *seq, const uint8_t *bytes,
                         size_t len)
{
    if (len) {
        seq->wrote = replay_hash(TRACE_HASH_START, bytes, len);
    }
}

/* The last write of a transfer sets what later reads read. */
static void note_write(struct trace_seq *seq,
                       const struct i2cpt_trace_transfer *t)
{
    uint32_t i = t->n;

    while (!t->code && i--) {
        const struct i2cpt_trace_msg *m = &t->msgs[i];

        if (!(m->flags & I2CPT_M_RD) && m->len && m->addr == t->msgs[0].addr) {
            replay_lookup_wrote(seq, m->bytes, m->len);
            if (is_wild(m)) {
                seq->wrote = 0; /* matches any */
            }
            return;
        }
    }
}

void replay_lookup_add(struct trace_seq *seq, GHashTable *scripts,
                       const struct i2cpt_trace_transfer *t, uint64_t pos)
{
    struct trace_script *s;
    uint64_t key, shape;
    bool wild;

    if (!(t->mark & (I2CPT_TRACE_RESEND | I2CPT_TRACE_CONTINUE))) {
        key = key_of(seq, t, &wild, &shape);
        key += t->mark & I2CPT_TRACE_PROBE;
        s = g_hash_table_lookup(scripts, &key);
        if (!s) {
            s = script_new(key);
            s->shape = shape;
            s->mux = seq->mux;
            s->wild = wild;
            s->probe = t->mark & I2CPT_TRACE_PROBE;
            s->context = t->msgs[0].flags & I2CPT_M_RD ? seq->wrote : 0;
            g_ptr_array_add(seq->scripts, s);
            put_in_place(seq, s, t->msgs[0].flags & I2CPT_M_RD);
            g_hash_table_insert(scripts, &s->key, s);
        }
        script_append(s, pos);
    }
    note_write(seq, t);
}

uint64_t replay_script_at(const struct trace_script *s, guint i)
{
    return i ? g_array_index(s->more, uint64_t, i - 1) : s->first;
}

uint64_t replay_script_pos(const struct trace_script *s)
{
    return replay_script_at(s, MIN(s->next, s->n - 1));
}

static gint compare(gconstpointer x, gconstpointer y)
{
    const struct trace_script *a = *(struct trace_script *const *)x;
    const struct trace_script *b = *(struct trace_script *const *)y;
    bool a_used = a->next >= a->n, b_used = b->next >= b->n;
    uint64_t a_pos = replay_script_pos(a), b_pos = replay_script_pos(b);

    if (a->probe != b->probe) {
        return a->probe ? 1 : -1;
    }
    if (a_used != b_used) {
        return a_used ? 1 : -1;
    }
    if (a_used) {
        return a_pos > b_pos ? -1 : a_pos < b_pos;
    }
    return a_pos < b_pos ? -1 : a_pos > b_pos;
}

static void add_fitting(const struct trace_seq *seq, struct trace_script *s,
                        bool read_first, uint64_t shape, GPtrArray *out)
{
    if ((!shape || s->wild || s->shape == shape) &&
        replay_script_is_open(s, seq) &&
        (!read_first || !s->context || s->context == seq->wrote)) {
        g_ptr_array_add(out, s);
    }
}

/* Two requests of one 64-bit hash are taken for the same, as everywhere. */
static void add_in_place(const struct trace_seq *seq, bool read_first,
                         uint64_t shape, GPtrArray *out)
{
    const struct trace_places *p = seq->places;
    uint64_t place = replay_lookup_place(shape, read_first, seq->wrote);
    size_t i = slot_of(p, place);

    for (; p->slots && p->slots[i].script; i = (i + 1) & p->mask) {
        if (p->slots[i].place == place) {
            g_ptr_array_add(out, p->slots[i].script);
        }
    }
}

void replay_lookup_rank(const struct trace_seq *seq, bool read_first,
                        uint64_t shape, GPtrArray *out)
{
    const GPtrArray *from = shape ? seq->vague : seq->scripts;
    guint i;

    g_ptr_array_set_size(out, 0);
    if (shape) {
        add_in_place(seq, read_first, shape, out);
    }
    for (i = 0; i < from->len; i++) {
        add_fitting(seq, g_ptr_array_index(from, i), read_first, shape, out);
    }
    if (out->len > 1) {
        g_ptr_array_sort(out, compare);
    }
}
