/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The way between a host and the chip in simulated time: bulk URBs in 512-byte
 * packets, two status bytes in front of each IN packet, the latency timer, and
 * microframes of 125 us, at whose beginning URBs are started and found
 * complete. A link for lib/ftdi/mpsse-bus.h stands on it.
 */
#ifndef FTDI_USB_MODEL_H
#define FTDI_USB_MODEL_H

#include "core/backend.h"
#include "chip.h"
#include "ftdi/mpsse-bus.h"
#include "core/deadline-thread.h"

#define VUSB_PACKET   512u
#define VUSB_STATUS   2u
#define VUSB_FRAME_NS 125000u

struct vusb_urb {
    bool in;
    const uint8_t *out_buf;
    uint8_t *in_buf; /* packets as they come, status bytes and all */
    size_t len, actual;
    bool ended; /* through, and that the host is told next */
    bool done;
    int status; /* 0 or -ENODEV */
    struct vusb_urb *next;
};

struct vusb_counts {
    unsigned out_urbs, in_urbs;
    unsigned in_empty;            /* of those, with nothing but status bytes */
    uint64_t out_bytes, in_bytes; /* without status bytes */
    unsigned exchanges;           /* of the link: round trips */
    unsigned most_at_once;        /* of them under way */
};

struct vusb;

struct vusb *vusb_new(struct wire *w, struct vchip *c);
void vusb_free(struct vusb *u);

/* The latency timer, 16 ms at first as in the chip. */
void vusb_set_latency(struct vusb *u, unsigned latency_ms);
/* Time that the host's software takes over each completion; 0 at first. */
void vusb_set_host_ns(struct vusb *u, uint64_t host_ns);
/* Gone after that many more URBs have completed (0: at once). */
void vusb_unplug_after(struct vusb *u, unsigned urbs);
bool vusb_unplugged(const struct vusb *u);

/* URBs of each direction are served in the order of submission. The caller
 * keeps them until done or cancelled. */
void vusb_submit(struct vusb *u, struct vusb_urb *urb);
void vusb_cancel(struct vusb *u, struct vusb_urb *urb);
void vusb_cancel_all(struct vusb *u);
/* Until urb->done or that time: whether it is done. */
bool vusb_wait(struct vusb *u, const struct vusb_urb *urb, uint64_t until_ns);
/* As control requests: both FIFOs purged, engine reset, MPSSE mode again. */
int vusb_purge(struct vusb *u);

struct vusb_counts vusb_counts(const struct vusb *u);
void vusb_forget_counts(struct vusb *u);

/*
 * The link: `link` is the struct vusb. Its clock, which deadlines are of, is
 * simulated time: a wedged engine costs no waiting, and what the machine does
 * besides changes nothing.
 */
uint64_t vusb_now(const struct vusb *u);
extern const struct mpsse_link vusb_link;

#endif
