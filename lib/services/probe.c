/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Presence of targets, asked for as i2cdetect does */
#include <errno.h>
#include <stdbool.h>

#include "core/fault.h"
#include "smbus/probe-rule.h"

int i2cpt_probe(struct i2cpt_adapter *a, uint16_t addr, int how,
                struct i2cpt_fault *fault)
{
    if (!a) {
        return i2cpt_fault_null(fault, "a");
    }

    bool read = how == I2CPT_PROBE_READ ||
                (how == I2CPT_PROBE_AUTO && smbus_probes_by_read(addr));

    i2cpt_fault_clear(fault);
    if (addr > 0x7f)
        return i2cpt_fault_text(
            fault, EINVAL, "address 0x%02x: accepted is 0x00 to 0x7f", addr);
    if (how < I2CPT_PROBE_AUTO || how > I2CPT_PROBE_READ)
        return i2cpt_fault_text(fault, EINVAL, "probe %d: accepted is %d to %d",
                                how, I2CPT_PROBE_AUTO, I2CPT_PROBE_READ);
    int rc = read ? i2cpt_smbus_receive_byte(a, addr, 0, fault)
                  : i2cpt_smbus_quick(a, addr, 0, 0, fault);
    switch (rc < 0 ? -rc : 0) {
    case 0:
        return 1;
    case ENXIO:
    case EIO: /* no byte is written: only the address can be refused */
    case EREMOTEIO:
        i2cpt_fault_clear(fault);
        return 0;
    default:
        return rc;
    }
}

/* What makes it pointless to ask for the next address. */
static bool ends_scan(int rc)
{
    switch (-rc) {
    case ENODEV:
    case EPERM:
    case EINVAL:
    case ENOMEM:
    case ECANCELED:
        return true;
    default:
        return false;
    }
}

int i2cpt_scan(struct i2cpt_adapter *a, uint16_t first, uint16_t last, int how,
               int16_t *result, struct i2cpt_fault *fault)
{
    if (!a || !result) {
        return i2cpt_fault_null(fault, "a or result");
    }

    int found = 0;

    if (first > last || last > 0x7f)
        return i2cpt_fault_text(fault, EINVAL,
                                "addresses 0x%02x to 0x%02x: accepted is a "
                                "range in 0x00 to 0x7f",
                                first, last);
    for (uint16_t addr = first; addr <= last; addr++) {
        int rc = i2cpt_probe(a, addr, how, fault);

        if (rc < 0 && ends_scan(rc))
            return rc;
        result[addr] = (int16_t)rc;
        found += rc == 1;
    }
    i2cpt_fault_clear(fault);
    return found;
}
