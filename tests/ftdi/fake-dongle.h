/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Virtual dongles that the real libusb and libftdi1 find. Two forms: in a
 * umockdev testbed, with Linux's usbfs in front of the model (fake-usbfs.c);
 * and under the real kernel of a guest, on its virtual host controller
 * (../vm/vhci-dongle.c). Tests are compiled with either.
 */
#ifndef FTDI_FAKE_DONGLE_H
#define FTDI_FAKE_DONGLE_H

#include "dongle.h"

/* Before the first and after the last dongle. */
void fake_dongle_setup(void);
void fake_dongle_teardown(void);
/* Plugging in takes a good part of a second, so tests share what they can. */
bool fake_dongle_is_slow(void);

struct fake_dongle;

/* Plugged in: libusb finds it when this returns. */
struct fake_dongle *fake_dongle_new(const struct dongle_config *c);
/* Where that is slow it may stay, until there is another one. */
void fake_dongle_free(struct fake_dongle *d);
void fake_dongle_none(void);

/* What hangs on port 0 (A) or 1 (B); between transfers only. Where lines are
 * looked at in between, between _lock() and _unlock(). */
struct bench *fake_dongle_bench(struct fake_dongle *d, unsigned port);
void fake_dongle_lock(struct fake_dongle *d);
void fake_dongle_unlock(struct fake_dongle *d);
/* As dongle_rewire(), while nobody has it open. */
void fake_dongle_rewire(struct fake_dongle *d, const struct vchip_config *chip,
                        unsigned rise_ns);
struct dongle_counts fake_dongle_counts(struct fake_dongle *d);
/* Where libusb sees it. */
void fake_dongle_place(struct fake_dongle *d, unsigned *bus, unsigned *address);
/* The kernel's driver of an interface: "ftdi_sio", "usbfs" where a program has
 * it, or "". */
const char *fake_dongle_driver(struct fake_dongle *d, unsigned interface);
/* The caller may not open it any more, until it may again. */
void fake_dongle_forbid(struct fake_dongle *d, bool forbid);

/* Gone after that many more URBs (0: at once), and back again, as new. */
void fake_dongle_unplug_after(struct fake_dongle *d, unsigned urbs);
bool fake_dongle_unplugged(struct fake_dongle *d);
void fake_dongle_plug(struct fake_dongle *d);

#endif
