/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An FTDI dongle in a umockdev testbed: USB descriptors in sysfs, and Linux's
 * usbfs in front of the virtual chip, so that the real libusb and libftdi1 run
 * over it. Simulated time follows the real one. Caller and testbed are of one
 * process, so URBs are used where they lie, as the kernel does.
 */
#ifndef FTDI_FAKE_DONGLE_H
#define FTDI_FAKE_DONGLE_H

#include <umockdev.h>

#include "bench.h"

struct fake_dongle_config {
    enum vchip_kind kind;
    unsigned bus, address;
    const char *serial, *description;
    uint16_t product;  /* 0: the chip's own */
    uint16_t release;  /* 0: the chip's own */
    bool driver_bound; /* the kernel's serial driver has each interface */
    enum vchip_pin stretch_pin;
    bool slow_hub; /* unplugged, URBs only fail: the hub has not noticed */
};

struct fake_dongle_counts {
    unsigned urbs; /* completed */
    unsigned bulk_out, bulk_in;
    unsigned detached, attached; /* the kernel driver */
    unsigned latency_ms;         /* as last set */
    unsigned claimed;            /* interfaces now */
};

struct fake_dongle;

struct fake_dongle *fake_dongle_new(UMockdevTestbed *testbed,
                                    const struct fake_dongle_config *c);
void fake_dongle_free(struct fake_dongle *d);

/* What hangs on port 0 (A) or 1 (B); between transfers only. */
struct bench *fake_dongle_bench(struct fake_dongle *d, unsigned port);
struct fake_dongle_counts fake_dongle_counts(struct fake_dongle *d);

/* Gone after that many more URBs (0: at once), and back again, at the same
 * place. */
void fake_dongle_unplug_after(struct fake_dongle *d, unsigned urbs);
bool fake_dongle_unplugged(struct fake_dongle *d);
void fake_dongle_plug(struct fake_dongle *d);
/* Opening or claiming fails so; 0: no more. */
void fake_dongle_refuse(struct fake_dongle *d, int claim_error);

#endif
