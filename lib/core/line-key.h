/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The keys of input lines: line.NAME=SOURCE and line.NAME.active-low=on|off, of
 * which there are as many as somebody gives names.
 */
#ifndef I2CPT_LINE_KEY_H
#define I2CPT_LINE_KEY_H

#include <stdbool.h>

#include "core/key.h"

#define LINE_NAME_MAX 31u
#define LINE_NAME_IS  "1 to 31 letters, digits, '_' and '-'"

bool i2cpt_line_name_is_good(const char *name);
/* What such a key accepts; its name is that of the kind. NULL: `key` is none.
 */
const struct i2cpt_key *i2cpt_line_key(const char *key);
/* The same, of either kind, for a person. */
extern const char *const i2cpt_line_key_names;
/* Whether it begins as one does, and so was meant for one. */
bool i2cpt_line_key_is_meant(const char *key);
/* NAME of a line.NAME, into a buffer of LINE_NAME_MAX + 1; false: it is none.
 */
bool i2cpt_line_key_source(const char *key, char *name);
/* NAME of a line.NAME.active-low, likewise. */
bool i2cpt_line_key_active_low(const char *key, char *name);

#endif
