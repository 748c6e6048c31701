/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long the reads of a guest have been, to know it of the next. */
#ifndef I2CPT_LEARN_H
#define I2CPT_LEARN_H

#include <stdint.h>

#include "i2cpt.h"

#define LEARN_KEY_MAX  64u   /* bytes of a write that tell two reads apart */
#define LEARN_KEYS_MAX 8192u /* per passthrough; the oldest goes */

/* What was written to the address before the read; only the first
 * LEARN_KEY_MAX bytes are looked at, but the whole length. */
struct learn_key {
    uint16_t addr;
    uint32_t len;
    const uint8_t *bytes;
};

struct learned {
    uint32_t length; /* 0: never seen, nothing to go by */
    uint8_t block;   /* 0, or for block reads what comes with the data: 1 the
                        count, 2 a PEC too */
};

struct i2cpt_learn;
struct i2cpt_learn *pt_learn_new(void);
void pt_learn_free(struct i2cpt_learn *learn);
struct learned pt_learn_lookup(struct i2cpt_learn *learn,
                               const struct learn_key *key);
/* A guest took `taken` bytes, at least one, of which `first` was the first. */
void pt_learn_note(struct i2cpt_learn *learn, const struct learn_key *key,
                   uint32_t taken, uint8_t first);
/* A block read was refused as such (bad count): never guess it again. */
void pt_learn_no_block(struct i2cpt_learn *learn, const struct learn_key *key);
/* Seed from a trace; an error names the file. */
int pt_learn_from(struct i2cpt_learn *learn, const char *path,
                  struct i2cpt_fault *fault);

#endif
