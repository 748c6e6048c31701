/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Input lines of a foreign back end: named while it opens, set from any thread
 * from there on. */
#include <errno.h>
#include <glib.h>
#include <pthread.h>

#include "core/clock.h"
#include "foreign/foreign.h"
#include "lines/lines.h"

struct i2cpt_backend_lines {
    struct i2cpt_lines *lines;
    pthread_mutex_t lock; /* all below; before that of the lines */
    bool named;           /* open() has returned: no line comes any more */
    uint64_t last_ns;     /* the time of the change before */
};

struct i2cpt_backend_lines *foreign_lines_new(void)
{
    struct i2cpt_backend_lines *l = g_new0(struct i2cpt_backend_lines, 1);

    l->lines = lines_new();
    pthread_mutex_init(&l->lock, NULL);
    return l;
}

void foreign_lines_free(struct i2cpt_backend_lines *l)
{
    lines_free(l->lines);
    pthread_mutex_destroy(&l->lock);
    g_free(l);
}

struct i2cpt_lines *foreign_lines_named(struct i2cpt_backend_lines *l)
{
    pthread_mutex_lock(&l->lock);
    l->named = true;
    pthread_mutex_unlock(&l->lock);
    return lines_count(l->lines) ? l->lines : NULL;
}

int i2cpt_backend_line_add(struct i2cpt_backend_lines *lines, const char *name,
                           int level)
{
    int ret = -EPERM;

    if (!lines || !name || level < 0 || level > 1) {
        return -EINVAL;
    }
    pthread_mutex_lock(&lines->lock);
    if (!lines->named) {
        ret = lines_add(lines->lines, name, level);
    }
    pthread_mutex_unlock(&lines->lock);
    return ret;
}

/* A time that can be: not to come, and not before what was told already. */
static uint64_t possible_locked(const struct i2cpt_backend_lines *l,
                                uint64_t stamp_ns)
{
    uint64_t now_ns = i2cpt_now_ns();

    return MAX(stamp_ns ? MIN(stamp_ns, now_ns) : now_ns, l->last_ns);
}

int i2cpt_backend_line_set(struct i2cpt_backend_lines *lines, unsigned line,
                           int level, uint64_t stamp_ns)
{
    int ret = -EINVAL;

    if (!lines || level < 0 || level > 1) {
        return -EINVAL;
    }
    pthread_mutex_lock(&lines->lock);
    if (line < lines_count(lines->lines)) {
        lines->last_ns = possible_locked(lines, stamp_ns);
        lines_set(lines->lines, line, level, lines->last_ns);
        ret = 0;
    }
    pthread_mutex_unlock(&lines->lock);
    return ret;
}
