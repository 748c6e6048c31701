/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Edges read back as transfers, and their times measured. */
#include "watch.h"

/* ------------------------------------------------------------------- decode */

struct reader {
    GString *text;
    bool level[WIRE_LINES];
    bool open;
    unsigned bits, word;
};

static void add(struct reader *r, const char *word)
{
    if (r->text->len) {
        g_string_append_c(r->text, ' ');
    }
    g_string_append(r->text, word);
}

/* The clock that brings a START or STOP counts no bit, so that one is taken
 * back; it was counted at SCL's rise. */
static void condition(struct reader *r, const char *word)
{
    char stray[8];

    if (r->open && r->bits > 1) {
        g_snprintf(stray, sizeof(stray), "~%u", r->bits - 1);
        add(r, stray);
    }
    add(r, word);
    r->bits = r->word = 0;
}

static void clock_bit(struct reader *r, bool sda)
{
    char byte[8];

    r->word = r->word << 1 | sda;
    if (++r->bits == 9) {
        g_snprintf(byte, sizeof(byte), "%02x%c", r->word >> 1 & 0xff,
                   r->word & 1 ? '-' : '+');
        add(r, byte);
        r->bits = r->word = 0;
    }
}

char *watch_text(const struct wire_edge *edges, size_t n)
{
    struct reader r = {g_string_new(NULL), {true, true}};
    size_t i;

    for (i = 0; i < n; i++) {
        const struct wire_edge *e = &edges[i];

        r.level[e->line] = e->level;
        if (e->line == WIRE_SCL && e->level && r.open) {
            clock_bit(&r, r.level[WIRE_SDA]);
        } else if (e->line == WIRE_SDA && r.level[WIRE_SCL]) {
            condition(&r, e->level ? "P" : r.open ? "Sr" : "S");
            r.open = !e->level;
        }
    }
    return g_string_free(r.text, FALSE);
}

/* -------------------------------------------------------------------- times */

#define NEVER UINT64_MAX

/* When each thing was last seen. */
struct marks {
    uint64_t scl_rise, scl_fall, sda, start, stop;
    uint64_t bit; /* SCL's rise of the bit before: not START's or STOP's */
    bool level[WIRE_LINES];
};

static void measure(struct watch_times *out, enum watch_time t, uint64_t since,
                    uint64_t now)
{
    if (since != NEVER) {
        out->min_ns[t] = MIN(out->min_ns[t], now - since);
    }
}

static void scl_edge(struct watch_times *out, struct marks *m, uint64_t now,
                     bool level)
{
    if (level) {
        measure(out, T_LOW, m->scl_fall, now);
        measure(out, T_SU_DAT, m->sda, now);
        m->scl_rise = now;
        m->start = NEVER;
        return;
    }
    if (m->start != NEVER) {
        measure(out, T_HD_STA, m->start, now);
    } else {
        measure(out, T_HIGH, m->scl_rise, now);
        measure(out, T_PERIOD, m->bit, m->scl_rise);
        m->bit = m->scl_rise;
    }
    m->scl_fall = now;
    m->sda = NEVER;
    m->start = NEVER;
}

static void sda_edge(struct watch_times *out, struct marks *m, uint64_t now,
                     bool level)
{
    if (!m->level[WIRE_SCL]) {
        measure(out, T_HD_DAT, m->scl_fall, now);
        m->sda = now;
    } else if (level) {
        measure(out, T_SU_STO, m->scl_rise, now);
        m->stop = now;
        m->scl_rise = m->bit = NEVER;
    } else {
        measure(out, T_SU_STA, m->scl_rise, now);
        measure(out, T_BUF, m->stop, now);
        m->start = now;
        m->stop = m->scl_rise = m->bit = NEVER;
    }
}

void watch_times(const struct wire_edge *edges, size_t n,
                 struct watch_times *out)
{
    struct marks m = {NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, {true, true}};
    size_t i;

    for (i = 0; i < WATCH_TIMES; i++) {
        out->min_ns[i] = NEVER;
    }
    for (i = 0; i < n; i++) {
        m.level[edges[i].line] = edges[i].level;
        if (edges[i].line == WIRE_SCL) {
            scl_edge(out, &m, edges[i].at_ns, edges[i].level);
        } else {
            sda_edge(out, &m, edges[i].at_ns, edges[i].level);
        }
    }
}

static const struct {
    const char *name;
    uint16_t least_ns[3]; /* standard, fast, fast plus */
} times[WATCH_TIMES] = {
    [T_HD_STA] = {"tHD;STA", {4000, 600, 260}},
    [T_SU_STA] = {"tSU;STA", {4700, 600, 260}},
    [T_SU_STO] = {"tSU;STO", {4000, 600, 260}},
    [T_BUF] = {"tBUF", {4700, 1300, 500}},
    [T_LOW] = {"tLOW", {4700, 1300, 500}},
    [T_HIGH] = {"tHIGH", {4000, 600, 260}},
    [T_SU_DAT] = {"tSU;DAT", {250, 100, 50}},
    [T_HD_DAT] = {"tHD;DAT", {0, 0, 0}},
    [T_PERIOD] = {"1/fSCL", {10000, 2500, 1000}},
};

const char *watch_time_name(enum watch_time t)
{
    return times[t].name;
}

uint64_t watch_least_ns(enum watch_time t, uint32_t scl_hz)
{
    return times[t].least_ns[scl_hz <= 100000 ? 0 : scl_hz <= 400000 ? 1 : 2];
}
