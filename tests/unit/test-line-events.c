/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When a recorded change of a line is due: each transition, by a clock of the
 * test's own. */
#include <stdio.h>
#include <string.h>

#include "replay/line-events.h"
#include "unit.h"

#define MS 1000000u

/*
 * Changes: `line` and level "a1", its stamp and its gap to the transfer before
 * it in ms, its place, and what it waits for, address and index.
 */
struct change {
    const char *what;
    unsigned stamp_ms, gap_ms, place;
    struct {
        unsigned address, index;
    } needs[2];
    unsigned n_needs;
};

static const struct row {
    const char *name;
    bool by_request, recorded;
    struct change changes[5];
    /* "t0": a transfer of address 0; "r5": run at 5 ms; at the end of each run
     * "-" or when it wants to run again */
    const char *script, *expected;
} rows[] = {
    {"nothing stands before it",
     false,
     false,
     {{"a1", 5, 5, 0}},
     "r0",
     "a1@0 -"},
    {"HELD until its transfer is asked for",
     false,
     false,
     {{"a1", 5, 1, 1, {{0, 0}}, 1}},
     "r0 r9 t0 r9",
     "- - a1@9 -"},
    {"HELD until every address has come so far",
     false,
     false,
     {{"a1", 5, 1, 3, {{0, 1}, {1, 0}}, 2}},
     "t0 r0 t1 r1 t0 r2",
     "1000 1000 a1@2 -"},
    {"in the order of the trace, though the later one is free first",
     false,
     false,
     {{"a1", 5, 1, 1, {{0, 0}}, 1}, {"b1", 6, 1, 2, {{1, 0}}, 1}},
     "t1 r0 t0 r1",
     "1000 a1@1 b1@1 -"},
    {"RELEASED until the recorded time has passed",
     false,
     true,
     {{"a1", 5, 3, 1, {{0, 0}}, 1}},
     "r0 n10 t0 r10 r12 r13",
     "- 13 13 a1@13 -"},
    {"the recorded time counts from the beginning",
     false,
     true,
     {{"a1", 5, 5, 0}},
     "r0 r4 r5",
     "5 5 a1@5 -"},
    {"timing=off does not wait",
     false,
     false,
     {{"a1", 500, 300, 0}},
     "r0",
     "a1@0 -"},
    {"two changes at a place are 1 ms apart",
     false,
     false,
     {{"a1", 5, 1, 0}, {"a0", 9, 5, 0}},
     "r0 r1",
     "a1@0 1 a0@1 -"},
    {"or as far as they were recorded, where that is less",
     false,
     false,
     {{"a1", 5, 1, 0}, {"a0", 5, 1, 0}},
     "r0",
     "a1@0 a0@0 -"},
    {"from when the first was told, not from when it was due",
     false,
     false,
     {{"a1", 5, 1, 0}, {"a0", 9, 5, 0}},
     "r7 r7 r8",
     "a1@7 8 8 a0@8 -"},
    {"another line need not wait, but stays behind",
     false,
     false,
     {{"a1", 5, 1, 0}, {"b1", 9, 5, 0}, {"a0", 9, 5, 0}, {"b0", 20, 9, 0}},
     "r0 r1",
     "a1@0 b1@0 1 a0@1 b0@1 -"},
    {"a transfer between them, and no distance",
     false,
     false,
     {{"a1", 5, 1, 0}, {"a0", 9, 5, 1, {{0, 0}}, 1}},
     "r0 t0 r0",
     "a1@0 - a0@0 -"},
    {"by request: asked once, since the change before",
     true,
     false,
     {{"a1", 5, 1, 1, {{0, 7}}, 1},
      {"a0", 6, 1, 2, {{0, 9}}, 1},
      {"a1", 7, 1, 2}},
     "t1 r0 t0 r1 r2 t0 r2 r3",
     "1000 a1@1 1000 1000 a0@2 3 a1@3 -"},
    {"stalled: told once, and HELD all the same",
     false,
     false,
     {{"a1", 5, 1, 1, {{0, 1}}, 1}},
     "t0 r0 r999 r1000 r9000 t0 r9000",
     "1000 1000 !a0.1 - - a1@9000 -"},
    {"stalled: a transfer begins the time anew",
     false,
     false,
     {{"a1", 5, 1, 1, {{0, 1}}, 1}},
     "t1 r0 n800 t1 r1000 r1800",
     "1000 1800 !a0.1 -"},
    {"not stalled before the first transfer",
     false,
     false,
     {{"a1", 5, 1, 1, {{0, 0}}, 1}},
     "r0 r5000",
     "- -"},
    {"stalled: each change by itself",
     false,
     false,
     {{"a1", 5, 1, 1, {{0, 1}}, 1}, {"a0", 6, 1, 2, {{0, 2}}, 1}},
     "t0 r1000 n1500 t0 r1500 r2500",
     "!a0.1 - a1@1500 2500 !a0.2 -"},
};
#define ROWS ((int)G_N_ELEMENTS(rows))

struct run {
    struct replay_events e;
    uint64_t counts[2];
    GString *log;
};

static uint64_t asked(void *user, const struct replay_need *need)
{
    return ((struct run *)user)->counts[need->address];
}

static void deliver(void *user, unsigned number, bool level, uint64_t now_ns)
{
    g_string_append_printf(((struct run *)user)->log, "%c%d@%u ",
                           'a' + (int)number, level, (unsigned)(now_ns / MS));
}

static void stalled(void *user, const struct replay_change *c,
                    const struct replay_need *missing)
{
    g_string_append_printf(((struct run *)user)->log, "!%c%u.%u ",
                           'a' + (int)c->number, missing->address,
                           (unsigned)missing->index);
}

static void add(struct replay_events *e, const struct change *from)
{
    struct replay_change c = {.number = (unsigned)(from->what[0] - 'a'),
                              .level = from->what[1] == '1',
                              .stamp_ns = (uint64_t)from->stamp_ms * MS,
                              .gap_ns = (uint64_t)from->gap_ms * MS,
                              .place = from->place,
                              .first_need = e->needs->len,
                              .n_needs = from->n_needs};
    unsigned i;

    for (i = 0; i < from->n_needs; i++) {
        struct replay_need need = {.address = from->needs[i].address,
                                   .index = from->needs[i].index};

        g_array_append_val(e->needs, need);
    }
    g_array_append_val(e->changes, c);
}

/* The states are those that the counts say, and none goes back. */
static void check_states(struct run *r)
{
    guint i;

    for (i = 0; i < r->e.changes->len; i++) {
        ck_assert_int_eq(replay_events_state(&r->e, i),
                         i < r->e.delivered  ? CHANGE_DELIVERED
                         : i < r->e.released ? CHANGE_RELEASED
                                             : CHANGE_HELD);
    }
    ck_assert_uint_le(r->e.delivered, r->e.released);
}

static void step(struct run *r, const char *word, uint64_t *now_ns)
{
    unsigned n = (unsigned)atoi(word + 1);
    uint64_t again;

    switch (word[0]) {
    case 't':
        r->counts[n]++;
        replay_events_asked(&r->e, *now_ns);
        break;
    case 'n':
        *now_ns = (uint64_t)n * MS;
        break;
    default:
        *now_ns = (uint64_t)n * MS;
        again = replay_events_run(&r->e, *now_ns);
        if (again == UINT64_MAX) {
            g_string_append(r->log, "- ");
        } else {
            ck_assert_uint_gt(again, *now_ns);
            g_string_append_printf(r->log, "%u ", (unsigned)(again / MS));
        }
    }
    check_states(r);
}

START_TEST(a_change_is_due)
{
    const struct row *row = &rows[_i];
    g_auto(GStrv) words = g_strsplit(row->script, " ", 0);
    g_autofree char *want = g_strdup_printf("%s ", row->expected);
    struct run r = {.log = g_string_new(NULL)};
    uint64_t now_ns = 0;
    unsigned i;

    replay_events_init(&r.e);
    r.e.by_request = row->by_request;
    r.e.recorded = row->recorded;
    r.e.stall_ns = (uint64_t)1000 * MS;
    r.e.asked = asked;
    r.e.deliver = deliver;
    r.e.stalled = stalled;
    r.e.user = &r;
    for (i = 0; row->changes[i].what; i++) {
        add(&r.e, &row->changes[i]);
    }
    replay_events_begin(&r.e, now_ns);
    check_states(&r);
    for (i = 0; words[i]; i++) {
        step(&r, words[i], &now_ns);
    }
    ck_assert_msg(!strcmp(r.log->str, want), "%s: %s", row->name, r.log->str);
    replay_events_clear(&r.e);
    g_string_free(r.log, TRUE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("line-events");
    TCase *tc = tcase_create("line-events");

    tcase_add_loop_test(tc, a_change_is_due, 0, ROWS);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
