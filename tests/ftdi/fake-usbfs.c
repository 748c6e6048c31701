/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Virtual dongles in a umockdev testbed: what usbfs has of them in sysfs and
 * /dev, and its ioctls. Caller and testbed are of one process, so URBs are used
 * where they lie, as the kernel does.
 */
#include <errno.h>
#include <linux/usbdevice_fs.h> /* the kernel's side of the wall */
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <umockdev.h>
#include <unistd.h>

#include "fake-dongle.h"

#define NOBODY 65534

static UMockdevTestbed *testbed;

enum driver { NO_DRIVER, FTDI_SIO, USBFS };

/* A usbdevfs_urb of libusb's:
 *   submitted -> under way, or in `reapable` at once
 *   under way -> reapable    the dongle is through with it, or it was discarded
 *   reapable  -> libusb's    reaped
 */
struct request {
    struct dongle_urb u; /* first */
    struct usbdevfs_urb *urb;
};

struct fake_dongle {
    struct dongle_config config;
    UMockdevIoctlBase *handler;
    char *node;

    pthread_mutex_t lock; /* all below */
    struct dongle *dongle;
    GQueue *requests, *reapable;
    enum driver drivers[DONGLE_INTERFACES];
    void *owners[DONGLE_INTERFACES]; /* with USBFS: who has claimed it */
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

static void reap_later(struct fake_dongle *d, struct request *r, int status)
{
    r->urb->status = status;
    r->urb->actual_length = (int)r->u.actual;
    g_queue_remove(d->requests, r);
    g_queue_push_tail(d->reapable, r->urb);
    g_free(r);
}

static void advance(struct fake_dongle *d)
{
    struct dongle_urb *u;

    dongle_advance(d->dongle);
    while ((u = dongle_done(d->dongle))) {
        reap_later(d, (struct request *)u, u->status);
    }
}

static int submit(struct fake_dongle *d, struct usbdevfs_urb *urb)
{
    struct request *r = g_new0(struct request, 1);
    size_t skip = 0;

    r->urb = urb;
    r->u.endpoint = urb->endpoint;
    if (urb->type == USBDEVFS_URB_TYPE_CONTROL) {
        r->u.endpoint = 0;
        r->u.setup = urb->buffer;
        skip = 8;
    }
    r->u.data = (uint8_t *)urb->buffer + skip;
    r->u.len = (size_t)urb->buffer_length - skip;
    g_queue_push_tail(d->requests, r);
    dongle_submit(d->dongle, &r->u);
    return 0;
}

static int discard(struct fake_dongle *d, struct usbdevfs_urb *urb)
{
    GList *at;

    for (at = d->requests->head; at; at = at->next) {
        struct request *r = at->data;

        if (r->urb == urb) {
            dongle_discard(d->dongle, &r->u);
            reap_later(d, r, -ENOENT);
            return 0;
        }
    }
    return -EINVAL;
}

static bool noticed(struct fake_dongle *d)
{
    return dongle_unplugged(d->dongle) && !d->config.slow_hub;
}

static int reap(struct fake_dongle *d, void **out)
{
    *out = g_queue_pop_head(d->reapable);
    if (*out) {
        return 0;
    }
    if (noticed(d)) {
        return -ENODEV;
    }
    /* libusb asks again and again, since umockdev's file can be polled always
     */
    g_usleep(50);
    return -EAGAIN;
}

/* ------------------------------------------------------------------ ioctls */

static int claim(struct fake_dongle *d, unsigned interface, void *who,
                 bool detach)
{
    enum driver *driver;

    if (interface >= dongle_interfaces(d->dongle)) {
        return -EINVAL;
    }
    driver = &d->drivers[interface];
    if (*driver == USBFS && d->owners[interface] == who) {
        return 0;
    }
    if (*driver == USBFS || (*driver == FTDI_SIO && !detach)) {
        return -EBUSY;
    }
    *driver = USBFS;
    d->owners[interface] = who;
    return 0;
}

static int release(struct fake_dongle *d, unsigned interface, void *who)
{
    if (interface >= dongle_interfaces(d->dongle) ||
        d->drivers[interface] != USBFS || d->owners[interface] != who) {
        return -EINVAL;
    }
    d->drivers[interface] = NO_DRIVER;
    return 0;
}

static const char *const driver_names[] = {"", "ftdi_sio", "usbfs"};

static int get_driver(struct fake_dongle *d, struct usbdevfs_getdriver *g)
{
    if (g->interface >= DONGLE_INTERFACES || !d->drivers[g->interface]) {
        return -ENODATA;
    }
    strcpy(g->driver, driver_names[d->drivers[g->interface]]);
    return 0;
}

/* The driver lets go of the interface, and nobody has it. */
static int disconnect_driver(struct fake_dongle *d, unsigned interface)
{
    if (d->drivers[interface] == NO_DRIVER) {
        return -ENODATA;
    }
    d->drivers[interface] = NO_DRIVER;
    return 0;
}

/* That one, or the kernel looks for a driver for the interface again. */
static int driver_ioctl(struct fake_dongle *d,
                        const struct usbdevfs_ioctl *request)
{
    if (request->ifno < 0 || request->ifno >= DONGLE_INTERFACES) {
        return -EINVAL;
    }
    if (request->ioctl_code == (int)USBDEVFS_DISCONNECT) {
        return disconnect_driver(d, (unsigned)request->ifno);
    }
    if (request->ioctl_code != (int)USBDEVFS_CONNECT) {
        return -ENOTTY;
    }
    if (d->drivers[request->ifno] != NO_DRIVER) {
        return -EBUSY;
    }
    if (d->config.driver_bound) {
        d->drivers[request->ifno] = FTDI_SIO;
    }
    return 1;
}

/* The one that there is, where no driver would be pulled from under it. */
static int set_configuration(const struct fake_dongle *d, int value)
{
    unsigned i;

    for (i = 0; i < dongle_interfaces(d->dongle); i++) {
        if (d->drivers[i] != NO_DRIVER) {
            return -EBUSY;
        }
    }
    return value == 1 ? 0 : -EINVAL;
}

static int answer(struct fake_dongle *d, unsigned long request, void *who,
                  void *arg)
{
    advance(d);
    if (noticed(d) && request != USBDEVFS_REAPURBNDELAY) {
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
        return get_driver(d, arg);
    case USBDEVFS_DISCONNECT_CLAIM:
        return claim(d, ((struct usbdevfs_disconnect_claim *)arg)->interface,
                     who, true);
    case USBDEVFS_CLAIMINTERFACE:
        return claim(d, *(unsigned *)arg, who, false);
    case USBDEVFS_RELEASEINTERFACE:
        return release(d, *(unsigned *)arg, who);
    case USBDEVFS_IOCTL:
        return driver_ioctl(d, arg);
    case USBDEVFS_SETCONFIGURATION:
        return set_configuration(d, *(int *)arg);
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
    ret = answer(d, request, client, arg);
    pthread_mutex_unlock(&d->lock);
    umockdev_ioctl_client_complete(client, ret < 0 ? -1 : ret,
                                   ret < 0 ? -ret : 0);
    return TRUE;
}

static void fake_usbfs_class_init(FakeUsbfsClass *class)
{
    UMOCKDEV_IOCTL_BASE_CLASS(class)->handle_ioctl = handle_ioctl;
}

/* ------------------------------------------------------------------- sysfs */

static void hex(GString *to, const uint8_t *bytes, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        g_string_append_printf(to, "%02X", bytes[i]);
    }
}

static void add_device(struct fake_dongle *d)
{
    const struct usbip_description *about = dongle_description(d->dongle);
    unsigned bus = d->config.bus, address = d->config.address;
    GString *text = g_string_new(NULL);
    GError *error = NULL;

    g_string_printf(text,
                    "P: /devices/usb%u/%u-%u\n"
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
                    "A: idProduct=%02x%02x\n"
                    "H: descriptors=",
                    bus, bus, address, bus, address, bus, address, bus, address,
                    address - 1, bus, address, about->device[11],
                    about->device[10]);
    hex(text, about->device, about->device[0]);
    hex(text, about->config, about->config[2]);
    g_string_append(text, "\n\n");
    if (!umockdev_testbed_add_from_string(testbed, text->str, &error)) {
        g_error("umockdev: %s", error->message);
    }
    g_string_free(text, TRUE);
}

/* ----------------------------------------------------------------- the API */

void fake_dongle_setup(void)
{
    testbed = umockdev_testbed_new();
}

void fake_dongle_teardown(void)
{
    g_object_unref(testbed);
    testbed = NULL;
}

void fake_dongle_none(void)
{
}

bool fake_dongle_is_slow(void)
{
    return false;
}

static void forget_requests(struct fake_dongle *d)
{
    g_queue_clear_full(d->requests, g_free);
    g_queue_clear(d->reapable);
}

static void bind_driver(struct fake_dongle *d)
{
    unsigned i;

    for (i = 0; i < DONGLE_INTERFACES; i++) {
        d->drivers[i] = d->config.driver_bound ? FTDI_SIO : NO_DRIVER;
    }
}

struct fake_dongle *fake_dongle_new(const struct dongle_config *c)
{
    struct fake_dongle *d = g_new0(struct fake_dongle, 1);

    pthread_mutex_init(&d->lock, NULL);
    d->config = *c;
    d->node = g_strdup_printf("/dev/bus/usb/%03u/%03u", c->bus, c->address);
    d->dongle = dongle_new(c);
    d->requests = g_queue_new();
    d->reapable = g_queue_new();
    bind_driver(d);
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
    umockdev_testbed_detach_ioctl(testbed, d->node, NULL);
    g_object_unref(d->handler);
    forget_requests(d);
    g_queue_free(d->requests);
    g_queue_free(d->reapable);
    dongle_free(d->dongle);
    pthread_mutex_destroy(&d->lock);
    g_free(d->node);
    g_free(d);
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
    forget_requests(d);
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
    *bus = d->config.bus;
    *address = d->config.address;
}

const char *fake_dongle_driver(struct fake_dongle *d, unsigned interface)
{
    enum driver driver;

    pthread_mutex_lock(&d->lock);
    driver = d->drivers[interface];
    pthread_mutex_unlock(&d->lock);
    return driver_names[driver];
}

/* root is not stopped by a mode, another one is. */
void fake_dongle_forbid(struct fake_dongle *d, bool forbid)
{
    char *root = umockdev_testbed_get_root_dir(testbed);
    char *node = g_strconcat(root, d->node, NULL);
    char *ioctls = g_strconcat(root, "/ioctl/", d->node, NULL);

    if (!getuid() && !forbid && seteuid(0)) {
        g_error("seteuid: %m");
    }
    /* libudev makes a socket in it; umockdev connects before it looks whether
     * the file could be opened */
    if (chmod(root, 0777) || chmod(ioctls, 0777) ||
        chmod(node, forbid ? 0 : 0600)) {
        g_error("%s: %m", node);
    }
    if (!getuid() && forbid && seteuid(NOBODY)) {
        g_error("seteuid: %m");
    }
    g_free(ioctls);
    g_free(node);
    g_free(root);
}

void fake_dongle_unplug_after(struct fake_dongle *d, unsigned urbs)
{
    pthread_mutex_lock(&d->lock);
    dongle_unplug_after(d->dongle, urbs);
    pthread_mutex_unlock(&d->lock);
}

bool fake_dongle_unplugged(struct fake_dongle *d)
{
    bool gone;

    pthread_mutex_lock(&d->lock);
    gone = dongle_unplugged(d->dongle);
    pthread_mutex_unlock(&d->lock);
    return gone;
}

void fake_dongle_plug(struct fake_dongle *d)
{
    pthread_mutex_lock(&d->lock);
    forget_requests(d);
    bind_driver(d);
    dongle_power_on(d->dongle);
    pthread_mutex_unlock(&d->lock);
}
