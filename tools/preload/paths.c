/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which paths are ours: the device nodes, and what /sys says of the buses. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "preload/shim.h"

/* Digits without a sign and nothing behind them but `end`; -1 for others. */
static int number(const char *text, const char **end)
{
    int n = 0;

    if (*text < '0' || *text > '9') {
        return -1;
    }
    for (; *text >= '0' && *text <= '9'; text++) {
        n = n * 10 + (*text - '0');
        if (n > 1048575) {
            return -1;
        }
    }
    *end = text;
    return n;
}

static bool redirected(int bus)
{
    const char *p = getenv(ENV_BUSES);

    while (p && *p) {
        if (number(p, &p) == bus) {
            return true;
        }
        if (*p++ != ':') {
            break;
        }
    }
    return false;
}

int path_bus(const char *path)
{
    const char *end;
    int bus;

    /* nearly every call is about something else: be quick then */
    if (!path || strncmp(path, "/dev/i2c", 8) ||
        (path[8] != '-' && path[8] != '/')) {
        return -1;
    }
    bus = number(path + 9, &end);
    return bus >= 0 && !*end && redirected(bus) ? bus : -1;
}

int path_nth_bus(unsigned n)
{
    const char *p = getenv(ENV_BUSES);
    int bus = p ? number(p, &p) : -1;

    for (; bus >= 0 && n; n--) {
        bus = *p == ':' ? number(p + 1, &p) : -1;
    }
    return bus;
}

static bool below(const char *path, const char *folder)
{
    size_t len = strlen(folder);

    return !strncmp(path, folder, len) && (!path[len] || path[len] == '/');
}

const char *path_map(const char *path, char *buf, size_t size)
{
    const char *tree;
    int bus;

    if (!path || path[0] != '/' ||
        (strncmp(path, "/dev/i2c", 8) && strncmp(path, "/sys/", 5))) {
        return path;
    }
    tree = getenv(ENV_TREE);
    if (!tree) {
        return path;
    }
    bus = path_bus(path);
    if (bus >= 0) {
        snprintf(buf, size, "%s/dev/i2c-%d", tree, bus);
        return buf;
    }
    if (below(path, "/sys/class/i2c-dev") || below(path, "/sys/bus/i2c") ||
        below(path, "/sys/class/i2c-adapter")) {
        snprintf(buf, size, "%s%s", tree, path);
        return buf;
    }
    return path;
}

void path_unmap(char *path)
{
    const char *tree = getenv(ENV_TREE);
    size_t len = tree ? strlen(tree) : 0;

    if (len && below(path, tree)) {
        memmove(path, path + len, strlen(path + len) + 1);
    }
}
