/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a caller's messages can be sent at all. */
#include <errno.h>

#include "core/check-msgs.h"
#include "core/fault.h"

static int check_recv_len(const struct i2cpt_msg *m, size_t i,
                          struct i2cpt_fault *fault)
{
    if (!(m->flags & I2CPT_M_RD)) {
        return i2cpt_fault_text(fault, EINVAL,
                                "message %zu: RECV_LEN goes with a read", i);
    }
    if (m->len < 2 || !m->buf || !m->buf[0] || m->buf[0] >= m->len) {
        return i2cpt_fault_text(
            fault, EINVAL,
            "message %zu: RECV_LEN wants buf[0] from 1 and a buffer longer "
            "than that, not %u bytes",
            i, (unsigned)m->len);
    }
    return 0;
}

static int check_msg(const struct i2cpt_msg *m, size_t i,
                     struct i2cpt_fault *fault)
{
    uint16_t max = m->flags & I2CPT_M_TEN ? 0x3ff : 0x7f;

    if (m->addr > max) {
        return i2cpt_fault_text(fault, EINVAL,
                                "message %zu: address 0x%02x: accepted is "
                                "0x00 to 0x%02x",
                                i, m->addr, max);
    }
    if (m->flags & ~I2CPT_M_ALL) {
        return i2cpt_fault_text(fault, EINVAL,
                                "message %zu: unknown flags 0x%04x", i,
                                m->flags & ~I2CPT_M_ALL);
    }
    if (m->len > I2CPT_MSG_MAX || (m->len && !m->buf)) {
        return i2cpt_fault_text(
            fault, EINVAL, "message %zu: %u bytes %s: accepted is 0 to %u", i,
            (unsigned)m->len, m->buf ? "" : "without a buffer", I2CPT_MSG_MAX);
    }
    return 0;
}

int i2cpt_check_msgs(const struct i2cpt_msg *msgs, size_t n,
                     struct i2cpt_fault *fault)
{
    size_t i;
    int ret;

    if (!n || n > I2CPT_TRANSFER_MAX || !msgs) {
        return i2cpt_fault_text(fault, EINVAL,
                                "%zu messages: accepted is 1 to %u", n,
                                I2CPT_TRANSFER_MAX);
    }
    for (i = 0; i < n; i++) {
        ret = check_msg(&msgs[i], i, fault);
        if (!ret && (msgs[i].flags & I2CPT_M_RECV_LEN)) {
            ret = check_recv_len(&msgs[i], i, fault);
        }
        if (ret) {
            return ret;
        }
    }
    if (msgs[0].flags & I2CPT_M_NOSTART) {
        return i2cpt_fault_text(fault, EINVAL,
                                "message 0: the first has a START");
    }
    return 0;
}
