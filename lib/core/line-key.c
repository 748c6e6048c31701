/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys of input lines, whose names have a line's name in them. */
#include "core/line-key.h"

#include <glib.h>
#include <string.h>

#define BEGINS "line."
#define ENDS   ".active-low"

static const struct i2cpt_key source_key = {
    .name = "line.NAME",
    .kind = I2CPT_KEY_STRING,
    .one_line = true,
    .help = "where the input line NAME comes from",
};
static const struct i2cpt_key active_low_key = {
    .name = "line.NAME" ENDS,
    .kind = I2CPT_KEY_SWITCH,
    .def = "off",
    .help = "NAME is active where its level is low",
};

const char *const i2cpt_line_key_names = "line.NAME, line.NAME" ENDS;

bool i2cpt_line_name_is_good(const char *name)
{
    size_t n = strlen(name), i;

    for (i = 0; i < n; i++) {
        if (!g_ascii_isalnum(name[i]) && name[i] != '_' && name[i] != '-') {
            return false;
        }
    }
    return n && n <= LINE_NAME_MAX;
}

bool i2cpt_line_key_is_meant(const char *key)
{
    return g_str_has_prefix(key, BEGINS);
}

/* The `n` bytes behind "line.". */
static bool take_name(const char *key, size_t n, char *name)
{
    if (n > LINE_NAME_MAX) {
        return false;
    }
    memcpy(name, key + strlen(BEGINS), n);
    name[n] = 0;
    return i2cpt_line_name_is_good(name);
}

bool i2cpt_line_key_source(const char *key, char *name)
{
    return i2cpt_line_key_is_meant(key) &&
           take_name(key, strlen(key) - strlen(BEGINS), name);
}

bool i2cpt_line_key_active_low(const char *key, char *name)
{
    return i2cpt_line_key_is_meant(key) && g_str_has_suffix(key, ENDS) &&
           strlen(key) > strlen(BEGINS ENDS) &&
           take_name(key, strlen(key) - strlen(BEGINS ENDS), name);
}

const struct i2cpt_key *i2cpt_line_key(const char *key)
{
    char name[LINE_NAME_MAX + 1];

    return i2cpt_line_key_source(key, name)       ? &source_key
           : i2cpt_line_key_active_low(key, name) ? &active_low_key
                                                  : NULL;
}
