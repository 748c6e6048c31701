/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The library's lines: the guest's doings are for -d guest_errors, what is well
 * for -d plugin (LOG_TRACE is on where QEMU traces into its log); only what the
 * person in front of it has to see to goes to stderr.
 */
#include "qemu/osdep.h"
#include "common/compat.h"
#include "qemu/error-report.h"
#include "qemu/log.h"
#include "qemu/timer.h"

#include "i2cpt.h"
#include "targets/host-log.h"

/* What a guest may bring about again and again must not fill a disk. */
#define WARNINGS_MAX      10
#define WARNINGS_WITHIN_S 10

static struct {
    GMutex lock;      /* any thread may warn */
    int64_t begin_us; /* of the guest's time, which is who floods */
    unsigned given, left_out;
} warnings = {.begin_us = INT64_MIN / 2};

static void begin_anew_locked(int64_t now_us)
{
    if (warnings.left_out) {
        warn_report("libi2cpt: %u warnings were left out", warnings.left_out);
    }
    warnings.begin_us = now_us;
    warnings.given = warnings.left_out = 0;
}

static void warn_within_bounds(const char *line)
{
    int64_t now_us = qemu_clock_get_us(QEMU_CLOCK_VIRTUAL);

    g_mutex_lock(&warnings.lock);
    if (now_us - warnings.begin_us > WARNINGS_WITHIN_S * G_USEC_PER_SEC) {
        begin_anew_locked(now_us);
    }
    if (warnings.given < WARNINGS_MAX) {
        warnings.given++;
        warn_report("libi2cpt: %s", line);
    } else {
        warnings.left_out++;
    }
    g_mutex_unlock(&warnings.lock);
}

void host_log_begin_anew(void)
{
    g_mutex_lock(&warnings.lock);
    begin_anew_locked(qemu_clock_get_us(QEMU_CLOCK_VIRTUAL));
    g_mutex_unlock(&warnings.lock);
}

static void log_line(int level, const char *line, void *user)
{
    if (level == I2CPT_LOG_ERROR) {
        warn_within_bounds(line);
    } else if (level == I2CPT_LOG_WARNING) {
        qemu_log_mask(LOG_GUEST_ERROR, "libi2cpt: %s\n", line);
    } else {
        qemu_log_mask(CPU_LOG_PLUGIN, "libi2cpt: %s\n", line);
    }
}

void host_log_init(void)
{
    i2cpt_set_log(log_line, NULL);
}
