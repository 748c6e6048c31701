/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How long a guest's reads are, by what it wrote before them.
 *
 * A read that was seen keeps its longest length. One that was not may take the
 * length of others after writes as long as its own, and then of any others at
 * that address, but only where two of them agree and none differs.
 *
 * A read that took as many bytes as its first one says, and one more (or two,
 * with a PEC), twice running, is a block read until the guest takes another
 * number.
 */
#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include "passthrough/learn.h"

struct entry {
    struct entry *next; /* of the same address */
    GList age;          /* in `oldest`, the data is the entry */
    uint32_t length;
    uint8_t hits[3]; /* [1], [2]: runs of reads that looked like a block */
    uint8_t block;   /* 0, 1 or 2 */
    bool not_block;  /* was taken for one and is not */
    struct learn_key key;
    uint8_t bytes[LEARN_KEY_MAX];
};

struct i2cpt_learn {
    GHashTable *entries; /* a set of struct entry */
    GQueue oldest;
    struct entry *by_addr[128];
};

static uint32_t kept(const struct learn_key *key)
{
    return MIN(key->len, LEARN_KEY_MAX);
}

static const struct learn_key *key_of(gconstpointer entry)
{
    return &((const struct entry *)entry)->key;
}

static guint entry_hash(gconstpointer entry)
{
    const struct learn_key *key = key_of(entry);
    guint hash = key->addr * 31u + key->len;
    uint32_t i;

    for (i = 0; i < kept(key); i++) {
        hash = hash * 33u + key->bytes[i];
    }
    return hash;
}

static gboolean entry_equal(gconstpointer a, gconstpointer b)
{
    const struct learn_key *x = key_of(a), *y = key_of(b);

    return x->addr == y->addr && x->len == y->len &&
           !memcmp(x->bytes, y->bytes, kept(x));
}

struct i2cpt_learn *pt_learn_new(void)
{
    struct i2cpt_learn *learn = g_new0(struct i2cpt_learn, 1);

    learn->entries = g_hash_table_new(entry_hash, entry_equal);
    g_queue_init(&learn->oldest);
    return learn;
}

void pt_learn_free(struct i2cpt_learn *learn)
{
    GList *link;

    if (!learn) {
        return;
    }
    g_hash_table_unref(learn->entries);
    while ((link = g_queue_pop_head_link(&learn->oldest))) {
        g_free(link->data);
    }
    g_free(learn);
}

static struct entry *find(struct i2cpt_learn *learn,
                          const struct learn_key *key)
{
    struct entry probe;

    probe.key = *key;
    return g_hash_table_lookup(learn->entries, &probe);
}

static void drop_oldest(struct i2cpt_learn *learn)
{
    struct entry *old = g_queue_pop_head_link(&learn->oldest)->data;
    struct entry **at = &learn->by_addr[old->key.addr & 0x7f];

    while (*at != old) {
        at = &(*at)->next;
    }
    *at = old->next;
    g_hash_table_remove(learn->entries, old);
    g_free(old);
}

static struct entry *add(struct i2cpt_learn *learn, const struct learn_key *key)
{
    struct entry *e = g_new0(struct entry, 1);
    struct entry **head = &learn->by_addr[key->addr & 0x7f];

    if (g_hash_table_size(learn->entries) >= LEARN_KEYS_MAX) {
        drop_oldest(learn);
    }
    e->key = *key;
    memcpy(e->bytes, key->bytes, kept(key));
    e->key.bytes = e->bytes;
    e->next = *head;
    *head = e;
    e->age.data = e;
    g_queue_push_tail_link(&learn->oldest, &e->age);
    /* not _add(): libunicorn exports a part of GLib, without it, and an
     * emulator that links both would mix two hash tables */
    g_hash_table_insert(learn->entries, e, e);
    return e;
}

/* What at least two others agree on and none denies; `len` narrows them to
 * those after writes as long, -1 takes all. */
static uint32_t agreed(const struct i2cpt_learn *learn, uint16_t addr,
                       int64_t len)
{
    const struct entry *e;
    uint32_t length = 0, count = 0;

    for (e = learn->by_addr[addr & 0x7f]; e; e = e->next) {
        if (len >= 0 && e->key.len != len) {
            continue;
        }
        if (count && e->length != length) {
            return 0;
        }
        length = e->length;
        count++;
    }
    return count >= 2 ? length : 0;
}

struct learned pt_learn_lookup(struct i2cpt_learn *learn,
                               const struct learn_key *key)
{
    struct learned out = {0};
    const struct entry *e = find(learn, key);

    if (e) {
        out.length = e->length;
        out.block = e->block;
        return out;
    }
    out.length = agreed(learn, key->addr, key->len);
    if (!out.length) {
        out.length = agreed(learn, key->addr, -1);
    }
    return out;
}

/* More than SMBus 2.0's 32 is not told from plain data by chance alone, but a
 * host that has block reads says itself what it can take. */
static void note_block(struct entry *e, uint32_t taken, uint8_t first)
{
    uint8_t i;

    for (i = 1; i <= 2; i++) {
        if (first && taken == (uint32_t)first + i) {
            e->hits[i] = (uint8_t)MIN(e->hits[i] + 1, 2);
        } else {
            e->hits[i] = 0;
        }
    }
    if (e->block && !e->hits[e->block]) {
        e->block = 0;
        e->not_block = true;
    }
    for (i = 1; i <= 2 && !e->block && !e->not_block; i++) {
        if (e->hits[i] == 2) {
            e->block = i;
        }
    }
}

void pt_learn_note(struct i2cpt_learn *learn, const struct learn_key *key,
                   uint32_t taken, uint8_t first)
{
    struct entry *e = find(learn, key);

    if (!e) {
        e = add(learn, key);
    }
    e->length = MAX(e->length, taken);
    note_block(e, taken, first);
}

void pt_learn_no_block(struct i2cpt_learn *learn, const struct learn_key *key)
{
    struct entry *e = find(learn, key);

    if (e) {
        e->block = 0;
        e->not_block = true;
    }
}
