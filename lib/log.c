/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "config.h"
#include "private.h"

static i2cpt_log_fn log_fn;
static void *log_user;

void i2cpt_set_log(i2cpt_log_fn log, void *user)
{
    log_fn = log;
    log_user = user;
}

void i2cpt_log(int level, const char *format, ...)
{
    char line[512];
    va_list ap;

    if (!log_fn) {
        return;
    }
    va_start(ap, format);
    vsnprintf(line, sizeof(line), format, ap);
    va_end(ap);
    log_fn(level, line, log_user);
}

const char *i2cpt_version(void)
{
    return I2CPT_VERSION;
}

void i2cpt_free(void *p)
{
    g_free(p);
}

uint64_t i2cpt_now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}
