/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A pointer and its read, made of a back end's single calls. */
#include <errno.h>

#include "core/clock.h"
#include "core/fault.h"
#include "core/pointer-bytes.h"

int i2cpt_pointer_by_bytes(const struct i2cpt_ops *ops, void *priv,
                           uint16_t addr, const uint8_t *bytes, size_t n,
                           uint8_t *byte, struct i2cpt_fault *fault)
{
    uint64_t until_ns = i2cpt_now_ns() + I2CPT_POINTER_NS;
    struct i2cpt_fault later;
    size_t i;
    int ret = ops->stream_start(priv, addr, 0, until_ns, fault);

    if (ret) {
        return ret;
    }
    for (i = 0; !ret && i < n; i++) {
        ret = ops->stream_write(priv, bytes[i], until_ns, fault);
    }
    if (!ret) {
        return ops->stream_start(priv, addr, I2CPT_M_RD, until_ns, fault);
    }
    if (ret == -EIO) {
        i2cpt_fault_clear(&later);
        if (!ops->stream_start(priv, addr, I2CPT_M_RD, until_ns, &later)) {
            ops->stream_read(priv, byte, until_ns, &later);
        }
    }
    return ret;
}
