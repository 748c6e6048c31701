/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A pointer and its read for who has no stream_pointer() of its own. */
#ifndef I2CPT_POINTER_BYTES_H
#define I2CPT_POINTER_BYTES_H

#include "core/backend.h"

/*
 * Of `ops`'s single calls. What has begun goes on whatever the deadline is: a
 * STOP in between is what this is to keep from the wire. The longer bound is
 * for lines that are stuck. Returns as stream_pointer() does.
 */
int i2cpt_pointer_by_bytes(const struct i2cpt_ops *ops, void *priv,
                           uint16_t addr, const uint8_t *bytes, size_t n,
                           uint8_t *byte, struct i2cpt_fault *fault);

#endif
