/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RECV_LEN's buf[0] before and after a try that overwrote it. */
#include "core/recv-len.h"

void i2cpt_recv_len_keep(const struct i2cpt_msg *msgs, size_t n, uint8_t *asked)
{
    for (size_t i = 0; i < n; i++) {
        asked[i] = msgs[i].flags & I2CPT_M_RECV_LEN ? msgs[i].buf[0] : 0;
    }
}

void i2cpt_recv_len_put_back(const struct i2cpt_msg *msgs, size_t n,
                             const uint8_t *asked)
{
    for (size_t i = 0; i < n; i++) {
        if (msgs[i].flags & I2CPT_M_RECV_LEN) {
            msgs[i].buf[0] = asked[i];
        }
    }
}
