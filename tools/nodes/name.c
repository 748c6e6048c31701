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
#include "nodes/node.h"

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

int node_name_lock(const char *folder)
{
    int fd;

    if (mkdir(folder, 0755) && errno != EEXIST) {
        return -errno;
    }
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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

static int make_link(struct node_name *n, const char *folder, const char *name,
                     unsigned bus,
                     bool (*taken)(unsigned bus, const char *name))
{
    int other = node_name_bus(folder, name);
    char path[PATH_MAX_HERE], target[64];
    struct stat made;

    path_of(path, folder, name);
    snprintf(target, sizeof(target), "/dev/i2c-%u", bus);
    if (other >= 0 && (other == (int)bus || !node_exists((unsigned)other) ||
                       !taken((unsigned)other, name))) {
        unlink(path); /* who made it was killed */
    }
    if (symlink(target, path) || lstat(path, &made)) {
        return -errno;
    }
    *n = (struct node_name){
        .device = made.st_dev, .inode = made.st_ino, .bus = bus};
    snprintf(n->name, sizeof(n->name), "%s", name);
    return 0;
}

int node_name_make(struct node_name *n, const char *folder, const char *name,
                   unsigned bus, bool (*taken)(unsigned bus, const char *name))
{
    int lock = node_name_lock(folder), ret;

    if (lock < 0) {
        return lock;
    }
    ret = make_link(n, folder, name, bus, taken);
    close(lock);
    return ret;
}

void node_name_remove(struct node_name *n, const char *folder)
{
    char path[PATH_MAX_HERE];
    struct stat now;
    int lock;

    if (!n->name[0]) {
        return;
    }
    lock = node_name_lock(folder);
    path_of(path, folder, n->name);
    if (lock >= 0 && !lstat(path, &now) && now.st_dev == n->device &&
        now.st_ino == n->inode &&
        node_name_bus(folder, n->name) == (int)n->bus) {
        unlink(path);
    }
    if (lock >= 0) {
        close(lock);
    }
    n->name[0] = '\0';
}
