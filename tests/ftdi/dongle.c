/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A dongle's descriptors, control requests and bulk endpoints. */
#include <errno.h>
#include <string.h>

#include "core/backend.h"
#include "core/clock.h"
#include "dongle.h"
#include "core/deadline-thread.h"

#define PORTS 2 /* that have an engine */
/* Simulated time after the last edge that passes at once. */
#define QUIET_NS 1000000u

enum { /* FTDI's vendor requests, and SIO's values of the first */
       SIO_RESET = 0,
       SIO_MODEM_STATUS = 5,
       SIO_SET_LATENCY = 9,
       SIO_GET_LATENCY = 10,
       SIO_SET_MODE = 11,
       SIO_READ_EEPROM = 0x90,
};

static const struct {
    uint16_t product, release;
    unsigned interfaces;
} kinds[] = {
    [VCHIP_FT232H] = {0x6014, 0x0900, 1},
    [VCHIP_FT2232H] = {0x6010, 0x0700, 2},
    [VCHIP_FT4232H] = {0x6011, 0x0800, 4},
};

struct port {
    struct bench *b;
    uint64_t real_ns, wire_ns; /* at one moment */
    uint64_t alive_ns;         /* simulated: the last edge or new request */
};

/* URBs:
 *   submitted -> pending      on a bulk endpoint
 *   submitted -> done         a control request; or there is nothing any more
 *   pending   -> done         the model is through with it, or unplugged
 *   done      -> the caller's by dongle_done(), which any of them is also when
 *                             it is discarded
 */
struct dongle {
    struct dongle_config config;
    uint8_t device[18], full[9 + 23 * DONGLE_INTERFACES];
    const char *strings[3];
    struct usbip_description description;
    struct port ports[PORTS];
    struct dongle_urb *pending, *done;
    struct dongle_counts counts;
    bool unanswered; /* an OUT, since a reply was taken */
    bool counted, gone;
    unsigned left;
};

/* ------------------------------------------------------------- descriptors */

static void describe(struct dongle *d)
{
    const struct dongle_config *c = &d->config;
    uint16_t product = c->product ? c->product : kinds[c->kind].product;
    uint16_t release = c->release ? c->release : kinds[c->kind].release;
    unsigned n = kinds[c->kind].interfaces, i;
    const uint8_t device[] = {
        18,
        1,
        0,
        2, /* USB 2.0 */
        0,
        0,
        0,
        64, /* EP0 */
        0x03,
        0x04,
        product & 0xff,
        (uint8_t)(product >> 8), /* who */
        release & 0xff,
        (uint8_t)(release >> 8),
        1,
        2,
        c->serial ? 3 : 0,
        1,
    };
    const uint8_t config[] = {
        9, 2, (uint8_t)(9 + n * 23), 0, (uint8_t)n, 1, 0, 0x80, 45};

    memcpy(d->device, device, sizeof(device));
    memcpy(d->full, config, sizeof(config));
    for (i = 0; i < n; i++) {
        const uint8_t in = (uint8_t)(0x81 + 2 * i), out = (uint8_t)(2 + 2 * i);
        const uint8_t interface[] = {
            9, 4, (uint8_t)i, 0, 2,    0xff, 0xff, 0xff, 2, /**/
            7, 5, in,         2, 0x00, 0x02, 0,             /**/
            7, 5, out,        2, 0x00, 0x02, 0,
        };
        memcpy(d->full + 9 + 23 * i, interface, sizeof(interface));
    }
    d->strings[0] = "FTDI";
    d->strings[1] = c->description;
    d->strings[2] = c->serial;
    d->description = (struct usbip_description){d->device, d->full, d->strings,
                                                c->serial ? 3 : 2};
}

const struct usbip_description *dongle_description(const struct dongle *d)
{
    return &d->description;
}

unsigned dongle_interfaces(const struct dongle *d)
{
    return kinds[d->config.kind].interfaces;
}

const struct dongle_config *dongle_config(const struct dongle *d)
{
    return &d->config;
}

/* ------------------------------------------------------------------- URBs */

static void append(struct dongle_urb **list, struct dongle_urb *u)
{
    while (*list) {
        list = &(*list)->next;
    }
    u->next = NULL;
    *list = u;
}

static bool take_out(struct dongle_urb **list, struct dongle_urb *u)
{
    while (*list && *list != u) {
        list = &(*list)->next;
    }
    if (!*list) {
        return false;
    }
    *list = u->next;
    return true;
}

static void finish(struct dongle *d, struct dongle_urb *u, int status,
                   size_t actual)
{
    u->status = status;
    u->actual = actual;
    append(&d->done, u);
}

static void go_away(struct dongle *d)
{
    struct dongle_urb *u;
    unsigned i;

    d->gone = true;
    for (i = 0; i < PORTS; i++) {
        if (d->ports[i].b) {
            vusb_cancel_all(d->ports[i].b->usb);
            vchip_set_mode(d->ports[i].b->chip, VCHIP_NO_POWER);
        }
    }
    while (d->pending) {
        u = d->pending;
        take_out(&d->pending, u);
        finish(d, u, d->config.slow_hub ? -EPROTO : -ESHUTDOWN, 0);
    }
}

static void completed(struct dongle *d, struct dongle_urb *u, int status,
                      size_t actual)
{
    finish(d, u, status, actual);
    if (!status) {
        d->counts.urbs++;
        d->counts.bulk_in += u->endpoint && u->v.in && actual > VUSB_STATUS;
        d->counts.bulk_out += u->endpoint && !u->v.in;
    }
    if (d->counted && !d->gone && !d->left--) {
        go_away(d);
    }
}

/* -------------------------------------------------------------------- time */

static void edge(void *user, enum wire_line line, bool level)
{
    struct port *p = user;

    p->alive_ns = wire_now(p->b->wire);
}

static void run(struct port *p)
{
    struct wire *w = p->b->wire;
    uint64_t now_ns = i2cpt_now_ns(), before_ns;
    uint64_t paced_ns = p->wire_ns + (now_ns - p->real_ns);

    do {
        before_ns = p->alive_ns;
        wire_run(w, MAX(paced_ns, p->alive_ns + QUIET_NS));
    } while (p->alive_ns != before_ns);
    p->real_ns = now_ns;
    p->wire_ns = wire_now(w);
}

void dongle_advance(struct dongle *d)
{
    struct dongle_urb *u, *next;
    unsigned i;

    for (i = 0; i < PORTS; i++) {
        if (d->ports[i].b) {
            run(&d->ports[i]);
        }
    }
    for (u = d->pending; u && !d->gone; u = next) {
        next = u->next;
        if (u->v.done) {
            take_out(&d->pending, u);
            completed(d, u, u->v.status, u->v.actual);
        }
    }
}

bool dongle_busy(const struct dongle *d)
{
    return d->pending;
}

/* ---------------------------------------------------------------- requests */

static int two_bytes(uint8_t *data, size_t len, uint8_t first, uint8_t second)
{
    const uint8_t bytes[] = {first, second};

    memcpy(data, bytes, MIN(len, 2));
    return (int)MIN(len, 2);
}

static void note_request(struct dongle *d, char letter)
{
    size_t len = strlen(d->counts.requests);

    if (len + 1 < sizeof(d->counts.requests)) {
        d->counts.requests[len] = letter;
    }
}

static int vendor(struct dongle *d, const uint8_t *setup, uint8_t *data,
                  size_t len)
{
    uint16_t value = (uint16_t)(setup[2] | setup[3] << 8);
    unsigned port = setup[4] ? setup[4] - 1u : 0;
    struct bench *b = port < PORTS ? d->ports[port].b : NULL;

    switch (setup[1]) {
    case SIO_READ_EEPROM: /* a board without one */
        return two_bytes(data, len, 0xff, 0xff);
    case SIO_MODEM_STATUS:
        return two_bytes(data, len, 0x32, 0x60);
    case SIO_GET_LATENCY:
        memset(data, (int)d->counts.latency_ms, MIN(len, 1));
        return (int)MIN(len, 1);
    default:
        break;
    }
    if (!b) {
        return 0; /* a port without an engine */
    }
    switch (setup[1]) {
    case SIO_RESET:
        note_request(d, "roi"[MIN(value, 2)]);
        if (value == 1 || value == 0) {
            vchip_purge_out(b->chip);
        }
        if (value == 2 || value == 0) {
            vchip_purge_in(b->chip);
        }
        return 0;
    case SIO_SET_LATENCY:
        d->counts.latency_ms = value;
        vusb_set_latency(b->usb, value);
        return 0;
    case SIO_SET_MODE:
        note_request(d, (char)('0' + (value >> 8)));
        vchip_set_mode(b->chip, value >> 8);
        return 0;
    default:
        return 0; /* what a serial port has besides */
    }
}

static void control(struct dongle *d, struct dongle_urb *u)
{
    int ret = usbip_is_standard(u->setup)
                  ? usbip_standard(&d->description, u->setup, u->data, u->len)
                  : vendor(d, u->setup, u->data, u->len);

    completed(d, u, MIN(ret, 0),
              u->setup[0] & 0x80 ? (size_t)MAX(ret, 0) : u->len);
}

/* Not so where a reply is waited for that is not on its way. */
static bool lively(const struct bench *b, bool in)
{
    return !in || vchip_in_ready(b->chip) || !vchip_idle(b->chip);
}

void dongle_submit(struct dongle *d, struct dongle_urb *u)
{
    unsigned port = ((u->endpoint & 0xfu) - 1) / 2;

    if (d->gone) {
        finish(d, u, -EPROTO, 0);
        return;
    }
    if (!u->endpoint) {
        control(d, u);
        return;
    }
    if (port >= PORTS || !d->ports[port].b) {
        finish(d, u, -EPIPE, 0);
        return;
    }
    u->v = (struct vusb_urb){.in = u->endpoint & 0x80,
                             .out_buf = u->data,
                             .in_buf = u->data,
                             .len = u->len};
    append(&d->pending, u);
    if (!u->v.in) {
        d->counts.ahead += d->unanswered;
        d->unanswered = true;
    }
    if (lively(d->ports[port].b, u->v.in)) {
        d->ports[port].alive_ns = wire_now(d->ports[port].b->wire);
    }
    vusb_submit(d->ports[port].b->usb, &u->v);
}

bool dongle_discard(struct dongle *d, struct dongle_urb *u)
{
    struct bench *b = d->ports[((u->endpoint & 0xfu) - 1) / 2 % PORTS].b;

    if (!take_out(&d->pending, u)) {
        return take_out(&d->done, u);
    }
    vusb_cancel(b->usb, &u->v);
    u->actual = u->v.actual;
    return true;
}

struct dongle_urb *dongle_done(struct dongle *d)
{
    struct dongle_urb *u = d->done;

    if (u) {
        take_out(&d->done, u);
        if (u->endpoint && u->v.in && u->actual > VUSB_STATUS) {
            d->unanswered = false;
        }
    }
    return u;
}

/* ----------------------------------------------------------------- the API */

void dongle_rewire(struct dongle *d, const struct vchip_config *chip,
                   unsigned rise_ns)
{
    unsigned n = MIN(dongle_interfaces(d), PORTS), i;

    for (i = 0; i < n; i++) {
        bench_free(d->ports[i].b);
        d->ports[i] = (struct port){.b = bench_new(chip, rise_ns),
                                    .real_ns = i2cpt_now_ns()};
        wire_listen(d->ports[i].b->wire, edge, &d->ports[i]);
    }
    d->counted = d->gone = d->unanswered = false;
    memset(&d->counts, 0, sizeof(d->counts));
    d->counts.latency_ms = 1;
    d->pending = d->done = NULL;
}

void dongle_power_on(struct dongle *d)
{
    struct vchip_config chip = vchip_i2c(d->config.kind, d->config.stretch_pin);

    dongle_rewire(d, &chip, 100);
}

struct dongle *dongle_new(const struct dongle_config *c)
{
    struct dongle *d = g_new0(struct dongle, 1);

    d->config = *c;
    describe(d);
    dongle_power_on(d);
    return d;
}

void dongle_free(struct dongle *d)
{
    unsigned i;

    for (i = 0; i < PORTS; i++) {
        bench_free(d->ports[i].b);
    }
    g_free(d);
}

struct bench *dongle_bench(struct dongle *d, unsigned port)
{
    return d->ports[port].b;
}

struct dongle_counts dongle_counts(const struct dongle *d)
{
    return d->counts;
}

void dongle_unplug_after(struct dongle *d, unsigned urbs)
{
    d->counted = true;
    d->left = urbs - 1;
    if (!urbs) {
        go_away(d);
    }
}

bool dongle_unplugged(const struct dongle *d)
{
    return d->gone;
}
