/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a foreign back end answers, held against what it was asked. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/fault.h"
#include "foreign/foreign.h"

int foreign_lie(const struct foreign *f, struct i2cpt_fault *fault,
                const char *format, ...)
{
    char what[160];
    va_list ap;

    va_start(ap, format);
    vsnprintf(what, sizeof(what), format, ap);
    va_end(ap);
    return i2cpt_fault_text(fault, EPROTO, "back end %.40s: %s", f->name, what);
}

/* The place that a fault tells, as far as the request has such a place. */
static void take_place(const struct i2cpt_fault *theirs, size_t n,
                       struct i2cpt_fault *fault)
{
    bool phase = theirs->phase >= I2CPT_PHASE_UNKNOWN &&
                 theirs->phase <= I2CPT_PHASE_STOP;
    bool msg = theirs->msg >= 0 && (!n || (size_t)theirs->msg < n);

    fault->phase = phase ? theirs->phase : I2CPT_PHASE_UNKNOWN;
    fault->msg = msg ? theirs->msg : -1;
    fault->byte =
        msg && theirs->byte >= 0 && theirs->byte <= (int32_t)I2CPT_MSG_MAX
            ? theirs->byte
            : -1;
}

int foreign_result(const struct foreign *f, const char *call, int ret, size_t n,
                   const struct i2cpt_fault *theirs, struct i2cpt_fault *fault)
{
    size_t room = sizeof(theirs->text);
    int len;

    if (!ret) {
        i2cpt_fault_clear(fault);
        return 0;
    }
    if (ret > 0 || (ret < -FOREIGN_ERRNO_MAX && ret != -I2CPT_EMISMATCH)) {
        return foreign_lie(f, fault,
                           "%s() returned %d; accepted is 0 or a negative "
                           "error code",
                           call, ret);
    }
    len = (int)strnlen(theirs->text, room);
    if (len) {
        i2cpt_fault_text(fault, -ret, "%.*s", len, theirs->text);
    } else {
        i2cpt_fault_set(fault, -ret, I2CPT_PHASE_UNKNOWN, -1, -1);
    }
    if (fault) {
        take_place(theirs, n, fault);
    }
    return ret;
}

bool foreign_actual_can_be(const struct i2cpt_msg *m, uint32_t actual,
                           uint8_t asked, uint32_t marks, bool last)
{
    if (actual > m->len) {
        return false;
    }
    if (m->flags & I2CPT_M_RECV_LEN) {
        return m->buf[0] && actual == (uint32_t)m->buf[0] + asked;
    }
    if (m->flags & I2CPT_M_IGNORE_NAK ||
        (last && m->flags & I2CPT_M_RD && marks & I2CPT_MARK_TOOK_FOLLOWS)) {
        return true;
    }
    return actual == m->len;
}
