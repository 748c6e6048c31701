/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines for i2cpt_set_log(). */
#ifndef I2CPT_LOG_H
#define I2CPT_LOG_H

/* `level` is an enum i2cpt_log_level. */
void i2cpt_log(int level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
