/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a trace looks as if it were recorded behind a multiplexer: one
 * request has several answers, and which one it was depends on nothing but what
 * was last written to another address. A chip whose data just changed while
 * something else was written looks the same; so the answer has to have come
 * back with what was written, or the address be one of those that multiplexers
 * have, with nothing but single bytes written to it.
 */
#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include "verbs/mux-hint.h"

#define WRITTEN_MAX  16   /* addresses that may be a multiplexer's */
#define STATES_MAX   10   /* of one: eight channels, none, and never written */
#define REQUESTS_MAX 1024 /* different ones that are looked at */

struct written {
    uint32_t id; /* of bus and address */
    int32_t bus;
    uint16_t addr;
    uint32_t state; /* hash of what was last written; 0: nothing yet */
    bool like_a_mux;
};

/* The answers of one request by what was last written to one address. */
struct by_state {
    uint32_t states[STATES_MAX], answers[STATES_MAX];
    uint8_t n, last;
    bool broken;    /* one state, two answers; or too many states */
    bool came_back; /* with its answer, after another with another */
};

struct request {
    uint64_t key, line, other;
    uint32_t id, answer;
    bool several;
    bool explained;
    struct by_state by[WRITTEN_MAX];
};

struct mux_hint {
    struct written written[WRITTEN_MAX];
    size_t n;
    GHashTable *requests; /* by key */
    GHashTable *pointers; /* id to hash of the last write */
};

struct mux_hint *verb_mux_hint_new(void)
{
    struct mux_hint *h = g_new0(struct mux_hint, 1);

    h->requests =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    h->pointers = g_hash_table_new(NULL, NULL);
    return h;
}

void verb_mux_hint_free(struct mux_hint *h)
{
    g_hash_table_unref(h->requests);
    g_hash_table_unref(h->pointers);
    g_free(h);
}

/* ------------------------------------------------------------------ hashes */

#define HASH_START 14695981039346656037u /* FNV-1a */

static uint64_t hash(uint64_t from, const void *bytes, size_t len)
{
    const uint8_t *b = bytes;

    for (size_t i = 0; i < len; i++) {
        from = (from ^ b[i]) * 1099511628211u;
    }
    return from;
}

static uint64_t hash_number(uint64_t from, uint64_t number)
{
    return hash(from, &number, sizeof(number));
}

static uint32_t fold(uint64_t h)
{
    return (uint32_t)(h ^ h >> 32) | 1; /* never 0 */
}

static uint32_t id_of(const struct i2cpt_trace_transfer *t, uint32_t msg)
{
    const struct i2cpt_trace_msg *m = &t->msgs[msg];
    uint32_t ten = m->flags & I2CPT_M_TEN ? 0x400 : 0;

    return (uint32_t)MAX(t->bus, 0) << 11 | ten | (m->addr & 0x3ff);
}

static bool is_write(const struct i2cpt_trace_msg *m)
{
    return !(m->flags & I2CPT_M_RD) && m->len;
}

/* What was asked, and where it begins with a read, the write before. */
static uint64_t key_of(const struct mux_hint *h,
                       const struct i2cpt_trace_transfer *t)
{
    uint64_t key = HASH_START;

    for (uint32_t i = 0; i < t->n; i++) {
        const struct i2cpt_trace_msg *m = &t->msgs[i];

        key = hash_number(key, id_of(t, i));
        key = hash_number(key, (uint64_t)m->flags << 32 | m->len);
        if (is_write(m)) {
            key = hash(key, m->bytes, m->n_bytes);
        }
    }
    if (t->msgs[0].flags & I2CPT_M_RD) {
        key =
            hash_number(key, GPOINTER_TO_UINT(g_hash_table_lookup(
                                 h->pointers, GUINT_TO_POINTER(id_of(t, 0)))));
    }
    return key;
}

static uint32_t answer_of(const struct i2cpt_trace_transfer *t)
{
    uint64_t answer = hash_number(HASH_START, (uint64_t)(int64_t)t->code);

    answer = hash_number(answer, (uint64_t)(int64_t)t->fault_msg);
    for (uint32_t i = 0; i < t->n; i++) {
        if (t->msgs[i].flags & I2CPT_M_RD) {
            answer = hash(answer, t->msgs[i].bytes, t->msgs[i].n_bytes);
        }
    }
    return fold(answer);
}

/* ---------------------------------------------------------- what was asked */

static void note_answer(struct by_state *by, uint32_t state, uint32_t answer)
{
    uint8_t i = 0, known = by->n;

    while (i < by->n && by->states[i] != state) {
        i++;
    }
    if (by->broken || i == STATES_MAX) {
        by->broken = true;
        return;
    }
    if (i == by->n) {
        by->states[i] = state;
        by->answers[i] = answer;
        by->n++;
    }
    by->broken = by->answers[i] != answer;
    by->came_back |= i < known && by->answers[by->last] != answer;
    by->last = i;
}

static struct request *request_of(struct mux_hint *h, uint64_t key)
{
    struct request *r = g_hash_table_lookup(h->requests, &key);

    if (!r && g_hash_table_size(h->requests) < REQUESTS_MAX) {
        r = g_new0(struct request, 1);
        r->key = key;
        g_hash_table_insert(h->requests, &r->key, r);
    }
    return r;
}

static void note_request(struct mux_hint *h,
                         const struct i2cpt_trace_transfer *t, uint64_t line)
{
    struct request *r = request_of(h, key_of(h, t));
    uint32_t answer = answer_of(t);

    if (!r) {
        return;
    }
    if (!r->line) {
        r->line = line;
        r->id = id_of(t, 0);
        r->answer = answer;
    } else if (!r->several && r->answer != answer) {
        r->several = true;
        r->other = line;
    }
    for (size_t i = 0; i < WRITTEN_MAX; i++) {
        note_answer(&r->by[i], h->written[i].state, answer);
    }
}

/* -------------------------------------------------------- what was written */

static struct written *written_to(struct mux_hint *h,
                                  const struct i2cpt_trace_transfer *t,
                                  uint32_t msg)
{
    uint32_t id = id_of(t, msg);
    size_t i = 0;

    while (i < h->n && h->written[i].id != id) {
        i++;
    }
    if (i == WRITTEN_MAX) {
        return NULL;
    }
    if (i == h->n) {
        h->written[h->n++] = (struct written){
            .id = id,
            .bus = t->bus,
            .addr = t->msgs[msg].addr,
            .like_a_mux =
                t->msgs[msg].addr >= 0x70 && t->msgs[msg].addr <= 0x77,
        };
    }
    return &h->written[i];
}

static void note_writes(struct mux_hint *h,
                        const struct i2cpt_trace_transfer *t)
{
    for (uint32_t i = 0; i < t->n; i++) {
        const struct i2cpt_trace_msg *m = &t->msgs[i];
        struct written *w = is_write(m) ? written_to(h, t, i) : NULL;
        uint32_t state = fold(hash(HASH_START, m->bytes, m->n_bytes));

        if (is_write(m) && g_hash_table_size(h->pointers) < 4096) {
            g_hash_table_insert(h->pointers, GUINT_TO_POINTER(id_of(t, i)),
                                GUINT_TO_POINTER(state));
        }
        if (w) {
            w->state = state;
            w->like_a_mux &= t->n == 1 && m->len == 1;
        }
    }
}

void verb_mux_hint_add(struct mux_hint *h, const struct i2cpt_trace_transfer *t,
                       uint64_t line)
{
    bool plain = !(t->mark & ~I2CPT_TRACE_RESTART);

    for (uint32_t i = 0; i < t->n; i++) {
        plain = plain && !t->msgs[i].kinds;
    }
    if (plain) {
        note_request(h, t, line);
    }
    if (!t->code) {
        note_writes(h, t);
    }
}

/* ------------------------------------------------------------------ and so */

static bool explains(const struct mux_hint *h, size_t which,
                     const struct request *r)
{
    const struct by_state *by = &r->by[which];
    const struct written *w = &h->written[which];

    return r->several && !r->explained && !by->broken && w->id != r->id &&
           w->id >> 11 == r->id >> 11 && (by->came_back || w->like_a_mux);
}

static size_t count(const struct mux_hint *h, size_t which)
{
    GHashTableIter i;
    gpointer r;
    size_t n = 0;

    g_hash_table_iter_init(&i, h->requests);
    while (g_hash_table_iter_next(&i, NULL, &r)) {
        n += explains(h, which, r);
    }
    return n;
}

static void take(struct mux_hint *h, size_t which, struct mux_found *out)
{
    GHashTableIter i;
    gpointer p;

    *out = (struct mux_found){.bus = h->written[which].bus,
                              .addr = h->written[which].addr,
                              .line = UINT64_MAX};
    g_hash_table_iter_init(&i, h->requests);
    while (g_hash_table_iter_next(&i, NULL, &p)) {
        struct request *r = p;

        if (explains(h, which, r)) {
            r->explained = true;
            if (r->line < out->line) {
                out->line = r->line;
                out->other = r->other;
            }
        }
    }
}

size_t verb_mux_hint_find(struct mux_hint *h, struct mux_found *out, size_t max)
{
    size_t found = 0;

    while (found < max) {
        size_t best = 0, most = 0;

        for (size_t i = 0; i < h->n; i++) {
            size_t n = count(h, i);

            if (n > most || (n && n == most && h->written[i].like_a_mux &&
                             !h->written[best].like_a_mux)) {
                best = i;
                most = n;
            }
        }
        if (!most) {
            break;
        }
        take(h, best, &out[found++]);
    }
    return found;
}
