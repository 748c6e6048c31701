/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links that are made, and removed by who made them. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nodes/name.h"

#define PATH_MAX_HERE 400

bool node_name_of_bus(const char *name)
{
    return !strncmp(name, "i2c-", 4) && isdigit((unsigned char)name[4]);
}

bool node_name_good(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz"
                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    return n && !name[n] && n <= NODE_NAME_MAX &&
           isalnum((unsigned char)name[0]) && !node_name_of_bus(name);
}

static void path_of(char *path, const char *folder, const char *name)
{
    snprintf(path, PATH_MAX_HERE, "%s/%s", folder, name);
}

int node_name_bus(const char *folder, const char *name)
{
    char path[PATH_MAX_HERE], target[64];
    unsigned bus;
    ssize_t n;
    int end = 0;

    path_of(path, folder, name);
    n = readlink(path, target, sizeof(target) - 1);
    target[n > 0 ? n : 0] = '\0';
    return sscanf(target, "/dev/i2c-%9u%n", &bus, &end) == 1 && !target[end]
               ? (int)bus
               : -ENOENT;
}

/* Whoever can open a file can have its lock for ever: the folder can be opened
 * by all, what is in it for this by its owner alone. */
int node_name_lock(const char *folder)
{
    char path[PATH_MAX_HERE];
    int fd;

    if (mkdir(folder, 0755) && errno != EEXIST) {
        return -errno;
    }
    path_of(path, folder, NODE_NAME_LOCK);
    fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return -errno;
    }
    while (flock(fd, LOCK_EX)) {
        if (errno != EINTR) {
            int ret = -errno;

            close(fd);
            return ret;
        }
    }
    return fd;
}

/* What is there; `bus` is negative where that is no link to one. */
static int look_at(struct node_name *n, int *bus, const char *folder,
                   const char *name)
{
    char path[PATH_MAX_HERE];
    struct stat file;

    path_of(path, folder, name);
    if (lstat(path, &file)) {
        return -errno;
    }
    *bus = node_name_bus(folder, name);
    *n = (struct node_name){
        .device = file.st_dev, .inode = file.st_ino, .bus = (unsigned)*bus};
    snprintf(n->name, sizeof(n->name), "%s", name);
    return 0;
}

static void remove_if_same(const struct node_name *n, const char *folder)
{
    char path[PATH_MAX_HERE];
    struct node_name now;
    int bus;

    path_of(path, folder, n->name);
    if (!look_at(&now, &bus, folder, n->name) && now.device == n->device &&
        now.inode == n->inode && bus == (int)n->bus) {
        unlink(path);
    }
}

static int make_link(struct node_name *n, const char *folder, const char *name,
                     unsigned bus)
{
    char path[PATH_MAX_HERE], target[64];
    int there;

    path_of(path, folder, name);
    snprintf(target, sizeof(target), "/dev/i2c-%u", bus);
    return symlink(target, path) ? -errno : look_at(n, &there, folder, name);
}

/* Who is asked whether it is taken may be waiting for the lock itself. */
int node_name_make(struct node_name *n, const char *folder, const char *name,
                   unsigned bus, bool (*taken)(unsigned bus, const char *name))
{
    struct node_name old;
    int other = -ENOENT, lock, ret;
    bool gives_way = !look_at(&old, &other, folder, name) && other >= 0 &&
                     (other == (int)bus || !taken((unsigned)other, name));

    lock = node_name_lock(folder);
    if (lock < 0) {
        return lock;
    }
    if (gives_way) {
        remove_if_same(&old, folder); /* who made it was killed */
    }
    ret = make_link(n, folder, name, bus);
    close(lock);
    return ret;
}

void node_name_remove(struct node_name *n, const char *folder)
{
    int lock;

    if (!n->name[0]) {
        return;
    }
    lock = node_name_lock(folder);
    if (lock >= 0) {
        remove_if_same(n, folder);
        close(lock);
    }
    n->name[0] = '\0';
}
