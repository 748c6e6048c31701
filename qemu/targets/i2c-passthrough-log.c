/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log=FILE: what the guest asked of the device and what it was told, for a
 * QEMU that has no trace points of ours.
 */
#include "qemu/osdep.h"
#include "common/compat.h"
#include "qapi/error.h"

#include "i2cpt-trace.h"
#include "targets/i2c-passthrough.h"

bool i2c_passthrough_open_log(I2CPassthrough *s, Error **errp)
{
    if (!s->log_path) {
        return true;
    }
    s->log = fopen(s->log_path, "we");
    if (!s->log) {
        error_setg(errp, "log=%s: %s; accepted is a file that can be written",
                   s->log_path, strerror(errno));
        return false;
    }
    setvbuf(s->log, NULL, _IOLBF, 0);
    return true;
}

/* "SECONDS TEXT" of the host's monotonic clock. */
void i2c_passthrough_log(I2CPassthrough *s, const char *format, ...)
{
    g_autofree char *text = NULL;
    int64_t now_us;
    va_list args;

    if (!s->log) {
        return; /* before the clock: each byte comes by here */
    }
    now_us = g_get_monotonic_time();
    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    fprintf(s->log, "%" PRId64 ".%06d %s\n", now_us / G_USEC_PER_SEC,
            (int)(now_us % G_USEC_PER_SEC), text);
}

void i2c_passthrough_log_verdict(I2CPassthrough *s)
{
    struct i2cpt_trace_verdict v = {.size = sizeof(v)};
    char text[I2CPT_FAULT_TEXT_SIZE];

    if (!s->log || i2cpt_trace_adapter_verdict(s->adapter, &v, NULL)) {
        return;
    }
    i2cpt_trace_verdict_describe(&v, I2CPT_VERDICT_ALL, text, sizeof(text));
    i2c_passthrough_log(s, "%s: %s", i2cpt_adapter_name(s->adapter), text);
}

void i2c_passthrough_close_log(I2CPassthrough *s)
{
    if (s->log) {
        fclose(g_steal_pointer(&s->log));
    }
}
