/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets by the number of a port. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "keeper/door.h"
#include "nodes/name.h"

#define CALLERS_MAX 8

static struct sockaddr_un address(const char *folder, unsigned port)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};

    snprintf(a.sun_path, sizeof(a.sun_path), "%.60s/.port-%u", folder, port);
    return a;
}

/* connect() would wait, with no end, for one that is stopped and has callers
 * enough. */
static int new_socket(void)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    return fd < 0 ? -errno : fd;
}

int keeper_door_known(struct keeper_door *d, const char *folder, unsigned port)
{
    const struct sockaddr_un a = address(folder, port);
    struct stat file;

    if (lstat(a.sun_path, &file)) {
        return -errno;
    }
    *d = (struct keeper_door){folder, port, file.st_dev, file.st_ino};
    return 0;
}

/* None may knock before listen(), and by then it is root's alone. */
static int open_at(int fd, const struct sockaddr_un *a)
{
    unlink(a->sun_path);
    if (bind(fd, (const struct sockaddr *)a, sizeof(*a)) ||
        chmod(a->sun_path, 0600) || listen(fd, CALLERS_MAX)) {
        return -errno;
    }
    return 0;
}

int keeper_door_open(struct keeper_door *d, const char *folder, unsigned port)
{
    const struct sockaddr_un a = address(folder, port);
    int lock = node_name_lock(folder), fd = lock < 0 ? lock : new_socket(), ret;

    ret = fd < 0 ? fd : open_at(fd, &a);
    ret = ret ? ret : keeper_door_known(d, folder, port);
    if (lock >= 0) {
        close(lock);
    }
    if (ret && fd >= 0) {
        close(fd);
    }
    return ret ? ret : fd;
}

void keeper_door_remove(const struct keeper_door *d)
{
    int lock = node_name_lock(d->folder);
    struct keeper_door now;

    if (lock < 0) {
        return;
    }
    if (!keeper_door_known(&now, d->folder, d->port) &&
        now.device == d->device && now.inode == d->inode) {
        unlink(address(d->folder, d->port).sun_path);
    }
    close(lock);
}

int keeper_door_knock(const char *folder, unsigned port)
{
    const struct sockaddr_un a = address(folder, port);
    int fd = new_socket(), ret;

    if (fd < 0 || !connect(fd, (const struct sockaddr *)&a, sizeof(a))) {
        return fd;
    }
    ret = errno == ECONNREFUSED ? -ENOENT : -errno; /* it was killed */
    close(fd);
    return ret;
}
