/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Input lines: levels that somebody sets and others listen to. */
#include "lines/lines.h"

#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <string.h>

struct i2cpt_lines {
    unsigned n; /* these two do not change once anybody listens */
    char names[LINES_MAX][LINES_NAME_MAX + 1];
    pthread_mutex_t lock; /* all below */
    bool levels[LINES_MAX];
    bool at_opening[LINES_MAX], at_opening_known[LINES_MAX];
    struct lines_listener *listeners;
};

struct i2cpt_lines *lines_new(void)
{
    struct i2cpt_lines *l = g_new0(struct i2cpt_lines, 1);

    pthread_mutex_init(&l->lock, NULL);
    return l;
}

void lines_free(struct i2cpt_lines *l)
{
    if (l) {
        pthread_mutex_destroy(&l->lock);
        g_free(l);
    }
}

int lines_add(struct i2cpt_lines *l, const char *name, bool level)
{
    if (!i2cpt_line_name_is_good(name)) {
        return -EINVAL;
    }
    if (lines_find(l, name) >= 0) {
        return -EEXIST;
    }
    if (l->n == LINES_MAX) {
        return -ENOSPC;
    }
    g_strlcpy(l->names[l->n], name, sizeof(l->names[0]));
    l->levels[l->n] = level;
    return (int)l->n++;
}

unsigned lines_count(const struct i2cpt_lines *l)
{
    return l ? l->n : 0;
}

const char *lines_name(const struct i2cpt_lines *l, unsigned line)
{
    return line < lines_count(l) ? l->names[line] : NULL;
}

int lines_find(const struct i2cpt_lines *l, const char *name)
{
    unsigned i;

    for (i = 0; i < lines_count(l); i++) {
        if (!strcmp(l->names[i], name)) {
            return (int)i;
        }
    }
    return -ENOENT;
}

bool lines_level(struct i2cpt_lines *l, unsigned line)
{
    bool level;

    pthread_mutex_lock(&l->lock);
    level = line < l->n && l->levels[line];
    pthread_mutex_unlock(&l->lock);
    return level;
}

bool lines_level_at_opening(struct i2cpt_lines *l, unsigned line)
{
    bool level;

    pthread_mutex_lock(&l->lock);
    level = line < l->n && l->at_opening[line];
    pthread_mutex_unlock(&l->lock);
    return level;
}

void lines_set_at_opening(struct i2cpt_lines *l, unsigned line, bool level)
{
    pthread_mutex_lock(&l->lock);
    if (line < l->n) {
        l->at_opening[line] = level;
        l->at_opening_known[line] = true;
    }
    pthread_mutex_unlock(&l->lock);
}

void lines_opened(struct i2cpt_lines *l)
{
    unsigned i;

    if (!l) {
        return;
    }
    pthread_mutex_lock(&l->lock);
    for (i = 0; i < l->n; i++) {
        if (!l->at_opening_known[i]) {
            l->at_opening[i] = l->levels[i];
            l->at_opening_known[i] = true;
        }
    }
    pthread_mutex_unlock(&l->lock);
}

void lines_set(struct i2cpt_lines *l, unsigned line, bool level,
               uint64_t stamp_ns)
{
    struct lines_listener *i;

    pthread_mutex_lock(&l->lock);
    if (line < l->n && l->levels[line] != level) {
        l->levels[line] = level;
        for (i = l->listeners; i; i = i->next) {
            i->changed(line, level, stamp_ns, i->user);
        }
    }
    pthread_mutex_unlock(&l->lock);
}

void lines_listen(struct i2cpt_lines *l, struct lines_listener *listener,
                  bool *levels)
{
    struct lines_listener **end = &l->listeners;

    pthread_mutex_lock(&l->lock);
    while (*end) {
        end = &(*end)->next;
    }
    listener->next = NULL;
    *end = listener;
    if (levels) {
        memcpy(levels, l->levels, sizeof(l->levels));
    }
    pthread_mutex_unlock(&l->lock);
}

void lines_follow(struct i2cpt_lines *l, struct lines_listener *listener,
                  uint64_t stamp_ns)
{
    unsigned i;

    pthread_mutex_lock(&l->lock);
    listener->next = l->listeners;
    l->listeners = listener;
    for (i = 0; i < l->n; i++) {
        listener->changed(i, l->levels[i], stamp_ns, listener->user);
    }
    pthread_mutex_unlock(&l->lock);
}

void lines_forget(struct i2cpt_lines *l, struct lines_listener *listener)
{
    struct lines_listener **i;

    pthread_mutex_lock(&l->lock);
    for (i = &l->listeners; *i; i = &(*i)->next) {
        if (*i == listener) {
            *i = listener->next;
            break;
        }
    }
    pthread_mutex_unlock(&l->lock);
}
