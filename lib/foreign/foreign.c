/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A foreign back end's table, copied: how long it lives. */
#include <glib.h>

#include "foreign/foreign.h"

static void free_keys(struct foreign *f)
{
    size_t i;

    for (i = 0; i < f->n_keys; i++) {
        g_free((char *)f->keys[i].name);
        g_free((char *)f->keys[i].choices);
        g_free((char *)f->keys[i].def);
        g_free((char *)f->keys[i].help);
    }
    g_free(f->keys);
}

struct foreign *foreign_ref(struct foreign *f)
{
    atomic_fetch_add(&f->refs, 1);
    return f;
}

void foreign_unref(struct foreign *f)
{
    if (atomic_fetch_sub(&f->refs, 1) != 1) {
        return;
    }
    free_keys(f);
    g_free(f->name);
    g_free(f->help);
    g_free(f);
}
