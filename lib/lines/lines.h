/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The input lines of one opened back end: their names, their levels, and who
 * listens. The back end makes them, sets levels from any thread and frees them
 * at its close(); a level that is set again is no change, and nobody hears it.
 */
#ifndef I2CPT_LINES_LINES_H
#define I2CPT_LINES_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/line-key.h"

#define LINES_MAX      32u
#define LINES_NAME_MAX LINE_NAME_MAX

struct i2cpt_lines;

/*
 * Called for each change, in the thread that set the level, changes of one
 * adapter one after the other: it does not wait, and does not come back to
 * these lines.
 */
typedef void (*lines_changed_fn)(unsigned line, bool level, uint64_t stamp_ns,
                                 void *user);
struct lines_listener {
    lines_changed_fn changed;
    void *user;
    struct lines_listener *next; /* of lines.c */
};

struct i2cpt_lines *lines_new(void);
/* NULL is allowed; nobody listens any more. */
void lines_free(struct i2cpt_lines *l);
/* Before anybody listens: its number; -EINVAL for a name that is none, -EEXIST,
 * or -ENOSPC. */
int lines_add(struct i2cpt_lines *l, const char *name, bool level);

unsigned lines_count(const struct i2cpt_lines *l); /* NULL: 0 */
const char *lines_name(const struct i2cpt_lines *l, unsigned line);
int lines_find(const struct i2cpt_lines *l, const char *name); /* or -ENOENT */
bool lines_level(struct i2cpt_lines *l, unsigned line);
/* The level that a line had when its back end was opened: what a recording
 * begins with is told by _set_at_opening(), of the others lines_opened() takes
 * the levels of then. */
bool lines_level_at_opening(struct i2cpt_lines *l, unsigned line);
void lines_set_at_opening(struct i2cpt_lines *l, unsigned line, bool level);
void lines_opened(struct i2cpt_lines *l); /* NULL is allowed */
/* stamp_ns of CLOCK_MONOTONIC. */
void lines_set(struct i2cpt_lines *l, unsigned line, bool level,
               uint64_t stamp_ns);
/* `listener` stays the caller's and is told of each change from `levels` (of
 * LINES_MAX; NULL: they do not matter) on; behind _forget() it is not called
 * any more. */
void lines_listen(struct i2cpt_lines *l, struct lines_listener *listener,
                  bool *levels);
/* The same, and it is told of each line's level first, as of a change at
 * stamp_ns. */
void lines_follow(struct i2cpt_lines *l, struct lines_listener *listener,
                  uint64_t stamp_ns);
void lines_forget(struct i2cpt_lines *l, struct lines_listener *listener);

#endif
