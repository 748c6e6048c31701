/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one line at a time that the library has to say, for the embedder. */
#include <stdarg.h>
#include <stdio.h>

#include "core/fault.h"
#include "core/log.h"
#include "i2cpt.h"

static i2cpt_log_fn log_fn;
static void *log_user;

void i2cpt_set_log(i2cpt_log_fn log, void *user)
{
    log_fn = log;
    log_user = user;
}

void i2cpt_log(int level, const char *format, ...)
{
    char line[I2CPT_FAULT_TEXT_SIZE + 512];
    va_list ap;

    if (!log_fn) {
        return;
    }
    va_start(ap, format);
    vsnprintf(line, sizeof(line), format, ap);
    va_end(ap);
    i2cpt_one_line(line);
    log_fn(level, line, log_user);
}
