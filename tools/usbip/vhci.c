/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vhci_hcd's files in sysfs: status to read, attach to write. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "usbip/vhci.h"

#define FOLDER     "/sys/devices/platform/vhci_hcd.0/"
#define STATUS_MAX 8192
#define ID_MAX     31
#define PORT_MAX   9999

enum { PORT_FREE = 4, PORT_USED = 6 }; /* usbip_common.h, VDEV_ST_ */

/* A line of `status`; what a free port has not is 0. */
struct port_line {
    char hub[4], id[ID_MAX + 1];
    unsigned port, status, speed, device_id, socket;
};

/* The next line that is a port's, or NULL. */
static const char *next_port(const char *text, struct port_line *p)
{
    while (*text) {
        const char *end = text + strcspn(text, "\n");

        memset(p, 0, sizeof(*p));
        if (sscanf(text, "%3s %u %u %u %x %u %31s", p->hub, &p->port,
                   &p->status, &p->speed, &p->device_id, &p->socket,
                   p->id) >= 3 &&
            p->port <= PORT_MAX) {
            return end + (*end == '\n');
        }
        text = end + (*end == '\n');
    }
    return NULL;
}

int usbip_status_free(const char *text, unsigned from)
{
    struct port_line p;

    while ((text = next_port(text, &p))) {
        if (!strcmp(p.hub, "hs") && p.status == PORT_FREE && p.port >= from) {
            return (int)p.port;
        }
    }
    return -1;
}

int usbip_status_bus_id(const char *text, unsigned port, uint32_t device_id,
                        char *id, size_t size)
{
    struct port_line p;

    while ((text = next_port(text, &p))) {
        if (p.port == port && p.status == PORT_USED &&
            p.device_id == device_id && strlen(p.id) < size) {
            strcpy(id, p.id);
            return 0;
        }
    }
    return -ENOENT;
}

int usbip_status_port(const char *text, const char *id)
{
    struct port_line p;

    while ((text = next_port(text, &p))) {
        if (p.status == PORT_USED && !strcmp(p.id, id)) {
            return (int)p.port;
        }
    }
    return -1;
}

/* The text of `status` of one controller, of many the later ones' too. */
static int read_status(unsigned controller, char *text)
{
    char path[80];
    ssize_t n;
    int fd;

    snprintf(path, sizeof(path),
             controller ? FOLDER "status.%u" : FOLDER "status", controller);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    n = read(fd, text, STATUS_MAX - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    return n < 0 ? -EIO : 0;
}

int usbip_bus_id(unsigned port, uint32_t device_id, char *id, size_t size)
{
    char text[STATUS_MAX];
    unsigned i;

    for (i = 0; !read_status(i, text); i++) {
        if (!usbip_status_bus_id(text, port, device_id, id, size)) {
            return 0;
        }
    }
    return -ENOENT;
}

static int tell_kernel(const char *file, const char *line, size_t n)
{
    int fd = open(file, O_WRONLY | O_CLOEXEC), ret;

    if (fd < 0) {
        return -errno;
    }
    ret = write(fd, line, n) == (ssize_t)n ? 0 : -errno;
    close(fd);
    return ret;
}

int usbip_plug(unsigned port, enum usbip_speed speed, uint32_t device_id)
{
    char line[60];
    int pair[2], ret;
    size_t n;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
        return -errno;
    }
    n = (size_t)snprintf(line, sizeof(line), "%u %d %u %d", port, pair[0],
                         device_id, (int)speed);
    ret = tell_kernel(FOLDER "attach", line, n);
    close(pair[0]); /* the kernel has its own hold of it */
    if (ret) {
        close(pair[1]);
    }
    return ret ? ret : pair[1];
}

/* Somebody else may be quicker: then the next one. */
int usbip_plug_anywhere(enum usbip_speed speed, uint32_t device_id,
                        unsigned *port)
{
    char text[STATUS_MAX];
    unsigned i, from = 0;
    int ret, at;

    for (i = 0; !(ret = read_status(i, text)); i++) {
        while ((at = usbip_status_free(text, from)) >= 0) {
            ret = usbip_plug((unsigned)at, speed, device_id);
            if (ret != -EBUSY) {
                *port = (unsigned)at;
                return ret;
            }
            from = (unsigned)at + 1;
        }
    }
    return i ? -EBUSY : ret;
}

int usbip_port(const char *id)
{
    char text[STATUS_MAX];
    unsigned i;
    int port;

    for (i = 0; !read_status(i, text); i++) {
        port = usbip_status_port(text, id);
        if (port >= 0) {
            return port;
        }
    }
    return -ENOENT;
}

int usbip_unplug(const char *id)
{
    char line[16];
    int port = usbip_port(id);

    if (port < 0) {
        return port;
    }
    snprintf(line, sizeof(line), "%d", port);
    return tell_kernel(FOLDER "detach", line, strlen(line));
}
