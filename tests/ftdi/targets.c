/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Targets, a holder and a rival that follow the two lines bit by bit. */
#include <string.h>

#include "targets.h"

/*
 *   any     -> ADDRESS   START
 *   any     -> IDLE      STOP
 *   ADDRESS -> TAKE      ours, to be written; also ten bits' second byte
 *   ADDRESS -> GIVE      ours, to be read
 *   ADDRESS -> IDLE      another's
 *   TAKE    -> IDLE      a byte that was not acknowledged
 *   GIVE    -> IDLE      not acknowledged by the controller
 */
enum { IDLE, ADDRESS, TAKE, GIVE };

uint8_t target_fifo_byte(unsigned i)
{
    return (uint8_t)(i * 7 + 3);
}

/* ----------------------------------------------------------------- contents */

static void take_byte(struct target *t, uint8_t byte)
{
    int n = t->symbol - (t->ten_bit ? 2 : 1);

    t->written++;
    if (t->kind == TARGET_FIFO) {
        return;
    }
    if (!n) {
        t->pointer = t->kind == TARGET_SENSOR ? byte & 3 : byte;
    } else if (t->kind == TARGET_EEPROM) {
        t->mem[t->pointer++] = byte;
    } else {
        t->mem[t->pointer * 2 + ((n - 1) & 1)] = byte;
    }
}

static uint8_t give_byte(struct target *t)
{
    t->read++;
    switch (t->kind) {
    case TARGET_EEPROM:
        return t->mem[t->pointer++];
    case TARGET_SENSOR:
        return t->mem[t->pointer * 2 + ((t->symbol - 1) & 1)];
    case TARGET_FIFO:
    default:
        return target_fifo_byte(t->next++);
    }
}

/* --------------------------------------------------------------------- bits */

static void set_sda(struct target *t, bool low)
{
    t->next_low = low;
    wire_at(t->w, &t->change, wire_now(t->w) + t->valid_ns);
}

static void change_now(void *user)
{
    struct target *t = user;

    wire_drive(t->w, t->driver, WIRE_SDA,
               t->next_low ? WIRE_LOW : WIRE_RELEASE);
}

static void let_go(void *user)
{
    struct target *t = user;

    wire_drive(t->w, t->driver, WIRE_SCL, WIRE_RELEASE);
}

static void hold_scl(struct target *t, uint64_t ns)
{
    uint64_t now_ns = wire_now(t->w);

    wire_drive(t->w, t->driver, WIRE_SCL, WIRE_LOW);
    wire_at(t->w, &t->let_go, ns == WIRE_FOREVER ? ns : now_ns + ns);
    if (t->late_ns && t->change.queued && ns != WIRE_FOREVER &&
        ns > t->late_ns + t->valid_ns) {
        wire_at(t->w, &t->change, now_ns + ns - t->late_ns);
    }
}

static void maybe_stretch(struct target *t)
{
    unsigned i;

    for (i = 0; i < t->n_stretches; i++) {
        const struct target_stretch *s = &t->stretch[i];

        if (s->ns && (s->symbol < 0 || s->symbol == t->symbol) &&
            (s->bit < 0 || s->bit == t->bit)) {
            hold_scl(t, s->ns);
            return;
        }
    }
}

/* A complete byte of the controller: is it for us, do we take it? */
static bool address_byte(struct target *t)
{
    uint8_t byte = t->shift;

    t->reading = byte & 1;
    if (!t->ten_bit) {
        return byte >> 1 == t->addr;
    }
    if (byte >> 3 != 0x1e || (byte >> 1 & 3) != t->addr >> 8) {
        t->matched = false;
        return false;
    }
    /* a read comes after a write START that matched in both bytes */
    return !t->reading || t->matched;
}

static bool wanted(struct target *t)
{
    if (t->state == ADDRESS && t->second_byte) {
        t->second_byte = false;
        t->matched = t->shift == (t->addr & 0xff);
        t->starts += t->matched;
        return t->matched;
    }
    if (t->state == ADDRESS) {
        t->acked = address_byte(t);
        t->second_byte = t->acked && t->ten_bit && !t->reading;
        t->starts += t->acked && !t->second_byte;
        return t->acked;
    }
    return t->state == TAKE;
}

static void slot_begins(struct target *t)
{
    if (t->state == GIVE) {
        set_sda(t, false); /* the controller's to acknowledge */
        return;
    }
    t->acked = wanted(t);
    if (t->acked && t->symbol == t->nack_at) {
        t->acked = false;
    }
    if (t->acked && t->state == TAKE) {
        take_byte(t, t->shift);
    }
    set_sda(t, t->acked);
}

static void symbol_ends(struct target *t)
{
    if (!t->acked) {
        t->state = IDLE;
        set_sda(t, false);
        return;
    }
    t->symbol++;
    if (t->state == ADDRESS && !t->second_byte) {
        t->state = t->reading ? GIVE : TAKE;
    }
    if (t->state == GIVE) {
        t->out = give_byte(t);
        set_sda(t, !(t->out & 0x80));
    } else {
        set_sda(t, false);
    }
}

static void scl_fell(struct target *t)
{
    if (t->state == IDLE) {
        return;
    }
    if (t->fresh) {
        t->fresh = false;
    } else {
        t->bit++;
        if (t->bit == 9) {
            t->bit = 0;
            symbol_ends(t);
        } else if (t->bit == 8) {
            slot_begins(t);
        } else if (t->state == GIVE) {
            set_sda(t, !(t->out >> (7 - t->bit) & 1));
        }
    }
    /* An address that is not its own it stretches too, but not the slot. */
    if (t->state != IDLE && (t->state != ADDRESS || t->bit < 8 || t->acked)) {
        maybe_stretch(t);
    }
}

static void scl_rose(struct target *t, bool sda)
{
    if (t->state == IDLE) {
        return;
    }
    if (t->bit < 8) {
        t->shift = (uint8_t)(t->shift << 1 | sda);
    } else if (t->state == GIVE) {
        t->acked = !sda;
    }
}

static void edge(void *user, enum wire_line line, bool level)
{
    struct target *t = user;

    if (line == WIRE_SCL) {
        if (level) {
            scl_rose(t, wire_level(t->w, WIRE_SDA));
        } else {
            scl_fell(t);
        }
    } else if (wire_level(t->w, WIRE_SCL)) {
        wire_cancel(t->w, &t->change);
        t->matched = t->matched && !level;
        t->state = level ? IDLE : ADDRESS;
        t->symbol = t->bit = 0;
        t->fresh = true;
        t->second_byte = false;
        wire_drive(t->w, t->driver, WIRE_SDA, WIRE_RELEASE);
    }
}

void target_fresh(struct target *t)
{
    unsigned i;

    for (i = 0; i < sizeof(t->mem); i++) {
        t->mem[i] = (uint8_t)(i * 11 + 1);
    }
    t->pointer = 0;
    t->next = 0;
    t->nack_at = TARGET_NO_NACK;
    t->n_stretches = 0;
    t->late_ns = 0;
    t->starts = t->written = t->read = 0;
}

void target_init(struct target *t, struct wire *w, enum target_kind kind,
                 uint16_t addr, bool ten_bit)
{
    memset(t, 0, sizeof(*t));
    t->w = w;
    t->kind = kind;
    t->addr = addr;
    t->ten_bit = ten_bit;
    t->valid_ns = 60;
    t->driver = wire_driver(w);
    t->change = (struct wire_event){.fn = change_now, .user = t};
    t->let_go = (struct wire_event){.fn = let_go, .user = t};
    target_fresh(t);
    wire_listen(w, edge, t);
}

/* ------------------------------------------------------------------- holder */

static void hold_begin(void *user)
{
    struct holder *h = user;

    h->holding = true;
    wire_drive(h->w, h->driver, h->line, WIRE_LOW);
}

static void hold_end(void *user)
{
    holder_release(user);
}

static void hold_edge(void *user, enum wire_line line, bool level)
{
    struct holder *h = user;

    if (h->holding && line == WIRE_SCL && !level && h->clocks && !--h->clocks) {
        holder_release(h);
    }
}

void holder_init(struct holder *h, struct wire *w)
{
    memset(h, 0, sizeof(*h));
    h->w = w;
    h->driver = wire_driver(w);
    h->begin = (struct wire_event){.fn = hold_begin, .user = h};
    h->end = (struct wire_event){.fn = hold_end, .user = h};
    wire_listen(w, hold_edge, h);
}

void holder_hold(struct holder *h, enum wire_line line, uint64_t begin_ns,
                 uint64_t ns)
{
    holder_release(h);
    h->line = line;
    wire_at(h->w, &h->begin, begin_ns);
    wire_at(h->w, &h->end, ns == WIRE_FOREVER ? ns : begin_ns + ns);
}

void holder_hold_clocks(struct holder *h, unsigned clocks)
{
    holder_release(h);
    h->line = WIRE_SDA;
    h->clocks = clocks;
    hold_begin(h);
}

void holder_release(struct holder *h)
{
    wire_cancel(h->w, &h->begin);
    wire_cancel(h->w, &h->end);
    h->holding = false;
    h->clocks = 0;
    wire_drive(h->w, h->driver, WIRE_SCL, WIRE_RELEASE);
    wire_drive(h->w, h->driver, WIRE_SDA, WIRE_RELEASE);
}

/* -------------------------------------------------------------------- rival */

static void rival_put(struct rival *r)
{
    r->one = r->bit == 8 ? !r->reads || !r->symbol
                         : (r->bytes[r->symbol] >> (7 - r->bit) & 1) != 0;
    wire_drive(r->w, r->driver, WIRE_SDA, r->one ? WIRE_RELEASE : WIRE_LOW);
}

static void rival_fell(struct rival *r)
{
    if (r->fresh) {
        r->fresh = false;
    } else if (++r->bit == 9) {
        r->bit = 0;
        r->symbol++;
    }
    if (r->symbol == r->n) {
        r->running = false;
        r->won = true;
        wire_drive(r->w, r->driver, WIRE_SDA, WIRE_RELEASE);
        return;
    }
    rival_put(r);
}

static void rival_edge(void *user, enum wire_line line, bool level)
{
    struct rival *r = user;
    bool sda = wire_level(r->w, WIRE_SDA);

    if (line == WIRE_SDA) {
        if (wire_level(r->w, WIRE_SCL) && !level && r->armed) {
            r->armed = false;
            r->running = r->fresh = true;
            r->symbol = r->bit = 0;
        }
        return;
    }
    if (!r->running) {
        return;
    }
    if (!level) {
        rival_fell(r);
    } else if (r->one && !sda && r->bit < 8 && !(r->reads && r->symbol)) {
        r->running = false;
        r->lost = true;
    }
}

void rival_init(struct rival *r, struct wire *w)
{
    memset(r, 0, sizeof(*r));
    r->w = w;
    r->driver = wire_driver(w);
    wire_listen(w, rival_edge, r);
}

void rival_arm(struct rival *r, const uint8_t *bytes, unsigned n)
{
    r->bytes = bytes;
    r->n = n;
    r->armed = true;
    r->won = r->lost = r->running = r->reads = false;
}
