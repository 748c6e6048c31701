/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's side of /dev/i2c-N. Its headers and structures are known to
 * uapi.c alone; the calls here return 0 (or what is said) or -errno as
 * the kernel gave it, unjudged.
 */
#ifndef I2CPT_I2C_DEV_UAPI_H
#define I2CPT_I2C_DEV_UAPI_H

#include <stdbool.h>
#include <stdint.h>

#include "core/backend.h"

#define UAPI_MAX_MSGS  42u   /* of one I2C_RDWR */
#define UAPI_MAX_LEN   8192u /* bytes of one of its messages */
#define UAPI_BLOCK_MAX 32u   /* of SMBus blocks and of RECV_LEN */
#define UAPI_MAJOR     89u   /* of the device nodes */

/* A message for the kernel. With RECV_LEN, len is that of the buffer. */
struct uapi_msg {
    uint16_t addr, flags; /* I2CPT_M_* */
    uint16_t len;
    uint8_t *buf;
};

int i2cdev_uapi_functionality(int fd, uint32_t *functionality);
/* -EBUSY where a kernel driver has the address, unless forced. */
int i2cdev_uapi_set_address(int fd, uint16_t addr, bool force);
int i2cdev_uapi_set_tenbit(int fd, bool on);
int i2cdev_uapi_set_pec(int fd, bool on);
/* These two are the adapter's and not the open file's. */
int i2cdev_uapi_set_timeout(int fd, uint32_t timeout_ms);
int i2cdev_uapi_set_retries(int fd, uint32_t retries);

/* At most UAPI_MAX_MSGS; returns how many the driver says it has done. */
int i2cdev_uapi_rdwr(int fd, const struct uapi_msg *msgs, size_t n);
/* To the address that was set; reads fill in call->block. */
int i2cdev_uapi_smbus(int fd, struct i2cpt_smbus_call *call);

/* Units of 10 ms, never less than asked for. */
unsigned long i2cdev_uapi_timeout_to_uapi(uint32_t timeout_ms);
/* The bits that i2cpt.h has names for. */
uint32_t i2cdev_uapi_functionality_from_uapi(unsigned long funcs);

#endif
