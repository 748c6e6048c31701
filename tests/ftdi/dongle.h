/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An FTDI dongle as a USB device: the virtual chip behind descriptors, control
 * requests and bulk endpoints. Something else brings it to libusb:
 * fake-dongle.h.
 *
 * Simulated time goes as fast as it can while there is life on the wire, and
 * with the real one where nothing moves any more and deadlines are waited for.
 * The caller locks.
 */
#ifndef FTDI_DONGLE_H
#define FTDI_DONGLE_H

#include "bench.h"
#include "usbip/standard.h"

#define DONGLE_INTERFACES 4

struct dongle_config {
    enum vchip_kind kind;
    unsigned bus, address; /* where umockdev has it; a kernel decides itself */
    const char *serial, *description; /* serial: NULL where it has none */
    uint16_t product;                 /* 0: the chip's own */
    uint16_t release;                 /* 0: the chip's own */
    bool driver_bound; /* the kernel's serial driver has each interface */
    enum vchip_pin stretch_pin;
    bool slow_hub; /* unplugged, URBs only fail: the hub has not noticed */
};

struct dongle_counts {
    unsigned urbs;              /* completed */
    unsigned bulk_out, bulk_in; /* IN: with more than status bytes */
    unsigned ahead;      /* OUTs before the reply to the last one was taken */
    unsigned latency_ms; /* as last set */
    /* o, i: a FIFO was purged, OUT or IN; r: both and more; 0, 2: a mode was
     * set; the first ones */
    char requests[120];
};

/* The caller keeps it until it was given back by dongle_done() or discarded. */
struct dongle_urb {
    uint8_t endpoint; /* with 0x80 for IN; of control requests 0 */
    const uint8_t *setup;
    uint8_t *data;
    size_t len;
    /* when it is done */
    int status;
    size_t actual;

    bool done;
    struct vusb_urb v;
    struct dongle_urb *next;
};

struct dongle;

struct dongle *dongle_new(const struct dongle_config *c);
void dongle_free(struct dongle *d);
/* As just plugged in: everything is as it was at first. */
void dongle_power_on(struct dongle *d);
/* The same with the chip wired as it says, its lines' rise and all, and its
 * targets fresh. */
void dongle_rewire(struct dongle *d, const struct vchip_config *chip,
                   unsigned rise_ns);

const struct dongle_config *dongle_config(const struct dongle *d);
const struct usbip_description *dongle_description(const struct dongle *d);
unsigned dongle_interfaces(const struct dongle *d);
/* What hangs on port 0 (A) or 1 (B). */
struct bench *dongle_bench(struct dongle *d, unsigned port);

void dongle_submit(struct dongle *d, struct dongle_urb *u);
/* Whether it was still there. */
bool dongle_discard(struct dongle *d, struct dongle_urb *u);
void dongle_advance(struct dongle *d);
/* The next one that is done, in that order, or NULL. */
struct dongle_urb *dongle_done(struct dongle *d);
/* Something is under way, which takes time. */
bool dongle_busy(const struct dongle *d);

struct dongle_counts dongle_counts(const struct dongle *d);
/* Gone after that many more URBs (0: at once). What is under way fails. */
void dongle_unplug_after(struct dongle *d, unsigned urbs);
bool dongle_unplugged(const struct dongle *d);

#endif
