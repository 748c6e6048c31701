/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Virtual dongles on the virtual USB host controller of a guest: fake-dongle.h
 * under a real kernel. Each has a thread that serves it, in the process of the
 * test, which so sees the chip and the targets.
 */
#include <errno.h>
#include <glob.h>
#include <libgen.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake-dongle.h"
#include "plug.h"
#include "usbip/packets.h"

#define PORTS    8 /* of the controller that are of high speed */
#define NOBODY   65534
#define PATIENCE 20000 /* ms: a guest's kernel is slow */
#define TICK_US  2000
#define PACE_US  500 /* of looking at a dongle that waits for real time */
#define SYSFS    "/sys/devices/platform/vhci_hcd.0/usb[0-9]*/[0-9]*-%u"

struct request {
    struct dongle_urb u; /* first */
    struct usbip_urb urb;
};

struct fake_dongle {
    struct dongle_config config;
    unsigned port;
    int fd, wake; /* fd: -1 where it is not plugged in */
    pthread_t thread;
    char sysfs[200];
    unsigned bus, address;

    pthread_mutex_t lock; /* all below */
    struct dongle *dongle;
    GQueue *requests;
    bool leave;
};

static bool ports[PORTS];
static struct fake_dongle *parked; /* freed, and still plugged in */

/* ----------------------------------------------------------------- serving */

static void submit(struct fake_dongle *d, const struct usbip_urb *urb)
{
    struct request *r = g_new0(struct request, 1);

    r->urb = *urb;
    r->u.endpoint = urb->endpoint;
    r->u.setup = r->urb.setup;
    r->u.data = urb->data;
    r->u.len = urb->len;
    g_queue_push_tail(d->requests, r);
    dongle_submit(d->dongle, &r->u);
}

static void forget(struct fake_dongle *d, struct request *r)
{
    g_queue_remove(d->requests, r);
    usbip_forget(&r->urb);
    g_free(r);
}

static int unlink_request(struct fake_dongle *d, const struct usbip_urb *urb,
                          uint32_t number)
{
    GList *at;

    for (at = d->requests->head; at; at = at->next) {
        struct request *r = at->data;

        if (r->urb.number == number && dongle_discard(d->dongle, &r->u)) {
            forget(d, r);
            return usbip_unlinked(d->fd, urb, 1);
        }
    }
    return usbip_unlinked(d->fd, urb, 0);
}

/* Last of all that is done to the model: the test goes on with this. */
static int give_back(struct fake_dongle *d)
{
    struct dongle_urb *u;
    int ret = 0;

    while ((u = dongle_done(d->dongle)) && !ret) {
        struct request *r = (struct request *)u;

        ret = usbip_give_back(d->fd, &r->urb, u->status, u->actual);
        forget(d, r);
    }
    return ret;
}

static int serve_one(struct fake_dongle *d)
{
    struct usbip_urb urb;
    uint32_t number;
    int ret = 0;

    switch (usbip_next(d->fd, &urb, &number)) {
    case USBIP_SUBMIT:
        pthread_mutex_lock(&d->lock);
        submit(d, &urb);
        pthread_mutex_unlock(&d->lock);
        return 0;
    case USBIP_UNLINK:
        pthread_mutex_lock(&d->lock);
        ret = unlink_request(d, &urb, number);
        pthread_mutex_unlock(&d->lock);
        return ret;
    case USBIP_GONE:
    default:
        return -1;
    }
}

/* Whether it is still there. */
static bool go_on(struct fake_dongle *d, bool *busy)
{
    bool there;

    pthread_mutex_lock(&d->lock);
    dongle_advance(d->dongle);
    there = !d->leave && (d->config.slow_hub || !dongle_unplugged(d->dongle)) &&
            !give_back(d);
    *busy = dongle_busy(d->dongle);
    pthread_mutex_unlock(&d->lock);
    return there;
}

static void *serve(void *user)
{
    struct fake_dongle *d = user;
    struct pollfd fds[] = {{d->fd, POLLIN, 0}, {d->wake, POLLIN, 0}};
    const struct timespec pace = {0, PACE_US * 1000}, none = {0, 0};
    bool busy = false;
    int ret = 0;

    do {
        ppoll(fds, 2, busy ? &pace : NULL, NULL);
        /* all that is there, before time goes on */
        while (!ret && ppoll(fds, 1, &none, NULL) > 0) {
            ret = serve_one(d);
        }
    } while (!ret && go_on(d, &busy));
    shutdown(d->fd, SHUT_RDWR);
    return NULL;
}

/* ------------------------------------------------------- plug and unplug */

/* Where it is in sysfs, all of it. */
static bool find(struct fake_dongle *d)
{
    char pattern[100], path[300];
    glob_t found;
    FILE *f;
    bool ok;

    snprintf(pattern, sizeof(pattern), SYSFS, d->port + 1);
    if (glob(pattern, 0, NULL, &found)) {
        return false;
    }
    g_strlcpy(d->sysfs, found.gl_pathv[0], sizeof(d->sysfs));
    globfree(&found);
    snprintf(path, sizeof(path), "%s/%s:1.%u", d->sysfs, basename(d->sysfs),
             dongle_interfaces(d->dongle) - 1);
    if (access(path, F_OK)) {
        return false;
    }
    snprintf(path, sizeof(path), "%s/uevent", d->sysfs);
    f = fopen(path, "re");
    ok = f && fscanf(f, "MAJOR=%*d\nMINOR=%*d\nDEVNAME=bus/usb/%u/%u", &d->bus,
                     &d->address) == 2;
    if (f) {
        fclose(f);
    }
    return ok &&
           (!d->config.driver_bound ||
            !strcmp(fake_dongle_driver(d, dongle_interfaces(d->dongle) - 1),
                    "ftdi_sio"));
}

static void wait_until_there(struct fake_dongle *d, bool there)
{
    unsigned i;

    for (i = 0; i < PATIENCE * 1000 / TICK_US; i++) {
        if (find(d) == there) {
            return;
        }
        usleep(TICK_US);
    }
    g_error("the kernel does not %s the dongle at port %u",
            there ? "find" : "let go of", d->port);
}

static void plug(struct fake_dongle *d)
{
    d->fd = usb_plug_at(d->port, USBIP_HIGH_SPEED);
    if (d->fd < 0) {
        g_error("vhci_hcd, port %u: %s", d->port, g_strerror(-d->fd));
    }
    d->leave = false;
    pthread_create(&d->thread, NULL, serve, d);
    wait_until_there(d, true);
}

static void unplug(struct fake_dongle *d)
{
    const uint64_t one = 1;
    uint64_t count;

    pthread_mutex_lock(&d->lock);
    d->leave = true;
    pthread_mutex_unlock(&d->lock);
    if (write(d->wake, &one, sizeof(one)) != sizeof(one)) {
        g_error("eventfd: %m");
    }
    pthread_join(d->thread, NULL);
    if (read(d->wake, &count, sizeof(count)) != sizeof(count)) {
        g_error("eventfd: %m");
    }
    close(d->fd);
    while (!g_queue_is_empty(d->requests)) {
        struct request *r = g_queue_peek_head(d->requests);

        dongle_discard(d->dongle, &r->u);
        forget(d, r);
    }
    wait_until_there(d, false);
}

/* ----------------------------------------------------------------- the API */

void fake_dongle_setup(void)
{
}

void fake_dongle_teardown(void)
{
}

bool fake_dongle_is_slow(void)
{
    return true;
}

static void destroy(struct fake_dongle *d)
{
    unplug(d);
    ports[d->port] = false;
    close(d->wake);
    dongle_free(d->dongle);
    g_queue_free(d->requests);
    pthread_mutex_destroy(&d->lock);
    g_free(d);
}

void fake_dongle_none(void)
{
    if (parked) {
        destroy(parked);
        parked = NULL;
    }
}

/* To the kernel, and without a driver. */
static bool same(const struct dongle_config *a, const struct dongle_config *b)
{
    return a->kind == b->kind && a->product == b->product &&
           a->release == b->release && !g_strcmp0(a->serial, b->serial) &&
           !strcmp(a->description, b->description) && !a->driver_bound &&
           !b->driver_bound && a->slow_hub == b->slow_hub &&
           a->stretch_pin == b->stretch_pin;
}

struct fake_dongle *fake_dongle_new(const struct dongle_config *c)
{
    struct fake_dongle *d = parked;

    if (d && same(c, &d->config)) {
        parked = NULL;
        fake_dongle_plug(d);
        return d;
    }
    fake_dongle_none();
    d = g_new0(struct fake_dongle, 1);
    while (ports[d->port]) {
        d->port++;
        g_assert(d->port < PORTS);
    }
    ports[d->port] = true;
    pthread_mutex_init(&d->lock, NULL);
    d->config = *c;
    d->dongle = dongle_new(c);
    d->requests = g_queue_new();
    d->wake = eventfd(0, EFD_CLOEXEC);
    plug(d);
    return d;
}

void fake_dongle_free(struct fake_dongle *d)
{
    if (parked) {
        destroy(d);
    } else {
        parked = d;
    }
}

void fake_dongle_lock(struct fake_dongle *d)
{
    pthread_mutex_lock(&d->lock);
}

void fake_dongle_unlock(struct fake_dongle *d)
{
    pthread_mutex_unlock(&d->lock);
}

struct bench *fake_dongle_bench(struct fake_dongle *d, unsigned port)
{
    return dongle_bench(d->dongle, port);
}

void fake_dongle_rewire(struct fake_dongle *d, const struct vchip_config *chip,
                        unsigned rise_ns)
{
    pthread_mutex_lock(&d->lock);
    dongle_rewire(d->dongle, chip, rise_ns);
    pthread_mutex_unlock(&d->lock);
}

struct dongle_counts fake_dongle_counts(struct fake_dongle *d)
{
    struct dongle_counts counts;

    pthread_mutex_lock(&d->lock);
    counts = dongle_counts(d->dongle);
    pthread_mutex_unlock(&d->lock);
    return counts;
}

void fake_dongle_place(struct fake_dongle *d, unsigned *bus, unsigned *address)
{
    *bus = d->bus;
    *address = d->address;
}

const char *fake_dongle_driver(struct fake_dongle *d, unsigned interface)
{
    static char target[200];
    char path[300];
    ssize_t n;

    snprintf(path, sizeof(path), "%s/%s:1.%u/driver", d->sysfs,
             strrchr(d->sysfs, '/') + 1, interface);
    n = readlink(path, target, sizeof(target) - 1);
    target[MAX(n, 0)] = 0;
    return n > 0 ? strrchr(target, '/') + 1 : "";
}

/* root is not stopped by a mode, another one is. */
void fake_dongle_forbid(struct fake_dongle *d, bool forbid)
{
    char node[60];

    snprintf(node, sizeof(node), "/dev/bus/usb/%03u/%03u", d->bus, d->address);
    if (!forbid && seteuid(0)) {
        g_error("seteuid: %m");
    }
    if (chmod(node, forbid ? 0 : 0600)) {
        g_error("%s: %m", node);
    }
    if (forbid && seteuid(NOBODY)) {
        g_error("seteuid: %m");
    }
}

void fake_dongle_unplug_after(struct fake_dongle *d, unsigned urbs)
{
    const uint64_t one = 1;

    pthread_mutex_lock(&d->lock);
    dongle_unplug_after(d->dongle, urbs);
    pthread_mutex_unlock(&d->lock);
    if (!urbs && !d->config.slow_hub) {
        if (write(d->wake, &one, sizeof(one)) != sizeof(one)) {
            g_error("eventfd: %m");
        }
        wait_until_there(d, false);
    }
}

bool fake_dongle_unplugged(struct fake_dongle *d)
{
    bool gone;

    pthread_mutex_lock(&d->lock);
    gone = dongle_unplugged(d->dongle);
    pthread_mutex_unlock(&d->lock);
    return gone;
}

/* A hub that has noticed nothing has nothing to do. */
void fake_dongle_plug(struct fake_dongle *d)
{
    if (d->config.slow_hub || !fake_dongle_unplugged(d)) {
        pthread_mutex_lock(&d->lock);
        dongle_power_on(d->dongle);
        pthread_mutex_unlock(&d->lock);
        return;
    }
    unplug(d);
    dongle_power_on(d->dongle);
    plug(d);
}
