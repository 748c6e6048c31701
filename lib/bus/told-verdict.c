/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verdict on a replay, told when nobody has its bus any more. */
#include "bus/bus.h"
#include "core/log.h"
#include "i2cpt-trace.h"

void bus_tell_verdict(struct i2cpt_bus *bus)
{
    struct i2cpt_trace_verdict v = {.size = sizeof(v)};
    struct i2cpt_fault fault = {0};
    char text[I2CPT_FAULT_TEXT_SIZE];
    bool bad;

    if (!bus->verdict_as) {
        return;
    }
    if (bus->ops->verdict(bus->priv, &v, &fault)) {
        i2cpt_fault_describe(&fault, text, sizeof(text));
        i2cpt_log(I2CPT_LOG_ERROR, "%s: no verdict: %s", bus->verdict_as, text);
        return;
    }
    bad = i2cpt_trace_verdict_failed(&v) || v.held_line || v.stalls;
    i2cpt_trace_verdict_describe(&v, I2CPT_VERDICT_ALL, text, sizeof(text));
    i2cpt_log(bad ? I2CPT_LOG_ERROR : I2CPT_LOG_INFO, "%s: %s", bus->verdict_as,
              text);
}
