/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links that are made, and removed by who made them. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attach/name.h"
#include "attach/node.h"

#define PATH_MAX_HERE 400

bool attach_name_of_bus(const char *name)
{
    return !strncmp(name, "i2c-", 4) && isdigit((unsigned char)name[4]);
}

bool attach_name_good(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz"
                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    return n && !name[n] && n <= ATTACH_NAME_MAX &&
           isalnum((unsigned char)name[0]) && !attach_name_of_bus(name);
}

static void path_of(char *path, const char *folder, const char *name)
{
    snprintf(path, PATH_MAX_HERE, "%s/%s", folder, name);
}

int attach_name_bus(const char *folder, const char *name)
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

int attach_name_make(struct attach_name *n, const char *folder,
                     const char *name, unsigned bus)
{
    char path[PATH_MAX_HERE], target[64];
    struct stat made;
    int other;

    if (mkdir(folder, 0755) && errno != EEXIST) {
        return -errno;
    }
    path_of(path, folder, name);
    snprintf(target, sizeof(target), "/dev/i2c-%u", bus);
    other = attach_name_bus(folder, name);
    if (other >= 0 &&
        (other == (int)bus || !attach_node_exists((unsigned)other))) {
        unlink(path); /* who made it was killed */
    }
    if (symlink(target, path) || lstat(path, &made)) {
        return -errno;
    }
    *n = (struct attach_name){folder, name, made.st_dev, made.st_ino, bus};
    return 0;
}

void attach_name_remove(struct attach_name *n)
{
    char path[PATH_MAX_HERE];
    struct stat now;

    if (!n->name) {
        return;
    }
    path_of(path, n->folder, n->name);
    if (!lstat(path, &now) && now.st_dev == n->device &&
        now.st_ino == n->inode &&
        attach_name_bus(n->folder, n->name) == (int)n->bus) {
        unlink(path);
    }
    n->name = NULL;
}
