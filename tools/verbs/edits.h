/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shortest way from one sequence to another (Myers, "An O(ND) Difference
 * Algorithm and Its Variations", 1986). */
#ifndef EDITS_H
#define EDITS_H

#include <glib.h>
#include <stdbool.h>

struct edit {
    char kind; /* '=' both, '-' only in the first, '+' only in the second */
    guint a, b;
};

typedef bool (*edits_same_fn)(guint a, guint b, void *user);

/*
 * Of struct edit, for g_array_unref(). Where the two differ in more than
 * EDITS_MAX places, what is between their common beginning and end is taken for
 * wholly different.
 */
#define EDITS_MAX 2000
GArray *verb_edits_find(guint n_a, guint n_b, edits_same_fn same, void *user);

#endif
