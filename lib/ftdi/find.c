/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which dongle a specification string means, and which are there. */
#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/fault.h"
#include "core/threads.h"
#include "ftdi/find.h"

/*
 * FTDI's chips, told by the release number of the descriptor, as Linux's
 * ftdi_sio tells them: vendor and product may be any board maker's. The HP and
 * HA ones have the engines of those without (FTDI's own D2XX treats them
 * alike).
 */
static const struct chip {
    uint16_t release;
    enum mpsse_chip chip;
    const char *name;
    unsigned interfaces, engines;
    const char *useless; /* why it does not do */
} chips[] = {
    {0x0700, MPSSE_FT2232H, "FT2232H", 2, 2, NULL},
    {0x0800, MPSSE_FT4232H, "FT4232H", 4, 2, NULL},
    {0x0900, MPSSE_FT232H, "FT232H", 1, 1, NULL},
    {0x2800, MPSSE_FT2232H, "FT2233HP", 2, 2, NULL},
    {0x2900, MPSSE_FT4232H, "FT4233HP", 4, 2, NULL},
    {0x3000, MPSSE_FT2232H, "FT2232HP", 2, 2, NULL},
    {0x3100, MPSSE_FT4232H, "FT4232HP", 4, 2, NULL},
    {0x3200, MPSSE_FT232H, "FT233HP", 1, 1, NULL},
    {0x3300, MPSSE_FT232H, "FT232HP", 1, 1, NULL},
    {0x3600, MPSSE_FT4232H, "FT4232HA", 4, 2, NULL},
    {0x0200, 0, "FT232A or FT232B", 1, 0, "has no MPSSE"},
    {0x0400, 0, "FT232B", 1, 0, "has no MPSSE"},
    {0x0500, 0, "FT2232D", 2, 0, "has an MPSSE without three-phase clocking"},
    {0x0600, 0, "FT232R", 1, 0, "has no MPSSE"},
    {0x1000, 0, "FT-X", 1, 0, "has no MPSSE"},
};

int mpsse_usb_init(libusb_context **usb)
{
    sigset_t before;
    int ret;

    i2cpt_signals_block(&before);
    ret = libusb_init(usb);
    i2cpt_signals_restore(&before);
    return ret;
}

int mpsse_node_open(libusb_device *dev, libusb_device_handle **h)
{
    int ret;

    errno = 0;
    ret = libusb_open(dev, h);
    return ret == LIBUSB_ERROR_IO && errno == ENODEV ? LIBUSB_ERROR_NO_DEVICE
                                                     : ret;
}

/* ---------------------------------------------------------------- scanning */

static void element_clear(void *element)
{
    mpsse_found_clear(element);
}

void mpsse_found_clear(struct ftdi_found *found)
{
    if (found->dev) {
        libusb_unref_device(found->dev);
        found->dev = NULL;
    }
}

static bool has_numbers(const struct libusb_device_descriptor *d,
                        const struct ftdi_want *want)
{
    return d->idVendor == want->vendor &&
           (!want->product || d->idProduct == want->product);
}

static const struct chip *chip_of(const struct libusb_device_descriptor *d)
{
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(chips); i++) {
        if (chips[i].release == d->bcdDevice) {
            return &chips[i];
        }
    }
    return NULL;
}

/* BUS-PORT[.PORT], as the kernel has it in its messages and in sysfs. */
static void read_location(struct ftdi_found *found)
{
    GString *text = g_string_new(NULL);
    uint8_t ports[8];
    int n = libusb_get_port_numbers(found->dev, ports, sizeof(ports)), i;

    for (i = 0; i < n; i++) {
        if (i) {
            g_string_append_printf(text, ".%u", ports[i]);
        } else {
            g_string_append_printf(text, "%u-%u", found->bus, ports[i]);
        }
    }
    g_strlcpy(found->location, text->str, sizeof(found->location));
    g_string_free(text, true);
}

static int read_string(libusb_device_handle *h, uint8_t index, char *out,
                       size_t size)
{
    int ret;

    if (!index) {
        return 0;
    }
    ret = libusb_get_string_descriptor_ascii(h, index, (unsigned char *)out,
                                             (int)size - 1);
    out[ret > 0 ? ret : 0] = 0;
    return MIN(ret, 0);
}

static void read_strings(struct ftdi_found *found)
{
    struct libusb_device_descriptor d;
    libusb_device_handle *h;

    if (found->strings) {
        return;
    }
    found->strings = true;
    found->error = mpsse_node_open(found->dev, &h);
    if (found->error) {
        return;
    }
    libusb_get_device_descriptor(found->dev, &d);
    found->error =
        read_string(h, d.iSerialNumber, found->serial, sizeof(found->serial));
    if (!found->error) {
        found->error = read_string(h, d.iProduct, found->description,
                                   sizeof(found->description));
    }
    libusb_close(h);
}

static int by_place(const void *a, const void *b)
{
    const struct ftdi_found *x = a, *y = b;

    return x->bus != y->bus ? x->bus - y->bus : x->address - y->address;
}

/* Devices that fit by number, of struct ftdi_found; or those of FTDI's chips
 * among them that are of no use. */
static GArray *scan(libusb_context *usb, const struct ftdi_want *want,
                    bool useless)
{
    GArray *all = g_array_new(false, true, sizeof(struct ftdi_found));
    struct libusb_device_descriptor d;
    struct ftdi_found found = {0};
    const struct chip *chip;
    libusb_device **devices;
    ssize_t n, i;

    g_array_set_clear_func(all, element_clear);
    n = libusb_get_device_list(usb, &devices);
    for (i = 0; i < n; i++) {
        if (libusb_get_device_descriptor(devices[i], &d) ||
            !has_numbers(&d, want)) {
            continue;
        }
        chip = chip_of(&d);
        if (!chip || !chip->useless == useless) {
            continue;
        }
        found.chip = chip->chip;
        found.name = chip->name;
        found.why = chip->useless;
        found.interfaces = chip->interfaces;
        found.engines = chip->engines;
        found.dev = libusb_ref_device(devices[i]);
        found.vendor = d.idVendor;
        found.product = d.idProduct;
        found.bus = libusb_get_bus_number(devices[i]);
        found.address = libusb_get_device_address(devices[i]);
        read_location(&found);
        if (want->location && strcmp(want->location, found.location) != 0) {
            libusb_unref_device(found.dev);
            continue;
        }
        g_array_append_val(all, found);
    }
    g_array_sort(all, by_place);
    if (n >= 0) {
        libusb_free_device_list(devices, 1);
    }
    return all;
}

static struct ftdi_found *nth(GArray *all, unsigned i)
{
    return &g_array_index(all, struct ftdi_found, i);
}

/* Leaves those with the wanted strings, and says whether some refused to be
 * asked. */
static int keep_named(GArray *all, const struct ftdi_want *want)
{
    struct ftdi_found *f;
    int error = 0;
    unsigned i;

    for (i = 0; i < all->len;) {
        f = nth(all, i);
        read_strings(f);
        if (f->error) {
            error = f->error;
        }
        if (f->error ||
            (want->serial && strcmp(want->serial, f->serial) != 0) ||
            (want->description &&
             strcmp(want->description, f->description) != 0)) {
            g_array_remove_index(all, i);
        } else {
            i++;
        }
    }
    return error;
}

/* ------------------------------------------------------------------ faults */

int mpsse_open_fault(const struct ftdi_found *f, int error,
                     struct i2cpt_fault *fault)
{
    char where[64] = "a dongle whose serial number was asked for";

    if (f) {
        snprintf(where, sizeof(where), "%s at USB bus %d device %d", f->name,
                 f->bus, f->address);
    }
    switch (error) {
    case LIBUSB_ERROR_ACCESS:
        return i2cpt_fault_text(
            fault, EACCES,
            "%s: no permission; with the udev rule 60-libi2cpt.rules members "
            "of the group i2c have it",
            where);
    case LIBUSB_ERROR_BUSY:
        return i2cpt_fault_text(
            fault, EBUSY, "%s: another program uses this interface", where);
    case LIBUSB_ERROR_NO_DEVICE:
        return i2cpt_fault_text(fault, ENODEV, "%s: unplugged", where);
    case LIBUSB_ERROR_NO_MEM:
        return i2cpt_fault_set(fault, ENOMEM, I2CPT_PHASE_UNKNOWN, -1, -1);
    default:
        return i2cpt_fault_text(fault, EIO, "%s: %s", where,
                                libusb_strerror(error));
    }
}

/* One that is there and will not do is named, with the reason. */
static void add_useless(libusb_context *usb, const struct ftdi_want *want,
                        GString *text)
{
    GArray *all = scan(usb, want, true);
    const struct ftdi_found *f;

    if (all->len) {
        f = nth(all, 0);
        g_string_append_printf(text, "; the %s at USB bus %d device %d %s",
                               f->name, f->bus, f->address, f->why);
    }
    g_array_unref(all);
}

static int none_fault(libusb_context *usb, const struct ftdi_want *want,
                      struct i2cpt_fault *fault)
{
    GString *text = g_string_new("no FTDI dongle with an MPSSE (FT232H, "
                                 "FT2232H, FT4232H, ...)");

    g_string_append_printf(text, " and vendor=0x%04x", want->vendor);
    if (want->product) {
        g_string_append_printf(text, ",product=0x%04x", want->product);
    }
    if (want->serial) {
        g_string_append_printf(text, ",serial=%.4096s", want->serial);
    }
    if (want->description) {
        g_string_append_printf(text, ",description=%.4096s", want->description);
    }
    if (want->location) {
        g_string_append_printf(text, ",location=%.4096s", want->location);
    }
    g_string_append(text, " is plugged in");
    add_useless(usb, want, text);
    i2cpt_fault_text(fault, ENODEV, "%s", text->str);
    g_string_free(text, true);
    return -ENODEV;
}

static int several_fault(GArray *all, struct i2cpt_fault *fault)
{
    GString *text = g_string_new(NULL);
    struct ftdi_found *f;
    unsigned i;

    for (i = 0; i < all->len; i++) {
        f = nth(all, i);
        read_strings(f);
        g_string_append_printf(text, "%s%s at %s", i ? ", " : "",
                               f->error     ? "(no permission)"
                               : *f->serial ? f->serial
                                            : "(none)",
                               f->location);
    }
    i2cpt_fault_text(fault, EINVAL,
                     "%u FTDI dongles fit; choose one by serial= or "
                     "location=, which are %s",
                     all->len, text->str);
    g_string_free(text, true);
    return -EINVAL;
}

static int check_interface(const struct ftdi_found *f, unsigned interface,
                           struct i2cpt_fault *fault)
{
    char letter = (char)('A' + interface);
    const char *accepted = f->engines == 1 ? "A" : "A or B";

    if (interface < f->engines) {
        return 0;
    }
    return i2cpt_fault_text(
        fault, EINVAL, "interface=%c: an %s has no %s there; accepted is %s",
        letter, f->name, interface < f->interfaces ? "MPSSE" : "interface",
        accepted);
}

static bool is_location(const char *text)
{
    return g_regex_match_simple("^[0-9]{1,3}-[0-9]{1,3}(\\.[0-9]{1,3}){0,6}$",
                                text, 0, 0);
}

int mpsse_find(libusb_context *usb, const struct ftdi_want *want,
               struct ftdi_found *out, struct i2cpt_fault *fault)
{
    GArray *all;
    int ret, error = 0;

    if (want->location && !is_location(want->location)) {
        return i2cpt_fault_text(
            fault, EINVAL,
            "location=%.4096s: accepted is BUS-PORT[.PORT], "
            "as i2cpt-replay list has it",
            want->location);
    }
    all = scan(usb, want, false);
    if (want->serial || want->description) {
        error = keep_named(all, want);
    }
    if (!all->len) {
        ret = error ? mpsse_open_fault(NULL, error, fault)
                    : none_fault(usb, want, fault);
    } else if (all->len > 1) {
        ret = several_fault(all, fault);
    } else {
        ret = check_interface(nth(all, 0), want->interface, fault);
    }
    if (!ret) {
        *out = *nth(all, 0);
        libusb_ref_device(out->dev);
    }
    g_array_unref(all);
    return ret;
}

/* -------------------------------------------------------------------- list */

/* What a dongle says of itself goes to a terminal, or to a shell. */
static bool is_plain(const char *text)
{
    while (g_ascii_isgraph(*text)) {
        text++;
    }
    return !*text;
}

/* Whether its serial number tells it from all others. */
static bool is_unique(GArray *all, const struct ftdi_found *f)
{
    unsigned i, same = 0;

    for (i = 0; i < all->len; i++) {
        read_strings(nth(all, i));
        same += !strcmp(nth(all, i)->serial, f->serial);
    }
    return *f->serial && is_plain(f->serial) && same == 1;
}

static int list_one(GArray *all, struct ftdi_found *f, i2cpt_found_fn found,
                    void *user)
{
    GString *spec = g_string_new(NULL), *about = g_string_new(NULL);
    unsigned port;
    const char *p;
    int ret = 0;
    gsize i;

    for (port = 0; port < f->engines && !ret; port++) {
        g_string_printf(spec, "ftdi,product=0x%04x", f->product);
        if (is_unique(all, f)) {
            g_string_append(spec, ",serial=");
            for (p = f->serial; *p; p++) {
                if (*p == ',') {
                    g_string_append_c(spec, ',');
                }
                g_string_append_c(spec, *p);
            }
        } else {
            g_string_append_printf(spec, ",location=%s", f->location);
        }
        if (f->engines > 1) {
            g_string_append_printf(spec, ",interface=%c", 'A' + port);
        }
        g_string_printf(about, "%s at USB %u-%u%s%s%s", f->name, f->bus,
                        f->address, *f->description ? ", " : "", f->description,
                        f->error ? ", not accessible" : "");
        for (i = 0; i < about->len; i++) {
            about->str[i] =
                g_ascii_iscntrl(about->str[i]) ? '?' : about->str[i];
        }
        ret = found(spec->str, about->str, user);
    }
    g_string_free(spec, true);
    g_string_free(about, true);
    return ret;
}

int mpsse_list(i2cpt_found_fn found, void *user)
{
    struct ftdi_want any = {.vendor = FTDI_VENDOR};
    libusb_context *usb;
    GArray *all;
    unsigned i;
    int ret = 0;

    if (mpsse_usb_init(&usb)) {
        return 0; /* no USB on this machine */
    }
    all = scan(usb, &any, false);
    for (i = 0; i < all->len && !ret; i++) {
        ret = list_one(all, nth(all, i), found, user);
    }
    g_array_unref(all);
    libusb_exit(usb);
    return ret;
}
