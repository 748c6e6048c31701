/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the author of a foreign back end may call. */
#include "core/clock.h"
#include "core/fault.h"
#include "core/options.h"
#include "foreign/foreign.h"

int i2cpt_backend_fail(struct i2cpt_fault *fault, int code, int phase,
                       int32_t msg, int32_t byte, const char *text)
{
    if (!text) {
        return i2cpt_fault_set(fault, code, phase, msg, byte);
    }
    i2cpt_fault_text(fault, code, "%s", text);
    if (fault) {
        fault->phase = phase;
        fault->msg = msg;
        fault->byte = byte;
    }
    return -code;
}

uint64_t i2cpt_backend_now_ns(void)
{
    return i2cpt_now_ns();
}

const char *i2cpt_backend_text(const struct i2cpt_options *options,
                               const char *key)
{
    if (!options || !key) {
        return NULL;
    }
    return i2cpt_options_string(options, key);
}

uint64_t i2cpt_backend_number(const struct i2cpt_options *options,
                              const char *key)
{
    if (!options || !key) {
        return 0;
    }
    return i2cpt_options_number(options, key);
}
