/* SPDX-License-Identifier: GPL-2.0-or-later */
/* new_device, written while somebody else serves the bus. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/devices.h"
#include "i2cpt.h"

#define ADDR_MIN 0x08 /* the kernel has reserved what is below and above */
#define ADDR_MAX 0x77

struct attach_devices {
    pthread_t thread;
    char usb_id[32];
    unsigned bus, n, made;
    const struct attach_device *devices; /* borrowed */
    int result;
    int done[2];
};

int attach_device_parse(const char *text, struct attach_device *out)
{
    const char *at = strchr(text, '@');
    int addr;
    size_t n = at ? (size_t)(at - text) : 0;

    if (!n || n > ATTACH_TYPE_MAX ||
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                     "0123456789_-") != n) {
        return -EINVAL;
    }
    addr = i2cpt_address_parse("address", at + 1, NULL);
    if (addr < ADDR_MIN || addr > ADDR_MAX) {
        return -EINVAL;
    }
    memcpy(out->type, text, n);
    out->type[n] = '\0';
    out->addr = (uint16_t)addr;
    return 0;
}

/* The kernel holds the device's lock until its driver's probe has ended, and
 * takes it for this file. */
static void wait_for_probe(const char *usb_id)
{
    g_autofree char *path =
        g_strdup_printf("/sys/bus/usb/devices/%s/manufacturer", usb_id);
    g_autofree char *text = NULL;

    g_file_get_contents(path, &text, NULL, NULL);
}

/* Whether a driver has found the very device by itself. */
static bool is_there(unsigned bus, const struct attach_device *d)
{
    g_autofree char *path =
        g_strdup_printf("/sys/bus/i2c/devices/%u-%04x/name", bus, d->addr);
    g_autofree char *name = NULL;

    return g_file_get_contents(path, &name, NULL, NULL) &&
           !strcmp(g_strchomp(name), d->type);
}

static int make(unsigned bus, const struct attach_device *d)
{
    char path[80], line[40];
    int n, fd, ret;

    snprintf(path, sizeof(path), "/sys/bus/i2c/devices/i2c-%u/new_device", bus);
    n = snprintf(line, sizeof(line), "%s 0x%02x\n", d->type, d->addr);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    ret = write(fd, line, (size_t)n) == n ? 0 : -errno;
    close(fd);
    return ret == -EBUSY && is_there(bus, d) ? 0 : ret;
}

static void *work(void *user)
{
    struct attach_devices *d = user;

    wait_for_probe(d->usb_id);
    while (d->made < d->n && !d->result) {
        d->result = make(d->bus, &d->devices[d->made]);
        d->made += !d->result;
    }
    close(d->done[1]); /* the other end is readable now */
    return NULL;
}

int attach_devices_make(const char *usb_id, unsigned bus,
                        const struct attach_device *devices, unsigned n,
                        struct attach_devices **out)
{
    struct attach_devices *d = g_new0(struct attach_devices, 1);
    sigset_t all, before;
    int ret;

    *d = (struct attach_devices){.bus = bus, .devices = devices, .n = n};
    g_strlcpy(d->usb_id, usb_id, sizeof(d->usb_id));
    if (pipe2(d->done, O_CLOEXEC)) {
        ret = -errno;
        g_free(d);
        return ret;
    }
    sigfillset(&all); /* they are the loop's */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    ret = -pthread_create(&d->thread, NULL, work, d);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (ret) {
        close(d->done[0]);
        close(d->done[1]);
        g_free(d);
        return ret;
    }
    *out = d;
    return d->done[0];
}

int attach_devices_end(struct attach_devices *d, unsigned *which)
{
    int ret;

    pthread_join(d->thread, NULL);
    ret = d->result;
    *which = d->made;
    close(d->done[0]);
    g_free(d);
    return ret;
}
