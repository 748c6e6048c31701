/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's side of the wall: its headers belong here. */
#include <errno.h>
#include <linux/usbdevice_fs.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "fake-dongle.h"
#include "private.h"

#define PORTS    2
#define MAX_URBS 64

enum { /* FTDI's vendor requests, and SIO's values of the first */
       SIO_RESET = 0,
       SIO_SET_LATENCY = 9,
       SIO_GET_LATENCY = 10,
       SIO_SET_MODE = 11,
       GET_DESCRIPTOR = 6,
};

/*
 *   FREE -> PENDING    submitted
 *   PENDING -> DONE    the model is through with it, or it was discarded
 *   DONE -> FREE       reaped
 */
struct pending {
    struct usbdevfs_urb *urb; /* NULL: free */
    struct vusb_urb v;
    bool bulk, done;
    unsigned order;
};

struct fake_dongle {
    struct fake_dongle_config config;
    UMockdevTestbed *testbed;
    UMockdevIoctlBase *handler;
    char *node;

    pthread_mutex_t lock; /* all below */
    struct bench *ports[PORTS];
    uint64_t real_ns; /* when simulated time began */
    struct pending urbs[MAX_URBS];
    unsigned order;
    struct fake_dongle_counts counts;
    bool counted, gone;
    unsigned left;
    int claim_error;
    bool bound;
};

/* ------------------------------------------------------- umockdev handler */

#define FAKE_TYPE_USBFS (fake_usbfs_get_type())
G_DECLARE_FINAL_TYPE(FakeUsbfs, fake_usbfs, FAKE, USBFS, UMockdevIoctlBase)

struct _FakeUsbfs {
    UMockdevIoctlBase parent;
    struct fake_dongle *dongle;
};

G_DEFINE_TYPE(FakeUsbfs, fake_usbfs, UMOCKDEV_TYPE_IOCTL_BASE)

static void fake_usbfs_init(FakeUsbfs *self)
{
}

/* -------------------------------------------------------------------- URBs */

static void finish(struct fake_dongle *d, struct pending *p, int status,
                   size_t actual)
{
    p->done = true;
    p->order = d->order++;
    p->urb->status = status;
    p->urb->actual_length = (int)actual;
    if (!status) {
        d->counts.urbs++;
        d->counts.bulk_in += p->bulk && p->v.in;
        d->counts.bulk_out += p->bulk && !p->v.in;
    }
}

static void go_away(struct fake_dongle *d)
{
    unsigned i;

    d->gone = true;
    for (i = 0; i < PORTS; i++) {
        if (d->ports[i]) {
            vusb_cancel_all(d->ports[i]->usb);
            vchip_set_mode(d->ports[i]->chip, 0); /* no more power */
        }
    }
    for (i = 0; i < MAX_URBS; i++) {
        if (d->urbs[i].urb && !d->urbs[i].done) {
            finish(d, &d->urbs[i], d->config.slow_hub ? -EPROTO : -ESHUTDOWN,
                   0);
        }
    }
}

static void completed(struct fake_dongle *d, struct pending *p, int status,
                      size_t actual)
{
    finish(d, p, status, actual);
    if (d->counted && !d->gone && !d->left--) {
        go_away(d);
    }
}

/* The models' time goes where the real one is. */
static void advance(struct fake_dongle *d)
{
    uint64_t until_ns = i2cpt_now_ns() - d->real_ns;
    struct pending *p;
    unsigned i;

    for (i = 0; i < PORTS; i++) {
        if (d->ports[i]) {
            wire_run(d->ports[i]->wire, until_ns);
        }
    }
    for (i = 0; i < MAX_URBS && !d->gone; i++) {
        p = &d->urbs[i];
        if (p->urb && p->bulk && !p->done && p->v.done) {
            completed(d, p, p->v.status, p->v.actual);
        }
    }
}

static size_t put_string(uint8_t *out, size_t room, const char *text)
{
    uint8_t full[256] = {0};
    size_t i, n = strlen(text);

    full[0] = (uint8_t)(2 + 2 * n);
    full[1] = 3;
    for (i = 0; i < n; i++) {
        full[2 + 2 * i] = (uint8_t)text[i];
    }
    memcpy(out, full, MIN(room, full[0]));
    return MIN(room, full[0]);
}

static int standard(struct fake_dongle *d, uint8_t request, uint16_t value,
                    uint8_t *data, size_t len)
{
    static const uint8_t languages[] = {4, 3, 0x09, 0x04};

    if (request != GET_DESCRIPTOR || value >> 8 != 3) {
        return -EPIPE;
    }
    switch (value & 0xff) {
    case 0:
        memcpy(data, languages, MIN(len, sizeof(languages)));
        return (int)MIN(len, sizeof(languages));
    case 1:
        return (int)put_string(data, len, "FTDI");
    case 2:
        return (int)put_string(data, len, d->config.description);
    case 3:
        return (int)put_string(data, len, d->config.serial);
    default:
        return -EPIPE;
    }
}

static int vendor(struct fake_dongle *d, uint8_t request, uint16_t value,
                  uint16_t index, uint8_t *data, size_t len)
{
    unsigned port = (index & 0xff) ? (index & 0xff) - 1u : 0;
    struct bench *b = port < PORTS ? d->ports[port] : NULL;

    if (!b) {
        return 0; /* a port without an engine */
    }
    switch (request) {
    case SIO_RESET:
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
    case SIO_GET_LATENCY:
        data[0] = (uint8_t)d->counts.latency_ms;
        return (int)MIN(len, 1);
    case SIO_SET_MODE:
        vchip_set_mode(b->chip, value >> 8);
        return 0;
    default:
        return 0;
    }
}

/* Eight bytes of set-up, then the data. */
static void control(struct fake_dongle *d, struct pending *p)
{
    uint8_t *setup = p->urb->buffer;
    uint16_t value = (uint16_t)(setup[2] | setup[3] << 8);
    uint16_t index = (uint16_t)(setup[4] | setup[5] << 8);
    size_t len = (size_t)(setup[6] | setup[7] << 8);
    int ret;

    if ((setup[0] & 0x60) == 0x40) {
        ret = vendor(d, setup[1], value, index, setup + 8, len);
    } else {
        ret = standard(d, setup[1], value, setup + 8, len);
    }
    completed(d, p, MIN(ret, 0), ret > 0 ? (size_t)ret : 0);
}

static int submit(struct fake_dongle *d, struct usbdevfs_urb *urb)
{
    unsigned port = ((urb->endpoint & 0xfu) - 1) / 2, i;
    struct pending *p;

    for (i = 0; i < MAX_URBS && d->urbs[i].urb; i++) {
    }
    if (i == MAX_URBS) {
        return -ENOMEM;
    }
    p = &d->urbs[i];
    memset(p, 0, sizeof(*p));
    p->urb = urb;
    if (d->gone) {
        finish(d, p, -EPROTO, 0);
        return 0;
    }
    if (urb->type == USBDEVFS_URB_TYPE_CONTROL) {
        control(d, p);
        return 0;
    }
    p->bulk = true;
    if (port >= PORTS || !d->ports[port]) {
        finish(d, p, -EPIPE, 0);
        return 0;
    }
    p->v = (struct vusb_urb){.in = urb->endpoint & 0x80,
                             .out_buf = urb->buffer,
                             .in_buf = urb->buffer,
                             .len = (size_t)urb->buffer_length};
    vusb_submit(d->ports[port]->usb, &p->v);
    return 0;
}

/* The model gives up all of a port's at once; those that are not discarded stay
 * pending without end. */
static int discard(struct fake_dongle *d, struct usbdevfs_urb *urb)
{
    struct pending *p;
    unsigned i;

    for (i = 0; i < MAX_URBS; i++) {
        p = &d->urbs[i];
        if (p->urb == urb && !p->done) {
            vusb_cancel_all(d->ports[((urb->endpoint & 0xfu) - 1) / 2]->usb);
            finish(d, p, -ENOENT, p->v.actual);
            return 0;
        }
    }
    return -EINVAL;
}

static int reap(struct fake_dongle *d, void **out)
{
    struct pending *oldest = NULL, *p;
    unsigned i;

    for (i = 0; i < MAX_URBS; i++) {
        p = &d->urbs[i];
        if (p->urb && p->done && (!oldest || p->order < oldest->order)) {
            oldest = p;
        }
    }
    if (!oldest) {
        return d->gone && !d->config.slow_hub ? -ENODEV : -EAGAIN;
    }
    *out = oldest->urb;
    oldest->urb = NULL;
    return 0;
}

/* ------------------------------------------------------------------ ioctls */

static int claim(struct fake_dongle *d, bool detach)
{
    if (d->claim_error) {
        return -d->claim_error;
    }
    if (d->bound && !detach) {
        return -EBUSY;
    }
    if (d->bound) {
        d->counts.detached++;
        d->bound = false;
    }
    d->counts.claimed++;
    return 0;
}

static int driver_ioctl(struct fake_dongle *d,
                        const struct usbdevfs_ioctl *request)
{
    if (request->ioctl_code == (int)USBDEVFS_CONNECT) {
        d->counts.attached++;
        d->bound = d->config.driver_bound;
        return 1;
    }
    return request->ioctl_code == (int)USBDEVFS_DISCONNECT ? -ENODATA : -ENOTTY;
}

static int answer(struct fake_dongle *d, unsigned long request, void *arg)
{
    advance(d);
    if (d->gone && !d->config.slow_hub && request != USBDEVFS_REAPURBNDELAY) {
        return -ENODEV;
    }
    switch (request) {
    case USBDEVFS_GET_CAPABILITIES:
        *(uint32_t *)arg = USBDEVFS_CAP_ZERO_PACKET |
                           USBDEVFS_CAP_BULK_CONTINUATION |
                           USBDEVFS_CAP_NO_PACKET_SIZE_LIM |
                           USBDEVFS_CAP_REAP_AFTER_DISCONNECT;
        return 0;
    case USBDEVFS_GETDRIVER:
        if (!d->bound) {
            return -ENODATA;
        }
        strcpy(((struct usbdevfs_getdriver *)arg)->driver, "ftdi_sio");
        return 0;
    case USBDEVFS_DISCONNECT_CLAIM:
        return claim(d, true);
    case USBDEVFS_CLAIMINTERFACE:
        return claim(d, false);
    case USBDEVFS_RELEASEINTERFACE:
        d->counts.claimed--;
        return 0;
    case USBDEVFS_IOCTL:
        return driver_ioctl(d, arg);
    case USBDEVFS_SUBMITURB:
        return submit(d, arg);
    case USBDEVFS_DISCARDURB:
        return discard(d, arg);
    case USBDEVFS_REAPURBNDELAY:
        return reap(d, arg);
    default:
        return -ENOTTY;
    }
}

static gboolean handle_ioctl(UMockdevIoctlBase *base,
                             UMockdevIoctlClient *client)
{
    struct fake_dongle *d = FAKE_USBFS(base)->dongle;
    unsigned long request = umockdev_ioctl_client_get_request(client);
    void *arg = *(void **)umockdev_ioctl_client_get_arg(client)->data;
    int ret;

    pthread_mutex_lock(&d->lock);
    ret = answer(d, request, arg);
    pthread_mutex_unlock(&d->lock);
    umockdev_ioctl_client_complete(client, ret < 0 ? -1 : ret,
                                   ret < 0 ? -ret : 0);
    return TRUE;
}

static void fake_usbfs_class_init(FakeUsbfsClass *class)
{
    UMOCKDEV_IOCTL_BASE_CLASS(class)->handle_ioctl = handle_ioctl;
}

/* ------------------------------------------------------------- descriptors */

static const struct {
    uint16_t product, release;
    unsigned interfaces;
} kinds[] = {
    [VCHIP_FT232H] = {0x6014, 0x0900, 1},
    [VCHIP_FT2232H] = {0x6010, 0x0700, 2},
    [VCHIP_FT4232H] = {0x6011, 0x0800, 4},
};

static void hex(GString *to, const uint8_t *bytes, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        g_string_append_printf(to, "%02X", bytes[i]);
    }
}

static GString *descriptors(const struct fake_dongle_config *c)
{
    uint16_t product = c->product ? c->product : kinds[c->kind].product;
    uint16_t release = c->release ? c->release : kinds[c->kind].release;
    unsigned n = kinds[c->kind].interfaces, i;
    GString *text = g_string_new(NULL);
    const uint8_t device[] = {
        18,
        1,
        0x00,
        0x02,
        0,
        0,
        0,
        64,
        0x03,
        0x04,
        product & 0xff,
        (uint8_t)(product >> 8),
        release & 0xff,
        (uint8_t)(release >> 8),
        1,
        2,
        3,
        1,
    };
    const uint8_t total = (uint8_t)(9 + n * 23);
    const uint8_t config[] = {9, 2, total, 0, (uint8_t)n, 1, 0, 0x80, 45};

    hex(text, device, sizeof(device));
    hex(text, config, sizeof(config));
    for (i = 0; i < n; i++) {
        const uint8_t in = (uint8_t)(0x81 + 2 * i), out = (uint8_t)(2 + 2 * i);
        const uint8_t interface[] = {
            9, 4, (uint8_t)i, 0, 2,    0xff, 0xff, 0xff, 2, /**/
            7, 5, in,         2, 0x00, 0x02, 0,             /**/
            7, 5, out,        2, 0x00, 0x02, 0,
        };
        hex(text, interface, sizeof(interface));
    }
    return text;
}

static void add_device(struct fake_dongle *d)
{
    const struct fake_dongle_config *c = &d->config;
    uint16_t product = c->product ? c->product : kinds[c->kind].product;
    GString *blob = descriptors(c);
    GError *error = NULL;
    char *text =
        g_strdup_printf("P: /devices/usb%u/%u-%u\n"
                        "N: bus/usb/%03u/%03u\n"
                        "E: DEVNAME=/dev/bus/usb/%03u/%03u\n"
                        "E: DEVTYPE=usb_device\n"
                        "E: SUBSYSTEM=usb\n"
                        "E: BUSNUM=%03u\n"
                        "E: DEVNUM=%03u\n"
                        "E: MAJOR=189\n"
                        "E: MINOR=%u\n"
                        "A: busnum=%u\n"
                        "A: devnum=%u\n"
                        "A: speed=480\n"
                        "A: bConfigurationValue=1\n"
                        "A: idVendor=0403\n"
                        "A: idProduct=%04x\n"
                        "H: descriptors=%s\n\n",
                        c->bus, c->bus, c->address, c->bus, c->address, c->bus,
                        c->address, c->bus, c->address, c->address - 1, c->bus,
                        c->address, product, blob->str);

    if (!umockdev_testbed_add_from_string(d->testbed, text, &error)) {
        g_error("umockdev: %s", error->message);
    }
    g_free(text);
    g_string_free(blob, TRUE);
}

/* ----------------------------------------------------------------- the API */

static void power_on(struct fake_dongle *d)
{
    struct vchip_config chip = vchip_i2c(d->config.kind, d->config.stretch_pin);
    unsigned n = kinds[d->config.kind].interfaces == 1 ? 1 : PORTS, i;

    for (i = 0; i < n; i++) {
        bench_free(d->ports[i]);
        d->ports[i] = bench_new(&chip, 100);
    }
    d->real_ns = i2cpt_now_ns();
    d->counted = d->gone = false;
    d->bound = d->config.driver_bound;
    memset(&d->counts, 0, sizeof(d->counts));
    memset(d->urbs, 0, sizeof(d->urbs));
}

struct fake_dongle *fake_dongle_new(UMockdevTestbed *testbed,
                                    const struct fake_dongle_config *c)
{
    struct fake_dongle *d = g_new0(struct fake_dongle, 1);

    pthread_mutex_init(&d->lock, NULL);
    d->config = *c;
    d->testbed = testbed;
    d->node = g_strdup_printf("/dev/bus/usb/%03u/%03u", c->bus, c->address);
    power_on(d);
    add_device(d);
    d->handler = g_object_new(FAKE_TYPE_USBFS, NULL);
    FAKE_USBFS(d->handler)->dongle = d;
    if (!umockdev_testbed_attach_ioctl(testbed, d->node, d->handler, NULL)) {
        g_error("umockdev takes no ioctls for %s", d->node);
    }
    return d;
}

void fake_dongle_free(struct fake_dongle *d)
{
    unsigned i;

    umockdev_testbed_detach_ioctl(d->testbed, d->node, NULL);
    g_object_unref(d->handler);
    for (i = 0; i < PORTS; i++) {
        bench_free(d->ports[i]);
    }
    pthread_mutex_destroy(&d->lock);
    g_free(d->node);
    g_free(d);
}

struct bench *fake_dongle_bench(struct fake_dongle *d, unsigned port)
{
    return d->ports[port];
}

struct fake_dongle_counts fake_dongle_counts(struct fake_dongle *d)
{
    struct fake_dongle_counts counts;

    pthread_mutex_lock(&d->lock);
    counts = d->counts;
    pthread_mutex_unlock(&d->lock);
    return counts;
}

void fake_dongle_unplug_after(struct fake_dongle *d, unsigned urbs)
{
    pthread_mutex_lock(&d->lock);
    d->counted = true;
    d->left = urbs - 1;
    if (!urbs) {
        go_away(d);
    }
    pthread_mutex_unlock(&d->lock);
}

bool fake_dongle_unplugged(struct fake_dongle *d)
{
    bool gone;

    pthread_mutex_lock(&d->lock);
    gone = d->gone;
    pthread_mutex_unlock(&d->lock);
    return gone;
}

void fake_dongle_plug(struct fake_dongle *d)
{
    pthread_mutex_lock(&d->lock);
    power_on(d);
    pthread_mutex_unlock(&d->lock);
}

void fake_dongle_refuse(struct fake_dongle *d, int claim_error)
{
    pthread_mutex_lock(&d->lock);
    d->claim_error = claim_error;
    pthread_mutex_unlock(&d->lock);
}
