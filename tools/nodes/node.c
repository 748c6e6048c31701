/* SPDX-License-Identifier: GPL-2.0-or-later */
/* I2C buses in sysfs. */
#include <dirent.h>
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nodes/node.h"

bool node_driver(const char *name)
{
    g_autofree char *path = g_strdup_printf("/sys/bus/usb/drivers/%s", name);

    return !access(path, F_OK);
}

int node_bus(const char *usb_id)
{
    g_autofree char *path =
        g_strdup_printf("/sys/bus/usb/devices/%s/%s:1.0", usb_id, usb_id);
    DIR *folder = opendir(path);
    struct dirent *entry;
    int found = -ENOENT;

    while (folder && (entry = readdir(folder))) {
        if (!strncmp(entry->d_name, "i2c-", 4) &&
            g_ascii_isdigit(entry->d_name[4])) {
            found = atoi(entry->d_name + 4);
        }
    }
    if (folder) {
        closedir(folder);
    }
    return found;
}

static bool is_there(const char *format, unsigned bus)
{
    char path[60];

    g_snprintf(path, sizeof(path), format, bus);
    return !access(path, F_OK);
}

bool node_exists(unsigned bus)
{
    return is_there("/sys/bus/i2c/devices/i2c-%u", bus);
}

bool node_has_device(unsigned bus)
{
    return is_there("/sys/class/i2c-dev/i2c-%u", bus);
}

int node_usb(unsigned bus, char *id, size_t size)
{
    g_autofree char *device =
        g_strdup_printf("/sys/bus/i2c/devices/i2c-%u/../..", bus);
    g_autofree char *maker = g_strconcat(device, "/manufacturer", NULL);
    g_autofree char *said = NULL;
    char *path;
    int ret = -ENOENT;

    if (!g_file_get_contents(maker, &said, NULL, NULL) ||
        strcmp(g_strchomp(said), "libi2cpt")) {
        return -ENOENT;
    }
    path = realpath(device, NULL);
    if (path && g_strlcpy(id, strrchr(path, '/') + 1, size) < size) {
        ret = 0;
    }
    free(path);
    return ret;
}

int node_next(unsigned from)
{
    DIR *folder = opendir("/sys/bus/i2c/devices");
    struct dirent *entry;
    char id[32];
    int best = -ENOENT;

    while (folder && (entry = readdir(folder))) {
        unsigned bus;

        if (sscanf(entry->d_name, "i2c-%9u", &bus) == 1 && bus >= from &&
            (best < 0 || bus < (unsigned)best) &&
            !node_usb(bus, id, sizeof(id))) {
            best = (int)bus;
        }
    }
    if (folder) {
        closedir(folder);
    }
    return best;
}
