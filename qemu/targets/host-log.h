/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the library has to say, on QEMU's stderr and in QEMU's log. */
#ifndef I2C_HOST_LOG_H
#define I2C_HOST_LOG_H

/* Before the first adapter is opened. */
void host_log_init(void);
/* A verdict comes: it is told, whatever the guest has brought about before. */
void host_log_begin_anew(void);

#endif
