/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keys of specification strings and policies: what each accepts, and parsing
 * it.
 */
#ifndef I2CPT_KEY_H
#define I2CPT_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "i2cpt.h"

enum i2cpt_key_kind {
    I2CPT_KEY_STRING,    /* any text, not empty */
    I2CPT_KEY_UINT,      /* min to max, decimal or 0x */
    I2CPT_KEY_FREQUENCY, /* Hz, with k or M; min to max */
    I2CPT_KEY_CHOICE,    /* one of `choices`, "a|b|c"; its value is the index */
    I2CPT_KEY_SWITCH,    /* on or off */
};

/* Tables of keys end with a NULL name. */
struct i2cpt_key {
    const char *name;
    enum i2cpt_key_kind kind;
    uint64_t min, max;
    const char *choices;
    const char *def;  /* as text; NULL: none */
    const char *help; /* one line */
    /* A second opening may say something else: name=, and the keys that
     * identify() looks at (device=, file=), which say the same in other words.
     */
    bool may_differ;
    bool one_line;   /* a text that goes into lines: no control characters */
    bool reads_file; /* it names a file that is read: not to be recorded to */
};

/*
 * Check `text` for `key` and put its number into *value (choices: the index;
 * switches: 0, 1; strings: 0). -EINVAL with a line that names key, value and
 * what is accepted.
 */
int i2cpt_key_parse(const struct i2cpt_key *key, const char *text,
                    uint64_t *value, struct i2cpt_fault *fault);
/* What `key` accepts, for a person; returns buf. */
const char *i2cpt_key_accepts(const struct i2cpt_key *key, char *buf,
                              size_t size);
/* Whether a struct that begins with `size` can be of any version: it has its
 * first `least` bytes, and ends with a member. */
static inline bool i2cpt_size_is_possible(uint32_t size, size_t least)
{
    return size >= least && size % sizeof(void *) == 0;
}
/* What `key` is, as much of it as out->size has room for; or -EINVAL. */
int i2cpt_key_info(const struct i2cpt_key *key, struct i2cpt_key_info *out);
/* A number, decimal or 0x, the whole text, at most max: 0 or -EINVAL/-ERANGE */
int i2cpt_parse_uint(const char *text, uint64_t max, uint64_t *out);
/* An address or two, "0x50-0x57", each at most max: 0, -EINVAL or -ERANGE. */
int i2cpt_parse_range(const char *part, uint64_t max, uint64_t *first,
                      uint64_t *last);
/*
 * A list of addresses, "0x0e:0x1d:0x50-0x57": sets set[addr] for each; set has
 * 128 entries. -EINVAL with a line that names `key` and the bad part.
 */
int i2cpt_parse_addresses(const char *key, const char *text, uint8_t *set,
                          struct i2cpt_fault *fault);

#endif
