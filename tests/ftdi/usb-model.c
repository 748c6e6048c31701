/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "usb-model.h"

#define PACKET_NS 9600u /* 13 bulk packets in a microframe */
#define URB_MAX   16384u

struct pipe {
    struct vusb_urb *first;
    struct wire_event service, complete;
    uint64_t packet_ns; /* when the last packet ended */
    bool started;       /* `first` is on the bus */
    bool ended;         /* ... and through, the host not told yet */
};

struct vusb {
    struct wire *w;
    struct vchip *c;
    struct pipe out, in;
    uint64_t latency_ns, host_ns;
    uint64_t sent_ns; /* last IN packet: the latency timer's beginning */
    bool counted, gone;
    unsigned left; /* URBs until it is unplugged */
    struct vusb_counts counts;
    uint64_t deadline_ns, until_ns; /* the link's: real one, simulated one */
};

static uint64_t next_frame(uint64_t ns)
{
    return (ns / VUSB_FRAME_NS + 1) * VUSB_FRAME_NS;
}

/* --------------------------------------------------------------------- URBs */

static void finish_urb(struct vusb *u, struct pipe *p, int status)
{
    struct vusb_urb *urb = p->first;

    p->first = urb->next;
    p->started = p->ended = false;
    urb->status = status;
    urb->done = true;
    if (status) {
        return;
    }
    if (urb->in) {
        u->counts.in_urbs++;
        u->counts.in_empty += urb->actual <= VUSB_STATUS;
    } else {
        u->counts.out_urbs++;
        u->counts.out_bytes += urb->actual;
    }
}

static void fail_all(struct vusb *u)
{
    struct pipe *pipes[] = {&u->out, &u->in};
    unsigned i;

    u->gone = true;
    vchip_set_mode(u->c, 0); /* no more power: pins are released */
    for (i = 0; i < 2; i++) {
        wire_cancel(u->w, &pipes[i]->service);
        wire_cancel(u->w, &pipes[i]->complete);
        while (pipes[i]->first) {
            finish_urb(u, pipes[i], -ENODEV);
        }
    }
}

static void begin(struct vusb *u, struct pipe *p)
{
    if (p->first && !p->service.queued && !p->ended) {
        p->started = true;
        wire_at(u->w, &p->service, next_frame(wire_now(u->w) + u->host_ns));
    }
}

/* The next one of a queue follows at once; a new submission waits for the
 * frame. */
static void completed(struct vusb *u, struct pipe *p)
{
    finish_urb(u, p, 0);
    if (u->counted && !u->left--) {
        fail_all(u);
        return;
    }
    if (p->first) {
        p->started = true;
        wire_at(u->w, &p->service, wire_now(u->w));
    }
}

static void out_completed(void *user)
{
    struct vusb *u = user;

    completed(u, &u->out);
}

static void in_completed(void *user)
{
    struct vusb *u = user;

    completed(u, &u->in);
}

static void end_urb(struct vusb *u, struct pipe *p)
{
    p->ended = true;
    wire_at(u->w, &p->complete, next_frame(wire_now(u->w)));
}

/* ------------------------------------------------------------------ packets */

static void serve_out(void *user)
{
    struct vusb *u = user;
    struct vusb_urb *urb = u->out.first;
    size_t n;

    if (!urb || u->out.ended) {
        return;
    }
    n = MIN(urb->len - urb->actual, VUSB_PACKET);
    if (vchip_out_room(u->c) < n) {
        return; /* NAK: again when the engine has taken some */
    }
    vchip_out_put(u->c, urb->out_buf + urb->actual, n);
    urb->actual += n;
    u->out.packet_ns = wire_now(u->w) + PACKET_NS;
    if (urb->actual == urb->len) {
        end_urb(u, &u->out);
    } else {
        wire_at(u->w, &u->out.service, u->out.packet_ns);
    }
}

static bool packet_due(struct vusb *u, size_t ready)
{
    return ready >= VUSB_PACKET - VUSB_STATUS || vchip_flushing(u->c) ||
           wire_now(u->w) >= u->sent_ns + u->latency_ns;
}

static void put_packet(struct vusb *u, struct vusb_urb *urb, size_t n)
{
    uint8_t *packet = urb->in_buf + urb->actual;

    packet[0] = 0x32; /* modem status: the chip is there */
    packet[1] = 0x60; /* line status: transmitter empty */
    vchip_in_take(u->c, packet + VUSB_STATUS, n);
    urb->actual += VUSB_STATUS + n;
    u->counts.in_bytes += n;
    u->sent_ns = wire_now(u->w);
    u->in.packet_ns = wire_now(u->w) + PACKET_NS;
}

static void serve_in(void *user)
{
    struct vusb *u = user;
    struct vusb_urb *urb = u->in.first;
    size_t ready = vchip_in_ready(u->c), n;

    if (!urb || !u->in.started || u->in.ended) {
        return;
    }
    if (wire_now(u->w) < u->in.packet_ns) {
        wire_at(u->w, &u->in.service, u->in.packet_ns);
        return;
    }
    if (!packet_due(u, ready)) {
        wire_at(u->w, &u->in.service, u->sent_ns + u->latency_ns);
        return;
    }
    n = MIN(ready, VUSB_PACKET - VUSB_STATUS);
    put_packet(u, urb, n);
    if (n < VUSB_PACKET - VUSB_STATUS || urb->len - urb->actual < VUSB_PACKET) {
        end_urb(u, &u->in);
    } else {
        wire_at(u->w, &u->in.service, u->in.packet_ns);
    }
}

/* The engine moved bytes: packets that had to wait may go. */
static void chip_changed(void *user)
{
    struct vusb *u = user;

    if (u->out.started && !u->out.ended && !u->out.service.queued) {
        wire_at(u->w, &u->out.service, u->out.packet_ns);
    }
    if (u->in.started && !u->in.ended && packet_due(u, vchip_in_ready(u->c)) &&
        wire_now(u->w) >= u->in.packet_ns) {
        wire_at(u->w, &u->in.service, wire_now(u->w));
    }
}

/* ---------------------------------------------------------------------- API */

void vusb_submit(struct vusb *u, struct vusb_urb *urb)
{
    struct pipe *p = urb->in ? &u->in : &u->out;
    struct vusb_urb **at = &p->first;

    urb->done = false;
    urb->actual = 0;
    urb->next = NULL;
    while (*at) {
        at = &(*at)->next;
    }
    *at = urb;
    if (u->gone || (u->counted && !u->left)) {
        fail_all(u);
    } else if (p->first == urb) {
        begin(u, p);
    }
}

void vusb_cancel(struct vusb *u, struct vusb_urb *urb)
{
    struct pipe *p = urb->in ? &u->in : &u->out;
    struct vusb_urb **at = &p->first;
    bool first = *at == urb;

    while (*at && *at != urb) {
        at = &(*at)->next;
    }
    if (!*at) {
        return;
    }
    *at = urb->next;
    if (first) {
        wire_cancel(u->w, &p->service);
        wire_cancel(u->w, &p->complete);
        p->started = p->ended = false;
        begin(u, p);
    }
}

void vusb_cancel_all(struct vusb *u)
{
    struct pipe *pipes[] = {&u->out, &u->in};
    unsigned i;

    for (i = 0; i < 2; i++) {
        wire_cancel(u->w, &pipes[i]->service);
        wire_cancel(u->w, &pipes[i]->complete);
        pipes[i]->first = NULL;
        pipes[i]->started = pipes[i]->ended = false;
    }
}

bool vusb_wait(struct vusb *u, const struct vusb_urb *urb, uint64_t until_ns)
{
    while (!urb->done && wire_step(u->w, until_ns)) {
    }
    return urb->done;
}

int vusb_purge(struct vusb *u)
{
    if (u->gone) {
        return -ENODEV;
    }
    vusb_cancel_all(u);
    vchip_set_mode(u->c, 0);
    wire_run(u->w, next_frame(wire_now(u->w)));
    vchip_set_mode(u->c, 2);
    wire_run(u->w, next_frame(wire_now(u->w)));
    return 0;
}

void vusb_set_latency(struct vusb *u, unsigned latency_ms)
{
    u->latency_ns = latency_ms * (uint64_t)1000000;
}

void vusb_set_host_ns(struct vusb *u, uint64_t host_ns)
{
    u->host_ns = host_ns;
}

void vusb_unplug_after(struct vusb *u, unsigned urbs)
{
    u->counted = true;
    u->left = urbs;
}

bool vusb_unplugged(const struct vusb *u)
{
    return u->gone;
}

struct vusb_counts vusb_counts(const struct vusb *u)
{
    return u->counts;
}

void vusb_forget_counts(struct vusb *u)
{
    memset(&u->counts, 0, sizeof(u->counts));
}

struct vusb *vusb_new(struct wire *w, struct vchip *c)
{
    struct vusb *u = g_new0(struct vusb, 1);

    u->w = w;
    u->c = c;
    u->out.service = (struct wire_event){.fn = serve_out, .user = u};
    u->in.service = (struct wire_event){.fn = serve_in, .user = u};
    u->out.complete = (struct wire_event){.fn = out_completed, .user = u};
    u->in.complete = (struct wire_event){.fn = in_completed, .user = u};
    vusb_set_latency(u, 16);
    vchip_on_change(c, chip_changed, u);
    return u;
}

void vusb_free(struct vusb *u)
{
    if (u) {
        vusb_cancel_all(u);
        vchip_on_change(u->c, NULL, NULL);
        g_free(u);
    }
}

/* --------------------------------------------------------------------- link */

static uint64_t simulated_deadline(struct vusb *u, uint64_t deadline_ns)
{
    uint64_t now_ns = i2cpt_now_ns();

    if (u->deadline_ns != deadline_ns) {
        u->deadline_ns = deadline_ns;
        u->until_ns =
            wire_now(u->w) + (deadline_ns > now_ns ? deadline_ns - now_ns : 0);
    }
    return u->until_ns;
}

/* Payload of a URB's packets to `in`; how much it was, -EIO if too much. */
static int strip(const struct vusb_urb *urb, uint8_t *in, size_t room)
{
    size_t at, n, total = 0;

    for (at = 0; at + VUSB_STATUS <= urb->actual; at += VUSB_STATUS + n) {
        n = MIN(urb->actual - at, VUSB_PACKET) - VUSB_STATUS;
        if (n > room - total) {
            return -EIO;
        }
        memcpy(in + total, urb->in_buf + at + VUSB_STATUS, n);
        total += n;
    }
    return (int)total;
}

static int receive(struct vusb *u, struct vusb_urb *urb, uint8_t *in,
                   size_t in_len, uint64_t until_ns)
{
    size_t got = 0;
    int n;

    for (;;) {
        if (!vusb_wait(u, urb, until_ns)) {
            return -ETIMEDOUT;
        }
        if (urb->status) {
            return urb->status;
        }
        n = strip(urb, in + got, in_len - got);
        if (n < 0) {
            return n;
        }
        got += (size_t)n;
        if (got == in_len) {
            return 0;
        }
        vusb_submit(u, urb);
    }
}

static int exchange(void *link, const uint8_t *out, size_t out_len, uint8_t *in,
                    size_t in_len, uint64_t deadline_ns)
{
    static uint8_t packets[URB_MAX];
    struct vusb *u = link;
    uint64_t until_ns = simulated_deadline(u, deadline_ns);
    struct vusb_urb o = {.out_buf = out, .len = out_len};
    struct vusb_urb i = {.in = true, .in_buf = packets, .len = URB_MAX};
    int ret = 0;

    u->counts.exchanges++;
    if (in_len) {
        vusb_submit(u, &i);
    }
    vusb_submit(u, &o);
    if (in_len) {
        ret = receive(u, &i, in, in_len, until_ns);
    }
    if (!ret) {
        ret = vusb_wait(u, &o, until_ns) ? o.status : -ETIMEDOUT;
    }
    vusb_cancel_all(u);
    return ret;
}

static int purge(void *link)
{
    return vusb_purge(link);
}

const struct mpsse_link vusb_link = {exchange, purge};
