/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A kernel driver's errno as a fault: what it tells, and what it hides. */
#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <stdbool.h>

#include "core/clock.h"
#include "core/fault.h"
#include "i2c-dev/host-errno.h"

/* How long a detached USB adapter may fail before /sys knows: its driver comes
 * first, the node is removed a little later by another thread of the kernel. */
#define USB_GONE_MS 20

static enum host_presence presence(const struct host_adapter *a,
                                   uint64_t deadline_ns)
{
    enum host_presence now = i2cdev_host_presence(a);
    int i;

    for (i = 0; a->usb && now == HOST_THERE && i < USB_GONE_MS &&
                i2cpt_now_ns() < deadline_ns;
         i++) {
        poll(NULL, 0, 1);
        now = i2cdev_host_presence(a);
    }
    return now;
}

static int gone(const struct host_adapter *a, struct i2cpt_fault *fault)
{
    return i2cpt_fault_text(fault, ENODEV, "%.4096s: the adapter is gone",
                            a->path);
}

/* Codes by which a driver may tell of a lost adapter as well as of the bus. */
static bool may_mean_gone(int error)
{
    switch (error) {
    case -ENXIO: /* a target that is not there, always */
    case -EAGAIN:
    case -EBUSY:
    case -EBADMSG:
    case -EOPNOTSUPP:
    case -EINVAL:
    case -ENOMEM:
        return false;
    default:
        return true;
    }
}

static int nack(const struct host_adapter *a, const struct request_shape *shape,
                struct i2cpt_fault *fault)
{
    if (a->driver && a->driver->nack_anywhere && !shape->address_only) {
        return i2cpt_fault_set(fault, ENXIO, I2CPT_PHASE_UNKNOWN, -1, -1);
    }
    return i2cpt_fault_set(fault, ENXIO, I2CPT_PHASE_ADDRESS,
                           shape->n == 1 ? 0 : -1, -1);
}

static int said(const struct host_adapter *a, int code, int error,
                struct i2cpt_fault *fault)
{
    return i2cpt_fault_text(fault, code,
                            "%.4096s: the kernel's driver says: %s", a->path,
                            g_strerror(-error));
}

int i2cdev_fault(const struct host_adapter *a, int error,
                 const struct request_shape *shape, struct i2cpt_fault *fault)
{
    enum host_presence there = HOST_UNKNOWN;

    if (may_mean_gone(error)) {
        there = presence(a, shape->deadline_ns);
        if (there == HOST_GONE) {
            return gone(a, fault);
        }
    }
    switch (error) {
    case -ENXIO:
        return nack(a, shape, fault);
    case -ENODEV:
    case -ESHUTDOWN:
        /* Some drivers answer so for a target; then the adapter is there. */
        return there == HOST_THERE && !a->usb ? said(a, EREMOTEIO, error, fault)
                                              : gone(a, fault);
    case -EIO:
    case -EREMOTEIO:
    case -EAGAIN:
    case -EBUSY:
    case -ETIMEDOUT:
    case -EBADMSG:
    case -EPROTO:
        return i2cpt_fault_set(fault, -error, I2CPT_PHASE_UNKNOWN, -1, -1);
    case -EOPNOTSUPP:
    case -EINVAL:
    case -ENOMEM:
        return said(a, -error, error, fault);
    default:
        return said(a, EIO, error, fault);
    }
}
