/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the targets of importers share: an input's first character chooses the
 * options, the rest is the file. */
#ifndef FUZZ_IMPORT_H
#define FUZZ_IMPORT_H

#include "common/convert.h"
#include "common/text-in.h"

typedef int (*import_fn)(struct convert *c, struct text_in *text,
                         struct i2cpt_fault *fault);

/*
 * Whatever the bytes are, they are read to the end or refused with a line that
 * says where; and every line that comes of them can be written and read again.
 */
void fuzz_import(import_fn import, const uint8_t *data, size_t size);

#endif
