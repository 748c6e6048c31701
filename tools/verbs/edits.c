/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shortest way from one sequence to another (Myers, 1986). */
#include "verbs/edits.h"

#include <string.h>

struct search {
    guint start; /* of the part that differs, in both */
    int n, m;    /* its lengths */
    edits_same_fn same;
    void *user;
    GPtrArray *reached; /* for each d: int x[2 d + 1], by k + d */
};

static void add(GArray *edits, char kind, guint a, guint b)
{
    struct edit e = {kind, a, b};

    g_array_append_val(edits, e);
}

static bool is_same(const struct search *s, int x, int y)
{
    return s->same(s->start + (guint)x, s->start + (guint)y, s->user);
}

/* How far along the first one gets on diagonal k with d - 1 edits and one. */
static int step(const int *before, int d, int k)
{
    if (!d) {
        return 0;
    }
    /* before[] is of d - 1: its diagonal k stands at k + d - 1 */
    if (k == -d || (k != d && before[k - 1 + d - 1] < before[k + 1 + d - 1])) {
        return before[k + 1 + d - 1];
    }
    return before[k - 1 + d - 1] + 1;
}

/* The number of edits, or -1 past EDITS_MAX. */
static int walk(struct search *s)
{
    const int *before = NULL;

    for (int d = 0; d <= MIN(s->n + s->m, EDITS_MAX); d++) {
        int *now = g_new(int, 2 * d + 1);

        g_ptr_array_add(s->reached, now);
        for (int k = -d; k <= d; k += 2) {
            int x = step(before, d, k), y = x - k;

            while (x < s->n && y < s->m && y >= 0 && is_same(s, x, y)) {
                x++;
                y++;
            }
            now[k + d] = x;
            if (x >= s->n && y >= s->m) {
                return d;
            }
        }
        before = now;
    }
    return -1;
}

/* From the end back to the beginning; turned round by the caller. */
static void trace_back(const struct search *s, int d, GArray *edits)
{
    int x = s->n, y = s->m;

    for (; d > 0; d--) {
        const int *before = g_ptr_array_index(s->reached, d - 1);
        int k = x - y;
        bool down = k == -d ||
                    (k != d && before[k - 1 + d - 1] < before[k + 1 + d - 1]);
        int from_k = down ? k + 1 : k - 1;
        int from_x = before[from_k + d - 1], from_y = from_x - from_k;
        int at_x = down ? from_x : from_x + 1, at_y = at_x - k;

        while (x > at_x && y > at_y) {
            x--;
            y--;
            add(edits, '=', s->start + (guint)x, s->start + (guint)y);
        }
        add(edits, down ? '+' : '-', s->start + (guint)from_x,
            s->start + (guint)from_y);
        x = from_x;
        y = from_y;
    }
    while (x > 0 && y > 0) {
        x--;
        y--;
        add(edits, '=', s->start + (guint)x, s->start + (guint)y);
    }
}

static void replace_all(const struct search *s, GArray *edits)
{
    for (int i = 0; i < s->n; i++) {
        add(edits, '-', s->start + (guint)i, s->start);
    }
    for (int i = 0; i < s->m; i++) {
        add(edits, '+', s->start + (guint)s->n, s->start + (guint)i);
    }
}

static void reverse(GArray *edits, guint from)
{
    for (guint i = from, j = edits->len; i + 1 < j; i++) {
        struct edit *a = &g_array_index(edits, struct edit, i);
        struct edit *b = &g_array_index(edits, struct edit, --j), swap = *a;

        *a = *b;
        *b = swap;
    }
}

GArray *verb_edits_find(guint n_a, guint n_b, edits_same_fn same, void *user)
{
    GArray *edits = g_array_new(FALSE, FALSE, sizeof(struct edit));
    struct search s = {.same = same, .user = user};
    guint end = 0;
    int d;

    while (s.start < n_a && s.start < n_b && same(s.start, s.start, user)) {
        add(edits, '=', s.start, s.start);
        s.start++;
    }
    while (end + s.start < n_a && end + s.start < n_b &&
           same(n_a - 1 - end, n_b - 1 - end, user)) {
        end++;
    }
    s.n = (int)(n_a - s.start - end);
    s.m = (int)(n_b - s.start - end);
    s.reached = g_ptr_array_new_with_free_func(g_free);
    d = walk(&s);
    if (d < 0) {
        replace_all(&s, edits);
    } else {
        trace_back(&s, d, edits);
        reverse(edits, s.start);
    }
    for (guint i = end; i; i--) {
        add(edits, '=', n_a - i, n_b - i);
    }
    g_ptr_array_unref(s.reached);
    return edits;
}
