/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What RECV_LEN reads ask for, kept over a try. */
#ifndef I2CPT_RECV_LEN_H
#define I2CPT_RECV_LEN_H

#include <stddef.h>
#include <stdint.h>

#include "i2cpt.h"

/* It stands in buf[0], where the answer comes as well: kept in `asked`, a byte
 * for each of the n messages, before the first try, and put back before each
 * other one. */
void i2cpt_recv_len_keep(const struct i2cpt_msg *msgs, size_t n,
                         uint8_t *asked);
void i2cpt_recv_len_put_back(const struct i2cpt_msg *msgs, size_t n,
                             const uint8_t *asked);

#endif
