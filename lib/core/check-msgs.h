/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages of a caller, before anything is done with them. */
#ifndef I2CPT_CHECK_MSGS_H
#define I2CPT_CHECK_MSGS_H

#include "i2cpt.h"

/* -EINVAL (with text) unless every message is well-formed: address in range,
 * not too long, buffer there, RECV_LEN with room; flags and NOSTART sane. */
int i2cpt_check_msgs(const struct i2cpt_msg *msgs, size_t n,
                     struct i2cpt_fault *fault);

#endif
