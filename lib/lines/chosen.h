/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lines that an adapter has by its keys line.NAME=SOURCE and
 * line.NAME.active-low=: those of its back end under other names, turned round,
 * or some of them only.
 */
#ifndef I2CPT_LINES_CHOSEN_H
#define I2CPT_LINES_CHOSEN_H

#include "i2cpt.h"

/* Which of its own lines `source` names to a back end: "stub" the one that is
 * called `name`, "stub:drdy" drdy; NULL: none. */
const char *lines_chosen_own_name(const char *backend, const char *source,
                                  const char *name);

struct i2cpt_lines;
struct chosen_lines;

/*
 * `own` are the back end's, NULL where it has none; they are left alone from
 * lines_chosen_leave() on. *out is NULL where the keys say nothing: then its
 * own are what it has. -EINVAL with a line that names key, value and what is
 * accepted.
 */
int lines_chosen_new(const struct i2cpt_options *o, struct i2cpt_lines *own,
                     struct chosen_lines **out, struct i2cpt_fault *fault);
struct i2cpt_lines *lines_chosen_get(struct chosen_lines *c);
/* Before the back end closes: levels stay as they are. NULL is allowed. */
void lines_chosen_leave(struct chosen_lines *c);
/* Behind that, when nobody listens any more. NULL is allowed. */
void lines_chosen_free(struct chosen_lines *c);

#endif
