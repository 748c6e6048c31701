/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* USB between host and chip: microframes, packets, the latency timer. */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "core/clock.h"
#include "usb-model.h"

#define PACKET_NS 9600u /* 13 bulk packets in a microframe */
#define URB_MAX   16384u

/* URBs in the order of submission: first those that are through, of which the
 * host is told at the next frame, then the one that is served. */
struct pipe {
    struct vusb_urb *first, *active;
    struct wire_event service, complete;
    uint64_t packet_ns; /* when the next packet may begin */
};

/* One exchange of the link. */
struct reply {
    struct vusb_urb out;
    uint8_t *in;
    size_t want, got;
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

    /* the link */
    uint64_t deadline_ns, until_ns; /* real one, simulated one */
    struct reply replies[MPSSE_DEPTH];
    unsigned first, n; /* of them under way */
    struct vusb_urb read;
    bool reading;
    uint8_t packets[URB_MAX];
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
    if (p->active == urb) {
        p->active = NULL;
    }
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

static void serve(struct vusb *u, struct pipe *p)
{
    wire_at(u->w, &p->service, MAX(wire_now(u->w), p->packet_ns));
}

/* All that were through when the frame began. */
static void completed(struct vusb *u, struct pipe *p)
{
    while (p->first && p->first->ended) {
        finish_urb(u, p, 0);
        if (u->counted && !u->left--) {
            fail_all(u);
            return;
        }
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

/* The host's controller goes on with the next one by itself. */
static void end_urb(struct vusb *u, struct pipe *p)
{
    p->active->ended = true;
    p->active = p->active->next;
    if (!p->complete.queued) {
        wire_at(u->w, &p->complete, next_frame(wire_now(u->w)));
    }
    if (p->active) {
        serve(u, p);
    }
}

/* ------------------------------------------------------------------ packets */

static void serve_out(void *user)
{
    struct vusb *u = user;
    struct vusb_urb *urb = u->out.active;
    size_t n;

    if (!urb) {
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
        serve(u, &u->out);
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
    struct vusb_urb *urb = u->in.active;
    size_t ready = vchip_in_ready(u->c), n;

    if (!urb) {
        return;
    }
    if (wire_now(u->w) < u->in.packet_ns) {
        serve(u, &u->in);
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
        serve(u, &u->in);
    }
}

/* The engine moved bytes: packets that had to wait may go. */
static void chip_changed(void *user)
{
    struct vusb *u = user;

    if (u->out.active && !u->out.service.queued) {
        serve(u, &u->out);
    }
    if (u->in.active && packet_due(u, vchip_in_ready(u->c))) {
        serve(u, &u->in);
    }
}

/* ---------------------------------------------------------------------- API */

void vusb_submit(struct vusb *u, struct vusb_urb *urb)
{
    struct pipe *p = urb->in ? &u->in : &u->out;
    struct vusb_urb **at = &p->first;

    urb->done = urb->ended = false;
    urb->actual = 0;
    urb->next = NULL;
    while (*at) {
        at = &(*at)->next;
    }
    *at = urb;
    if (u->gone || (u->counted && !u->left)) {
        fail_all(u);
    } else if (!p->active) {
        p->active = urb;
        p->packet_ns =
            MAX(p->packet_ns, next_frame(wire_now(u->w) + u->host_ns));
        serve(u, p);
    }
}

void vusb_cancel(struct vusb *u, struct vusb_urb *urb)
{
    struct pipe *p = urb->in ? &u->in : &u->out;
    struct vusb_urb **at = &p->first;

    while (*at && *at != urb) {
        at = &(*at)->next;
    }
    if (!*at) {
        return;
    }
    *at = urb->next;
    if (p->active == urb) {
        p->active = urb->next;
        wire_cancel(u->w, &p->service);
        if (p->active) {
            serve(u, p);
        }
    }
}

void vusb_cancel_all(struct vusb *u)
{
    struct pipe *pipes[] = {&u->out, &u->in};
    unsigned i;

    for (i = 0; i < 2; i++) {
        wire_cancel(u->w, &pipes[i]->service);
        wire_cancel(u->w, &pipes[i]->complete);
        pipes[i]->first = pipes[i]->active = NULL;
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
    vchip_purge_out(u->c);
    vchip_set_mode(u->c, 0);
    wire_run(u->w, next_frame(wire_now(u->w)));
    vchip_purge_in(u->c);
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

uint64_t vusb_now(const struct vusb *u)
{
    return wire_now(u->w);
}

static uint64_t now_ns(void *link)
{
    return vusb_now(link);
}

static struct reply *reply_at(struct vusb *u, unsigned i)
{
    return &u->replies[(u->first + i) % MPSSE_DEPTH];
}

static bool wanted(struct vusb *u)
{
    bool any = false;
    unsigned i;

    for (i = 0; i < u->n; i++) {
        any = any || reply_at(u, i)->got < reply_at(u, i)->want;
    }
    return any;
}

/* Some payload, to whom it is due; -EIO if to nobody. */
static int give(struct vusb *u, const uint8_t *bytes, size_t len)
{
    struct reply *r;
    unsigned i;
    size_t n;

    for (i = 0; i < u->n && len; i++) {
        r = reply_at(u, i);
        n = MIN(len, r->want - r->got);
        if (n) {
            memcpy(r->in + r->got, bytes, n);
        }
        r->got += n;
        bytes += n;
        len -= n;
    }
    return len ? -EIO : 0;
}

static void read_more(struct vusb *u)
{
    if (!u->reading && wanted(u)) {
        u->read =
            (struct vusb_urb){.in = true, .in_buf = u->packets, .len = URB_MAX};
        u->reading = true;
        vusb_submit(u, &u->read);
    }
}

/* One IN URB, its packets without their status bytes. */
static int read_some(struct vusb *u, uint64_t until_ns)
{
    size_t at, n;
    int ret = 0;

    if (!vusb_wait(u, &u->read, until_ns)) {
        return -ETIMEDOUT;
    }
    u->reading = false;
    if (u->read.status) {
        return u->read.status;
    }
    for (at = 0; at + VUSB_STATUS <= u->read.actual && !ret;
         at += VUSB_STATUS + n) {
        n = MIN(u->read.actual - at, VUSB_PACKET) - VUSB_STATUS;
        ret = give(u, u->packets + at + VUSB_STATUS, n);
    }
    read_more(u);
    return ret;
}

static void drop(struct vusb *u)
{
    vusb_cancel_all(u);
    u->n = 0;
    u->reading = false;
}

static int send(void *link, const uint8_t *out, size_t out_len, uint8_t *in,
                size_t in_len)
{
    struct vusb *u = link;
    struct reply *r = reply_at(u, u->n++);

    g_assert(u->n <= MPSSE_DEPTH);
    *r = (struct reply){
        .out = {.out_buf = out, .len = out_len}, .in = in, .want = in_len};
    u->counts.exchanges++;
    u->counts.most_at_once = MAX(u->counts.most_at_once, u->n);
    read_more(u);
    vusb_submit(u, &r->out);
    return 0;
}

static int receive(void *link, uint64_t deadline_ns)
{
    struct vusb *u = link;
    struct reply *r = reply_at(u, 0);
    int ret = 0;

    while (!ret && r->got < r->want) {
        ret = read_some(u, deadline_ns);
    }
    if (!ret) {
        ret = vusb_wait(u, &r->out, deadline_ns) ? r->out.status : -ETIMEDOUT;
    }
    if (ret) {
        drop(u);
        return ret;
    }
    u->first = (u->first + 1) % MPSSE_DEPTH;
    u->n--;
    return 0;
}

static int exchange(void *link, const uint8_t *out, size_t out_len, uint8_t *in,
                    size_t in_len, uint64_t deadline_ns)
{
    int ret = send(link, out, out_len, in, in_len);

    return ret ? ret : receive(link, deadline_ns);
}

static int purge(void *link)
{
    drop(link);
    return vusb_purge(link);
}

static int flush(void *link)
{
    struct vusb *u = link;

    drop(u);
    if (u->gone) {
        return -ENODEV;
    }
    vchip_purge_out(u->c);
    vchip_purge_in(u->c);
    wire_run(u->w, next_frame(wire_now(u->w)));
    return 0;
}

const struct mpsse_link vusb_link = {
    .exchange = exchange,
    .send = send,
    .receive = receive,
    .purge = purge,
    .flush = flush,
    .now_ns = now_ns,
};
