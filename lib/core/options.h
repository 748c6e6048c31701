/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What was given for the keys of an adapter. Specification strings are
 * spec.c's.
 */
#ifndef I2CPT_OPTIONS_H
#define I2CPT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/key.h"

struct i2cpt_ops;

/* Values of restarts=. */
enum { RESTARTS_EXACT, RESTARTS_ANY };

/* Those that every backend has. */
extern const struct i2cpt_key i2cpt_common_keys[];

/* Values with defaults applied; the key must be one of the backend's or of the
 * common ones. Strings are NULL, numbers 0, where unset and without default. */
const char *i2cpt_options_string(const struct i2cpt_options *o,
                                 const char *key);
uint64_t i2cpt_options_number(const struct i2cpt_options *o, const char *key);
/* Whether the user gave it. */
bool i2cpt_options_has(const struct i2cpt_options *o, const char *key);
/* Its backend; NULL before there is one. Setting it drops all entries. */
const struct i2cpt_ops *i2cpt_options_ops(const struct i2cpt_options *o);
void i2cpt_options_set_ops(struct i2cpt_options *o,
                           const struct i2cpt_ops *ops);
/* The name of the key that was given as number `index`; NULL past the last. */
const char *i2cpt_options_given(const struct i2cpt_options *o, size_t index);
/* The key of that name, the backend's, a common one, or a line's (line-key.h),
 * whose own name is that of its kind; NULL: none. */
const struct i2cpt_key *i2cpt_options_key(const struct i2cpt_options *o,
                                          const char *name);
/* Store what was given for such a key, and was checked; texts are copied. */
void i2cpt_options_put(struct i2cpt_options *o, const char *name,
                       const char *text, uint64_t number);
int i2cpt_options_copy(const struct i2cpt_options *o,
                       struct i2cpt_options **out);
/* -EINVAL where `a` would record onto a file that `b` reads; they may be one.
 */
int i2cpt_options_clash(const struct i2cpt_options *a,
                        const struct i2cpt_options *b,
                        struct i2cpt_fault *fault);
/* The first key that `b` gives and `a` has with another value, or NULL. */
const char *i2cpt_options_differ(const struct i2cpt_options *a,
                                 const struct i2cpt_options *b);

#endif
